"""Recreation quality: every image of a folder through an engine at its own size.

`python -m benchmarks.recreation FOLDER [--engine starter] [--sheet sheet.png]` prints one row an image, then medians.
"""

import argparse
import statistics
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Recreate
from likeness.files.compare import upright
from likeness.imaging.assessment.assess import WITHOUT_NETWORKS
from likeness.imaging.assessment.contact_sheet import contact_sheet
from likeness.imaging.assessment.learned import LearnedMetrics
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.formats.encode import encode
from likeness.imaging.frame import Frame
from likeness.imaging.registration import undone
from worker.config import Settings
from worker.editing.canvas import AnalysedCanvas
from worker.editing.plan import Sent
from worker.editing.planner import edit_plan_of
from worker.engine import silent
from worker.residency.engines import Residents
from worker.runs.scoring import Candidate, score

FIGURES = ("psnr", "ssim", "ms_ssim", "delta_e", "edge_f1", "drift")
SEED = 0


def measure(folder: Path, sheet: Path | None, name: str = "starter") -> None:
    """Recreate every image in `folder`, print the table, and draw a contact sheet when a path is given."""
    spec = load_catalogue().find(name)
    residents = Residents.of(Settings())
    residents.engine(spec)
    files = track(photos_of(folder), f"recreating with {name}")
    rows = [(file, *recreate(residents, spec, file.read_bytes(), Recreate())) for file in files]
    Console().print(_table(rows))
    if sheet is not None:
        cells = [(file.name, upright(file.read_bytes()), upright(made.data), _caption(made)) for file, made, _ in rows]
        contact_sheet(cells).save(sheet)


def photos_of(folder: Path) -> list[Path]:
    """Return the images of a folder by name, without masks."""
    return sorted(path for path in folder.iterdir() if _is_photo(path))


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"} and not path.name.endswith(".mask.png")


def recreate(
    residents: Residents, spec: EngineSpec, data: bytes, task: Recreate, metrics: LearnedMetrics = WITHOUT_NETWORKS
) -> tuple[Candidate, float]:
    """Return what the engine makes of an image file, measured, and the seconds that the engine alone took.

    The seed is SEED where the task has none. Raises LikenessError for what a job would fail of.
    """
    engine, given = residents.engine(spec), decode(data, Bounds())
    frame = Frame.of(given)
    canvas = frame.canvas(given, spec.canvas.multiple, spec.canvas.minimum)
    width, height = frame.upright_size
    analysed = AnalysedCanvas(canvas, (height, width), residents.product, residents.caption)
    run = PlannedRun.of(spec, task)
    plan = edit_plan_of(run, analysed, Sent())
    asked = plan.task(SEED if task.seed is None else task.seed, dict(run.parameters))
    began = time.perf_counter()
    made = engine.generate([asked], silent)[0]
    seconds = time.perf_counter() - began
    made = undone(made, canvas)[0] if spec.drifts else made
    return score(given, encode(frame.restore(made), frame, "same"), task, metrics=metrics), seconds


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
