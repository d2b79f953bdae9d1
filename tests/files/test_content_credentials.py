"""Content Credentials, signed with certificates of the test's own and read by c2pa's reader."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from likeness.contract.errors import InvalidPicture, NotReady
from likeness.files.content_credentials import ASSERTION, Signer, check
from likeness.imaging.formats.encode import encode
from likeness.imaging.formats.xmp import DigitalSource, Provenance, packet, read
from likeness.imaging.frame import Frame, frame_table
from tests.imaging.files import PNG_KINDS, SRGB, exif_block, photo, picture, png_file, saved
from tests.support.certificates import ISSUER, KEYS, certified

c2pa = pytest.importorskip("c2pa")

SAID = Provenance(source=DigitalSource.COMPOSITE, engine="starter-edit", revision="2", seed=7, parameters={"steps": 4})
FILES = {
    **{f"png {kind}": png_file(kind, 21, 13, 3) for kind in PNG_KINDS},
    **{f"jpeg {mode}": saved(photo(mode, 33, 20), "JPEG") for mode in ("L", "RGB", "CMYK")},
    **{f"webp {mode}": saved(photo(mode, 33, 20), "WEBP") for mode in ("RGB", "RGBA")},
    "jpeg framed": saved(photo("RGB", 33, 20), "JPEG", exif=exif_block(6), dpi=(300, 150), icc_profile=SRGB),
    "webp framed": saved(photo("RGBA", 33, 20), "WEBP", exif=exif_block(8, (300.0, 150.0)), icc_profile=SRGB),
    "png framed": saved(photo("RGB", 33, 20), "PNG", exif=exif_block(3), dpi=(300, 150), icc_profile=SRGB),
}


@pytest.fixture(scope="module")
def signer(tmp_path_factory) -> Signer:
    return Signer(*certified(tmp_path_factory.mktemp("certificates")))


def made(name: str) -> bytes:
    frame = Frame.of(picture(FILES[name]))
    return encode(frame.restore(frame.canvas(picture(FILES[name]))), frame, "same", packet(SAID))


@pytest.mark.parametrize("name", FILES)
def test_what_is_signed_is_valid_and_its_frame_and_pixels_are_the_same(signer, name):
    plain = made(name)
    data = signer.signed(plain, SAID)
    found = check(data)
    assert found.valid and found.signed_by == ISSUER and found.problems == ()
    assert read(data) == SAID
    one, two = picture(plain), picture(data)
    assert all(row.equal for row in frame_table(one, two))
    assert np.array_equal(np.asarray(one.pixels), np.asarray(two.pixels))
    with Image.open(BytesIO(data)) as image:
        image.load()


def test_the_manifest_says_what_was_made_and_how(signer):
    with c2pa.Reader("image/png", BytesIO(signer.signed(made("png rgb"), SAID))) as reader:
        told = json.loads(reader.json())
    manifest = told["manifests"][told["active_manifest"]]
    said = {assertion["label"]: assertion["data"] for assertion in manifest["assertions"]}
    [action] = said["c2pa.actions.v2"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert Provenance.model_validate(said[ASSERTION]) == SAID
    assert manifest["claim_generator_info"][0]["name"] == "Likeness"
    assert "thumbnail" not in manifest and not manifest.get("ingredients")


CODED = {"png rgb": b"IDAT", "jpeg RGB": b"\xff\xda", "webp RGB": b"VP8 "}
"""What the coded pixels of each kind of file begin with."""


@pytest.mark.parametrize("name", CODED)
def test_a_changed_picture_and_a_changed_word_are_noticed(signer, name):
    data = signer.signed(made(name), SAID)
    repainted = bytearray(data)
    repainted[data.index(CODED[name]) + 30] ^= 1
    reworded = data.replace(b"starter-edit", b"another-tool")
    assert reworded != data
    for altered in (bytes(repainted), reworded):
        found = check(altered)
        assert not found.valid and found.problems


@pytest.mark.parametrize("name", ["png rgb", "jpeg RGB", "webp RGB"])
def test_a_file_without_credentials_has_none(name):
    assert check(made(name)) is None


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_of_key_that_c2pa_takes_signs(tmp_path, kind):
    assert check(Signer(*certified(tmp_path, kind)).signed(made("png rgb"), SAID)).valid


def test_a_missing_file_is_told(tmp_path):
    chain, key = certified(tmp_path)
    for files in ((tmp_path / "none.pem", key), (chain, tmp_path / "none.pem")):
        with pytest.raises(NotReady, match=r"none\.pem"):
            Signer(*files)


def test_what_cannot_sign_is_told_at_once(tmp_path):
    chain, key = certified(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "expired").mkdir()
    _, stranger = certified(tmp_path / "other")
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no key")
    for files in [(chain, wrong), (wrong, key), (chain, stranger), certified(tmp_path / "expired", days=0)]:
        with pytest.raises(NotReady):
            Signer(*files)


def test_what_is_no_picture_is_told():
    with pytest.raises(InvalidPicture):
        check(b"text")
