"""A certificate authority of the test's own, and what it certifies: who signs Content Credentials, and servers."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
ISSUER = "Likeness tests"


def certified(folder: Path, kind: str = "P-256", days: int = 30) -> tuple[Path, Path]:
    """Write a chain and its key as PEM into `folder` and return where they lie; they hold for `days` from yesterday."""
    root, key = KEYS["P-256"](), KEYS[kind]()
    chain = [_certificate("signer", key, "root", root, days), _certificate("root", root, "root", root, days)]
    files = folder / "chain.pem", folder / "key.pem"
    files[0].write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def certified_server(folder: Path) -> tuple[Path, Path, Path]:
    """Write an authority's certificate, one of 127.0.0.1 and its key as PEM into `folder`; return where they lie."""
    root, key = KEYS["P-256"](), KEYS["P-256"]()
    files = folder / "authority.pem", folder / "server.pem", folder / "server-key.pem"
    files[0].write_bytes(_certificate("root", root, "root", root, 30).public_bytes(Encoding.PEM))
    own = _certificate("server", key, "root", root, 30, ExtendedKeyUsageOID.SERVER_AUTH)
    files[1].write_bytes(own.public_bytes(Encoding.PEM))
    files[2].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def _certificate(
    name: str, key, issuer: str, issuer_key, days: int, purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION
) -> x509.Certificate:
    authority, yesterday = name == issuer, datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(
        issuer_name=_name(issuer),
        subject_name=_name(name),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=yesterday,
        not_valid_after=yesterday + timedelta(days=days),
    )
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    ) | {"decipher_only": False}
    extensions = [
        (x509.BasicConstraints(ca=authority, path_length=None), True),
        (
            x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **usage),
            True,
        ),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    ]
    if not authority:
        extensions.append((x509.ExtendedKeyUsage([purpose]), False))
    if purpose == ExtendedKeyUsageOID.SERVER_AUTH:
        extensions.append((x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    parts = {NameOID.ORGANIZATION_NAME: ISSUER, NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts.items()])
