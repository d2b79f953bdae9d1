"""Customising, from a stored order to stored and measured images, with the shipped weights and without a queue."""

import io
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from likeness.contract.errors import NoProduct, OutOfMemory
from likeness.contract.grammar import read
from likeness.contract.report import Verdict
from likeness.storage.pictures import PictureStore
from tests.support.places import EXAMPLES
from tests.support.readers import exiftool
from tests.worker.editing.conftest import outcome
from tests.worker.metrics.models import save_clip
from worker.metrics.installed import InstalledMetrics
from worker.residency.engines import Residents

EXAMPLE = sorted(Path("examples").glob("*.jpg"))[0]


def photo(kind: str = "PNG", longest: int = 192, **options: Any) -> bytes:
    with Image.open(EXAMPLE) as image:
        image.thumbnail((longest, longest))
        return saved(image.convert("RGB"), kind, **options)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)


PLACE = {"left": 0.3, "top": 0.3, "width": 0.4, "height": 0.2}
EDIT_FIELDS: list[dict[str, Any]] = [
    {"instruction": "make it red"},
    {"instruction": "give it yellow stripes"},
    {"instruction": "put it on a grey background"},
    {"instruction": "make it denim"},
    {"instruction": "make the picture warmer"},
    {"instruction": "recreate this picture"},
    {"instruction": "make it larger"},
    {"instruction": "make it smaller"},
    {"text": "LIKENESS", "place": PLACE},
    {"recolour": {"to": "#1F4E79"}},
    {"prompt": "a blue shirt", "mask": "product"},
]


@pytest.mark.parametrize("wish", EDIT_FIELDS, ids=lambda wish: " ".join(str(value) for value in wish.values()))
def test_every_way_keeps_the_frame_and_is_measured(customised, wish: dict[str, Any]) -> None:
    data = photo("JPEG", longest=157, quality=90, dpi=(300, 300))
    result, made = customised(data, **wish)
    report = result.images[0].report
    assert report.frame_equal and Image.open(io.BytesIO(made)).size == Image.open(io.BytesIO(data)).size
    if wish.get("instruction") != "recreate this picture":
        assert report.edit is not None and report.edit.asked
        assert np.abs(pixels(made) - pixels(data)).max() > 8, "something changed"


def test_a_text_that_a_sentence_asks_for_is_printed(customised) -> None:
    data = (EXAMPLES / "cutout-soft-alpha.png").read_bytes()
    _, made = customised(data, instruction="add the text Hi")
    assert np.abs(pixels(made) - pixels(data)).max() > 100


