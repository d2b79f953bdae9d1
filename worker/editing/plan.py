"""What is asked of one picture: what the engine is given, what is done to what it makes, what is measured of it.

All planes and pictures lie as shown, with the canvas' padding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from likeness.contract.jobs import Scalar
from likeness.contract.tasks import Control
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.edits.recolour import blended, recolour
from likeness.imaging.matting import Matte
from likeness.imaging.picture import Picture
from likeness.imaging.regions import composited, put_back
from worker.engine import Canvas, EngineTask, ExactEdit, Plane

Region = NDArray[np.bool_]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class EditPlan:
    """What one picture needs: the engine's inputs, the finish, the check."""

    canvas: Canvas
    text: str = ""
    mask: Plane | None = None
    controls: tuple[Control, ...] = ()
    maps: Mapping[str, Canvas] = field(default_factory=dict)
    style: Canvas | None = None
    references: tuple[Canvas, ...] = ()
    loras: Mapping[str, float] = field(default_factory=dict)
    keep_detail: Plane | None = None
    from_scratch: bool = False
    """Whether it is made from the text alone."""
    caption: str | None = None
    """The text, where a captioner wrote it."""
    under: Canvas | None = None
    """What shows where the picture may not change."""
    region: Region | None = None
    """Where it may change; None is everywhere."""
    gate: Plane | None = None
    """How much of the engine's change is taken, for an edit of the product or of the background; None is all of it."""
    edit: ExactEdit | None = None
    """What an engine that makes exact edits is to do; nothing of what may change is mixed with what may not."""
    matte: Matte | None = None
    """The product or the part that it edits."""
    product: Plane | None = None
    """What was taken for the product, without the padding; None where nobody looked for it."""
    notes: tuple[str, ...] = ()
    """What to know about the image that is made, for its report."""
    exact: Colour | None = None
    """The colour that what `mask` covers is brought to in the end."""
    check: EditCheck | None = None

    def task(self, seed: int, parameters: dict[str, Scalar]) -> EngineTask:
        """Return what the engine is to do; a caption is the prompt in its parameters too."""
        parameters = parameters | ({"prompt": self.caption} if self.caption else {})
        return EngineTask(
            self.canvas,
            seed,
            parameters,
            text=self.text,
            mask=self.mask,
            controls=self.controls,
            keep_detail=self.keep_detail,
            maps=self.maps,
            loras=self.loras,
            from_scratch=self.from_scratch,
            style=self.style,
            references=self.references,
            edit=self.edit,
            matte=self.matte,
        )

    def finish(self, made: Canvas) -> Canvas:
        """Return what the engine made, in the exact colour where one is asked, with what must not change put back."""
        if self.gate is not None:
            made = blended(self.canvas if self.under is None else self.under, made, self.gate)
        if self.exact is not None and self.mask is not None:
            made = recolour(made, self.mask, self.exact)
        if self.region is None or self.under is None:
            return made
        if self.matte is not None:
            return np.where(self.region[..., None], made, self.under)
        return composited(self.under, made, self.region)

    def noted(self, said: str) -> "EditPlan":
        """Return the plan with a sentence for its report."""
        check = self.check and replace(self.check, notes=(*self.check.notes, said))
        return replace(self, check=check)

    def locked(self, given: Picture, image: Image.Image) -> Image.Image:
        """Return a restored image with the very samples of what is kept, also where alpha hides their colours."""
        if self.check is None or self.check.kept is None:
            return image
        return put_back(given, image, self.check.kept)


@dataclass(frozen=True)
class Sent:
    """What was sent beside a picture and its mask, all in 0..1.

    A logo, H x W x 4; a control map over the picture, H x W x 3; a picture for its style, H x W x 3, of its own size; a
    guide over the picture, H x W x 4; further pictures that an instruction speaks of, each H x W x 3, of its own size.
    """

    logo: Canvas | None = None
    control: Canvas | None = None
    style: Canvas | None = None
    guide: Canvas | None = None
    references: tuple[Canvas, ...] = ()
