"""Customising by another picture and from a part: what the engine is given, and whole jobs."""

import io
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image, ImageDraw

from likeness.contract.catalogue import load_catalogue
from likeness.contract.comparison import Compare
from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import JobOrder, Original, Reproduces, Result, new_job_id
from likeness.contract.runs import PlannedRun, task_again
from likeness.contract.tasks import Customise, EditType
from likeness.imaging.assessment.edit_check import OUTSIDE
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.masks import LONGEST_STYLE, style_of, upright_guide
from likeness.storage.pictures import PictureStore
from tests.support.places import DRILL_CATALOGUE
from tests.worker.editing.test_customise import photo, pixels, saved
from tests.worker.runs.test_run import Told, nothing_resident
from worker.editing.canvas import AnalysedCanvas
from worker.editing.plan import EditPlan, Sent
from worker.editing.planner import edit_plan_of
from worker.engine import EngineTask
from worker.once import ordered
from worker.residency.engines import Residents
from worker.residency.warm_up import small_task
from worker.runs.context import Context
from worker.runs.dispatch import outcomes_of
from worker.runs.run import Run

RED = (220, 30, 40)
DRILL = load_catalogue(DRILL_CATALOGUE).find("drill")
SPEC = DRILL.model_copy(update={"kinds": ["customise"], "ways": [EditType.STYLE, EditType.COMPLETE, EditType.GUIDE]})
"""The drill, which makes the given canvas again with noise everywhere, as an engine of the ways that are tried here."""


def guide(data: bytes, *, whole: bool = False) -> bytes:
    """Return a red bar across the middle of a picture, on nothing or on the picture."""
    picture = Image.open(io.BytesIO(data)).convert("RGBA")
    layer = picture if whole else Image.new("RGBA", picture.size, (0, 0, 0, 0))
    width, height = layer.size
    ImageDraw.Draw(layer).rectangle([width * 0.3, height * 0.45, width * 0.7, height * 0.55], fill=(*RED, 255))
    return saved(layer.convert("RGB") if whole else layer)


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def asked(task: Customise, sent: Sent, size: tuple[int, int] = (50, 40), spec: EngineSpec = SPEC) -> EditPlan:
    """Return the plan for a grey picture of this height and width, padded to the canvas below and to the right."""
    canvas = np.full((64, 64, 3), 0.5, np.float32)
    nothing = lambda _: np.zeros(size, np.float32)  # noqa: E731
    return edit_plan_of(PlannedRun.of(spec, task), AnalysedCanvas(canvas, size, nothing, lambda _: None), sent)


def drilled(store: PictureStore, data: bytes, files: dict[str, bytes], **fields) -> tuple[Result, bytes]:
    job_id = new_job_id()
    order = JobOrder(
        id=job_id,
        owner="tests",
        engine="drill",
        task=Customise(engine="drill", **fields, **dict.fromkeys(files, "file")),
        input=store.put(job_id, data, "image/png"),
        files={name: store.put(job_id, file, "image/png") for name, file in files.items()},
        created_at=datetime.now(UTC),
        batch_key="one",
        timeout=60,
    )
    result = Run(SPEC, Context(nothing_resident(), store), Told()).execute([order])[job_id]
    assert isinstance(result, Result), result
    return result, store.get(result.images[0].picture)


def test_a_style_reaches_the_engine_as_it_is() -> None:
    style = np.random.default_rng(0).random((30, 70, 3), np.float32)
    plan = asked(Customise(style_image="file"), Sent(style=style))
    task = plan.task(5, {"steps": 3})
    assert isinstance(task, EngineTask) and task.style is style and task.mask is None
    assert plan.check is not None and plan.check.inside is None and plan.check.kept is None
    assert small_task(SPEC).style is not None and small_task(SPEC).mask is not None


