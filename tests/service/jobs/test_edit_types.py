"""`POST /customise` by another picture, and from a part: what is taken in either body, refused and stored."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.service.conftest import Live, Stack, encoded, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import base, form, order, shop, turned  # noqa: F401  a fixture

PAINT = png(mode="RGBA", colour=(220, 30, 40, 255))


@pytest.fixture
def catalogue_of_ways(serve, stack: Stack, tmp_path: Path) -> Live:
    """A service whose engine takes a style, and completes pictures."""
    path = tmp_path / "ways.toml"
    kinds = 'kinds = ["recreate", "generate"]\ndefault_for = ["recreate", "generate"]'
    ways = 'kinds = ["customise"]\nways = ["style", "complete"]\ndefault_for = ["style", "complete"]'
    path.write_text(stack.settings(1).catalogue.read_text().replace(kinds, ways))
    return serve(catalogue=path)


@pytest.mark.parametrize("more", [{}, {"prompt": "a red shoe"}, {"mask": "product"}])
def test_a_guide_is_sent_in_either_body(shop: Live, stack: Stack, more: dict) -> None:  # noqa: F811
    one = form(shop, guide=PAINT, strength="0.4", **more)
    other = shop.http.post(
        "/customise",
        json={"image": base(png()), "guide": f"data:image/png;base64,{base(PAINT)}", "strength": 0.4, **more},
    )
    assert (one.status_code, other.status_code) == (202, 202), (one.text, other.text)
    orders = [order(stack, answer.json()["id"]) for answer in (one, other)]
    assert orders[0].task == orders[1].task and orders[0].task.guide == "file"
    assert (orders[0].engine, set(orders[0].files)) == ("sdedit", {"guide"})
    assert orders[0].files["guide"].sha256 == sha256(PAINT).hexdigest() == orders[1].files["guide"].sha256


def test_a_guide_has_the_size_of_its_picture_as_it_is_shown(shop: Live) -> None:  # noqa: F811
    assert form(shop, image=turned((40, 20), 6), guide=png((20, 40), "RGBA")).status_code == 202
    answer = form(shop, guide=png((9, 9)))
    assert_problem(answer, 422, "invalid_picture", "#/guide")
    assert "9 x 9 px, but the image is 32 x 24 px" in answer.json()["detail"]


def test_a_style_of_any_size_and_a_part_to_complete_are_taken(catalogue_of_ways: Live, stack: Stack) -> None:
    live = catalogue_of_ways
    answers = form(live, style_image=png((3, 90))), form(live, complete="0.5")
    assert [answer.status_code for answer in answers] == [202, 202], [answer.text for answer in answers]
    styled, completed = (order(stack, answer.json()["id"]) for answer in answers)
    assert set(styled.files) == {"style_image"} and styled.task.style_image == "file"
    assert completed.files == {} and completed.task.complete == 0.5
    answer = form(live, image=encoded("JPEG"), complete="0.5", format="jpeg")
    assert_problem(answer, 422, "invalid_field", "#/format")
    assert_problem(form(live, complete="0.5", mask="product"), 422, "invalid_field", "#/")


def test_every_new_picture_is_looked_at_and_bounded(serve) -> None:
    live = serve(catalogue=None, max_upload_bytes=200_000)
    assert_problem(form(live, guide=b"no picture"), 422, "invalid_picture", "#/guide")
    for name in ("style_image", "guide"):
        huge = {"image": base(png()), name: base(encoded("BMP", (300, 250)))}
        assert_problem(live.http.post("/customise", json=huge), 413, "upload_too_large", f"#/{name}")
    assert not live.pictures()


def test_a_key_stands_for_the_guide_too(shop: Live) -> None:  # noqa: F811
    first = form(shop, key="k", guide=PAINT)
    assert first.status_code == 202 and form(shop, key="k", guide=PAINT).json() == first.json()
    other = png(mode="RGBA", colour=(1, 2, 3, 255))
    assert_problem(form(shop, key="k", guide=other), 422, "idempotency_mismatch")
