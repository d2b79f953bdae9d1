"""Write the API's description, its TypeScript types and its reference: `python -m service.openapi [FOLDER]`."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from service.app import create_app
from service.config import Settings
from service.docs.reference import as_markdown

FOLDER: Final = Path(__file__).resolve().parent.parent / "openapi"
REFERENCE: Final = FOLDER.parent / "docs/api.md"
HEADER: Final = "// Types of the Likeness API. Made from openapi.json by `python -m service.openapi`; do not edit.\n"
SCALARS: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = dict[str, Any]


def document() -> Schema:
    """Return the OpenAPI document of a service with default settings."""
    return create_app(Settings(host="127.0.0.1", store_url="memory://", keys_file=None, catalogue=None)).openapi()


def as_json(found: Schema) -> str:
    """Return the document as text, the same for the same API."""
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def as_typescript(found: Schema) -> str:
    """Return a TypeScript declaration for each schema of the document."""
    schemas = sorted(found["components"]["schemas"].items())
    return HEADER + "".join(f"\n{_comment(schema, '')}{_declared(name, schema)}" for name, schema in schemas)


def _declared(name: str, schema: Schema) -> str:
    if "properties" in schema:
        return f"export interface {name} {_object(schema)}\n"
    return f"export type {name} = {_type(schema)};\n"


def _object(schema: Schema) -> str:
    required = schema.get("required", [])
    lines = [
        f"{_comment(field, '  ')}  {name}{'' if name in required else '?'}: {_type(field)};\n"
        for name, field in schema["properties"].items()
    ]
    return "{\n" + "".join(lines) + "}"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(option) for option in options))
    if schema.get("type") == "array":
        return f"Array<{_type(schema['items'])}>"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties", True)
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    return SCALARS.get(schema.get("type", ""), "unknown")


def _comment(schema: Schema, indent: str) -> str:
    text = " ".join(schema.get("description", "").split()).replace("*/", "* /")
    return f"{indent}/** {text} */\n" if text else ""


def main() -> None:
    """Write all three to the folder given, or to `openapi/` and the reference to `docs/api.md`."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    found = document()
    (folder / "openapi.json").write_text(as_json(found), "utf-8")
    (folder / "likeness.d.ts").write_text(as_typescript(found), "utf-8")
    (REFERENCE if folder == FOLDER else folder / REFERENCE.name).write_text(as_markdown(found), "utf-8")


if __name__ == "__main__":
    main()
