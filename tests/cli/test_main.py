"""The `likeness` command as a user runs it: in a process of its own."""

import json
import os
import subprocess
import sys
import time

import pytest
from PIL import Image

from likeness import __version__
from tests.support.places import EXAMPLES
from tests.support.stub import DONE, IMAGE, JOB, REPORT, RESULT, Answer, problem, running


def likeness(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "likeness.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "160", "NO_COLOR": "1", "PYTHONPATH": str(EXAMPLES.parent), **environment},
    )


def told(done, *, code):
    """The one thing said on standard error, after checking that it is no traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr


def test_the_version():
    done = likeness("--version")
    assert (done.returncode, done.stdout) == (0, f"likeness {__version__}\n")


def test_it_starts_quickly_and_loads_nothing_heavy():
    heavy = ("torch", "fastapi", "rq", "numpy", "httpx")
    code = f"import sys, likeness.cli.main; print([m for m in {heavy} if m in sys.modules])"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert time.monotonic() - began < 5  # 0.3 s on an idle machine


def test_the_report_of_a_picture_and_itself(tmp_path):
    picture = EXAMPLES / "cap-plaid.jpg"
    done = likeness("report", picture, picture, "--png", tmp_path / "card.png")
    assert done.returncode == 0
    assert "accepted: frame equal" in done.stdout
    with Image.open(tmp_path / "card.png") as card:
        assert card.format == "PNG"


def test_a_rejecting_report_is_a_success_and_can_be_json():
    done = likeness("report", EXAMPLES / "cap-plaid.jpg", EXAMPLES / "cutout-soft-alpha.png", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdict"] == "rejected"


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"text", "not an image"), (b"", "empty")])
def test_a_report_on_what_is_no_picture(tmp_path, content, reason):
    file = tmp_path / "made.jpg"
    if content is not None:
        file.write_bytes(content)
    error = told(likeness("report", EXAMPLES / "cap-plaid.jpg", file), code=2)
    assert error.startswith(f"likeness: {file} cannot be read: ")
    assert reason in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", [["report", EXAMPLES / "cap-plaid.jpg"], ["inspect"]], ids=str)
def test_a_folder_in_the_place_of_a_picture(tmp_path, command):
    error = told(likeness(*command, tmp_path), code=2)
    assert error == f"likeness: {tmp_path} is a folder: name the image files in it, such as {tmp_path}/*.jpg\n"


def test_a_report_that_cannot_be_written(tmp_path):
    picture = EXAMPLES / "cap-plaid.jpg"
    error = told(likeness("report", picture, picture, "--png", tmp_path / "none" / "card.png"), code=1)
    assert "cannot be written: No such file" in error


def test_recreate_writes_pictures_and_overwrites_no_given_one(tmp_path):
    given = tmp_path / "out" / "shirt.png"
    given.parent.mkdir()
    Image.new("RGB", (8, 8), "red").save(given)
    before = given.read_bytes()

    def answer(asked):
        if asked.method == "POST":
            return Answer(JOB, 202)
        return Answer(before) if "/images/" in asked.path else Answer(DONE)

    with running() as stub:
        stub.answer = answer
        done = likeness("recreate", given, "--seed", 5, "--engine", "starter", cwd=tmp_path, LIKENESS_URL=stub.url)
        posted = stub.asked[0].body
    assert done.returncode == 0, done.stderr
    assert "accepted" in done.stdout
    assert b'name="seed"\r\n\r\n5' in posted
    assert b'name="engine"\r\n\r\nstarter' in posted
    assert given.read_bytes() == before
    assert (tmp_path / "out" / "shirt-2.png").read_bytes() == before


def test_recreate_tells_of_each_file_that_failed(tmp_path):
    picture = EXAMPLES / "cap-plaid.jpg"
    rejected = {**REPORT, "verdict": "rejected", "reasons": ["ssim 0.10 is below the asked 0.60"]}
    result = {**RESULT, "images": [{**IMAGE, "report": rejected}]}

    def answer(asked):
        if asked.method == "POST":
            return Answer(JOB, 202)
        return Answer(picture.read_bytes()) if "/images/" in asked.path else Answer({**DONE, "result": result})

    with running() as stub:
        stub.answer = answer
        done = likeness("recreate", picture, tmp_path / "none.jpg", "--url", stub.url, "--out", tmp_path)
    error = told(done, code=2)
    assert (tmp_path / "rejected/cap-plaid.png").exists() and not (tmp_path / "cap-plaid.png").exists()
    assert "cap-plaid.jpg: ssim 0.10 is below the asked 0.60" in error
    assert "none.jpg cannot be read: No such file" in error


def customised(tmp_path, answers, *options, command="customise"):
    """Run `likeness customise` on a small picture against a stub; return how it ended and what was posted."""
    given = tmp_path / "shirt.png"
    Image.new("RGB", (8, 8), "red").save(given)

    def answer(asked):
        if asked.method == "POST":
            return answers[0]
        return Answer(given.read_bytes()) if "/images/" in asked.path else answers[1]

    with running() as stub:
        stub.answer = answer
        done = likeness(command, given, *options, "--url", stub.url, "--out", tmp_path / "out", cwd=tmp_path)
        return done, [asked.body for asked in stub.asked if asked.path == "/customise"]


@pytest.mark.parametrize("command", ["customise", "customize"])
def test_customise_submits_what_is_asked(tmp_path, command):
    options = ["--recolour", "#1F4E79", "--mask", "product", "--attempts", 3, "--guidance-scale", 2.5]
    done, (posted,) = customised(tmp_path, [Answer(JOB, 202), Answer(DONE)], *options, command=command)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "shirt.png").exists()
    for part in (
        b'name="recolour"\r\n\r\n{"to":"#1F4E79","mask":"product"}',
        b'name="mask"\r\n\r\nproduct',
        b'name="attempts"\r\n\r\n3',
        b'name="guidance_scale"\r\n\r\n2.5',
    ):
        assert part in posted
    assert posted.count(b"form-data; name=") == 5


def test_customise_submits_edits_in_words_and_as_json(tmp_path):
    options = ["--edit", "make it red", "--edit", '{"text": "SALE"}']
    done, (posted,) = customised(tmp_path, [Answer(JOB, 202), Answer(DONE)], *options)
    assert done.returncode == 0, done.stderr
    assert b'name="edits"\r\n\r\n[{"instruction":"make it red"},{"text":"SALE"}]' in posted
    done, posted = customised(tmp_path, [Answer(JOB, 202), Answer(DONE)], "--edit", "{red}")
    assert done.returncode == 1 and "expected words or a JSON object" in done.stderr and not posted


def test_customise_submits_files_places_and_controls(tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"the logo")
    options = [
        "--logo",
        logo,
        "--mask",
        logo,
        "--place",
        "0.3,0.4,0.4,0.2",
        "--control",
        "canny",
        "--control",
        "soft_edge",
    ]
    done, (posted,) = customised(tmp_path, [Answer(JOB, 202), Answer(DONE)], *options)
    assert done.returncode == 0, done.stderr
    assert posted.count(b"the logo") == 2 and posted.count(b'filename="logo.png"') == 2
    assert b'{"left":0.3,"top":0.4,"width":0.4,"height":0.2}' in posted
    assert b'[{"kind":"canny"},{"kind":"soft_edge"}]' in posted


def test_customise_submits_a_guide_and_parameters_by_name(tmp_path):
    paint = tmp_path / "paint.png"
    paint.write_bytes(b"the paint")
    options = ["--guide", paint, "--strength", 0.4, "--set", "layer=layer2", "--set", "top_k=50", "--label", "shirt"]
    done, (posted,) = customised(tmp_path, [Answer(JOB, 202), Answer(DONE)], *options)
    assert done.returncode == 0, done.stderr
    assert b'name="guide"; filename="paint.png"' in posted and b"the paint" in posted
    for part in (b'name="layer"\r\n\r\nlayer2', b'name="top_k"\r\n\r\n50', b'name="label"\r\n\r\nshirt'):
        assert part in posted


def test_customise_submits_a_style_or_a_part_to_complete(tmp_path):
    style = tmp_path / "style.png"
    style.write_bytes(b"the style")
    done, (posted,) = customised(tmp_path, [Answer(JOB, 202), Answer(DONE)], "--style", style, "--complete", 0.5)
    assert done.returncode == 0, done.stderr
    assert b'name="style_image"; filename="style.png"' in posted and b'name="complete"\r\n\r\n0.5' in posted


def test_a_parameter_that_has_no_value(tmp_path):
    error = told(likeness("recreate", "a.png", "--set", "top_k", cwd=tmp_path), code=1)
    assert error == "likeness: --set top_k: expected NAME=VALUE, such as top_k=50\n"


def test_customise_tells_what_can_be_asked(tmp_path):
    refusal = problem(422, "instruction_not_understood", "instruction: the word 'dog' is not understood")
    refusal.body["errors"] = [{"pointer": "#/instruction", "detail": "colour: 'make it orange'"}]
    done, _ = customised(tmp_path, [refusal], "--instruction", "make it a dog")
    error = told(done, code=2)
    assert "the word 'dog' is not understood" in error and "colour: 'make it orange'" in error


def test_a_place_that_is_none(tmp_path):
    error = told(likeness("customise", "a.png", "--text", "Hello", "--place", "1,2", cwd=tmp_path), code=1)
    assert error == "likeness: --place 1,2: expected four numbers, such as 0.3,0.4,0.4,0.2\n"


def test_a_wrong_key_is_told_once(tmp_path):
    with running() as stub:
        stub.answers = [problem(401, "not_authenticated", "this API key is not known")]
        done = likeness("recreate", *sorted(EXAMPLES.glob("*.jpg")), "--url", stub.url, "--out", tmp_path)
        assert len(stub.asked) == 1
    lines = told(done, code=1).splitlines()
    assert lines[0] == "likeness: this API key is not known"
    assert lines[1:] == [
        "Pass an API key with --key or LIKENESS_KEY; "
        "`likeness keys create NAME` creates one on the machine of the service"
    ]


def test_engines_are_listed():
    engine = {"name": "starter", "summary": "Our own [small] one", "kinds": ["recreate"], "licence": "Apache-2.0"}
    with running() as stub:
        stub.answers = [Answer({"engines": [{**engine, "resident": []}]})]
        done = likeness("engines", "--url", stub.url)
        as_json = likeness("engines", "--json", "--url", stub.url)
    assert done.returncode == 0
    assert "Our own [small] one" in done.stdout
    assert [one["name"] for one in json.loads(as_json.stdout)] == ["starter"]


def test_a_service_that_is_not_there():
    error = told(likeness("engines", "--url", "http://127.0.0.1:1"), code=1)
    refused, advice = error.splitlines()
    assert refused == "likeness: http://127.0.0.1:1 does not answer: Connection refused"
    assert "`likeness up`" in advice and "LIKENESS_URL" in advice


def test_keys_are_made_listed_and_revoked(tmp_path):
    pytest.importorskip("service.auth", reason="the service is not here")
    made = likeness("keys", "create", "shop", "--home", tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("lk_")
    assert made.stdout.strip() not in (tmp_path / "keys.json").read_text("utf-8")
    assert likeness("keys", "list", "--home", tmp_path).stdout.startswith("shop")
    assert likeness("keys", "revoke", "shop", "--home", tmp_path).returncode == 0
    assert likeness("keys", "list", "--home", tmp_path).stdout == ""
    assert "no key" in told(likeness("keys", "revoke", "shop", "--home", tmp_path), code=1)


def test_the_first_key_of_a_running_service_is_asked_about(tmp_path):
    pytest.importorskip("service.auth", reason="the service is not here")
    used = {"daily_quota": None, "concurrency": None, "days": []}
    create = ("keys", "create", "shop", "--home", tmp_path)
    with running() as stub:
        stub.answers = [Answer(used)]
        done = likeness(*create, "--url", stub.url)
        assert "answers calls without a key now" in told(done, code=1) and not (tmp_path / "keys.json").exists()
        assert stub.asked[0].headers["Authorization"] is None
        assert likeness(*create, "--url", stub.url, "--yes").returncode == 0
        assert likeness("keys", "create", "other", "--home", tmp_path, "--url", stub.url).returncode == 0
        assert len(stub.asked) == 1, "with a key there already, nobody is locked out"


def test_a_first_key_is_not_asked_about_where_the_service_wants_one_already(tmp_path):
    pytest.importorskip("service.auth", reason="the service is not here")
    with running() as stub:
        stub.answers = [problem(401, "not_authenticated")]
        assert likeness("keys", "create", "shop", "--home", tmp_path, "--url", stub.url).returncode == 0


def test_a_demo_without_pictures(tmp_path):
    error = told(likeness("demo", "--examples", tmp_path, cwd=tmp_path), code=1)
    assert error == f"likeness: no images found in {tmp_path}\n"
