"""Cut-outs and packshots in figures: `python -m benchmarks.packshots FOLDER [--emoji EMOJI.tar] [--sheet OUT]`.

FOLDER holds photos (jpg). Prints, as Markdown:

- the matte against composites with known alpha: products with alpha (EMOJI.tar's RGBA images, and made ones with hair)
  over backgrounds from the photos; SAD in thousands of px and gradient error (Rhemann et al., "A Perceptually Motivated
  Online Benchmark for Image Matting", CVPR 2009), of the segmenter alone, of ours, and of pymatting's closed form where
  it is installed;
- white: the share of packshots whose background, over 8 px from the known alpha, is 255 in every pixel of the file, as
  png and as jpeg;
- fill and size as asked, seconds by the clock and of the CPUs, and memory for 2 and 12 Mpx.
"""

import argparse
import io
import resource
import tarfile
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from likeness.contract.presets import Look
from likeness.imaging.packshot.compose import away_from
from likeness.imaging.packshot.cutout import Cutout
from likeness.imaging.packshot.export import Export, FileFormat
from likeness.imaging.packshot.on_white import completed
from likeness.imaging.packshot.remains import cleared
from likeness.imaging.packshot.shoot import shot_of
from worker.config import WEIGHTS
from worker.editing.hanging import cut_bare
from worker.networks.hangers import HangerFinder
from worker.networks.hangers import load as load_finder
from worker.networks.segmenter import Segmenter, load

SIDE = 400
"""Px of a composite."""
KINDS = 12
"""Composites of each kind."""
SIGMA = 1.4
"""Of the gradient that is compared, as in the paper."""
NEAR = 8
TRIES = 5

Array = np.ndarray[Any, Any]


