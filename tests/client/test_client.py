"""Both clients against a real HTTP server whose answers the test decides."""

import base64
import inspect
import io
import json
from pathlib import Path

import pytest

from likeness.client import AsyncClient, Client, LikenessProblem, RemoteJob, Retries
from likeness.client.body import content_of
from likeness.contract.report import Verdict
from tests.support.awaited import Awaited
from tests.support.stub import COMPARISON, DONE, JOB, REPORT, RESULT, SAME, Answer, problem, running


@pytest.fixture
def stub():
    with running() as server:
        yield server


QUICK = Retries(first_pause=0.01)


@pytest.fixture(params=[Client, Awaited])
def client(request, stub):
    with request.param(stub.url, api_key="lk_test", timeout=5, retries=QUICK) as client:
        yield client


def test_a_picture_is_handed_in_with_its_fields_and_the_key(stub, client):
    stub.answers = [Answer(JOB, 202)]
    job = client.recreate(b"bytes", seed=7, engine=None, thresholds={"ssim": 0.5}, format="png")
    assert (job.id, job.status) == ("j1", "queued")
    asked = stub.asked[0]
    assert (asked.method, asked.path) == ("POST", "/recreate")
    assert asked.headers["Authorization"] == "Bearer lk_test"
    assert b'name="image"' in asked.body
    assert b'name="seed"\r\n\r\n7' in asked.body
    assert b'{"ssim":0.5}' in asked.body
    assert b'name="engine"' not in asked.body


def test_a_customisation_is_handed_in_with_its_pictures_objects_and_lists(stub, client, tmp_path: Path):
    stub.answers = [Answer({**JOB, "kind": "customise"}, 202)]
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"the logo")
    controls = [{"kind": "canny"}]
    job = client.customise(b"photo", mask=b"the mask", logo=logo, place={"left": 0.5}, controls=controls, steps=4)
    assert job.kind == "customise"
    asked = stub.asked[0]
    assert (asked.method, asked.path) == ("POST", "/customise")
    assert b'name="mask"; filename="image"' in asked.body and b"the mask" in asked.body
    assert b'name="logo"; filename="logo.png"' in asked.body and b"the logo" in asked.body
    assert b'name="place"\r\n\r\n{"left":0.5}' in asked.body
    assert b'name="controls"\r\n\r\n[{"kind":"canny"}]' in asked.body


def test_edits_and_an_image_of_a_job_are_handed_in(stub, client):
    stub.answers = [Answer({**JOB, "kind": "customise"}, 202)] * 2
    edits = [{"instruction": "make it red"}, {"logo": "file"}]
    client.customise({"job": "j0", "image": 1}, edits=edits[:1])
    client.customise({"job": "j0"}, logo=b"the logo", edits=edits)
    as_json, as_form = (asked.body for asked in stub.asked)
    assert json.loads(as_json) == {"image": {"job": "j0", "image": 1}, "edits": edits[:1]}
    assert b'name="image"\r\n\r\n{"job":"j0"}' in as_form and b'name="edits"\r\n\r\n[{' in as_form


def test_a_guide_and_a_style_are_files_too(stub, client):
    stub.answers = [Answer(JOB, 202)]
    client.customise(b"photo", guide=b"the guide", strength=0.4)
    client.compare(b"photo", [{"engine": "adain"}], {"kind": "customise"}, style_image=b"the style")
    assert b'name="guide"; filename="image"' in stub.asked[0].body and b"the guide" in stub.asked[0].body
    assert b'name="style_image"; filename="image"' in stub.asked[1].body and b"the style" in stub.asked[1].body


def test_a_mask_may_be_a_region(stub, client):
    stub.answers = [Answer(JOB, 202)]
    client.customise(b"photo", mask="background", instruction="make it red")
    assert b'name="mask"\r\n\r\nbackground' in stub.asked[0].body
    assert b'name="logo"' not in stub.asked[0].body


def test_the_callers_own_fault_is_told_at_once_with_its_fields(stub, client):
    answer = problem(422, "invalid_field", "steps: at most 50")
    answer.body["errors"] = [{"pointer": "#/steps", "detail": "at most 50"}]
    stub.answers = [answer]
    with pytest.raises(LikenessProblem) as caught:
        client.recreate(b"bytes", steps=99)
    assert len(stub.asked) == 1
    assert [(error.pointer, error.detail) for error in caught.value.errors] == [("#/steps", "at most 50")]


def test_wait_long_polls_until_the_job_has_ended(stub, client):
    progress = {"step": 1, "steps": 4, "stage": "denoising", "attempt": 1}
    stub.answers = [Answer(JOB), Answer({**JOB, "status": "running", "progress": progress}), Answer(DONE)]
    seen = []
    job = client.wait("j1", on_progress=lambda now: seen.append(now.status.value))
    assert seen == ["queued", "running", "succeeded"]
    assert all("wait=" in asked.path for asked in stub.asked)
    assert job.result.images[0].report.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ({"status": "failed", "error": {"code": "timeout", "detail": "too long", "fault": "engine"}}, "timeout"),
        ({"status": "cancelled"}, "cancelled"),
    ],
)
def test_a_job_that_did_not_succeed_is_a_problem(stub, client, ended, code):
    stub.answers = [Answer({**JOB, **ended})]
    with pytest.raises(LikenessProblem) as caught:
        client.wait("j1")
    assert caught.value.code == code


