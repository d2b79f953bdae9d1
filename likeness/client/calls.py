"""The methods that both clients share, each defined once, as a function that returns the request to send.

`Client` and `AsyncClient` turn these functions into methods with the same names, parameters and docstrings, which send
the `Call` and return what it reads. Nothing here sends anything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from urllib.parse import quote
from uuid import uuid4

from likeness.client.answers import as_bytes, as_engines, as_health, as_model, as_nothing, as_preview, as_recipes
from likeness.client.body import Fields, File, Picture, Pictures, content_of
from likeness.client.call import Call
from likeness.client.models import DryRun, EngineInfo, Health, JobPage, RemoteJob, RemoteRecipe, Usage
from likeness.contract.comparison import JobKind
from likeness.contract.options import Region
from likeness.contract.packshots import is_background
from likeness.contract.report import Report
from likeness.contract.reviews import ReviewState

PNG: Final = "image/png"


def recreate(picture: Picture, *, idempotency_key: str | None = None, **fields: Fields) -> Call[RemoteJob]:
    """Submit an image to be recreated and return the accepted job.

    `picture` is a path, bytes, an open file, a URL that the service fetches, or `{"job": id, "image": 0}` for an image
    that an earlier job made; `fields` are those of `POST /recreate`.
    Submitting the same content again with the same `idempotency_key` never makes a second job; a random key is used
    when none is given.
    """
    return _submit("/recreate", {"image": picture}, fields, idempotency_key)


def customise(
    picture: Picture,
    *,
    mask: File | None = None,
    logo: File | None = None,
    control: File | None = None,
    style_image: File | None = None,
    guide: File | None = None,
    background: File | None = None,
    images: Sequence[File] = (),
    idempotency_key: str | None = None,
    **fields: Fields,
) -> Call[RemoteJob]:
    """Submit an image to be edited and return the accepted job; `fields` are those of `POST /customise`.

    `mask` is "product", "background" or an image. Images are given as in `recreate`. `edits` is a list of edits to make
    in order, each with fields of its own: `edits=[{"instruction": "make it red"}, {"text": "SALE"}]`. The last may be
    `{"cutout": {}}`, or a packshot: `{"packshot": {"background": "file"}}` is placed before the image `background`.
    `images` are up to three further ones that the instruction speaks of: `image 2` is the first of them.
    """
    region = str(mask) if mask in get_args(Region) else None
    files: dict[str, Pictures] = {"image": picture, "mask": None if region else mask, "logo": logo}
    files |= {"control": control, "style_image": style_image, "guide": guide, "background": background}
    files["images"] = list(images) or None
    return _submit("/customise", files, {**fields, "mask": region}, idempotency_key)


def cutout(
    picture: File, *, mask: File | None = None, idempotency_key: str | None = None, **fields: Fields
) -> Call[RemoteJob]:
    """Submit an image whose product is to be cut out and return the accepted job.

    `fields` are those of `POST /cutout`; images are given as in `recreate`.
    """
    return _submit("/cutout", {"image": picture, "mask": mask}, fields, idempotency_key)


def packshot(
    picture: File,
    *,
    mask: File | None = None,
    background: File | None = None,
    idempotency_key: str | None = None,
    **fields: Fields,
) -> Call[RemoteJob]:
    """Submit an image to be made a packshot of and return the accepted job; `fields` are those of `POST /packshot`.

    `background` is a colour, such as "white", or an image. Images are given as in `recreate`.
    """
    word = str(background) if isinstance(background, str) and is_background(background) else None
    files = {"image": picture, "mask": mask, "background": None if word else background}
    return _submit("/packshot", files, {**fields, "background": word}, idempotency_key)


def check(
    picture: File, preset: str, *, mask: File | None = None, idempotency_key: str | None = None, **fields: Fields
) -> Call[RemoteJob]:
    """Submit an image to be judged by the rules of a marketplace and return the accepted job.

    Its report's `compliance` has the rules; its image is the picture with the offending pixels marked.
    """
    return _submit("/check", {"image": picture, "mask": mask}, {**fields, "preset": preset}, idempotency_key)


def compare(
    picture: File,
    runs: Sequence[Mapping[str, Any]],
    task: Mapping[str, Any] | None = None,
    *,
    mask: File | None = None,
    logo: File | None = None,
    control: File | None = None,
    style_image: File | None = None,
    guide: File | None = None,
    idempotency_key: str | None = None,
    **fields: Fields,
) -> Call[RemoteJob]:
    """Submit an image to be run through several engines and settings, and return the accepted job.

    Each of `runs` names an engine and the values to try: `{"engine": "starter", "strength": [0, 0.3]}`. `task` is what
    every run does, with its `kind`; without it, every run recreates the image. The other files belong to the task.
    """
    files = {"image": picture, "mask": mask, "logo": logo, "control": control}
    files |= {"style_image": style_image, "guide": guide}
    return _submit("/compare", files, {**fields, "runs": runs, "task": task}, idempotency_key)


def generate(prompt: str | None = None, *, idempotency_key: str | None = None, **fields: Fields) -> Call[RemoteJob]:
    """Submit a request for a new image and return the accepted job; `fields` are those of `POST /generate`.

    Some engines take a `prompt`, others a class: `label="shirt"`.
    """
    return _submit("/generate", {}, {"prompt": prompt, **fields}, idempotency_key)


def reproduce(job: RemoteJob | str, *, idempotency_key: str | None = None) -> Call[RemoteJob]:
    """Make the images of a job again; the new job's `result.reproduction` reports how closely they match."""
    return Call("POST", f"{path_of(job)}/reproduce", as_model(RemoteJob), {"headers": _keyed(idempotency_key)})


