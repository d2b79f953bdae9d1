"""Recreation quality: every picture of a folder through an engine at its own size.

`python -m benchmarks.recreation FOLDER [--engine starter] [--sheet sheet.png]` prints one row a picture, then medians.
"""

import argparse
import statistics
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from likeness.compare import upright
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.tasks import Recreate
from likeness.imaging.decode import Bounds, decode
from likeness.imaging.encode import encode
from likeness.imaging.frame import Frame
from likeness.imaging.sheet import contact_sheet
from worker.config import Settings
from worker.engine import Engine, EngineTask
from worker.residency import Residents
from worker.scoring import Candidate, score

FIGURES = ("psnr", "ssim", "ms_ssim", "delta_e", "edge_f1", "drift")


def measure(folder: Path, sheet: Path | None, name: str = "starter") -> None:
    """Recreate every picture in `folder`, print the table, and draw a contact sheet when a path is given."""
    spec = load_catalogue().find(name)
    engine = Residents.of(Settings()).engine(spec)
    files = sorted(path for path in folder.iterdir() if _is_photo(path))
    rows = [(file, *recreate(engine, spec, file.read_bytes())) for file in track(files, f"recreating with {name}")]
    Console().print(_table(rows))
    if sheet is not None:
        cells = [(file.name, upright(file.read_bytes()), upright(made.data), _caption(made)) for file, made, _ in rows]
        contact_sheet(cells).save(sheet)


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"} and not path.name.endswith(".mask.png")


def recreate(engine: Engine, spec: EngineSpec, data: bytes) -> tuple[Candidate, float]:
    """Return what the engine makes of a picture, measured, and the seconds the engine took."""
    given = decode(data, Bounds())
    frame = Frame.of(given)
    canvas = frame.canvas(given, spec.canvas.multiple, spec.canvas.minimum)
    began = time.perf_counter()
    parameters = spec.resolve(Recreate())
    task = EngineTask(canvas, 0, parameters, str(parameters.get("prompt") or ""))
    made = engine.generate([task], lambda step, steps, stage: None)[0]
    seconds = time.perf_counter() - began
    return score(given, encode(frame.restore(made), frame, "same"), Recreate()), seconds


def _caption(made: Candidate) -> str:
    return "   ".join(f"{name} {value:.4g}" for name in FIGURES if (value := made.report.score(name)) is not None)


def _table(rows: list[tuple[Path, Candidate, float]]) -> Table:
    table = Table("picture", "size", "frame", *FIGURES, "seconds")
    for file, made, seconds in rows:
        frame = "equal" if made.report.frame_equal else "CHANGED"
        size = f"{made.image.width}x{made.image.height}"
        table.add_row(file.name[:24], size, frame, *_figures([made]), f"{seconds:.2f}")
    table.add_section()
    equal = sum(made.report.frame_equal for _, made, _ in rows)
    seconds = statistics.median(seconds for _, _, seconds in rows)
    table.add_row("median", "", f"{equal}/{len(rows)}", *_figures([made for _, made, _ in rows]), f"{seconds:.2f}")
    return table


def _figures(made: list[Candidate]) -> list[str]:
    values = [[value for one in made if (value := one.report.score(name)) is not None] for name in FIGURES]
    return [f"{statistics.median(found):.4g}" if found else "-" for found in values]


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="starter")
    parser.add_argument("--sheet", type=Path, help="draw a contact sheet here")
    args = parser.parse_args()
    measure(args.folder, args.sheet, args.engine)


if __name__ == "__main__":
    main()
