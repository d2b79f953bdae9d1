"""Transformers that denoise, which take and return float32 states; see worker/networks/batch_invariance.py."""

from functools import partial
from typing import Any

import torch
from diffusers.models import Flux2Transformer2DModel, FluxTransformer2DModel, QwenImageTransformer2DModel
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from torch import Tensor

from worker.networks.batch_invariance import BatchInvariant, in_precision

SHARED = ("txt_ids", "img_ids", "joint_attention_kwargs")
"""What FLUX takes once for all rows: where each token lies. In float32, as lower precision cannot count far."""
REFERENCES = "references"
"""What FLUX.2 finds the pictures to go by under, among `joint_attention_kwargs`: N x tokens x channels, and places."""


class BatchInvariantFlux(BatchInvariant, FluxTransformer2DModel):
    """FluxTransformer2DModel."""

    def forward(self, hidden_states: Tensor, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the prediction, N x tokens x channels."""
        wanted = options.pop("return_dict", True)
        shared = {name: options.pop(name) for name in SHARED if name in options}
        run = partial(super().forward, return_dict=False, **shared)
        made = self.run_invariant(run, {"hidden_states": hidden_states, **options}, len(hidden_states))[0]
        return Transformer2DModelOutput(sample=made) if wanted else (made,)


class BatchInvariantFlux2(BatchInvariant, Flux2Transformer2DModel):
    """Flux2Transformer2DModel; pictures to go by are tokens after those that are denoised, each row's its own."""

    def forward(self, hidden_states: Tensor, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the prediction, N x tokens x channels."""
        wanted = options.pop("return_dict", True)
        shared = {name: options.pop(name) for name in SHARED if name in options}
        own = hidden_states.shape[1]
        kwargs = dict(shared.pop("joint_attention_kwargs", None) or {})
        if REFERENCES in kwargs:
            latents, places = kwargs.pop(REFERENCES)
            hidden_states = torch.cat([hidden_states, latents], 1)
            shared["img_ids"] = torch.cat([shared["img_ids"][:1], places], 1)
        run = partial(super().forward, return_dict=False, joint_attention_kwargs=kwargs, **shared)
        made = self.run_invariant(run, {"hidden_states": hidden_states, **options}, len(hidden_states))[0][:, :own]
        return Transformer2DModelOutput(sample=made) if wanted else (made,)


class BatchInvariantQwenImage(BatchInvariant, QwenImageTransformer2DModel):
    """QwenImageTransformer2DModel; its pipeline runs one image at a time, so that there is nothing to pair."""

    def forward(self, hidden_states: Tensor, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the prediction, 1 x tokens x channels."""
        wanted = options.pop("return_dict", True)
        given = in_precision({"hidden_states": hidden_states, **options}, self.precision)
        made = in_precision(super().forward(**given, return_dict=False)[0], self.precision)
        return Transformer2DModelOutput(sample=made) if wanted else (made,)