def dry_run(kind: JobKind, picture: File | None = None, **fields: Fields) -> Call[DryRun]:
    """Return what submitting this request would do and how long it would take, without submitting it.

    `fields` are those of `POST /{kind}`. A dry run of `generate` takes no picture.
    """
    content = content_of({"image": picture}, fields)
    return Call("POST", f"/{kind}", as_model(DryRun), {"params": {"dry_run": "true"}, **content})


def job(job_id: str, wait: int = 0, presigned: bool = False) -> Call[RemoteJob]:
    """Return the current state of a job; with `wait`, once it has finished or that many seconds have passed.

    With `presigned`, the URLs of its images point directly to the object store, until `result.links_expire_at`.
    """
    params: dict[str, int | str] = ({"wait": wait} if wait else {}) | ({"links": "presigned"} if presigned else {})
    return Call("GET", path_of(job_id), as_model(RemoteJob), {"params": params or None}, wait)


def page(
    cursor: str | None,
    limit: int,
    reference: str | None = None,
    kind: JobKind | None = None,
    verdict: str | None = None,
    since: datetime | None = None,
    review: ReviewState | str | None = None,
) -> Call[JobPage]:
    """Return a page of the list of jobs, at most `limit` long; the first page if `cursor` is None.

    A filter that is None admits every job; a `since` without a time zone is in this machine's.
    """
    moment = since and since.astimezone().isoformat()
    filters = {"reference": reference, "kind": kind, "verdict": verdict, "since": moment, "review": review}
    params = {"cursor": cursor, **filters}
    given = {name: value for name, value in params.items() if value is not None}
    return Call("GET", "/jobs", as_model(JobPage), {"params": {"limit": limit, **given}})


def image(job: RemoteJob | str, n: int = 0) -> Call[bytes]:
    """Return the bytes of an image of a job; image 0 is the best one."""
    return Call("GET", image_path(job, n), as_bytes)


def matte(job: RemoteJob | str, n: int = 0) -> Call[bytes]:
    """Return what was taken for the product of an image, a grey PNG; corrected, it can be sent as `mask`."""
    return Call("GET", f"{image_path(job, n)}/matte", as_bytes)


