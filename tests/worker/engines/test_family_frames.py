"""Whole jobs through every full-size engine: whatever the picture's frame is, it comes back."""

import io

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Customise, EditType, Recreate, Task
from tests.support.engines import finished
from tests.worker.engines.test_families import FULL, engine, models, residents, small, small_area  # noqa: F401  fixtures
from worker.residency.engines import Residents

ODD = {
    "61x97 RGBA": ((61, 97), "RGBA"),
    "33x31 L": ((33, 31), "L"),
    "150x64 RGB": ((150, 64), "RGB"),
    "101x100 P": ((101, 100), "P"),
}
CASES = [(spec.name, odd) for spec in FULL for odd in ODD]


def picture(size: tuple[int, int], mode: str) -> bytes:
    """Return a PNG of noise with a resolution and, for RGBA, holes."""
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 4), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise, "RGBA").convert(mode).save(file, "PNG", dpi=(300, 300))
    return file.getvalue()


def asked(name: str) -> Task:
    """Return the shortest job that an engine does."""
    spec = load_catalogue().find(name)
    if "recreate" in spec.kinds:
        return Recreate(engine=name, steps=1, seed=1, prompt="a shirt")
    assert EditType.FILL in spec.ways
    return Customise(engine=name, steps=1, seed=1, prompt="a shirt", mask="file")


@pytest.mark.parametrize(("name", "odd"), CASES)
def test_the_frame_is_equal(residents: Residents, name: str, odd: str) -> None:  # noqa: F811
    size, mode = ODD[odd]
    task = asked(name)
    sent = {"mask": picture(size, "L")} if isinstance(task, Customise) else {}
    result, _ = finished(residents, small(load_catalogue().find(name)), task, picture(size, mode), sent)
    (made,) = result.images
    assert made.report.frame_equal, [row for row in made.report.frame if not row.equal]
    assert (made.width, made.height, made.mode) == (*size, mode)


def test_a_control_map_that_is_sent_fits_a_picture_of_any_size(residents: Residents) -> None:  # noqa: F811
    task = Customise(
        engine="sd15-canny", steps=1, seed=1, prompt="a shirt", controls=[{"kind": "canny"}], control="file"
    )
    spec, made = small(load_catalogue().find("sd15-canny")), []
    for lines in (Image.new("L", (97, 61)), Image.linear_gradient("L").resize((97, 61))):
        file = io.BytesIO()
        lines.save(file, "PNG")
        result, _ = finished(residents, spec, task, picture((97, 61), "RGB"), {"control": file.getvalue()})
        made.append(result.images[0].picture.sha256)
    assert made[0] != made[1], "the map steers"


@pytest.mark.parametrize("name", [spec.name for spec in FULL if EditType.GUIDE in spec.ways])
def test_a_painted_guide_is_followed_into_the_same_frame(residents: Residents, name: str) -> None:  # noqa: F811
    task = Customise(engine=name, steps=1, seed=1, prompt="a shirt", guide="file", strength=0.3)
    spec, made = small(load_catalogue().find(name)), []
    for colour in ("red", "blue"):
        file = io.BytesIO()
        Image.new("RGB", (97, 61), colour).save(file, "PNG")
        result, _ = finished(residents, spec, task, picture((97, 61), "RGBA"), {"guide": file.getvalue()})
        assert result.images[0].report.frame_equal
        made.append(result.images[0].picture.sha256)
    assert made[0] != made[1], "what is painted tells"
