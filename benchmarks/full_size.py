"""The full-size families against plain diffusers, with random weights: neither speed nor memory depends on them.

`python -m benchmarks.full_size [memory] [speed] [swap]` prints one table for each.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline
from diffusers.schedulers import DDIMScheduler
from rich.console import Console
from rich.table import Table
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.engine import Engine, EngineTask
from worker.residency.device import pick_device
from worker.residency.engines import Residents

ROUNDS = 5
SIDE = 256
STEPS, STRENGTH, GUIDANCE = 4, 0.5, 7.5
PROMPT = "a photo of a red shirt on a white background"
REAL = {"block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2, "cross_attention_dim": 768}
"""Stable Diffusion 1.5's UNet: 860 M parameters."""
SMALL = {"block_out_channels": (64, 128, 256, 256), "layers_per_block": 1, "cross_attention_dim": 256}
"""The same layout with 22 M parameters, for what must be run many times on a CPU."""
SHARING = ("sd15", "sd15-canny")
"""What serves img2img, text-to-image and inpainting, and what serves canny."""


@contextmanager
def models(settings: dict[str, Any], *names: str) -> Iterator[Path]:
    """Make a folder of models, erased at the end."""
    with tempfile.TemporaryDirectory(prefix="likeness-models-") as folder:
        for name in names:
            torch.manual_seed(len(name))
            with torch.device("cpu"):
                _save(name, Path(folder) / name, settings)
        yield Path(folder)


