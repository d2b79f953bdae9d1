"""What an AUTOMATIC1111 client asks for, told in our words. What cannot be done is rejected.

Its clients send every field, most with a value that asks for nothing: that value is accepted, others are rejected.
"""

from collections.abc import Collection
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import InvalidField
from likeness.contract.jobs import SentFile
from likeness.contract.parameters import MAX_PROMPT, MAX_SEED
from likeness.contract.runs import plan_of
from likeness.contract.tasks import Customise, EditType, Recreate
from likeness.imaging.formats.decode import peek
from likeness.imaging.masks import upright_size
from service.compat.a1111.controlnet import controls_of
from service.compat.bodies import request_of
from service.compat.field_names import told_as
from service.compat.masks import inverted_mask
from service.jobs.pictures import naming
from service.jobs.submission import Submission, Upload, source_of, submitted
from service.state import Services

NEUTRAL: Final[dict[str, tuple[object, ...]]] = {
    "resize_mode": (0,),
    "inpainting_fill": (0,),
    "initial_noise_multiplier": (None, 1),
    "styles": (None, []),
    "subseed": (None, -1),
    "subseed_strength": (None, 0),
    "seed_resize_from_h": (None, 0, -1),
    "seed_resize_from_w": (None, 0, -1),
    "restore_faces": (None, False),
    "tiling": (None, False),
    "eta": (None, 0, 1),
    "s_churn": (None, 0),
    "s_tmax": (None, 0),
    "s_tmin": (None, 0),
    "s_noise": (None, 1),
    "include_init_images": (False,),
    "script_name": (None, ""),
    "script_args": (None, []),
    "save_images": (False,),
    "mask_blur": (0, 4),
}
"""The values of fields that we have nothing like, which ask for nothing: what clients send when nobody says more."""
IGNORED: Final = (
    "do_not_save_samples",
    "do_not_save_grid",
    "override_settings_restore_afterwards",
    "inpaint_full_res",
    "inpaint_full_res_padding",
)
"""Taken whatever they say: nothing is saved for the service, no setting stays, and a mask bounds the change exactly."""
OPTIONAL: Final = {
    "steps": ("steps", 20),
    "cfg_scale": ("guidance_scale", 7),
    "image_cfg_scale": ("image_guidance_scale", 1.5),
    "denoising_strength": ("strength", 0.75),
}
"""Their field, ours, and what clients send when nobody says more: dropped where the engine does not take it."""
SAMPLERS: Final = {
    ("DDIM", ""): "ddim",
    ("DPM++ 2M", ""): "dpmpp-2m",
    ("DPM++ 2M", "karras"): "dpmpp-2m-karras",
    ("DPM++ 2M Karras", ""): "dpmpp-2m-karras",
    ("Euler", ""): "euler",
    ("Euler a", ""): "euler-ancestral",
    ("LCM", ""): "lcm",
    ("UniPC", ""): "unipc",
}
"""Sampler and scheduler by their names: our scheduler."""
DEFAULT_SAMPLER: Final = "Euler a"
TOLD_AS: Final = {
    "image": "init_images",
    "candidates": "batch_size",
    "engine": "override_settings.sd_model_checkpoint",
    "strength": "denoising_strength",
    "guidance_scale": "cfg_scale",
    "image_guidance_scale": "image_cfg_scale",
    "scheduler": "sampler_name",
    "controls": "alwayson_scripts.ControlNet",
    "instruction": "prompt",
}
"""What is wrong with a field of ours, by their names."""


class OverrideSettings(BaseModel):
    """The settings that a call may override."""

    model_config = ConfigDict(extra="forbid")

    sd_model_checkpoint: str | None = Field(default=None, max_length=64, description="an engine's name")


class Img2Img(BaseModel):
    """`POST /sdapi/v1/img2img`: the fields that mean something here; NEUTRAL and IGNORED have the others."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    init_images: list[str] = Field(min_length=1, max_length=1)
    mask: str | None = None
    inpainting_mask_invert: Literal[0, 1] = 0
    prompt: str = Field(default="", max_length=MAX_PROMPT)
    negative_prompt: str | None = Field(default=None, max_length=MAX_PROMPT)
    seed: int = Field(default=-1, ge=-1, le=MAX_SEED)
    batch_size: int = Field(default=1, ge=1, le=8)
    n_iter: int = Field(default=1, ge=1, le=8)
    steps: int | None = None
    cfg_scale: float | None = None
    image_cfg_scale: float | None = None
    denoising_strength: float | None = None
    width: int | None = None
    height: int | None = None
    sampler_name: str | None = None
    sampler_index: str | None = None
    scheduler: str | None = None
    override_settings: OverrideSettings | None = None
    alwayson_scripts: dict[str, Any] | None = None
    send_images: bool = True

    @property
    def engine(self) -> str | None:
        """The engine's name, if one is named."""
        return self.override_settings.sd_model_checkpoint if self.override_settings else None


