"""The product in another colour: by name, by name within a mask, and to an exact colour."""

from collections.abc import Sequence

from benchmarks.customisation.figures import Figure, at_least, at_most, none_changed, share, spread
from benchmarks.customisation.measures import edge_f1_within, hue_error, lightness, psnr_within, third
from benchmarks.customisation.workbench import Made, Photo, Task, Workbench
from likeness.contract.colour_names import CHROMATIC
from likeness.contract.grammar import understand
from likeness.contract.options import Recolour
from likeness.contract.tasks import Customise

SEED = 1
TONES = ("black", "white", "grey")
COLOURWAYS = (
    "#C8102E", "#7A1F2B", "#F26A21", "#F1ECE0", "#F2C230", "#8A6D1F", "#9BC53D", "#3E5B2A", "#1E8449", "#A8E0C8",
    "#0E6E6E", "#3FC1C9", "#1F4E79", "#8FB8DE", "#27348B", "#6A4C93", "#C9A6E4", "#B0307A", "#F4A6C0", "#2E2A27",
)  # fmt: skip
"""Twenty colours from all around the circle, light and dark, and two that are nearly none."""
COLOURWAYS_EACH = 2
COLOURS_EACH, TONES_EACH = 4, 2
"""Asked for on each photo when the workbench is not thorough."""


def named(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Ask for each chromatic colour on each photo: is it there, and is the rest as it was?"""
    colours = list(CHROMATIC)
    tasks = [
        (photo, coloured(colour))
        for number, photo in enumerate(photos)
        for colour in bench.some(colours, number, COLOURS_EACH)
    ]
    made = bench.make_all(tasks, "colours")
    errors = [_hue_error(one) for one in made]
    outside = [psnr_within(one.photo.rgb, one.rgb, one.photo.outside) for one in made]
    edges = [edge_f1_within(one.photo.rgb, one.rgb, one.photo.inside) for one in made]
    asked = len(tasks)
    return [
        at_most('"make it C", 8 colours: error of the mean hue inside, median', 15, errors, asked, " degrees"),
        share('"make it C": mean hue inside within 30 degrees', 0.9, [error <= 30 for error in errors], asked),
        at_least('"make it C": psnr outside, no mask given, median', 32, outside, asked, " dB"),
        at_least('"make it C": edge_f1 inside, median', 0.75, edges, asked),
    ]


def tones(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Ask for black, white and grey: is the product in that third of L*?"""
    tasks = {
        tone: [
            (photo, coloured(tone))
            for number, photo in enumerate(photos)
            if tone in bench.some(TONES, number, TONES_EACH)
        ]
        for tone in TONES
    }
    reached = {tone: _reached(bench, wished, tone) for tone, wished in tasks.items()}
    together = [hit for hits in reached.values() for hit in hits]
    whole = share("black, white, grey: mean L* inside in that third", 0.9, together, sum(map(len, tasks.values())))
    return [whole] + [share(f"    of these {tone}", 0.9, hits, len(tasks[tone])) for tone, hits in reached.items()]


def _reached(bench: Workbench, tasks: Sequence[tuple[Photo, Task]], tone: str) -> list[bool]:
    made = bench.make_all(tasks, tone)
    return [third(lightness(one.rgb, one.photo.inside)) == tone for one in made]


def masked(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Ask for a colour with `mask=product`, one on each photo: nothing outside the found mask may change."""
    colours = list(CHROMATIC)
    tasks = [(photo, coloured(spread(colours, number, 1)[0], mask="product")) for number, photo in enumerate(photos)]
    made = bench.make_all(tasks, "colours within a mask")
    changes = [lock.max_abs_diff for one in made if (lock := one.report.locked)]
    return [none_changed('"make it C", mask=product: largest change outside it, of 255', changes, len(tasks))]


def colourways(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Ask for exact colours; the report says how near the product's mean colour, and its pixels, came."""
    tasks = [
        (photo, Customise(recolour=Recolour(to=code), seed=SEED))
        for number, photo in enumerate(photos)
        for code in spread(COLOURWAYS, number, COLOURWAYS_EACH)
    ]
    made = bench.make_all(tasks, "colourways")
    return [
        at_most(f"colourway: CIEDE2000 of {what} inside, median", 3, _scores(made, name), len(tasks))
        for what, name in (("the mean colour", "colour_delta_e"), ("each pixel, meaned,", "pixel_delta_e"))
    ]


def coloured(colour: str, mask: str | None = None) -> Customise:
    """Return the task that asks for a colour by name."""
    return Customise(instruction=f"make it {colour}", mask=mask, seed=SEED)


def _hue_error(made: Made) -> float:
    colour = understand(made.task.instruction).rgb
    return hue_error(made.rgb, made.photo.inside, colour)


def _scores(made: Sequence[Made], name: str) -> list[float]:
    scores = [score for one in made if one.report.edit for score in one.report.edit.scores if score.name == name]
    return [score.value for score in scores if score.value is not None]
