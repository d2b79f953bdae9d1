"""The loop that the recipes share: a network trained in a folder for a time, saved, logged, and resumed."""

import argparse
import csv
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from rich.progress import Progress
from torch import Tensor, nn
from torch.optim import Optimizer

from training.loop import state
from training.loop.schedule import Schedule

CLIPPED = 1.0
"""Longest gradient of a step; a longer one is scaled down to it."""


class RunningMean:
    """The mean of what was added so far, the later the more it counts; 0 before anything was."""

    def __init__(self, share: float) -> None:
        """`share` is what a new number counts, 0..1."""
        self.share, self.value = share, 0.0

    def add(self, number: float) -> float:
        """Add a number, and return the mean."""
        self.value += self.share * (number - self.value)
        return self.value


class Trainer:
    """One run in a folder: network, optimiser, the running average of the parameters, steps and seconds so far.

    A recipe passes `run` two functions of its own: one trains on one batch and returns the loss for the progress bar,
    the other judges and saves what the running average has become.
    """

    def __init__(
        self,
        folder: Path,
        args: argparse.Namespace,
        network: nn.Module,
        optimiser: Optimizer,
        schedule: Schedule,
        keep: float,
        averaged: nn.Module | None = None,
    ) -> None:
        """Start a run, or resume the one whose state is in `folder`.

        `args` has `minutes`, the running time of all resumed runs together, and `every`, the seconds between reports.
        `keep` is the share of the running average that a step leaves, once it has settled; the average is of
        `averaged`, a part of the network, or else of all of it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.network, self.optimiser = folder, network, optimiser
        self.budget, self.every = args.minutes * 60, args.every
        self.schedule, self.keep, self.averaged = schedule, keep, averaged or network
        self.clock: Callable[[], float] = time.monotonic
        self.step, self.seconds = 0, 0.0
        self.average = state.start(self.averaged)
        self.resumed = (folder / state.FILE).exists()
        if self.resumed:
            self.average, self.step, self.seconds = state.resume(folder, network, optimiser)

    @property
    def done(self) -> float:
        """The share of the running time that is spent, 0..1."""
        return min(1.0, float(self.seconds / self.budget))

    def run(
        self, name: str, train: Callable[[], float], report: Callable[[], None], until: float | None = None
    ) -> None:
        """Train until the running time (or `until`, in seconds, where that is less) is spent; report at the end too."""
        budget = self.budget if until is None else min(until, self.budget)
        with Progress() as progress:
            bar, reported = progress.add_task(name, total=budget, completed=int(self.seconds)), time.monotonic()
            while self.seconds < budget:
                loss = self.advance(train)
                progress.update(bar, completed=self.seconds, description=f"{name}, step {self.step}, loss {loss:.3f}")
                if time.monotonic() - reported > self.every:
                    report()
                    reported = time.monotonic()
        report()

    def advance(self, train: Callable[[], float]) -> float:
        """Take one step at the learning rate that is due, let the running average follow, and return the loss."""
        began = self.clock()
        rate = self.schedule(self.step, self.done)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group.get("share", 1)
        loss = train()
        state.follow(self.average, self.averaged, min(self.keep, (1 + self.step) / (10 + self.step)))
        self.step += 1
        self.seconds += self.clock() - began
        return loss

    def descend(self, loss: Tensor) -> float:
        """Move all parameters down the loss by one step of the optimiser, and return the loss."""
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIPPED)
        self.optimiser.step()
        return float(loss.detach())

    def restart_average(self) -> None:
        """Take the parameters as they are for the running average, after the network was given its start."""
        self.average = state.start(self.averaged)

    def save(self) -> None:
        """Save the state from which the run is resumed."""
        state.save(self.folder, self.network, self.average, self.optimiser, self.step, self.seconds)

    def log(self, cells: Iterable[str], columns: Sequence[str] = ()) -> None:
        """Append step, seconds and `cells` to log.csv; a new file starts with the names of the columns, if given."""
        path = self.folder / "log.csv"
        new = not path.exists()
        with path.open("a") as file:
            rows = csv.writer(file)
            if new and columns:
                rows.writerow(["step", "seconds", *columns])
            rows.writerow([self.step, f"{self.seconds:.0f}", *cells])

    def log_figures(self, loss: float, figures: Mapping[str, float]) -> None:
        """Append step, seconds, the loss and figures to log.csv, under the figures' names."""
        self.log([f"{loss:.4f}", *(f"{value:.3f}" for value in figures.values())], ["loss", *figures])
