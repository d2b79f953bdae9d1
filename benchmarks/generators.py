"""Engines that generate against real images: `python -m benchmarks.generators --data DATA [--engine dcgan ...]`.

Prints for every installed one the Frechet distance on MobileNetV2's features (`frechet_distance`; no FID, whose
features are another network's) to real images, with real against real of the same numbers as the floor, and draws
samples with the nearest training image beside each. Distances depend on the numbers of images. With `--figures`
they are recorded for `GET /engines`.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.customisation.grid import CELL, grid
from benchmarks.recorded import keep, machine, rounded
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.figures import Measured, defaults
from likeness.contract.tasks import Generate
from likeness.imaging.metrics.frechet import Features, frechet_distance
from training.data.garments import Garments, garments
from training.data.pictures import Pixels, load_pictures
from worker.config import WEIGHTS, Settings
from worker.engine import Engine, EngineTask
from worker.networks import features
from worker.networks.features import FeatureNetwork
from worker.residency.engines import Residents

SIDE = 64
"""Px to which every image is brought, the least that an engine here makes."""
SEEN = 96
"""Px at which the network sees it."""
STACK = 50
SHOWN = 10
"""Samples of each engine on the sheet."""
COMMAND = "python -m benchmarks.generators --data DATA"
PROMPT = "a photo of a {label} on a white background"


@dataclass(frozen=True)
class Real:
    """Real images of one kind, N x SIDE x SIDE x 3, in the order of chance."""

    name: str
    pictures: Pixels
    features: Features

    def halves(self, count: int) -> tuple[Features, Features]:
        """Return the features of two sets of `count` images that share none."""
        return self.features[:count], self.features[count : 2 * count]

    @cached_property
    def own_nearest(self) -> float:
        """The median distance of an image to the nearest other one."""
        return float(np.median(nearest(self.features, self.features, others=True)[1]))


@dataclass(frozen=True)
class Sampled:
    """What an engine made, and its features."""

    engine: str
    pictures: Pixels
    features: Features


def described(network: FeatureNetwork, pictures: Pixels, what: str) -> Features:
    """Return the pooled features, N x D, of N x SIDE x SIDE x 3."""
    stacks = range(0, len(pictures), STACK)
    return np.concatenate([_pooled(network, pictures[at : at + STACK]) for at in track(stacks, f"features: {what}")])


@torch.inference_mode()
def _pooled(network: FeatureNetwork, pictures: Pixels) -> Features:
    seen = np.stack([cv2.resize(one, (SEEN, SEEN), interpolation=cv2.INTER_CUBIC) for one in pictures])
    return network.pooled(torch.from_numpy(seen).permute(0, 3, 1, 2).float() / 255).numpy()


def nearest(of: Features, among: Features, others: bool = False) -> tuple[NDArray[np.intp], Features]:
    """Return for each row of N x D the index of the nearest row of M x D and the distance to it (Euclidean).

    With `others` both are the same set, and a row is not its own neighbour.
    """
    squares = np.square(of).sum(1)[:, None] + np.square(among).sum(1) - 2 * of @ among.T
    if others:
        np.fill_diagonal(squares, np.inf)
    found = squares.argmin(1)
    return found, np.linalg.norm(of - among[found], axis=1)


def samples(engine: Engine, spec: EngineSpec, labels: Sequence[str]) -> Iterator[Pixels]:
    """Yield an image, SIDE x SIDE x 3, for each label, by seeds from 0; an engine that reads texts reads the label."""
    for seed, label in enumerate(labels):
        wish = {"prompt": PROMPT.format(label=label)} if "prompt" in spec.parameters else {}
        asked = Generate(engine=spec.name, **wish)
        width, height = spec.size_of(asked)
        across, down = spec.canvas.padded(width, height)
        blank = np.full((down, across, 3), 0.5, np.float32)
        task = EngineTask(blank, seed, spec.resolve(asked), text=asked.prompt or "", from_scratch=True)
        made = engine.generate([task], lambda step, steps, stage: None)[0][:height, :width]
        yield np.rint(_small(made) * 255).astype(np.uint8)


def _small(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), 0, 1)


def square(photo: Pixels) -> Pixels:
    """Return the middle square of a photo, SIDE x SIDE x 3."""
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    return np.asarray(
        cv2.resize(photo[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    )


def table(reals: Sequence[Real], made: Sequence[Sampled], count: int) -> Table:
    """Return the floor and a row for each engine: distances to each kind of real images."""
    result = Table("pictures", *(f"to {real.name}" for real in reals), "nearest", title=f"{count} against {count}")
    floor = [f"{frechet_distance(*real.halves(count)):.1f}" for real in reals]
    result.add_row("real", *floor, " / ".join(f"{real.own_nearest:.2f}" for real in reals))
    for one in made:
        distances = [f"{frechet_distance(real.halves(count)[0], one.features):.1f}" for real in reals]
        closest = [np.median(nearest(one.features, real.features)[1]) for real in reals]
        result.add_row(one.engine, *distances, " / ".join(f"{value:.2f}" for value in closest))
    return result


def measured(reals: Sequence[Real], one: Sampled, spec: EngineSpec, on: str) -> Measured:
    """Return what is recorded of an engine: its distances, and the floors beside them; `on` says what it ran on."""
    count, figures = len(one.pictures), {}
    for real in reals:
        kind = real.name.replace(" ", "_")
        half = real.halves(count)
        figures[f"frechet_distance_to_{kind}"] = frechet_distance(half[0], one.features)
        figures[f"frechet_distance_within_{kind}"] = frechet_distance(*half)
    return Measured(
        engine=spec.name,
        revision=spec.revision,
        kind="generate",
        parameters=defaults(spec, "generate"),
        pictures=count,
        figures=rounded(figures),
        command=COMMAND,
        machine=on,
    )


def sheet(reals: Sequence[Real], made: Sequence[Sampled]) -> Image.Image:
    """Return a column of samples for each engine, and a column of the training image nearest to each."""
    columns: dict[str, Pixels] = {}
    known = np.concatenate([real.features for real in reals])
    pictures = np.concatenate([real.pictures for real in reals])
    for one in made:
        columns[one.engine] = one.pictures[:SHOWN]
        columns[f"nearest to {one.engine}"] = pictures[nearest(one.features[:SHOWN], known)[0]]
    return grid(list(columns), [[_cell(picture) for picture in row] for row in zip(*columns.values(), strict=True)])


def _cell(picture: Pixels) -> Image.Image:
    return Image.fromarray(picture).resize((CELL, CELL), Image.Resampling.BICUBIC)


def read(data: Path, network: FeatureNetwork, seed: int) -> tuple[list[Real], Garments]:
    """Return the training images as garments on white and as photos, and the classes of the former."""
    pictures = load_pictures(data)
    alone = garments(pictures, SIDE)
    mixed = np.random.default_rng(seed).permutation(len(alone.pictures))
    alone = Garments(alone.pictures[mixed], alone.classes[mixed], alone.names)
    squares = np.stack([square(photo) for photo in pictures.photos])
    squares = squares[np.random.default_rng(seed).permutation(len(squares))]
    kinds = {"garments on white": alone.pictures, "photos": squares}
    return [Real(name, found, described(network, found, name)) for name, found in kinds.items()], alone


def installed(residents: Residents, asked: Sequence[str]) -> list[EngineSpec]:
    """Return the engines that generate and are installed, or those asked for."""
    able = [spec for spec in load_catalogue().engines if "generate" in spec.kinds]
    return [spec for spec in able if (spec.name in asked if asked else residents.has(spec))]


def measure(data: Path, count: int, asked: Sequence[str], path: Path, seed: int, figures: bool = False) -> None:
    """Generate, print the table, save the sheet; with `figures` record the distances."""
    network = features.load(WEIGHTS / "mobilenet-v2")
    residents = Residents.of(Settings())
    reals, alone = read(data, network, seed)
    labels = [alone.names[number] for number in alone.classes[:count]]
    made, specs = [], installed(residents, asked)
    for spec in specs:
        every = track(samples(residents.engine(spec), spec, labels), f"generating: {spec.name}", total=len(labels))
        pictures = np.stack(list(every))
        made.append(Sampled(spec.name, pictures, described(network, pictures, spec.name)))
    Console().print(table(reals, made, count))
    sheet(reals, made).save(path)
    if figures:
        on = machine(residents)
        keep([measured(reals, *one, on) for one in zip(made, specs, strict=True)], load_catalogue())


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument("--engine", action="append", default=[], help="only this one; may be given several times")
    parser.add_argument("--count", type=int, default=1000, help="pictures on each side of a distance")
    parser.add_argument("--sheet", type=Path, default=Path("generators.png"), help="draw the sheet here")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the real pictures")
    parser.add_argument("--figures", action="store_true", help="record the distances for GET /engines")
    args = parser.parse_args()
    measure(args.data, args.count, args.engine, args.sheet, args.seed, args.figures)


if __name__ == "__main__":
    main()
