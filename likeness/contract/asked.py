"""What a job was asked to do, in a few words, for lists of jobs."""

from typing import Final

from likeness.contract.comparison import Compare, JobTask
from likeness.contract.editing import EditFields, OneEdit
from likeness.contract.packshots import Check, Cutout, CutoutFields, Packshot, PackshotFields
from likeness.contract.tasks import Customise, Generate, Recreate

MAX_ASKED: Final = 200
"""Characters."""
OF_FILES: Final = {"logo": "print a logo", "style_image": "apply a style", "guide": "follow a guide"}


def asked_of(task: JobTask) -> str:
    """Return what a task asks for, in at most MAX_ASKED characters."""
    text = " ".join(_asked(task).split())
    return text if len(text) <= MAX_ASKED else f"{text[: MAX_ASKED - 1]}…"


def _asked(task: JobTask) -> str:
    if isinstance(task, Recreate):
        return "recreate"
    if isinstance(task, Compare):
        return f"compare {task.count} runs: {_asked(task.task)}"
    if isinstance(task, Generate):
        return task.prompt or task.label or "generate"
    if isinstance(task, Check):
        return f"check for {task.preset}"
    if isinstance(task, Cutout | Packshot):
        return _finished(task)
    return _edited(task)


def _edited(task: Customise) -> str:
    return ", then ".join(_edit(edit) for edit in task.edits) if task.edits else _edit(task)


def _edit(edit: EditFields) -> str:
    if isinstance(edit, OneEdit) and edit.finish:
        return _finished(edit.finish)
    if edit.instruction or edit.prompt:
        return edit.instruction or edit.prompt or ""
    if edit.recolour:
        return f"recolour the {edit.recolour.mask} to {edit.recolour.to}"
    if edit.text:
        return f'print "{edit.text}"'
    if edit.complete:
        return f"redraw all but the upper {edit.complete:.0%}"
    return next(words for name, words in OF_FILES.items() if getattr(edit, name))


def _finished(made: CutoutFields | PackshotFields) -> str:
    if isinstance(made, CutoutFields):
        return "cut out the matte" if made.matte else "cut out"
    if made.preset:
        return f"packshot for {made.preset}"
    ground = "an image" if made.background == "file" else made.background or "white"
    return f"packshot on {ground}" + (f", {made.size}" if made.size else "")
