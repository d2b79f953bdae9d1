"""The command `calibrate`: judgements in, a file of limits out, and plain words for a table that cannot be read."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from likeness.cli.main import app
from likeness.contract.gates import read_gates
from likeness.contract.report import Thresholds
from likeness.files.judgements import read_judgements
from likeness.imaging.assessment.assess import assess
from likeness.imaging.picture import Picture
from likeness.problems import LocalProblem
from tests.imaging.files import photo

ROWS = [f"P,colour,{0.02 * number}" for number in range(6)] + [f"N,colour,{0.2 + 0.02 * number}" for number in range(6)]


def table(folder: Path, *rows: str, header: str = "judgement,kind,blotches") -> Path:
    file = folder / "judgements.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def test_limits_are_written_for_the_worker(tmp_path: Path) -> None:
    out = tmp_path / "limits.json"
    done = CliRunner().invoke(app, ["calibrate", str(table(tmp_path, *ROWS)), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "colour" in done.stdout and "50%" in done.stdout and "100%" in done.stdout
    limit = read_gates(out)["colour"]["blotches"]
    assert limit is not None and 0.1 < limit < 0.2


def test_a_row_may_name_the_report_of_an_image(tmp_path: Path) -> None:
    given = Picture(photo("RGB", 60, 50), "png")
    report = assess(given, given, Thresholds())
    (tmp_path / "a.json").write_text(report.model_dump_json())
    (judged,) = read_judgements(table(tmp_path, "publish,a.json", header="judgement,report"))
    assert judged.kind == "recreate" and judged.judgement == "P"
    assert judged.figures == {figure.name: figure.value for figure in report.figures}


@pytest.mark.parametrize(
    ("row", "said"),
    [("maybe,colour,1", "row 2"), ("P,colours,1", "row 2"), ("P,colour,many", "row 2")],
    ids=["judgement", "kind", "figure"],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(LocalProblem, match=said):
        read_judgements(table(tmp_path, row))


def test_a_missing_table_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["calibrate", str(tmp_path / "none.csv")])
    assert done.exit_code == 1 and "cannot be read" in done.output


def test_the_file_holds_only_what_differs(tmp_path: Path) -> None:
    rows = ["P,colour,0.1"] * 5 + ["N,colour,4"] * 5
    out = tmp_path / "limits.json"
    CliRunner().invoke(app, ["calibrate", str(table(tmp_path, *rows)), "--out", str(out)])
    assert json.loads(out.read_text()) == {}
