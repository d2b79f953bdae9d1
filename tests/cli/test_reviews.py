"""`likeness reviews`: results approved and rejected, and the way from these judgements to limits of one's own."""

import csv
import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likeness.client import Client
from likeness.contract.gates import Gates, read_gates
from likeness.files.judgements import read_judgements
from likeness.imaging.assessment.calibration import agreement
from tests.cli.test_main import likeness
from tests.service.conftest import Live, live, stack  # noqa: F401  fixtures

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
EACH = 6
SMOOTH, GRAINY = "copy", ""
"""Prompts of the drill for no noise and for faint noise; the limits that ship accept both."""


def photo() -> bytes:
    """Return a picture with edges and shades, as a PNG."""
    down, across = np.mgrid[:96, :72]
    pixels = np.stack([across * 3, down * 2, 200 - across], axis=-1).clip(0, 255).astype(np.uint8)
    pixels[24:-24, 18:-18] = (190, 60, 40)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def run(live: Live, *arguments: object) -> subprocess.CompletedProcess[str]:  # noqa: F811
    return likeness(*arguments, LIKENESS_URL=live.url, COLUMNS="200")


def made(client: Client, prompt: str, reference: str) -> str:
    job = client.recreate(photo(), prompt=prompt, reference=reference)
    return client.wait(job, timeout=60).id


def test_reviews_become_limits(live: Live, tmp_path: Path) -> None:  # noqa: F811
    with Client(live.url) as client:
        good, bad = ([made(client, prompt, "taste") for _ in range(EACH)] for prompt in (SMOOTH, GRAINY))
        verdicts = {client.job(job).result.images[0].report.verdict for job in (*good, *bad)}
        generated = client.wait(client.generate("a shirt", width=64, height=72, reference="taste"), timeout=60).id
    assert verdicts == {"accepted"}, "the verdict that ships does not know the shop's taste"
    assert run(live, "reviews", "approve", *good, generated).returncode == 0
    told = run(live, "reviews", "reject", *bad, "--comment", "grain")
    assert told.stdout.splitlines() == [f"{job}: rejected" for job in bad]
    listed = run(live, "jobs", "list", "--review", "rejected", "--reference", "taste").stdout
    assert all(job in listed for job in bad) and good[0] not in listed

    table, limits = tmp_path / "judgements.csv", tmp_path / "limits.json"
    done = run(live, "reviews", "export", "--reference", "taste", "--out", table)
    assert done.returncode == 0, done.stderr
    assert f"{2 * EACH} judgements" in done.stdout and "1 generated images are left out" in done.stdout
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert {row["job"]: row["judgement"] for row in rows} == {**dict.fromkeys(good, "P"), **dict.fromkeys(bad, "N")}
    assert {row["by"] for row in rows} == {"local"}

    assert run(live, "calibrate", table, "--out", limits).returncode == 0
    judged = read_judgements(table)
    assert agreement(judged, Gates()).share == 0.5
    assert agreement(judged, Gates().with_overrides(read_gates(limits))).share == 1.0


def test_nothing_is_written_where_nothing_is_decided(live: Live, tmp_path: Path) -> None:  # noqa: F811
    with Client(live.url) as client:
        job = made(client, SMOOTH, "undecided")
    run(live, "reviews", "approve", job)
    assert run(live, "reviews", "withdraw", job).stdout == f"{job}: none\n"
    table = tmp_path / "judgements.csv"
    done = run(live, "reviews", "export", "--reference", "undecided", "--out", table)
    assert done.returncode == 1 and "nothing was written" in done.stderr and not table.exists()
