"""The OpenAPI document: what FastAPI finds in the routes, and what it cannot see: the bodies that hold images."""

import json
from typing import Any, Final, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from likeness.contract.editing import REFERENCES
from likeness.contract.events import Event
from likeness.contract.options import Region
from likeness.contract.recipes import SavedRecipe
from likeness.contract.reviews import NewReview, NewReviewLink
from likeness.contract.tasks import Generate
from service.batches.recipes import BatchRecipe
from service.compat.openai import docs
from service.docs import examples, packshots
from service.http.problems import Problem
from service.schemas.jobs import StreamedEvent
from service.schemas.packshots import CheckRequest, CutoutRequest, PackshotRequest
from service.schemas.requests import CompareRequest, CustomiseRequest, RecreateRequest

REF: Final = "#/components/schemas/{model}"
DESCRIPTION: Final = (
    "Recreates and customises product photos: the frame never changes, every result is measured, no accepted job is "
    "lost. Every error is `application/problem+json` (RFC 9457) with a stable `code`."
)
TAGS: Final = [
    {"name": "jobs", "description": "Submit, follow, cancel"},
    {"name": "results", "description": "Images and their reports"},
    {"name": "batches", "description": "Many items by several recipes"},
    {"name": "recipes", "description": "Parts of calls, saved under a name"},
    {"name": "engines", "description": "The engines that make the images"},
    {"name": "openai", "description": "The OpenAI images API, so that its clients work unchanged"},
    {"name": "operation", "description": "For operators of the service"},
]
OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Calls that need no API key."""

Document = dict[str, Any]

BODIES: Final = (
    ("/recreate", "RecreateRequest", examples.RECREATE),
    ("/customise", "CustomiseRequest", examples.CUSTOMISE),
    ("/compare", "CompareRequest", examples.COMPARE),
    ("/generate", "Generate", examples.GENERATE),
    ("/cutout", "CutoutRequest", packshots.CUTOUT),
    ("/packshot", "PackshotRequest", packshots.PACKSHOT_REQUEST),
    ("/check", "CheckRequest", packshots.CHECK),
)
"""Each call that submits a job: its path, its model, an example."""
FROM_TEXT: Final[Document] = {
    "from_text": {"summary": "From text, by an engine whose model was pulled", "value": examples.GENERATE_FROM_TEXT}
}
MODELS: Final = (
    *(RecreateRequest, CustomiseRequest, CompareRequest, Generate, CutoutRequest, PackshotRequest, CheckRequest),
    *(Problem, StreamedEvent, Event, SavedRecipe, BatchRecipe, NewReview, NewReviewLink),
)
"""What the description refers to and FastAPI does not see."""
FILE: Final[Document] = {"type": "string", "format": "binary"}
PARTS: Final[dict[str, Document]] = {
    "image": FILE,
    "logo": FILE,
    "control": FILE,
    "style_image": FILE,
    "guide": FILE,
    "images": {"type": "array", "items": FILE, "maxItems": len(REFERENCES)},
    "mask": {"anyOf": [{"type": "string", "enum": list(get_args(Region))}, FILE]},
    "background": {"anyOf": [{"type": "string"}, FILE]},
}
"""The form parts that are files: PNG, JPEG or WebP."""


def describe(app: FastAPI) -> None:
    """Make `app` describe itself with our document, made once."""

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def document(app: FastAPI) -> Document:
    """Return the OpenAPI document of an app."""
    found = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=list(TAGS)
    )
    schemas = found["components"]["schemas"]
    models: Any = [(model, "validation") for model in (*MODELS, *docs.MODELS)]
    schemas.update(models_json_schema(models, ref_template=REF)[1]["$defs"])
    found["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "an API key; not needed on a loopback-only service"}
    }
    for path, operations in found["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in OPEN else [{"key": []}, {}]
    docs.complete(found)
    for path, model, example in BODIES:
        found["paths"][path]["post"]["requestBody"] = _body(model, schemas, example)
        schemas[model] = _with_null(schemas[model])
    for model in ("SavedRecipe", "NewReviewLink"):
        schemas[model] = _with_null(schemas[model])
    for content in found["paths"]["/generate"]["post"]["requestBody"]["content"].values():
        content["examples"].update(FROM_TEXT)
    edits = _body("CustomiseRequest", schemas, packshots.COLOUR_THEN_PACKSHOT)
    for kind, content in found["paths"]["/customise"]["post"]["requestBody"]["content"].items():
        example = edits["content"][kind]["examples"]["example"]
        content["examples"]["edits"] = {**example, "summary": "A colour, then a packshot"}
    further = _body("CustomiseRequest", schemas, examples.WITH_A_SCENE)
    for kind, content in found["paths"]["/customise"]["post"]["requestBody"]["content"].items():
        example = further["content"][kind]["examples"]["example"]
        content["examples"]["images"] = {**example, "summary": "With a second image, of a scene"}
    return found


def _body(model: str, schemas: Document, example: Document) -> Document:
    schema = schemas[model]
    form = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in example.items()}
    picture: Document = {"image": "(the bytes)"} if "image" in schema["properties"] else {}
    if "images" in example:
        picture["images"] = ["(the bytes)"] * len(example["images"])
    parts = {name: _part(name, field, schemas) for name, field in schema["properties"].items()}
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": REF.format(model=model)},
                "examples": {"example": {"summary": "As JSON, with an image as a data URI", "value": example}},
            },
            "multipart/form-data": {
                "schema": {**schema, "properties": parts},
                "examples": {
                    "example": {"summary": "As a form, with an image as a file", "value": {**form, **picture}}
                },
            },
        },
    }


def _with_null(schema: Document) -> Document:
    """Return the schema of a JSON body: null says nothing, so every field that may be left out may be null too."""
    required = schema.get("required", [])
    fields = {name: f if name in required else _or_null(f) for name, f in schema["properties"].items()}
    return {**schema, "properties": fields}


def _or_null(field: Document) -> Document:
    if {"type": "null"} in field.get("anyOf", []):
        return field
    about: Document = {key: field[key] for key in ("title", "description", "default") if key in field}
    said = {key: value for key, value in field.items() if key not in about}
    return {"anyOf": [*said.get("anyOf", [said]), {"type": "null"}], **about}


def _part(name: str, field: Document, schemas: Document) -> Document:
    """Return the schema of a field as a form part: a file, or text; objects and lists are JSON; null cannot be said."""
    about: Document = {key: field[key] for key in ("title", "description") if key in field}
    if name in PARTS:
        return {**PARTS[name], **about}
    options = [option for option in field.get("anyOf", []) if option.get("type") != "null"]
    said = options[0] if options else {key: value for key, value in field.items() if key not in about}
    if (
        said.get("type") in ("array", "object")
        or "oneOf" in said
        or "properties" in schemas.get(said.get("$ref", "").rpartition("/")[2], {})
    ):
        held = {key: value for key, value in said.items() if key != "default"}
        return {"type": "string", "contentMediaType": "application/json", "contentSchema": held, **about}
    return {**said, **about}
