"""What a made file says about itself, read back by Pillow and by another XML parser than ours."""

from io import BytesIO
from xml.dom import minidom

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from likeness import __version__
from likeness.imaging.formats import exif, jpeg, png
from likeness.imaging.formats.encode import encode
from likeness.imaging.formats.xmp import CUT, IPTC, NAMESPACE, DigitalSource, Provenance, packet, read
from likeness.imaging.frame import Frame, frame_table
from likeness.imaging.picture import MAX_XMP_BYTES
from tests.imaging.files import PNG_KINDS, SRGB, exif_block, photo, picture, png_file, saved, with_segment

SAID = Provenance(
    source=DigitalSource.TRAINED,
    engine="starter",
    revision="2",
    seed=7,
    parameters={"prompt": 'a <b>"red"</b> & blue shirt\x00\r\n\ud800\uffff 😀', "strength": 0.3, "steps": 4},
    input_sha256="9f" * 32,
)
FILES = {
    **{f"png {kind}": png_file(kind, 21, 13, 3) for kind in PNG_KINDS},
    **{f"jpeg {mode}": saved(photo(mode, 33, 20), "JPEG") for mode in ("L", "RGB", "CMYK")},
    **{f"webp {mode}": saved(photo(mode, 33, 20), "WEBP") for mode in ("RGB", "RGBA")},
    "jpeg framed": saved(photo("RGB", 33, 20), "JPEG", exif=exif_block(6), dpi=(300, 150), icc_profile=SRGB),
    "webp framed": saved(photo("RGBA", 33, 20), "WEBP", exif=exif_block(8, (300.0, 150.0)), icc_profile=SRGB),
    "png framed": saved(photo("RGB", 33, 20), "PNG", exif=exif_block(3), dpi=(300, 150), icc_profile=SRGB),
}


def made(data: bytes, xmp: bytes = b"", wanted: str = "same") -> bytes:
    frame = Frame.of(picture(data))
    return encode(frame.restore(frame.canvas(picture(data))), frame, wanted, xmp)


def by_pillow(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        image.load()
        found = image.info.get("xmp", image.info.get("XML:com.adobe.xmp"))
    return found.encode() if isinstance(found, str) else found


@pytest.mark.parametrize("name", FILES)
def test_pillow_and_another_parser_read_the_packet_and_the_frame_is_the_same(name):
    data = made(FILES[name], packet(SAID))
    document = minidom.parseString(by_pillow(data))
    text = lambda space, tag: document.getElementsByTagNameNS(space, tag)[0].firstChild.data  # noqa: E731
    assert text(IPTC, "DigitalSourceType") == ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia")
    assert (text(NAMESPACE, "Engine"), text(NAMESPACE, "Revision"), text(NAMESPACE, "Seed")) == ("starter", "2", "7")
    assert text("http://ns.adobe.com/xap/1.0/", "CreatorTool") == f"Likeness {__version__}"
    assert read(data) == SAID
    plain, marked = picture(made(FILES[name])), picture(data)
    assert all(row.equal for row in frame_table(plain, marked))
    assert np.array_equal(np.asarray(plain.pixels), np.asarray(marked.pixels))


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
def test_the_xmp_of_the_given_file_is_not_copied_and_orientation_stays_the_only_exif(wanted):
    theirs = packet(SAID.model_copy(update={"engine": "SECRET"}))
    given_file = saved(photo("RGB", 9, 9), "JPEG", exif=exif_block(6), xmp=theirs)
    assert read(given_file).engine == "SECRET"
    marked = made(given_file, packet(SAID), wanted)
    assert read(marked) == SAID and b"SECRET" not in marked
    assert read(made(given_file, b"", wanted)) is None
    with Image.open(BytesIO(marked)) as image:
        assert set(image.getexif()) == {exif.ORIENTATION}


def test_the_same_picture_gives_the_same_bytes():
    assert made(FILES["jpeg RGB"], packet(SAID)) == made(FILES["jpeg RGB"], packet(SAID))


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=60),
    st.none() | st.integers(0, 2**32 - 1),
    st.sampled_from(DigitalSource),
    st.none() | st.just("0a" * 32),
)
def test_any_text_comes_back_as_it_was(text, seed, source, digest):
    said = Provenance(
        source=source, engine="e", revision="1", seed=seed, parameters={"prompt": text}, input_sha256=digest
    )
    assert read(png.with_chunks(FILES["png rgb"], png.metadata(None, None, b"", packet(said)))) == said


