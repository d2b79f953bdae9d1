"""The engines themselves: recreation with noise, the same image in any batch, seconds."""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from rich.progress import track

from benchmarks.customisation.colours import SEED, coloured
from benchmarks.customisation.figures import Figure, at_least, every
from benchmarks.customisation.workbench import Photo, Task, Workbench
from likeness.contract.tasks import Control, Customise, Recreate

STRENGTH = 0.3
BATCH = 4
BATCH_SIZE = (256, 320)
"""Width and height, in px, at which batches are tried."""
INSTRUCTIONS = ("make it red", "give it yellow stripes", "put it on a blue background", "make it denim")
PROMPT = "a photo of a red product on a white background"
TIMES = 3
THREADS = 2
SECONDS = {256: 3.0, 512: 12.0}
"""Seconds that an image of that side may take."""


def recreated(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Recreate each photo through the diffusion model."""
    made = bench.make_all([(photo, Recreate(strength=STRENGTH, seed=SEED)) for photo in photos], "recreations")
    alike = [value for one in made if (value := one.report.score("ssim")) is not None]
    return [
        every(f"recreate, strength {STRENGTH}: frame equal", [one.report.frame_equal for one in made], len(photos)),
        at_least(f"recreate, strength {STRENGTH}: ssim, median", 0.88, alike, len(photos)),
    ]


def batched(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Make four images alone and in batches of four, each in every slot: the files must be equal."""
    few = [photos[number % len(photos)].resized(*BATCH_SIZE) for number in range(BATCH)]
    figures = []
    for engine, tasks in track(_neighbours().items(), "batches"):
        same = _same_bytes(bench, list(zip(few, tasks, strict=True)))
        figures.append(
            every(f"{engine}: identical bytes alone and in each slot of a batch of {BATCH}", same, len(same))
        )
    return figures


def _neighbours() -> dict[str, list[Task]]:
    """Return for each engine four tasks that may share a run, each with its own seed."""
    seeds = range(SEED, SEED + BATCH)
    return {
        "starter": [Recreate(strength=STRENGTH, seed=seed) for seed in seeds],
        "starter-edit": [
            Customise(instruction=text, seed=seed) for text, seed in zip(INSTRUCTIONS, seeds, strict=True)
        ],
        "starter-inpaint": [Customise(prompt=PROMPT, mask="product", seed=seed) for seed in seeds],
        "starter-control": [Customise(prompt=PROMPT, controls=[Control(kind="canny")], seed=seed) for seed in seeds],
    }


def _same_bytes(bench: Workbench, tasks: list[tuple[Photo, Task]]) -> list[bool]:
    """Return for each task and each slot whether its file in a batch is that which it gives alone."""
    alone = [bench.together([one])[0].data for one in tasks]
    same = []
    for turn in range(len(tasks)):
        order = [(turn + slot) % len(tasks) for slot in range(len(tasks))]
        made = bench.together([tasks[index] for index in order])
        same += [one.data == alone[index] for one, index in zip(made, order, strict=True)]
    return same


def timed(bench: Workbench, photos: Sequence[Photo]) -> list[Figure]:
    """Time a customisation as the worker does it, from stored input to stored image, its models loaded before."""
    figures = []
    with _threads(THREADS):
        for side, most in track(SECONDS.items(), "seconds"):
            one = (photos[0].resized(side, side), coloured("red"))
            bench.together([one])
            median = statistics.median(bench.together([one])[0].seconds for _ in range(TIMES))
            what = f"customise {side}x{side}, {THREADS} threads, median"
            figures.append(Figure(what, f"< {most:g} s", f"{median:.2f} s", median < most, str(TIMES)))
    return figures


@contextmanager
def _threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
