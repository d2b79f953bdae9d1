"""Exact edits: the row, whole jobs in the frame of the original, and what is told where nothing varies."""

import io

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import InstructionNotUnderstood, InvalidField
from likeness.contract.jobs import Result
from likeness.contract.tasks import Customise
from likeness.storage.pictures import PictureStore
from tests.support.places import EXAMPLES
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.once import Unwatched, ordered
from worker.residency.engines import Residents
from worker.runs.context import Context
from worker.runs.run import Run

CATALOGUE = load_catalogue()
SPEC = CATALOGUE.find("retouch")


@pytest.fixture(scope="module")
def residents() -> Residents:
    return Residents(Components(Weights(WEIGHTS, WEIGHTS), "cpu"))


def example(name: str, longest: int = 320) -> bytes:
    file = io.BytesIO()
    with Image.open(EXAMPLES / name) as image:
        image.thumbnail((longest, longest))
        image.save(file, "PNG")
    return file.getvalue()


def edited(residents: Residents, data: bytes, **fields: object) -> tuple[Result, np.ndarray]:
    store = PictureStore.open("memory://")
    spec, order = ordered(Customise(engine="retouch", **fields), data, {}, CATALOGUE, store, residents.has)
    assert spec.name == "retouch"
    result = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id]
    assert isinstance(result, Result), result
    return result, np.asarray(Image.open(io.BytesIO(store.get(result.images[0].picture))))


def given(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_it_makes_the_kinds_of_edit_that_its_row_names() -> None:
    for instruction in ("make it red", "put it on a white background", "make the picture warmer"):
        assert CATALOGUE.choose(Customise(instruction=instruction, engine="retouch")).name == "retouch"
    lines = SPEC.instructions()
    assert [line.split(":")[0] for line in lines] == ["colour", "background", "light", "size", "text"]


PULLED = CATALOGUE.missing(())


@pytest.mark.parametrize(
    ("fields", "shipped", "installed"),
    [
        ({"instruction": "make it red"}, "retouch", "retouch"),
        ({"recolour": {"to": "#1F4E79"}, "parts": "all", "seed": 3}, "retouch", "retouch"),
        ({"text": "Sale", "candidates": 4, "attempts": 2}, "retouch", "retouch"),
        ({"text": "Sale", "strength": 0.2}, "starter", "starter"),
        ({"instruction": "make it red", "guidance_scale": 2.0}, "starter-edit", "starter-edit"),
        ({"instruction": "make it red", "negative_prompt": "blur"}, "retouch", "qwen-image-edit"),
        ({"instruction": "give it yellow stripes"}, "starter-edit", "qwen-image-edit"),
        ({"instruction": "make it denim", "image_guidance_scale": 1.2}, "starter-edit", "starter-edit"),
        ({"instruction": "make it larger"}, "retouch", "retouch"),
    ],
)
def test_what_is_asked_and_given_chooses_the_engine(fields: dict, shipped: str, installed: str) -> None:
    task = Customise.model_validate(fields)
    assert CATALOGUE.choose(task, PULLED).name == shipped
    assert CATALOGUE.choose(task).name == installed


def test_what_only_a_large_editor_understands_goes_to_the_best_that_is_installed() -> None:
    task = Customise(instruction="turn the dog into a cat")
    with pytest.raises(InstructionNotUnderstood):
        CATALOGUE.choose(task, PULLED)
    assert CATALOGUE.choose(task, PULLED - {"instruct-pix2pix"}).name == "instruct-pix2pix"
    assert CATALOGUE.choose(task, PULLED - {"instruct-pix2pix", "qwen-image-edit"}).name == "qwen-image-edit"


def test_a_kind_of_edit_that_it_does_not_make_is_refused_by_name() -> None:
    with pytest.raises(
        InvalidField, match="an edit of the kind pattern; it does: recolour, background, light, size, text"
    ):
        CATALOGUE.choose(Customise(instruction="give it yellow stripes", engine="retouch"))


def test_a_colour_is_reached_and_the_wall_stays(residents: Residents) -> None:
    data = example("shirt-plaid.jpg")
    result, _ = edited(residents, data, recolour={"to": "#1F4E79"})
    report = result.images[0].report
    scores = {score.name: score.value for score in report.edit.scores}
    assert report.frame_equal and scores["hue_error"] < 5
    assert scores["change_outside"] < 0.5


def test_a_white_background_is_white(residents: Residents) -> None:
    data = example("sandals.jpg")
    _, made = edited(residents, data, instruction="put it on a white background", shadow="none")
    corners = [made[:8, :8], made[:8, -8:], made[-8:, :8], made[-8:, -8:]]
    assert all((corner == 255).all() for corner in corners)


def test_greyscale_is_grey(residents: Residents) -> None:
    _, made = edited(residents, example("cap-plaid.jpg"), instruction="make the picture greyscale")
    assert np.ptp(made[..., :3].astype(np.int16), axis=2).max() <= 1


def test_a_cut_out_has_its_product_and_keeps_its_alpha(residents: Residents) -> None:
    y, x = np.mgrid[:96, :96]
    disc = np.clip(40 - np.hypot(y - 48, x - 48), 0, 1)
    picture = np.dstack([np.full((96, 96, 3), (40, 160, 70)), disc * 255]).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    _, made = edited(residents, file.getvalue(), instruction="make it blue")
    assert (made[..., 3] == picture[..., 3]).all()
    assert made[48, 48, 2] > made[48, 48, 1] and made[48, 48, 2] > made[48, 48, 0]


def test_more_candidates_are_one_image_and_the_result_says_why(residents: Residents) -> None:
    data = example("cap-plaid.jpg", 128)
    result, made = edited(residents, data, instruction="make it green", candidates=3, attempts=2, keep="all", seed=7)
    assert len(result.images) == 1 and result.attempts == 1
    assert result.degradations == ["one image: retouch makes the same every time"]
    assert (edited(residents, data, instruction="make it green", seed=8)[1] == made).all()
    assert made.shape[:2] == given(data).shape[:2]
