"""Pictures for people: the report of one job as a card, and a contact sheet of many."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from likeness.contract.report import FrameRow, Report, Score, Verdict

CELL = 256
GAP = 16
LINE = 22
TITLE, TEXT, SMALL = 20, 14, 12
PAPER, INK, FAINT, RULE = (255, 255, 255), (28, 31, 36), (110, 116, 125), (226, 229, 233)
GOOD, BAD = (20, 122, 68), (186, 38, 38)
CHECKS = (244, 208)  # the two greys behind transparent pixels
CHECK_SIDE = 8
MOST_AMPLIFIED = 16

Row = tuple[str, Image.Image, Image.Image, str]
Colour = tuple[int, int, int]


def report_picture(given: Image.Image, made: Image.Image, report: Report) -> Image.Image:
    """Return an RGB card: given, made and difference above figures, frame, edit and lock, verdict and its reasons.

    The pictures are shown as they are stored; turn them upright first where they are not.
    """
    width = 3 * CELL + 4 * GAP
    reasons = [line for reason in report.reasons for line in _wrapped(reason, width - 2 * GAP)]
    table_top = GAP + LINE + LINE + CELL + GAP
    rows = max(len(report.fidelity), len(report.frame)) + 1
    edit_top = table_top + rows * LINE + GAP // 2
    edit = [line for said in edit_lines(report) for line in _wrapped(said, width - 2 * GAP)]
    verdict_top = edit_top + len(edit) * LINE + GAP // 2
    card = Image.new("RGB", (width, verdict_top + LINE + GAP // 2 + len(reasons) * LINE + GAP), PAPER)
    draw = ImageDraw.Draw(card)
    draw.text((GAP, GAP - 4), "Likeness report", INK, _font(TITLE))
    _draw_cells(card, GAP + LINE + GAP // 2, given, made, "customised" if report.edit else "recreated")
    _draw_scores(draw, (GAP, table_top), report.fidelity)
    _draw_frame(draw, (GAP + CELL + GAP + 40, table_top), width - GAP, report.frame)
    _draw_lines(draw, edit_top, edit)
    _draw_verdict(draw, verdict_top, width, report.verdict, reasons)
    return card


def edit_lines(report: Report) -> list[str]:
    """Return what a report says of the edit that was asked and of what was kept, in plain lines; none of neither."""
    lines = []
    if edit := report.edit:
        colour = f" ({edit.colour})" if edit.colour else ""
        lines.append(f"edit: {edit.asked}{colour}: {'happened' if edit.happened else 'did not happen'}")
        measured = [f"{score.name} {_figure(score)}" for score in edit.scores if score.value is not None]
        lines += [f"edit figures: {', '.join(measured)}"] if measured else []
    if lock := report.locked:
        lines.append(f"locked: {lock.area:.1%} of the picture, largest change there {lock.max_abs_diff}")
    return lines


def contact_sheet(rows: Sequence[Row], made_by: str = "recreated") -> Image.Image:
    """Return an RGB sheet with a row (title, given, made, caption) for each picture, and its difference.

    `made_by` is the word below the pictures that were made.
    """
    height = LINE + CELL + LINE + LINE + GAP
    sheet = Image.new("RGB", (3 * CELL + 4 * GAP, GAP + height * len(rows)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (title, given, made, caption) in enumerate(rows):
        top = GAP + index * height
        draw.text((GAP, top - 4), title, INK, _font(TEXT))
        _draw_cells(sheet, top + LINE - 6, given, made, made_by)
        draw.text((GAP, top + 2 * LINE + CELL - 4), caption, FAINT, _font(SMALL))
    return sheet


def _draw_cells(sheet: Image.Image, top: int, given: Image.Image, made: Image.Image, made_by: str) -> None:
    """Draw the three pictures in a row, each with its name and size below."""
    difference, factor = _difference(given, made)
    cells = [
        (f"given  {given.width} x {given.height}", _fitted(_flat(given))),
        (f"{made_by}  {made.width} x {made.height}", _fitted(_flat(made))),
        (f"difference x {factor}" if difference else "difference: the sizes differ", difference),
    ]
    draw = ImageDraw.Draw(sheet)
    for index, (name, picture) in enumerate(cells):
        left = GAP + index * (CELL + GAP)
        draw.rectangle((left - 1, top - 1, left + CELL, top + CELL), outline=RULE)
        if picture:
            sheet.paste(picture, (left + (CELL - picture.width) // 2, top + (CELL - picture.height) // 2))
        draw.text((left, top + CELL + 4), name, FAINT, _font(SMALL))


def _difference(given: Image.Image, made: Image.Image) -> tuple[Image.Image | None, int]:
    """Return the absolute difference on black, brightened by a whole factor of 1..16.

    None where the sizes differ. The factor makes all but the strongest half percent just fit.
    """
    if given.size != made.size:
        return None, 1
    difference = ImageChops.difference(_flat(given), _flat(made))
    strong = float(np.percentile(np.asarray(difference), 99.5))
    factor = int(np.clip(200 // max(strong, 1.0), 1, MOST_AMPLIFIED))
    return _fitted(difference.point([min(255, value * factor) for value in range(256)] * 3)), factor


def _flat(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB, over a checkerboard where it is transparent."""
    if picture.mode == "I;16":
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    board = _checkerboard(picture.size)
    shown = picture.convert("RGBA")
    board.paste(shown, mask=shown.getchannel("A"))
    return board


