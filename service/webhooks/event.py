"""The body of a webhook: the job as `GET /jobs/{id}` returns it, but its reviews, shortened until it is small."""

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any, Final

from likeness.contract.catalogue import Catalogue
from likeness.contract.jobs import Job
from service.schemas.jobs import JobView, Links

MOST_BYTES: Final = 20_000
"""Of a body."""

Data = dict[str, Any]


def event_id(job_id: str) -> str:
    """Return the webhook-id of a job's end: the same at each try, by whoever makes it."""
    return f"msg_{job_id}"


def event_of(job: Job, catalogue: Catalogue) -> bytes:
    """Return the body for a job that has ended, as JSON of at most MOST_BYTES; the same job gives the same bytes.

    `left_out` names what did not fit, in the order in which it was left out: `recipes`; `figures` of images and runs;
    `reasons` of images; then the last rows of the longest of `images`, `runs` and `reproduction`, one by one.
    """
    view = JobView.whole(job, Links.of(job, "", None), _weights(job, catalogue))
    data = view.model_dump(mode="json", exclude={"webhook", "review", "reviews"})
    left_out: list[str] = []
    for name, cut in CUTS.items():
        if len(body := _body(job, data, left_out)) <= MOST_BYTES:
            return body
        cut(data)
        left_out.append(name)
    while len(body := _body(job, data, left_out)) > MOST_BYTES:
        name = _drop_last(data)
        left_out += [] if name in left_out else [name]
    return body


def _body(job: Job, data: Data, left_out: list[str]) -> bytes:
    ended = (job.ended_at or job.created_at).astimezone(UTC)
    event = {"type": f"job.{job.status.value}", "timestamp": ended.isoformat(), "data": data, "left_out": left_out}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _weights(job: Job, catalogue: Catalogue) -> str | None:
    used = job.result.engine.name if job.result else job.engine
    return next((spec.weights for spec in catalogue.engines if spec.name == used), None)


def _lists(data: Data) -> dict[str, list[Data]]:
    """Return the lists of a result: its images, a comparison's runs, the images of a job that was run again."""
    result = data["result"] or {}
    runs, again = result.get("comparison") or {}, result.get("reproduction") or {}
    return {"images": result.get("images", []), "runs": runs.get("runs", []), "reproduction": again.get("images", [])}


def _drop_recipes(data: Data) -> None:
    for part in [data["result"] or {}, *_lists(data)["images"]]:
        part.pop("recipe", None)


def _drop_figures(data: Data) -> None:
    found = _lists(data)
    for image in found["images"]:
        image["report"] = {name: image["report"][name] for name in ("verdict", "retouchable", "reasons")}
    for row in found["runs"] + found["reproduction"]:
        for name in ("figures", "timings", "degradations"):
            row.pop(name, None)


def _drop_reasons(data: Data) -> None:
    found = _lists(data)
    for part in [image["report"] for image in found["images"]] + found["reproduction"]:
        part.pop("reasons", None)


CUTS: Final[dict[str, Callable[[Data], None]]] = {
    "recipes": _drop_recipes,
    "figures": _drop_figures,
    "reasons": _drop_reasons,
}
"""What is left out, in order, where the whole does not fit."""


def _drop_last(data: Data) -> str:
    """Leave out the last row of the longest list, or the whole result where its texts alone are too long."""
    name, longest = max(_lists(data).items(), key=lambda item: len(item[1]))
    if longest:
        longest.pop()
        return name
    data["result"] = None
    return "result"
