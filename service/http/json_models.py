"""The body of a call that is JSON alone, read as a model."""

import json
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from service.http import strict_json
from service.http.bodies import JSON, body_of, media_type_of
from service.http.problems import of_validation

Model = TypeVar("Model", bound=BaseModel)


async def read_model(request: Request, model: type[Model]) -> Model:
    """Return the body of a request as a model. Raises UnsupportedMedia or InvalidField."""
    media_type_of(request, JSON)
    fields = strict_json.fields_of(await body_of(request))
    try:
        return model.model_validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        raise of_validation(error) from error
