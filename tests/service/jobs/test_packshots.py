"""Cut-outs, packshots and checks as they are submitted: what is taken, and what is wrong before anything is made."""

import json
from base64 import b64encode

import pytest

from likeness.contract.errors import InvalidField
from likeness.contract.presets import load_presets
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import form


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue and no worker."""
    return serve(catalogue=None)


def rehearsed(live: Live, path: str, **parts) -> dict:
    answer = form(live, f"{path}?dry_run=true", **parts)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/cutout", {}),
        ("/cutout", {"matte": "true"}),
        ("/packshot", {}),
        ("/packshot", {"preset": "amazon-main", "fill": "0.9"}),
        ("/packshot", {"background": "lightblue", "straighten": "auto", "white_balance": "auto"}),
        ("/packshot", {"background": "#eeeeee", "straighten": "-3.5", "size": "600x800", "shadow": "cast"}),
        ("/packshot", {"white_balance": json.dumps({"left": 0, "top": 0, "width": 0.2, "height": 0.2})}),
        ("/packshot", {"background": png((40, 40))}),
        ("/check", {"preset": "ebay", "made_by_ai": "false"}),
    ],
)
def test_what_can_be_made_is_told_and_runs_in_the_pool_of_exact_edits(shop: Live, path: str, parts: dict) -> None:
    told = rehearsed(shop, path, **parts)
    assert (told["kind"], told["engine"]) == (path[1:], "retouch") and told["runs"][0]["parameters"] == {}


@pytest.mark.parametrize(
    ("path", "parts", "pointer", "said"),
    [
        ("/packshot", {"preset": "etsy"}, "#/preset", "amazon-main"),
        ("/check", {}, "#/preset", "required"),
        ("/packshot", {"size": "0x10"}, "#/size", "WIDTHxHEIGHT"),
        ("/packshot", {"size": "99999x99999"}, "#/size", "WIDTHxHEIGHT"),
        ("/packshot", {"background": "whte"}, "#/background", "a colour of CSS"),
        ("/packshot", {"background": "transparent", "format": "jpeg"}, "#/format", "transparent"),
        ("/packshot", {"format": "png", "quality": "80"}, "#/quality", "png has none"),
        ("/packshot", {"fill": "1.2"}, "#/fill", "less than or equal"),
        ("/packshot", {"straighten": "upright"}, "#/straighten", "number"),
        ("/packshot", {"engine": "starter"}, "#/engine", "not a field"),
        ("/cutout", {"format": "jpeg"}, "#/format", "png"),
        ("/cutout", {"matte": "true", "format": "webp"}, "#/matte", "grey"),
        ("/cutout", {"mask": "product"}, "#/mask", "file"),
    ],
)
def test_what_cannot_be_made_is_refused_at_its_field(
    shop: Live, path: str, parts: dict, pointer: str, said: str
) -> None:
    answer = form(shop, path, **parts)
    assert answer.status_code == 422, answer.text
    assert_problem(answer, 422, "invalid_field")
    found = [one for one in answer.json()["errors"] if one["pointer"] == pointer]
    assert found and said in json.dumps(found), answer.text


def test_a_size_over_the_bound_is_too_large(serve) -> None:
    live = serve(catalogue=None, max_pixels=1_000_000)
    answer = form(live, "/packshot", size="2000x2000")
    assert answer.json()["code"] == "picture_too_large" and answer.json()["errors"][0]["pointer"] == "#/size"


def test_a_background_may_be_a_picture_in_json_too(shop: Live) -> None:
    image, behind = (b64encode(png((64, 64))).decode(), b64encode(png((80, 40))).decode())
    for background in (behind, "white", "#FFeeDD"):
        answer = shop.http.post("/packshot?dry_run=true", json={"image": image, "background": background})
        assert answer.status_code == 200, answer.text
    answer = shop.http.post("/packshot", json={"image": image, "background": "file"})
    assert answer.status_code == 422 and "send the background" in answer.text


def test_a_preset_of_ones_own_goes_before_and_may_be_for_one_key(tmp_path) -> None:
    file = tmp_path / "presets.toml"
    file.write_text(
        '[[preset]]\nname = "ours"\ntitle = "Ours"\nread = 2026-11-30\nkeys = ["shop"]\nrule = []\n'
        '[[preset]]\nname = "ebay"\ntitle = "eBay, as we read it"\nread = 2026-11-30\nrule = []\n'
    )
    presets = load_presets(file)
    assert presets.find("ours", "shop").title == "Ours" and presets.find("ebay").rule == []
    with pytest.raises(InvalidField, match="there are: amazon-main"):
        presets.find("ours", "another")
