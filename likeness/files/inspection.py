"""What an image file says about itself, read on this machine: its frame, how it was made, its Content Credentials."""

import json
from dataclasses import dataclass
from pathlib import Path

from likeness.contract.errors import LikenessError, NotReady
from likeness.files.content_credentials import Credentials, check
from likeness.imaging.formats.decode import Bounds, peek
from likeness.imaging.formats.xmp import Provenance, read
from likeness.imaging.picture import Header
from likeness.problems import LocalProblem, unreadable

NOTHING_SAID = "nothing that Likeness wrote; metadata can be removed by anyone"
NONE_SIGNED = "none"
VALID = "valid: neither pixels nor metadata changed since {} signed; whether to trust that signer is not checked"


@dataclass(frozen=True)
class Inspection:
    """What was found. `unchecked` says why the Content Credentials could not be looked at."""

    header: Header
    provenance: Provenance | None
    credentials: Credentials | None
    unchecked: str | None = None

    def rows(self) -> list[tuple[str, str]]:
        """Return what was found as names and plain sentences, without a character that could steer a terminal."""
        rows = [*self._frame(), *self._made(), ("credentials", self._signed())]
        return [(name, "".join(one if one.isprintable() else "\ufffd" for one in told)) for name, told in rows]

    def _frame(self) -> list[tuple[str, str]]:
        header = self.header
        dpi = f"{header.dpi[0]:.0f}x{header.dpi[1]:.0f} dpi" if header.dpi else "no resolution"
        profile = f"ICC profile of {len(header.icc_profile)} bytes" if header.icc_profile else "no ICC profile"
        mode = f"{header.mode}, {header.bit_depth} bits"
        size = f"{header.width}x{header.height}"
        return [("picture", f"{header.format}, {size}, {mode}, orientation {header.orientation}, {dpi}, {profile}")]

    def _made(self) -> list[tuple[str, str]]:
        said = self.provenance
        if said is None:
            return [("made by", NOTHING_SAID)]
        return [
            ("made by", said.software),
            ("source", said.source.value),
            ("engine", f"{said.engine}, revision {said.revision}"),
            ("seed", "none: the same image every time" if said.seed is None else str(said.seed)),
            ("parameters", json.dumps(dict(said.parameters), sort_keys=True)),
            ("input sha256", said.input_sha256 or "none"),
        ]

    def _signed(self) -> str:
        if self.unchecked:
            return f"not checked: {self.unchecked}"
        if self.credentials is None:
            return NONE_SIGNED
        if self.credentials.valid:
            return VALID.format(self.credentials.signed_by or "someone")
        return f"not valid: {', '.join(self.credentials.problems)}"


def inspect_file(file: Path) -> Inspection:
    """Return what a file says about itself. Raises LocalProblem when it cannot be read or is no image."""
    try:
        data = file.read_bytes()
        header = peek(data, Bounds())
    except OSError as error:
        raise LocalProblem(unreadable(file, error)) from error
    except LikenessError as error:
        raise LocalProblem(f"{file} cannot be read: {error.detail}") from error
    try:
        return Inspection(header, read(data), check(data))
    except NotReady as error:
        return Inspection(header, read(data), None, error.detail)
