"""Networks that give each image the same numbers whatever shares its batch, however large it is.

The states between denoising steps stay in float32; only the network runs in lower precision.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from diffusers.models import ControlNetModel, UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn

from worker.networks.windows import in_windows

Run = Callable[..., Any]
EXACT = ("timestep", "time_ids")
"""What networks embed as sines of large numbers, and so take unrounded: in bfloat16 time step 999 would be 1000."""


def in_pairs(run: Run, rows: int, options: dict[str, Any]) -> Any:  # noqa: ANN401  tensors, or tuples of them
    """Return what `run` makes of `rows` rows, run two at a time, an odd last one twice.

    CPU libraries add in another order for other numbers of rows; in one fixed shape a row's result depends neither on
    how many there are nor on which they are.
    """
    made = []
    for start in range(0, rows, 2):
        pick = torch.tensor([start, min(start + 1, rows - 1)])
        made.append(run(**{name: _picked(value, pick, rows) for name, value in options.items()}))
    return _joined(made, rows)


def _picked(value: Any, pick: Tensor, rows: int) -> Any:  # noqa: ANN401
    if isinstance(value, list | tuple):
        return [_picked(one, pick, rows) for one in value]
    if isinstance(value, dict):
        return {name: _picked(one, pick, rows) for name, one in value.items()}
    return value[pick] if isinstance(value, Tensor) and value.ndim > 0 and len(value) == rows else value


def _joined(made: list[Any], rows: int) -> Any:  # noqa: ANN401
    if isinstance(made[0], Tensor):
        return torch.cat(made)[:rows]
    return tuple(_joined(list(parts), rows) for parts in zip(*made, strict=True))


def in_precision(value: Any, dtype: torch.dtype) -> Any:  # noqa: ANN401  as networks take it
    """Return a value with every tensor of floats in it as `dtype`, but for those that are to stay exact."""
    if isinstance(value, list | tuple):
        return type(value)(in_precision(one, dtype) for one in value)
    if isinstance(value, dict):
        return {name: one if name in EXACT else in_precision(one, dtype) for name, one in value.items()}
    return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value


class BatchInvariant:
    """Mixed into a network of diffusers: float32 in and out, rows two at a time where `paired`."""

    paired = False
    """Whether rows are run two at a time."""

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which pipelines are to keep their states."""
        return torch.float32

    @property
    def precision(self) -> torch.dtype:
        """The precision in which the network itself runs."""
        network = cast(nn.Module, self)
        return next(network.parameters()).dtype

    def run_invariant(self, run: Run, given: dict[str, Any], rows: int) -> Any:  # noqa: ANN401  as the network returns
        """Return what `run`, the network's own forward, makes of what is given."""
        given = in_precision(given, self.precision)
        made = in_pairs(run, rows, given) if self.paired else run(**given)
        return in_precision(made, torch.float32)


class BatchInvariantUNet(BatchInvariant, UNet2DConditionModel):
    """UNet2DConditionModel, also for latents larger than `window`."""

    window: int | None = None
    """The longest side that is run at once, in latents; None is any."""
    overlap = 16
    """How far neighbouring windows overlap, in latents."""

    def forward(self, sample: Tensor, timestep: Any, encoder_hidden_states: Tensor | None, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the prediction, N x C x H x W."""
        wanted = options.pop("return_dict", True)
        steered = options.get("down_block_additional_residuals") is not None
        given = {"timestep": timestep, "encoder_hidden_states": encoder_hidden_states, **options}
        if self.window is None or steered or max(sample.shape[2:]) <= self.window:
            made = self._run(given, sample)
        else:
            made = in_windows(partial(self._run, given), sample, self.window, self.overlap)
        return UNet2DConditionOutput(sample=made) if wanted else (made,)

    def _run(self, given: dict[str, Any], sample: Tensor) -> Tensor:
        run = partial(super().forward, return_dict=False)
        made: Tensor = self.run_invariant(run, {"sample": sample, **given}, len(sample))[0]
        return made


class BatchInvariantControlNet(BatchInvariant, ControlNetModel):
    """ControlNetModel."""

    _repeated_blocks = UNet2DConditionModel._repeated_blocks

    def forward(self, sample: Tensor, timestep: Any, encoder_hidden_states: Tensor, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the residuals for the UNet: a tuple of those of its down blocks, and the middle block's."""
        options.pop("return_dict", None)
        given = {"sample": sample, "timestep": timestep, "encoder_hidden_states": encoder_hidden_states, **options}
        return self.run_invariant(partial(super().forward, return_dict=False), given, len(sample))
