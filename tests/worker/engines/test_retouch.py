"""Exact edits: the row, whole jobs in the frame of the original, and what is told where nothing varies."""

import io

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import InstructionNotUnderstood, InvalidField, NoRoom
from likeness.contract.jobs import Result
from likeness.contract.tasks import Customise
from likeness.imaging.formats.xmp import DigitalSource, read
from likeness.storage.pictures import PictureStore
from tests.support.engines import shipped
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
    return shipped()


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
    assert [line.split(":")[0] for line in lines] == [
        "colour",
        "pattern",
        "background",
        "light",
        "size",
        "text",
        "cut-out",
    ]


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
        ({"instruction": "give it yellow stripes"}, "retouch", "qwen-image-edit"),
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
        InvalidField, match="an edit of the kind material; it does: recolour, pattern, background, light, size, text"
    ):
        CATALOGUE.choose(Customise(instruction="make it denim", engine="retouch"))


def test_a_pattern_is_laid_and_that_the_cloth_had_one_is_said(residents: Residents) -> None:
    result, _ = edited(residents, example("shirt-plaid.jpg"), instruction="give it a red tartan")
    (image,) = result.images
    assert image.report.verdict == "rejected"
    assert any("own pattern" in reason for reason in image.report.reasons)


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


def test_a_seed_is_recorded_and_no_model_is_said_to_have_made_a_pixel(residents: Residents) -> None:
    store = PictureStore.open("memory://")
    for seed in (5, None):
        task = Customise(instruction="make it green", seed=seed)
        spec, order = ordered(task, example("cap-plaid.jpg", 128), {}, CATALOGUE, store, residents.has)
        result = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id]
        assert result.images[0].seed == seed and result.recipe.seeds == ([] if seed is None else [seed])
        said = read(store.get(result.images[0].picture))
        assert said.source is DigitalSource.ENHANCED and said.seed == seed


def rgba(colour: tuple[int, int, int], side: int = 96) -> tuple[bytes, np.ndarray]:
    """Return a soft disc of a colour that is cut out, as a file and as its samples."""
    y, x = np.mgrid[:side, :side]
    alpha = np.clip((0.42 * side - np.hypot(y - side / 2, x - side / 2)) / 4 + 0.5, 0, 1)
    samples = np.dstack([np.full((side, side, 3), colour), np.rint(alpha * 255)]).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "PNG")
    return file.getvalue(), samples


def test_a_cut_out_is_flattened_where_that_is_asked_and_the_frame_says_so(residents: Residents) -> None:
    data, samples = rgba((40, 160, 70))
    result, made = edited(residents, data, instruction="make it blue", flatten="#FFFFFF")
    assert made.shape == (96, 96, 3) and (made[samples[..., 3] == 0] == 255).all()
    assert made[48, 48, 2] > made[48, 48, 1] and result.images[0].mode == "RGB"
    (mode,) = [row for row in result.images[0].report.frame if row.name == "mode"]
    assert (mode.given, mode.made, mode.equal) == ("RGBA, flattened onto #FFFFFF", "RGB", True)


def test_a_background_shows_once_alpha_is_flattened_and_else_the_reasons_say_why_not(residents: Residents) -> None:
    data, samples = rgba((40, 160, 70))
    wish = {"instruction": "put it on a yellow background", "shadow": "none"}
    result, kept = edited(residents, data, **wish)
    assert (kept[..., 3] == samples[..., 3]).all()
    assert any("keeps its alpha; flatten it" in reason for reason in result.images[0].report.reasons)
    result, made = edited(residents, data, **wish, flatten="#FFFFFF")
    yellow = np.array([255, 255, 0])
    assert (made[0, 0] == yellow).all() and (made[48, 48] == samples[48, 48, :3]).all()
    alpha = samples[..., 3:] / 255
    assert np.abs(made - (samples[..., :3] * alpha + yellow * (1 - alpha))).max() <= 2, "no white is left in the rim"
    assert not any("flatten" in reason for reason in result.images[0].report.reasons)


def test_an_opaque_image_has_nothing_to_flatten(residents: Residents) -> None:
    data = example("cap-plaid.jpg", 128)
    wish = {"instruction": "make it green", "seed": 1}
    assert (edited(residents, data, **wish)[1] == edited(residents, data, **wish, flatten="#FFFFFF")[1]).all()


class Soft(Residents):
    """Residents whose segmenter doubts the product's lower part, and has it surely above."""

    def product(self, canvas: np.ndarray) -> np.ndarray:
        height, width = canvas.shape[:2]
        y, x = np.mgrid[:height, :width]
        inside = np.hypot(y - height / 2, x - width / 2) < 0.35 * min(height, width)
        return np.where(inside, np.where(y > 0.7 * height, 0.5, 1.0), 0.0).astype(np.float32)


def test_what_the_matte_has_as_product_is_preserved_though_the_mask_doubts_it() -> None:
    y, x = np.mgrid[:240, :240]
    inside = np.hypot(y - 120, x - 120) < 84
    picture = np.where(inside[..., None], (150, 30, 40), (205, 200, 190)).astype(np.uint8)
    picture = picture + np.random.default_rng(0).integers(0, 6, picture.shape).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    soft = Soft(Components(Weights(WEIGHTS, WEIGHTS), "cpu"))
    wish = {"instruction": "put it on a white background", "shadow": "none", "preserve": "product"}
    result, made = edited(soft, file.getvalue(), **wish)
    toe = inside & (y > 180) & (np.hypot(y - 120, x - 120) < 80)
    assert (made[toe] == picture[toe]).all() and (made[np.hypot(y - 120, x - 120) > 100] == 255).all()
    lock = result.images[0].report.locked
    assert lock.max_abs_diff == 0 and lock.area == pytest.approx(inside.mean(), abs=0.02), "the toe is proved too"


