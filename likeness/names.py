"""Names of files in an archive: made of a pattern, safe on every system, and each its own."""

import re
import unicodedata
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from likeness.contract.errors import InvalidField

PATTERN: Final = "{reference}-{recipe}.{ext}"
PLACES: Final = ("reference", "recipe", "set", "item", "verdict", "ext")
LONGEST: Final = 200
"""Bytes of one part of a name; most systems take 255."""
UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
"""Names that Windows keeps for itself."""


def check_pattern(pattern: str) -> None:
    """Raise InvalidField unless a pattern names files by what is known of them."""
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", pattern) if name not in PLACES]
    if unknown or re.sub(r"\{[^{}]*\}", "", pattern).strip("{}") != re.sub(r"\{[^{}]*\}", "", pattern):
        raise InvalidField.at("pattern", f"texts and {', '.join('{' + name + '}' for name in PLACES)}")


class Names:
    """Names that are given once each; where one is taken it is numbered."""

    def __init__(self, pattern: str = PATTERN) -> None:
        self._pattern = pattern
        self._taken: set[bytes] = set()

    def take(self, name: str) -> None:
        """Give a name that is there already to nobody."""
        self._taken.add(_key(name))

    def free(self, name: str) -> None:
        """Let a name be given again."""
        self._taken.discard(_key(name))

    def name(self, values: Mapping[str, str], folder: str = "") -> str:
        """Return a name for these values, of all that the pattern has; its own slashes make folders, below `folder`."""
        parts = [_safe(_filled(part, values)) for part in self._pattern.split("/")]
        whole = folder + ("/".join(part for part in parts if part) or "result")
        stem, dot, ending = whole.rpartition(".") if "." in whole.rpartition("/")[2] else (whole, "", "")
        name, number = whole, 1
        while (key := _key(name)) in self._taken:
            number += 1
            name = f"{stem}-{number}{dot}{ending}"
        self._taken.add(key)
        return name


def _filled(part: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([^{}]*)\}", lambda found: values[found[1]].replace("/", "_").replace("\\", "_"), part)


def _safe(part: str) -> str:
    """Return a part of a name that every system takes, and that leads out of no folder."""
    text = UNSAFE.sub("_", unicodedata.normalize("NFC", part)).strip().rstrip(". ").lstrip(".")
    stem, dot, ending = text.rpartition(".") if "." in text else (text, "", "")
    room = LONGEST - len((dot + ending).encode())
    text = stem.encode()[:room].decode("utf-8", "ignore") + dot + ending
    return f"_{text}" if DEVICES.fullmatch(text) else text


def _key(name: str) -> bytes:
    """Return what two names share that some system takes for one."""
    return blake2b(unicodedata.normalize("NFC", name).casefold().encode(), digest_size=8).digest()
