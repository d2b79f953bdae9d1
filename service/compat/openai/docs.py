"""The OpenAI calls in our description of the API: their errors, and the bodies that FastAPI cannot see."""

from typing import Any, Final

from likeness.contract.errors import InvalidField, LikenessError
from service.compat.errors import Told, openai_error
from service.compat.openai import examples as examples
from service.compat.openai.schemas import EditRequest, GenerationRequest, OpenAIError, OpenAIEvent
from service.docs.responses import DETAILS, Responses
from service.http.problems import STATUS

MODELS: Final = (EditRequest, GenerationRequest, OpenAIEvent, OpenAIError)
REF: Final = "#/components/schemas/{model}"
FILE: Final = {"type": "string", "format": "binary"}
PICTURES: Final = {
    "image": {"anyOf": [FILE, {"type": "array", "items": FILE}], "description": "the image; several with `roles`"},
    "mask": {**FILE, "description": "of its size, transparent where it may change"},
    "markup": {**FILE, "description": "the image as painted over, transparent where it shows: our `guide`"},
}


def problems(*kinds: type[LikenessError]) -> Responses:
    """Return the `responses` of an operation for these errors, one entry per status with the codes it may have."""
    found: dict[int, dict[str, Told]] = {}
    for kind in kinds:
        told = openai_error(DETAILS.get(kind) or kind((kind.__doc__ or "").strip()), STATUS[kind])
        found.setdefault(told.status, {})[told.body["error"]["code"]] = told
    return {status: _response(group) for status, group in found.items()}


def _response(group: dict[str, Told]) -> dict[str, Any]:
    examples = {code: {"value": told.body} for code, told in group.items()}
    content = {"schema": {"$ref": REF.format(model="OpenAIError")}, "examples": examples}
    return {"description": " · ".join(f"`{code}`" for code in group), "content": {"application/json": content}}


def complete(found: dict[str, Any]) -> None:
    """Put into the document what FastAPI cannot see of these calls, and take out what it assumes of their errors."""
    for path, body in bodies(found["components"]["schemas"]).items():
        found["paths"][path]["post"]["requestBody"] = body
    for operations in found["paths"].values():
        for operation in operations.values():
            if operation["tags"] == ["openai"]:
                operation["responses"].pop(str(STATUS[InvalidField]), None)
    for assumed in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(assumed, None)


def bodies(schemas: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the request body of each call by its path."""
    edit = schemas["EditRequest"]
    form = {**edit, "properties": {**edit["properties"], **PICTURES}, "required": ["image"]}
    example = {"image": "(the bytes)", **examples.EDIT}
    generation = {"schema": {"$ref": REF.format(model="GenerationRequest")}}
    return {
        "/v1/images/edits": _body("multipart/form-data", {"schema": form}, example),
        "/v1/images/generations": _body("application/json", generation, examples.GENERATION),
    }


def _body(media_type: str, content: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {media_type: {**content, "examples": {"example": {"value": example}}}}}