def read(body: bytearray) -> Img2Img:
    """Return the request in a JSON body. Raises InvalidField, at the first field that asks for what there is not."""
    request = request_of(body, Img2Img)
    for name, value in (request.model_extra or {}).items():
        if name not in NEUTRAL and name not in IGNORED:
            raise InvalidField.at(name[:64], "not a field of this call")
        if name in NEUTRAL and value not in NEUTRAL[name]:
            allowed = " or ".join(str(one) for one in NEUTRAL[name] if one is not None)
            raise InvalidField.at(name, f"only {allowed}: this service has nothing like it")
    return request


def submission(services: Services, missing: Collection[str], request: Img2Img) -> Submission:
    """Return the job that a request asks for: within a mask, by control, by instruction, or a recreation.

    `missing` has the engines that are not installed. Raises what is wrong with the request, by their names.
    """
    most = services.settings.max_upload_bytes
    image = _file("init_images", request.init_images[0], most)
    _check_size(services, request, image)
    files: dict[SentFile, Upload | str] = {}
    if request.mask:
        mask = _file("mask", request.mask, most)
        inverted = request.inpainting_mask_invert == 1
        files["mask"] = Upload(inverted_mask(mask.data, services.bounds)) if inverted else mask
    controls, control = controls_of(request.alwayson_scripts or {})
    if control:
        files["control"] = _file("alwayson_scripts.ControlNet", control, most)
    fields = _fields(services, request, bool(files or controls))
    if controls:
        fields["controls"] = controls
    model = Recreate if "instruction" not in fields and not (files or controls) else Customise
    with told_as(TOLD_AS):
        plain = submitted(fields, image, files, model)
        spec = plan_of(plain.task, services.catalogue, missing).spec
    with told_as(TOLD_AS):
        return submitted(fields | _steering(request, spec), image, files, model)


def _file(name: str, text: str, most: int) -> Upload:
    with told_as({"image": name}):
        found = source_of("image", text, most)
    if isinstance(found, str):
        raise InvalidField.at(name, "base64 or a data URI; no other URL")
    return found


def _check_size(services: Services, request: Img2Img, image: Upload) -> None:
    with told_as(TOLD_AS), naming("image"):
        width, height = upright_size(peek(image.data, services.bounds))
    if (request.width or width, request.height or height) != (width, height):
        raise InvalidField.at("width", f"the frame never changes: send the image's own {width} x {height}, or neither")


def _fields(services: Services, request: Img2Img, edits: bool) -> dict[str, Any]:
    """Return the fields of a task that do not depend on what its engine takes."""
    count = request.batch_size * request.n_iter
    told = services.catalogue.find(request.engine) if request.engine else None
    instructed = not edits and told is not None and "recreate" not in told.kinds and EditType.INSTRUCTION in told.ways
    said = {
        "engine": request.engine or None,
        "instruction" if instructed else "prompt": request.prompt or None,
        "negative_prompt": request.negative_prompt or None,
        "seed": None if request.seed == -1 else request.seed,
        "candidates": count if count > 1 else None,
        "keep": "all" if count > 1 else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _steering(request: Img2Img, spec: EngineSpec) -> dict[str, Any]:
    """Return the parameters for an engine. What it does not take is rejected, unless the client sends it unasked."""
    found: dict[str, Any] = {}
    for name, (ours, unasked) in OPTIONAL.items():
        value = getattr(request, name)
        if value is not None and (ours in spec.parameters or value != unasked):
            found[ours] = value
    sampler = request.sampler_name or request.sampler_index or DEFAULT_SAMPLER
    kind = (request.scheduler or "").lower().replace("automatic", "")
    if "scheduler" in spec.parameters or (sampler, kind) != (DEFAULT_SAMPLER, ""):
        if (sampler, kind) not in SAMPLERS:
            known = ", ".join(" ".join(pair).strip() for pair in SAMPLERS)
            raise InvalidField.at("sampler_name", f"one of: {known}")
        found["scheduler"] = SAMPLERS[sampler, kind]
    return found
