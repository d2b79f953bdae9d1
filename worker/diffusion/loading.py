"""Networks of diffusers' pipelines from the folders that a hub's models are, each loaded once."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from diffusers import schedulers
from diffusers.models import AutoencoderKL
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer, Qwen2Tokenizer, T5Tokenizer

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.networks.autoencoders import MixedAutoencoder
from worker.networks.batch_invariance import BatchInvariant, BatchInvariantControlNet, BatchInvariantUNet
from worker.networks.weights import load_pretrained

NETWORKS: dict[str, type[Any]] = {
    "AutoencoderKL": MixedAutoencoder,
    "CLIPTextModel": CLIPTextModel,
    "CLIPTextModelWithProjection": CLIPTextModelWithProjection,
    "UNet2DConditionModel": BatchInvariantUNet,
}
"""The classes that a model's index may name; nothing else is loaded."""
TOKENIZERS: dict[str, type[Any]] = {
    **dict.fromkeys(("CLIPTokenizer", "CLIPTokenizerFast"), CLIPTokenizer),
    **dict.fromkeys(("T5Tokenizer", "T5TokenizerFast"), T5Tokenizer),
    **dict.fromkeys(("Qwen2Tokenizer", "Qwen2TokenizerFast"), Qwen2Tokenizer),
}
AUTOENCODERS = ("vae", "movq")


def load_parts(
    components: Components,
    weights: str,
    published: torch.dtype,
    more: Mapping[str, type[Any]] = MappingProxyType({}),
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    """Load what a model's index names, networks shared and those that it lacks left out. Raises OSError, ValueError.

    `published` is the kind of 16 bits that the family's weights come in; `more` are classes that only one family has;
    `only` are the parts wanted, all where it is not given. The autoencoder's weights are in float32 always.
    """
    folder = components.folder(weights)
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    networks = {**NETWORKS, **more}
    parts: dict[str, Any] = {}
    for part, entry in index.items():
        kind = str(entry[1]) if isinstance(entry, list) and (only is None or part in only) else ""
        if kind in TOKENIZERS:
            parts[part] = TOKENIZERS[kind].from_pretrained(folder / part, local_files_only=True)
        elif kind in networks:
            parts[part] = load_network(components, weights, part, networks[kind], components.dtype(published))
        elif part == "scheduler" and kind.endswith("Scheduler"):
            parts[part] = getattr(schedulers, kind).from_pretrained(folder / part, local_files_only=True)
    return parts


def load_controlnets(
    spec: EngineSpec, components: Components, published: torch.dtype
) -> dict[str, BatchInvariantControlNet]:
    """Load the ControlNet of each kind of control that an engine takes, shared. Raises OSError."""
    return {
        kind: load_network(components, spec.parts[kind], "", BatchInvariantControlNet, components.dtype(published))
        for kind in spec.controls
    }


def load_network(components: Components, weights: str, part: str, kind: type[Any], dtype: torch.dtype) -> Any:  # noqa: ANN401  of that kind
    """Load one network, shared with every engine that takes the same. Raises OSError."""
    return components.get((weights, part), lambda: _loaded(components, weights, part, kind, dtype))


def _loaded(components: Components, weights: str, part: str, kind: type[Any], dtype: torch.dtype) -> Any:  # noqa: ANN401
    folder = components.folder(weights) / part
    network = load_pretrained(kind, folder, torch.float32 if part in AUTOENCODERS else dtype, _variant(folder))
    _prepare(network, components, dtype)
    return network.to(components.device, memory_format=_memory_format(network))


def _prepare(network: nn.Module, components: Components, dtype: torch.dtype) -> None:
    """Set a network up to give each image the same numbers whatever shares its batch; `dtype` is its neighbours'."""
    if isinstance(network, BatchInvariant):
        network.paired = components.device == "cpu"
        if components.compile:
            _compile(network)
    if isinstance(network, AutoencoderKL):
        network.enable_slicing()  # one image at a time, so that none depends on its neighbours
    if isinstance(network, MixedAutoencoder) and dtype is torch.bfloat16:
        network.encoded_in = dtype  # float16 overflows in SDXL's


def _compile(network: Any) -> None:  # noqa: ANN401  any network of diffusers
    """Give torch.compile the blocks that a network repeats: few to trace, whatever its windows, for any size."""
    repeated = set(network._repeated_blocks or ())
    for block in network.modules():
        if type(block).__name__ in repeated:
            block.compile(dynamic=True)


def _memory_format(network: nn.Module) -> torch.memory_format:
    """Return channels last, which is an order of four axes, where weights have so many and none has five."""
    axes = {parameter.ndim for parameter in network.parameters()}
    return torch.channels_last if 4 in axes and 5 not in axes else torch.preserve_format


def _variant(folder: Path) -> str | None:
    """Return "fp16" where a folder has weights of that variant only."""
    names = [path.name for path in folder.glob("*.safetensors")]
    return "fp16" if names and all(".fp16." in name for name in names) else None
