"""Train the GPT over a VQGAN's tokens: `python -m training.vqgan_transformer --data DATA --minutes 20`.

Esser et al. 2021 (arXiv:2012.09841), on transformers' GPT2LMHeadModel. Each photo is cut to SIDE px across, once as it
is and once with white around its product, both also mirrored, and turned into tokens. An example is a window of ACROSS
rows of one of them, after the token of its class; one in ten is labelled ANY. `--minutes` does not count the encoding.
"""

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from training.data.pictures import Pictures, Pixels, load_pictures
from training.loop import arguments
from training.loop.schedule import quarter_cosine
from training.loop.sheet import save_images
from training.loop.trainer import Trainer
from worker.engine import EngineTask, silent
from worker.engines.vqgan_transformer import VQGANTransformerEngine
from worker.networks.vqgan import ACROSS, FACTOR, SIDE, VQGAN, loaded

ANY = "any"
LEAST_PHOTOS = 60
"""Photos of a class with fewer are labelled ANY."""
ANY_SHARE = 0.1
LEAST_CUT = 0.85
"""Share of a photo's short side that a cut is wide at least."""
TALLEST = 21
"""Rows of tokens kept of a photo; 4:3 has as many."""
SHOWN = 6
"""Labels of which an image is drawn for samples.png."""


def labels_of(pictures: Pictures) -> list[str]:
    """Return the labels that can be requested: ANY, then the classes with enough photos, sorted."""
    return [ANY, *sorted({one for one in pictures.labels if pictures.labels.count(one) >= LEAST_PHOTOS})]


def build(codes: int, labels: list[str]) -> GPT2LMHeadModel:
    """Return the untrained GPT: its words are `codes` tokens, then the labels."""
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=codes + len(labels),
            n_positions=1 + ACROSS * ACROSS,
            n_embd=192,
            n_layer=4,
            n_head=3,
            activation_function="gelu_pytorch_tanh",
            embd_pdrop=0.0,
            resid_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=None,
            eos_token_id=None,
            id2label=dict(enumerate(labels)),
        )
    )