def test_waiting_is_bounded(stub, client):
    stub.answers = [Answer(JOB)]
    with pytest.raises(LikenessProblem, match="j1 is still queued") as caught:
        client.wait("j1", timeout=0.0)
    assert caught.value.code == "wait_timeout"


def test_images_reports_and_lists(stub, client):
    def answer(asked):
        if asked.path.startswith("/jobs?limit=20&cursor=c2"):
            return Answer({"jobs": [{**JOB, "id": "j2"}], "next": None})
        return {
            "/jobs/j1/images/0": Answer(b"pixels"),
            "/jobs/j1/report": Answer(REPORT),
            "/jobs?limit=20": Answer({"jobs": [JOB], "next": "c2"}),
            "/jobs/j1/cancel": Answer({**JOB, "status": "cancelled"}),
            "/jobs/j1": Answer(b"", 204),
        }[asked.path]

    stub.answer = answer
    assert client.image("j1") == b"pixels"
    assert client.report("j1").score("ssim") == 0.9
    assert [job.id for job in client.jobs()] == ["j1", "j2"]
    assert client.cancel("j1").status == "cancelled"
    assert client.delete("j1") is None


def test_a_comparison_is_handed_in_with_its_runs_and_its_task(stub, client):
    stub.answers = [Answer({**JOB, "kind": "compare"}, 202)]
    runs = [{"engine": "starter", "strength": [0, 0.3]}]
    client.compare(b"photo", runs, {"kind": "customise", "text": "Hello"}, logo=b"the logo", priority="batch")
    asked = stub.asked[0]
    assert (asked.method, asked.path) == ("POST", "/compare") and asked.headers["Idempotency-Key"]
    assert b'name="runs"\r\n\r\n[{"engine":"starter","strength":[0,0.3]}]' in asked.body
    assert b'name="task"\r\n\r\n{"kind":"customise","text":"Hello"}' in asked.body
    assert b'name="priority"\r\n\r\nbatch' in asked.body and b"the logo" in asked.body


def test_a_picture_is_asked_for_in_words(stub, client):
    stub.answers = [Answer({**JOB, "kind": "generate"}, 202)]
    assert client.generate("a red shirt", width=512, height=768, seed=None).kind == "generate"
    asked = stub.asked[0]
    assert (asked.method, asked.path) == ("POST", "/generate")
    assert asked.headers["Content-Type"] == "application/json" and asked.headers["Idempotency-Key"]
    assert json.loads(asked.body) == {"prompt": "a red shirt", "width": 512, "height": 768}


def test_what_a_comparison_found(stub, client):
    stub.answers = [Answer({**DONE, "result": {**RESULT, "comparison": COMPARISON}}), Answer(b"the sheet")]
    comparison = client.wait("j1").result.comparison
    assert [run.rank for run in comparison.runs] == [1, None] and comparison.runs[1].error.code == "timeout"
    assert comparison.recommendation.run == 0
    assert client.sheet("j1") == b"the sheet" and stub.asked[-1].path == "/jobs/j1/sheet"


def test_the_matte_of_an_image(stub, client):
    stub.answers = [Answer(b"the matte")]
    assert client.matte("j1", 2) == b"the matte" and stub.asked[-1].path == "/jobs/j1/images/2/matte"


def test_a_job_is_reproduced(stub, client):
    reproduction = {"job": "j1", "images": [SAME]}
    stub.answers = [
        problem(503, "queue_unavailable"),
        Answer({**JOB, "id": "j2"}, 202),
        Answer({**DONE, "id": "j2", "result": {**RESULT, "reproduction": reproduction}}),
    ]
    again = client.wait(client.reproduce("j1"))
    assert [asked.path for asked in stub.asked[:2]] == ["/jobs/j1/reproduce"] * 2
    assert len({asked.headers["Idempotency-Key"] for asked in stub.asked[:2]}) == 1
    assert again.result.reproduction.images[0].sameness == "bitwise"


def test_a_dry_run_asks_and_keeps_nothing(stub, client):
    none = {"value": None, "reason": "no worker serves this queue now"}
    told = {"kind": "recreate", "engine": "starter", "runs": [{}], "timeout": 60, "position": 3}
    stub.answers = [Answer({**told, "seconds": {"value": 1.5, "reason": "the pace"}, "wait": none, "later": 1})]
    dry = client.dry_run("recreate", b"photo", steps=4)
    assert (dry.engine, dry.seconds.value, dry.wait.value, dry.position) == ("starter", 1.5, None, 3)
    assert stub.asked[0].path == "/recreate?dry_run=true" and b'name="steps"\r\n\r\n4' in stub.asked[0].body


