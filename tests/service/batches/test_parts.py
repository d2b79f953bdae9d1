"""The parts of batches that need no service: rows, recipes, records, cells."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.contract.batches import Standing
from likeness.contract.errors import InvalidField
from service.batches import rows
from service.batches.manifest import _harmless
from service.batches.recipes import Recipe
from service.http.packed import Packed
from service.http.strict_json import Scanner
from service.queue.batch_records import Record, records_in


def packed(text: bytes) -> Packed:
    body = Packed()
    body.add(text)
    return body


def test_json_is_read_item_by_item_with_lines_whatever_comes_first() -> None:
    text = b'{"items": [\n {"reference": "A"},\n\n {"reference": "B", "x": null}], "recipes": [{"name": "a"}]}'
    posted = rows.of_json(packed(text))
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
        list(rows.of_json(packed(text)).rows())


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=9), st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        )
    ),
    st.data(),
)
def test_json_is_the_same_wherever_its_bytes_are_cut(items: list, data: st.DataObject) -> None:
    text = json.dumps(
        {"items": items, "number": 12345}, ensure_ascii=False, indent=data.draw(st.sampled_from([None, 1]))
    )
    body = text.encode()
    pieces = iter([body[at : at + 1] for at in range(len(body))])
    size = data.draw(st.integers(1, 9))
    scanner = Scanner(iter(lambda: b"".join(itertools.islice(pieces, size)), b""))
    assert scanner.value(len(text)) == json.loads(text) and scanner.next == ""
    assert scanner.line == 1 + text.count("\n")


@pytest.mark.parametrize("wrong", [b'{"a" 1}', b'{"a": tru, "b": 1}', b'{"a": "\\x"}'])
def test_what_is_wrong_in_a_long_text_is_told_with_its_place(wrong: bytes) -> None:
    good = b'{"reference": "A"}, '
    body = b'{"items": [' + good * 10_000 + wrong + b", " + good * 10_000 + b"1]}"
    with pytest.raises(InvalidField, match=r"items/10000: not JSON: .* at character 200[01]\d\d"):
        rows.of_json(packed(body))


def test_an_item_is_of_bounded_length_and_a_long_line_is_read_in_time() -> None:
    long = b'"' + b"x" * 20_000_000 + b'"'
    with pytest.raises(InvalidField, match="items/1: longer than 65536 characters"):
        rows.of_json(packed(b'{"items": [1, ' + long + b"]}"))
    (row,) = rows.of_jsonl(packed(b"{}\n" + long)).rows()
    assert row.wrong == "a line of at most 65536 bytes"


def test_a_body_takes_little_memory_and_is_read_as_often_as_wanted() -> None:
    line = b'{"reference": "SKU-%06d", "image": "https://shop.example.com/photos/%06d.jpg"}\n'
    text = b"".join(line % (number, number) for number in range(20_000))
    body = packed(text)
    assert b"".join(body) == b"".join(body) == text
    assert [*body.lines()] == text.splitlines()
    assert sum(map(len, body._blocks)) < len(text) / 8


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
