"""The starter family's denoiser: diffusers' UNet and ControlNet, so that one small network serves every pipeline.

It reads 33 channels: noisy latents (16), a mask (1) and the source's latents (16), in the order of diffusers'
inpainting. A pipeline that knows no source hands in 16, and the rest is zero. What it predicts is the picture, as the
difference from a base: the source's latents where there is a source, else the noisy latents as far as they are signal.
So what is not to change is right before the first step of training, and stays so through norms that forget absolute
values.
"""

from functools import partial
from typing import Any

import torch
from diffusers.models import ControlNetModel, UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor

from worker.steady import in_pairs

LATENTS = 16
CHANNELS = 2 * LATENTS + 1
TIMES = 1000
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


class StarterUNet(UNet2DConditionModel):
    """UNet2DConditionModel on `whole` inputs, predicting the difference from the base."""

    paired = False
    """Whether rows are run two at a time."""

    def forward(self, sample: Tensor, timestep: Any, encoder_hidden_states: Tensor, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the predicted latents, N x 16 x H x W."""
        inputs = whole(sample)
        wanted = options.pop("return_dict", True)
        given = {"sample": inputs, "timestep": timestep, "encoder_hidden_states": encoder_hidden_states, **options}
        run = partial(super().forward, return_dict=False)
        (made,) = in_pairs(run, len(inputs), given) if self.paired else run(**given)
        predicted = self._base(inputs, timestep) + made
        return UNet2DConditionOutput(sample=predicted) if wanted else (predicted,)

    def _base(self, inputs: Tensor, timestep: Any) -> Tensor:  # noqa: ANN401  a number or a tensor, as in diffusers
        noisy, source = inputs[:, :LATENTS], inputs[:, LATENTS + 1 :]
        times = torch.as_tensor(timestep, device=inputs.device).expand(len(inputs))
        signal = kept(times).sqrt().to(inputs.dtype)[:, None, None, None]
        given = source.flatten(1).abs().amax(1)[:, None, None, None] > 0
        return torch.where(given, source, signal * noisy)


class StarterControlNet(ControlNetModel):
    """ControlNetModel on `whole` inputs."""

    paired = False
    """Whether rows are run two at a time."""

    def forward(self, sample: Tensor, timestep: Any, encoder_hidden_states: Tensor, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the residuals for the UNet: a tuple of those of its way down, and the middle's."""
        options.pop("return_dict", None)
        given = {
            "sample": whole(sample),
            "timestep": timestep,
            "encoder_hidden_states": encoder_hidden_states,
            **options,
        }
        run = partial(super().forward, return_dict=False)
        return in_pairs(run, len(sample), given) if self.paired else run(**given)
