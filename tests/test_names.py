"""Names of results: safe on every system, and each its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.contract.errors import InvalidField
from likeness.names import LONGEST, Names, check_pattern


def values(reference: str, recipe: str = "white") -> dict[str, str]:
    return {"reference": reference, "recipe": recipe, "set": "", "item": "0", "verdict": "accepted", "ext": "jpg"}


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("SKU-1", "SKU-1-white.jpg"),
        ("../../etc/passwd", "_.._etc_passwd-white.jpg"),
        ('a<b>:"c"|?*', "a_b___c____-white.jpg"),
        ("..", "-white.jpg"),
        ("Mütze", "Mütze-white.jpg"),
        ("a\u202eb", "a\u202eb-white.jpg"),
    ],
)
def test_a_name_leads_out_of_no_folder(reference: str, name: str) -> None:
    assert Names().name(values(reference)) == name


def test_equal_names_are_numbered_whatever_their_case() -> None:
    names = Names("{reference}.{ext}")
    assert [names.name(values(one)) for one in ("a", "A", "a", "b")] == ["a.jpg", "A-2.jpg", "a-3.jpg", "b.jpg"]


def test_a_pattern_makes_folders_and_devices_are_no_names() -> None:
    assert Names("{recipe}/{reference}.{ext}").name(values("a/b")) == "white/a_b.jpg"
    assert Names("{reference}.{ext}").name(values("CON")) == "_CON.jpg"


@pytest.mark.parametrize("pattern", ["{name}", "{reference", "reference}", "{}", "{reference.x}"])
def test_a_pattern_that_names_nothing_known_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidField):
        check_pattern(pattern)


@given(st.lists(st.text(min_size=1, max_size=300), max_size=20))
def test_any_texts_make_names_of_their_own_that_fit(texts: list[str]) -> None:
    names = Names()
    made = [names.name(values(text.encode("utf-8", "replace").decode())) for text in texts]
    assert len({name.casefold() for name in made}) == len(made)
    for name in made:
        assert "/" not in name and not name.startswith(".") and len(name.encode()) <= LONGEST + 6
