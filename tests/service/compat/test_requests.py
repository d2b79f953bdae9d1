"""What other APIs ask for, told in our words: which task comes of it, and what is refused."""

import asyncio
import base64
import io
import json

import pytest
from PIL import Image

from likeness.contract.errors import InvalidField, RequestError, UnknownEngine
from likeness.contract.packshots import Cutout
from likeness.contract.tasks import Customise, Generate, Recreate
from likeness.imaging.formats.decode import Bounds
from service.compat import waiting
from service.compat.a1111 import controlnet
from service.compat.a1111 import requests as a1111
from service.compat.openai.requests import EditParts, edit, generation
from service.compat.openai.schemas import EditRequest
from service.compat.replicate import requests as replicate
from service.jobs.submission import Submission, Upload

BOUNDS = Bounds()


def png(mode: str = "RGB", size: tuple[int, int] = (30, 20)) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG")
    return file.getvalue()


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def edited(
    images: int = 1, mask: bool = False, markup: bool = False, mode: str = "RGB", **fields: object
) -> Submission:
    clear = Upload(png("RGBA"))
    parts = EditParts(
        EditRequest.model_validate(fields),
        [Upload(png(mode))] * images,
        clear if mask else None,
        clear if markup else None,
    )
    return asyncio.run(edit(parts, BOUNDS))


def test_without_a_prompt_an_edit_recreates() -> None:
    task = edited(strength=0.2, seed=3, n=4, output_format="webp", output_compression=70, model="drill").task
    assert task == Recreate(strength=0.2, seed=3, candidates=4, keep="all", format="webp", quality=70, engine="drill")


def test_a_transparent_background_alone_is_a_cut_out() -> None:
    assert edited(background="transparent").task == Cutout()


def test_a_prompt_is_an_instruction_unless_something_says_what_is_kept() -> None:
    assert edited(prompt="make it red").task == Customise(instruction="make it red")
    assert edited(prompt="a red shoe", mask=True).task == Customise(prompt="a red shoe", mask="file")
    assert edited(prompt="a shoe", preserve="product").task == Customise(prompt="a shoe", preserve="product")
    assert edited(prompt="a shoe", markup=True).task == Customise(prompt="a shoe", guide="file")
    assert edited(prompt="a shoe", kind="recreate", strength=0.5).task == Recreate(prompt="a shoe", strength=0.5)
    assert edited(instruction="make it red", mask=True).task == Customise(instruction="make it red", mask="file")


def test_further_images_without_roles_are_what_the_prompt_speaks_of() -> None:
    made = edited(images=3, prompt="put the shoe of image 1 onto the table of image 2, in the style of image 3")
    assert made.task.images == ["file", "file"] and set(made.files) == {"image_2", "image_3"}
    assert made.task.files == ("image_2", "image_3")


def test_further_images_are_what_their_roles_say() -> None:
    made = edited(images=2, roles=["image", "style_image"])
    assert made.task == Customise(style_image="file") and set(made.files) == {"style_image"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"images": 5, "prompt": "put it there"}, "at most 3"),
        ({"images": 2, "prompt": "a shoe", "mask": True}, "images need an instruction"),
        ({"images": 2, "roles": ["image"]}, "2 images and 1 roles"),
        ({"images": 0}, "missing"),
        ({"images": 2, "roles": ["image", "image"]}, "each role is one"),
        ({"size": "20x30"}, "30x20"),
        ({"background": "opaque", "mode": "RGBA"}, "has alpha"),
        ({"background": "transparent", "prompt": "make it red"}, "has no alpha"),
        ({"candidates": 3, "n": 2}, "n says it"),
        ({"engine": "drill"}, "model says it"),
        ({"format": "png"}, "output_format says it"),
        ({"kind": "generate"}, "recreate or customise"),
        ({"kind": "recreate", "mask": True}, "mask: a recreation takes none"),
        ({"prompt": "a", "instruction": "b"}, "one of the two"),
    ],
)
def test_what_an_edit_cannot_be_is_refused(fields: dict, said: str) -> None:
    with pytest.raises(InvalidField, match=said):
        edited(**fields)


def test_a_picture_is_shown_as_its_orientation_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, "JPEG", exif=exif)
    parts = EditParts(EditRequest(size="20x30"), [Upload(file.getvalue())], None, None)
    assert asyncio.run(edit(parts, BOUNDS)).task == Recreate()


def test_a_generation() -> None:
    said = {"prompt": "a shoe", "size": "96x64", "n": 2, "seed": 4, "style": None}
    _, submission = generation(json.dumps(said).encode(), {})
    assert submission.task == Generate(prompt="a shoe", width=96, height=64, candidates=2, keep="all", seed=4)
    with pytest.raises(InvalidField, match="style: not a field"):
        generation(json.dumps({**said, "style": "vivid"}).encode(), {})
    for body in (b"[]", b"{", b'{"n": true}', b'{"size": "0x5"}'):
        with pytest.raises(InvalidField):
            generation(body, {})


def predicted(said: dict, version: str | None = "drill") -> Submission:
    return replicate.read(json.dumps({"version": version, "input": said}).encode(), None, None, 10**6)


