"""`likeness compare`, `generate` and `reproduce` as a user runs them: in processes of their own."""

import json

from PIL import Image

from tests.cli.test_main import EXAMPLES, likeness, told
from tests.support.stub import COMPARISON, DONE, JOB, REPORT, RESULT, ROW, SAME, Answer, running


def tried(tmp_path, result, *arguments):
    """Run a command against a stub whose job has this result; return how it ended and what was posted."""

    def answer(asked):
        if asked.method == "POST":
            return Answer(JOB, 202)
        if asked.path.endswith(("/images/0", "/sheet")):
            return Answer(b"the " + asked.path.rpartition("/")[2].encode())
        return Answer({**DONE, "result": {**RESULT, **result}})

    with running() as stub:
        stub.answer = answer
        done = likeness(*arguments, "--url", stub.url, "--out", tmp_path / "out", cwd=tmp_path)
        return done, [asked for asked in stub.asked if asked.method == "POST"]


def test_compare_submits_its_runs_and_saves_pictures_and_sheet(tmp_path):
    picture = tmp_path / "shirt.png"
    Image.new("RGB", (8, 8), "red").save(picture)
    engines = ["--engine", "starter strength=0,0.3 steps=4", "--engine", "starter-edit scheduler=lcm,ddim"]
    done, (posted,) = tried(tmp_path, {"comparison": COMPARISON}, "compare", picture, *engines)
    assert done.returncode == 0, done.stderr
    assert (
        b'[{"engine":"starter","strength":[0,0.3],"steps":[4]},{"engine":"starter-edit","scheduler":["lcm","ddim"]}]'
        in posted.body
    )
    assert b'name="task"\r\n\r\n{"kind":"recreate"}' in posted.body
    assert (tmp_path / "out/shirt-1-starter.png").read_bytes() == b"the 0"
    assert (tmp_path / "out/shirt-sheet.png").read_bytes() == b"the sheet"
    assert "0.850" in done.stdout and "accepted" in done.stdout and "timeout: too long" in done.stdout
    assert "run 0 (starter) was accepted." in done.stdout


def test_compare_may_customise_and_exits_2_when_no_run_was_accepted(tmp_path):
    rejected = {**COMPARISON, "runs": [{**ROW, "verdict": "rejected"}]}
    picture = EXAMPLES / "cap-plaid.jpg"
    options = ["--engine", "starter-edit", "--recolour", "#1F4E79", "--mask", "product"]
    done, (posted,) = tried(tmp_path, {"comparison": rejected}, "compare", picture, *options)
    assert told(done, code=2) == f"likeness: {picture}: no run was accepted\n"
    task = b'{"kind":"customise","recolour":{"to":"#1F4E79","mask":"product"},"mask":"product"}'
    assert task in posted.body


def test_compare_with_a_mask_of_its_own(tmp_path):
    picture = EXAMPLES / "cap-plaid.jpg"
    options = ["--engine", "starter-inpaint", "--prompt", "a white wall", "--mask", picture]
    done, (posted,) = tried(tmp_path, {"comparison": COMPARISON}, "compare", picture, *options)
    assert done.returncode == 0, done.stderr
    assert b'{"kind":"customise","prompt":"a white wall"}' in posted.body
    assert b'name="mask"; filename="cap-plaid.jpg"' in posted.body


def test_values_that_are_no_numbers(tmp_path):
    error = told(likeness("compare", "a.png", "--engine", "starter steps=many", cwd=tmp_path), code=1)
    assert error.startswith("likeness: --engine starter steps=many: expected numbers")


def test_generate_submits_words_and_a_size_and_saves_the_picture(tmp_path):
    options = ["--engine", "sdxl", "--size", "512x768", "--candidates", 2]
    done, (posted,) = tried(tmp_path, {}, "generate", "A red shirt!", *options)
    assert done.returncode == 0, done.stderr
    fields = {"prompt": "A red shirt!", "width": 512, "height": 768, "engine": "sdxl", "candidates": 2}
    assert (posted.path, json.loads(posted.body)) == ("/generate", fields)
    assert (tmp_path / "out/a-red-shirt-starter-1.png").read_bytes() == b"the 0"
    assert "a-red-shirt-starter-1  8x8  accepted" in done.stdout


def test_generate_of_a_class_needs_no_words(tmp_path):
    options = ["--engine", "dcgan", "--label", "shirt", "--set", "truncation=0.7"]
    done, (posted,) = tried(tmp_path, {}, "generate", *options)
    assert done.returncode == 0, done.stderr
    assert json.loads(posted.body) == {"label": "shirt", "engine": "dcgan", "truncation": 0.7}
    assert (tmp_path / "out/shirt-starter-1.png").read_bytes() == b"the 0"


def test_generate_exits_1_when_the_picture_was_rejected(tmp_path):
    report = {**REPORT, "verdict": "rejected", "reasons": ["the image is black"]}
    image = {**RESULT["images"][0], "report": report}
    done, _ = tried(tmp_path, {"images": [image]}, "generate", "a red shirt")
    assert told(done, code=2) == "likeness: the image is black\n"


def test_an_image_that_was_not_judged_is_no_failure(tmp_path):
    report = {**REPORT, "verdict": "not_judged", "reasons": ["look at it"]}
    image = {**RESULT["images"][0], "report": report}
    done, _ = tried(tmp_path, {"images": [image]}, "generate", "a red shirt")
    assert done.returncode == 0 and "not_judged" in done.stdout
    unjudged = {**COMPARISON, "runs": [{**ROW, "verdict": "not_judged"}]}
    picture = EXAMPLES / "cap-plaid.jpg"
    done, _ = tried(tmp_path, {"comparison": unjudged}, "compare", picture, "--engine", "starter-inpaint")
    assert done.returncode == 0 and "not_judged" in done.stdout


def test_a_size_that_is_none(tmp_path):
    error = told(likeness("generate", "a shirt", "--size", "large", cwd=tmp_path), code=1)
    assert error == "likeness: --size large: expected WIDTHxHEIGHT in px, such as 512x768\n"


def test_reproduce_reports_how_closely_each_image_matches(tmp_path):
    done, (posted,) = tried(tmp_path, {"reproduction": {"job": "j0", "images": [SAME]}}, "reproduce", "j0")
    assert done.returncode == 0, done.stderr
    assert posted.path == "/jobs/j0/reproduce"
    assert "bitwise" in done.stdout and "every byte is equal" in done.stdout
    assert (tmp_path / "out/j0-0.png").read_bytes() == b"the 0"


def test_reproduce_exits_1_when_an_image_differs(tmp_path):
    other = {**SAME, "sameness": "different", "reasons": ["the revision of the engine differs: 0 then, 1 now"]}
    done, _ = tried(tmp_path, {"reproduction": {"job": "j0", "images": [SAME, other]}}, "reproduce", "j0")
    assert told(done, code=2) == "likeness: not all images were reproduced\n"
    assert "different" in done.stdout and "0 then, 1 now" in done.stdout
