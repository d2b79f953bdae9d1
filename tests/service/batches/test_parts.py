"""The parts of batches that need no service: rows, recipes, records, cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.contract.batches import Standing
from likeness.contract.errors import InvalidField
from service.batches import rows
from service.batches.manifest import _harmless
from service.batches.recipes import Recipe
from service.queue.batch_records import Record, records_in


def test_json_is_read_item_by_item_with_lines_whatever_comes_first() -> None:
    text = b'{"items": [\n {"reference": "A"},\n\n {"reference": "B", "x": null}], "recipes": [{"name": "a"}]}'
    posted = rows.of_json(bytearray(text))
    assert posted.head == {"recipes": [{"name": "a"}]}
    for _ in range(2):
        assert [(row.line, row.fields) for row in posted.rows()] == [(2, {"reference": "A"}), (4, {"reference": "B"})]


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[1]", b'{"items": [1,]}', b'{"items": [1], }', b'{"items": [1] "a": 2}', b'{"items": []} x', b"{}"),
        *(
            b'{"items": [{"a": 1, "a": 2}]}',
            b'{"items": [NaN]}',
            b'{"items": 3}',
            b'{"items": [], "items": []}',
            b"\xff",
        ),
    ],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidField):
        list(rows.of_json(bytearray(text)).rows())


def test_values_fill_their_places() -> None:
    recipe = Recipe.of({"name": "a", "kind": "customise", "text": "{{x}} {name} for {price}", "strength": "{how}"})
    assert recipe.uses == {"name", "price", "how"}
    filled = recipe.filled({"name": "Cap", "price": 3, "how": 0.5})
    assert filled == {"text": "{x} Cap for 3", "strength": 0.5}
    assert recipe.filled({"name": "Cap", "price": "3", "how": "0.5"})["strength"] == 0.5
    with pytest.raises(InvalidField, match="how: missing"):
        recipe.filled({"name": "Cap", "price": 3})


@given(st.sampled_from(Standing), st.integers(0, 255), st.integers(0, 2**48 - 1))
def test_a_record_is_eight_bytes_and_comes_back(standing: Standing, attempt: int, milliseconds: int) -> None:
    record = Record(standing, attempt, milliseconds)
    assert len(bytes(record)) == 8
    assert list(records_in(bytes(record) * 3)) == [record] * 3


def test_a_job_has_one_id_for_each_attempt() -> None:
    first = Record().queued()
    again = first.ended(Standing.FAILED).again().queued()
    ids = {record.job_id("b" * 32, place) for record in (first, again) for place in (0, 1)}
    assert len(ids) == 4 and first.job_id("b" * 32, 0) in ids
    assert {len(one) for one in ids} == {32}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_a_cell_is_no_formula(cell: str) -> None:
    assert _harmless(cell) == f"'{cell}"
    assert _harmless(f"a{cell}") == f"a{cell}"
    assert _harmless(-1.5) == -1.5
