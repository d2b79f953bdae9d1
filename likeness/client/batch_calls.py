"""The methods of both clients for batches, as functions that return the request to send; as in `calls`."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

import httpx

from likeness.client.answers import as_model, as_nothing
from likeness.client.batch_models import BatchDryRun, BatchPage, BatchRow, ManifestPart, RemoteBatch
from likeness.client.body import File, read
from likeness.client.call import Call
from likeness.contract.batches import Retried

JSONL: Final = "application/jsonl"
STEP: Final = "Likeness-Step"


def upload(file: File) -> Call[str]:
    """Upload an image for items of batches and return its sha256: `{"upload": sha256}` is the `image` of an item."""
    _, data = read(file)
    digest = sha256(data).hexdigest()
    return Call("PUT", f"/uploads/{digest}", lambda _: digest, {"content": data})


def has_upload(digest: str) -> Call[bool]:
    """Return whether you have uploaded the bytes of this sha256: then they need not be sent again."""
    return Call("GET", f"/uploads/{digest}", lambda response: response.is_success, good=frozenset({404}))


def submit_batch(
    recipes: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]],
    *,
    name: str | None = None,
    webhook: str | None = None,
    references: str | None = None,
    idempotency_key: str | None = None,
) -> Call[RemoteBatch]:
    """Submit items to be made by recipes, and return the accepted batch.

    A recipe is a call of the API: its `name`, its `kind` and its fields, in which `{value}` stands for an item's own.
    An item has a `reference`, an `image`, a `set`, and values; its image is a URL, `{"upload": sha256}`, or
    `{"job": id, "image": 0}` for one that an earlier job made.
    Submitting the same again with the same `idempotency_key` never makes a second batch.
    """
    head = {"recipes": list(recipes), "name": name, "webhook": webhook, "references": references}
    headers = {"Content-Type": JSONL, "Idempotency-Key": idempotency_key or uuid4().hex}
    return Call("POST", "/batches", as_model(RemoteBatch), {"content": _body(head, items), "headers": headers}, 600.0)


def dry_run_batch(
    recipes: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]], *, references: str | None = None
) -> Call[BatchDryRun]:
    """Have the recipes and every item checked, and return how many jobs it would be; nothing is started.

    What the items name may still have to be uploaded: so a batch is known to be right before its images are sent.
    """
    content = {"content": _body({"recipes": list(recipes), "references": references}, items)}
    sent = {**content, "headers": {"Content-Type": JSONL}, "params": {"dry_run": "true"}}
    return Call("POST", "/batches", as_model(BatchDryRun), sent, 600.0)


def _body(head: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> bytes:
    lines = [{key: value for key, value in head.items() if value is not None}, *items]
    return "\n".join(json.dumps(line, separators=(",", ":")) for line in lines).encode()


def batch(batch: RemoteBatch | str) -> Call[RemoteBatch]:
    """Return how a batch stands."""
    return Call("GET", path_of(batch), as_model(RemoteBatch))


def batch_page(cursor: str | None, limit: int) -> Call[BatchPage]:
    """Return a page of the list of batches, newest first."""
    return Call(
        "GET", "/batches", as_model(BatchPage), {"params": {"limit": limit} | ({"cursor": cursor} if cursor else {})}
    )


def pause_batch(batch: RemoteBatch | str) -> Call[RemoteBatch]:
    """Send no more jobs of a batch to the queue, and return its state."""
    return Call("POST", f"{path_of(batch)}/pause", as_model(RemoteBatch))


def resume_batch(batch: RemoteBatch | str) -> Call[RemoteBatch]:
    """Go on with a batch that was paused, and return its state."""
    return Call("POST", f"{path_of(batch)}/resume", as_model(RemoteBatch))


def cancel_batch(batch: RemoteBatch | str) -> Call[RemoteBatch]:
    """Cancel what has not ended of a batch, and return its state."""
    return Call("POST", f"{path_of(batch)}/cancel", as_model(RemoteBatch))


def retry_batch(batch: RemoteBatch | str, what: Retried = "failed", recipe: str | None = None) -> Call[RemoteBatch]:
    """Make jobs of a batch again, of one recipe or of all, and return its state."""
    params = {"what": what} | ({"recipe": recipe} if recipe else {})
    return Call("POST", f"{path_of(batch)}/retry", as_model(RemoteBatch), {"params": params})


def delete_batch(batch: RemoteBatch | str) -> Call[None]:
    """Cancel a batch, and erase it and its results."""
    return Call("DELETE", path_of(batch), as_nothing)


def manifest(batch: RemoteBatch | str, since: int | None = None, reference: str | None = None) -> Call[ManifestPart]:
    """Return how every job of a batch stands; with `since`, the `step` of an earlier part, the news after that.

    News are jobs that have ended, most of them since then: a job may come again. A `reference` asks for the jobs of
    that item alone.
    """
    params = {name: value for name, value in (("since", since), ("reference", reference)) if value is not None}
    return Call("GET", f"{path_of(batch)}/manifest", _as_manifest, {"params": params}, 60.0)


def path_of(batch: RemoteBatch | str) -> str:
    """Return the path of a batch."""
    return f"/batches/{batch if isinstance(batch, str) else batch.id}"


def image_path(batch: RemoteBatch | str, row: BatchRow) -> str:
    """Return the path of a result of a batch."""
    return f"{path_of(batch)}/images/{row.sha256}"


def _as_manifest(response: httpx.Response) -> ManifestPart:
    rows = [BatchRow.model_validate_json(line) for line in response.content.splitlines()]
    return ManifestPart(rows=rows, step=int(response.headers.get(STEP, "0")))
