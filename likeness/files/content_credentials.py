"""Content Credentials (C2PA): signing what a file says about itself, and checking what another one says.

A signature proves that neither pixels nor metadata changed since, and who signed; XMP alone anyone can write or remove.
It holds a random id, the time and random salt, so that signed files of one and the same image differ, though not in
a pixel. C2PA Technical Specification 2.2; the package c2pa-python, an optional extra, does the work.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from likeness.contract.errors import EngineFailed, NotReady
from likeness.imaging.formats.decode import Bounds, peek
from likeness.imaging.formats.xmp import VOCABULARY, Provenance

if TYPE_CHECKING:
    import c2pa

ASSERTION: Final = "likeness.provenance"
"""Label of the assertion that holds the fields of Provenance, as they are."""
SETTINGS: Final[dict[str, Any]] = {
    "verify": {"verify_trust": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
"""Nothing is fetched, no copy of the image is put into its own metadata, and whom to trust is left to the reader."""
CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
EXTRA: Final = "pip install 'likeness[provenance]'"


@dataclass(frozen=True)
class Credentials:
    """What a check of a file's Content Credentials gave. `valid` says nothing of whether to trust `signed_by`."""

    valid: bool
    signed_by: str | None
    problems: tuple[str, ...] = ()


class Signer:
    """A certificate chain and its key, tried out."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raise NotReady when c2pa-python is missing, a file cannot be read, or what they sign is not valid."""
        c2pa = _package()
        try:
            chain, private = certificate.read_bytes(), key.read_bytes()
            info = c2pa.C2paSignerInfo(getattr(c2pa.C2paSigningAlg, _algorithm(private)), chain, private, None)
            self._signer, self._context = c2pa.Signer.from_info(info), _context(c2pa)
        except (OSError, ValueError, TypeError, c2pa.C2paError) as error:
            raise NotReady(f"the certificate {certificate} and the key {key} cannot sign: {error}") from error
        self._try_out()

    def signed(self, data: bytes, provenance: Provenance) -> bytes:
        """Return a PNG, JPEG or WebP file with a signed manifest. Raises EngineFailed.

        The manifest says that the image was created, from what kind of source, and by what. The given image is
        named by its sha256, not carried along as an ingredient: nothing of that file is copied.
        """
        c2pa, out = _package(), BytesIO()
        try:
            with c2pa.Builder(_manifest(provenance), self._context) as builder:
                builder.sign(self._signer, _media_type(data), BytesIO(data), out)
        except c2pa.C2paError as error:
            raise EngineFailed(f"the image could not be signed: {error}") from error
        return out.getvalue()

    def _try_out(self) -> None:
        """Raise NotReady unless a signature made now is valid: an expired certificate is found here, not by a job."""
        plain = BytesIO()
        Image.new("RGB", (8, 8)).save(plain, "PNG")
        trial = Provenance.model_validate({"source": "trainedAlgorithmicMedia", "engine": "trial", "revision": "0"})
        try:
            found = check(self.signed(plain.getvalue(), trial))
        except EngineFailed as error:
            raise NotReady(error.detail) from error
        if found is None or not found.valid:
            raise NotReady(f"what the certificate signs is not valid: {', '.join(found.problems if found else ())}")


def check(data: bytes) -> Credentials | None:
    """Return what a file's Content Credentials are worth; None when it has none. Raises NotReady without c2pa-python.

    Of an untrusted file; raises what `peek` raises for one that is no image.
    """
    media_type, c2pa = _media_type(data), _package()
    try:
        with c2pa.Reader(media_type, BytesIO(data), context=_context(c2pa)) as reader:
            told = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as error:
        return Credentials(valid=False, signed_by=None, problems=(str(error),))
    manifest = told.get("manifests", {}).get(told.get("active_manifest"), {})
    failures = told.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    return Credentials(
        valid=told.get("validation_state") in ("Valid", "Trusted"),
        signed_by=manifest.get("signature_info", {}).get("issuer"),
        problems=tuple(failure["code"] for failure in failures),
    )


def _manifest(provenance: Provenance) -> dict[str, Any]:
    name, _, version = provenance.software.partition(" ")
    agent = {"name": name, "version": version}
    action = {"action": "c2pa.created", "softwareAgent": agent, "digitalSourceType": VOCABULARY + provenance.source}
    return {
        "claim_generator_info": [agent],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": ASSERTION, "data": provenance.model_dump(mode="json")},
        ],
    }


def _algorithm(key: bytes) -> str:
    """Return the name of the signing algorithm for a private key in PEM. Raises ValueError or TypeError."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(key, password=None)
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in CURVES:
        return CURVES[private.curve.name]
    if isinstance(private, rsa.RSAPrivateKey):
        return "PS256"
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ED25519"
    raise ValueError("a key of a kind that C2PA does not take; it takes P-256, P-384, P-521, RSA and Ed25519")


def _media_type(data: bytes) -> str:
    return f"image/{peek(data, Bounds(max_bytes=2**40, max_pixels=2**40, max_side=2**31)).format}"


def _context(c2pa: Any) -> "c2pa.Context":  # noqa: ANN401  the package itself
    return c2pa.Context(c2pa.Settings.from_dict(SETTINGS))


def _package() -> Any:  # noqa: ANN401  the package itself
    """Return c2pa-python. Raises NotReady saying how to get it."""
    with suppress(ImportError):
        import c2pa

        return c2pa
    raise NotReady(f"Content Credentials need a package that is not installed here: {EXTRA}")