def test_a_prediction_is_the_task_that_its_input_makes_plain() -> None:
    image = uri(png())
    assert predicted({"image": image, "seed": 1}).task == Recreate(engine="drill", seed=1)
    assert predicted({"image": image, "instruction": "make it red"}).task.kind == "customise"
    assert predicted({"image": image, "mask": "product", "prompt": "a"}).task.mask == "product"
    assert predicted({"image": image, "mask": image, "prompt": "a"}).files["mask"].data == png()
    assert predicted({"prompt": "a"}, "likeness/drill").task == Generate(engine="drill", prompt="a")
    assert predicted({"image": "https://example.com/a.png"}).image == "https://example.com/a.png"


@pytest.mark.parametrize(
    ("said", "version", "error"),
    [
        ({"kind": "generate", "image": uri(png())}, "drill", "none to generate"),
        ({"kind": "recreate"}, "drill", "a URL or a data URI"),
        ({"image": 3}, "drill", "a URL or a data URI"),
        ({}, None, "an engine's name"),
        ({}, "acme/drill", "models here are"),
    ],
)
def test_what_a_prediction_cannot_be_is_refused(said: dict, version: str | None, error: str) -> None:
    with pytest.raises((InvalidField, UnknownEngine), match=error):
        predicted(said, version)


def img2img(**fields: object) -> a1111.Img2Img:
    return a1111.read(json.dumps({"init_images": [uri(png())], **fields}).encode())


def test_every_field_of_the_interface_is_taken_or_refused() -> None:
    unasked = {name: values[-1] for name, values in a1111.NEUTRAL.items()}
    assert img2img(**unasked, **dict.fromkeys(a1111.IGNORED, False)).seed == -1
    for name in a1111.NEUTRAL:
        with pytest.raises(InvalidField, match=f"{name}: only"):
            img2img(**{name: ["another"]})
    for fields in ({"init_images": []}, {"init_images": ["a", "b"]}, {"nonsense": 1}, {"seed": -2}, {"batch_size": 99}):
        with pytest.raises(RequestError):
            img2img(**fields)


UNIT = {"module": "none", "model": "None"}


@pytest.mark.parametrize(
    ("unit", "control"),
    [
        ({"module": "canny"}, {"kind": "canny", "weight": 1.0, "start": 0.0, "end": 1.0}),
        ({"module": "softedge_hed", "weight": 0.5}, {"kind": "soft_edge", "weight": 0.5, "start": 0.0, "end": 1.0}),
        (
            {"module": "lineart_realistic", "guidance_end": 0.5},
            {"kind": "line_art", "weight": 1.0, "start": 0.0, "end": 0.5},
        ),
        (
            {"image": "AAAA", "model": "control_v11f1p_sd15_depth"},
            {"kind": "depth", "weight": 1.0, "start": 0.0, "end": 1.0},
        ),
    ],
)
def test_a_controlnet_unit_is_a_control(unit: dict, control: dict) -> None:
    controls, sent = controlnet.controls_of({"ControlNet": {"args": [{**UNIT, **unit}]}})
    assert controls == [control] and sent == unit.get("image")


@pytest.mark.parametrize(
    ("scripts", "said"),
    [
        ({"ADetailer": {"args": [True, {}]}}, "no such script"),
        ({"ControlNet": {"args": [UNIT]}}, "module or image"),
        ({"ControlNet": {"args": [{**UNIT, "module": "canny", "image": "AAAA"}]}}, "draws the map"),
        ({"ControlNet": {"args": [{**UNIT, "module": "openpose"}]}}, "one of the kinds"),
        ({"ControlNet": {"args": [{**UNIT, "module": "canny", "threshold_a": 100}]}}, "thresholds"),
        ({"ControlNet": {"args": [{**UNIT, "nonsense": 1}]}}, "not a field"),
        ({"ControlNet": {"args": [{**UNIT, "image": "AAAA", "model": "canny"}] * 2}}, "one finished map"),
        ({"ControlNet": 3}, "ControlNet"),
    ],
)
def test_what_controlnet_cannot_do_here_is_refused(scripts: dict, said: str) -> None:
    with pytest.raises(InvalidField, match=said):
        controlnet.controls_of(scripts)


def test_scripts_that_are_off_are_no_matter() -> None:
    off = {"ADetailer": {"args": [False]}, "ControlNet": {"args": [{**UNIT, "enabled": False}]}}
    assert controlnet.controls_of(off) == ([], None)


def test_equal_content_has_one_key_and_other_content_another() -> None:
    asked = [
        {},
        {"seed": 1},
        {"mode": "RGBA"},
        {"prompt": "a", "mask": True},
        {"prompt": "a", "markup": True},
        {"webhook": "https://shop.example/likeness"},
    ]
    keys = [waiting.content_key("openai", edited(**fields)) for fields in asked]
    assert keys == [waiting.content_key("openai", edited(**fields)) for fields in asked]
    assert len({*keys, waiting.content_key("another", edited())}) == len(asked) + 1
