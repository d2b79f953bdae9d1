import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.assessment.tripwires import NOT_FINITE, made_finite, tripped
from tests.imaging.metrics.pairs import noisy, textured

PHOTO = textured(64, 80)
ANYWHERE = EditCheck("an edit")
SIDES = st.integers(1, 40)
COLOURS = st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3)


def flat(colour, height=64, width=80):
    return np.broadcast_to(np.float32(colour), (height, width, 3)).copy()


def first_words(sentences):
    return [said.split(":")[0].split(" by ")[0] for said in sentences]


def kinds_of_picture(height, width, colour, seed):
    """Pictures that are hard to judge: of one colour, clipped at random, textured, with a product on a plain ground."""
    random = np.random.default_rng(seed)
    product = flat(colour, height, width)
    product[: height // 2, : width // 2] = random.random(3)
    clipped = random.integers(0, 2, (height, width, 3)).astype(np.float32)
    return [flat(colour, height, width), clipped, textured(height, width, seed), product]


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, COLOURS, st.integers(0, 99))
def test_the_given_picture_itself_never_trips_when_it_is_recreated(height, width, colour, seed):
    for picture in kinds_of_picture(height, width, colour, seed):
        assert tripped(picture, picture) == []
        assert tripped(picture, np.clip(noisy(picture, 0.005), 0, 1)) == []


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, COLOURS, st.integers(0, 99))
def test_the_given_picture_for_an_edit_always_trips_and_only_as_unchanged(height, width, colour, seed):
    for picture in kinds_of_picture(height, width, colour, seed):
        assert first_words(tripped(picture, picture, None, ANYWHERE)) == ["the edit did nothing"]
        assert tripped(picture, picture, None, EditCheck("the same image", changes=False)) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 60), st.integers(8, 60), st.integers(0, 99), st.sampled_from([None, ANYWHERE]))
def test_black_always_trips_unless_it_was_black(height, width, seed, check):
    photo, black = textured(height, width, seed), flat((0, 0, 0), height, width)
    assert "the image is black" in tripped(photo, noisy(black, 0.005), None, check)
    assert tripped(black, black) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 60), st.integers(8, 60), st.integers(0, 99), COLOURS, st.sampled_from([None, ANYWHERE]))
def test_one_colour_always_trips_unless_it_had_one(height, width, seed, colour, check):
    photo, blank = textured(height, width, seed), noisy(flat(colour, height, width), 0.002)
    said = tripped(photo, blank, None, check)
    assert said and said[0] in ("the image is blank: it has one colour", "the image is black")
    assert tripped(flat(colour, height, width), blank) == []


def test_one_bright_spot_is_not_black_and_one_word_is_not_blank():
    spot = flat((0, 0, 0))
    spot[:4, :4] = 1
    assert "the image is black" not in tripped(PHOTO, spot)
    assert not any("blank" in said for said in tripped(PHOTO, spot, None, ANYWHERE))


def test_a_picture_blown_out_is_saturated_and_a_white_ground_that_was_there_is_not():
    assert "the image is saturated" in first_words(tripped(PHOTO, np.clip(PHOTO * 3, 0, 1)))
    on_white = flat((1, 1, 1))
    on_white[20:40, 20:40] = PHOTO[20:40, 20:40]
    assert tripped(on_white, noisy(on_white, 0.003)) == []
    assert tripped(on_white, on_white * 0.99) == []


def test_an_edit_may_clip_where_it_belongs_and_not_elsewhere():
    inside = np.zeros((64, 80), np.float32)
    inside[:, 40:] = 1
    right, left = PHOTO.copy(), PHOTO.copy()
    right[:, 40:], left[:, :40] = 1, 1
    assert tripped(PHOTO, right, None, EditCheck("white", inside)) == []
    assert first_words(tripped(PHOTO, left, None, EditCheck("white", inside))) == ["the image is saturated"]


