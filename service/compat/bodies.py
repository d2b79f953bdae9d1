"""The JSON bodies of other APIs."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from service.http import strict_json
from service.http.problems import of_validation

Request = TypeVar("Request", bound=BaseModel)


def request_of(body: bytearray, model: type[Request]) -> Request:
    """Return the request in a JSON body. Raises InvalidField, naming the invalid fields."""
    try:
        return model.model_validate(strict_json.fields_of(body), strict=True)
    except ValidationError as error:
        raise of_validation(error) from error
