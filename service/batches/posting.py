"""Accepting a batch: read, checked whole, stored in chunks, and only then made known to whoever feeds it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final, Literal

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likeness.contract.batches import MOST_RECIPES
from likeness.contract.errors import FieldProblem, InvalidBatch, InvalidField
from likeness.contract.jobs import new_job_id
from likeness.contract.scheduling import Webhook
from service.batches.checking import Checker
from service.batches.files import BatchFiles
from service.batches.items import Item
from service.batches.recipes import KINDS, OF_BATCH, BatchRecipe, Recipe
from service.batches.rows import Posted
from service.batches.uploads import uploaded
from service.http.problems import of_validation
from service.jobs.accept import missing_engines
from service.jobs.recipes import with_recipe
from service.queue.admission import Claim
from service.queue.batch import Batch, NewBatch
from service.schemas.batches import BatchDryRun
from service.state import Services
from service.webhooks.target import check_webhook

LONGEST_NAME: Final = 200


class BatchHead(BaseModel):
    """What is said of a batch beside its items."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME, description="for you to tell it by")
    recipes: list[BatchRecipe] = Field(
        min_length=1, max_length=MOST_RECIPES, description="what is made of each item; `{value}` stands for its values"
    )
    references: Literal["unique", "numbered"] = Field(
        default="unique", description="whether a reference that stands twice is refused, or becomes `reference-2`"
    )
    webhook: Webhook = None


@dataclass(frozen=True)
class Accepted:
    """A batch that will run; `replayed` when an earlier request with the same key had it accepted."""

    batch: Batch
    replayed: bool = False


async def accept(services: Services, owner: str, posted: Posted, key: str | None) -> Accepted:
    """Accept a batch, durably. Raises InvalidBatch or InvalidField, and Unavailable when that is ours."""
    head, given, checker = await _begun(services, owner, posted)
    batch_id = new_job_id()
    files = BatchFiles(services.store.files, batch_id)
    claim = Claim(key, await to_thread.run_sync(_fingerprint, posted)) if key else None
    try:
        await _store(files, checker, posted)
        await files.put_recipes([one.model_dump(exclude_none=True) for one in given])
        new = NewBatch(
            batch_id, owner, checker.items, [recipe.name for recipe in given], head.name, head.webhook, checker.sets
        )
        made = await services.batches.create(new, claim)
    except BaseException:
        await files.erase_all()
        raise
    if made != batch_id:
        await files.erase_all()
    return Accepted(await services.batches.fetch(made, owner), replayed=made != batch_id)


async def rehearse(services: Services, owner: str, posted: Posted) -> BatchDryRun:
    """Check a batch as `accept` does, but for what is not uploaded yet; nothing is stored. Raises what `accept` raises.

    So a plan is known to be right before thousands of images are sent for it.
    """
    _, given, checker = await _begun(services, owner, posted, uploads_later=True)
    chunks = checker.chunks(posted)
    while await to_thread.run_sync(_next, chunks) is not None:
        pass
    _finish(checker)
    jobs = checker.items * len(given)
    return BatchDryRun(items=checker.items, jobs=jobs, uploads_missing=len(checker.not_uploaded))


async def _begun(
    services: Services, owner: str, posted: Posted, *, uploads_later: bool = False
) -> tuple[BatchHead, list[BatchRecipe], Checker]:
    """Return what is said beside the items, and what checks those, all that does not depend on them checked."""
    head = _head(posted.head)
    check_webhook(head.webhook, owner, services.keys, services.settings)
    given = await _completed(services, owner, head.recipes)
    checker = Checker(
        services,
        owner,
        _recipes(given),
        await missing_engines(services),
        await uploaded(services, owner),
        number_again=head.references == "numbered",
        uploads_later=uploads_later,
    )
    await to_thread.run_sync(checker.check_recipes)
    return head, given, checker


def _head(fields: dict[str, Any]) -> BatchHead:
    try:
        return BatchHead.model_validate(fields)
    except ValidationError as error:
        raise of_validation(error) from error


async def _completed(services: Services, owner: str, given: Sequence[BatchRecipe]) -> list[BatchRecipe]:
    """Return the recipes with what the saved ones that they name say; later changes of those change no batch.

    Raises InvalidBatch.
    """
    problems, found = list[FieldProblem](), list[BatchRecipe]()
    for number, one in enumerate(given):
        try:
            found.append(await _complete(services, owner, one))
        except InvalidField as error:
            problems.append(FieldProblem(f"#/recipes/{number}/recipe", f"recipe {one.name}, {error.detail}"))
    if problems:
        raise InvalidBatch("; ".join(problem.detail for problem in problems), problems)
    return found


async def _complete(services: Services, owner: str, one: BatchRecipe) -> BatchRecipe:
    fields = one.model_dump(exclude={"name", "kind"})
    if "recipe" not in fields or one.kind not in KINDS:
        return one
    whole = await with_recipe(fields, KINDS[one.kind], partial(services.queue.recipes.read, owner))
    own = {name: value for name, value in whole.items() if name in fields or name not in OF_BATCH}
    return BatchRecipe(name=one.name, kind=one.kind, **{name: own[name] for name in own if name != "recipe"})


def _recipes(given: Sequence[BatchRecipe]) -> list[Recipe]:
    """Return the recipes, each checked as far as can be done without items. Raises InvalidBatch."""
    problems, found = list[FieldProblem](), list[Recipe]()
    for number, one in enumerate(given):
        place = f"#/recipes/{number}"
        if any(other.name.casefold() == one.name.casefold() for other in given[:number]):
            problems.append(FieldProblem(f"{place}/name", f"recipe {one.name} stands twice"))
        try:
            found.append(Recipe.of(one.model_dump()))
        except InvalidField as error:
            said = error.problems[0]
            problems.append(FieldProblem(place + said.pointer[1:], f"recipe {one.name}, {error.detail}"))
    if problems:
        raise InvalidBatch("; ".join(problem.detail for problem in problems), problems)
    return found


async def _store(files: BatchFiles, checker: Checker, posted: Posted) -> None:
    """Store the items in chunks while they are checked. Raises InvalidBatch once all of them were looked at."""
    chunks, number = checker.chunks(posted), 0
    while (chunk := await to_thread.run_sync(_next, chunks)) is not None:
        await files.put_items(number, chunk)
        number += 1
    _finish(checker)


def _finish(checker: Checker) -> None:
    if not checker.items:
        raise InvalidField.at("items", "there are none")
    checker.finish()


def _next(chunks: Iterator[list[Item]]) -> list[Item] | None:
    return next(chunks, None)


def _fingerprint(posted: Posted) -> str:
    """Return what makes two batches the same."""
    found = blake2b(repr(sorted(posted.head.items(), key=lambda item: item[0])).encode("utf-8", "replace"))
    for row in posted.rows():
        found.update(repr(row).encode("utf-8", "replace"))
    return found.hexdigest()[:64]
