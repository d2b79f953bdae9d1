"""Train the starter denoiser, its text encoder and ControlNet: `python -m training.denoiser --data DATA`.

One small UNet on the starter autoencoder's latents (`worker/denoiser.py`) learns every lesson of `pairs.py` at once. A
ControlNet (Zhang et al. 2023, arXiv:2302.05543) is trained beside it.

For few steps: noise and picture are mixed along a straight line, as in rectified flow (Liu et al. 2022,
arXiv:2209.03003), with a shift (Esser et al. 2024, arXiv:2403.03206) towards less noise, as the latents are few; the
network predicts the picture itself (Salimans & Ho 2022, arXiv:2202.00512), so the last of a few DDIM steps is its
answer.
"""

import argparse
import csv
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.models import AutoencoderDC
from diffusers.schedulers import DDIMScheduler
from rich.progress import Progress
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from likeness.imaging.colour import Floats
from training import tokenizer as vocabulary
from training.judge import judge
from training.pairs import Lesson, Pair, Pairs
from training.pictures import load_pictures
from training.text_start import text_start
from worker.denoiser import CHANNELS, LATENTS, TIMES, StarterControlNet, StarterUNet, kept

WIDTHS = (64, 128, 192)
TEXT_WIDTH = 192
NO_TEXT, NO_SOURCE, NEITHER = 0.07, 0.05, 0.05
"""Shares of pairs trained without their text, their source, or both, for both guidances (Brooks et al. 2023)."""

TEXT_STEPS = 1000
"""Steps of `text_start`."""

CONTROL_EVERY = 4
"""One step in so many is the ControlNet's."""

POOL = 4096
FRESH = 8
"""New pairs a step; the rest of a batch is drawn from the pool of the newest."""


def betas() -> list[float]:
    """Return the schedule of `worker.denoiser.kept`, as diffusers takes it."""
    left = kept(torch.arange(TIMES))
    return [float(beta) for beta in 1 - left / torch.cat([left.new_ones(1), left[:-1]])]


def scheduler() -> DDIMScheduler:
    """Return the schedule as diffusers runs it."""
    return DDIMScheduler(
        num_train_timesteps=TIMES,
        trained_betas=betas(),
        prediction_type="sample",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
        timestep_spacing="trailing",
    )


def build_unet() -> StarterUNet:
    """Return the untrained denoiser, 11.6 M parameters, which at first changes nothing.

    The text also steers every block through the time embedding.
    """
    unet = StarterUNet(
        sample_size=32,
        in_channels=CHANNELS,
        out_channels=LATENTS,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=8,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )
    nn.init.zeros_(unet.conv_out.weight)
    return unet


def build_text(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return the untrained text encoder, 3 M parameters."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=vocabulary.LENGTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            projection_dim=TEXT_WIDTH,
        )
    )


class Family(nn.Module):
    """The parts that are trained together."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.unet = build_unet()
        self.text = build_text(tokenizer)
        self.controlnet = StarterControlNet.from_unet(
            self.unet, controlnet_conditioning_channel_order="rgb", conditioning_embedding_out_channels=(16, 24, 32, 64)
        )

    def forward(self, noisy: Tensor, times: Tensor, tokens: Tensor, given: Tensor, control: Tensor | None) -> Tensor:
        """Return the predicted latents; `given` is mask and source, 17 channels."""
        states = self.text(tokens).last_hidden_state
        inputs = torch.cat([noisy, given], 1)
        if control is None:
            return self.unet(inputs, times, encoder_hidden_states=states).sample
        down, mid = self.controlnet(
            inputs, times, encoder_hidden_states=states, controlnet_cond=control, return_dict=False
        )
        return self.unet(
            inputs,
            times,
            encoder_hidden_states=states,
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
        ).sample


@dataclass(frozen=True)
class Latents:
    """One pair as the networks see it."""

    target: Tensor
    given: Tensor
    text: str
    control: Tensor | None


class Stream:
    """Encoded pairs of one kind: a thread draws them, this encodes them and keeps the newest to be used again."""

    def __init__(self, pairs: Pairs, vae: AutoencoderDC, lesson: Lesson | None) -> None:
        self.vae, self.random = vae, np.random.default_rng(pairs.random.integers(2**32))
        self.pool: deque[Latents] = deque(maxlen=POOL)
        self.drawn: queue.Queue[list[Pair]] = queue.Queue(maxsize=4)
        threading.Thread(target=self._draw, args=(pairs, lesson), daemon=True).start()

    def batch(self, size: int) -> list[Latents]:
        """Return `size` pairs, FRESH of them new."""
        self._encode()
        while len(self.pool) < 2 * size:
            self._encode()
        fresh = [self.pool[-1 - index] for index in range(min(FRESH, size))]
        return fresh + [self.pool[index] for index in self.random.integers(len(self.pool), size=size - len(fresh))]

    def _draw(self, pairs: Pairs, lesson: Lesson | None) -> None:
        while True:
            self.drawn.put([pairs.make(lesson) for _ in range(FRESH)])

    def _encode(self) -> None:
        pairs = self.drawn.get()
        sources = [pair.source for pair in pairs if pair.source is not None]
        latents = self._latents([pair.target for pair in pairs] + sources)
        encoded = iter(latents[len(pairs) :])
        for pair, target in zip(pairs, latents, strict=False):
            given = (
                torch.zeros(LATENTS + 1, *target.shape[1:]) if pair.source is None else given_of(pair, next(encoded))
            )
            self.pool.append(Latents(target.clone(), given, pair.text, _control_of(pair)))

    @torch.no_grad()
    def _latents(self, pictures: list[Floats]) -> Tensor:
        pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) * 2 - 1
        with torch.autocast("cpu", torch.bfloat16):
            return self.vae.encode(pixels.contiguous(memory_format=torch.channels_last)).latent.float()


def given_of(pair: Pair, source: Tensor) -> Tensor:
    """Return the mask and the source's latents, 17 x h x w."""
    mask = nn.functional.interpolate(torch.from_numpy(pair.mask)[None, None], size=source.shape[1:], mode="area")[0]
    return torch.cat([mask, source])


