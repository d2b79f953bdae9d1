"""Style transfer: photos of a folder in drawn styles, by every engine for styles that is installed.

`python -m benchmarks.styles FOLDER [--photos 4] [--engine adain] [--sheet sheet.png]` prints one row an engine: how far
Gram matrices are from the style's before and after (`worker/networks/style.py`; 0 where equal), edge_f1 of photo and
result, the seconds of a photo, and of a square of 512 px. Style errors are measured with MobileNetV2, which
`style-transfer` minimises them with and `adain`'s decoder was trained with: it favours both. Medians over all images.
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.tasks import Customise, EditType
from likeness.files.compare import upright
from likeness.imaging.assessment.contact_sheet import Cell, comparison_sheet
from likeness.imaging.metrics.edge_f1 import edge_f1
from training.data.textures import KINDS
from worker.config import Settings
from worker.diffusion.tensors import pixels
from worker.engine import Canvas, Engine, EngineTask, silent
from worker.networks.style import MOBILENET_STYLE, gram, load_style_network, style_error, tapped
from worker.residency.engines import Residents

SIDE, SEED = 256, 7
"""Of the drawn styles, in px; no recipe draws with this seed."""
SQUARE = 512
ROUNDS = 3
"""Times that the square is painted, after one that is not counted."""
FIGURES = ("style error before", "style error", "edge_f1")


@dataclass(frozen=True)
class Made:
    """One photo in one style, with its figures."""

    title: str
    image: Canvas
    figures: dict[str, float]
    seconds: float


class Bench:
    """The engines, and the network that style errors are measured with."""

    def __init__(self, residents: Residents) -> None:
        self.residents = residents
        self.network = load_style_network(residents.components, "mobilenet-v2")

    def engines(self) -> list[EngineSpec]:
        """Return those for styles that are installed."""
        return [spec for spec in load_catalogue().engines if EditType.STYLE in spec.ways and self.residents.has(spec)]

    def paint(self, spec: EngineSpec, photo: Canvas, styles: dict[str, Canvas]) -> Iterator[Made]:
        """Yield a photo in each style."""
        engine = self.residents.engine(spec)
        for name, style in styles.items():
            made, seconds = _painted(engine, spec, photo, style)
            values = self.style_error(photo, style), self.style_error(made, style), edge_f1(photo, made)
            yield Made(f"{spec.name}, {name}", made, dict(zip(FIGURES, values, strict=True)), seconds)

    def square(self, spec: EngineSpec, photo: Canvas, style: Canvas) -> float:
        """Return the seconds that a square of SQUARE px takes, the median of ROUNDS."""
        engine, square = self.residents.engine(spec), np.clip(cv2.resize(photo, (SQUARE, SQUARE)), 0, 1)
        return statistics.median([_painted(engine, spec, square, style)[1] for _ in range(ROUNDS + 1)][1:])

    def style_error(self, canvas: Canvas, style: Canvas) -> float:
        """Return how far the Gram matrices of a canvas are from those of a style."""
        device = self.residents.device
        seen = [tapped(self.network, pixels([one], device), MOBILENET_STYLE) for one in (canvas, style)]
        return float(style_error(*({name: gram(one) for name, one in found.items()} for found in seen)))


def _painted(engine: Engine, spec: EngineSpec, photo: Canvas, style: Canvas) -> tuple[Canvas, float]:
    began = time.perf_counter()
    parameters = spec.resolve(Customise(style_image="file", engine=spec.name))
    (made,) = engine.generate([EngineTask(photo, 0, parameters, style=style)], silent)
    return made, time.perf_counter() - began


def drawn_styles() -> dict[str, Canvas]:
    """Return one texture of each kind, SIDE x SIDE x 3 in 0..1."""
    return {name: draw(np.random.default_rng(SEED), SIDE).astype(np.float32) / 255 for name, draw in KINDS.items()}


def canvas_of(path: Path, multiple: int = 8) -> Canvas:
    """Return a photo as shown, cut to multiples of `multiple` px."""
    rgb = np.asarray(upright(path.read_bytes()).convert("RGB"), np.float32) / 255
    height, width = (side // multiple * multiple for side in rgb.shape[:2])
    return np.ascontiguousarray(rgb[:height, :width])


def measure(photos: Sequence[Path], names: Sequence[str], sheet: Path | None) -> Table:
    """Return the table of engines; with `sheet`, save what they made."""
    bench, styles = Bench(Residents.of(Settings())), drawn_styles()
    table = Table("engine", *FIGURES, "seconds", f"seconds, {SQUARE}x{SQUARE}")
    cells = [_cell(name, style) for name, style in styles.items()]
    for spec in bench.engines():
        if names and spec.name not in names:
            continue
        made = [one for photo in track(photos, spec.name) for one in bench.paint(spec, canvas_of(photo), styles)]
        square = bench.square(spec, canvas_of(photos[0]), next(iter(styles.values())))
        figures = [statistics.median(one.figures[name] for one in made) for name in FIGURES]
        seconds = statistics.median(one.seconds for one in made)
        table.add_row(spec.name, *(f"{figure:.3f}" for figure in figures), f"{seconds:.2f}", f"{square:.2f}")
        cells += [_cell(one.title, one.image, _caption(one)) for one in made]
    if sheet is not None:
        comparison_sheet(cells).save(sheet)
    return table


def _caption(made: Made) -> str:
    return f"style error {made.figures['style error']:.3f}, edge_f1 {made.figures['edge_f1']:.2f}"


def _cell(title: str, canvas: Canvas, *captions: str) -> Cell:
    return title, Image.fromarray(np.rint(canvas * 255).astype(np.uint8)), captions


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=4, help="how many of the folder's photos, by name")
    parser.add_argument("--engine", action="append", default=[], help="only this one; may be given again")
    parser.add_argument("--sheet", type=Path, help="save what was made as one picture")
    args = parser.parse_args()
    photos = sorted(args.folder.glob("*.jpg"))[: args.photos]
    Console().print(measure(photos, args.engine, args.sheet))


if __name__ == "__main__":
    main()
