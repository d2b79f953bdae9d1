"""The OpenAPI document: what FastAPI finds in the routes, and what it cannot see: the bodies of `POST /recreate`."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from likeness.contract.jobs import Event
from service import examples
from service.errors import Problem
from service.wire import RecreateRequest, StreamedEvent

REF: Final = "#/components/schemas/{model}"
DESCRIPTION: Final = (
    "Recreates product photos: the frame never changes, every result is measured, no accepted job is lost. "
    "Every error is `application/problem+json` (RFC 9457) with a stable `code`."
)
TAGS: Final = [
    {"name": "jobs", "description": "Hand in, follow, stop"},
    {"name": "results", "description": "Images and their reports"},
    {"name": "engines", "description": "What makes the images"},
    {"name": "operation", "description": "For whoever runs the service"},
]
OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Calls that need no API key."""

Document = dict[str, Any]


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
    models: Any = [(model, "validation") for model in (RecreateRequest, Problem, StreamedEvent, Event)]
    schemas.update(models_json_schema(models, ref_template=REF)[1]["$defs"])
    found["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "an API key; not needed on a loopback-only service"}
    }
    for path, operations in found["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in OPEN else [{"key": []}, {}]
    found["paths"]["/recreate"]["post"]["requestBody"] = _body(schemas["RecreateRequest"])
    return found


def _body(schema: Document) -> Document:
    form = {name: value for name, value in examples.RECREATE.items() if not isinstance(value, dict)}
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": REF.format(model="RecreateRequest")},
                "examples": {"example": {"summary": "A data URI and thresholds", "value": examples.RECREATE}},
            },
            "multipart/form-data": {
                "schema": {**schema, "properties": {k: _part(k, v) for k, v in schema["properties"].items()}},
                "examples": {"example": {"summary": "A file", "value": {**form, "image": "(the bytes)"}}},
            },
        },
    }


def _part(name: str, field: Document) -> Document:
    """Return the schema of a field as a form part: a file, or text; an object is JSON text; null cannot be said."""
    if name == "image":
        return {"type": "string", "format": "binary", "description": "the picture file: PNG, JPEG or WebP"}
    about: Document = {key: field[key] for key in ("title", "description") if key in field}
    if name == "thresholds":
        held: Document = {
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": REF.format(model="Thresholds")},
        }
        return {"type": "string", **held, **about}
    options = [option for option in field.get("anyOf", []) if option.get("type") != "null"]
    return {**options[0], **about} if options else field