def _save(name: str, folder: Path, settings: dict[str, Any]) -> None:
    unet = UNet2DConditionModel(sample_size=64, in_channels=4, out_channels=4, attention_head_dim=8, **settings)
    unet = unet.to(torch.bfloat16)
    if name.startswith("controlnet"):
        ControlNetModel.from_unet(unet).to(torch.bfloat16).save_pretrained(folder)
        return
    width = settings["cross_attention_dim"]
    text = CLIPTextConfig(
        hidden_size=width, intermediate_size=4 * width, num_hidden_layers=12, num_attention_heads=width // 64
    )
    StableDiffusionPipeline(
        vae=_autoencoder(width),
        text_encoder=CLIPTextModel(text).to(torch.bfloat16),
        tokenizer=CLIPTokenizer.from_pretrained(WEIGHTS / "starter" / "tokenizer", model_max_length=77),
        unet=unet,
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def _autoencoder(width: int) -> AutoencoderKL:
    """Return Stable Diffusion's autoencoder, narrower beside a narrow UNet."""
    return AutoencoderKL(
        block_out_channels=tuple(width // 6 * times // 32 * 32 or 32 for times in (1, 2, 4, 4)),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    )


def residents(folder: Path, dtype: str, memory: int | None = None) -> Residents:
    """Return an empty worker's memory over a folder of models."""
    return Residents(Components(Weights(WEIGHTS, folder), pick_device("auto"), dtype), memory)


def memory() -> Table:
    """Measure bytes of networks in memory: four uses of Stable Diffusion 1.5 at its real size, shared and apart."""
    table = Table("Stable Diffusion 1.5, bfloat16", "bytes", "of four loads")
    catalogue = load_catalogue()
    with models(REAL, "sd15", "controlnet-sd15-canny") as folder:
        held = residents(folder, "bfloat16")
        held.preload([catalogue.find(name) for name in SHARING])
        together = held.components.size()
        one, canny = (held.components.size(name) for name in SHARING)
    apart = 3 * one + canny
    table.add_row("img2img + text + inpaint + canny, shared", f"{together:,}", f"{together / apart:.3f}")
    table.add_row("the same, loaded four times", f"{apart:,}", "1")
    return table


def speed() -> Table:
    """Measure seconds of img2img by us and by a plain diffusers script, in turn in one run."""
    table = Table(f"img2img, {SIDE} px, {STEPS} steps, guided, medians", "seconds", "of plain diffusers")
    with models(SMALL, "sd15") as folder:
        plain = plain_script(folder / "sd15")
        ours = {dtype: our_engine(folder, dtype) for dtype in ("float32", "auto")}
        single = _in_turn({"diffusers": plain(1), "ours, float32": ours["float32"](1), "ours, as set": ours["auto"](1)})
        eight = _in_turn({"diffusers": plain(8), "ours, as set": ours["auto"](8)}, rounds=3)
    for count, seconds in ((1, single), (8, eight)):
        for name, value in seconds.items():
            table.add_row(f"{count} at once: {name}", f"{value:.2f}", f"{value / seconds['diffusers']:.3f}")
    return table


def plain_script(folder: Path) -> Callable[[int], Callable[[], None]]:
    """Return what runs a batch of a given size as diffusers' documentation shows it."""
    pipe = StableDiffusionImg2ImgPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None, requires_safety_checker=False
    ).to(pick_device("auto"))
    pipe.set_progress_bar_config(disable=True)

    def batch(count: int) -> Callable[[], None]:
        images = torch.from_numpy(np.stack([canvas(seed).transpose(2, 0, 1) for seed in range(count)]))
        return lambda: pipe(
            [PROMPT] * count,
            image=images,
            strength=STRENGTH,
            num_inference_steps=round(STEPS / STRENGTH),
            guidance_scale=GUIDANCE,
            generator=[torch.Generator().manual_seed(seed) for seed in range(count)],
            output_type="np",
        )

    return batch


def our_engine(folder: Path, dtype: str) -> Callable[[int], Callable[[], None]]:
    """Return what runs a batch of a given size through the engine `sd15`, on a canvas of the same size."""
    spec = at_any_size("sd15")
    engine = residents(folder, dtype).engine(spec)

    def batch(count: int) -> Callable[[], None]:
        tasks = [task(spec, seed) for seed in range(count)]
        return lambda: run(engine, tasks)

    return batch


def at_any_size(name: str) -> EngineSpec:
    """Return an engine's row without a native size, so that canvases are not enlarged."""
    spec = load_catalogue().find(name)
    return spec.model_copy(update={"canvas": spec.canvas.model_copy(update={"native": None})})


def canvas(seed: int) -> np.ndarray:
    """Return a canvas of SIDE px; what is on it does not matter."""
    return np.random.default_rng(seed).random((SIDE, SIDE, 3), dtype=np.float32)


def task(spec: EngineSpec, seed: int) -> EngineTask:
    """Return one image to make with the settings of the plain script."""
    parameters = {name: one.default for name, one in spec.parameters.items() if name != "seed"}
    asked = {"steps": STEPS, "strength": STRENGTH, "guidance_scale": GUIDANCE, "scheduler": "ddim"}
    return EngineTask(canvas(seed), seed, parameters | asked, PROMPT)


def run(engine: Engine, tasks: Sequence[EngineTask]) -> None:
    """Run an engine, watched by nobody."""
    engine.generate(tasks, lambda step, steps, stage: None)


def _in_turn(runs: dict[str, Callable[[], None]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return median seconds of each, run in turn so that all see the same machine; a first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, once in runs.items():
            began = time.perf_counter()
            once()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def swap() -> Table:
    """Measure a first image from a new process with and without preload, and by turns with another engine."""
    table = Table(f"22 M parameters, {SIDE} px, {STEPS} steps", "seconds")
    with models(SMALL, "sd15") as folder, models(SMALL, "sd15") as other:
        (other / "sd15").rename(folder / "second")
        first = at_any_size("sd15")
        second = first.model_copy(update={"name": "second", "weights": "second"})
        one = residents(folder, "auto")
        one.engine(first)
        size = one.components.size()
        specs = [spec.model_copy(update={"memory": size}) for spec in (first, second)]
        tight, roomy = residents(folder, "auto", round(1.5 * size)), residents(folder, "auto")
        for label, held in (("both fit: no swap", roomy), ("one fits: swapped for each picture", tight)):
            table.add_row(f"a picture by turns, {label}", f"{_by_turns(held, specs):.2f}")
        for label, preload in (("preloaded", True), ("not preloaded", False)):
            table.add_row(f"first picture after start, {label}", f"{_first(folder, first, preload):.2f}")
    return table


def _by_turns(held: Residents, specs: Sequence[EngineSpec]) -> float:
    seconds = []
    for index in range(2 * ROUNDS + 2):
        spec = specs[index % 2]
        began = time.perf_counter()
        run(held.engine(spec), [task(spec, 0)])
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[2:])


def _first(folder: Path, spec: EngineSpec, preload: bool) -> float:
    """Return seconds from a job's arrival at a fresh process to its image."""
    code = (
        "import sys, time; from pathlib import Path; from benchmarks import full_size as f\n"
        "held = f.residents(Path(sys.argv[1]), 'auto'); spec = f.at_any_size('sd15')\n"
        "sys.argv[2] == 'yes' and held.preload([spec])\n"
        "began = time.perf_counter(); f.run(held.engine(spec), [f.task(spec, 0)])\n"
        "print(time.perf_counter() - began)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, str(folder), "yes" if preload else "no"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(3)
    ]
    return statistics.median(float(one.split()[-1]) for one in said)


MEASURES: dict[str, Callable[[], Table]] = {"memory": memory, "speed": speed, "swap": swap}


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measures", nargs="*", choices=[*MEASURES, []], help="which; all when none is named")
    for name in parser.parse_args().measures or MEASURES:
        Console().print(MEASURES[name]())


if __name__ == "__main__":
    main()