@pytest.mark.parametrize(
    ("wish", "kept"),
    [
        ({"instruction": "put it on a red background", "preserve": "product"}, 0.05),
        ({"instruction": "make it red", "mask": "product"}, 0.05),
        ({"instruction": "make it red", "preserve": "background"}, 0.05),
        ({"text": "HELLO", "place": PLACE}, 0.5),
    ],
)
def test_the_lock_keeps_every_grey_level_and_says_so(customised, wish: dict[str, Any], kept: float) -> None:
    result, made = customised(photo("JPEG", quality=90), **wish)
    locked = result.images[0].report.locked
    assert locked is not None and locked.max_abs_diff == 0 and locked.area > kept
    assert result.images[0].format == "png", "a JPEG could not keep them"
    assert (pixels(made) == pixels(photo("JPEG", quality=90))).all(2).mean() >= locked.area


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_mask_is_turned_with_its_picture(customised, orientation: int) -> None:
    image = Image.open(io.BytesIO(photo(longest=128)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    where = np.zeros((image.height, image.width), np.uint8)
    where[: image.height // 3, : image.width // 2] = 255
    data, mask = saved(image, "PNG", exif=exif), saved(Image.fromarray(where))
    result, made = customised(data, {"mask": mask}, instruction="make it red")
    assert result.images[0].report.locked.max_abs_diff == 0
    changed = np.abs(pixels(made) - pixels(data)).max(2) > 0
    assert changed[where > 0].mean() > 0.5 and not changed[where == 0].any()


def test_a_mask_that_is_not_quite_black_does_not_leak_and_the_report_says_how_it_was_read(customised) -> None:
    data = photo(longest=128)
    image = Image.open(io.BytesIO(data))
    where = np.full((image.height, image.width), 16, np.uint8)
    where[: image.height // 3, : image.width // 2] = 235
    result, made = customised(data, {"mask": saved(Image.fromarray(where))}, instruction="make it red")
    report = result.images[0].report
    assert report.locked.max_abs_diff == 0 and report.locked.area > 0.8
    assert not (np.abs(pixels(made) - pixels(data)).max(2) > 0)[where == 16].any()
    said = "of the mask, what is up to 48 of 255 was read as black"
    assert any(reason.startswith(said) for reason in report.reasons)


def test_a_locked_result_is_a_jpeg_when_asked_and_the_proof_is_of_that_file(customised) -> None:
    image = Image.open(io.BytesIO(photo(longest=160)))
    data = saved(image, "JPEG", quality=90)
    where = np.zeros((image.height, image.width), np.uint8)
    where[: image.height // 2] = 255
    files = {"mask": saved(Image.fromarray(where))}
    result, made = customised(data, files, instruction="make it red", lossy_lock=True)
    lock = result.images[0].report.locked
    read = exiftool(made)
    assert (read["File:MIMEType"], read["File:YCbCrSubSampling"]) == ("image/jpeg", "1 1")
    change = np.abs(pixels(made).astype(int) - pixels(data))[where == 0].max()
    assert lock.lossy and lock.max_abs_diff == change and 0 < change <= 24
    exact = customised(data, files, instruction="make it red")[0].images[0]
    assert exact.format == "png" and exact.report.locked.max_abs_diff == 0 and not exact.report.locked.lossy


def test_where_nothing_is_locked_nothing_is_said_of_a_lock(customised) -> None:
    data = photo(longest=128)
    white = saved(Image.new("L", Image.open(io.BytesIO(data)).size, 255))
    report = customised(data, {"mask": white}, instruction="make it red")[0].images[0].report
    assert report.locked.area == 0 and not any("to be kept" in said for said in report.reasons)


def test_a_logo_is_printed_where_it_was_asked(customised) -> None:
    data = photo()
    logo = saved(Image.new("RGBA", (40, 20), (255, 0, 255, 255)))
    place = {"left": 0.4, "top": 0.4, "width": 0.2, "height": 0.2}
    result, made = customised(data, {"logo": logo}, logo="file", place=place, strength=0.0)
    changed = np.abs(pixels(made) - pixels(data)).max(2) > 40
    rows, columns = np.nonzero(changed)
    height, width = changed.shape
    assert changed.any() and result.images[0].report.locked.max_abs_diff == 0
    assert rows.min() >= 0.38 * height and rows.max() <= 0.62 * height
    assert columns.min() >= 0.38 * width and columns.max() <= 0.62 * width


def test_a_colourway_reaches_its_colour(customised) -> None:
    result, _ = customised(photo(), recolour={"to": "#1F4E79"})
    report = result.images[0].report
    scores = {score.name: score.value for score in report.edit.scores}
    assert report.edit.colour == "#1F4E79" and scores["colour_delta_e"] <= 3
    assert report.verdict is Verdict.ACCEPTED, report.reasons


def test_an_instruction_is_read_once_by_a_worker(customised, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr("likeness.contract.intents.read", lambda said: seen.append(said) or read(said))
    customised(photo(longest=64), instruction="make it red")
    assert seen == ["make it red"] * 2, "once to choose the engine, as the service does, and once in the run"


def test_alpha_and_grey_stay(customised) -> None:
    soft = Image.open(io.BytesIO(photo(longest=96))).convert("LA")
    soft.putalpha(Image.linear_gradient("L").resize(soft.size))
    result, made = customised(saved(soft), instruction="make the picture darker")
    assert result.images[0].report.frame_equal and Image.open(io.BytesIO(made)).mode == "LA"


def test_a_flat_picture_has_no_product(residents: Residents, store: PictureStore) -> None:
    flat = saved(Image.new("RGB", (96, 96), (128, 128, 128)))
    assert isinstance(outcome(residents, store, flat, {}, instruction="make it red", mask="product"), NoProduct)


def test_a_mask_that_lets_nothing_change_is_refused(residents: Residents, store: PictureStore) -> None:
    data = photo(longest=96)
    black = saved(Image.new("L", Image.open(io.BytesIO(data)).size))
    assert isinstance(outcome(residents, store, data, {"mask": black}, instruction="make it red"), NoProduct)


def test_what_cannot_be_prepared_fails_alone(
    residents: Residents, store: PictureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: np.ndarray) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(residents, "product", full)
    assert isinstance(outcome(residents, store, photo(longest=96), {}, instruction="make it red"), OutOfMemory)


MIDDLE = {"left": 0.4, "top": 0.4, "width": 0.2, "height": 0.2}


def test_the_recipe_says_all_that_was_asked_and_sent(customised) -> None:
    logo = saved(Image.new("RGBA", (8, 8), (200, 0, 0, 255)))
    result, _ = customised(photo(longest=96), {"logo": logo}, logo="file", place=MIDDLE)
    assert result.recipe.files_sha256 == {"logo": sha256(logo).hexdigest()} and result.recipe.task.logo == "file"


def test_a_missed_edit_is_tried_again_with_another_seed_and_more_guidance(customised) -> None:
    impossible = {"hue_error": 0.0}
    wish = {"instruction": "make it red", "attempts": 3, "keep": "all", "thresholds": impossible}
    result, _ = customised(photo(longest=96), **wish, steps=2)
    assert result.attempts == 3 and {image.seed for image in result.images} == {1, 2, 3}
    assert sorted(image.guidance_scale for image in result.images) == pytest.approx([1.0, 1.3, 1.69])
    assert all(image.report.verdict is Verdict.REJECTED and image.report.reasons for image in result.images)


def test_candidates_are_different_and_the_best_comes_first(customised) -> None:
    wish = {"instruction": "make it red", "candidates": 3, "keep": "all"}
    result, _ = customised(photo(longest=96), **wish, steps=2)
    assert len({image.picture.sha256 for image in result.images}) == 3
    accepted = [image.report.verdict is Verdict.ACCEPTED for image in result.images]
    assert accepted == sorted(accepted, reverse=True)


def test_an_edit_is_measured_by_clip_against_its_captions(residents: Residents, store: PictureStore, tmp_path: Path):
    save_clip(tmp_path)
    metrics = InstalledMetrics(tmp_path, "cpu")
    fields = {"source_prompt": "a shirt on a hanger", "target_prompt": "a black shirt on a hanger"}
    for asked, before, after in [
        ({}, "a photo of a product", "a photo of a black product"),
        (fields, fields["source_prompt"], fields["target_prompt"]),
    ]:
        made = outcome(residents, store, photo(), {}, metrics, instruction="make it black", steps=1, **asked)
        found = {score.name: score for score in made.images[0].report.edit.scores}
        assert -1 <= found["clip_score"].value <= 1 and found["clip_score"].reason == f"against {after!r}"
        assert -1 <= found["directional_similarity"].value <= 1
        assert found["directional_similarity"].reason == f"from {before!r} to {after!r}"
