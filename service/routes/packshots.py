"""Submitting what changes a frame on purpose: a cut-out, a packshot, or a check that changes nothing."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from likeness.contract.packshots import Check, Cutout, Packshot
from service.docs import packshots as examples
from service.routes.requests import PICTURES, Submit, posted, responses_of

router = APIRouter(tags=["jobs"])

IMAGES: Final = 3
"""In one body: the image, its mask and a background."""


@posted("/cutout", responses_of("/cutout", examples.CUT_OUT, *PICTURES), images=IMAGES, router=router)
async def cutout(submit: Submit) -> Response:
    """Cut the product out of an image: the same size, on nothing, its edges without the old background's colour.

    The product is found, unless a `mask` says where it is; the alpha of an image that is cut out already is taken as
    it is. Where it is opaque, it has the very samples of the original. An image with an EXIF orientation comes upright.
    """
    return await submit.job(Cutout)


@posted("/packshot", responses_of("/packshot", examples.PACKSHOT, *PICTURES), images=IMAGES, router=router)
async def packshot(submit: Submit) -> Response:
    """Cut the product out of an image, place it in a frame of its own, light it, export it, and judge the file.

    The frame changes, exactly as asked: the report says what was asked and what was found. `preset` sets every field
    that is not given and judges the file by the rules of a marketplace (docs/packshots.md).
    """
    return await submit.job(Packshot)


@posted("/check", responses_of("/check", examples.CHECKED, *PICTURES), images=IMAGES, router=router)
async def check(submit: Submit) -> Response:
    """Judge an image by the rules of a marketplace, without changing it.

    The report's `compliance` has each rule, what it asks and what was found; the image of the result is the original
    with the offending pixels marked. The verdict is `accepted` if every rule that must be met is.
    """
    return await submit.job(Check)
