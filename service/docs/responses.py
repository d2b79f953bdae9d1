"""What the API's description says of each operation beside its types: the errors it may answer, with examples."""

from collections.abc import Sequence
from typing import Any, Final

from likeness.contract import errors
from likeness.contract.errors import FieldProblem, LikenessError
from likeness.contract.instructions import abilities
from service.docs.examples import HERE
from service.http.problems import MEDIA_TYPE, STATUS, Problem, problem_of

Responses = dict[int | str, dict[str, Any]]

EVERYWHERE: Final = (
    errors.InvalidField,
    errors.OriginNotAllowed,
    errors.UploadTooLarge,
    errors.UploadTooSlow,
    errors.TooManyUploads,
)
OWNED: Final = (errors.NotAuthenticated, errors.ScopeMissing, errors.QueueUnavailable)
ONE_JOB: Final = (errors.JobNotFound, errors.JobExpired)

FOLLOWED: Final[dict[str, dict[str, Any]]] = {
    name: {"operationId": operation, "parameters": {"job_id": "$response.body#/id"}}
    for name, operation in {
        "read": "read_job_jobs__job_id__get",
        "cancel": "cancel_job_jobs__job_id__cancel_post",
        "delete": "delete_job_jobs__job_id__delete",
        "report": "read_report_jobs__job_id__report_get",
        "reproduce": "reproduce_job_jobs__job_id__reproduce_post",
    }.items()
}
"""What may be done with a job that was accepted, as OpenAPI's links."""

DETAILS: Final[dict[type[LikenessError], LikenessError]] = {
    errors.InvalidField: errors.InvalidField.at("steps", "Input should be less than or equal to 1000"),
    errors.InstructionNotUnderstood: errors.InstructionNotUnderstood(
        "instruction: the word 'sparkling' is not understood; errors lists what can be asked",
        [FieldProblem("#/instruction", ability) for ability in abilities()],
    ),
    errors.QueueFull: errors.QueueFull("1000 jobs are waiting and at most 1000 may; try again in 12 s", retry_after=12),
}
"""Errors whose example says more than their first line."""


def problems(*kinds: type[LikenessError], instance: str = "/recreate") -> Responses:
    """Return the `responses` of an operation for these errors, one entry per status with the codes it may have."""
    found: dict[int, list[type[LikenessError]]] = {}
    for kind in kinds:
        found.setdefault(STATUS[kind], []).append(kind)
    return {status: _response(status, list(dict.fromkeys(group)), instance) for status, group in found.items()}


def problems_of_job(*kinds: type[LikenessError], below: str = "") -> Responses:
    """Return the `responses` of an operation on one job, at `below` its address, for these errors and every job's."""
    return problems(*EVERYWHERE, *OWNED, *ONE_JOB, *kinds, instance=f"{HERE}{below}")


def _response(status: int, kinds: Sequence[type[LikenessError]], instance: str) -> dict[str, Any]:
    examples = {kind.code: {"summary": kind.title, "value": _example(kind, status, instance)} for kind in kinds}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}}
    described: dict[str, Any] = {"description": " · ".join(f"`{kind.code}`" for kind in kinds), "content": content}
    if any(
        kind
        in (
            errors.QueueFull,
            errors.QuotaExceeded,
            errors.TooManyUploads,
            errors.IdempotencyPending,
            errors.QueueUnavailable,
        )
        for kind in kinds
    ):
        described["headers"] = {"Retry-After": _header("seconds to wait before trying again", "integer")}
    return described


def _example(kind: type[LikenessError], status: int, instance: str) -> dict[str, Any]:
    error = DETAILS.get(kind) or kind((kind.__doc__ or "").strip())
    return problem_of(error, status, instance, "5f2b8c1d9e3a7046").model_dump()


def _header(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


def answer(description: str, example: Any, **headers: str) -> dict[str, Any]:  # noqa: ANN401  any JSON value
    """Return the description of a JSON answer with its example; each header is given by what it says."""
    described: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"examples": {"example": {"value": example}}}},
    }
    if headers:
        described["headers"] = {
            name.replace("_", "-"): _header(text, "integer" if name == "Retry_After" else "string")
            for name, text in headers.items()
        }
    return described


def json_body(schema: str, example: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON value
    """Return what an operation adds to its description that reads its body by itself, as JSON: schema and example."""
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": {"example": {"value": example}}}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def file(description: str, media_types: Sequence[str], **headers: str) -> dict[str, Any]:
    """Return the description of an answer that is a file."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    described = answer(description, None, **headers)
    described["content"] = {
        name: {**binary, "examples": {"example": {"summary": "the bytes", "value": "..."}}} for name in media_types
    }
    return described


__all__ = [
    "EVERYWHERE",
    "FOLLOWED",
    "OWNED",
    "Problem",
    "Responses",
    "answer",
    "file",
    "json_body",
    "problems",
    "problems_of_job",
]
