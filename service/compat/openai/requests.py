"""What an OpenAI client asks for, in our fields. What cannot be done is rejected; nothing is ignored."""

import json
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from likeness.contract.errors import InvalidField
from likeness.contract.jobs import SentFile
from likeness.contract.tasks import Customise, Generate, Recreate
from likeness.imaging.formats.decode import Bounds, Header, peek
from likeness.imaging.masks import upright_size
from service.compat.field_names import told_as
from service.compat.kinds import asks_for_change
from service.compat.masks import mask_of_alpha
from service.compat.openai.aliases import Aliases, engine_of
from service.compat.openai.cutouts import asks_for_cutout, cut_out
from service.compat.openai.schemas import EditRequest, GenerationRequest, ImageRequest
from service.http import strict_json
from service.http.problems import of_validation
from service.jobs.pictures import naming
from service.jobs.submission import Model, Submission, Upload, named_references, submitted, typed, upload_of
from service.jobs.threads import with_pixels

SAID_AS: Final = {
    "engine": "model",
    "format": "output_format",
    "width": "size",
    "height": "size",
    "candidates": "n",
    "keep": "n",
}
"""Our fields that OpenAI has names of its own for."""
TOLD_AS: Final = {
    "candidates": "n",
    "engine": "model",
    "format": "output_format",
    "quality": "output_compression",
    "width": "size",
    "height": "size",
    "instruction": "prompt",
    "images": "image",
}
"""What is wrong with a field of ours, by OpenAI's names."""
FILES: Final = ("image", "image[]", "mask", "markup")
BESIDE_PROMPT: Final = ("mask", "preserve", "controls", "guide")
"""With one of these a prompt says what the image shows; without, what to change in it."""

Request = TypeVar("Request", bound=ImageRequest)


@dataclass(frozen=True)
class EditParts:
    """The parts of a form of an edit."""

    request: EditRequest
    images: list[Upload]
    mask: Upload | None
    markup: Upload | None


async def edit_parts(items: list[tuple[str, Any]], aliases: Aliases) -> EditParts:
    """Return the parts of a form, with an engine in the place of an alias. Raises InvalidField."""
    files: dict[str, list[Upload]] = {name: [] for name in ("image", "mask", "markup")}
    texts: dict[str, Any] = {}
    roles: list[str] = []
    for name, value in items:
        if name in FILES and (name != "mask" or isinstance(value, UploadFile)):
            files[name.removesuffix("[]")].append(await upload_of(name, value))
        elif isinstance(value, UploadFile):
            raise InvalidField.at(name[:64], f"a file; only {', '.join(files)} may be one")
        elif name == "roles[]":
            roles.append(value)
        elif name in texts:
            raise InvalidField.at(name[:64], "given more than once")
        else:
            texts[name] = typed(name, value, _model_with(name))
    if roles and "roles" in texts:
        raise InvalidField.at("roles", "given more than once")
    texts |= {"roles": roles} if roles else {}
    if len(files["mask"]) > 1 or len(files["markup"]) > 1:
        raise InvalidField.at("mask", "one mask and one markup at most")
    request = _checked(texts, EditRequest, aliases)
    return EditParts(request, files["image"], _only(files["mask"]), _only(files["markup"]))


def _only(uploads: list[Upload]) -> Upload | None:
    return uploads[0] if uploads else None


def _model_with(name: str) -> type[BaseModel]:
    """Return the model that says of what type a field is."""
    return EditRequest if name in EditRequest.model_fields else Customise


def _checked(fields: dict[str, Any], model: type[Request], aliases: Aliases) -> Request:
    try:
        request = model.model_validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        raise of_validation(error) from error
    return request.model_copy(update={"model": engine_of(request.model, aliases)})


