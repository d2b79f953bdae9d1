"""Every kind of exact edit with its defaults: how many pass the verdict, how near colours come, how long they take."""

import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks.customisation.backgrounds import behind
from benchmarks.customisation.colours import COLOURWAYS, SEED, coloured
from benchmarks.customisation.figures import NOTHING, Figure, at_most, runs, spread
from benchmarks.customisation.guides import printed
from benchmarks.customisation.workbench import Made, Photo, Task, Workbench
from likeness.contract.colour_names import CLOTH
from likeness.contract.options import Recolour
from likeness.contract.report import Verdict
from likeness.contract.tasks import Customise
from likeness.imaging.edits.colourway import recoloured
from likeness.imaging.matting import matte_of

BEHIND = ("white", "light grey", "beige", "navy")
LARGE, TIMED, RUNS = 12e6, 4, 3
"""Pixels of a large photo, how many are timed, and how often each."""
HUE, COLOUR, SECONDS = 5.0, 1.0, 2.0
"""Degrees of the mean hue, CIEDE2000 of the mean colour of the cloth, and seconds, each at most."""


def instructed(words: Sequence[str]) -> Callable[[int], Task]:
    """Return what asks for one of these after the other, by the number of the photo."""
    return lambda number: Customise(instruction=spread(words, number, 1)[0], seed=SEED)


KINDS: dict[str, Callable[[int], Task]] = {
    "colour by words": lambda number: coloured(spread(list(CLOTH), number, 1)[0]),
    "exact colour": lambda number: Customise(recolour=Recolour(to=spread(COLOURWAYS, number, 1)[0]), seed=SEED),
    "plain background": lambda number: behind(spread(BEHIND, number, 1)[0]),
    "light": instructed([f"make the picture {light}" for light in ("brighter", "darker", "warmer", "greyscale")]),
    "print": lambda number: printed(("LIKENESS", "Just do it", "Sale")[number % 3]),
    "size": instructed(["make it larger", "make it smaller"]),
}
COLOURED = ("colour by words", "exact colour")


def by_kind(bench: Workbench, photos: Sequence[Photo]) -> Iterator[Figure]:
    """Ask for one edit of each kind on every photo; the figures of a kind come as soon as it is done."""
    for kind, asked in KINDS.items():
        made = bench.make_all([(photo, asked(number)) for number, photo in enumerate(photos)], kind)
        yield from _figures(kind, made, len(photos))


def large(_bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Time the arithmetic of a colour, the matte included, on a photo enlarged to 12 Mpx."""
    seconds = [_timed(photo) for photo in photos[:: max(1, len(photos) // TIMED)][:TIMED]]
    return [at_most("12 Mpx: matte and colour, seconds, median", SECONDS, seconds, len(seconds))]


def _timed(photo: Photo) -> float:
    """Return the least seconds of several runs."""
    height, width = photo.mask.shape
    factor = (LARGE / (height * width)) ** 0.5
    big = photo.resized(round(width * factor), round(height * factor))
    rgb, mask, found = big.rgb, big.mask, []
    for _ in range(RUNS):
        began = time.perf_counter()
        recoloured(rgb, matte_of(rgb, mask), (31, 78, 121))
        found.append(time.perf_counter() - began)
    return min(found)


def _figures(kind: str, made: Sequence[Made], asked: int) -> list[Figure]:
    passed = sum(one.report.verdict is Verdict.ACCEPTED for one in made)
    told = f"{passed / asked:.0%}" if asked else NOTHING
    figures = [Figure(f"{kind}: accepted by the report", NOTHING, told, None, runs(made, asked))]
    if kind in COLOURED:
        figures += [
            at_most(f"{kind}: mean hue off by, median", HUE, _scores(made, "hue_error"), asked, " degrees"),
            at_most(f"{kind}: CIEDE2000 of its mean colour, median", COLOUR, _scores(made, "colour_delta_e"), asked),
        ]
    return [*figures, at_most(f"{kind}: seconds, median", SECONDS, [one.seconds for one in made], asked)]


def _scores(made: Sequence[Made], name: str) -> list[float]:
    edits = [one.report.edit for one in made if one.report.edit]
    return [score.value for edit in edits for score in edit.scores if score.name == name and score.value is not None]
