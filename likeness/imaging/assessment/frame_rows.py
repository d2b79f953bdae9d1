"""The frame of both images side by side, in the columns of the study that this service took its measures from."""

from collections.abc import Sequence

from likeness.contract.report import FrameRow

COLUMNS = ("name", "resolution", "aspect ratio", "mode", "channels")

Row = tuple[str, str, str, str, str]


def picture_rows(frame: Sequence[FrameRow], made: str = "result", given: str = "original") -> tuple[Row, Row]:
    """Return the rows of the given and of the made image, cells as in COLUMNS, named as told.

    The resolution is width x height as stored, in px; what the frame does not tell is a dash.
    """
    ours, theirs = {row.name: row.given for row in frame}, {row.name: row.made for row in frame}
    return _row(given, ours), _row(made, theirs)


def _row(name: str, said: dict[str, str | int | float | None]) -> Row:
    resolution = f"{said['width']}x{said['height']}" if {"width", "height"} <= said.keys() else "-"
    aspect, mode, channels = (str(said.get(column, "-")) for column in ("aspect_ratio", "mode", "channels"))
    return name, resolution, aspect, mode, channels
