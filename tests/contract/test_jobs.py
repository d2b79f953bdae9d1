"""The job as it is handed over."""

import pytest
from pydantic import ValidationError

from likeness.contract.jobs import JobOrder


def test_an_order_that_cannot_be_read_is_refused_without_a_word_of_what_it_asks() -> None:
    order = {"id": "j", "task": {"kind": "recreate", "prompt": "plum zeppelin" * 900, "words": "plum zeppelin"}}
    with pytest.raises(ValidationError) as refused:
        JobOrder.model_validate(order | {"owner": "plum zeppelin", "timeout": "plum zeppelin"})
    assert "task.recreate.prompt" in str(refused.value) and "timeout" in str(refused.value)
    assert "plum" not in str(refused.value)
