"""The state of a training run in its folder, so that the same command resumes it."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

FILE = "state.safetensors"

Average = dict[str, Tensor]
"""The running average of a network's parameters, by their names."""


def start(network: nn.Module) -> Average:
    """Return the running average at the first step: the parameters as they are."""
    return {name: value.detach().clone() for name, value in network.named_parameters()}


@torch.no_grad()
def follow(average: Average, network: nn.Module, keep: float) -> None:
    """Move the running average to the parameters, in place; `keep` is the share of it that stays."""
    for name, value in network.named_parameters():
        average[name].lerp_(value, 1 - keep)


def save(folder: Path, network: nn.Module, average: Average, optimiser: Optimizer, step: int, seconds: float) -> None:
    """Write the state whole, or leave the one before as it was."""
    # Cloned: a file cannot hold the same tensor under two names, and layers may share one.
    state = {f"network.{name}": value.contiguous().clone() for name, value in network.state_dict().items()}
    state |= {f"average.{name}": value.contiguous() for name, value in average.items()}
    for index, values in optimiser.state_dict()["state"].items():
        state |= {f"optimiser.{index}.{name}": value.contiguous() for name, value in values.items()}
    state["clock"] = torch.tensor([step, seconds], dtype=torch.double)
    save_file(state, folder / "state.partial")
    (folder / "state.partial").rename(folder / FILE)


def resume(folder: Path, network: nn.Module, optimiser: Optimizer) -> tuple[Average, int, float]:
    """Set network and optimiser to what was saved; return the running average, the step, the seconds spent."""
    saved = load_file(folder / FILE)
    network.load_state_dict(_part(saved, "network."))
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in _part(saved, "optimiser.").items():
        index, name = key.split(".")
        moments.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    step, seconds = saved["clock"].tolist()
    return _part(saved, "average."), int(step), seconds


def _part(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
