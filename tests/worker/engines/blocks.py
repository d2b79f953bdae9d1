"""A family of small real networks: an engine is its blocks, named by its `weights` and `parts`, shared by name."""

import torch
from torch import nn

from likeness.contract.engines import EngineSpec
from worker.components import Components

SIDE = 100
BYTES = SIDE * SIDE * 4
"""Of one block."""


class Block(nn.Linear):
    """A network that remembers where it was moved."""

    def __init__(self) -> None:
        super().__init__(SIDE, SIDE, bias=False)
        self.moves: list[str] = []

    def to(self, device: str) -> "Block":
        self.moves.append(device)
        return super().to(device)


class BlocksEngine:
    """An engine made of blocks. `stubborn` says that it cannot undo its measures."""

    def __init__(self, blocks: dict[str, Block], stubborn: bool) -> None:
        self.blocks, self.stubborn = blocks, stubborn

    def generate(self, tasks, on_step):
        return [task.canvas for task in tasks]

    def save_memory(self) -> str | None:
        return None

    def spend_memory(self) -> None:
        if self.stubborn:
            raise torch.OutOfMemoryError("out of memory")


def load(spec: EngineSpec, components: Components) -> BlocksEngine:
    """Load the engine; a block called `missing` or `huge` cannot be had."""
    blocks = {}
    for name in spec.needs:
        if name == "missing":
            raise FileNotFoundError(name)
        if name == "huge" and components.held() > BYTES:
            raise torch.OutOfMemoryError("out of memory")
        blocks[name] = components.get((name,), Block)
    return BlocksEngine(blocks, "stubborn" in spec.needs)
