"""What the command prints."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from likeness.cli.many import Outcome, PictureRequest
from likeness.cli.terminal import edit_lines, edit_table, engine_table, print_report
from likeness.client.models import EngineInfo
from likeness.contract.report import EditReport, FrameRow, Lock, Report, Score, Verdict

PLAIN = Report(
    frame=[FrameRow(name="width", given=8, made=8, equal=True)],
    fidelity=[],
    verdict=Verdict.REJECTED,
    reasons=["the [asked] colour was missed"],
)
SCORES = [
    Score(name="colour_delta_e", value=0.8, unit="dE00", higher_is_better=False),
    Score(name="clip_score", value=None, unit="ratio", higher_is_better=True, reason="no weights"),
]
EDITED = PLAIN.model_copy(
    update={
        "edit": EditReport(asked="recolour [it]", colour="#1F4E79", scores=SCORES, happened=False),
        "locked": Lock(area=0.625, max_abs_diff=0),
    }
)


def printed(show) -> str:
    console = Console(file=StringIO(), width=160)
    show(console)
    return console.file.getvalue()


def test_the_edit_and_the_lock_are_told():
    assert edit_lines(PLAIN) == []
    assert edit_lines(EDITED) == [
        "edit: recolour [it] (#1F4E79): not applied",
        "edit metrics: colour_delta_e 0.8 dE00",
        "protected area: 62.5% of the image, largest change in it 0",
    ]
    assert "edit: recolour [it] (#1F4E79): not applied" in printed(lambda console: print_report(console, EDITED))


def test_a_rejected_customisation_is_shown_with_its_reason():
    outcomes = [
        Outcome(PictureRequest(Path("a.png")), (8, 8), (8, 8), Path("out/a.png"), EDITED, 1.5),
        Outcome(PictureRequest(Path("b.png")), problem="the worker died"),
    ]
    text = printed(lambda console: console.print(edit_table(outcomes, ["make it [red]", "make it denim"])))
    assert "make it [red]" in text and "rejected the [asked] colour was missed" in text
    assert "failed the worker died" in text


def test_engines_are_listed_with_their_ways():
    engine = EngineInfo(name="e", summary="", kinds=["recreate", "customise"], ways=["print"], licence="MIT")
    assert "recreate, print" in printed(lambda console: console.print(engine_table([engine])))


def test_engines_that_no_worker_can_run_are_told_apart_and_names_are_whole():
    about = {"summary": "Changes a picture.", "kinds": ["recreate"], "licence": "CreativeML Open RAIL++-M"}
    absent = EngineInfo(name="sdxl-instruct-pix2pix", installed=False, **about)
    held = EngineInfo(name="starter", resident=[{"worker": "one"}], **about)
    text = " ".join(printed(lambda console: console.print(engine_table([absent, held]), width=80)).split())
    assert text.index("starter in memory") < text.index("sdxl-instruct-pix2pix not installed")
