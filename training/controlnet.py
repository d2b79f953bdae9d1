"""Train the starter ControlNet beside the finished denoiser: `python -m training.controlnet --data DATA --minutes 20`.

ControlNet (Zhang et al. 2023, arXiv:2302.05543): a copy of the denoiser's way down reads a map of edges and adds to the
frozen denoiser's skips. Its last layers begin small instead of at zero. Times are those that a run of STEPS steps
visits, half of them the first, where the edges alone can say what stands where. No weights of it are shipped yet: after
290 steps it had no effect (docs/decisions/0004).
"""

import argparse
import csv
import math
import time
from pathlib import Path

import torch
from diffusers.models import AutoencoderDC
from rich.progress import Progress
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from training.family import scheduler
from training.pairs import Lesson, Pairs
from training.pictures import load_pictures
from training.stream import Latents, Stream
from worker.denoiser import TIMES, StarterControlNet, StarterUNet, kept

STEPS = 4
HINTS = (16, 24, 32, 64)
"""Channels of the network that brings a map to the size of latents."""
SMALL = 0.05
"""Standard deviation that the layers begin with which ControlNet sets to zero."""


def build(unet: StarterUNet) -> StarterControlNet:
    """Return a ControlNet that begins as the denoiser's own way down."""
    network = StarterControlNet.from_unet(
        unet, controlnet_conditioning_channel_order="rgb", conditioning_embedding_out_channels=HINTS
    )
    last = [network.controlnet_cond_embedding.conv_out, network.controlnet_mid_block, *network.controlnet_down_blocks]
    for layer in last:
        nn.init.normal_(layer.weight, std=SMALL / math.sqrt(layer.in_channels))
    return network


class Run:
    """One run in a folder: the network, its running average, log.csv. It goes on from `state.safetensors`."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.vae = AutoencoderDC.from_pretrained(args.family / "vae").float().eval()
        self.unet = StarterUNet.from_pretrained(args.family / "unet").float().eval().requires_grad_(False)
        self.text = CLIPTextModel.from_pretrained(args.family / "text_encoder").float().eval().requires_grad_(False)
        self.tokenizer = CLIPTokenizer.from_pretrained(args.family / "tokenizer")
        self.network = build(self.unet).to(memory_format=torch.channels_last)
        self.average = {name: value.detach().clone() for name, value in self.network.named_parameters()}
        self.step, self.seconds, self.loss = 0, 0.0, 0.0
        if (folder / "state.safetensors").exists():
            self._resume()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=args.rate, betas=(0.9, 0.98), fused=True)
        schedule = scheduler()
        schedule.set_timesteps(STEPS)
        self.times = schedule.timesteps
        self.kept = kept(torch.arange(TIMES)).float()
        pairs = Pairs(load_pictures(args.data), args.size, args.seed + self.step)
        self.stream = Stream(pairs, self.vae, Lesson.CONTROL)

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        budget = self.args.minutes * 60
        with Progress() as progress:
            bar = progress.add_task("controlnet", total=budget, completed=self.seconds)
            saved = time.monotonic()
            while self.seconds < budget:
                self._step(self.seconds / budget)
                progress.update(bar, completed=self.seconds, description=f"step {self.step} loss {self.loss:.3f}")
                if time.monotonic() - saved > self.args.every:
                    self._save()
                    saved = time.monotonic()
        self._save()

    def _step(self, done: float) -> None:
        began = time.monotonic()
        for group in self.optimiser.param_groups:
            group["lr"] = self.args.rate * min(1.0, (self.step + 1) / 50) * (0.03 + 0.97 * math.cos(math.pi / 2 * done))
        loss = self._error(self.stream.batch(self.args.batch))
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        with torch.no_grad():
            for name, value in self.network.named_parameters():
                self.average[name].lerp_(value, 1 - min(0.99, (1 + self.step) / (10 + self.step)))
        self.loss += 0.03 * (float(loss.detach()) - self.loss)
        self.step += 1
        self.seconds += time.monotonic() - began

    def _error(self, batch: list[Latents]) -> Tensor:
        target = torch.stack([pair.target for pair in batch])
        control = torch.stack([pair.control for pair in batch if pair.control is not None])
        tokens = self.tokenizer(
            [pair.text for pair in batch], padding="max_length", truncation=True, return_tensors="pt"
        )
        times = self.times[torch.randint(len(self.times), (len(batch),))]
        times[::2] = self.times[0]
        signal = self.kept[times].sqrt()[:, None, None, None]
        noisy = signal * target + (1 - signal**2).sqrt() * torch.randn_like(target)
        with torch.autocast("cpu", torch.bfloat16):
            states = self.text(tokens.input_ids).last_hidden_state
            down, mid = self.network(noisy, times, states, controlnet_cond=control)
            made = self.unet(
                noisy, times, states, down_block_additional_residuals=down, mid_block_additional_residual=mid
            ).sample
        return (made.float() - target).square().mean()

    def _save(self) -> None:
        state = {f"network.{name}": value.contiguous() for name, value in self.network.state_dict().items()}
        state |= {f"average.{name}": value.contiguous() for name, value in self.average.items()}
        state["clock"] = torch.tensor([self.step, self.seconds], dtype=torch.double)
        save_file(state, self.folder / "state.partial")
        (self.folder / "state.partial").rename(self.folder / "state.safetensors")
        averaged = build(self.unet)
        averaged.load_state_dict(self.average, strict=False)
        averaged.half().save_pretrained(self.folder / "controlnet")
        with (self.folder / "log.csv").open("a") as log:
            csv.writer(log).writerow([self.step, f"{self.seconds:.0f}", f"{self.loss:.4f}"])

    def _resume(self) -> None:
        state = load_file(self.folder / "state.safetensors")
        part = lambda prefix: {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}  # noqa: E731
        self.network.load_state_dict(part("network."))
        self.average = part("average.")
        self.step, self.seconds = int(state["clock"][0]), float(state["clock"][1])


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument(
        "--family", type=Path, default=Path("weights/starter"), help="vae, unet, text_encoder, tokenizer"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/controlnet"), help="where the run is kept; resumed if there"
    )
    parser.add_argument("--minutes", type=float, default=20, help="running time in all")
    parser.add_argument("--every", type=float, default=180, help="seconds between checkpoints")
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--size", type=int, default=160, help="side of a training picture in px, a multiple of 32")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
