"""Autoencoders whose memory has a bound: what is larger than a window is encoded and decoded in windows.

In float32 the decoder of Stable Diffusion takes some 3 GB a megapixel, Kandinsky's 5 GB; a photo of 12 megapixels
decoded at once would need more than most GPUs have, and run out only after all steps.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import torch
from diffusers.models import AutoencoderKL, AutoencoderKLFlux2, VQModel
from diffusers.models.autoencoders.vae import DecoderOutput
from diffusers.models.autoencoders.vq_model import VQEncoderOutput
from torch import Tensor

from worker.failures import out_of_memory
from worker.networks.windows import in_windows

SCALE = 8
"""Px of an image to one latent, in all of these."""
WINDOW = 128
"""The side, in latents, of the square that is encoded or decoded at once: 1024 px, a megapixel."""
SMALLEST_WINDOW = 32
"""The side at which an autoencoder that still runs out of memory gives up."""


class WindowedAutoencoder:
    """Mixed into an autoencoder of diffusers: images over `window` squared latents go through it in windows."""

    window = WINDOW

    def enable_tiling(self) -> None:
        """Work in windows of half the side, which take a quarter of the memory."""
        self.window = WINDOW // 2

    def disable_tiling(self) -> None:
        """Work in windows of the usual side again."""
        self.window = WINDOW

    def encode_windowed(self, run: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
        """Return what `run`, the network's own encoder, makes of an image, N x 3 x H x W."""
        return self._bounded(run, image, SCALE, Fraction(1, SCALE))

    def decode_windowed(self, run: Callable[[Tensor], Tensor], latents: Tensor) -> Tensor:
        """Return what `run`, the network's own decoder, makes of latents, N x C x h x w."""
        return self._bounded(run, latents, 1, Fraction(SCALE))

    def _bounded(self, run: Callable[[Tensor], Tensor], given: Tensor, unit: int, scale: Fraction) -> Tensor:
        """Run all at once where it is small enough, else in windows; in smaller ones each time memory is short."""
        window = self.window
        while True:
            try:
                if given.shape[2] * given.shape[3] <= (window * unit) ** 2:
                    return run(given)
                overlap = window // 4 * unit
                return in_windows(run, given, window * unit, overlap, scale=scale, multiple=unit)
            except Exception as error:
                if window <= SMALLEST_WINDOW or not out_of_memory(error):
                    raise
            window //= 2  # here the failed call and all that it had made are let go
            if given.is_cuda:
                torch.cuda.empty_cache()


class MixedAutoencoder(WindowedAutoencoder, AutoencoderKL):
    """AutoencoderKL that decodes in float32, as lower precision shows in flat areas; it may encode in another dtype."""

    encoded_in: torch.dtype | None = None
    """The dtype of encoding, where the network that reads the latents runs in it too; None is float32."""

    def _encode(self, x: Tensor) -> Tensor:
        short = self.encoded_in or torch.float32
        with torch.autocast(x.device.type, short, enabled=self.encoded_in is not None):
            return self.encode_windowed(lambda part: super(MixedAutoencoder, self)._encode(part).float(), x)

    def _decode(self, z: Tensor, return_dict: bool = True) -> Any:  # noqa: ANN401  as in diffusers
        image = self.decode_windowed(lambda part: super(MixedAutoencoder, self)._decode(part).sample, z)
        return DecoderOutput(sample=image) if return_dict else (image,)


class Flux2Autoencoder(WindowedAutoencoder, AutoencoderKLFlux2):
    """AutoencoderKLFlux2."""

    def _encode(self, x: Tensor) -> Tensor:
        return self.encode_windowed(super()._encode, x)

    def _decode(self, z: Tensor, return_dict: bool = True) -> Any:  # noqa: ANN401  as in diffusers
        decoded = super()._decode
        image = self.decode_windowed(lambda part: decoded(part).sample, z)
        return DecoderOutput(sample=image) if return_dict else (image,)


class OneByOneVQModel(WindowedAutoencoder, VQModel):
    """VQModel whose images do not depend on their neighbours in a batch."""

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:  # noqa: ANN401  as in diffusers
        """Return latents, N x 4 x H/8 x W/8, as `latents`."""
        encoded = super().encode
        latents = [self.encode_windowed(lambda part: encoded(part).latents, one[None]) for one in x]
        return VQEncoderOutput(latents=torch.cat(latents))

    def decode(self, h: Tensor, *given: Any, **options: Any) -> Any:  # noqa: ANN401  as in diffusers
        """Return the image, N x 3 x H x W, as `sample`."""
        decoded = super().decode
        image = self.decode_windowed(lambda part: decoded(part, *given, **options).sample, h)
        return DecoderOutput(sample=image)
