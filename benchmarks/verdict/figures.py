"""Measures judged images and writes their figures as a table: `python -m benchmarks.verdict.figures FOLDER`.

FOLDER has `judgements.csv`, with an id, a kind, the request as JSON and what a person said of an edit (`verdict`) and
of the same one by plain arithmetic (`arithmetic`): P, R or N. `judged/` beside it has `given-PICTURE.webp` and
`mask-PICTURE.png`, and of each id (KIND-PICTURE) `ID.made.webp` and `ID.arith.webp`. The table is TABLE, which the
tests hold the limits against.
"""

import argparse
import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.progress import track

from likeness.contract import vocabulary
from likeness.contract.colour_names import CLOTH
from likeness.contract.gates import GateKind
from likeness.contract.grammar import understand
from likeness.contract.instructions import EditKind
from likeness.contract.options import rgb_of_hex
from likeness.contract.tokens import NotUnderstood
from likeness.files.judgements import read_judgements
from likeness.imaging.assessment.calibration import Judged
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.assessment.edit_figures import MEANINGS, measured
from likeness.imaging.colour import Floats

TABLE = Path(__file__).with_name("judged.csv")
KINDS = {
    "colour": GateKind.COLOUR,
    "hex": GateKind.COLOUR,
    "background": GateKind.BACKGROUND,
    "pattern": GateKind.PATTERN,
    "material": GateKind.MATERIAL,
    "text": GateKind.PRINT,
    "logo": GateKind.PRINT,
    "size": GateKind.SIZE,
    "style": GateKind.STYLE,
    "fill": GateKind.FILL,
    "control": GateKind.CONTROL,
}
SHOWN = {"made": "verdict", "arith": "arithmetic"}
"""The files of an edit, and the columns of what was said of each."""
JUDGEMENTS = ("P", "R", "N")


def for_fitting(pictures: Iterable[str]) -> set[str]:
    """Return a third of some pictures, to which limits may be fitted, chosen by names alone."""
    known = sorted(set(pictures), key=lambda name: sha256(name.encode()).digest())
    return set(known[: len(known) // 3])


def judged_table(fitting: bool | None = None) -> list[Judged]:
    """Return what TABLE holds: all of it, what limits may be fitted to, or the rest."""
    judged = read_judgements(TABLE)
    pictures = [row["picture"] for row in csv.DictReader(TABLE.read_text("utf-8").splitlines())]
    some = for_fitting(pictures)
    return [
        one for one, picture in zip(judged, pictures, strict=True) if fitting is None or (picture in some) is fitting
    ]


def rows_of(folder: Path) -> Iterator[dict[str, str]]:
    """Yield a row of the table for each judged image of a folder."""
    table = list(csv.DictReader((folder / "judgements.csv").read_text("utf-8").splitlines()))
    for row in track(table, "measuring"):
        picture = row["id"].split("-", 1)[1]
        given = _rgb(folder / "judged" / f"given-{picture}.webp")
        with Image.open(folder / "judged" / f"mask-{picture}.png") as mask:
            product = np.asarray(mask.convert("L"), dtype=np.float32) / np.float32(255)
        check = _check(KINDS[row["kind"]], json.loads(row["request"]), product)
        for name, column in SHOWN.items():
            file = folder / "judged" / f"{row['id']}.{name}.webp"
            if row[column] in JUDGEMENTS and file.exists():
                yield from _row(f"{row['id']}.{name}", picture, row[column], given, _rgb(file), check)


def _row(
    name: str, picture: str, judgement: str, given: Floats, made: Floats, check: EditCheck
) -> Iterator[dict[str, str]]:
    if given.shape == made.shape:
        values = {key: f"{value:.4g}" for key, value in measured(given, made, check).items() if value is not None}
        yield {"id": name, "picture": picture, "kind": check.kind, "judgement": judgement, **values}


def _check(kind: GateKind, request: Mapping[str, Any], product: Floats) -> EditCheck:
    """Return what an edit of a request is measured by, as the worker would."""
    inside = 1 - product if kind is GateKind.BACKGROUND else product
    return EditCheck(
        "",
        inside,
        _colour(request),
        kind=kind,
        product=product,
        found=product,
        plain=kind is GateKind.BACKGROUND or "text" in request,
        factor=_factor(request) if kind is GateKind.SIZE else 1.0,
    )


def _factor(request: Mapping[str, Any]) -> float:
    return vocabulary.SIZES[understand(request["instruction"]).name]


def _colour(request: Mapping[str, Any]) -> tuple[int, int, int] | None:
    """Return the asked colour; of a background the cloth's of that name, in which these were drawn."""
    if "recolour" in request:
        return rgb_of_hex(request["recolour"]["to"])
    try:
        edit = understand(request["instruction"]) if "instruction" in request else None
    except NotUnderstood:
        return None
    if edit is None:
        return None
    return CLOTH.get(edit.colour) if edit.kind is EditKind.BACKGROUND else edit.rgb


def _rgb(file: Path) -> Floats:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float32) / np.float32(255)


def main() -> None:
    """Measure the images of a folder and write TABLE."""
    parser = argparse.ArgumentParser(description="Measure judged images and write their figures as a table.")
    parser.add_argument("folder", type=Path, help="with judgements.csv and judged/")
    folder = parser.parse_args().folder
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["id", "picture", "kind", "judgement", *MEANINGS], restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows_of(folder))


if __name__ == "__main__":
    main()
