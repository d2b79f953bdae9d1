"""The state of a run: what is saved is what goes on."""

from pathlib import Path

import torch
from torch import nn

from training.loop import state


def optimiser_of(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(network.parameters(), lr=0.1)


def stepped(network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    network(torch.ones(1, 3)).square().sum().backward()
    optimiser.step()


def test_a_resumed_run_takes_the_very_steps_of_one_that_went_on(tmp_path: Path) -> None:
    torch.manual_seed(0)
    one = nn.Linear(3, 2)
    optimiser, average = optimiser_of(one), state.start(one)
    stepped(one, optimiser)
    state.follow(average, one, 0.5)
    state.save(tmp_path, one, average, optimiser, 1, 2.5)
    other = nn.Linear(3, 2)
    again = optimiser_of(other)
    loaded, step, seconds = state.resume(tmp_path, other, again)
    assert (step, seconds) == (1, 2.5) and all(torch.equal(loaded[name], average[name]) for name in average)
    stepped(one, optimiser)
    stepped(other, again)
    assert torch.equal(one.weight, other.weight)
    assert [path.name for path in tmp_path.iterdir()] == [state.FILE]


def test_the_average_moves_to_the_parameters() -> None:
    network = nn.Linear(1, 1, bias=False)
    average = state.start(network)
    before = float(average["weight"])
    with torch.no_grad():
        network.weight += 1
    state.follow(average, network, 0.75)
    assert abs(float(average["weight"]) - before - 0.25) < 1e-6
