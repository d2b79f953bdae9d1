"""docs/hardware.md says of each card the engines that the catalogue prefers and that fit it."""

import re

import pytest

from likeness.contract.catalogue import load_catalogue
from tests.support.places import ROOT
from worker.residency.engines import SHARE

PAGE = (ROOT / "docs/hardware.md").read_text("utf-8")
CATALOGUE = load_catalogue()
ASKED = ("instruction", "pattern", "material", "generate", "fill")
"""What the columns of the table are about."""


@pytest.mark.parametrize("row", re.findall(r"^\| (\d+) GB \| ([\d.]+) GB \| (.+) \|$", PAGE, re.MULTILINE))
def test_a_card_is_told_with_what_it_runs(row: tuple[str, str, str]) -> None:
    gigabytes, budget, engines = row
    room = SHARE * int(gigabytes) * 2**30
    assert float(budget) == round(room / 1e9, 1)
    too_large = {spec.name for spec in CATALOGUE.engines if (spec.memory or 0) > room}
    taken = CATALOGUE.defaults(too_large)
    assert engines.replace("`", "").split(" | ") == [taken[wanted].name for wanted in ASKED]


def test_every_figure_is_marked_and_every_source_is_there() -> None:
    table = PAGE[PAGE.index("| machine |") :].split("\n\n")[0].splitlines()[2:]
    marks = [line.strip("|").split("|")[-1].strip() for line in table]
    assert len(marks) > 10 and all(re.match(r"(m:|p \[\d+\]|r$)", mark) for mark in marks), marks
    for line in table:
        *_, seconds, hourly, _ = [cell.strip() for cell in line.strip("|").split("|")]
        for second, images in zip(seconds.split("; "), hourly.split("; "), strict=True):
            rate = float(re.findall(r"[\d.]+", second)[0]) * float(images.replace(",", ""))
            assert rate == pytest.approx(3600, rel=0.05), line
    told = {int(number) for number in re.findall(r"^(\d+)\. .*<https://", PAGE, re.MULTILINE)}
    assert told == {int(number) for number in re.findall(r"\[(\d+)\]", PAGE)}
