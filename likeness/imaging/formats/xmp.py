"""What a made file says about itself: that it was generated, by which engine, how set, and from what.

Written as an XMP packet (ISO 16684-1), which every format that is returned can hold beside its pixels. The properties:

| property | says |
|---|---|
| `Iptc4xmpExt:DigitalSourceType` | a term of IPTC's controlled vocabulary, see `DigitalSource` |
| `Iptc4xmpExt:AISystemUsed`, `AISystemVersionUsed` | engine and revision again, under the names of IPTC |
| `xmp:CreatorTool` | `Likeness` and its version |
| `likeness:Engine`, `Revision` | the engine of the catalogue, and the revision of its weights |
| `likeness:Seed` | the seed; absent where the same image is made every time |
| `likeness:Parameters` | the resolved parameters as a JSON object in ASCII; an adapter as `lora:NAME` with its weight |
| `likeness:InputSHA256` | sha256 of the given file, in hex; absent where none was given |

`likeness:` is the namespace NAMESPACE. There is no time and no job in it: the same job gives the same bytes.

IPTC Photo Metadata Standard 2025.1; XMP Specification Part 3, Storage in Files.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NoReturn
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from pydantic import BaseModel, ConfigDict, Field

from likeness import __version__
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import Scalar
from likeness.imaging.formats import jpeg, png, webp
from likeness.imaging.picture import MAX_XMP_BYTES

NAMESPACE: Final = "urn:likeness:provenance:1/"
IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMP: Final = "http://ns.adobe.com/xap/1.0/"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
VOCABULARY: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"

TEXT_LENGTHS: Final = (4096, 512, 64, 8)
"""To how many characters the texts among the parameters are cut, until the packet fits a JPEG's segment."""
CUT: Final = "…"
"""The last character of a text that was cut."""

_not_xml = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DigitalSource(StrEnum):
    """How an image came to be, in the words of IPTC's vocabulary."""

    TRAINED = "trainedAlgorithmicMedia"
    """Every pixel was made by a trained model."""
    COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
    """Some pixels are those of the given image, some were made by a trained model."""
    SYNTHETIC = "compositeSynthetic"
    """The given image was put together with parts that are synthetic."""
    ALGORITHMIC = "algorithmicMedia"
    """The given image was made by an algorithm without training."""
    ENHANCED = "algorithmicallyEnhanced"
    """The given image, changed by arithmetic; no trained model made any pixel."""


