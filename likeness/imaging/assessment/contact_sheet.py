"""Images for people: the report of one job as a card, and a contact sheet of many."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from likeness.contract.report import FrameRow, Lock, Report, Score, Verdict
from likeness.imaging.assessment.frame_rows import COLUMNS, picture_rows

CELL = 256
GAP = 16
LINE = 22
TITLE, TEXT, SMALL = 20, 14, 12
PAPER, INK, FAINT, RULE = (255, 255, 255), (28, 31, 36), (110, 116, 125), (226, 229, 233)
GOOD, BAD = (20, 122, 68), (186, 38, 38)
RIGHT_TABLE = GAP + CELL + GAP + 40
CHECKS = (244, 208)  # the two greys behind transparent pixels
CHECK_SIDE = 8
MOST_AMPLIFIED = 16
ACROSS, CAPTIONS = 4, 3  # cells in a row of a comparison, lines below each

Row = tuple[str, Image.Image, Image.Image, str]
Cell = tuple[str, Image.Image | None, Sequence[str]]
Colour = tuple[int, int, int]


def report_picture(given: Image.Image | None, made: Image.Image, report: Report) -> Image.Image:
    """Return an RGB card: given, made and difference above both frames, the metrics, the verdict and its reasons.

    Without `given` the image was generated: it stands alone, beside the frame that was asked. With a customised one
    also the metrics of its edit and the lock. The images are shown as they are stored; turn them upright first where
    they are not.
    """
    width = 3 * CELL + 4 * GAP
    changed = report.before or report
    edit, locked = changed.edit, changed.locked or report.locked
    reasons = [line for reason in report.reasons for line in _wrapped(reason, width - 2 * GAP)]
    pictures_top = GAP + LINE + LINE + CELL + GAP
    table_top = pictures_top + 3 * LINE + GAP
    edit_top, lock_top = (table_top + (len(rows) + 1) * LINE + GAP for rows in (report.fidelity, report.frame))
    edit_height = (len(edit.scores) + 1) * LINE + GAP if edit else 0
    verdict_top = max(edit_top + edit_height, lock_top + (3 * LINE + GAP if locked else 0))
    card = Image.new("RGB", (width, verdict_top + LINE + GAP // 2 + len(reasons) * LINE + GAP), PAPER)
    draw = ImageDraw.Draw(card)
    draw.text((GAP, GAP - 4), "Likeness report", INK, _font(TITLE))
    how = ("customised" if edit else "recreated") if given else "generated"
    was = "original" if given else "asked"
    _draw_cells(card, GAP + LINE + GAP // 2, given, made, how)
    _draw_pictures(draw, pictures_top, width, [COLUMNS, *picture_rows(report.frame, how, was)])
    _draw_scores(draw, (GAP, table_top), "fidelity", report.fidelity)
    _draw_frame(draw, (RIGHT_TABLE, table_top), width - GAP, report.frame)
    if edit:
        _draw_scores(draw, (GAP, edit_top), _shortened(f"edit: {edit.asked}", CELL + 20), edit.scores)
    if locked:
        _draw_lock(draw, (RIGHT_TABLE, lock_top), width - GAP, locked)
    _draw_verdict(draw, verdict_top, width, report, reasons)
    return card


def contact_sheet(rows: Sequence[Row], how: str = "recreated") -> Image.Image:
    """Return an RGB sheet with a row (title, given, made, caption) for each image, and its difference.

    `how` says below each image that was made how it was.
    """
    height = LINE + CELL + LINE + LINE + GAP
    sheet = Image.new("RGB", (3 * CELL + 4 * GAP, GAP + height * len(rows)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (title, given, made, caption) in enumerate(rows):
        top = GAP + index * height
        draw.text((GAP, top - 4), title, INK, _font(TEXT))
        _draw_cells(sheet, top + LINE - 6, given, made, how)
        draw.text((GAP, top + 2 * LINE + CELL - 4), caption, FAINT, _font(SMALL))
    return sheet


def comparison_sheet(cells: Sequence[Cell]) -> Image.Image:
    """Return an RGB sheet, ACROSS cells wide: of each cell its title, its image if there is one, and its captions.

    No more than CAPTIONS lines are shown; what is wider than its cell is cut.
    """
    height = LINE + CELL + CAPTIONS * LINE + GAP
    sheet = Image.new("RGB", (ACROSS * (CELL + GAP) + GAP, GAP + height * -(-len(cells) // ACROSS)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (title, picture, captions) in enumerate(cells):
        row, column = divmod(index, ACROSS)
        left, top = GAP + column * (CELL + GAP), GAP + row * height
        draw.text((left, top - 4), _shortened(title, CELL), INK, _font(TEXT))
        _draw_cell(sheet, left, top + LINE - 6, picture)
        for line, caption in enumerate(captions[:CAPTIONS]):
            y = top + LINE + CELL + line * LINE - 4
            draw.text((left, y), _shortened(caption, CELL), FAINT, _font(SMALL))
    return sheet


def shown(picture: Image.Image, side: int) -> Image.Image:
    """Return an RGB image that fits into `side` x `side` px, over a checkerboard where it is transparent.

    A smaller one keeps its size.
    """
    flat = _flat(picture)
    return ImageOps.contain(flat, (side, side), Image.Resampling.LANCZOS) if max(flat.size) > side else flat


def _draw_cell(sheet: Image.Image, left: int, top: int, picture: Image.Image | None) -> None:
    ImageDraw.Draw(sheet).rectangle((left - 1, top - 1, left + CELL, top + CELL), outline=RULE)
    if picture:
        fitted = _fitted(_flat(picture))
        sheet.paste(fitted, (left + (CELL - fitted.width) // 2, top + (CELL - fitted.height) // 2))


def _draw_cells(sheet: Image.Image, top: int, given: Image.Image | None, made: Image.Image, how: str) -> None:
    """Draw the three images in a row, or what was made from nothing alone, each with its name and size below."""
    cells: list[tuple[str, Image.Image | None]] = [(_named(how, made), _fitted(_flat(made)))]
    if given:
        difference, factor = _difference(given, made)
        said = f"difference x {factor}" if difference else "difference: the sizes differ"
        cells = [(_named("original", given), _fitted(_flat(given))), *cells, (said, difference)]
    draw = ImageDraw.Draw(sheet)
    for index, (name, picture) in enumerate(cells):
        left = GAP + index * (CELL + GAP)
        draw.rectangle((left - 1, top - 1, left + CELL, top + CELL), outline=RULE)
        if picture:
            sheet.paste(picture, (left + (CELL - picture.width) // 2, top + (CELL - picture.height) // 2))
        draw.text((left, top + CELL + 4), name, FAINT, _font(SMALL))


def _named(how: str, picture: Image.Image) -> str:
    return f"{how}  {picture.width} x {picture.height}"


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
    """Return the image in RGB, over a checkerboard where it is transparent."""
    if picture.mode == "I;16":
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    board = _checkerboard(picture.size)
    shown = picture.convert("RGBA")
    board.paste(shown, mask=shown.getchannel("A"))
    return board


def _checkerboard(size: tuple[int, int]) -> Image.Image:
    """Return grey checks that are 8 px wide once the image is fitted into its cell."""
    side = max(1, round(CHECK_SIDE * max(size) / CELL))
    rows, columns = np.ogrid[: size[1], : size[0]]
    odd = (rows // side + columns // side) % 2 == 1
    return Image.fromarray(np.array(CHECKS, dtype=np.uint8)[odd.astype(np.intp)]).convert("RGB")


def _fitted(picture: Image.Image) -> Image.Image:
    """Return the image as large as a cell takes; small ones are enlarged with their pixels visible."""
    enlarging = max(picture.size) * 2 <= CELL
    return ImageOps.contain(picture, (CELL, CELL), Image.Resampling.NEAREST if enlarging else Image.Resampling.LANCZOS)


def _draw_pictures(draw: ImageDraw.ImageDraw, top: int, width: int, rows: Sequence[tuple[str, ...]]) -> None:
    """Draw a table over the whole width, its first row the names of its columns."""
    step = (width - 2 * GAP) // len(rows[0])
    for index, row in enumerate(rows):
        y = top + index * LINE
        draw.line((GAP, y - 3, width - GAP, y - 3), RULE)
        for column, text in enumerate(row):
            draw.text((GAP + column * step, y), text, INK if index else FAINT, _font(SMALL))


def _draw_scores(draw: ImageDraw.ImageDraw, at: tuple[int, int], title: str, scores: Sequence[Score]) -> None:
    left, top = at
    draw.text((left, top), title, INK, _font(TEXT))
    for index, score in enumerate(scores, start=1):
        y = top + index * LINE
        draw.line((left, y - 3, left + CELL + 20, y - 3), RULE)
        draw.text((left, y), score.name, FAINT if score.value is None else INK, _font(SMALL))
        named = max(102, _font(SMALL).getlength(score.name) + 8)
        draw.text((left + named, y), "" if score.value is None else _direction(score), FAINT, _font(SMALL))
        draw.text(
            (left + CELL + 20, y), _figure(score), FAINT if score.value is None else INK, _font(SMALL), anchor="ra"
        )


def _direction(score: Score) -> str:
    if score.unit == "L*":
        return score.reason or ""
    return "higher is better" if score.higher_is_better else "lower is better"


def _figure(score: Score) -> str:
    if score.value is None:
        return "not measured"
    unit = {"ratio": "", "degrees": "°"}.get(score.unit, f" {score.unit}")
    return f"{score.value:.3f}{unit}"


def _draw_frame(draw: ImageDraw.ImageDraw, at: tuple[int, int], right: int, rows: Sequence[FrameRow]) -> None:
    draw.text(at, "frame", INK, _font(TEXT))
    for index, row in enumerate(rows, start=1):
        text = f"{_said(row.given)}  =" if row.equal else f"{_said(row.given)} -> {_said(row.made)}"
        _draw_row(draw, (at[0], at[1] + index * LINE), right, (row.name, text), GOOD if row.equal else BAD)


def _draw_lock(draw: ImageDraw.ImageDraw, at: tuple[int, int], right: int, lock: Lock) -> None:
    left, top = at
    draw.text(at, "lock", INK, _font(TEXT))
    _draw_row(draw, (left, top + LINE), right, ("kept", f"{lock.area:.1%} of the image"), INK)
    change = ("largest change there", str(lock.max_abs_diff))
    _draw_row(draw, (left, top + 2 * LINE), right, change, BAD if lock.max_abs_diff else GOOD)


def _draw_row(draw: ImageDraw.ImageDraw, at: tuple[int, int], right: int, row: tuple[str, str], ink: Colour) -> None:
    """Draw a name and what is said of it below a rule."""
    left, y = at
    draw.line((left, y - 3, right, y - 3), RULE)
    draw.text((left, y), row[0], INK, _font(SMALL))
    draw.text((right, y), row[1], ink, _font(SMALL), anchor="ra")


def _said(value: str | float | None) -> str:
    return "none" if value is None else str(value)


def _draw_verdict(draw: ImageDraw.ImageDraw, top: int, width: int, report: Report, reasons: Sequence[str]) -> None:
    colour: Colour = {Verdict.ACCEPTED: GOOD, Verdict.REJECTED: BAD, Verdict.NOT_JUDGED: FAINT}[report.verdict]
    said = report.verdict.value.replace("_", " ") + (", can be retouched" if report.retouchable else "")
    draw.rectangle((GAP, top, width - GAP, top + LINE + 4), fill=colour)
    draw.text((GAP + 8, top + 4), said, PAPER, _font(TEXT))
    for index, line in enumerate(reasons):
        draw.text((GAP, top + LINE + GAP // 2 + 2 + index * LINE), line, INK, _font(TEXT))


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


def _shortened(text: str, width: int) -> str:
    """Return the text, cut with an ellipsis where it is wider than `width` px."""
    if _font(TEXT).getlength(text) <= width:
        return text
    return next(
        f"{text[:end]}…" for end in range(len(text), -1, -1) if _font(TEXT).getlength(f"{text[:end]}…") <= width
    )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
