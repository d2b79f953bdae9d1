"""What every command that submits images has in common: folders, flags, lines of JSON, rejected results, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image

from likeness.cli.main import app
from likeness.contract.comparison import Compare
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.tasks import Customise, Generate, Recreate
from tests.cli.test_main import likeness, told
from tests.support.stub import COMPARISON, DONE, IMAGE, JOB, REPORT, RESULT, Answer, Asked, running

REJECTED = {**REPORT, "verdict": "rejected", "reasons": ["ssim 0.10 is below the asked 0.60"]}
FLAGS = {
    "edits": "--edit",
    "loras": "--lora",
    "thresholds": "--threshold",
    "controls": "--control",
    "control": "--control-map",
    "style_image": "--style",
    "width": "--size",
    "height": "--size",
    "runs": "--engine",
}
"""Flags that are called otherwise than their fields."""
PRINTING = {("customise", "size"): "--print-size"}
ARGUMENTS = {("generate", "prompt")}


@pytest.mark.parametrize("model", [Recreate, Customise, Generate, Compare, Cutout, Packshot, Check])
def test_every_field_of_the_api_has_its_flag(model: Any) -> None:
    command = model.model_fields["kind"].default
    parsed = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    flags = {flag for parameter in parsed.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    fields = {name for name in model.model_fields if name != "kind" and (command, name) not in ARGUMENTS}
    assert {
        PRINTING.get((command, name)) or FLAGS.get(name, f"--{name.replace('_', '-')}") for name in fields
    } - flags == set()


def folder_of_pictures(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in names:
        Image.new("RGB", (8, 8), "red").save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def picture() -> bytes:
    import io

    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


class Shop:
    """A stub of a service that rejects the pictures whose name begins with `bad` and fails those with `broken`."""

    def __init__(self, made: int = 1) -> None:
        self.posted: list[bytes] = []
        self.made = made

    def __call__(self, asked: Asked) -> Answer:
        if asked.method == "POST":
            self.posted.append(asked.body)
            name = next((word for word in ("bad", "broken") if f'filename="{word}'.encode() in asked.body), "good")
            return Answer({**JOB, "id": f"{name}{len(self.posted)}"}, 202)
        job = asked.path.split("/")[2].partition("?")[0]
        if "/images/" in asked.path:
            return Answer(picture())
        if job.startswith("broken"):
            failure = {"code": "timeout", "detail": "too long", "fault": "engine"}
            return Answer({**JOB, "id": job, "status": "failed", "error": failure})
        report = REJECTED if job.startswith("bad") else REPORT
        result = {**RESULT, "images": [{**IMAGE, "report": report}, {**IMAGE, "report": REJECTED}][: self.made]}
        if asked.path.endswith("/sheet"):
            return Answer(picture())
        return Answer({**DONE, "id": job, "result": {**result, "comparison": COMPARISON}})


COMMANDS = (
    ("recreate",),
    ("customise", "--instruction", "make it red"),
    ("cutout",),
    ("packshot",),
    ("check", "--preset", "amazon-main"),
    ("compare", "--engine", "starter"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_folder_is_a_list_of_its_pictures(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder, shop = folder_of_pictures(tmp_path, "a.png", "b.png"), Shop()
    with running() as stub:
        stub.answer = shop
        done = likeness(command[0], folder, *command[1:], "--url", stub.url, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(shop.posted) == 2
    assert sum(path.suffix == ".png" for path in (tmp_path / "out").iterdir()) >= 2


@pytest.mark.parametrize("command", COMMANDS[:5], ids=lambda command: command[0])
def test_each_job_is_a_line_and_rejected_results_lie_apart(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder, shop = folder_of_pictures(tmp_path, "bad.png", "broken.png", "good.png"), Shop()
    options = ["--json", "--reference", "SKU-1", "--out", tmp_path / "out"]
    with running() as stub:
        stub.answer = shop
        done = likeness(command[0], folder, *command[1:], *options, "--url", stub.url, cwd=tmp_path)
    assert "too long" in told(done, code=2)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["status"], line["verdict"]) for line in lines] == [
        ("succeeded", "rejected"),
        ("failed", None),
        ("succeeded", "accepted"),
    ]
    assert {line["reference"] for line in lines} == {"SKU-1"}
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png")}
    assert found == {"good.png", "rejected/bad.png"}
    assert lines[0]["saved"] == str(tmp_path / "out/rejected/bad.png")


def test_all_candidates_are_saved_each_by_its_verdict(tmp_path: Path) -> None:
    folder, shop = folder_of_pictures(tmp_path, "good.png"), Shop(made=2)
    with running() as stub:
        stub.answer = shop
        options = ["--candidates", 2, "--keep", "all", "--out", tmp_path / "out", "--url", stub.url]
        done = likeness("recreate", folder, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png")}
    assert found == {"good.png", "rejected/good.png"}


def test_rejected_images_of_a_job_are_fetched_into_a_folder_of_their_own(tmp_path: Path) -> None:
    with running() as stub:
        stub.answer = Shop(made=2)
        done = likeness("jobs", "images", "good1", "--out", tmp_path, "--url", stub.url)
    assert done.returncode == 0 and (tmp_path / "rejected/good1-1.png").exists()
    assert (tmp_path / "good1-0.png").exists() and not (tmp_path / "good1-1.png").exists()


def test_flags_become_fields(tmp_path: Path) -> None:
    folder, shop = folder_of_pictures(tmp_path, "a.png"), Shop()
    options = ["--reference", "SKU 1", "--metadata", "season=SS27", "--metadata", "note=a=b", "--recipe", "navy"]
    options += ["--webhook", "https://example.com/hook", "--priority", "batch", "--strength", "0.3", "--attempts", "2"]
    options += [
        "--threshold",
        "ssim=0.8",
        "--threshold",
        "psnr=none",
        "--lora",
        "linen=0.5",
        "--lora",
        "wool",
        "--exact",
    ]
    with running() as stub:
        stub.answer = shop
        done = likeness("recreate", folder, *options, "--url", stub.url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in (
        b'name="reference"\r\n\r\nSKU 1\r\n',
        b'name="metadata"\r\n\r\n{"season":"SS27","note":"a=b"}',
        b'name="recipe"\r\n\r\nnavy\r\n',
        b'name="webhook"\r\n\r\nhttps://example.com/hook\r\n',
        b'name="priority"\r\n\r\nbatch\r\n',
        b'name="strength"\r\n\r\n0.3\r\n',
        b'name="attempts"\r\n\r\n2\r\n',
        b'name="thresholds"\r\n\r\n{"ssim":0.8,"psnr":null}',
        b'name="loras"\r\n\r\n[{"name":"linen","weight":0.5},{"name":"wool","weight":1}]',
        b'name="exact"\r\n\r\ntrue\r\n',
    ):
        assert part in shop.posted[0], part
    assert shop.posted[0].count(b"form-data; name=") == 11, "what is not given is not sent"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--metadata", "season"), "--metadata season: expected NAME=VALUE, each name once"),
        (("--metadata", "a=1", "--metadata", "a=2"), "--metadata a=2: expected NAME=VALUE, each name once"),
        (("--threshold", "ssim=high"), "--threshold ssim=high: expected a number"),
        (("--lora", "linen=much"), "--lora linen=much: expected a number"),
    ],
)
def test_a_flag_that_is_malformed_is_named(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    assert told(likeness("recreate", "a.png", *options, cwd=tmp_path), code=1) == f"likeness: {said}\n"


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    folder = folder_of_pictures(tmp_path)
    assert "no image in" in told(likeness("recreate", folder, cwd=tmp_path), code=1)


def test_recipes_are_saved_listed_and_deleted(tmp_path: Path) -> None:
    recipe = {"name": "navy", "kind": "customise", "fields": {"recolour": {"to": "#1F4E79"}}}
    asked: list[Asked] = []

    def answer(request: Asked) -> Answer:
        asked.append(request)
        if request.method == "DELETE":
            return Answer(None, 204)
        return Answer({"recipes": [recipe]} if request.path == "/recipes" else recipe)

    with running() as stub:
        stub.answer = answer
        url = ("--url", stub.url)
        done = likeness("recipes", "save", "navy", "customise", 'recolour={"to": "#1F4E79"}', "text=SALE", *url)
        assert done.stdout == 'navy: customise {"recolour": {"to": "#1F4E79"}}\n', done.stderr
        assert json.loads(likeness("recipes", "list", "--json", *url).stdout) == [recipe]
        assert json.loads(likeness("recipes", "show", "navy", *url).stdout) == recipe
        assert likeness("recipes", "delete", "navy", *url).stdout == "navy: deleted\n"
    assert json.loads(asked[0].body) == {
        "kind": "customise",
        "fields": {"recolour": {"to": "#1F4E79"}, "text": "SALE"},
    }
