"""Turn the service's responses into models, or into the LikenessProblem that says what is wrong with them."""

from collections.abc import Callable
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from likeness.client.models import EngineInfo, EngineList, Health, RecipeList, RemoteRecipe
from likeness.client.retries import problem_of
from likeness.problems import LikenessProblem

Model = TypeVar("Model", bound=BaseModel)


def as_model(model: type[Model]) -> Callable[[httpx.Response], Model]:
    """Return a function that parses a JSON response into `model`.

    It raises LikenessProblem (`unexpected_answer`) when the response does not fit, and so is not from Likeness.
    """

    def parse(response: httpx.Response) -> Model:
        try:
            return model.model_validate(response.json(), extra="ignore")
        except (ValidationError, ValueError) as error:
            detail = f"{response.request.url} did not respond like a Likeness service"
            raise LikenessProblem(response.status_code, "unexpected_answer", detail) from error

    return parse


def as_bytes(response: httpx.Response) -> bytes:
    """Return the body."""
    return response.content


def as_nothing(_: httpx.Response) -> None:
    """Ignore the body."""


def as_recipes(response: httpx.Response) -> list[RemoteRecipe]:
    """Return the saved recipes that a response lists."""
    return as_model(RecipeList)(response).recipes


def as_engines(response: httpx.Response) -> list[EngineInfo]:
    """Return the engines of the catalogue."""
    return as_model(EngineList)(response).engines


def as_preview(response: httpx.Response) -> bytes | None:
    """Return the preview, or None for the 404 that means "no preview yet". Raises LikenessProblem for any other."""
    if response.is_success:
        return response.content
    problem = problem_of(response)
    if problem.code != "no_preview":
        raise problem
    return None


def as_health(response: httpx.Response) -> Health:
    """Return the health, also from the 503 that reports what is missing. Raises LikenessProblem for any other."""
    if response.is_success:
        return Health(ready=True)
    problem = problem_of(response)
    if problem.code != "not_ready":
        raise problem
    return Health(ready=False, detail=problem.detail)
