from likeness.contract.report import FrameRow
from likeness.imaging.assessment.frame_rows import COLUMNS, picture_rows
from likeness.imaging.frame import frame_table
from tests.imaging.files import photo, picture, saved


def test_the_columns_are_those_of_the_study():
    assert COLUMNS == ("name", "resolution", "aspect ratio", "mode", "channels")
    given, made = (picture(saved(photo(*kind), "PNG")) for kind in (("RGBA", 624, 807), ("L", 624, 800)))
    assert picture_rows(frame_table(given, made), "recreated") == (
        ("original", "624x807", "208:269", "RGBA", "4"),
        ("recreated", "624x800", "39:50", "L", "1"),
    )


def test_what_the_frame_does_not_tell_is_a_dash():
    given, made = picture_rows([FrameRow(name="width", given=8, made=8, equal=True)])
    assert given == ("original", "-", "-", "-", "-") and made[0] == "result"
