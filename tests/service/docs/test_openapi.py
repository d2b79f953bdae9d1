"""The API's description: exported, complete, and true."""

import json

import pytest
from pydantic import TypeAdapter

from likeness.contract.labels import Labelled
from likeness.contract.tasks import Generate
from service.compat.openai import examples as openai_examples
from service.compat.openai.schemas import (
    EditRequest,
    GenerationRequest,
    OpenAIError,
    OpenAIEvent,
    OpenAIImages,
    OpenAIModels,
)
from service.docs import examples
from service.docs.reference import as_markdown
from service.http.problems import STATUS
from service.jobs.dry_run import DryRun
from service.openapi import as_json, as_typescript, document
from service.schemas.engines import EngineList
from service.schemas.jobs import AcceptedJob, JobPage, JobView
from service.schemas.requests import CompareRequest, CustomiseRequest, RecreateRequest
from tests.support.places import ROOT

OPERATIONS = [
    (path, method, operation) for path, methods in document()["paths"].items() for method, operation in methods.items()
]
NAMES = [f"{method} {path}" for path, method, _ in OPERATIONS]
OPENAI = [row for row in OPERATIONS if row[2]["tags"] == ["openai"]]
"""Their errors have another shape."""
OURS = [row for row in OPERATIONS if row not in OPENAI]


def test_the_export_is_fresh() -> None:
    exported = (ROOT / "openapi/openapi.json").read_text("utf-8")
    assert exported == as_json(document()), "stale: run `make openapi`"


def test_the_types_are_fresh() -> None:
    assert (ROOT / "openapi/likeness.d.ts").read_text("utf-8") == as_typescript(document()), "stale: run `make openapi`"


def test_the_reference_is_fresh_and_names_every_call_and_error() -> None:
    page = (ROOT / "docs/api.md").read_text("utf-8")
    assert page == as_markdown(document()), "stale: run `make openapi`"
    assert [name for name in NAMES if f"### {name.split()[0].upper()} {name.split()[1]}\n" not in page] == []
    told = {kind.code for kind in STATUS if any(f"`{kind.code}`" in str(one) for _, _, one in OURS)}
    assert [code for code in sorted(told) if f"| `{code}` |" not in page] == []


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_every_operation_has_examples(path: str, method: str, operation: dict) -> None:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        assert content["examples"], media_type
    for status, response in operation["responses"].items():
        assert response["description"]
        for media_type, content in response.get("content", {}).items():
            assert content["examples"], (status, media_type)
            assert content["schema"], (status, media_type)
    for parameter in operation.get("parameters", []):
        assert parameter["description"]


@pytest.mark.parametrize(("path", "method", "operation"), OPENAI, ids=[row[0] for row in OPENAI])
def test_openais_errors_are_documented_in_its_shape(path: str, method: str, operation: dict) -> None:
    found = {status: response for status, response in operation["responses"].items() if status >= "400"}
    assert {"400", "401", "503"} <= set(found) and "422" not in found
    for response in found.values():
        for code, example in response["content"]["application/json"]["examples"].items():
            assert OpenAIError.model_validate(example["value"]).error.code == code
            assert f"`{code}`" in response["description"]


@pytest.mark.parametrize(("path", "method", "operation"), OURS, ids=[f"{row[1]} {row[0]}" for row in OURS])
def test_errors_are_documented_with_their_codes(path: str, method: str, operation: dict) -> None:
    statuses = {kind.code: status for kind, status in STATUS.items()}
    found = {status: response for status, response in operation["responses"].items() if status >= "400"}
    assert "422" in found
    for status, response in found.items():
        for code, example in response["content"]["application/problem+json"]["examples"].items():
            assert statuses[code] == int(status) == example["value"]["status"]
            assert f"`{code}`" in response["description"]
    assert ("401" in found) == (path not in ("/healthz", "/readyz"))


def test_examples_are_what_the_models_give() -> None:
    for model, example in [
        (AcceptedJob, examples.ACCEPTED),
        (JobView, examples.RUNNING),
        (JobView, examples.SUCCEEDED),
        (JobView, examples.CUSTOMISED),
        (JobView, examples.CANCELLED),
        (JobView, examples.COMPARED),
        (JobView, examples.REPRODUCED),
        (JobView, examples.GENERATED),
        (DryRun, examples.DRY_RUN),
        (JobPage, examples.PAGE),
        (EngineList, examples.ENGINES),
        (RecreateRequest, examples.RECREATE),
        (CustomiseRequest, examples.CUSTOMISE),
        (CompareRequest, examples.COMPARE),
        (Generate, examples.GENERATE),
        (Generate, examples.GENERATE_FROM_TEXT),
        (OpenAIImages, openai_examples.IMAGES),
        (OpenAIEvent, openai_examples.EVENT),
        (OpenAIModels, openai_examples.MODELS),
        (EditRequest, openai_examples.EDIT),
        (GenerationRequest, openai_examples.GENERATION),
    ]:
        read = TypeAdapter(model).validate_python(example)
        made = read.model_dump(mode="json", exclude_unset=True)
        if isinstance(read, Labelled):  # never written with a task
            made |= {name: getattr(read, name) for name in examples.LABELS if name in read.model_fields_set}
        assert made == example


def test_every_reference_leads_somewhere() -> None:
    found = document()
    text = json.dumps(found)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in found["components"]["schemas"]
    assert "HTTPValidationError" not in text


def test_every_link_leads_to_an_operation() -> None:
    known = {operation["operationId"]: operation for _, _, operation in OPERATIONS}
    links = document()["paths"]["/recreate"]["post"]["responses"]["202"]["links"]
    assert set(links) == {"read", "cancel", "delete", "report", "reproduce"}
    for link in links.values():
        named = {parameter["name"] for parameter in known[link["operationId"]]["parameters"]}
        assert set(link["parameters"]) <= named


def test_the_other_spelling_is_the_same_call_and_shown_once() -> None:
    paths = document()["paths"]
    assert "/customize" not in paths and "POST /customize" in paths["/customise"]["post"]["description"]


def test_a_form_says_what_is_a_file_and_what_is_json() -> None:
    body = document()["paths"]["/customise"]["post"]["requestBody"]["content"]
    parts = body["multipart/form-data"]["schema"]["properties"]
    assert parts["image"]["format"] == parts["logo"]["format"] == parts["mask"]["anyOf"][1]["format"] == "binary"
    assert parts["mask"]["anyOf"][0]["enum"] == ["product", "background"]
    for name in ("recolour", "place", "controls", "thresholds"):
        assert parts[name]["contentMediaType"] == "application/json", name
    assert parts["keep"]["$ref"].endswith("/Keep") and parts["steps"]["type"] == "integer"
    for name in ("task", "runs"):
        body = document()["paths"]["/compare"]["post"]["requestBody"]["content"]["multipart/form-data"]
        assert body["schema"]["properties"][name]["contentMediaType"] == "application/json", name
    assert "file" not in str(document()["components"]["schemas"]["CustomiseRequest"]["properties"]["mask"].get("enum"))