def preview(job: RemoteJob | str) -> Call[bytes | None]:
    """Return a preview of a running job as a small JPEG; None if there is none yet."""
    return Call("GET", f"{path_of(job)}/preview", as_preview, good=frozenset({404}))


def sheet(job: RemoteJob | str) -> Call[bytes]:
    """Return the contact sheet of a comparison as a PNG."""
    return Call("GET", f"{path_of(job)}/sheet", as_bytes)


def report(job: RemoteJob | str, n: int = 0) -> Call[Report]:
    """Return the report of an image of a job; image 0 is the best one."""
    return Call("GET", f"{path_of(job)}/report", as_model(Report), _report("application/json", n))


def report_card(job: RemoteJob | str, n: int = 0) -> Call[bytes]:
    """Return the report of an image of a job as a PNG."""
    return Call("GET", f"{path_of(job)}/report", as_bytes, _report(PNG, n))


def save_recipe(name: str, kind: JobKind, **fields: Fields) -> Call[RemoteRecipe]:
    """Save fields of `POST /{kind}` under a name and return them; a call that says `recipe=name` has them too.

    They take the place of a recipe of that name.
    """
    given = {field: value for field, value in fields.items() if value is not None}
    return Call("PUT", recipe_path(name), as_model(RemoteRecipe), {"json": {"kind": kind, "fields": given}})


def recipe(name: str) -> Call[RemoteRecipe]:
    """Return a saved recipe."""
    return Call("GET", recipe_path(name), as_model(RemoteRecipe))


def recipes() -> Call[list[RemoteRecipe]]:
    """Return your saved recipes, by name."""
    return Call("GET", "/recipes", as_recipes)


def delete_recipe(name: str) -> Call[None]:
    """Delete a saved recipe."""
    return Call("DELETE", recipe_path(name), as_nothing)


def engines() -> Call[list[EngineInfo]]:
    """Return the engines of the catalogue."""
    return Call("GET", "/engines", as_engines)


def usage(days: int = 1) -> Call[Usage]:
    """Return your key's usage on the last `days` UTC days, today first, and its limits."""
    return Call("GET", "/usage", as_model(Usage), {"params": {"days": days}})


def health() -> Call[Health]:
    """Return whether the service is ready to run jobs and, if not, what is missing."""
    return Call("GET", "/readyz", as_health, good=frozenset({503}))


def cancel(job: RemoteJob | str) -> Call[RemoteJob]:
    """Cancel a job and return its state."""
    return Call("POST", f"{path_of(job)}/cancel", as_model(RemoteJob))


def delete(job: RemoteJob | str) -> Call[None]:
    """Cancel a job and erase it and its images."""
    return Call("DELETE", path_of(job), as_nothing)


def id_of(job: RemoteJob | str) -> str:
    """Return the id of a job."""
    return job if isinstance(job, str) else job.id


def path_of(job: RemoteJob | str) -> str:
    """Return the path of a job."""
    return f"/jobs/{id_of(job)}"


def recipe_path(name: str) -> str:
    """Return the path of a saved recipe."""
    return f"/recipes/{quote(name, safe='')}"


def image_path(job: RemoteJob | str, n: int) -> str:
    """Return the path of an image of a job."""
    return f"{path_of(job)}/images/{n}"


def _submit(path: str, files: Mapping[str, Pictures], fields: Mapping[str, Fields], key: str | None) -> Call[RemoteJob]:
    return Call("POST", path, as_model(RemoteJob), {"headers": _keyed(key), **content_of(files, fields)})


def _keyed(key: str | None) -> dict[str, str]:
    """Return the header that keeps a retried request from making a second job."""
    return {"Idempotency-Key": key or uuid4().hex}


def _report(media_type: str, n: int) -> dict[str, Any]:
    return {"headers": {"Accept": media_type}, "params": {"image": n} if n else None}
