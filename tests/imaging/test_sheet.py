import pytest
from PIL import Image

from likeness.contract.report import EditReport, Lock, Score, Thresholds
from likeness.imaging.compare import assess
from likeness.imaging.sheet import BAD, GOOD, contact_sheet, edit_lines, report_picture
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


def test_the_edit_and_the_lock_are_told_and_drawn():
    given = picture(saved(photo("RGB", 30, 30), "PNG"))
    plain = assess(given, given, Thresholds())
    scores = [
        Score(name="colour_delta_e", value=0.8, unit="dE00", higher_is_better=False),
        Score(name="clip_score", value=None, unit="ratio", higher_is_better=True, reason="no weights"),
    ]
    edit = EditReport(asked="recolour", colour="#1F4E79", scores=scores, happened=False)
    report = plain.model_copy(update={"edit": edit, "locked": Lock(area=0.625, max_abs_diff=0)})
    assert edit_lines(plain) == []
    assert edit_lines(report) == [
        "edit: recolour (#1F4E79): did not happen",
        "edit figures: colour_delta_e 0.800 dE00",
        "locked: 62.5% of the picture, largest change there 0",
    ]
    cards = [report_picture(given.pixels, given.pixels, one) for one in (plain, report)]
    assert cards[1].height - cards[0].height == 3 * 22


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
