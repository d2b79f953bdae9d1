"""Small Kandinsky 2.2, FLUX.1 Kontext, FLUX.2 [klein] and Qwen-Image-Edit; see tests/support/tiny.py."""

import json
import string
from pathlib import Path

import torch
from diffusers.models import (
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
    PriorTransformer,
    QwenImageTransformer2DModel,
    UNet2DConditionModel,
    VQModel,
)
from diffusers.pipelines.flux.pipeline_flux_kontext import FluxKontextPipeline
from diffusers.pipelines.flux2.pipeline_flux2_klein import Flux2KleinPipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_img2img import KandinskyV22Img2ImgPipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_prior import KandinskyV22PriorPipeline
from diffusers.schedulers import DDPMScheduler, FlowMatchEulerDiscreteScheduler, UnCLIPScheduler
from tokenizers.pre_tokenizers import ByteLevel
from torch import nn
from transformers import (
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from tests.support.tiny_parts import THIN, autoencoder, seeded, text_encoder, tokenizer

SIZE = 32
DIT = {
    "in_channels": 16,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
    "joint_attention_dim": 32,
    "axes_dims_rope": (4, 6, 6),
}
"""Sizes of a small diffusion transformer whose text is 32 wide."""


def kandinsky22_prior(folder: Path) -> None:
    """Save a Kandinsky 2.2 prior, its encoders 32 wide."""
    seeded(8)
    prior = PriorTransformer(
        num_attention_heads=2, attention_head_dim=12, embedding_dim=32, num_layers=1, clip_embed_dim=32
    )
    prior.clip_std = nn.Parameter(torch.ones(1, 32))
    sight = CLIPVisionConfig(**THIN, projection_dim=32, image_size=28, patch_size=14)
    KandinskyV22PriorPipeline(
        prior=prior,
        image_encoder=CLIPVisionModelWithProjection(sight),
        text_encoder=text_encoder(CLIPTextModelWithProjection),
        tokenizer=tokenizer(),
        scheduler=UnCLIPScheduler(
            variance_type="fixed_small_log", prediction_type="sample", clip_sample_range=10.0, num_train_timesteps=1000
        ),
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
    ).save_pretrained(folder)


def kandinsky22_decoder(folder: Path) -> None:
    """Save a Kandinsky 2.2 decoder for `kandinsky22_prior`."""
    seeded(9)
    network = UNet2DConditionModel(
        sample_size=SIZE,
        in_channels=4,
        out_channels=8,
        addition_embed_type="image",
        encoder_hid_dim=32,
        encoder_hid_dim_type="image_proj",
        cross_attention_dim=32,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        resnet_time_scale_shift="scale_shift",
        attention_head_dim=8,
        norm_num_groups=8,
    )
    movq = VQModel(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 3 + ("AttnDownEncoderBlock2D",),
        up_block_types=("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        vq_embed_dim=4,
        num_vq_embeddings=16,
        norm_num_groups=4,
        norm_type="spatial",
    )
    scheduler = DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="linear", clip_sample=False, variance_type="learned_range"
    )
    KandinskyV22Img2ImgPipeline(unet=network, movq=movq, scheduler=scheduler).save_pretrained(folder)


def flux_kontext(folder: Path) -> None:
    """Save a FLUX.1 Kontext; its second tokenizer reads single letters."""
    seeded(10)
    words = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        ("\u2581", -2.0),
        *((one, -3.0) for one in string.printable),
    ]
    transformer = FluxTransformer2DModel(
        **DIT, patch_size=1, num_layers=1, num_single_layers=1, pooled_projection_dim=32, guidance_embeds=True
    )
    reader = T5EncoderModel(T5Config(vocab_size=220, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4))
    FluxKontextPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=autoencoder(shift_factor=0.1159, scaling_factor=0.3611),
        text_encoder=text_encoder(),
        tokenizer=tokenizer(),
        text_encoder_2=reader.eval(),
        tokenizer_2=T5Tokenizer(vocab=words),
        transformer=transformer,
    ).save_pretrained(folder)


def qwen_tokenizer() -> Qwen2Tokenizer:
    """Return a tokenizer of single bytes, with the signs of the template."""
    signs = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
    letters = sorted(ByteLevel.alphabet())
    read = Qwen2Tokenizer(vocab={sign: number for number, sign in enumerate([*signs, *letters])}, merges=[])
    read.add_special_tokens({"additional_special_tokens": signs[1:]})
    return read


CHAT = """{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}<|im_start|>assistant
{% if enable_thinking is false %}<think>

</think>

{% endif %}"""
"""Qwen3's template as far as one message needs it."""


def flux2_klein(folder: Path) -> None:
    """Save a FLUX.2 [klein]; its reader is deep enough for the three layers whose states are taken, and 8 wide."""
    seeded(12)
    read = qwen_tokenizer()
    read.chat_template = CHAT
    words = Qwen3Config(
        vocab_size=len(read),
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=28,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
        tie_word_embeddings=True,
    )
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 16, 16), latent_channels=4, norm_num_groups=4, layers_per_block=1
    )
    vae.bn.running_mean.normal_(std=0.2)
    vae.bn.running_var.uniform_(0.5, 1.5)
    Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=Qwen3ForCausalLM(words).eval(),
        tokenizer=read,
        transformer=Flux2Transformer2DModel(
            **DIT | {"joint_attention_dim": 24, "axes_dims_rope": (4, 4, 4, 4)},
            num_layers=1,
            num_single_layers=1,
            timestep_guidance_channels=16,
            guidance_embeds=False,
        ),
        is_distilled=True,
    ).save_pretrained(folder)


def qwen_reader(read: Qwen2Tokenizer) -> Qwen2_5_VLForConditionalGeneration:
    """Return a Qwen2.5-VL of 2 layers that sees and 2 that read, 32 wide."""
    ids = dict(
        zip(
            ("vision_start", "vision_end", "image"),
            read.convert_tokens_to_ids(["<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]),
            strict=True,
        )
    )
    text = {
        **THIN,
        "vocab_size": len(read),
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
    }
    sight = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 37,
        "num_heads": 2,
        "out_hidden_size": 32,
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=sight,
        image_token_id=ids["image"],
        video_token_id=len(read) - 1,
        vision_start_token_id=ids["vision_start"],
        vision_end_token_id=ids["vision_end"],
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def qwen_image_edit(folder: Path) -> None:
    """Save a Qwen-Image-Edit as its last revisions are: what is given is modulated as at time zero."""
    seeded(11)
    read = qwen_tokenizer()
    parts = {
        "vae": AutoencoderKLQwenImage(
            base_dim=4,
            z_dim=4,
            dim_mult=[1, 1, 1, 2],
            num_res_blocks=1,
            latents_mean=[0.1, -0.2, 0.3, 0.0],
            latents_std=[1.1, 0.9, 1.2, 1.0],
        ),
        "transformer": QwenImageTransformer2DModel(**DIT, out_channels=4, num_layers=2, zero_cond_t=True),
        "text_encoder": qwen_reader(read),
        "tokenizer": read,
        "scheduler": FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    }
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    Qwen2VLImageProcessorPil(size={"shortest_edge": 28 * 28, "longest_edge": 112 * 112}).save_pretrained(
        folder / "processor"
    )
    index = {name: [type(part).__module__.partition(".")[0], type(part).__name__] for name, part in parts.items()}
    index |= {"_class_name": "QwenImageEditPlusPipeline", "processor": ["transformers", "Qwen2VLProcessor"]}
    (folder / "model_index.json").write_text(json.dumps(index))
