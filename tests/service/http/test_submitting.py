"""Every call that accepts jobs says so where it is declared; body limits and metrics go by that."""

import pytest
from starlette.routing import Route

from service.app import RESOURCES
from service.http.submitting import MOST_IMAGES, SubmittingRoutes, submits_of
from tests.service.conftest import Live, png

ROUTES = [route for resource in RESOURCES for route in resource.router.routes if isinstance(route, Route)]
ACCEPT_NO_JOB = {
    "/jobs/{job_id}/cancel",
    *(f"/batches/{{batch_id}}/{what}" for what in ("pause", "resume", "cancel", "retry")),
    "/v1/predictions/{job_id}/cancel",
    "/v1/files",
    "/sdapi/v1/interrupt",
    "/jobs/{job_id}/review",
    "/review-links",
}
IMAGES = {
    "/recreate": 1,
    "/customise": MOST_IMAGES,
    "/customize": MOST_IMAGES,
    "/compare": MOST_IMAGES,
    "/generate": 0,
    "/batches": 0,
    "/jobs/job_1/reproduce": 0,
    "/v1/images/edits": MOST_IMAGES,
    "/v1/images/generations": 0,
    "/v1/predictions": MOST_IMAGES,
    "/v1/models/likeness/starter/predictions": MOST_IMAGES,
    "/sdapi/v1/img2img": MOST_IMAGES,
}


def test_every_route_that_takes_a_post_either_accepts_jobs_or_is_known_not_to() -> None:
    posted = {route.path for route in ROUTES if "POST" in (route.methods or ())}
    marked = {route.path for route in ROUTES if submits_of(route.endpoint)}
    assert marked <= posted
    assert posted - marked == ACCEPT_NO_JOB


@pytest.mark.parametrize("path", IMAGES)
def test_a_body_is_limited_by_the_images_that_its_call_takes(path: str) -> None:
    mark = SubmittingRoutes(ROUTES).of({"type": "http", "method": "POST", "path": path, "root_path": ""})
    assert mark is not None
    assert mark.images == IMAGES[path]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/predictions"), ("POST", "/v1/files"), ("POST", "/nowhere")])
def test_other_calls_have_no_mark(method: str, path: str) -> None:
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    assert SubmittingRoutes(ROUTES).of(scope) is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/jobs/{'0' * 32}/reproduce", "job_not_found"),
        ("/v1/models/likeness/nobody/predictions", "unknown_engine"),
        ("/recreate", "invalid_field"),
    ],
)
def test_a_refusal_is_counted(idle: Live, path: str, code: str) -> None:
    answer = idle.http.post(path, json={"input": {"image": "data:image/png;base64,"}})
    assert answer.is_client_error, answer.text
    assert answer.json()["code"] == code
    assert f'likeness_jobs_refused_total{{code="{code}"}} 1.0' in idle.http.get("/metrics").text


def test_errors_of_other_calls_are_no_refused_jobs(idle: Live) -> None:
    idle.http.post("/v1/files", files={"wrong": png()})
    idle.http.get("/v1/predictions?what=1")
    assert "invalid_field" not in idle.http.get("/metrics").text