def cut(photo: Pixels, random: np.random.Generator | None) -> Pixels:
    """Return a part of a photo SIDE px wide, SIDE to TALLEST * FACTOR px high; the middle one without `random`."""
    height, width = photo.shape[:2]
    side = int(min(height, width) * (random.uniform(LEAST_CUT, 1) if random else 1))
    rows = min(height * ACROSS // side, TALLEST)
    tall = rows * side // ACROSS
    spare = (height - tall, width - side)
    top, left = (int(random.integers(space + 1)) if random else space // 2 for space in spare)
    part = photo[top : top + tall, left : left + side]
    return np.asarray(cv2.resize(part, (SIDE, rows * FACTOR), interpolation=cv2.INTER_AREA))


def on_white(photo: Pixels, mask: Pixels) -> Pixels:
    """Return the product of a photo, H x W x 3, on white, by its mask, H x W."""
    alpha = mask[..., None] / 255
    return np.rint(photo * alpha + 255 * (1 - alpha)).astype(np.uint8)


@torch.no_grad()
def tokens_of(network: VQGAN, parts: list[Pixels]) -> Tensor:
    """Return N x TALLEST x ACROSS tokens of cuts; -1 below a cut that is shorter."""
    made = torch.full((len(parts), TALLEST, ACROSS), -1, dtype=torch.int16)
    for index, part in enumerate(track(parts, "tokens", disable=len(parts) < 500)):
        pixels = torch.from_numpy(part).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.autocast("cpu", torch.bfloat16):
            encoded = network.encode(pixels.contiguous(memory_format=torch.channels_last))
        made[index, : len(part) // FACTOR] = network.tokens(encoded)[0].to(torch.int16)
    return made


@dataclass(frozen=True)
class TokenDataset:
    """Tokens of cuts, N x TALLEST x ACROSS, and the number of each one's label; those of held-out photos apart."""

    tokens: Tensor
    labels: Tensor
    held_out: Tensor

    @classmethod
    def made(cls, network: VQGAN, pictures: Pictures, labels: list[str], seed: int) -> "TokenDataset":
        """Cut and encode every photo."""
        random = np.random.default_rng(seed)
        parts, numbers = [], []
        for photo, mask, label in zip(pictures.photos, pictures.masks, pictures.labels, strict=True):
            for version in (photo, on_white(photo, mask)):
                part = cut(version, random)
                parts += [part, np.ascontiguousarray(part[:, ::-1])]
                numbers += [labels.index(label) if label in labels else 0] * 2
        kept = tokens_of(network, [cut(photo, None) for photo in pictures.held_out])
        return cls(tokens_of(network, parts), torch.tensor(numbers), kept)

    def batch(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return `count` windows, count x ACROSS * ACROSS tokens, and the number of each one's label."""
        chosen = torch.randint(len(self.tokens), (count,), generator=random)
        windows = [self._window(self.tokens[index], random) for index in chosen]
        any_of_them = torch.rand(count, generator=random) < ANY_SHARE
        return torch.stack(windows), self.labels[chosen].masked_fill(any_of_them, 0)

    @staticmethod
    def _window(tokens: Tensor, random: torch.Generator) -> Tensor:
        spare = int((tokens[:, 0] >= 0).sum()) - ACROSS
        top = int(torch.randint(spare + 1, (1,), generator=random))
        return tokens[top : top + ACROSS].flatten().long()


def loss_of(gpt: GPT2LMHeadModel, codes: int, windows: Tensor, labels: Tensor) -> Tensor:
    """Return the mean negative log likelihood of N x 256 tokens after N labels, in nats a token."""
    given = torch.cat([codes + labels[:, None], windows[:, :-1]], 1)
    logits = gpt(given, use_cache=False).logits[..., :codes]
    return F.cross_entropy(logits.flatten(0, 1).float(), windows.flatten())


@torch.no_grad()
def judge(gpt: GPT2LMHeadModel, codes: int, tokens: Tensor) -> float:
    """Return the loss of the top windows of held-out photos after ANY, in nats a token."""
    windows = tokens[:, :ACROSS].flatten(1).long()
    parts = [loss_of(gpt, codes, part, torch.zeros(len(part), dtype=torch.long)) for part in windows.split(8)]
    return float(torch.stack(parts).mean())


def sample_sheet(gpt: GPT2LMHeadModel, network: VQGAN, path: Path) -> None:
    """Save images of the first SHOWN labels, drawn by the engine, as a PNG."""
    engine = VQGANTransformerEngine(gpt, network)
    size = np.zeros((SIDE, SIDE, 3), np.float32)
    given = {"temperature": 1.0, "top_k": 100, "top_p": 1.0}
    shown = list((gpt.config.id2label or {}).values())[:SHOWN]
    tasks = [EngineTask(size, 1, given | {"label": label}, from_scratch=True) for label in shown]
    made = [engine.generate([task], silent)[0] for task in tasks]
    save_images(path, [made])


class Run:
    """One training run in a folder: tokens, GPT, its running average, log.csv, samples."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.args = folder, args
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.network = loaded(args.vqgan)
        self.codes = int(self.network.config.codes)
        self.dataset, self.labels = self._load_dataset()
        self.gpt = build(self.codes, self.labels)
        self.loss = math.nan
        optimiser = torch.optim.AdamW(self.gpt.parameters(), lr=args.rate, betas=(0.9, 0.95), weight_decay=0.05)
        self.trainer = Trainer(folder, args, self.gpt, optimiser, quarter_cosine(args.rate, 100, 0.03), keep=0.995)
        self.random = torch.Generator().manual_seed(args.seed + self.trainer.step)

    def _load_dataset(self) -> tuple[TokenDataset, list[str]]:
        """Return the dataset and its labels, encoded once and kept in the folder."""
        tokens, names = self.folder / "tokens.safetensors", self.folder / "labels.json"
        if not names.exists():
            pictures = load_pictures(self.args.data)
            labels = labels_of(pictures)
            save_file(asdict(TokenDataset.made(self.network, pictures, labels, self.args.seed)), tokens)
            names.write_text(json.dumps(labels))
        return TokenDataset(**load_file(tokens)), json.loads(names.read_text())

    def train(self) -> None:
        """Train until `--minutes` of running time are spent, over all resumed runs together."""
        self.trainer.run("vqgan-transformer", self._step, self._report)

    def _step(self) -> float:
        self.gpt.train()
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(self.gpt, self.codes, *self.dataset.batch(self.args.batch, self.random))
        self.loss = self.trainer.descend(loss)
        return self.loss

    def _averaged(self) -> GPT2LMHeadModel:
        gpt = build(self.codes, self.labels)
        gpt.load_state_dict(self.trainer.average, strict=False)  # the output layer is the embedding
        return gpt.eval()

    def _report(self) -> None:
        """Save everything; log the loss of the last step and that of held-out photos."""
        gpt = self._averaged()
        self.trainer.log([f"{self.loss:.4f}", f"{judge(gpt, self.codes, self.dataset.held_out):.4f}"])
        sample_sheet(gpt, self.network, self.folder / "samples.png")
        gpt.half().save_pretrained(self.folder / "vqgan-transformer")
        self.trainer.save()


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "vqgan_transformer", minutes=20, every=240, batch=16, rate=2e-3)
    parser.add_argument("--vqgan", type=Path, default=Path("weights/vqgan"), help="the trained VQGAN")
    args = parser.parse_args()
    Run(args.out, args).train()


if __name__ == "__main__":
    main()
