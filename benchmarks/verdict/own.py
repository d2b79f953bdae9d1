"""Remakes the edits of a table and writes their figures into it: `python -m benchmarks.verdict.own TABLE FOLDER ...`.

Each FOLDER has photos, some with `NAME.mask.png` beside them; the others' products are found. TRAINED has the edits
that limits were fitted to, of training photos, and TESTED those that they are reported on, of the test photos. Engine
`retouch` made them, some with a fault by program (`fault` and its strength). `by` says who judged them P, R or N and
by what: it was a language model, which sees less than an editor at full size: a person's judgements count for more.
"""

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from benchmarks.verdict.faults import FAULTS
from likeness.contract.colour_names import CLOTH
from likeness.contract.gates import GateKind
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.jobs import Scalar
from likeness.contract.presets import Look
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.assessment.edit_figures import MEANINGS, measured, measured_cutout
from likeness.imaging.colour import Floats
from likeness.imaging.matting import matte_of
from likeness.imaging.outline import doubt_of
from likeness.imaging.packshot.cutout import cut_out
from likeness.imaging.packshot.shoot import shot_of
from worker.config import WEIGHTS
from worker.editing.edit_types import background_check, check_of, light_check
from worker.engine import EngineTask, ExactEdit
from worker.engines.retouch import edited
from worker.networks.segmenter import load

TRAINED = Path(__file__).with_name("trained.csv")
TESTED = Path(__file__).with_name("tested.csv")
LONGEST = 900
"""Px of the longer side of a photo that is edited."""
KINDS = {"colour": EditKind.RECOLOUR, "background": EditKind.BACKGROUND, "light": EditKind.LIGHT}
WHITE = (255, 255, 255)
FILL = 0.85

Row = dict[str, str]


@cache
def photo(file: Path) -> tuple[Floats, Floats]:
    """Return a photo, H x W x 3 in 0..1, and its product's mask, H x W."""
    with Image.open(file) as image:
        shown = image.convert("RGB")
        shown.thumbnail((LONGEST, LONGEST))
    rgb = np.asarray(shown, dtype=np.float32) / np.float32(255)
    mask = file.with_suffix(".mask.png")
    if not mask.exists():
        return rgb, load(WEIGHTS / "segmenter").product(rgb)
    with Image.open(mask) as plane:
        return rgb, np.asarray(plane.convert("L").resize(shown.size), dtype=np.float32) / np.float32(255)


def remade(row: Row, file: Path) -> tuple[Floats, Floats, EditCheck]:
    """Return a photo, the edit of it that a row tells, as 8 bits show it, and what it is measured by."""
    rgb, mask = photo(file)
    kind, value = KINDS[row["kind"]], row["value"]
    colour = WHITE if kind is EditKind.BACKGROUND and value == "white" else CLOTH.get(value)
    name = {EditKind.BACKGROUND: "plain", EditKind.LIGHT: value}.get(kind, "")
    parameters: dict[str, Scalar] = {"parts": row["parts"], "shadow": "contact"}

    def make(product: Floats) -> Floats:
        edit = ExactEdit(kind, colour, name)
        return edited(EngineTask(rgb, 0, parameters, matte=matte_of(rgb, product), edit=edit))

    made = FAULTS[row["fault"]](make, rgb, mask, float(row["strength"])) if row.get("fault") else make(mask)
    stored = np.rint(np.clip(made, 0, 1) * 255).astype(np.float32) / np.float32(255)
    return rgb, stored, replace(_check(Edit(kind, name), mask, colour), found=mask)


def _check(edit: Edit, mask: Floats, colour: tuple[int, int, int] | None) -> EditCheck:
    if edit.kind is EditKind.LIGHT:
        return light_check(edit)
    return background_check(edit, mask, colour) if edit.kind is EditKind.BACKGROUND else check_of("", mask, colour)


def enlarged(row: Row, file: Path) -> Mapping[str, float | None]:
    """Return the figures of a packshot whose product is enlarged by the row's value."""
    rgb, mask = photo(file)
    pixels = np.rint(rgb * 255).astype(np.uint8)
    product = cut_out(pixels, mask)
    longest = 0 if product.box is None else max(product.box.width, product.box.height)
    side = round(longest * float(row["value"]) / FILL)
    shot = shot_of(pixels, product, Look(size=f"{side}x{side}", fill=FILL))
    return measured_cutout(shot.alpha, doubt_of(mask, product.alpha > 127))


def measured_rows(rows: Sequence[Row], folders: Sequence[Path]) -> Iterator[Mapping[str, str]]:
    """Yield each row with its figures."""
    for row in track(rows, "measuring"):
        file = next(folder / row["picture"] for folder in folders if (folder / row["picture"]).exists())
        values = enlarged(row, file) if row["kind"] == GateKind.PACKSHOT else measured(*remade(row, file))
        yield row | {name: "" if (value := values.get(name)) is None else f"{value:.4g}" for name in MEANINGS}


def main() -> None:
    """Measure every edit of a table and write it back."""
    parser = argparse.ArgumentParser(description="Remake judged edits and write their figures beside the judgements.")
    parser.add_argument("table", type=Path, help="with a row for each edit")
    parser.add_argument("folders", type=Path, nargs="+", help="with the photos")
    args = parser.parse_args()
    rows = list(csv.DictReader(args.table.read_text("utf-8").splitlines()))
    columns = [name for name in rows[0] if name not in MEANINGS]
    told = list(measured_rows(rows, args.folders))
    with args.table.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, [*columns, *MEANINGS], lineterminator="\n")
        table.writeheader()
        table.writerows(told)


if __name__ == "__main__":
    main()