def test_the_matte_is_stored_over_the_image_and_can_be_sent_again_as_a_mask(residents: Residents) -> None:
    data = (EXAMPLES / "exif-orientation-6.jpg").read_bytes()
    store = PictureStore.open("memory://")
    task = Customise(engine="retouch", instruction="make it green")
    spec, order = ordered(task, data, {}, CATALOGUE, store, residents.has)
    result = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id]
    image = result.images[0]
    matte = Image.open(io.BytesIO(store.get(image.matte)))
    assert matte.mode == "L" and matte.size == (image.width, image.height)
    assert 0.05 < (np.asarray(matte) > 127).mean() < 0.95
    again = Customise(engine="retouch", instruction="make it green", mask="file")
    spec, order = ordered(again, data, {"mask": store.get(image.matte)}, CATALOGUE, store, residents.has)
    second = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id]
    one, two = (np.asarray(Image.open(io.BytesIO(store.get(found.images[0].picture)))) for found in (result, second))
    assert np.mean(np.abs(one.astype(int) - two) > 24) < 0.02, "the same product is dyed"


def test_what_is_left_alone_is_told_with_its_area(residents: Residents) -> None:
    garment = np.full((320, 320, 3), 235, np.uint8)
    garment[40:290, 50:270] = (150, 40, 45)
    garment[90:130, 140:190] = (245, 245, 240)
    file, mask = io.BytesIO(), io.BytesIO()
    Image.fromarray(garment).save(file, "PNG")
    area = np.zeros((320, 320), np.uint8)
    area[40:290, 50:270] = 255
    Image.fromarray(area).save(mask, "PNG")
    store = PictureStore.open("memory://")
    for parts, left in (("main", 40 * 50 / (250 * 220)), ("all", None)):
        task = Customise(engine="retouch", instruction="make the sweater blue", mask="file", parts=parts)
        spec, order = ordered(task, file.getvalue(), {"mask": mask.getvalue()}, CATALOGUE, store, residents.has)
        (image,) = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id].images
        told = [reason for reason in image.report.reasons if reason.startswith("left alone as not cloth")]
        if left is None:
            assert image.left_alone is None and not told
            continue
        assert image.left_alone.area == pytest.approx(left, rel=0.15) and len(told) == 1
        (part,) = image.left_alone.parts
        assert (part.left, part.top) == pytest.approx((140 / 320, 90 / 320), abs=0.02)


def test_a_garment_that_is_not_alone_is_told_and_a_mask_advised(residents: Residents) -> None:
    picture = np.full((360, 300, 3), 240, np.uint8)
    picture[30:200, 60:240] = (140, 30, 40)
    picture[200:330, 80:220] = (40, 70, 150)
    mask = np.where((picture != 240).any(2), np.uint8(255), np.uint8(0))
    files = [io.BytesIO(), io.BytesIO()]
    Image.fromarray(picture).save(files[0], "PNG")
    Image.fromarray(mask).save(files[1], "PNG")
    store = PictureStore.open("memory://")
    task = Customise(engine="retouch", instruction="make the sweater green", mask="file")
    data, sent = (file.getvalue() for file in files)
    spec, order = ordered(task, data, {"mask": sent}, CATALOGUE, store, residents.has)
    (image,) = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id].images
    assert any(reason.startswith("more than the sweater stands out") for reason in image.report.reasons)


def test_a_product_is_made_larger_and_what_does_not_fit_is_told(residents: Residents) -> None:
    result, made = edited(residents, example("cap-plaid.jpg"), instruction="make it larger")
    given_picture = given(example("cap-plaid.jpg"))
    assert made.shape == given_picture.shape and (made != given_picture).any()
    assert result.images[0].report.edit.happened


PLACE = {"left": 0.3, "top": 0.6, "width": 0.4, "height": 0.2}


def test_a_print_leaves_every_other_sample(residents: Residents) -> None:
    data = example("cap-plaid.jpg")
    result, made = edited(residents, data, text="Sale", place=PLACE, font="slab", angle=5)
    assert result.images[0].report.locked.max_abs_diff == 0 and result.images[0].report.locked.area > 0.5
    assert 0.001 < (made != given(data)).any(2).mean() < 0.5


def test_a_print_is_refused_where_nothing_is_free_and_a_place_overrules(residents: Residents) -> None:
    data, store = example("cap-plaid.jpg"), PictureStore.open("memory://")
    spec, order = ordered(Customise(engine="retouch", text="Sale"), data, {}, CATALOGUE, store, residents.has)
    refused = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id]
    assert isinstance(refused, NoRoom) and "with a place" in refused.detail
    result, _ = edited(residents, data, text="Sale", place=PLACE)
    assert any("printed over what was there" in reason for reason in result.images[0].report.reasons)


def test_a_print_on_plain_leather_is_accepted(residents: Residents) -> None:
    result, _ = edited(residents, example("cutout-soft-alpha.png", 640), text="Nordic", font="condensed")
    assert result.images[0].report.verdict == "accepted", result.images[0].report.reasons
