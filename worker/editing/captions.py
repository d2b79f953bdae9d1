"""What the pictures of a customisation show, in words, and the names of colours: CLIP's figures compare with these."""

import numpy as np

from likeness.contract import vocabulary
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.options import rgb_of_hex
from likeness.contract.tasks import Customise
from likeness.imaging.assessment.learned import Captions
from likeness.imaging.edits.recolour import lab_of_colour

Colour = tuple[int, int, int]

BEFORE = Edit(EditKind.SAME).caption


def captions_of(task: Customise, edit: Edit | None) -> Captions | None:
    """Return the captions of the given and of the made picture; None where no words are had, as of a logo.

    Those that were sent are taken as they are. Else an edit of the closed set has a caption of its own, and the given
    picture the plainest one; an open instruction says what to do rather than what is seen, but it is all there is.
    """
    if target := task.target_prompt or task.prompt:
        return Captions(target, task.source_prompt)
    if edit := edit or _edit(task):
        return Captions(edit.caption, BEFORE)
    return Captions(task.instruction) if task.instruction else None


def _edit(task: Customise) -> Edit | None:
    """Return what is asked by fields of its own as an edit of the closed set, if it is one."""
    if task.recolour:
        return Edit(EditKind.RECOLOUR, colour=nearest_name(rgb_of_hex(task.recolour.to)))
    return Edit(EditKind.TEXT, text=task.text) if task.text else None


def nearest_name(colour: Colour) -> str:
    """Return the colour's name that is nearest in CIELAB."""
    lab = lab_of_colour(colour)
    return min(
        vocabulary.COLOURS, key=lambda name: float(np.square(lab_of_colour(vocabulary.COLOURS[name]) - lab).sum())
    )
