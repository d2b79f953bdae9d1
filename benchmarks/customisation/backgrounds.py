"""Another background, and the lock that keeps the product's own pixels."""

import statistics
from collections.abc import Sequence

from benchmarks.customisation.colours import SEED
from benchmarks.customisation.figures import Figure, at_least, at_most, none_changed, spread
from benchmarks.customisation.measures import delta_e_to, psnr_within
from benchmarks.customisation.workbench import Photo, Workbench
from likeness.contract import colours
from likeness.contract.tasks import Customise

COLOURS = ("white", "grey", "black", "red", "light blue", "beige")
EACH = 2
"""Asked for on each photo when the workbench is not thorough."""


def asked(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Ask for plain backgrounds: is the colour there, and is the product as it was?"""
    pairs = [(photo, colour) for number, photo in enumerate(photos) for colour in bench.some(COLOURS, number, EACH)]
    made = bench.make_all([(photo, behind(colour)) for photo, colour in pairs], "backgrounds")
    colour_of = {behind(colour).instruction: colours.screen_colour(colour) for colour in COLOURS}
    colours = [delta_e_to(one.rgb, one.photo.outside, colour_of[one.task.instruction]) for one in made]
    inside = [psnr_within(one.photo.rgb, one.rgb, one.photo.surely_inside) for one in made]
    return [
        at_most("background asked: mean CIEDE2000 to it outside, median", 8, colours, len(pairs)),
        at_least("background asked: psnr inside, median", 28, inside, len(pairs), " dB"),
    ]


def locked(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Ask for a background with `preserve=product`, one on each photo: the product's pixels must come back."""
    tasks = [(photo, behind(spread(COLOURS, number, 1)[0], preserve="product")) for number, photo in enumerate(photos)]
    made = bench.make_all(tasks, "the product locked")
    locks = [lock for one in made if (lock := one.report.locked)]
    area = f"{statistics.mean(lock.area for lock in locks):.1%}" if locks else "-"
    changes = [lock.max_abs_diff for lock in locks]
    return [none_changed(f"product lock: largest change of 255 (kept, on average: {area})", changes, len(tasks))]


def behind(colour: str, preserve: str | None = None) -> Customise:
    """Return the task that asks for a plain background."""
    return Customise(instruction=f"put it on a {colour} background", preserve=preserve, seed=SEED)
