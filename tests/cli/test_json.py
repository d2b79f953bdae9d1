"""What the `likeness` command gives to programs: JSON, exit codes, words for a shell to complete."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_main import EXAMPLES, customised, likeness, told
from tests.cli.test_tries import tried
from tests.support.stub import COMPARISON, DONE, JOB, SAME, Answer


def test_what_is_made_can_be_json(tmp_path):
    done, _ = customised(tmp_path, [Answer(JOB, 202), Answer(DONE)], "--recolour", "#1F4E79", "--json")
    (made,) = map(json.loads, done.stdout.splitlines())
    assert (made["job"], made["faults"], made["report"]["verdict"]) == ("j1", [], "accepted")
    assert made["saved"] == str(tmp_path / "out/shirt.png") and "customise" not in done.stdout


@pytest.mark.parametrize(
    ("result", "arguments"),
    [
        ({"comparison": COMPARISON}, ["compare", EXAMPLES / "cap-plaid.jpg", "--engine", "starter"]),
        ({"reproduction": {"job": "j0", "images": [SAME]}}, ["reproduce", "j0"]),
        ({}, ["generate", "a red shirt"]),
    ],
)
def test_a_job_and_where_it_was_saved_can_be_json(tmp_path, result, arguments):
    done, _ = tried(tmp_path, result, *arguments, "--json")
    told_job = json.loads(done.stdout)
    assert (told_job["id"], told_job["status"]) == ("j1", "succeeded")
    assert told_job["files"] and all(Path(file).exists() for file in told_job["files"])


def test_a_failure_can_be_json_too(tmp_path):
    failed = {**JOB, "status": "failed", "error": {"code": "timeout", "detail": "too long", "fault": "engine"}}
    done, _ = customised(tmp_path, [Answer(JOB, 202), Answer(failed)], "--recolour", "#1F4E79", "--json")
    assert told(done, code=2).endswith("too long\n")
    assert [(made["job"], made["faults"]) for made in map(json.loads, done.stdout.splitlines())] == [
        ("j1", ["too long"])
    ]


def test_inspecting_can_be_json():
    done = likeness("inspect", EXAMPLES / "cap-plaid.jpg", "--json")
    assert "jpeg" in json.loads(done.stdout)["picture"].lower()


def test_the_help_says_what_the_exit_codes_mean():
    done = likeness("--help")
    assert "Exit codes: 0" in done.stdout and "--install-completion" in done.stdout


@pytest.mark.parametrize(
    ("line", "word", "offered"),
    [
        ("likeness re", "1", {"recipes", "recreate", "report", "reproduce", "reviews"}),
        ("likeness recreate --engine vqgan", "3", {"vqgan", "vqgan-transformer"}),
    ],
)
def test_a_shell_is_offered_commands_and_engines(line, word, offered):
    words = {"_LIKENESS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": word}
    done = subprocess.run(
        [sys.executable, "-c", "from likeness.cli.main import app; app(prog_name='likeness')"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **words},
        cwd=EXAMPLES.parent,
    )
    assert set(done.stdout.split()) == offered
