"""Allowed webhook URLs: checked by text when a job is submitted, and by address when it is delivered."""

import socket
from ipaddress import IPv4Address, ip_address
from typing import Final

import httpx

from likeness.contract.errors import InvalidField
from service.auth.keys import LOCAL_OWNER, Keys
from service.config import Settings
from service.http.public_hosts import Address, is_public

INNER: Final = ("localhost", "local", "internal", "lan", "home.arpa", "onion", "test", "invalid")
"""Ends of names that no public name server knows."""
MAKE_ONE: Final = "`likeness keys webhook-secret {owner}` makes one"
MAKE_LOCAL: Final = "set LIKENESS_WEBHOOK_SECRET to what `likeness keys webhook-secret` prints"


def check_webhook(url: str | None, owner: str, keys: Keys, settings: Settings) -> None:
    """Raise InvalidField when a job of this owner cannot have this webhook: not public https, or no secret for it."""
    if url is None:
        return
    target_of(url, private=settings.webhook_private)
    if not signing_secrets(owner, keys, settings):
        how = MAKE_LOCAL if owner == LOCAL_OWNER else MAKE_ONE.format(owner=owner)
        raise InvalidField.at("webhook", f"webhooks are signed, and there is no secret to do it with: {how}")


def signing_secrets(owner: str, keys: Keys, settings: Settings) -> list[str]:
    """Return the secrets of a key, newest first; for a job submitted without a key, that of the settings."""
    if owner == LOCAL_OWNER:
        return [settings.webhook_secret] if settings.webhook_secret else []
    return keys.webhook_secrets(owner)


def target_of(text: str, private: bool) -> httpx.URL:
    """Return the URL to deliver to. Raises InvalidField unless it is https to what may be a public host.

    With `private` http and any host will do.
    """
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii").rstrip(".").lower()
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise InvalidField.at("webhook", "not a URL") from None
    if not text.isascii() or any(sign <= " " for sign in text):
        raise InvalidField.at("webhook", "only ASCII, and no blanks; write other signs as %xx, hosts as xn--")
    if url.scheme not in (("https", "http") if private else ("https",)) or not host:
        raise InvalidField.at("webhook", "an https URL is needed")
    if url.userinfo:
        raise InvalidField.at("webhook", "a user name or password may not stand in it")
    if not private and not _may_be_public(host):
        raise InvalidField.at("webhook", "the host is not a public one")
    return url.copy_with(fragment=None)


def _may_be_public(host: str) -> bool:
    """Return whether a host may be public as far as its text tells: an address that is, or a name with a dot."""
    address = _literal(host)
    if address is not None:
        return is_public(address)
    return "." in host and not any(host == inner or host.endswith(f".{inner}") for inner in INNER)


def _literal(host: str) -> Address | None:
    """Return the address that a host is written as, also in the ways of old (127.1, 0x7f.1, 2130706433), else None."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
