import numpy as np
import pytest
from PIL import Image

from likeness.contract.report import EditThresholds, Lock, Thresholds, Verdict
from likeness.imaging.assessment.assess import assess
from likeness.imaging.assessment.contact_sheet import (
    BAD,
    CELL,
    GAP,
    GOOD,
    LINE,
    RIGHT_TABLE,
    comparison_sheet,
    contact_sheet,
    report_picture,
    shown,
)
from likeness.imaging.assessment.edit_check import EditCheck
from tests.imaging.files import PNG_KINDS, photo, picture, png_file, saved


def colours(image):
    return {colour for _, colour in image.getcolors(maxcolors=2**24)}


@pytest.mark.parametrize("kind", PNG_KINDS)
def test_a_card_is_drawn_for_every_kind(kind):
    given = picture(png_file(kind, 50, 70, 1))
    card = report_picture(given.pixels, given.pixels, assess(given, given, Thresholds()))
    assert card.mode == "RGB" and card.width == 832
    assert GOOD in colours(card) and BAD not in colours(card)


def test_a_card_of_different_sizes_says_so_in_red():
    given, made = (picture(saved(photo("CMYK", width, 30), "JPEG")) for width in (30, 31))
    card = report_picture(given.pixels, made.pixels, assess(given, made, Thresholds()))
    assert BAD in colours(card)


def test_long_reasons_are_wrapped_into_the_card():
    given = picture(saved(photo("RGB", 30, 30), "PNG"))
    report = assess(given, given, Thresholds())
    short = report_picture(given.pixels, given.pixels, report)
    longer = report_picture(given.pixels, given.pixels, report.model_copy(update={"reasons": ["many words " * 40]}))
    assert longer.width == short.width and longer.height > short.height


def test_the_difference_is_amplified_and_equal_pictures_give_black():
    given = Image.new("RGB", (10, 10), (100, 100, 100))
    made = Image.new("RGB", (10, 10), (101, 100, 100))
    middle = (16 + 2 * 272 + 128, 16 + 16 + 128)
    assert contact_sheet([("a", given, given, "equal")]).getpixel(middle) == (0, 0, 0)
    assert contact_sheet([("a", given, made, "unequal")]).getpixel(middle) == (16, 0, 0)


def test_a_contact_sheet_has_a_row_for_each_picture():
    row = ("name", photo("RGBA", 9, 400), photo("LA", 500, 3), "caption")
    one, three = contact_sheet([row]), contact_sheet([row] * 3)
    assert (three.height - 16) == 3 * (one.height - 16)
    assert contact_sheet([]).height == 16


def test_a_comparison_has_a_cell_for_each_picture_in_rows_of_four():
    cell = ("1. starter", photo("RGBA", 300, 40), ["strength 0.3", "ssim 0.9", "accepted", "not shown"])
    heights = [comparison_sheet([cell] * count).height for count in (1, 4, 5)]
    assert heights[0] == heights[1] < heights[2] and heights[2] - 16 == 2 * (heights[0] - 16)
    assert {comparison_sheet([cell] * count).width for count in (1, 5)} == {4 * (CELL + 16) + 16}


def test_a_cell_shows_its_picture_and_one_without_stays_empty():
    sheet = np.asarray(comparison_sheet([("a", Image.new("RGB", (8, 8), "red"), []), ("b", None, ["why"])]))
    left = sheet[16 + LINE : 16 + LINE + 200, 16 + 40 : 16 + 200]
    right = sheet[16 + LINE : 16 + LINE + 200, 16 + CELL + 16 + 40 : 16 + CELL + 16 + 200]
    assert np.all(left == (255, 0, 0)) and np.all(right == 255)


def test_a_long_caption_is_cut_to_its_cell():
    sheet = np.asarray(comparison_sheet([("W" * 99, None, ["W" * 99] * 3)]))
    assert np.all(sheet[:, 16 + CELL + 1 : 16 + CELL + 16] == 255)


def customised(asked, kept_differs):
    given = picture(saved(photo("RGB", 40, 30), "PNG"))
    made = picture(saved(photo("RGB", 40, 30, seed=1), "PNG")) if kept_differs else given
    check = EditCheck(asked, colour=(240, 130, 30), kept=np.ones((30, 40), dtype=bool), changes=False)
    anything = EditThresholds(hue_error=None, change_inside=None)
    return given, made, assess(given, made, anything, check)


def test_a_customised_card_has_room_for_the_edit_and_the_lock():
    given, made, report = customised("make it orange", kept_differs=False)
    card = report_picture(given.pixels, made.pixels, report)
    plain = report_picture(given.pixels, made.pixels, report.model_copy(update={"edit": None, "locked": None}))
    assert card.width == plain.width
    assert card.height >= plain.height + (len(report.edit.scores) - 1) * LINE  # the frame's table is a row longer
    assert BAD not in colours(card)


def test_a_broken_lock_is_red():
    given, made, report = customised("make it orange", kept_differs=True)
    accepted = report.model_copy(update={"verdict": Verdict.ACCEPTED, "reasons": []})
    whole = accepted.model_copy(update={"locked": Lock(area=1, max_abs_diff=0)})
    tables = (0, 330 + 3 * LINE + GAP, 832, 700 + 3 * LINE + GAP)
    broken, kept = (
        np.asarray(report_picture(given.pixels, made.pixels, one).crop(tables)).astype(int) for one in (accepted, whole)
    )
    assert np.any(broken[..., 0] > broken[..., 1] + 80) and not np.any(kept[..., 0] > kept[..., 1] + 80)


@pytest.mark.parametrize("asked", ["", "make it orange and " * 30, "W" * 400])
def test_a_long_wish_is_cut_to_its_column(asked):
    given, made, report = customised(asked, kept_differs=False)
    card = np.asarray(report_picture(given.pixels, made.pixels, report))
    top = 16 + 2 * LINE + 256 + 16 + 3 * LINE + GAP + (len(report.fidelity) + 1) * LINE + 16
    between = card[top : top + LINE - 4, 16 + 256 + 20 + 2 : RIGHT_TABLE - 1]
    assert np.all(between == 255)


def test_a_picture_is_shown_within_its_side_and_never_enlarged():
    assert shown(Image.new("I;16", (900, 300)), 300).size == (300, 100)
    assert shown(Image.new("L", (20, 10)), 300).size == (20, 10)
    clear = shown(Image.new("RGBA", (40, 40)), 300)
    assert clear.mode == "RGB" and len(clear.getcolors()) == 2, "checks show through"
