"""The JSON bodies of other APIs."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from likeness.contract.errors import FieldProblem, InvalidField
from service.http import strict_json
from service.http.problems import of_validation

Request = TypeVar("Request", bound=BaseModel)


def request_of(body: bytearray, model: type[Request]) -> Request:
    """Return the request in a JSON body. Raises InvalidField, naming the invalid fields."""
    fields = strict_json.loads(body)
    if not isinstance(fields, dict):
        raise InvalidField("body: an object is needed", [FieldProblem("#/", "an object")])
    try:
        return model.model_validate(fields, strict=True)
    except ValidationError as error:
        raise of_validation(error) from error
