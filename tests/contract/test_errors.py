"""The error tree."""

import re

from likeness.contract import errors
from likeness.contract.errors import every_error


def test_codes_are_stable_words_and_belong_to_one_error_each() -> None:
    codes = [error.code for error in every_error()]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)


def test_the_drawing_at_the_top_shows_the_whole_tree() -> None:
    drawn = re.findall(r"^(\w+)$|[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    assert {first or second for first, second in drawn} == {error.__name__ for error in every_error()}