def test_another_kind_of_server_is_told_apart(stub, client):
    stub.answers = [Answer(b"<html>hello</html>", 200, {"Content-Type": "text/html"})]
    with pytest.raises(LikenessProblem, match="did not respond like a Likeness service"):
        client.job("j1")
    stub.answers = [Answer(b"<html>no</html>", 404)]
    with pytest.raises(LikenessProblem, match="answered 404"):
        client.job("j1")


@pytest.mark.parametrize("kind", [Client, Awaited])
def test_an_address_that_is_none(kind):
    with kind("ftp://here") as client, pytest.raises(LikenessProblem) as caught:
        client.engines()
    assert caught.value.code == "invalid_url"


def test_a_file_that_cannot_be_read(client, tmp_path: Path):
    with pytest.raises(LikenessProblem, match="cannot be read: No such file") as caught:
        client.recreate(tmp_path / "none.jpg")
    assert caught.value.code == "unreadable_file"
    with pytest.raises(LikenessProblem, match=f"{tmp_path} is a folder: name the image files in it"):
        client.recreate(tmp_path)


def test_a_preview_is_bytes_or_none_while_there_is_none(stub, client):
    stub.answers = [Answer(b"so far"), problem(404, "no_preview"), problem(404, "job_not_found")]
    assert client.preview("j1") == b"so far" and stub.asked[-1].path == "/jobs/j1/preview"
    assert client.preview("j1") is None
    with pytest.raises(LikenessProblem, match="no"):
        client.preview("j1")


def test_an_open_file_is_sent_again_whole(stub, client, tmp_path: Path):
    stub.answers = [problem(503, "queue_unavailable"), Answer(JOB, 202)]
    path = tmp_path / "shirt.png"
    path.write_bytes(b"the shirt")
    with path.open("rb") as file:
        client.recreate(file)
    client.recreate(io.BytesIO(b"the hat"))
    assert all(b'filename="shirt.png"' in asked.body and b"the shirt" in asked.body for asked in stub.asked[:2])
    assert b'filename="image"' in stub.asked[2].body and b"the hat" in stub.asked[2].body


def test_a_picture_given_as_a_url_makes_the_request_json(stub, client):
    stub.answers = [Answer(JOB, 202)]
    client.customise("https://shop.example/shirt.jpg", mask=b"the mask", instruction="make it red", seed=None)
    asked = stub.asked[0]
    assert asked.headers["Content-Type"] == "application/json"
    mask = base64.b64encode(b"the mask").decode()
    assert json.loads(asked.body) == {
        "image": "https://shop.example/shirt.jpg",
        "mask": mask,
        "instruction": "make it red",
    }


def test_watching_yields_each_look_until_the_end(stub, client):
    stub.answers = [Answer(JOB), Answer({**JOB, "status": "running"}), Answer({**JOB, "status": "cancelled"})]
    assert [job.status for job in client.watch("j1")] == ["queued", "running", "cancelled"]


def test_whether_the_service_can_work(stub, client):
    stub.answers = [Answer({"status": "ready"}), problem(503, "not_ready", "no worker serves the engine starter")]
    assert client.health().ready and client.health().detail == "no worker serves the engine starter"
    stub.answers = [problem(503, "unavailable")]
    with pytest.raises(LikenessProblem):
        client.health()


def test_reports_of_any_image(stub, client):
    stub.answers = [Answer(REPORT), Answer(b"the card")]
    assert client.report("j1", 3).verdict is Verdict.ACCEPTED and client.report_card("j1") == b"the card"
    assert [asked.path for asked in stub.asked] == ["/jobs/j1/report?image=3", "/jobs/j1/report"]
    assert stub.asked[1].headers["Accept"] == "image/png"


def test_both_clients_do_the_same():
    named = [{name for name in dir(kind) if not name.startswith("_")} for kind in (Client, AsyncClient)]
    assert named[0] == named[1]
    for name in named[0]:
        one, other = getattr(Client, name), getattr(AsyncClient, name)
        assert one.__doc__ and one.__doc__ == other.__doc__
        assert inspect.signature(one).parameters == inspect.signature(other).parameters


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_help_on_a_method_shows_its_parameters_its_answer_and_its_text(kind):
    signature = inspect.signature(kind("http://127.0.0.1:1").recreate)
    assert list(signature.parameters) == ["picture", "idempotency_key", "fields"]
    assert signature.return_annotation is RemoteJob
    assert str(inspect.signature(kind.recreate)).startswith("(self, /, picture: ")
    assert "Submit an image" in kind.recreate.__doc__


def test_further_images_are_parts_of_one_name_and_a_list_beside_a_url() -> None:
    asked = {"instruction": "put it into the room of image 2"}
    form = content_of({"image": b"photo", "images": [b"room", b"style"]}, asked)
    assert form["files"] == [
        ("image", ("image", b"photo")),
        ("images", ("image", b"room")),
        ("images", ("image", b"style")),
    ]
    said = content_of({"image": b"photo", "images": ["https://shop.example/room.jpg", b"style"]}, asked)["json"]
    assert said["images"] == ["https://shop.example/room.jpg", "c3R5bGU="] and said["image"] == "cGhvdG8="
    assert "images" not in content_of({"image": b"photo", "images": None}, asked)["data"]
