"""One trace, from a caller's own span to the steps that made the picture."""

import pytest

from tests.observability.conftest import Observed
from tests.observability.receiver import Received

pytestmark = pytest.mark.processes

PARENT = "00f067aa0ba902b7"


def traceparent(trace: str, flags: str = "01") -> dict[str, str]:
    return {"traceparent": f"00-{trace}-{PARENT}-{flags}"}


def ended(count: int = 1):
    """Return what a trace is complete at: so many runs, and the request that waited for them."""

    def complete(spans: list[Received]) -> bool:
        named = [span.name for span in spans]
        return named.count("run") == count and any(name.startswith("POST") for name in named)

    return complete


def test_a_job_is_one_trace_from_the_callers_span_to_its_steps(observed: Observed) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    job = observed.post(engine="drill", steps="3", headers=traceparent(trace))
    spans = observed.receiver.trace(trace, ended())
    by_name = {span.name: span for span in spans}
    request, enqueue, run = by_name["POST /recreate"], by_name["enqueue"], by_name["run"]

    assert request.parent == PARENT and request.program == "likeness-service"
    assert request.attributes["http.response.status_code"] == "200"
    assert {by_name[name].parent for name in ("validate", "store", "enqueue")} == {request.id}
    assert {by_name[name].parent for name in ("queued", "run")} == {enqueue.id}
    assert run.program == "likeness-worker" and run.attributes["likeness.job"] == job["id"]
    assert run.attributes["likeness.status"] == "succeeded" and run.attributes["likeness.batch.size"] == "1"

    stages = [span for span in spans if span.parent == run.id]
    assert [span.name for span in sorted(stages, key=lambda span: span.start)] == [
        "preparing", "loading", "denoising", "decoding", "assessing", "storing",
    ]  # fmt: skip
    assert by_name["denoising"].events == ["step", "step", "step"]
    assert by_name["denoising"].end - by_name["denoising"].start >= 3 * 0.05 * 1e9, "as long as three steps take"
    for before, after in [("validate", "store"), ("store", "enqueue"), ("queued", "run"), ("preparing", "denoising")]:
        assert by_name[before].start <= by_name[after].start and by_name[before].end <= by_name[after].end
    assert all(run.start <= span.start <= span.end <= run.end for span in stages)


def test_batch_mates_have_traces_of_their_own_and_are_linked(observed: Observed) -> None:
    slow = observed.hand_in(engine="drill", strength="1", steps="4")
    observed.until_running(slow)
    traces = [f"{number:032x}" for number in (1, 2, 3)]
    mates = [observed.hand_in(engine="drill", headers=traceparent(trace)) for trace in traces]
    sizes = [observed.ended(job)["result"]["batch"] for job in mates]
    assert sizes == [3, 3, 3], "they waited together while the slow one ran"
    runs = [next(span for span in observed.receiver.trace(trace, ended()) if span.name == "run") for trace in traces]
    assert [run.attributes["likeness.batch.size"] for run in runs] == ["3"] * 3
    assert len({run.id for run in runs}) == 3
    assert [run.links for run in runs] == [[], [runs[0].id], [runs[0].id]]


def test_a_failure_is_one_in_the_trace(observed: Observed) -> None:
    trace = "a" * 32
    observed.post(engine="drill", prompt="raise", headers=traceparent(trace))
    run = next(span for span in observed.receiver.trace(trace, ended()) if span.name == "run")
    assert run.error and run.attributes["error.type"] == "engine_failed"


def test_without_a_callers_trace_the_request_begins_one(observed: Observed) -> None:
    job = observed.post(engine="drill", headers={"traceparent": "00-" + "0" * 32 + "-" + PARENT + "-01"})
    of_job = lambda: [one for one in observed.receiver.spans if one.attributes.get("likeness.job") == job["id"]]  # noqa: E731
    with observed.receiver.news:
        assert observed.receiver.news.wait_for(lambda: len(of_job()) == 2, 60)
    spans = observed.receiver.trace(of_job()[0].trace, ended())
    assert set(of_job()[0].trace) != {"0"}
    assert next(span for span in spans if span.name == "POST /recreate").parent == ""


def test_what_the_caller_does_not_sample_is_not_recorded(observed: Observed) -> None:
    unsampled, after = "b" * 32, "c" * 32
    observed.post(engine="drill", headers=traceparent(unsampled, flags="00"))
    observed.post(engine="drill", headers=traceparent(after))
    observed.receiver.trace(after, ended())
    assert not [span for span in observed.receiver.spans if span.trace == unsampled]


def test_a_receiver_that_does_not_answer_holds_up_no_job(observed: Observed) -> None:
    observed.receiver.answering.clear()
    try:
        jobs = [observed.post(engine="drill") for _ in range(3)]
    finally:
        observed.receiver.answering.set()
    assert [job["status"] for job in jobs] == ["succeeded"] * 3
    assert all(job["result"]["timings"]["queued"] < 30 for job in jobs)
