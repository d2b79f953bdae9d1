"""What no client of these APIs sends: values of other types than a field has are refused as any other."""

import base64
from typing import Any

import pytest

from tests.service.conftest import Live, png

PICTURE = base64.b64encode(png()).decode()
ODD: tuple[Any, ...] = ([1], {"a": 1}, 5, 1.5, True, "x" * 5000)


@pytest.mark.parametrize("value", ODD, ids=str)
@pytest.mark.parametrize("field", ["kind", "engine", "image", "mask", "style_image", "controls", "webhook", "seed"])
def test_fields_of_a_prediction(idle: Live, field: str, value: object) -> None:
    fields = {"image": f"data:image/png;base64,{PICTURE}", field: value}
    answer = idle.http.post("/v1/predictions", json={"version": "drill", "input": fields})
    assert answer.status_code in (413, 422) or (field, value) == ("seed", 5), answer.text


@pytest.mark.parametrize("first", ['"image"', '["image"]', "{}", "5"])
def test_roles_are_said_in_one_way(idle: Live, first: str) -> None:
    parts = [("roles", (None, first)), ("roles[]", (None, "image")), ("image", ("a.png", png()))]
    answer = idle.http.post("/v1/images/edits", files=parts)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "roles")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/predictions", '{"version": "drill", "input": {"image": [%s]}}'),
        ("/sdapi/v1/img2img", '{"init_images": [[%s]]}'),
        ("/customise", '{"image": [%s]}'),
    ],
)
def test_a_flood_of_values_is_refused_before_it_is_read(idle: Live, path: str, fields: str) -> None:
    """In the place of a picture there is room for many; 1 MB of them took 87 MB of memory, and 1.5 s."""
    body = fields % ",".join(["[]"] * 300_000)
    answer = idle.http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and "more than 65536 values" in answer.text
