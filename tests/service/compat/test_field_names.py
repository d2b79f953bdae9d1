"""Our fields by the names another API has for them."""

import pytest

from likeness.contract.errors import FieldProblem, InvalidField, QueueFull, RequestError
from service.compat.field_names import renamed, told_as

NAMES = {"candidates": "n", "engine": "model"}


def test_fields_at_the_head_of_sentences_are_renamed_and_nothing_else() -> None:
    said = "candidates: at most 8; steps: the engine: 4; engine: engine: none"
    assert renamed(said, NAMES) == "n: at most 8; steps: the engine: 4; model: engine: none"


def test_an_error_keeps_its_kind_and_says_the_other_names() -> None:
    problems = [FieldProblem("#/candidates", "at most 8"), FieldProblem("#/steps", "at least 1")]
    with pytest.raises(InvalidField) as refusal, told_as(NAMES):
        raise InvalidField("candidates: at most 8; steps: at least 1", problems)
    assert [problem.pointer for problem in refusal.value.problems] == ["#/n", "#/steps"]
    assert refusal.value.detail == "n: at most 8; steps: at least 1"


def test_one_without_fields_passes_as_it_is() -> None:
    error = QueueFull("engine: full", retry_after=3)
    with pytest.raises(RequestError) as refusal, told_as(NAMES):
        raise error
    assert refusal.value is error
