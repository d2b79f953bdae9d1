"""JPEG files as cameras and phones write them: more behind the first image than the image."""

import numpy as np
import pytest

from likeness.imaging.formats.decode import Bounds, decode, peek
from likeness.imaging.formats.encode import encode
from likeness.imaging.frame import Frame, frame_table
from tests.imaging.files import photo, saved, several_pictures
from tests.support.readers import exiftool

PLAIN = saved(photo("RGB", 40, 30), "JPEG")
OTHER = saved(photo("RGB", 64, 48, 9), "JPEG")
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + np.random.default_rng(0).bytes(200_000).replace(b"\xff", b"\xff\xda")
KINDS = {0x010001: "VGA", 0x010002: "full HD", 0x040000: "original", 0x050000: "gain map", 0: "undefined"}


@pytest.mark.parametrize("kind", KINDS, ids=KINDS.values())
def test_the_primary_image_is_taken_of_a_file_with_others_beside_it(kind):
    data = several_pictures(PLAIN, kind, kind, others=OTHER)
    read = exiftool(data)
    assert (read["MPF0:NumberOfImages"], read["MPImage2:MPImageType"]) == (3, kind)
    assert read["MPImage2:MPImageLength"] == len(OTHER)
    found = decode(data, Bounds())
    assert np.array_equal(np.asarray(found.pixels), np.asarray(decode(PLAIN, Bounds()).pixels))
    made = encode(found.pixels, Frame.of(found), "same")
    assert all(row.equal for row in frame_table(found, decode(made, Bounds())))
    assert not [name for name in exiftool(made) if name.startswith("MPImage")]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}], ids=str)
def test_the_video_of_a_motion_photo_is_left_out(options):
    image = saved(photo("RGB", 40, 30), "JPEG", **options)
    found = decode(image + VIDEO, Bounds())
    assert exiftool(image + VIDEO)["File:ImageWidth"] == found.pixels.width == 40
    assert np.array_equal(np.asarray(found.pixels), np.asarray(decode(image, Bounds()).pixels))
    assert peek(image + VIDEO, Bounds()) == peek(image, Bounds())
