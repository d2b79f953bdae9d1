"""Saved recipes as parts of calls: checked when they are saved, and put under the fields of a call that names one."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

from likeness.contract.comparison import Compare, JobTask
from likeness.contract.editing import files_said
from likeness.contract.errors import FieldProblem, InvalidField, RecipeNotFound, RequestError
from likeness.contract.jobs import SentFile
from likeness.contract.labels import RECIPE_PATTERN
from likeness.contract.licences import licensed_plan
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.recipes import SavedRecipe
from likeness.contract.tasks import Customise, Generate, Recreate
from service.jobs.accept import missing_engines
from service.jobs.packshots import check_packshots
from service.jobs.submission import FILES, Model, validated
from service.state import Services

MAX_BYTES: Final = 16_384
"""Of a recipe as JSON."""
OF_EACH_JOB: Final = ("image", "reference", "recipe")
"""What a recipe does not say, for it is of one job alone."""
MODELS: Final[Mapping[str, Model]] = {
    model.model_fields["kind"].default: model
    for model in (Recreate, Customise, Generate, Compare, Cutout, Packshot, Check)
}
ADDED: Final[Mapping[Model, tuple[dict[str, Any], ...]]] = {
    Customise: (
        {"instruction": "make it red"},
        {"mask": "product"},
        {"prompt": "a shirt", "mask": "product"},
        {"text": "A"},
    ),
    Compare: ({"runs": [{}]},),
    Check: ({"preset": "amazon-main"},),
}
"""What a call may add to a recipe that is no whole call by itself: if none makes it one, its own fields disagree."""

Find = Callable[[str], Awaitable[SavedRecipe]]


async def with_recipe(fields: dict[str, Any], model: Model, find: Find) -> dict[str, Any]:
    """Return the fields of a call on top of those of the recipe that it names. Raises InvalidField.

    The words are the same whether a recipe is another owner's or never was.
    """
    name = fields.get("recipe")
    if name is None:
        return fields
    if not isinstance(name, str) or not re.fullmatch(RECIPE_PATTERN, name):
        raise InvalidField.at("recipe", "not a name of a recipe: lower-case letters, digits, - and _, at most 64")
    try:
        recipe = await find(name)
    except RecipeNotFound as error:
        raise InvalidField.at("recipe", error.detail) from error
    if MODELS[recipe.kind] is not model:
        raise InvalidField.at("recipe", f"{name} is for {recipe.kind}, not for {model.model_fields['kind'].default}")
    return {**recipe.fields, **fields}


async def checked(recipe: SavedRecipe, services: Services, owner: str) -> SavedRecipe:
    """Return a recipe without what is null, once each of its fields is valid and they do not disagree.

    One that is a whole call by itself is checked as such. Raises InvalidField and other errors of a request, with
    pointers below `fields`.
    """
    recipe = SavedRecipe(kind=recipe.kind, fields={name: one for name, one in recipe.fields.items() if one is not None})
    if len(recipe.model_dump_json()) > MAX_BYTES:
        raise InvalidField.at("fields", f"at most {MAX_BYTES} bytes")
    missing = await missing_engines(services)
    try:
        _check(recipe, services, owner, missing)
    except RequestError as error:
        places = [problem.pointer.removeprefix("#/") for problem in error.problems]
        problems = [FieldProblem(f"#/fields/{at}", one.detail) for at, one in zip(places, error.problems, strict=True)]
        raise type(error)(f"fields/{error.detail}", problems) from error
    return recipe


def _check(recipe: SavedRecipe, services: Services, owner: str, missing: Collection[str]) -> None:
    model, fields = MODELS[recipe.kind], recipe.fields
    for name in OF_EACH_JOB:
        if name in fields:
            raise InvalidField.at(name, "said in each call, not in a recipe")
    task = _whole(fields, model)
    if task is not None:
        plan = licensed_plan(task, services.catalogue, missing, noncommercial=services.settings.noncommercial)
        check_packshots(plan, services.presets, owner, services.bounds)
    elif isinstance(engine := fields.get("engine"), str):
        services.catalogue.check_installed(services.catalogue.find(engine), missing)


def _whole(fields: dict[str, Any], model: Model) -> JobTask | None:
    """Return the task that the fields make by themselves; None where a call has to add some. Raises InvalidField."""
    edits = fields.get("edits")
    used: set[str] = files_said(edits) if isinstance(edits, list) else set()
    files: list[SentFile] = [name for name in FILES if name in used]
    try:
        return validated(fields, files, model)
    except InvalidField:
        for added in ADDED.get(model, ()):
            try:
                validated({**added, **fields}, files, model)
            except InvalidField:
                continue
            return None
        raise
