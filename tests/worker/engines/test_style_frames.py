"""Whole jobs through the engines for styles: any frame comes back, and what a mask keeps is kept to the last pixel."""

import io

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.jobs import Result
from likeness.contract.tasks import Customise
from tests.support.engines import finished, shipped
from tests.worker.engines.test_families import small
from tests.worker.engines.test_family_frames import ODD, picture
from worker.residency.engines import Residents

CATALOGUE = load_catalogue()
SETTINGS = {"style-transfer": {"steps": 2}, "adain": {}}
FRAMES = ODD | {"37x301 RGB": ((37, 301), "RGB"), "1x1 L": ((1, 1), "L")}


@pytest.fixture(scope="module")
def residents() -> Residents:
    return shipped()


def styled(residents: Residents, name: str, given: bytes, **files: bytes) -> tuple[Result, bytes]:
    """Return the result of a job, and the file that it made."""
    sent = {"style_image": picture((50, 20), "RGBA"), **files}
    task = Customise(engine=name, format="png", **dict.fromkeys(sent, "file"), **SETTINGS[name])
    return finished(residents, small(CATALOGUE.find(name)), task, given, sent)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("odd", FRAMES)
def test_the_frame_is_equal(residents: Residents, name: str, odd: str) -> None:
    size, mode = FRAMES[odd]
    result, _ = styled(residents, name, picture(size, mode))
    (made,) = result.images
    assert made.report.frame_equal, [row for row in made.report.frame if not row.equal]
    assert (made.width, made.height, made.mode) == (*size, mode)


@pytest.mark.parametrize("name", SETTINGS)
def test_what_a_mask_keeps_is_kept_and_the_rest_is_painted(residents: Residents, name: str) -> None:
    given, mask = picture((90, 70), "RGB"), Image.new("L", (90, 70))
    mask.paste(255, (0, 0, 45, 70))
    file = io.BytesIO()
    mask.save(file, "PNG")
    _, made = styled(residents, name, given, mask=file.getvalue())
    before, after = (np.asarray(Image.open(io.BytesIO(data))) for data in (given, made))
    assert np.array_equal(before[:, 45:], after[:, 45:])
    assert (before[:, :45] != after[:, :45]).any()
