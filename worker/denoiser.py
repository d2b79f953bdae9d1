"""The starter family's denoiser: diffusers' UNet, so that one small network serves every pipeline, with two helpers.

It reads 33 channels: noisy latents (16), a mask (1) and the source's latents (16), in the order of diffusers'
inpainting. A pipeline that knows no source hands in 16, and the rest is zero. What it predicts is the picture, as the
difference from a base: the source's latents where there is a source, else the noisy latents as far as they are signal,
at low noise what `StarterCleaner` makes of them.
So what is not to change is right before the first step of training, and stays so through norms that forget absolute
values.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models import ModelMixin, UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn

LATENTS = 16
CHANNELS = 2 * LATENTS + 1
TIMES = 1000
MAP_SIDE = 8
"""Px of a control map that lie under one latent's side."""
WAVES = 8
"""Sines and cosines that tell a time."""
LOW = 400
"""Times below it are of low noise: under a third of the picture's size."""
SHIFT = 0.5
"""Below 1: less noise at the same time than on the straight line. At time 0.3 noise is 0.21 of the picture's size."""


def kept(times: Tensor) -> Tensor:
    """Return the share of variance that is signal at each time, 0..TIMES-1.

    The straight line of rectified flow (Liu et al. 2022), shifted (Esser et al. 2024, arXiv:2403.03206), scaled to unit
    variance.
    """
    time = (times.double() + 1) / TIMES
    noise = SHIFT * time / (1 + (SHIFT - 1) * time)
    return (1 - noise) ** 2 / ((1 - noise) ** 2 + noise**2)


def whole(sample: Tensor) -> Tensor:
    """Return N x 33 x H x W of N x 16 or N x 33: no mask and no source where none is given."""
    missing = CHANNELS - sample.shape[1]
    if missing == 0:
        return sample
    return torch.cat([sample, sample.new_zeros(len(sample), missing, *sample.shape[2:])], 1)


def in_pairs(run: Callable[..., Any], rows: int, options: dict[str, Any]) -> Any:  # noqa: ANN401  tensors, or tuples of them
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
    return value[pick] if isinstance(value, Tensor) and value.ndim > 1 and len(value) == rows else value


def _joined(made: list[Any], rows: int) -> Any:  # noqa: ANN401
    if isinstance(made[0], Tensor):
        return torch.cat(made)[:rows]
    return tuple(_joined(list(parts), rows) for parts in zip(*made, strict=True))


class StarterCleaner(ModelMixin, ConfigMixin):
    """Convolutions without norms, which take a little noise off latents.

    FFDNet (Zhang et al. 2018, arXiv:1710.04026): how much noise there is comes in as one more channel.
    """

    @register_to_config
    def __init__(self, width: int = 96, depth: int = 7) -> None:
        super().__init__()
        widths = [LATENTS + 1, *[width] * (depth - 1), LATENTS]
        layers = [nn.Conv2d(*pair, 3, padding=1) for pair in pairwise(widths)]
        for layer in layers[:-1]:
            nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layers[-1].weight)
        nn.init.zeros_(layers[-1].bias)
        self.convolutions = nn.ModuleList(layers)

    def forward(self, noisy: Tensor, times: Tensor) -> Tensor:
        """Return the clean latents of N x 16 x H x W at N times below LOW."""
        left = kept(times).to(noisy.dtype)[:, None, None, None]
        noise = (1 - left).sqrt()
        made = torch.cat([noisy, (4 * noise).expand(-1, 1, *noisy.shape[2:])], 1)
        for layer in self.convolutions[:-1]:
            made = nn.functional.silu(layer(made))
        return left.sqrt() * noisy + noise * self.convolutions[-1](made)


