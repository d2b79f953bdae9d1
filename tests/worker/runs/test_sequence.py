"""Several edits in one job, with the shipped weights and without a queue."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import NoProduct
from likeness.contract.jobs import JobOrder, Original, Progress, Reproduces, Result, Sameness
from likeness.contract.packshots import Cutout
from likeness.contract.report import Verdict
from likeness.contract.runs import task_again
from likeness.contract.tasks import Customise
from likeness.imaging.formats.xmp import DigitalSource, read
from likeness.storage.pictures import PictureStore
from tests.support.engines import shipped
from tests.worker.editing.test_customise import photo, pixels, saved
from worker.once import Unwatched, ordered
from worker.residency.engines import Residents
from worker.runs.context import Context, Outcome
from worker.runs.dispatch import outcomes_of
from worker.runs.finishing import worst_of

PLACE = {"left": 0.3, "top": 0.3, "width": 0.4, "height": 0.2}
TWO = [{"instruction": "make it red"}, {"instruction": "make the picture warmer"}]
EXACT = [{"recolour": {"to": "#1F4E79"}, "engine": "retouch"}, {"instruction": "put it on white", "engine": "retouch"}]


class Counted(Unwatched):
    """Remembers what was reported, and wants the job no more from run `until` on."""

    def __init__(self, until: int = 99) -> None:
        self.until, self.seen = until, []

    def progress(self, job_ids: list[str], progress: Progress) -> set[str]:
        self.seen.append((progress.run, progress.runs))
        return set(job_ids) if (progress.run or 0) >= self.until else set()

    def waits(self, job_ids: list[str]) -> set[str]:
        return set()

    def begins(self) -> None:
        pass


@pytest.fixture(scope="module")
def residents() -> Residents:
    return shipped()


@pytest.fixture
def store() -> PictureStore:
    return PictureStore.open("memory://")


def order_of(store: PictureStore, data: bytes, sent: dict[str, bytes] | None = None, **fields: Any) -> JobOrder:
    catalogue = load_catalogue()
    return ordered(Customise(**fields), data, sent or {}, catalogue, store, lambda _: True)[1]


def done(order: JobOrder, residents: Residents, store: PictureStore, watch: Unwatched | None = None) -> Outcome | None:
    return outcomes_of([order], Context(residents, store), watch or Unwatched()).get(order.id)


def made(order: JobOrder, residents: Residents, store: PictureStore) -> Result:
    result = done(order, residents, store)
    assert isinstance(result, Result), result
    return result


def test_two_edits_are_made_in_order_and_each_is_measured(residents: Residents, store: PictureStore) -> None:
    data = photo("JPEG", quality=90, dpi=(300, 300))
    watch = Counted()
    result = done(order_of(store, data, edits=TWO), residents, store, watch)
    assert isinstance(result, Result)
    (image,) = result.images
    assert [edit.asked for edit in result.edits] == ["make it red", "make the picture warmer"]
    assert [edit.why for edit in result.edits] == ["the first choice for recolour", "the first choice for light"]
    assert image.report.edit.asked == "make it red; make the picture warmer" and image.report.frame_equal
    assert image.format == "jpeg", "nothing is protected"
    before, after = result.edits[0].report, result.edits[1].report
    assert before.score("ssim") != after.score("ssim") != image.report.score("ssim")
    assert set(watch.seen) == {(1, 2), (2, 2)}
    single = made(order_of(store, data, instruction="make the picture warmer"), residents, store)
    assert store.get(single.images[0].picture) != store.get(image.picture), "the first edit shows"


def test_a_sentence_of_two_edits_is_that_list(residents: Residents, store: PictureStore) -> None:
    order = order_of(store, photo(), instruction="make it red and warmer, keep the background the same")
    assert isinstance(order.task, Customise)
    assert [edit.instruction for edit in order.task.edits] == ["make it red", "make the picture warmer"]
    assert order.task.preserve == "background" and order.task.instruction is None and order.runs == 2
    result = made(order, residents, store)
    assert result.images[0].report.locked.max_abs_diff == 0


@pytest.mark.parametrize("edits", [TWO, [*EXACT[:1], {"text": "SALE", "place": PLACE}]])
def test_a_lock_holds_through_all_and_is_proved_against_the_original(residents, store, edits) -> None:
    data = photo("JPEG", quality=90)
    result = made(order_of(store, data, edits=edits, preserve="background"), residents, store)
    image = result.images[0]
    assert image.format == "png" and image.report.locked.max_abs_diff == 0 and image.report.locked.area > 0.2
    same = (pixels(store.get(image.picture)) == pixels(data)).all(2).mean()
    assert image.report.locked.area <= same < 1


def test_a_mask_that_is_sent_holds_through_all(residents: Residents, store: PictureStore) -> None:
    data = photo()
    size = Image.open(io.BytesIO(data)).size
    where = np.zeros(size[::-1], np.uint8)
    where[size[1] // 4 : size[1] // 2] = 255
    mask = {"mask": saved(Image.fromarray(where))}
    result = made(order_of(store, data, mask, edits=TWO, mask="file"), residents, store)
    changed = np.abs(pixels(store.get(result.images[0].picture)) - pixels(data)).max(2) > 0
    assert changed.any() and not changed[where == 0].any()
    assert result.images[0].report.locked.max_abs_diff == 0


def test_it_fails_with_the_edit_that_failed(residents: Residents, store: PictureStore) -> None:
    flat = saved(Image.new("RGB", (96, 96), (128, 128, 128)))
    edits = [{"instruction": "make the picture warmer"}, {"instruction": "make it red"}]
    failure = done(order_of(store, flat, edits=edits), residents, store)
    assert isinstance(failure, NoProduct) and failure.detail.startswith("edit 2 of 2: ")


def test_it_can_be_cancelled_between_two(residents: Residents, store: PictureStore) -> None:
    watch = Counted(until=2)
    assert done(order_of(store, photo(longest=96), edits=TWO), residents, store, watch) is None
    assert (1, 2) in watch.seen and (2, 2) in watch.seen


@pytest.mark.parametrize("edits", [TWO, EXACT, [*EXACT[:1], {"packshot": {"shadow": "contact"}}], [{"cutout": {}}]])
def test_its_recipe_makes_identical_bytes(residents: Residents, store: PictureStore, edits) -> None:
    order = order_of(store, photo("JPEG", longest=128, quality=90), edits=edits)
    result = made(order, residents, store)
    assert isinstance(result.recipe.task, Customise)
    pinned = result.recipe.task.edits
    named = [edit for edit in pinned if not edit.finish]
    assert [edit.engine for edit in named] == [edit.engine for edit in result.edits[: len(named)]]
    task = task_again(result.recipe, result.images[0], order.task)
    recipe = result.recipe.model_copy(update={"task": task})
    original = Original(picture=result.images[0].picture, recipe=recipe)
    again = order.model_copy(update={"id": "again", "reproduces": Reproduces(job=order.id, originals=[original])})
    found = made(again, residents, store)
    assert found.reproduction.images[0].sameness is Sameness.BITWISE
    assert found.images[0].picture.sha256 == result.images[0].picture.sha256


DYED = {"instruction": "make it red", "engine": "retouch"}


def shown(store: PictureStore, result: Result) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(store.get(result.images[0].picture))))


def test_a_sentence_that_removes_the_background_is_a_cut_out(residents: Residents, store: PictureStore) -> None:
    data = photo()
    result = made(order_of(store, data, instruction="remove the background"), residents, store)
    image, pixels_made = result.images[0], shown(store, result)
    assert (image.mode, image.format) == ("RGBA", "png") and image.report.before is None
    assert any("from 144 x 192 px, RGB to 144 x 192 px, RGBA" in reason for reason in image.report.reasons)
    alone = made(ordered(Cutout(), data, {}, load_catalogue(), store, lambda _: True)[1], residents, store)
    assert (pixels_made == shown(store, alone)).all() and image.report.verdict is alone.images[0].report.verdict
    assert image.report.compliance == alone.images[0].report.compliance
    assert image.report.locked.max_abs_diff == 0 and [edit.asked for edit in result.edits] == ["cutout"]


def test_a_colour_then_a_cut_out_is_the_coloured_product(residents: Residents, store: PictureStore) -> None:
    data = photo("JPEG", quality=90)
    sentence = "remove the background and make the product red"
    order = order_of(store, data, instruction=sentence, engine="retouch", preserve="background", format="webp")
    result = made(order, residents, store)
    image, dyed = result.images[0], made(order_of(store, data, **DYED, preserve="background"), residents, store)
    assert (image.mode, image.format) == ("RGBA", "webp")
    found = shown(store, result)
    solid = found[..., 3] == 255
    assert solid.any() and (found[solid][:, :3] == shown(store, dyed)[solid]).all()
    before = image.report.before
    assert before.locked.max_abs_diff == 0 and before.locked.area > 0.2 and before.edit.asked == "make it red"
    assert before.frame_equal and image.report.compliance and not image.report.edit
    assert [edit.engine for edit in result.edits] == ["retouch", "retouch"]


def test_a_packshot_comes_last_with_rules_of_its_own(residents: Residents, store: PictureStore) -> None:
    behind = {"background": saved(Image.new("RGB", (40, 40), (10, 120, 200)))}
    last = {"packshot": {"size": "300x260", "fill": 0.7, "background": "file", "shadow": "none", "format": "png"}}
    result = made(order_of(store, photo(), behind, edits=[DYED, last]), residents, store)
    image = result.images[0]
    assert (image.width, image.height, image.format) == (300, 260, "png")
    assert (shown(store, result)[:4, :4] == (10, 120, 200)).all()
    rules = {row.rule: row.ok for row in image.report.compliance.rows}
    assert rules["size"] and rules["fill"] and rules["format"]
    assert [edit.asked for edit in result.edits] == ["make it red", "packshot"]
    assert result.edits[1].report.compliance == image.report.compliance
    assert image.report.verdict is worst_of(*(edit.report.verdict for edit in result.edits), image.report.verdict)


def test_what_edits_missed_rejects_the_cut_out_after_them(residents: Residents, store: PictureStore) -> None:
    order = order_of(store, photo(), edits=[DYED, {"cutout": {}}], thresholds={"change_inside": 90.0})
    report = made(order, residents, store).images[0].report
    assert report.verdict is report.before.verdict is Verdict.REJECTED
    assert any(reason.startswith("before the last edit: edit 1, make it red: ") for reason in report.reasons)


def test_a_mask_of_the_cut_out_is_of_the_product_alone(residents: Residents, store: PictureStore) -> None:
    where = np.zeros((192, 144), np.uint8)
    where[40:150, 30:110] = 255
    mask = {"mask": saved(Image.fromarray(where))}
    light = {"instruction": "make the picture warmer", "engine": "retouch"}
    result = made(order_of(store, photo(), mask, edits=[light, {"cutout": {"mask": "file"}}]), residents, store)
    alpha = shown(store, result)[..., 3]
    assert (alpha[60:130, 50:90] == 255).all() and alpha[:20].max() == 0
    assert result.images[0].report.before.locked is None


def test_what_a_network_drew_stays_said_after_a_packshot(residents: Residents, store: PictureStore) -> None:
    drawn = {"instruction": "make it red", "engine": "starter-edit"}
    for edit, said in ((drawn, DigitalSource.COMPOSITE), (DYED, DigitalSource.ENHANCED)):
        order = order_of(store, photo(longest=96), edits=[edit, {"packshot": {"size": "96x96"}}])
        made_of = read(store.get(made(order, residents, store).images[0].picture))
        assert made_of.source == said and made_of.input_sha256 == order.input.sha256


def test_the_whole_is_rejected_when_an_edit_is(residents: Residents, store: PictureStore) -> None:
    thresholds = {"change_inside": 90.0}
    result = made(order_of(store, photo(longest=96), edits=TWO, thresholds=thresholds), residents, store)
    report = result.images[0].report
    assert report.verdict is Verdict.REJECTED
    assert any(reason.startswith("edit 1, make it red: ") for reason in report.reasons)