class Provenance(BaseModel):
    """What a made file says about itself; `parameters` are those of this very image."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    source: DigitalSource
    engine: str
    revision: str
    seed: int | None = None
    parameters: Mapping[str, Scalar] = {}
    input_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    software: str = f"Likeness {__version__}"
    drawn: bool = Field(default=True, description="whether a trained model of ours made any of its pixels")


def packet(provenance: Provenance) -> bytes:
    """Return the XMP packet, UTF-8, at most MAX_XMP_BYTES long.

    Texts among the parameters are cut, ending in CUT, as far as needed to fit; parameters that do not fit even so are
    left out. Characters that XML cannot hold become U+FFFD in names; in parameters JSON escapes them.
    """
    for length in TEXT_LENGTHS:
        written = _written(provenance, _cut(provenance.parameters, length))
        if len(written) <= MAX_XMP_BYTES:
            return written
    return _written(provenance, {})


def read(data: bytes) -> Provenance | None:
    """Return what a PNG, JPEG or WebP file says about itself; None when Likeness did not say it, or it is damaged.

    The file may come from anywhere, so this is what it says, not what is so: only a signature could prove it.
    """
    try:
        found = _packet_of(data)
        return None if found is None else _provenance(_properties(found))
    except (LikenessError, ElementTree.ParseError, ValueError, KeyError, RecursionError):
        return None


def source_type(data: bytes) -> str | None:
    """Return the IPTC digital source type that a PNG, JPEG or WebP file names, whoever wrote it; None for none.

    As with `read`, this is what the file says.
    """
    try:
        found = _packet_of(data)
        said = "" if found is None else _properties(found).get(f"{{{IPTC}}}DigitalSourceType", "")
    except (LikenessError, ElementTree.ParseError, ValueError, RecursionError):
        return None
    return said.rstrip("/").rpartition("/")[2][:64] or None


def _packet_of(data: bytes) -> bytes | None:
    """Return the XMP packet of a file, or None. Raises LikenessError for a damaged file."""
    if data.startswith(png.MAGIC):
        return png.xmp(data)
    if data.startswith(jpeg.MAGIC):
        return jpeg.xmp(data)
    return webp.xmp(data) if webp.is_webp(data) else None


def _written(provenance: Provenance, parameters: Mapping[str, Scalar]) -> bytes:
    rows = "".join(f"<{name}>{_text(value)}</{name}>\n" for name, value in _rows(provenance, parameters) if value)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="" '
        f'xmlns:Iptc4xmpExt="{IPTC}" xmlns:xmp="{XMP}" xmlns:likeness="{NAMESPACE}">\n'
        f'{rows}</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()


def _rows(provenance: Provenance, parameters: Mapping[str, Scalar]) -> list[tuple[str, str]]:
    """Return each property and its value; an empty one is not written."""
    return [
        ("Iptc4xmpExt:DigitalSourceType", VOCABULARY + provenance.source),
        ("Iptc4xmpExt:AISystemUsed", provenance.engine if provenance.drawn else ""),
        ("Iptc4xmpExt:AISystemVersionUsed", provenance.revision if provenance.drawn else ""),
        ("xmp:CreatorTool", provenance.software),
        ("likeness:Engine", provenance.engine),
        ("likeness:Revision", provenance.revision),
        ("likeness:Seed", "" if provenance.seed is None else str(provenance.seed)),
        ("likeness:Parameters", json.dumps(dict(parameters), sort_keys=True)),
        ("likeness:InputSHA256", provenance.input_sha256 or ""),
    ]


def _text(value: str) -> str:
    return escape(_not_xml.sub("\ufffd", value))


def _cut(parameters: Mapping[str, Scalar], length: int) -> dict[str, Scalar]:
    """Return the parameters with texts of at most `length` characters."""
    return {
        name: value[: length - 1] + CUT if isinstance(value, str) and len(value) > length else value
        for name, value in parameters.items()
    }


class _NoDoctype(ElementTree.TreeBuilder):
    """Rejects a document type, and with it every entity: a packet needs none, and they can grow without bound."""

    def doctype(self, name: str, public: str | None, system: str | None) -> NoReturn:
        raise ValueError(f"an XMP packet with a document type {name!r}")


def _properties(found: bytes) -> dict[str, str]:
    """Return the simple properties of a packet, `{namespace}name` -> text, written as elements or as attributes."""
    parser = ElementTree.XMLParser(target=_NoDoctype())  # noqa: S314  no document type, so no entity, gets through
    properties: dict[str, str] = {}
    for node in ElementTree.fromstring(found, parser).iter(f"{{{RDF}}}Description"):  # noqa: S314  as above
        properties |= node.attrib
        properties |= {child.tag: child.text or "" for child in node}
    return properties


def _provenance(said: Mapping[str, str]) -> Provenance:
    """Return the provenance that properties tell. Raises KeyError or ValueError when they are not ours."""
    seed = said.get(f"{{{NAMESPACE}}}Seed")
    return Provenance(
        source=DigitalSource(said[f"{{{IPTC}}}DigitalSourceType"].removeprefix(VOCABULARY)),
        engine=said[f"{{{NAMESPACE}}}Engine"],
        revision=said[f"{{{NAMESPACE}}}Revision"],
        seed=None if seed is None else int(seed),
        parameters=json.loads(said[f"{{{NAMESPACE}}}Parameters"]),
        input_sha256=said.get(f"{{{NAMESPACE}}}InputSHA256"),
        software=said[f"{{{XMP}}}CreatorTool"],
        drawn=f"{{{IPTC}}}AISystemUsed" in said
        or not said[f"{{{IPTC}}}DigitalSourceType"].endswith(DigitalSource.ENHANCED),
    )
