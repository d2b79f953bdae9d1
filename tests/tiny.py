"""Models of the real families' architectures, small and with random weights, saved as a hub has them.

Nothing in them has learned anything; what is tested is that the code which loads and runs the real ones does so. Layers
that begin at zero in a new network are drawn too, else a test of what they do could not fail.
"""

import json
import string
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers.models import (
    AutoencoderKL,
    AutoencoderKLQwenImage,
    ControlNetModel,
    FluxTransformer2DModel,
    PriorTransformer,
    QwenImageTransformer2DModel,
    UNet2DConditionModel,
    VQModel,
)
from diffusers.pipelines.flux.pipeline_flux_kontext import FluxKontextPipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_img2img import KandinskyV22Img2ImgPipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_prior import KandinskyV22PriorPipeline
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)
from diffusers.schedulers import (
    DDPMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    PNDMScheduler,
    UnCLIPScheduler,
)
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from tokenizers.pre_tokenizers import ByteLevel
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
SIZE = 32


def tokenizer() -> CLIPTokenizer:
    """Return a tokenizer of single letters, 77 tokens long."""
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=77)


def text_encoder(kind: type[CLIPTextModel | CLIPTextModelWithProjection] = CLIPTextModel) -> nn.Module:
    """Return a CLIP text model of 3 layers, 32 wide, for `tokenizer`."""
    read = tokenizer()
    return kind(
        CLIPTextConfig(
            vocab_size=len(read),
            hidden_size=32,
            intermediate_size=37,
            num_hidden_layers=3,
            num_attention_heads=4,
            projection_dim=32,
            max_position_embeddings=77,
            bos_token_id=read.bos_token_id,
            eos_token_id=read.eos_token_id,
            pad_token_id=read.eos_token_id,
        )
    ).eval()


def autoencoder(**config: float) -> AutoencoderKL:
    """Return an autoencoder with 8 px a latent, like Stable Diffusion's."""
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
        **config,
    )


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
    _seeded(0)
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
    _seeded(1)
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
    """Save an SDXL refiner: the second text encoder alone, and a UNet told of an aesthetic score."""
    _seeded(2)
    network = unet(large=True)
    config = dict(network.config, cross_attention_dim=32, projection_class_embeddings_input_dim=32 + 5 * 8)
    StableDiffusionXLImg2ImgPipeline(
        vae=autoencoder(),
        text_encoder=None,
        text_encoder_2=text_encoder(CLIPTextModelWithProjection),
        tokenizer=None,
        tokenizer_2=tokenizer(),
        unet=UNet2DConditionModel.from_config(config),
        scheduler=EulerDiscreteScheduler(**BETAS),
        requires_aesthetics_score=True,
        add_watermarker=False,
    ).save_pretrained(folder)


def controlnet_sd15(folder: Path) -> None:
    """Save a ControlNet for `sd15`."""
    _seeded(3)
    controlnet(unet()).save_pretrained(folder)


def controlnet_sdxl(folder: Path) -> None:
    """Save a ControlNet for `sdxl`."""
    _seeded(4)
    controlnet(unet(large=True)).save_pretrained(folder)


def depth(folder: Path) -> None:
    """Save a Depth Anything."""
    _seeded(5)
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
    _seeded(6)
    network = unet()
    network.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_v"], init_lora_weights="gaussian"))
    state = get_peft_model_state_dict(network)
    state = {name: torch.randn_like(value) for name, value in state.items()}
    StableDiffusionPipeline.save_lora_weights(folder, unet_lora_layers=convert_state_dict_to_diffusers(state))


def lora_sdxl(folder: Path) -> None:
    """Save an adapter for `sdxl`."""
    _seeded(7)
    network = unet(large=True)
    network.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_v"], init_lora_weights="gaussian"))
    state = {name: torch.randn_like(value) for name, value in get_peft_model_state_dict(network).items()}
    StableDiffusionXLPipeline.save_lora_weights(folder, unet_lora_layers=convert_state_dict_to_diffusers(state))


def kandinsky22_prior(folder: Path) -> None:
    """Save a Kandinsky 2.2 prior, its encoders 32 wide."""
    _seeded(8)
    prior = PriorTransformer(
        num_attention_heads=2, attention_head_dim=12, embedding_dim=32, num_layers=1, clip_embed_dim=32
    )
    prior.clip_std = nn.Parameter(torch.ones(1, 32))
    sight = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=32,
        image_size=28,
        patch_size=14,
    )
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
    _seeded(9)
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
    _seeded(10)
    words = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        ("\u2581", -2.0),
        *((one, -3.0) for one in string.printable),
    ]
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        guidance_embeds=True,
        axes_dims_rope=(4, 6, 6),
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
        "vocab_size": len(read),
        "hidden_size": 32,
        "intermediate_size": 37,
        "num_hidden_layers": 2,
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
    _seeded(11)
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
        "transformer": QwenImageTransformer2DModel(
            in_channels=16,
            out_channels=4,
            num_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            axes_dims_rope=(4, 6, 6),
            zero_cond_t=True,
        ),
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


def _seeded(seed: int) -> None:
    torch.manual_seed(seed)


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
    "qwen-image-edit": qwen_image_edit,
    "depth": depth,
    "lcm-lora-sd15": lora,
    "sdxl-lightning": lora_sdxl,
    **dict.fromkeys(["controlnet-sdxl-canny", "controlnet-sdxl-depth"], controlnet_sdxl),
}
"""How each model of the catalogue is made, by its name there."""
