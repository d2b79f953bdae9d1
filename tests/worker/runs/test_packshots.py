"""Whole jobs of cut-outs, packshots and checks, as a worker runs them."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import NoProduct
from likeness.contract.jobs import Result
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.report import Report, Verdict
from likeness.imaging.formats.xmp import read, source_type
from likeness.imaging.packshot.compose import away_from
from likeness.storage.pictures import PictureStore
from tests.support.engines import shipped
from tests.support.places import EXAMPLES
from tests.support.tiny_upscaler import upscaler
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.once import Unwatched, ordered
from worker.residency.engines import Residents
from worker.runs.context import Context
from worker.runs.dispatch import outcomes_of

CATALOGUE = load_catalogue()
CAP = EXAMPLES / "cap-plaid.jpg"


@pytest.fixture(scope="module")
def residents() -> Residents:
    return shipped()


def run(residents: Residents, task: object, data: bytes, **sent: bytes) -> tuple[Result, bytes]:
    store = PictureStore.open("memory://")
    spec, order = ordered(task, data, sent, CATALOGUE, store, residents.has)
    assert spec.name == "retouch"
    outcome = outcomes_of([order], Context(residents, store), Unwatched())[order.id]
    if not isinstance(outcome, Result):
        raise outcome
    return outcome, store.get(outcome.images[0].picture)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def rows(report: Report) -> dict[str, bool | None]:
    return {row.rule: row.ok for row in report.compliance.rows if row.level == "must"}


def test_a_cut_out_is_the_original_where_it_is_opaque(residents: Residents) -> None:
    result, data = run(residents, Cutout(), CAP.read_bytes())
    made, given = pixels(data), np.asarray(Image.open(CAP))
    report = result.images[0].report
    assert made.shape == (*given.shape[:2], 4) and report.verdict is Verdict.ACCEPTED, report.reasons
    solid = made[..., 3] == 255
    assert 0.1 < solid.mean() < 0.7 and (made[solid][:, :3] == given[solid]).all()
    assert report.locked.max_abs_diff == 0 and read(data).source == "algorithmicallyEnhanced"
    assert read(data).drawn is False and b"AISystemUsed" not in data


def test_a_matte_alone_is_grey(residents: Residents) -> None:
    result, data = run(residents, Cutout(matte=True), CAP.read_bytes())
    made = pixels(data)
    assert result.images[0].mode == "L" and result.images[0].report.verdict is Verdict.ACCEPTED
    assert made.ndim == 2 and made.max() == 255 and made.min() == 0


def test_a_packshot_is_what_was_asked(residents: Residents) -> None:
    task = Packshot(size="360x360", fill=0.7, format="png", upscale="never")
    result, data = run(residents, task, CAP.read_bytes())
    report = result.images[0].report
    assert report.verdict is Verdict.ACCEPTED, report.reasons
    assert pixels(data).shape == (360, 360, 3) and (pixels(data)[:8] == 255).all()
    assert [row.made for row in report.frame][:2] == [360, 360] and all(rows(report).values())
    assert {score.name: score.value for score in report.fidelity}["ssim"] > 0.9


def test_a_small_photo_becomes_its_size_and_is_rejected_for_that(residents: Residents) -> None:
    result, data = run(residents, Packshot(preset="ebay"), CAP.read_bytes())
    report = result.images[0].report
    assert pixels(data).shape == (1600, 1600, 3)
    assert report.verdict is Verdict.REJECTED and rows(report)["enlargement"] is False
    assert any("enlargement" in reason for reason in report.reasons)


def test_a_bound_that_cannot_be_met_is_told(residents: Residents) -> None:
    result, _ = run(residents, Packshot(size="360x360", fill=0.7, max_bytes=1000), CAP.read_bytes())
    report = result.images[0].report
    assert report.verdict is Verdict.REJECTED and rows(report)["bytes"] is False


def test_a_mask_overrules_what_is_found(residents: Residents) -> None:
    height, width = np.asarray(Image.open(CAP)).shape[:2]
    mask = np.zeros((height, width), np.uint8)
    mask[50:150, 60:200] = 255
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    _, data = run(residents, Cutout(mask="file"), CAP.read_bytes(), mask=file.getvalue())
    alpha = pixels(data)[..., 3]
    assert (alpha[80:120, 90:170] == 255).all() and alpha[250:, 250:].max() == 0


def test_no_product_is_a_failure(residents: Residents) -> None:
    file = io.BytesIO()
    Image.new("RGB", (128, 128), (90, 90, 90)).save(file, "PNG")
    with pytest.raises(NoProduct):
        run(residents, Packshot(), file.getvalue())


def test_what_a_model_made_stays_marked_as_that(residents: Residents) -> None:
    from likeness.imaging.formats import png
    from likeness.imaging.formats.xmp import DigitalSource, Provenance, packet

    file = io.BytesIO()
    Image.open(CAP).save(file, "PNG")
    xmp = packet(Provenance(source=DigitalSource.TRAINED, engine="sdxl", revision="1"))
    given = png.with_chunks(file.getvalue(), png.metadata(None, None, b"", xmp))
    _, data = run(residents, Packshot(size="300x300", format="jpeg"), given)
    assert source_type(data) == "trainedAlgorithmicMedia"


def test_a_check_judges_and_marks(residents: Residents) -> None:
    _, data = run(residents, Packshot(size="600x600", fill=0.87, upscale="never"), CAP.read_bytes())
    checked, marked = run(residents, Check(preset="amazon-main", made_by_ai=False), data)
    found = rows(checked.images[0].report)
    assert found["background"] is True and found["text"] is True and found["whole"] is True
    assert pixels(marked).shape[:2] == (600, 600)
    photo, marked = run(residents, Check(preset="amazon-main"), CAP.read_bytes())
    report = photo.images[0].report
    assert report.verdict is Verdict.REJECTED and rows(report)["background"] is False
    magenta = (pixels(marked) == (255, 0, 200)).all(axis=2)
    assert magenta.mean() > 0.2


def test_once_takes_a_packshot(tmp_path: Path) -> None:
    from worker.once import run as once

    request = tmp_path / "request.json"
    request.write_text(f'{{"kind": "packshot", "image": "{CAP}", "background": "white", "size": "200x200"}}')
    once(request, tmp_path / "out")
    with Image.open(tmp_path / "out/0.jpeg") as made:
        assert made.size == (200, 200)


def test_a_known_alpha_is_white_beyond_it(residents: Residents) -> None:
    file = EXAMPLES / "cutout-soft-alpha.png"
    _, data = run(residents, Packshot(size="500x500", format="png"), file.read_bytes())
    made = pixels(data)
    box = np.argwhere((made < 250).any(axis=2))
    assert made.shape == (500, 500, 3) and box.min() > 20
    assert (made[away_from(((made < 255).any(axis=2) * 255).astype(np.uint8), 8)] == 255).all()


def test_a_product_that_is_enlarged_keeps_its_colours_where_a_network_restores_its_detail(tmp_path: Path) -> None:
    upscaler(tmp_path / "upscaler")
    task = Packshot(size="640x640", fill=0.8, format="png")
    plain, one = run(shipped(), task, CAP.read_bytes())
    drawn, other = run(Residents(Components(Weights(WEIGHTS, tmp_path), "cpu")), task, CAP.read_bytes())
    notes = [result.images[0].report.reasons[-1] for result in (plain, drawn)]
    assert "times, by Lanczos' filter" in notes[0] and "times, by a network that restores detail" in notes[1]
    assert (pixels(one) != pixels(other)).any()
    ssim = {score.name: score.value for score in drawn.images[0].report.fidelity}["ssim"]
    assert ssim is not None and ssim > 0.9, "it is held to the original"


@pytest.mark.parametrize("align", ["centre", "bottom"])
def test_a_product_that_its_original_cuts_is_told_and_no_alignment_hides_it(residents: Residents, align: str) -> None:
    with Image.open(CAP) as whole:
        cut = io.BytesIO()
        whole.crop((0, 0, whole.width, whole.height // 2)).save(cut, "PNG")
    result, _ = run(residents, Packshot(size="300x300", fill=0.6, align=align), cut.getvalue())
    report = result.images[0].report
    assert report.verdict is Verdict.REJECTED and rows(report)["whole"] is False
    assert any("cut at the bottom" in reason for reason in report.reasons), report.reasons