async def edit(parts: EditParts, bounds: Bounds) -> Submission:
    """Return the job that an edit asks for: a customisation, or a recreation where it asks for no change."""
    image, files = _with_roles(parts)
    fields = _common(parts.request)
    header = _checked_size(parts.request, image, bounds)
    if asks_for_cutout(parts.request):
        more = len(files) + (parts.mask is not None) + (parts.markup is not None)
        return cut_out(parts.request, image, fields, more)
    _check_background(parts.request, header)
    if parts.markup:
        files["guide"] = parts.markup
    if parts.mask:
        _free("mask", files, fields)
        files["mask"] = Upload(await with_pixels(mask_of_alpha, parts.mask.data, bounds))
    kind = fields.pop("kind", None) or _kind(parts.request, fields, files)
    if kind not in ("recreate", "customise"):
        raise InvalidField.at("kind", "recreate or customise")
    if prompt := parts.request.prompt:
        beside = kind == "recreate" or any(name in files or fields.get(name) for name in BESIDE_PROMPT)
        if not beside and "instruction" in fields:
            raise InvalidField.at("instruction", "the prompt says it; give one of the two")
        fields["prompt" if beside else "instruction"] = prompt
    model: Model = Recreate if kind == "recreate" else Customise
    if model is Recreate and files:
        raise InvalidField.at(min(files), "a recreation takes none")
    with told_as(TOLD_AS):
        return submitted(fields, image, files, model)


def _kind(request: EditRequest, fields: dict[str, Any], files: dict[SentFile, Upload | str]) -> str:
    return "customise" if request.prompt or asks_for_change(fields, files) else "recreate"


def _with_roles(parts: EditParts) -> tuple[Upload, dict[SentFile, Upload | str]]:
    """Return the image and files sent with it as further images."""
    roles, images = parts.request.roles, parts.images
    if not images:
        raise InvalidField.at("image", "missing: a file part of this name is needed")
    if "roles" not in parts.request.model_fields_set:
        with told_as({"images": "image"}):
            return images[0], named_references(images[1:])
    if len(roles) != len(images) or roles[0] != "image" or len(set(roles)) < len(roles):
        said = (
            "say in `roles` what each of them is, as image, style_image; the first is the image, and each role is one"
        )
        raise InvalidField.at("image", f"{len(images)} images and {len(roles)} roles; one image is edited: {said}")
    return images[0], {role: upload for role, upload in zip(roles, images, strict=True) if role != "image"}


def _free(name: SentFile, files: dict[SentFile, Upload | str], fields: dict[str, Any]) -> None:
    if name in files or name in fields:
        raise InvalidField.at(name, "given more than once")


def _common(request: ImageRequest) -> dict[str, Any]:
    """Return our fields for those that edits and generations share, and those that came by their own names."""
    fields = dict(request.model_extra or {})
    for name, theirs in SAID_AS.items():
        if name in fields and not (theirs == "n" and request.n == 1):
            raise InvalidField.at(name, f"{theirs} says it")
    said = {"engine": request.model, "format": request.output_format, "quality": request.output_compression}
    if request.n > 1:
        said |= {"candidates": request.n, "keep": "all"}
    return fields | {name: value for name, value in said.items() if value is not None}


def _checked_size(request: EditRequest, image: Upload, bounds: Bounds) -> Header:
    """Return what the image's file says of it. Raises InvalidField when another size is asked for than its own."""
    with naming("image"):
        header = peek(image.data, bounds)
    width, height = upright_size(header)
    if request.size not in ("auto", f"{width}x{height}"):
        detail = f"the frame never changes: auto or the image's own {width}x{height}"
        raise InvalidField.at("size", detail)
    return header


def _check_background(request: EditRequest, header: Header) -> None:
    """Raise InvalidField when alpha is asked for that the image has not, or none where it has."""
    clear = header.mode in ("LA", "RGBA") or header.transparency is not None
    if request.background == ("opaque" if clear else "transparent"):
        has = "has alpha, which is kept" if clear else "has no alpha, and gets none beside another edit"
        raise InvalidField.at("background", f"the image {has}; use auto, or ask for the background's removal alone")


def generation(body: bytearray, aliases: Aliases) -> tuple[GenerationRequest, Submission]:
    """Return the request in a JSON body and the job that it asks for. Raises InvalidField."""
    request = _checked(strict_json.fields_of(body), GenerationRequest, aliases)
    said = _common(request)
    if request.size != "auto":
        said["width"], said["height"] = map(int, request.size.split("x"))
    if request.prompt:
        said["prompt"] = request.prompt
    with told_as(TOLD_AS):
        return request, submitted(said, None, {}, Generate)