@pytest.mark.parametrize("character", ["a", "&", '"', "\x01", "ü", "漢", "😀", "\ud800"])
def test_the_longest_prompts_of_a_request_fit_whole(character):
    prompts = {"prompt": character * 2000, "negative_prompt": character * 2000, "steps": 30}
    data = made(FILES["jpeg RGB"], packet(SAID.model_copy(update={"parameters": prompts})))
    assert read(data).parameters == prompts


def test_what_does_not_fit_is_cut_and_says_so():
    long = SAID.model_copy(update={"parameters": {"prompt": "😀" * 9000, "negative_prompt": "x" * 9000, "steps": 30}})
    assert len(packet(long)) <= MAX_XMP_BYTES
    said = read(made(FILES["jpeg RGB"], packet(long))).parameters
    assert said["prompt"].endswith("😀" + CUT) and said["steps"] == 30
    many = SAID.model_copy(update={"parameters": {f"parameter {number}": number for number in range(9000)}})
    assert read(made(FILES["jpeg RGB"], packet(many))).parameters == {}


def test_a_name_that_xml_cannot_hold_is_written_all_the_same():
    odd = SAID.model_copy(update={"engine": "a\x00<b>", "revision": "]]>&\ud800"})
    said = read(made(FILES["png rgb"], packet(odd)))
    assert (said.engine, said.revision) == ("a\ufffd<b>", "]]>&\ufffd")


def test_what_another_tool_wrote_as_attributes_is_read():
    rows = f'xmlns:i="{IPTC}" xmlns:l="{NAMESPACE}" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    rows += f'i:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{DigitalSource.COMPOSITE}" '
    rows += 'l:Engine="e" l:Revision="1" l:Parameters="{}" xmp:CreatorTool="Likeness 9"'
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmp = f'<rdf:RDF xmlns:rdf="{rdf}"><rdf:Description {rows}/></rdf:RDF>'.encode()
    said = read(saved(photo("RGB", 9, 9), "WEBP", xmp=xmp))
    assert said == Provenance(source=DigitalSource.COMPOSITE, engine="e", revision="1", software="Likeness 9")


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + packet(SAID).split(b"?>\n")[1]
DAMAGED = [
    b"",
    b"<",
    b"no XML at all",
    BOMB,
    b"<x>" * 20_000,
    packet(SAID)[:-90],
    packet(SAID).replace(b"trainedAlgorithmicMedia", b"digitalCapture"),
    packet(SAID).replace(b":Seed>7<", b":Seed>seven<"),
    packet(SAID).replace(b'{"prompt"', b'{"prompt'),
    packet(SAID).replace(b"Parameters>{", b"Parameters>" + b"[" * 9000 + b"{"),
    packet(SAID).replace(b"9f" * 32, b"9f" * 31),
]


@pytest.mark.parametrize("xmp", DAMAGED, ids=range(len(DAMAGED)))
def test_what_is_damaged_or_not_ours_says_nothing(xmp):
    assert read(with_segment(FILES["jpeg RGB"], jpeg.APP1, jpeg.XMP_PREFIX + xmp)) is None
    assert read(png.with_chunks(FILES["png rgb"], (png.chunk(b"iTXt", png.XMP_PREFIX + xmp),))) is None


@pytest.mark.parametrize("data", [b"", b"text", FILES["png rgb"], FILES["jpeg RGB"][:40], b"RIFF\xff\0\0\0WEBPVP8 "])
def test_a_file_without_a_packet_says_nothing(data):
    assert read(data) is None


def test_a_packet_longer_than_we_write_is_not_read():
    padded = packet(SAID).replace(b"</rdf:RDF>", b"</rdf:RDF>" + b" " * MAX_XMP_BYTES)
    assert read(png.with_chunks(FILES["png rgb"], (png.chunk(b"iTXt", png.XMP_PREFIX + padded),))) is None
    assert read(saved(photo("RGB", 9, 9), "WEBP", xmp=padded)) is None
