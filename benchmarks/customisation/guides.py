"""Images made from a guide: a text printed and read back, and edges that are kept."""

import statistics
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.customisation.colours import SEED
from benchmarks.customisation.figures import NOTHING, Figure, at_least, share, unmet
from benchmarks.customisation.measures import lines_f1, normalised
from benchmarks.customisation.workbench import Made, Photo, Workbench
from likeness.contract.tasks import Control, Customise
from likeness.imaging.colour import Floats, as_rgb
from likeness.imaging.controls import canny

TEXTS = (
    "Just do it", "LIKENESS", "Hello", "Good morning", "RIO 2016", "No limits", "Summer", "Team Blue", "Run fast",
    "Coffee first", "Paris", "LOVE", "Stay wild", "Made in Kent", "Number 7", "Ocean", "Be kind", "VINTAGE", "Rock on",
    "Sunday Club",
)  # fmt: skip
NO_READER = "skipped: rapidocr is not installed; pip install '.[bench]' brings it"


def texts(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Print a short text on each of twenty photos and let an OCR package read it."""
    what = "text added: read back by OCR"
    reader = _reader()
    if reader is None:
        return [Figure(what, ">= 90%", NO_READER, None, "0")]
    tasks = [(photo, printed(text)) for photo, text in zip(photos, TEXTS, strict=False)]
    made = bench.make_all(tasks, "texts")
    return [share(what, 0.9, [normalised(one.task.text or "") in reader(one.rgb) for one in made], len(tasks))]


def _reader() -> Callable[[Floats], str] | None:
    """Return what reads the letters and digits off an image, top to bottom; None when no OCR package is installed."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        return None
    engine = RapidOCR(params={"Global.log_level": "critical"})
    return lambda rgb: normalised(" ".join(engine(np.ascontiguousarray(as_rgb(rgb)[..., ::-1])).txts or ()))


def controlled(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Redraw each photo from a prompt with its canny edges kept, and with the control's weight at 0."""
    agreed, free = (
        [_agreement(one) for one in bench.make_all([(photo, kept(photo, weight)) for photo in photos], what)]
        for weight, what in ((1.0, "edges kept"), (0.0, "edges not kept"))
    )
    first = at_least("control: edge_f1 of canny map and output's edges, with it, median", 0.6, agreed, len(photos))
    if not (agreed and free):
        return [first, Figure("control: with it against without", ">= 2 times", NOTHING, unmet(len(photos)), "0")]
    one, other = statistics.median(agreed), statistics.median(free)
    times = f"{one / max(other, 1e-6):.3g} times ({other:.3g} without)"
    return [
        first,
        Figure("control: with it against without", ">= 2 times", times, one >= 2 * other, f"2 x {len(photos)}"),
    ]


def _agreement(made: Made) -> float:
    return lines_f1(canny(made.photo.rgb), canny(made.rgb))


def printed(text: str) -> Customise:
    """Return the task that prints a text."""
    return Customise(text=text, seed=SEED)


def kept(photo: Photo, weight: float) -> Customise:
    """Return the task that redraws a photo from its edges."""
    prompt = f"a photo of a red {photo.label} on a white background"
    return Customise(prompt=prompt, controls=[Control(kind="canny", weight=weight)], seed=SEED)
