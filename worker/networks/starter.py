"""The starter family's denoiser: diffusers' UNet, so that one small network serves every pipeline, with two helpers.

It reads 33 channels: noisy latents (16), a mask (1) and the source's latents (16), in the order of diffusers'
inpainting. A pipeline that knows no source passes 16, and the rest is zero. It predicts the image, as the difference
from a base: the source's latents where there is a source, else the noisy latents as far as they are signal,
at low noise what `StarterCleaner` makes of them.
So what is not to change is right before the first step of training, and stays so through norms that forget absolute
values.
"""

from itertools import pairwise
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models import ModelMixin, UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn

from worker.networks.batch_invariance import in_pairs
from worker.networks.weights import zeroed

LATENTS = 16
CHANNELS = 2 * LATENTS + 1
TIMES = 1000
MAP_SIDE = 8
"""Px of a control map that lie under one latent's side."""
MAP_SCALE = 4.0
"""Brings thin white lines on black to about the size of latents."""
LOW = 400
"""Times below it have low noise: under a third of the image's size."""
SHIFT = 0.5
"""Below 1: less noise at the same time than on the straight line. At time 0.3 noise is 0.21 of the image's size."""


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


def convolutions(widths: list[int]) -> nn.ModuleList:
    """Return convolutions from each width to the next, for SiLU between them; the last one begins at zero."""
    layers = [nn.Conv2d(*pair, 3, padding=1) for pair in pairwise(widths)]
    for layer in layers[:-1]:
        nn.init.kaiming_normal_(layer.weight)
    zeroed(layers[-1])
    return nn.ModuleList(layers)


class StarterCleaner(ModelMixin, ConfigMixin):
    """Convolutions without norms, which remove a little noise from latents.

    FFDNet (Zhang et al. 2018, arXiv:1710.04026): how much noise there is comes in as one more channel.
    """

    @register_to_config
    def __init__(self, width: int = 96, depth: int = 7) -> None:
        super().__init__()
        widths = [LATENTS + 1, *[width] * (depth - 1), LATENTS]
        self.convolutions = convolutions(widths)

    def forward(self, noisy: Tensor, times: Tensor) -> Tensor:
        """Return the clean latents of N x 16 x H x W at N times below LOW."""
        left = kept(times).to(noisy.dtype)[:, None, None, None]
        noise = (1 - left).sqrt()
        made = torch.cat([noisy, (4 * noise).expand(-1, 1, *noisy.shape[2:])], 1)
        for layer in self.convolutions[:-1]:
            made = nn.functional.silu(layer(made))
        added: Tensor = self.convolutions[-1](made)
        return left.sqrt() * noisy + noise * added


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
        made: Tensor = super().forward(sample, timestep, return_dict=False, **options)[0]
        predicted = self._base(sample, timestep) + made
        if control is None:
            return predicted
        guided: Tensor = control[0]
        weight: Tensor = control[1]
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


class StarterControlNet(ModelMixin, ConfigMixin):
    """A denoiser of its own that also reads a map; the UNet's prediction is mixed with its, by the control's weight.

    It has ControlNet's place (Zhang et al. 2023, arXiv:2302.05543) and its calling convention, not its layers: plain
    convolutions without norms, as in StarterCleaner. Residuals for the UNet's skips did not steer it
    (docs/decisions/0007).
    """

    paired = False
    """Whether rows are run two at a time."""

    @register_to_config
    def __init__(
        self, width: int = 96, depth: int = 9, text_width: int = 192, global_pool_conditions: bool = False
    ) -> None:
        super().__init__()
        self.read = nn.Linear(text_width, width)
        widths = [LATENTS + 1 + MAP_SIDE**2, *[width] * (depth - 1), LATENTS]
        self.convolutions = convolutions(widths)

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
        left = kept(times).to(noisy.dtype)[..., None, None]
        noise = (1 - left).sqrt()
        lines = MAP_SCALE * nn.functional.pixel_unshuffle(maps[:, :1], MAP_SIDE)
        made = torch.cat([noisy, noise.expand(-1, 1, *noisy.shape[2:]), lines], 1)
        condition = self.read(states.mean(1))[:, :, None, None]
        made = nn.functional.silu(self.convolutions[0](made) + condition)
        for layer in self.convolutions[1:-1]:
            made = nn.functional.silu(layer(made))
        added: Tensor = self.convolutions[-1](made)
        return left.sqrt() * noisy + noise * added
