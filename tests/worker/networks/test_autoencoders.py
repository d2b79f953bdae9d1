"""Autoencoders of pictures of any size: what they take of memory has a bound, and running short costs no steps."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.support.peak_memory import PeakMemory
from tests.support.tiny_editors import kandinsky22_decoder
from tests.support.tiny_parts import autoencoder
from worker.networks.autoencoders import SCALE, SMALLEST_WINDOW, MixedAutoencoder, OneByOneVQModel
from worker.networks.weights import load_float32


@pytest.fixture(scope="module")
def mixed() -> MixedAutoencoder:
    torch.manual_seed(0)
    return MixedAutoencoder.from_config(autoencoder().config).eval()


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory: pytest.TempPathFactory) -> OneByOneVQModel:
    folder = tmp_path_factory.mktemp("kandinsky")
    kandinsky22_decoder(folder)
    return load_float32(OneByOneVQModel, folder / "movq")


@pytest.fixture(params=["mixed", "one_by_one"])
def vae(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An autoencoder whose windows are small."""
    found = request.getfixturevalue(request.param)
    monkeypatch.setattr(found, "window", SMALLEST_WINDOW * 4)
    return found


def decoded(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    return vae.decode(latents, **{"force_not_quantize": True} if isinstance(vae, OneByOneVQModel) else {}).sample


def encoded(vae: Any, image: torch.Tensor) -> torch.Tensor:
    made = vae.encode(image)
    return made.latents if isinstance(vae, OneByOneVQModel) else made.latent_dist.mean


def seen_by(network: nn.Module, run: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, list[tuple[int, int]]]:
    sizes: list[tuple[int, int]] = []
    hook = network.register_forward_pre_hook(lambda _, given: sizes.append(tuple(given[0].shape[2:])))
    try:
        return run(), sizes
    finally:
        hook.remove()


@torch.inference_mode()
def test_a_large_picture_goes_through_in_windows(vae: Any) -> None:
    vae.window = side = 16
    latents = torch.randn(1, 4, 24, 40, generator=torch.Generator().manual_seed(0))
    image, sizes = seen_by(vae.decoder, lambda: decoded(vae, latents))
    assert image.shape == (1, 3, 24 * SCALE, 40 * SCALE)
    assert len(sizes) == 6 and all(max(size) <= side for size in sizes)
    again, sizes = seen_by(vae.encoder, lambda: encoded(vae, image))
    assert again.shape == latents.shape
    assert len(sizes) == 6 and all(max(size) <= side * SCALE for size in sizes)


@torch.inference_mode()
def test_up_to_a_megapixel_it_goes_through_at_once_whatever_its_proportions(vae: Any) -> None:
    vae.window = 16
    latents = torch.randn(1, 4, 4, 64)
    _, sizes = seen_by(vae.decoder, lambda: decoded(vae, latents))
    assert sizes == [(4, 64)]


@torch.inference_mode()
def test_short_of_memory_it_goes_on_in_smaller_windows(vae: Any) -> None:
    """The decoder fits half the usual side alone: the decode is repeated, and nothing before it."""

    def fit(_: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        if max(given[0].shape[2:]) > 2 * SMALLEST_WINDOW:
            raise torch.OutOfMemoryError("CUDA out of memory")

    latents = torch.randn(1, 4, SMALLEST_WINDOW, SMALLEST_WINDOW * 3)
    hook = vae.decoder.register_forward_pre_hook(fit)
    try:
        assert decoded(vae, latents).shape == (1, 3, SMALLEST_WINDOW * SCALE, SMALLEST_WINDOW * 3 * SCALE)
    finally:
        hook.remove()


@torch.inference_mode()
@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), ValueError("a fault")])
def test_what_smaller_windows_do_not_help_is_raised(vae: Any, error: Exception) -> None:
    calls: list[int] = []

    def fail(*_: object) -> None:
        calls.append(1)
        raise error

    hook = vae.decoder.register_forward_pre_hook(fail)
    try:
        with pytest.raises(type(error)):
            decoded(vae, torch.randn(1, 4, 8, 8))
    finally:
        hook.remove()
    assert len(calls) == (3 if isinstance(error, torch.OutOfMemoryError) else 1)


@torch.inference_mode()
def test_an_autoencoder_encodes_in_short_numbers_and_decodes_in_long_ones() -> None:
    torch.manual_seed(0)
    made = MixedAutoencoder.from_config(autoencoder().config).eval()
    made.enable_slicing()
    pictures = torch.rand(3, 3, 32, 32) * 2 - 1
    exact = made.encode(pictures).latent_dist.mean
    shown = made.decode(exact).sample
    made.encoded_in = torch.bfloat16
    short = made.encode(pictures).latent_dist.mean
    assert short.dtype is torch.float32
    assert 0 < (short - exact).abs().mean() < 0.05 * exact.abs().mean()
    assert torch.equal(made.encode(pictures[1:2]).latent_dist.mean, short[1:2]), "the same alone"
    assert torch.equal(made.decode(exact).sample, shown)


@torch.inference_mode()
def test_a_picture_of_twelve_windows_takes_hardly_more_memory_than_one(vae: Any) -> None:
    """As a photo of 12 megapixels to one of 1, in windows of a sixteenth of that: what is held besides the picture."""
    vae.window = 16
    beside = []
    for height, width in ((16, 16), (48, 64)):
        latents = torch.randn(1, 4, height, width)
        with PeakMemory() as memory:
            image = decoded(vae, latents)
        assert memory.peak > image.nbytes
        beside.append(memory.peak - image.nbytes)
    assert beside[1] <= 1.3 * beside[0]
