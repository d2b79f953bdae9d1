"""Models of the real families' architectures, small and with random weights, saved as a hub has them.

Nothing in them has learned anything; what is tested is that the code which loads and runs the real ones does so. Layers
that begin at zero in a new network are drawn too, else a test of what they do could not fail.
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers.models import ControlNetModel, UNet2DConditionModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
from diffusers.schedulers import EulerDiscreteScheduler, PNDMScheduler
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from torch import nn
from transformers import (
    CLIPTextModelWithProjection,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
)

from tests.support.tiny_captioners import captioner
from tests.support.tiny_editors import (
    flux2_klein,
    flux_kontext,
    kandinsky22_decoder,
    kandinsky22_prior,
    qwen_image_edit,
)
from tests.support.tiny_parts import autoencoder, seeded, text_encoder, tokenizer
from worker.networks.vgg19 import places

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
SIZE = 32


def unet(in_channels: int = 4, *, large: bool = False) -> UNet2DConditionModel:
    """Return a UNet like Stable Diffusion 1.5's, or with `large` like SDXL's."""
    more = (
        {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 32 + 6 * 8,
            "transformer_layers_per_block": (1, 2),
            "use_linear_projection": True,
        }
        if large
        else {}
    )
    return UNet2DConditionModel(
        sample_size=SIZE,
        in_channels=in_channels,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64 if large else 32,
        attention_head_dim=8,
        norm_num_groups=8,
        **more,
    )


def controlnet(of: UNet2DConditionModel) -> ControlNetModel:
    """Return a ControlNet whose last layers are not zero, so that it does steer."""
    network = ControlNetModel.from_unet(of, conditioning_channels=3, conditioning_embedding_out_channels=(8, 8, 8, 16))
    last = [network.controlnet_cond_embedding.conv_out, network.controlnet_mid_block, *network.controlnet_down_blocks]
    for layer in last:
        nn.init.normal_(layer.weight, std=0.2)
    return network


def sd15(folder: Path, in_channels: int = 4) -> None:
    """Save a Stable Diffusion 1.5: 4 channels; 8 for InstructPix2Pix, 9 for inpainting."""
    seeded(0)
    StableDiffusionPipeline(
        vae=autoencoder(),
        text_encoder=text_encoder(),
        tokenizer=tokenizer(),
        unet=unet(in_channels),
        scheduler=PNDMScheduler(skip_prk_steps=True, **BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def sdxl(folder: Path, in_channels: int = 4) -> None:
    """Save an SDXL; 8 channels for InstructPix2Pix, 9 for inpainting."""
    seeded(1)
    StableDiffusionXLPipeline(
        vae=autoencoder(),
        text_encoder=text_encoder(),
        text_encoder_2=text_encoder(CLIPTextModelWithProjection),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        unet=unet(in_channels, large=True),
        scheduler=EulerDiscreteScheduler(**BETAS),
        add_watermarker=False,
    ).save_pretrained(folder)


def sdxl_refiner(folder: Path) -> None:
    """Save an SDXL refiner as it is pulled, its UNet and scheduler alone: it is told of an aesthetic score."""
    seeded(2)
    network = unet(large=True)
    config = dict(network.config, cross_attention_dim=32, projection_class_embeddings_input_dim=32 + 5 * 8)
    parts = {"unet": UNet2DConditionModel.from_config(config), "scheduler": EulerDiscreteScheduler(**BETAS)}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    index = {name: ["diffusers", type(part).__name__] for name, part in parts.items()}
    index |= {"_class_name": "StableDiffusionXLImg2ImgPipeline", "vae": ["diffusers", "AutoencoderKL"]}
    (folder / "model_index.json").write_text(json.dumps(index))


def controlnet_sd15(folder: Path) -> None:
    """Save a ControlNet for `sd15`."""
    seeded(3)
    controlnet(unet()).save_pretrained(folder)


def controlnet_sdxl(folder: Path) -> None:
    """Save a ControlNet for `sdxl`."""
    seeded(4)
    controlnet(unet(large=True)).save_pretrained(folder)


def depth(folder: Path) -> None:
    """Save a Depth Anything."""
    seeded(5)
    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        out_indices=[1, 2],
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[16, 16],
        reassemble_factors=[1, 0.5],
        fusion_hidden_size=16,
        head_hidden_size=8,
        patch_size=14,
    )
    DepthAnythingForDepthEstimation(config).save_pretrained(folder)


def lora(folder: Path) -> None:
    """Save an adapter for `sd15`."""
    seeded(6)
    StableDiffusionPipeline.save_lora_weights(folder, unet_lora_layers=lora_layers(unet()))


def lora_sdxl(folder: Path) -> None:
    """Save an adapter for `sdxl`."""
    seeded(7)
    StableDiffusionXLPipeline.save_lora_weights(folder, unet_lora_layers=lora_layers(unet(large=True)))


def lora_layers(network: UNet2DConditionModel) -> dict[str, torch.Tensor]:
    """Return an adapter's weights, drawn, for a network's attention."""
    network.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_v"], init_lora_weights="gaussian"))
    state = {name: torch.randn_like(value) for name, value in get_peft_model_state_dict(network).items()}
    return convert_state_dict_to_diffusers(state)


def vgg19(folder: Path) -> None:
    """Save a VGG19 as timm's repository has it, with 4 channels a layer; what names classes is not read."""
    seeded(8)
    shapes = {number: (4, 3 if number == 0 else 4, 3, 3) for number in places()}
    tensors = {f"features.{number}.weight": 0.24 * torch.randn(shape) for number, shape in shapes.items()}
    tensors |= {f"features.{number}.bias": 0.1 * torch.randn(4) for number in shapes}
    folder.mkdir(parents=True)
    save_file(tensors | {"head.fc.weight": torch.zeros(2, 4)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"architecture": "vgg19"}))


def of(folder: Path) -> type[DiffusionPipeline]:
    """Return the name of the pipeline class a saved model says it is."""
    return json.loads((folder / "model_index.json").read_text())["_class_name"]


MAKERS: dict[str, Callable[[Path], None]] = {
    "sd15": sd15,
    "sd15-inpainting": lambda folder: sd15(folder, 9),
    "instruct-pix2pix": lambda folder: sd15(folder, 8),
    "sdxl": sdxl,
    "sdxl-refiner": sdxl_refiner,
    "sdxl-inpainting": lambda folder: sdxl(folder, 9),
    "sdxl-instruct-pix2pix": lambda folder: sdxl(folder, 8),
    **dict.fromkeys(
        [f"controlnet-sd15-{kind}" for kind in ("canny", "depth", "lineart", "softedge", "inpaint")], controlnet_sd15
    ),
    "kandinsky22-prior": kandinsky22_prior,
    "kandinsky22-decoder": kandinsky22_decoder,
    "flux-kontext": flux_kontext,
    "flux2-klein": flux2_klein,
    "qwen-image-edit": qwen_image_edit,
    "vgg19": vgg19,
    "captioner": captioner,
    "depth": depth,
    "lcm-lora-sd15": lora,
    "sdxl-lightning": lora_sdxl,
    **dict.fromkeys(["controlnet-sdxl-canny", "controlnet-sdxl-depth"], controlnet_sdxl),
}
"""How each model of the catalogue is made, by its name there."""