def hairy(seed: int) -> Array:
    """Return H x W x 4 in 0..1: a ball of hair, drawn at four times its size."""
    random, big = np.random.default_rng(seed), 4 * SIDE
    colour = random.uniform(0.1, 0.7, 3)
    alpha, shade = np.zeros((big, big), np.float32), np.ones((big, big), np.float32)
    cv2.circle(alpha, (big // 2, big // 2), big // 5, 1.0, -1, cv2.LINE_AA)
    for _ in range(900):
        angle, length, bend = random.uniform(0, 2 * np.pi), random.uniform(0.19, 0.3) * big, random.normal(0, 0.35)
        steps = np.linspace(0.14 * big, length, 12)
        turns = angle + bend * (steps / length) ** 2
        points = np.stack([big / 2 + steps * np.cos(turns), big / 2 + steps * np.sin(turns)], 1)
        cv2.polylines(alpha, [np.int32(points)], False, 1.0, 3, cv2.LINE_AA)
        cv2.polylines(shade, [np.int32(points)], False, float(random.uniform(0.6, 1.3)), 4, cv2.LINE_AA)
    small, light = (cv2.resize(plane, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for plane in (alpha, shade))
    return np.dstack([np.clip(colour * light[..., None], 0, 1), small]).astype(np.float32)


def emoji(archive: Path) -> Iterator[Array]:
    """Yield H x W x 4 in 0..1 of a tar of RGBA images, every so many of them."""
    with tarfile.open(archive) as tar:
        names = [one for one in tar.getnames() if one.endswith((".webp", ".png"))]
        for name in names[:: max(1, len(names) // KINDS)][:KINDS]:
            file = tar.extractfile(name)
            image = Image.open(io.BytesIO(file.read() if file else b"")).convert("RGBA")
            sheet = Image.new("RGBA", (SIDE, SIDE))
            sheet.paste(image.resize((SIDE * 3 // 4, SIDE * 3 // 4), Image.Resampling.LANCZOS), (SIDE // 8, SIDE // 8))
            yield np.asarray(sheet, np.float32) / 255


def grounds(folder: Path) -> list[Array]:
    """Return backgrounds, H x W x 3 in 0..1: the edges of photos, stretched."""
    found = []
    for path in sorted(folder.glob("*.jpg")):
        image = Image.open(path).convert("RGB")
        width, height = image.size
        strip = image.crop((0, 0, width, max(8, height // 12))).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        found.append(np.asarray(strip, np.float32) / 255)
    return found


def sad(found: Array, known: Array) -> float:
    """Return the sum of absolute differences of alpha, in thousands of px."""
    return float(np.abs(found - known).sum() / 1000)


def gradient_error(found: Array, known: Array) -> float:
    """Return the sum of squared differences of the gradients' magnitudes, in thousands."""

    def slope(plane: Array) -> Array:
        soft = cv2.GaussianBlur(plane.astype(np.float32), (0, 0), SIGMA)
        return np.asarray(np.hypot(cv2.Sobel(soft, -1, 1, 0, scale=1 / 8), cv2.Sobel(soft, -1, 0, 1, scale=1 / 8)))

    return float(((slope(found) - slope(known)) ** 2).sum() / 1000)


def closed_form(rgb: Array, mask: Array) -> Array | None:
    """Return pymatting's closed-form matte of a trimap of the mask; None where it is not installed."""
    try:
        from pymatting import estimate_alpha_cf
    except ImportError:
        return None
    kernel = np.ones((9, 9), np.uint8)
    sure = cv2.erode((mask > 0.95).astype(np.uint8), kernel)
    free = cv2.dilate((mask > 0.12).astype(np.uint8), kernel) == 0
    trimap = np.where(sure > 0, 1.0, np.where(free, 0.0, 0.5))
    return np.asarray(estimate_alpha_cf(rgb.astype(np.float64), trimap))


def mattes(products: dict[str, list[Array]], behind: list[Array], segmenter: Segmenter) -> None:
    """Print the errors of each way to cut out, and how many packshots are white by the known alpha."""
    print("| products | n | way | SAD | gradient |\n|---|---|---|---|---|")
    white: dict[FileFormat, list[bool]] = {"png": [], "jpeg": []}
    for kind, images in products.items():
        errors: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for number, image in enumerate(images):
            ground, known = behind[(number * 7) % len(behind)], image[..., 3]
            mixed = image[..., :3] * known[..., None] + ground * (1 - known[..., None])
            rgb = np.rint(mixed * 255).astype(np.uint8)
            mask = segmenter.product(rgb.astype(np.float32) / 255)
            product = found(rgb, mask)
            ways = {"segmenter alone": mask, "ours": product.alpha / 255, "pymatting": closed_form(mixed, mask)}
            for way, alpha in ways.items():
                if alpha is not None:
                    errors[way].append((sad(alpha, known), gradient_error(alpha, known)))
            for format, met in white.items():
                met.append(is_white(rgb, product, known, format))
        for way, pairs in errors.items():
            total, slope = np.median(np.array(pairs), axis=0)
            print(f"| {kind} | {len(pairs)} | {way} | {total:.2f} | {slope:.3f} |")
    for format, met in white.items():
        print(f"\nwhite in every background pixel by the known alpha, as {format}: {sum(met)} of {len(met)}\n")


def found(rgb: Array, mask: Array) -> Cutout:
    """Return what a packshot takes for the product by a segmenter's mask."""
    seen = completed(rgb, mask)
    return cut_bare(rgb, cleared(rgb, seen), seen, finder().shows)


@cache
def finder() -> HangerFinder:
    """Return what tells whether a hanger shows."""
    return load_finder(WEIGHTS / "hanger", WEIGHTS / "mobilenet-v2")


def is_white(rgb: Array, product: Cutout, known: Array, format: FileFormat) -> bool:
    """Return whether a packshot at the original's size and place is 255 over NEAR px from the known alpha."""
    look = Look(size=f"{SIDE}x{SIDE}", fill=1.0, upscale="never", format=format)
    shot = shot_of(rgb, product, look)
    made = np.asarray(Image.open(io.BytesIO(Export(format).of(shot.composed.pixels).data)))
    move = np.array([[1, 0, shot.placement.right], [0, 1, shot.placement.down]])
    if shot.placement.scale != 1:
        return False
    moved = cv2.warpAffine((known > 0).astype(np.uint8) * 255, move, (SIDE, SIDE))
    return bool((made[away_from(moved, NEAR)] == 255).all())


def frames(folder: Path, segmenter: Segmenter, sheet: Path | None) -> None:
    """Print how many packshots of the photos are white, of the size and the fill that were asked; draw them."""
    tiles, right, white, count = [], 0, 0, 0
    for path in sorted(folder.glob("*.jpg")):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        product = found(rgb, segmenter.product(rgb.astype(np.float32) / 255))
        if product.box is None:
            continue
        shot = shot_of(rgb, product, Look(size="1000x1000", fill=0.87))
        made = np.asarray(Image.open(io.BytesIO(Export("jpeg").of(shot.composed.pixels).data)))
        box = Cutout(made, shot.alpha).box
        fill = 0 if box is None else max(box.width, box.height) / 1000
        right += made.shape == (1000, 1000, 3) and abs(fill - 0.87) < 0.01
        white += bool((made[away_from(shot.alpha, NEAR) & shot.composed.free] == 255).all())
        count += 1
        tiles.append(cv2.resize(made, (400, 400), interpolation=cv2.INTER_AREA))
    print(f"{folder.name}: size and fill as asked in {right} of {count}; white in {white} of {count}\n")
    if sheet and tiles:
        tiles += [np.full_like(tiles[0], 128)] * (-len(tiles) % 6)
        rows = [np.hstack(tiles[start : start + 6]) for start in range(0, len(tiles), 6)]
        Image.fromarray(np.vstack(rows)).save(sheet)


def speed(folder: Path, segmenter: Segmenter) -> None:
    """Print the least seconds of some from pixels to a file of 2000 x 2000 px, and the memory beyond the picture."""
    print("| picture | segment | cut out | place | write | in all | of the CPUs | bytes per px beyond |")
    print("|---|---|---|---|---|---|---|---|")
    photo = Image.open(min(folder.glob("*.jpg"))).convert("RGB")
    made(np.asarray(photo.resize((300, 400))), segmenter)
    for size in ((1200, 1600), (3000, 4000)):
        rgb = np.asarray(photo.resize(size, Image.Resampling.BICUBIC))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        times, spent_by_cpus = made(rgb, segmenter), float("inf")
        for _ in range(TRIES):
            began = time.process_time()
            times = min(times, made(rgb, segmenter), key=sum)
            spent_by_cpus = min(spent_by_cpus, time.process_time() - began)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / (size[0] * size[1])
        spent = " | ".join(f"{one:.2f}" for one in times)
        print(f"| {size[0] * size[1] / 1e6:.0f} Mpx | {spent} | {sum(times):.2f} | {spent_by_cpus:.2f} | {grown:.0f} |")


def made(rgb: Array, segmenter: Segmenter) -> list[float]:
    """Return the seconds of each step of one packshot."""
    marks = [time.perf_counter()]
    mask = segmenter.product(np.multiply(rgb, np.float32(1 / 255)))
    marks.append(time.perf_counter())
    product = found(rgb, mask)
    marks.append(time.perf_counter())
    shot = shot_of(rgb, product, Look(size="2000x2000"))
    marks.append(time.perf_counter())
    Export("jpeg").of(shot.composed.pixels)
    marks.append(time.perf_counter())
    return [after - before for before, after in pairwise(marks)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--emoji", type=Path)
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    segmenter = load(WEIGHTS / "segmenter")
    speed(args.folder, segmenter)
    products = {"hair": [hairy(seed) for seed in range(KINDS)]}
    if args.emoji:
        products["emoji"] = list(emoji(args.emoji))
    print()
    mattes(products, grounds(args.folder), segmenter)
    frames(args.folder, segmenter, args.sheet)


if __name__ == "__main__":
    main()