def test_what_is_completed_is_all_below_a_row() -> None:
    plan = asked(Customise(complete=0.5), Sent())
    assert plan.mask is not None and plan.check is not None
    assert not plan.mask[:25].any() and plan.mask[25:].all()
    assert plan.check.kept.shape == (50, 40) and plan.check.kept[:25].all() and not plan.check.kept[25:].any()
    assert (plan.canvas == 0.5).all(), "the engine sees the whole canvas"


@pytest.mark.parametrize(("height", "kept"), [(1, 0), (2, 1), (3, 2)])
def test_a_row_is_made_however_small_the_picture(height: int, kept: int) -> None:
    plan = asked(Customise(complete=0.9), Sent(), (height, 40))
    assert plan.mask is not None
    assert not plan.mask[:kept].any() and plan.mask[kept:].all()


def test_a_guide_lies_over_the_picture_by_its_alpha() -> None:
    paint = np.zeros((50, 40, 4), np.float32)
    paint[:10, :10] = (1, 0, 0, 1)
    paint[:10, 10:20] = (1, 0, 0, 0.5)
    plan = asked(Customise(guide="file", prompt="a red sticker"), Sent(guide=paint))
    assert plan.text == "a red sticker" and plan.mask is None
    assert np.allclose(plan.canvas[5, [5, 15, 25]], [(1, 0, 0), (0.75, 0.25, 0.25), (0.5, 0.5, 0.5)])
    assert plan.check is not None and plan.check.inside is not None
    assert (plan.check.inside[:10, :20] == 1).all() and (plan.check.inside == 1).sum() == 200
    assert plan.check.inside.min() > OUTSIDE, "all of it is noised: nothing is bound to stay"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_style_is_read_upright_over_white_and_no_larger_than_needed(mode: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGBA", (2000, 1000), (0, 0, 0, 0)).convert(mode)
    style = style_of(decode(saved(image, exif=exif), Bounds()))
    assert style.shape == (LONGEST_STYLE, LONGEST_STYLE // 2, 3) and style.dtype == np.float32
    assert (style == (1.0 if mode == "RGBA" else 0.0)).all()
    assert style_of(decode(saved(Image.new(mode, (3, 2))), Bounds())).shape == (2, 3, 3)


def test_a_guide_is_turned_with_its_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(saved(Image.new("RGB", (40, 20)), exif=exif), Bounds())
    marked = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    marked.putpixel((0, 0), (*RED, 255))
    for image, options in ((marked, {}), (marked.transpose(Image.Transpose.ROTATE_270), {})):
        paint = upright_guide(picture, decode(saved(image, **options), Bounds()))
        assert paint.shape == (40, 20, 4) and paint[0, -1, 3] == 1 and paint[..., 3].sum() == 1


def test_the_upper_part_comes_back_exactly(store: PictureStore) -> None:
    data = photo("JPEG", longest=157, quality=90)
    result, made = drilled(store, data, {}, complete=0.4)
    height = size_of(data)[1]
    row, report = round(0.4 * height), result.images[0].report
    assert result.images[0].format == "png" and report.frame_equal
    assert report.locked.max_abs_diff == 0 and report.locked.area == pytest.approx(row / height)
    changed = np.abs(pixels(made) - pixels(data)).max(2) > 0
    assert not changed[:row].any() and changed[row + 3 :].mean() > 0.5
    assert result.recipe.task.complete == 0.4


def test_a_job_with_a_style_keeps_its_frame_and_says_what_was_sent(store: PictureStore) -> None:
    style = saved(Image.new("RGB", (9, 30), RED))
    data = photo(longest=90)
    where = Image.new("L", size_of(data))
    where.paste(255, (0, 0, 30, 30))
    mask = saved(where)
    result, made = drilled(store, data, {"style_image": style, "mask": mask})
    assert result.images[0].report.frame_equal and size_of(made) == size_of(data)
    sent = {"style_image": sha256(style).hexdigest(), "mask": sha256(mask).hexdigest()}
    assert result.recipe.files_sha256 == sent
    assert result.images[0].report.edit.asked == "the style of the picture sent"
    assert result.images[0].report.locked.max_abs_diff == 0


@pytest.mark.parametrize("whole", [True, False], ids=["picture", "layer"])
def test_a_stroke_comes_out_and_the_frame_is_equal(customised, whole: bool) -> None:
    data = photo(longest=157)
    result, made = customised(data, {"guide": guide(data, whole=whole)}, strength=0.3)
    width, height = size_of(data)
    bar = pixels(made)[int(height * 0.47) : int(height * 0.53), int(width * 0.35) : int(width * 0.65)]
    assert np.abs(bar.mean((0, 1)) - RED).max() < 40
    report = result.images[0].report
    assert report.frame_equal and report.edit.happened and report.edit.asked == "as painted over"
    assert result.engine.name == "sdedit" and result.recipe.parameters["strength"] == 0.3


def test_strength_says_how_freely_the_guide_is_followed_and_what_is_preserved_stays(customised) -> None:
    data = photo(longest=96)
    painted, changes = guide(data), []
    for strength in (0.3, 0.6):
        result, made = customised(data, {"guide": painted}, strength=strength, preserve="background", steps=2)
        locked = result.images[0].report.locked
        assert locked.max_abs_diff == 0 and locked.area > 0.05
        changes.append(np.abs(pixels(made) - pixels(data)).mean())
    assert changes[0] < changes[1]


def test_a_sweep_of_strengths_is_a_sheet_with_a_cell_for_each(residents: Residents, store: PictureStore) -> None:
    data = photo(longest=96)
    sent = {"guide": guide(data)}
    strengths = [0.0, 0.2, 0.4]
    runs = [{"engine": "sdedit", "strength": strengths, "steps": 1}]
    task = Compare(task=Customise(guide="file", seed=1, format="png"), runs=runs)
    catalogue = load_catalogue()
    _, order = ordered(task, data, sent, catalogue, store, residents.has)
    result = outcomes_of([order], Context(residents, store, catalogue), Told())[order.id]
    assert isinstance(result, Result), result
    rows = result.comparison.runs
    assert sorted(row.parameters["strength"] for row in rows) == strengths
    assert len({image.picture.sha256 for image in result.images}) == 3
    sheet = Image.open(io.BytesIO(store.get(result.comparison.sheet)))
    assert sheet.width > 1000, "the given picture and a cell for each strength stand in one row"
    for image in result.images:
        assert image.recipe.files_sha256 == {"guide": sha256(sent["guide"]).hexdigest()}


def test_a_guide_is_reproduced_to_the_byte(residents: Residents, store: PictureStore) -> None:
    data, catalogue = photo(longest=96), load_catalogue()
    task = Customise(guide="file", seed=4, strength=0.3, steps=1)
    _, order = ordered(task, data, {"guide": guide(data)}, catalogue, store, residents.has)
    context = Context(residents, store, catalogue)
    first = outcomes_of([order], context, Told())[order.id]
    assert isinstance(first, Result), first
    (image,) = first.images
    recipe = first.recipe.model_copy(update={"task": task_again(first.recipe, image, task)})
    again = Reproduces(job=order.id, originals=[Original(picture=image.picture, recipe=recipe)])
    second = outcomes_of([order.model_copy(update={"reproduces": again})], context, Told())[order.id]
    assert isinstance(second, Result), second
    assert [row.sameness for row in second.reproduction.images] == ["bitwise"]


def test_batch_mates_each_keep_their_own_guide(residents: Residents) -> None:
    spec = load_catalogue().find("sdedit")
    engine = residents.engine(spec)
    canvas = np.full((64, 64, 3), 0.5, np.float32)
    parameters = spec.resolve(Customise(guide="file", steps=1))
    tasks = [EngineTask(canvas * share, 3, parameters) for share in (0.4, 1.0, 1.6)]
    together = engine.generate(tasks, lambda step, steps, stage: None)
    alone = engine.generate(tasks[1:2], lambda step, steps, stage: None)
    assert (together[1] == alone[0]).all() and together[0].mean() < together[1].mean() < together[2].mean()
