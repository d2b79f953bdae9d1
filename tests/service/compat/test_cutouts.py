"""OpenAI edits with a transparent background: cut-outs where nothing else is asked, and refused beside another edit."""

import asyncio

import pytest

from likeness.contract.errors import InvalidField
from likeness.contract.packshots import Cutout
from likeness.imaging.formats.decode import Bounds
from service.compat.openai.requests import EditParts, edit
from service.compat.openai.schemas import EditRequest
from service.jobs.submission import Submission, Upload
from tests.service.conftest import png


def submitted(mask: bytes | None = None, **fields: object) -> Submission:
    request = EditRequest(background="transparent", **fields)
    parts = EditParts(request, [Upload(png())], Upload(mask) if mask else None, None)
    return asyncio.run(edit(parts, Bounds()))


@pytest.mark.parametrize(
    "prompt", ["", "remove the background", "Please remove background.", "cut out the product from this photo"]
)
def test_a_background_that_is_to_go_is_a_cut_out(prompt: str) -> None:
    made = submitted(prompt=prompt, output_format="webp")
    assert made.task == Cutout(format="webp") and made.files == {}


def test_its_own_size_is_that_of_auto() -> None:
    assert submitted(prompt="", size="32x24").task == submitted(prompt="", size="auto").task == Cutout()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"prompt": "make it red"}, "beside another edit"),
        ({"prompt": "", "output_format": "jpeg"}, "png or webp"),
        ({"prompt": "", "output_format": "webp", "output_compression": 60}, "lossless"),
        ({"prompt": "", "size": "64x64"}, "own 32x24"),
        ({"prompt": "", "mask": png()}, "one image"),
    ],
)
def test_what_is_more_than_a_cut_out_is_refused(fields: dict, said: str) -> None:
    with pytest.raises(InvalidField, match=said):
        submitted(**fields)