def _control_of(pair: Pair) -> Tensor | None:
    return None if pair.control is None else torch.from_numpy(pair.control).permute(2, 0, 1)


class Run:
    """One training run in a folder: weights, their running average, optimiser state, log.csv, samples."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.vae = AutoencoderDC.from_pretrained(args.vae).float().eval().to(memory_format=torch.channels_last)
        self.tokenizer = vocabulary.build(args.vocabulary)
        self.family = Family(self.tokenizer).to(memory_format=torch.channels_last)
        self.kept = kept(torch.arange(TIMES)).float()
        self.weights = channel_weights(self.vae)
        self.step, self.seconds, self.loss = 0, 0.0, {True: 0.0, False: 0.0}
        self.optimiser = torch.optim.AdamW(
            self.family.parameters(), lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self.pictures = load_pictures(args.data)
        self.average: dict[str, Tensor] = {}
        if (folder / "state.safetensors").exists():
            self._resume()
        else:
            nouns = [*self.pictures.labels, *self.pictures.emoji_names]
            text_start(self.family.text, self.tokenizer, nouns, args.seed, TEXT_STEPS)
            self.average = {name: value.detach().clone() for name, value in self.family.named_parameters()}
        self.streams = {
            controlled: Stream(Pairs(self.pictures, args.size, args.seed + self.step + controlled), self.vae, lesson)
            for controlled, lesson in ((False, None), (True, Lesson.CONTROL))
        }

    def train(self) -> None:
        """Train until `--until` (or `--minutes`) of running time is spent, over all resumed runs together."""
        budget = min(self.args.until or self.args.minutes, self.args.minutes) * 60
        with Progress() as progress:
            bar = progress.add_task("denoiser", total=budget, completed=self.seconds)
            saved = time.monotonic()
            for loss in self._steps(budget):
                progress.update(bar, completed=self.seconds, description=f"step {self.step} loss {loss:.3f}")
                if time.monotonic() - saved > self.args.every:
                    self._report()
                    saved = time.monotonic()
        self._report()

    def _steps(self, budget: float) -> Iterator[float]:
        while self.seconds < budget:
            began = time.monotonic()
            warm = min(1.0, (self.step + 1) / 200)
            rate = (
                self.args.rate
                * warm
                * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * self.seconds / self.args.minutes / 60)))
            )
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            controlled = self.step % CONTROL_EVERY == CONTROL_EVERY - 1
            loss = self._loss(self.streams[controlled].batch(self.args.batch))
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.family.parameters(), 1.0)
            self.optimiser.step()
            self._follow(min(0.998, (1 + self.step) / (10 + self.step)))
            self.loss[controlled] += 0.02 * (float(loss.detach()) - self.loss[controlled])
            self.step += 1
            self.seconds += time.monotonic() - began
            yield self.loss[False]

    def _loss(self, batch: list[Latents]) -> Tensor:
        target = torch.stack([pair.target for pair in batch])
        given = torch.stack([pair.given for pair in batch])
        texts = [pair.text for pair in batch]
        self._forget(given, texts)
        tokens = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        times = _times(len(batch))
        signal = self.kept[times].sqrt()[:, None, None, None]
        noisy = signal * target + (1 - signal**2).sqrt() * torch.randn_like(target)
        control = None if batch[0].control is None else torch.stack([pair.control for pair in batch])  # type: ignore[misc]  all or none
        with torch.autocast("cpu", torch.bfloat16):
            made = self.family(noisy.contiguous(memory_format=torch.channels_last), times, tokens, given, control)
        return ((made.float() - target).square() * self.weights).mean()

    def _forget(self, given: Tensor, texts: list[str]) -> None:
        """Leave out text or source of some pairs, in place, so that guidance has something to compare with."""
        for index, draw in enumerate(torch.rand(len(texts)).tolist()):
            if draw < NO_TEXT + NEITHER:
                texts[index] = ""
            if NO_TEXT <= draw < NO_TEXT + NEITHER + NO_SOURCE:
                given[index] = 0

    def _follow(self, keep: float) -> None:
        with torch.no_grad():
            for name, value in self.family.named_parameters():
                self.average[name].lerp_(value, 1 - keep)

    def _averaged(self) -> Family:
        family = Family(self.tokenizer)
        family.load_state_dict(self.average, strict=False)  # all but position numbers, which are constants
        return family.eval()

    def _report(self) -> None:
        """Save everything, then judge what the running average makes of the held-out photos."""
        self._save_state()
        family = self._averaged()
        figures = judge(family, self.vae, self.tokenizer, scheduler(), self.pictures, self.folder / "samples.png")
        new = not (self.folder / "log.csv").exists()
        with (self.folder / "log.csv").open("a") as log:
            rows = csv.writer(log)
            if new:
                rows.writerow(["step", "seconds", "loss", "control_loss", *figures])
            losses = [f"{self.loss[False]:.4f}", f"{self.loss[True]:.4f}"]
            rows.writerow([self.step, f"{self.seconds:.0f}", *losses, *(f"{value:.3f}" for value in figures.values())])
        family.unet.half().save_pretrained(self.folder / "unet")
        family.controlnet.half().save_pretrained(self.folder / "controlnet")
        family.text.half().save_pretrained(self.folder / "text_encoder")
        self.tokenizer.save_pretrained(self.folder / "tokenizer")
        scheduler().save_pretrained(self.folder / "scheduler")

    def _save_state(self) -> None:
        state = {f"family.{name}": value.contiguous() for name, value in self.family.state_dict().items()}
        state |= {f"average.{name}": value.contiguous() for name, value in self.average.items()}
        for index, values in self.optimiser.state_dict()["state"].items():
            state |= {f"optimiser.{index}.{name}": value.contiguous() for name, value in values.items()}
        state["clock"] = torch.tensor([self.step, self.seconds], dtype=torch.double)
        save_file(state, self.folder / "state.partial")
        (self.folder / "state.partial").rename(self.folder / "state.safetensors")

    def _resume(self) -> None:
        state = load_file(self.folder / "state.safetensors")
        part = lambda prefix: {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}  # noqa: E731
        self.family.load_state_dict(part("family."))
        self.average = part("average.")
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in part("optimiser.").items():
            index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = value
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})
        self.step, self.seconds = int(state["clock"][0]), float(state["clock"][1])


def _times(count: int) -> Tensor:
    """Return times to train at: half of them any, a quarter near pure noise, a quarter at it.

    There only the text can say what is asked, and a run of few steps stands on its first.
    """
    times = torch.randint(TIMES, (count,))
    times[::4] = torch.randint(TIMES * 9 // 10, TIMES, times[::4].shape)
    times[1::4] = TIMES - 1
    return times


@torch.no_grad()
def channel_weights(vae: AutoencoderDC) -> Tensor:
    """Return 1 x 16 x 1 x 1 of mean 1: how much an error in each latent channel shows in the picture.

    The root of the pixels' mean square change when the channel is moved by 0.3, so that no channel is forgotten.
    """
    flat = torch.zeros(1, LATENTS, 8, 8)
    still = vae.decode(flat).sample
    shown = []
    for channel in range(LATENTS):
        moved = flat.clone()
        moved[:, channel] = 0.3 * torch.randn(8, 8)
        shown.append((vae.decode(moved).sample - still).square().mean().sqrt())
    weights = torch.stack(shown).view(1, LATENTS, 1, 1)
    return weights / weights.mean()


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument("--vae", type=Path, default=Path("weights/starter/vae"), help="the trained autoencoder")
    parser.add_argument(
        "--vocabulary", type=Path, help="bpe_simple_vocab_16e6.txt.gz; open_clip_torch's when not given"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/denoiser"), help="where the run is kept; resumed if there"
    )
    parser.add_argument("--minutes", type=float, default=90, help="running time in all")
    parser.add_argument("--until", type=float, help="stop after so many of those minutes, to go on with another --size")
    parser.add_argument("--every", type=float, default=300, help="seconds between checkpoints")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=192, help="side of a training picture in px, a multiple of 32")
    parser.add_argument("--rate", type=float, default=7e-4, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
