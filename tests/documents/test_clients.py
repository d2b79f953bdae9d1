"""The packages of others against the whole stack with the starter engines: what docs/clients.md shows, and edits."""

import base64
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openai
import pytest
import replicate
import webuiapi
from PIL import Image

from tests.support.places import ROOT
from tests.support.snippets import snippets

SIZE = (96, 72)
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", timeout=100) as client:
        yield client


def photo() -> Image.Image:
    """Return a red square on grey."""
    picture = Image.new("RGB", SIZE, (180, 180, 180))
    picture.paste((190, 40, 30), (28, 16, 68, 56))
    return picture


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def pixels(data: str | Image.Image) -> np.ndarray:
    opened = data if isinstance(data, Image.Image) else Image.open(io.BytesIO(base64.b64decode(data)))
    return np.asarray(opened.convert("RGB")).astype(int)


HOLE = (8, 8, 24, 40)
"""Left, upper, right, lower of what may change."""


def changed(made: np.ndarray) -> np.ndarray:
    return (made != np.asarray(photo()).astype(int)).any(2)


def only_in_the_hole(made: np.ndarray) -> bool:
    left, upper, right, lower = HOLE
    inside = np.zeros(made.shape[:2], bool)
    inside[upper:lower, left:right] = True
    return changed(made)[inside].any() and not changed(made)[~inside].any()


def test_what_the_page_shows_works(port: int, folder: Path) -> None:
    """In one program, since each start costs seconds."""
    script = "\n".join(snippets("docs/clients.md", "python")).replace("8000", str(port))
    ran = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=200)
    assert ran.returncode == 0, ran.stderr
    made = {path.name: size(path) for path in folder.glob("*.png")}
    given = size(ROOT / "examples/sandals.jpg")
    assert made == {"red.png": given, "again.png": given, "red-too.png": given}
    assert "image_edit.completed" in ran.stdout


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_an_instruction_changes_the_product(client: openai.OpenAI) -> None:
    openais = {"model": "gpt-image-1", "quality": "high", "input_fidelity": "high", "size": "96x72"}
    made = client.images.edit(image=("a.png", png(photo())), prompt="make it blue", **openais, extra_body={"seed": 1})
    assert made.engine == "retouch" and made.size == "96x72"
    red, _, blue = pixels(made.data[0].b64_json)[30:42, 40:56].mean((0, 1))
    assert blue > red


def test_what_is_transparent_in_openais_mask_alone_may_change(client: openai.OpenAI) -> None:
    mask = Image.new("RGBA", SIZE, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), HOLE)
    made = client.images.edit(image=("a.png", png(photo())), mask=("m.png", png(mask)), prompt="a black stripe")
    assert made.engine == "starter-inpaint" and only_in_the_hole(pixels(made.data[0].b64_json))


def test_a_mask_that_cannot_be_transparent_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="no alpha") as raised:
        client.images.edit(image=("a.png", png(photo())), mask=("m.png", png(photo())), prompt="a stripe")
    assert raised.value.param == "mask"


def test_of_several_images_roles_say_what_they_are(client: openai.OpenAI) -> None:
    images = [("a.png", png(photo())), ("b.png", png(Image.new("RGB", (80, 64), (20, 90, 160))))]
    with pytest.raises(openai.BadRequestError, match="takes none"):  # of the engines that are here
        client.images.edit(image=images, prompt="make it red")
    made = client.images.edit(image=images, prompt="", extra_body={"roles": ["image", "style_image"]})
    assert changed(pixels(made.data[0].b64_json)).any() and made.size == "96x72"


def test_a_markup_is_a_guide(client: openai.OpenAI) -> None:
    painted = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    painted.paste((0, 0, 200, 255), HOLE)
    made = client.images.edit(
        image=("a.png", png(photo())), markup=("m.png", png(painted)), prompt="", extra_body={"strength": 0.1}
    )
    assert made.engine == "sdedit" and pixels(made.data[0].b64_json)[20, 16, 2] > 150


def test_what_is_white_in_the_others_mask_alone_may_change(url: str) -> None:
    api = webuiapi.WebUIApi(baseurl=f"{url}/sdapi/v1", steps=4)
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, HOLE)
    own = {"width": SIZE[0], "height": SIZE[1]}
    with api.session:
        made = api.img2img(images=[photo()], mask_image=mask, prompt="a black stripe", **own)
        assert only_in_the_hole(pixels(made.image)) and made.info["engine"]["name"] == "starter-inpaint"
        other = api.img2img(images=[photo()], mask_image=mask, inpainting_mask_invert=1, prompt="a stripe", **own)
        assert not changed(pixels(other.image))[HOLE[1] : HOLE[3], HOLE[0] : HOLE[2]].any()


def test_controlnet_and_a_checkpoint_that_is_instructed(url: str) -> None:
    api = webuiapi.WebUIApi(baseurl=f"{url}/sdapi/v1", steps=1)
    own = {"width": SIZE[0], "height": SIZE[1]}
    override = {"sd_model_checkpoint": "starter-edit"}
    with api.session:
        # The package adds the units to its own default of alwayson_scripts, and sends them ever after.
        unit = webuiapi.ControlNetUnit(module="canny")
        drawn = api.img2img(images=[photo()], prompt="a blue shoe", controlnet_units=[unit], **own, alwayson_scripts={})
        assert drawn.info["engine"]["name"] == "starter-control"
        edges = webuiapi.ControlNetUnit(image=photo(), model="control_v11p_sd15_canny")
        assert (
            api.img2img(
                images=[photo()], prompt="a blue shoe", controlnet_units=[edges], **own, alwayson_scripts={}
            ).image.size
            == SIZE
        )
        edited = api.img2img(
            images=[photo()], prompt="make it blue", override_settings=override, **own, alwayson_scripts={}
        )
        assert edited.info["engine"]["name"] == "starter-edit" and edited.parameters["image_cfg_scale"] == 1.5


def test_a_prediction_with_a_mask(url: str) -> None:
    client = replicate.Client(api_token="none", base_url=url)
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, HOLE)
    said = {"image": io.BytesIO(png(photo())), "mask": io.BytesIO(png(mask)), "prompt": "a black stripe"}
    (made,) = client.run("likeness/starter-inpaint", input=said)
    assert only_in_the_hole(pixels(Image.open(io.BytesIO(made.read()))))
    client._client.close()