class StarterUNet(UNet2DConditionModel):
    """UNet2DConditionModel on `whole` inputs, predicting the difference from the base.

    A StarterCleaner set as `cleaner` makes the base at low noise; without one it is the noisy latents' signal. What a
    StarterControlNet returns is mixed in, in the place of residuals.
    """

    paired = False
    """Whether rows are run two at a time."""

    def forward(self, sample: Tensor, timestep: Any, encoder_hidden_states: Tensor, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the predicted latents, N x 16 x H x W."""
        inputs = whole(sample)
        wanted = options.pop("return_dict", True)
        given = {"sample": inputs, "timestep": timestep, "encoder_hidden_states": encoder_hidden_states, **options}
        predicted = in_pairs(self._predicted, len(inputs), given) if self.paired else self._predicted(**given)
        return UNet2DConditionOutput(sample=predicted) if wanted else (predicted,)

    def _predicted(self, sample: Tensor, timestep: Any, **options: Any) -> Tensor:  # noqa: ANN401
        options.pop("mid_block_additional_residual", None)
        control = options.pop("down_block_additional_residuals", None)
        (made,) = super().forward(sample, timestep, return_dict=False, **options)
        predicted = self._base(sample, timestep) + made
        if control is None:
            return predicted
        guided, weight = control
        return (guided + (1 - weight).clamp(min=0) * predicted) / weight.clamp(min=1)

    def _base(self, inputs: Tensor, timestep: Any) -> Tensor:  # noqa: ANN401  a number or a tensor, as in diffusers
        noisy, source = inputs[:, :LATENTS], inputs[:, LATENTS + 1 :]
        times = torch.as_tensor(timestep, device=inputs.device).expand(len(inputs))
        given = source.flatten(1).abs().amax(1)[:, None, None, None] > 0
        return torch.where(given, source, self._signal(noisy, times))

    def _signal(self, noisy: Tensor, times: Tensor) -> Tensor:
        signal = kept(times).sqrt().to(noisy.dtype)[:, None, None, None] * noisy
        cleaner = getattr(self, "cleaner", None)
        low = times < LOW
        if cleaner is None or not low.any():
            return signal
        return torch.where(low[:, None, None, None], cleaner(noisy, times), signal)


def evened(seen: Tensor) -> Tensor:
    """Return N x C x H x W with the channels of each place scaled to a mean square of 1 (Zhang & Sennrich 2019)."""
    return seen * (seen.square().mean(1, keepdim=True) + 1e-4).rsqrt()


class Block(nn.Module):
    """Two convolutions whose result is added, with what is told as a scale and a shift between them."""

    def __init__(self, width: int, told: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.tell = nn.Linear(told, 2 * width)
        for layer in (self.second, self.tell):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, seen: Tensor, told: Tensor) -> Tensor:
        """Return N x width x H x W."""
        scale, shift = self.tell(told)[:, :, None, None].chunk(2, 1)
        made = self.first(evened(seen))
        return seen + self.second(nn.functional.silu(made * (1 + scale) + shift))


class StarterControlNet(ModelMixin, ConfigMixin):
    """A denoiser of its own that also reads a map; the UNet's prediction is mixed with its, by the control's weight.

    It has ControlNet's place (Zhang et al. 2023, arXiv:2302.05543) and its calling convention, not its layers: a small
    U of convolutions, with norms that look at one place only. Residuals for the UNet's skips did not steer it
    (docs/decisions/0004).
    """

    paired = False
    """Whether rows are run two at a time."""

    @register_to_config
    def __init__(
        self,
        widths: tuple[int, ...] = (96, 128, 192),
        blocks: int = 2,
        told: int = 192,
        text_width: int = 192,
        global_pool_conditions: bool = False,
    ) -> None:
        super().__init__()
        self.enter = nn.Conv2d(LATENTS + 1 + MAP_SIDE**2, widths[0], 3, padding=1)
        self.read, self.clock = nn.Linear(text_width, told), nn.Linear(2 * WAVES, told)
        levels = [*widths, *widths[-2::-1]]
        self.levels = nn.ModuleList(nn.ModuleList(Block(width, told) for _ in range(blocks)) for width in levels)
        self.down = nn.ModuleList(nn.Conv2d(*pair, 3, stride=2, padding=1) for pair in pairwise(widths))
        self.up = nn.ModuleList(nn.Conv2d(*pair, 3, padding=1) for pair in pairwise(widths[::-1]))
        self.leave = nn.Conv2d(widths[0], LATENTS, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(
        self,
        sample: Tensor,
        timestep: Any,  # noqa: ANN401  a number or a tensor, as in diffusers
        encoder_hidden_states: Tensor,
        controlnet_cond: Tensor,
        conditioning_scale: float = 1.0,
        **_options: object,
    ) -> tuple[list[Tensor], Tensor]:
        """Return what StarterUNet mixes in: its prediction times its weight, and the weight; a zero for the middle."""
        times = torch.as_tensor(timestep, device=sample.device).expand(len(sample))
        given = {"noisy": sample, "times": times[:, None], "states": encoder_hidden_states, "maps": controlnet_cond}
        made = in_pairs(self.predicted, len(sample), given) if self.paired else self.predicted(**given)
        weight = made.new_full((len(made), 1, 1, 1), conditioning_scale)
        return [weight * made, weight], made.new_zeros(len(made), 1)

    def predicted(self, noisy: Tensor, times: Tensor, states: Tensor, maps: Tensor) -> Tensor:
        """Return the predicted latents of N x 16 x H x W, N x 1 times, N x 3 x 8H x 8W maps."""
        left = kept(times).to(noisy.dtype)
        signal, noise = left.sqrt(), (1 - left).sqrt()
        turns = torch.atan2(noise, signal) * torch.arange(1, WAVES + 1, device=noisy.device)
        told = nn.functional.silu(self.clock(torch.cat([turns.sin(), turns.cos()], 1)) + self.read(states.mean(1)))
        lines = nn.functional.pixel_unshuffle(maps[:, :1], MAP_SIDE)
        even = noise[:, :, None, None].expand(-1, 1, *noisy.shape[2:])
        made = self._through(self.enter(torch.cat([noisy, even, lines], 1)), told)
        return signal[:, :, None, None] * noisy + noise[:, :, None, None] * self.leave(evened(made))

    def _through(self, seen: Tensor, told: Tensor) -> Tensor:
        """Return what the levels, down and up again, make of N x width x H x W."""
        skips: list[Tensor] = []
        for number, blocks in enumerate(self.levels):
            if number > len(self.down):
                seen = nn.functional.interpolate(seen, scale_factor=2.0, mode="nearest")
                seen = self.up[number - len(self.down) - 1](seen) + skips.pop()
            elif number:
                skips.append(seen)
                seen = self.down[number - 1](seen)
            for block in blocks:
                seen = block(seen, told)
        return seen
