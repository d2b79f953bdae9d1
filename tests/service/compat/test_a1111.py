"""What AUTOMATIC1111's clients ask for, as the `webuiapi` package asks it, with a real worker."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import webuiapi
from PIL import Image

from likeness.contract.errors import every_error
from service.auth.keys import create_key
from service.compat.errors import a1111_error
from service.compat.results import as_base64
from service.http.problems import STATUS
from tests.service.conftest import Live


def photo(seed: int, size: tuple[int, int] = (63, 41)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*reversed(size), 3), dtype=np.uint8))


@pytest.fixture
def api(live: Live) -> Iterator[webuiapi.WebUIApi]:
    api = webuiapi.WebUIApi(baseurl=f"{live.url}/sdapi/v1")
    with api.session:
        yield api


OWN = {"width": 63, "height": 41, "denoising_strength": 0.01, "steps": 1}


def test_a_picture_is_made_again_in_its_own_size(api: webuiapi.WebUIApi, live: Live) -> None:
    made = api.img2img(images=[photo(1)], seed=7, **OWN)
    assert made.image.size == (63, 41) and made.info["seed"] == 7 and made.info["engine"]["name"] == "drill"
    assert made.info["reports"][0]["verdict"] in ("accepted", "rejected") and made.parameters["steps"] == 1
    job = live.http.get(f"/jobs/{made.info['job']}").json()
    assert job["result"]["images"][0]["report"] == made.info["reports"][0]


def test_several_images(api: webuiapi.WebUIApi) -> None:
    made = api.img2img(images=[photo(2)], batch_size=2, n_iter=2, **OWN)
    assert len(made.images) == 4 and len(set(made.info["all_seeds"])) == 4
    assert api.img2img(images=[photo(2)], send_images=False, **OWN).images == []


def test_the_same_again_is_another_picture_as_the_seed_is_random(api: webuiapi.WebUIApi) -> None:
    jobs = {api.img2img(images=[photo(3)], **OWN).info["job"] for _ in range(2)}
    assert len(jobs) == 2


def test_what_the_constructor_asks(api: webuiapi.WebUIApi) -> None:
    assert api.get_scripts() == {"txt2img": [], "img2img": []}
    assert [model["model_name"] for model in api.get_sd_models()] == ["drill"]


def test_progress_is_told_and_an_interrupt_stops_what_this_api_waits_for(api: webuiapi.WebUIApi, live: Live) -> None:
    assert api.get_progress()["state"]["job_count"] == 0
    other = live.http.post(
        "/recreate", files={"image": ("a.png", _png(photo(4)))}, data={"steps": "20", "candidates": "4"}
    ).json()
    failed: list[RuntimeError] = []

    def run() -> None:
        try:
            api.img2img(images=[photo(5)], **{**OWN, "steps": 50, "batch_size": 4})
        except RuntimeError as error:
            failed.append(error)

    waiting = threading.Thread(target=run)
    waiting.start()
    try:
        _until(lambda: api.get_progress()["state"]["sampling_step"] > 0)
        told = api.get_progress()
        assert 0 < told["progress"] <= 1 and told["eta_relative"] > 0 and told["state"]["sampling_steps"] == 50
        assert api.interrupt() == {}
    finally:
        waiting.join(30)
    status, text = failed[0].args
    assert status == 409 and "was cancelled" in text
    assert live.http.get(f"/jobs/{other['id']}", params={"wait": 30}).json()["status"] == "succeeded"
    assert api.get_progress()["state"]["job_count"] == 0


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 30
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


REFUSED = [
    ({"width": 512, "height": 512}, "the image's own 63 x 41"),
    ({"restore_faces": True}, "restore_faces: only False"),
    ({"styles": ["oil"]}, "styles: only []"),
    ({"inpainting_fill": 2}, "inpainting_fill: only 0"),
    ({"sampler_name": "Heun"}, "sampler_name: one of"),
    ({"cfg_scale": 9}, "cfg_scale: the engine drill"),
    ({"image_cfg_scale": 2}, "image_cfg_scale: the engine drill"),
    ({"steps": 5000}, "steps"),
    ({"override_settings": {"sd_vae": "x"}}, "override_settings/sd_vae"),
    ({"override_settings": {"sd_model_checkpoint": "v1-5"}}, "not in the catalogue"),
    # The package adds a script to its own default of alwayson_scripts, and sends it ever after.
    ({"sag": webuiapi.Sag(), "alwayson_scripts": {}}, "there is no such script"),
    ({"script_name": "xyz"}, "script_name: only"),
]


@pytest.mark.parametrize(("fields", "said"), REFUSED, ids=["-".join(row[0]) for row in REFUSED])
def test_what_cannot_be_done_is_refused(api: webuiapi.WebUIApi, fields: dict, said: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        api.img2img(images=[photo(6)], **{**OWN, **fields})
    assert raised.value.args[0] in (422, 404) and said in raised.value.args[1]


def test_every_error_has_its_shape() -> None:
    for kind in every_error():
        told = a1111_error(kind("what is wrong"), STATUS[kind])
        assert told.body == {"error": kind.code, "detail": "what is wrong", "body": "", "errors": ""}
        assert told.status == STATUS[kind]


def test_the_password_is_the_key_and_no_browser_is_asked_for_it(serve: Callable[..., Live], tmp_path) -> None:
    keys = tmp_path / "keys.json"
    key = create_key(keys, "shop")
    live = serve(keys_file=keys)
    api = webuiapi.WebUIApi(baseurl=f"{live.url}/sdapi/v1", username="any", password=key)
    with api.session:
        assert api.get_progress()["progress"] == 0
    refused = live.http.get("/sdapi/v1/progress", auth=("any", "lk_wrong"))
    assert refused.status_code == 401 and "basic" not in refused.headers["www-authenticate"].lower()
    assert live.http.get("/jobs", auth=("any", key)).status_code == 401
    assert live.http.get("/sdapi/v1/progress", headers={"Authorization": "Basic ***"}).status_code == 401


def test_a_lone_surrogate_in_a_field_that_is_ignored_is_no_error_once_the_job_is_made(live: Live) -> None:
    file = io.BytesIO()
    photo(9).save(file, "PNG")
    body = {"init_images": [as_base64(file.getvalue())], "do_not_save_grid": "\ud800", **OWN}
    answer = live.http.post("/sdapi/v1/img2img", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 200 and len(answer.json()["images"]) == 1
    assert answer.json()["parameters"]["do_not_save_grid"] == "\ud800"