@pytest.mark.parametrize("colour", [(1, 1, 1), (0, 0, 0), (1, 0, 0)])
def test_an_edit_of_anything_may_end_on_a_plain_ground_but_not_posterised(colour):
    product = flat(colour)
    product[20:40, 20:40] = PHOTO[20:40, 20:40]
    assert tripped(PHOTO, product, None, ANYWHERE) == []
    posterised = (PHOTO > 0.5).astype(np.float32)
    assert first_words(tripped(PHOTO, posterised, None, ANYWHERE)) == ["the image is saturated"]
    assert tripped(posterised, 1 - posterised, None, ANYWHERE) == [], "it was so before"


@pytest.mark.parametrize(
    ("cast", "named"), [((0.25, 0, 0), "a* +"), ((0, 0, -0.3), "b* +"), ((0.3, 0.3, 0.3), "L* +"), ((0, 0.02, 0), None)]
)
def test_a_colour_cast_trips_a_recreation_and_not_an_edit(cast, named):
    made = np.clip(PHOTO * 0.6 + 0.1 + np.float32(cast), 0, 1)
    said = tripped(PHOTO * 0.6 + np.float32(0.1), made)
    assert (named is None) == (said == [])
    assert named is None or (said[0].startswith("the colours are shifted as a whole by") and named in said[0])
    assert tripped(PHOTO, made, None, ANYWHERE) == []


def compressed(picture, quality):
    file = io.BytesIO()
    Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32) / 255


def test_only_compressed_is_unchanged_and_a_faint_edit_is_not():
    smooth = cv2.GaussianBlur(textured(160, 160), (0, 0), 3)
    spot = smooth.copy()
    spot[8:24, 8:24] *= 0.7
    assert first_words(tripped(smooth, compressed(smooth, 95), None, ANYWHERE)) == ["the edit did nothing"]
    for made in (smooth * 1.04, (smooth - 0.5) * 1.08 + 0.5, spot):
        assert tripped(smooth, compressed(np.clip(made, 0, 1), 95), None, ANYWHERE) == []
    assert tripped(smooth, smooth + np.float32(5 / 255), None, ANYWHERE) == []
    checks = np.float32(12 / 255) * (-1.0) ** np.indices((160, 160)).sum(axis=0)[..., None]
    assert tripped(smooth, smooth + checks.astype(np.float32), None, ANYWHERE) == []


def test_a_small_print_is_a_change_where_it_belongs():
    inside = np.zeros((200, 200), np.float32)
    inside[10:12, 10:12] = 1
    wide = flat((0.3, 0.4, 0.5), 200, 200)
    made = wide + 0.3 * inside[..., None]
    assert tripped(wide, made, None, EditCheck("a dot", inside)) == []
    assert first_words(tripped(wide, made, None, ANYWHERE)) == ["the edit did nothing"]
    assert tripped(wide, wide, None, EditCheck("nothing", 0 * inside)) == []


def test_what_cannot_be_seen_does_not_count():
    seen = np.zeros((64, 80), bool)
    assert tripped(PHOTO, 0 * PHOTO, seen) == []
    seen[:, :40] = True
    made = PHOTO.copy()
    made[:, :40] = 0
    assert "the image is black" in tripped(PHOTO, made, seen)
    assert tripped(PHOTO, made, ~seen) == []


def test_pictures_of_different_sizes_are_rejected_elsewhere():
    assert tripped(PHOTO, PHOTO[1:] * 0) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_becomes_black_and_is_told(bad):
    assert made_finite(PHOTO)[0] is PHOTO and made_finite(PHOTO)[1] == []
    canvas = PHOTO.copy()
    canvas[3, 4, 1] = bad
    made, faults = made_finite(canvas)
    assert faults == [NOT_FINITE] and made[3, 4, 1] == 0
    assert np.array_equal(np.delete(made.ravel(), 3 * 240 + 13), np.delete(PHOTO.ravel(), 3 * 240 + 13))
