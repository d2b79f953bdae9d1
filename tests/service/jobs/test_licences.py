"""Engines that may not be used commercially: told, and refused unless whoever runs the service allows them."""

import pytest

from tests.service.conftest import png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import form

NAMED = {"instruction": "make it red", "engine": "flux-kontext"}


def test_one_that_is_named_is_refused_and_the_answer_says_why(serve) -> None:
    live = serve(catalogue=None)
    for path in ("/customise", "/customise?dry_run=true"):
        answer = form(live, path, image=png(), **NAMED)
        assert_problem(answer, 403, "noncommercial_engine")
        assert "FLUX.1 [dev] Non-Commercial" in answer.json()["detail"]
        assert "LIKENESS_NONCOMMERCIAL" in answer.json()["detail"]
    saved = live.http.put("/recipes/mine", json={"kind": "customise", "fields": NAMED})
    assert_problem(saved, 403, "noncommercial_engine")
    assert not live.pictures()


def test_where_it_is_allowed_it_need_only_be_installed(serve) -> None:
    answer = form(serve(catalogue=None, noncommercial=True), "/customise", image=png(), **NAMED)
    assert_problem(answer, 422, "engine_not_installed", "#/engine")


@pytest.mark.parametrize("allowed", [False, True])
def test_engines_say_what_their_licences_allow(serve, allowed: bool) -> None:
    live = serve(catalogue=None, noncommercial=allowed)
    engines = {engine["name"]: engine for engine in live.http.get("/engines").json()["engines"]}
    told = [(one["commercial"], one["permitted"]) for one in map(engines.get, ("flux-kontext", "sd15", "flux2-klein"))]
    assert told == [("no", allowed), ("conditions", True), ("yes", True)]
    assert all(engine["licence_url"].startswith("https://") for engine in engines.values())


def test_a_dry_run_says_on_what_licence_it_would_run(serve) -> None:
    answer = form(serve(catalogue=None), "/customise?dry_run=true", image=png(), instruction="make it red")
    (run,) = answer.json()["runs"]
    assert (run["engine"], run["licence"], run["commercial"]) == ("retouch", "Apache-2.0", "yes")
