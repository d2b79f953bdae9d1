"""Which engine a request gets that names none, by the rows of the catalogue, and what is said of why."""

from pathlib import Path

import pytest

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.instructions import EditKind
from likeness.contract.preferences import fitting_together
from likeness.contract.tasks import Customise, EditType, Generate, Recreate
from tests.support.tiny import MAKERS

SHIPPED = load_catalogue()
PULLED = SHIPPED.missing(())
EXACT = ("recolour", "background", "light", "colourway", "print", "resize", "cutout", "packshot", "check")
CARDS = {8: "instruct-pix2pix", 12: "sdxl-instruct-pix2pix", 24: "flux2-klein", 80: "qwen-image-edit"}
"""Which engine an instruction in free words goes to, by the GB that a worker has for engines."""


def too_large(gigabytes: float) -> dict[str, str]:
    return {spec.name: "is too large" for spec in SHIPPED.engines if (spec.memory or 0) > gigabytes * 1e9}


def test_there_is_an_order_for_everything_that_can_be_asked() -> None:
    said = [str(row.of) for row in SHIPPED.preference]
    through = {EditKind.TEXT: EditType.PRINT, EditKind.SIZE: EditType.RESIZE}
    assert len(set(said)) == len(said)
    assert {through.get(kind, kind) for kind in EditKind} | set(EditType) | {"recreate", "generate"} <= set(said)


def test_an_engine_is_preferred_only_for_what_it_does() -> None:
    for row in SHIPPED.preference:
        in_words = row.of in set(EditKind) - {"cutout"}
        purpose = EditType.INSTRUCTION if in_words else row.of
        for name in row.engines:
            spec = SHIPPED.find(name)
            assert purpose in (*spec.ways, *spec.kinds), f"{row.of}: {name}"
            assert not spec.edits or row.of in (*spec.edits, *spec.ways, *spec.kinds), f"{row.of}: {name}"


def test_what_ships_serves_everything_but_text_to_image() -> None:
    shipped = {spec.name for spec in SHIPPED.engines if not MAKERS.keys() & set(spec.needs)}
    assert [row.of for row in SHIPPED.preference if not shipped & set(row.engines)] == ["instruction", "generate"]


@pytest.mark.parametrize("gigabytes", CARDS)
def test_exact_edits_stay_exact_on_every_card_and_free_words_go_to_the_best_that_fits(gigabytes: int) -> None:
    taken = SHIPPED.defaults(too_large(gigabytes))
    by_arithmetic = {wanted for wanted, spec in taken.items() if spec.name == "retouch"}
    assert by_arithmetic == {*EXACT, *(["pattern"] if gigabytes < 24 else [])}
    assert taken[EditType.INSTRUCTION].name == CARDS[gigabytes]


def test_why_names_each_better_one_and_what_keeps_it_from_being_taken() -> None:
    asked = Customise(instruction="turn the dog into a cat")
    assert SHIPPED.match(asked).why == "the first choice for an instruction in free words"
    reasons = {"qwen-image-edit": "needs 66.0 GB", "flux2-klein": "not installed"}
    found = SHIPPED.match(asked, reasons)
    assert found.spec.name == "sdxl-instruct-pix2pix"
    assert found.why.endswith("(qwen-image-edit: needs 66.0 GB; flux2-klein: not installed)")


def test_one_that_does_not_take_what_is_given_is_passed_over() -> None:
    assert SHIPPED.choose(Generate(prompt="a shoe", negative_prompt="blur")).name == "sdxl"
    depth = Customise(controls=[{"kind": "depth"}], prompt="a shoe")
    assert SHIPPED.choose(depth).name == "sdxl-depth"
    found = SHIPPED.match(Customise(instruction="make it red", guidance_scale=2))
    assert (found.spec.name, "retouch: does not take guidance_scale" in found.why) == ("starter-edit", True)


def test_a_catalogue_of_ones_own_puts_its_engines_first_by_rows_or_by_default_for(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    mine = '[[engine]]\nname = "mine"\nlike = "starter"\n'
    rows = '[[preference]]\nof = "recreate"\nengines = ["starter", "mine"]\n'
    for text, first in ((mine + 'default_for = ["recreate"]\n', "mine"), (rows + mine, "starter")):
        own.write_text(f'extends = "shipped"\n{text}')
        found: Catalogue = load_catalogue(own)
        assert found.choose(Recreate()).name == first
        assert found.choose(Generate(prompt="a shoe")).name == SHIPPED.choose(Generate(prompt="a shoe")).name
    own.write_text(f'extends = "shipped"\n{rows}')
    with pytest.raises(ValueError, match="preference of recreate: mine is not in the catalogue"):
        load_catalogue(own)


def test_engines_are_loaded_ahead_as_preferred_until_memory_is_full() -> None:
    taken = SHIPPED.defaults(too_large(24))
    chosen = dict.fromkeys(spec.name for spec in taken.values())
    names = [spec.name for spec in fitting_together([SHIPPED.find(name) for name in chosen], 24 * 10**9)]
    assert names[0] == "flux2-klein" and "retouch" in names and "sdxl" not in names
    klein = SHIPPED.find("flux2-klein")
    again = klein.model_copy(update={"name": "again"})
    assert fitting_together([klein, again], klein.memory or 0) == [klein, again], "shared weights count once"
