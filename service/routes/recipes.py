"""Saved recipes: a part of a call under a name, for calls that say `recipe=name`."""

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.recipes import SavedRecipe
from service.auth.dependencies import Owner
from service.docs.responses import EVERYWHERE, OWNED, answer, json_body, problems
from service.http.json_models import read_model
from service.http.query import OnlyQuery
from service.jobs.recipes import checked
from service.routes.jobs import as_json
from service.routes.paths import RecipePath
from service.schemas.recipes import RecipeList, RecipeView
from service.state import Use

router = APIRouter(tags=["recipes"])

PATH: Final = "/recipes/{recipe}"
INSTANCE: Final = "/recipes/navy-packshot"
SAVED: Final[dict[str, Any]] = {
    "kind": "customise",
    "fields": {"edits": [{"recolour": {"to": "#1F4E79"}}, {"packshot": {"preset": "amazon-main"}}]},
}
EXAMPLE: Final = {**SAVED, "name": "navy-packshot"}
ONE: Final = problems(*EVERYWHERE, *OWNED, errors.RecipeNotFound, instance=INSTANCE)
REFUSING: Final = (
    *(
        errors.UnknownEngine,
        errors.EngineNotInstalled,
        errors.NonCommercialEngine,
        errors.InstructionNotUnderstood,
        errors.PictureTooLarge,
        errors.UnsupportedMedia,
    ),
    errors.RecipeNotFound,
)


@router.put(
    PATH,
    response_model=RecipeView,
    dependencies=[Depends(OnlyQuery())],
    openapi_extra=json_body("SavedRecipe", SAVED),
    responses={
        200: answer("Saved in the place of the recipe of that name", EXAMPLE),
        201: {**answer("Saved", EXAMPLE), "model": RecipeView},
        **problems(*EVERYWHERE, *OWNED, *REFUSING, instance=INSTANCE),
    },
)
async def save_recipe(request: Request, services: Use, owner: Owner, name: RecipePath) -> Response:
    """Save a part of a call under a name, for calls that say `recipe=name`; a call's own fields take precedence.

    Every field is checked, and that the fields do not disagree; a recipe that is a whole call but for its image is
    checked as one. It holds no images: send those with each call. At most 200 recipes are kept for a key, until they
    are deleted; a recipe that is saved again changes no job that was accepted before.
    """
    recipe = await checked(await read_model(request, SavedRecipe), services, owner)
    new = await services.queue.recipes.save(owner, name, recipe)
    return as_json(RecipeView(name=name, **dict(recipe)), 201 if new else 200)


@router.get(
    PATH,
    response_model=RecipeView,
    dependencies=[Depends(OnlyQuery())],
    responses={200: answer("The recipe", EXAMPLE), **ONE},
)
async def read_recipe(services: Use, owner: Owner, name: RecipePath) -> Response:
    """Get a saved recipe."""
    return as_json(RecipeView(name=name, **dict(await services.queue.recipes.read(owner, name))))


@router.delete(
    PATH, status_code=204, dependencies=[Depends(OnlyQuery())], responses={204: {"description": "Deleted"}, **ONE}
)
async def delete_recipe(services: Use, owner: Owner, name: RecipePath) -> Response:
    """Delete a saved recipe. Jobs that were made with it stay as they are."""
    await services.queue.recipes.delete(owner, name)
    return Response(status_code=204)


@router.get(
    "/recipes",
    response_model=RecipeList,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: answer("Your recipes", {"recipes": [EXAMPLE]}),
        **problems(*EVERYWHERE, *OWNED, instance="/recipes"),
    },
)
async def list_recipes(services: Use, owner: Owner) -> Response:
    """List your saved recipes, by name."""
    found = await services.queue.recipes.every(owner)
    return as_json(RecipeList(recipes=[RecipeView(name=name, **dict(recipe)) for name, recipe in found.items()]))
