"""What the starter denoiser's recipe trains together, as it is built, and the schedule it is trained for."""

import torch
from diffusers.schedulers import DDIMScheduler
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.data import tokenizer as vocabulary
from worker.networks.starter import CHANNELS, LATENTS, TIMES, StarterUNet, kept

WIDTHS = (64, 128, 192)
TEXT_WIDTH = 192


def betas() -> list[float]:
    """Return the schedule of `worker.networks.starter.kept`, as diffusers takes it."""
    left = kept(torch.arange(TIMES))
    return [float(beta) for beta in 1 - left / torch.cat([left.new_ones(1), left[:-1]])]


def scheduler() -> DDIMScheduler:
    """Return the schedule as diffusers runs it."""
    return DDIMScheduler(
        num_train_timesteps=TIMES,
        trained_betas=betas(),
        prediction_type="sample",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
        timestep_spacing="trailing",
    )


def build_unet() -> StarterUNet:
    """Return the untrained denoiser, 11.6 M parameters, which at first changes nothing.

    The text also steers every block through the time embedding.
    """
    unet = StarterUNet(
        sample_size=32,
        in_channels=CHANNELS,
        out_channels=LATENTS,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=8,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )
    nn.init.zeros_(unet.conv_out.weight)
    return unet


def build_text(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return the untrained text encoder, 3 M parameters."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=vocabulary.LENGTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            projection_dim=TEXT_WIDTH,
        )
    )


class Family(nn.Module):
    """The parts that are trained together."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.unet = build_unet()
        self.text = build_text(tokenizer)

    def forward(self, noisy: Tensor, times: Tensor, tokens: Tensor, given: Tensor) -> Tensor:
        """Return the predicted latents; `given` is mask and source, 17 channels."""
        states = self.text(tokens).last_hidden_state
        return self.unet(torch.cat([noisy, given], 1), times, states).sample