def _checkerboard(size: tuple[int, int]) -> Image.Image:
    """Return grey checks that are 8 px wide once the picture is fitted into its cell."""
    side = max(1, round(CHECK_SIDE * max(size) / CELL))
    rows, columns = np.ogrid[: size[1], : size[0]]
    odd = (rows // side + columns // side) % 2 == 1
    return Image.fromarray(np.array(CHECKS, dtype=np.uint8)[odd.astype(np.intp)]).convert("RGB")


def _fitted(picture: Image.Image) -> Image.Image:
    """Return the picture as large as a cell takes; small ones are enlarged with their pixels visible."""
    enlarging = max(picture.size) * 2 <= CELL
    return ImageOps.contain(picture, (CELL, CELL), Image.Resampling.NEAREST if enlarging else Image.Resampling.LANCZOS)


def _draw_scores(draw: ImageDraw.ImageDraw, at: tuple[int, int], scores: Sequence[Score]) -> None:
    left, top = at
    draw.text((left, top), "fidelity", INK, _font(TEXT))
    for index, score in enumerate(scores, start=1):
        y = top + index * LINE
        draw.line((left, y - 3, left + CELL + 20, y - 3), RULE)
        draw.text((left, y), score.name, FAINT if score.value is None else INK, _font(SMALL))
        draw.text((left + 96, y), _direction(score), FAINT, _font(SMALL))
        draw.text(
            (left + CELL + 20, y), _figure(score), FAINT if score.value is None else INK, _font(SMALL), anchor="ra"
        )


def _direction(score: Score) -> str:
    return "higher is better" if score.higher_is_better else "lower is better"


def _figure(score: Score) -> str:
    if score.value is None:
        return "not measured"
    unit = "" if score.unit == "ratio" else f" {score.unit}"
    return f"{score.value:.3f}{unit}"


def _draw_frame(draw: ImageDraw.ImageDraw, at: tuple[int, int], right: int, rows: Sequence[FrameRow]) -> None:
    left, top = at
    draw.text((left, top), "frame", INK, _font(TEXT))
    for index, row in enumerate(rows, start=1):
        y = top + index * LINE
        draw.line((left, y - 3, right, y - 3), RULE)
        draw.text((left, y), row.name, INK, _font(SMALL))
        text = f"{_said(row.given)}  =" if row.equal else f"{_said(row.given)} -> {_said(row.made)}"
        draw.text((right, y), text, GOOD if row.equal else BAD, _font(SMALL), anchor="ra")


def _said(value: str | float | None) -> str:
    return "none" if value is None else str(value)


def _draw_verdict(draw: ImageDraw.ImageDraw, top: int, width: int, verdict: Verdict, reasons: Sequence[str]) -> None:
    colour: Colour = GOOD if verdict is Verdict.ACCEPTED else BAD
    draw.rectangle((GAP, top, width - GAP, top + LINE + 4), fill=colour)
    draw.text((GAP + 8, top + 4), verdict.value, PAPER, _font(TEXT))
    _draw_lines(draw, top + LINE + GAP // 2 + 2, reasons)


def _draw_lines(draw: ImageDraw.ImageDraw, top: int, lines: Sequence[str]) -> None:
    for index, line in enumerate(lines):
        draw.text((GAP, top + index * LINE), line, INK, _font(TEXT))


def _wrapped(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` px."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font(TEXT).getlength(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
