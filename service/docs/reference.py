"""The API reference: the OpenAPI document as a page for people, docs/api.md."""

import json
from typing import Any, Final

Document = dict[str, Any]

HEADER: Final = """# API reference

Made from `openapi/openapi.json` by `make openapi`; do not edit. A running service has the document at
`/openapi.json`; [openapi/likeness.d.ts](../openapi/likeness.d.ts) has its types for TypeScript.

A call takes `Authorization: Bearer <key>` where keys are in use. The fields of a form (`multipart/form-data`) and of a
JSON body are the same; in a form images are files, and objects are JSON text. An unknown field or query parameter is
an error.
"""
ERRORS: Final = """## Errors

Every error is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `instance`, `code`, `errors`
(each with `pointer` and `detail`) and `request_id`. `code` is stable; `detail` is for people and may change.
The calls of other APIs ([clients.md](clients.md)) tell errors as those do; their codes stand with them.

| code | status | what |
|---|---|---|
"""


def as_markdown(found: Document) -> str:
    """Return the reference of an OpenAPI document, the same for the same document."""
    schemas = found["components"]["schemas"]
    groups = [_group(tag, found["paths"], schemas) for tag in found["tags"]]
    objects = "".join(_object(name, schema) for name, schema in sorted(schemas.items()) if _is_shown(name, schema))
    return "\n".join([HEADER, *groups, ERRORS + _codes(found["paths"]), "## Objects\n\n" + objects]).rstrip() + "\n"


def _group(tag: Document, paths: Document, schemas: Document) -> str:
    head = f"## {tag['name'].capitalize()}\n\n{tag['description']}.\n"
    operations = [
        _operation(path, method, operation, schemas)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if tag["name"] in operation.get("tags", [])
    ]
    return "\n".join([head, *operations])


def _operation(path: str, method: str, operation: Document, schemas: Document) -> str:
    said = [f"### {method.upper()} {path}\n", " ".join(operation["description"].split()) + "\n"]
    if parameters := operation.get("parameters"):
        rows = "".join(_row(f"`{one['name']}`", one["in"], _kind(one["schema"]), _about(one)) for one in parameters)
        said.append("| parameter | in | type | what |\n|---|---|---|---|\n" + rows)
    if body := operation.get("requestBody"):
        said.append(_body(body, schemas))
    said.append(_answers(operation["responses"]))
    return "\n".join(said)


def _body(body: Document, schemas: Document) -> str:
    model = next((_name(content["schema"]) for content in body["content"].values() if "$ref" in content["schema"]), "")
    whole = schemas[model] if model else next(iter(body["content"].values()))["schema"]
    kinds = " or ".join(f"`{kind}`" for kind in body["content"])
    if "properties" not in whole:
        return f"Body: the bytes ({kinds}).\n"
    required = whole.get("required", [])
    fields = sorted(whole["properties"].items(), key=lambda field: field[0] not in required)
    rows = "".join(
        _row(f"`{name}`" + (" *" if name in required else ""), _kind(spec), _default(spec), _about(spec))
        for name, spec in fields
    )
    return f"Body ({kinds}; * is required):\n\n| field | type | default | what |\n|---|---|---|---|\n{rows}"


def _answers(responses: Document) -> str:
    lines = [f"- {status}: {_answer(response)}" for status, response in sorted(responses.items()) if status < "4"]
    codes = [response["description"] for status, response in sorted(responses.items()) if status >= "4"]
    return "\n".join([*lines, f"- errors: {' · '.join(codes)}" if codes else ""]).rstrip() + "\n"


def _answer(response: Document) -> str:
    content = response.get("content", {})
    kinds = [
        _link(media["schema"]) if _name(media.get("schema", {})) else f"`{kind}`" for kind, media in content.items()
    ]
    text = " ".join(response["description"].split()).rstrip(".")
    return f"{text} ({', '.join(kinds)})" if kinds else text


def _media(kind: str, schema: Document) -> str:
    return _link(schema) if _name(schema) else f"`{kind}`"


def _codes(paths: Document) -> str:
    found = {
        code: (status, example["summary"])
        for methods in paths.values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if status >= "4"
        for code, example in response["content"].get("application/problem+json", {}).get("examples", {}).items()
    }
    return "".join(_row(f"`{code}`", status, title) for code, (status, title) in sorted(found.items()))


def _object(name: str, schema: Document) -> str:
    about = " ".join(schema.get("description", "").split())
    if "enum" in schema:
        words = ", ".join(f"`{word}`" for word in schema["enum"])
        return f"### {name}\n\n{about}\n\nOne of {words}.\n\n"
    rows = "".join(_row(f"`{field}`", _kind(spec), _about(spec)) for field, spec in schema["properties"].items())
    return f"### {name}\n\n{about}\n\n| field | type | what |\n|---|---|---|\n{rows}\n"


def _is_shown(name: str, schema: Document) -> bool:
    """Return whether an object is told apart from the bodies, whose fields stand with their calls."""
    return ("properties" in schema or "enum" in schema) and not name.endswith("Request")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def _name(schema: Document) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _link(schema: Document) -> str:
    name = _name(schema)
    return f"[{name}](#{name.lower()})"


def _kind(schema: Document) -> str:
    """Return a schema's type in words, with its bounds."""
    if _name(schema):
        return _link(schema)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(option) for option in options if option.get("type") != "null"))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "any")) + _bounds(schema)


def _bounds(schema: Document) -> str:
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    if low is None and high is None:
        return ""
    return f" {_number(low)}..{_number(high)}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if abs(value) < 1e5 else f"{value:.0f}"


def _default(schema: Document) -> str:
    default = schema.get("default")
    return "" if default is None or default == [] else f"`{json.dumps(default).strip(chr(34))}`"


def _about(spec: Document) -> str:
    return " ".join(spec.get("description", "").split())
