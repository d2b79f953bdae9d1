"""What is wrong with a packshot that can be told before it is made: its preset, its size, its format."""

from contextlib import nullcontext

from likeness.contract.editing import naming_edit
from likeness.contract.errors import FieldProblem, PictureTooLarge
from likeness.contract.packshots import Exact, Packshot, size_of
from likeness.contract.presets import Presets, look_of
from likeness.contract.runs import Plan
from likeness.imaging.formats.decode import Bounds, check_size


def check_packshots(plan: Plan, presets: Presets, owner: str, bounds: Bounds) -> None:
    """Raise InvalidField or PictureTooLarge for what cannot be made as it is asked, also as the last of several edits.

    The error names the place in `edits` then.
    """
    for number, run in enumerate(plan.runs):
        if isinstance(run.task, Exact):
            with naming_edit(number, run.task.kind) if plan.several_edits else nullcontext():
                _check_packshot(run.task, presets, owner, bounds)


def _check_packshot(task: Exact, presets: Presets, owner: str, bounds: Bounds) -> None:
    preset = None if task.preset_name is None else presets.find(task.preset_name, owner)
    if not isinstance(task, Packshot):
        return
    look = look_of(task, preset)
    if look.size is None:
        return
    try:
        check_size(*size_of(look.size), bounds)
    except PictureTooLarge as error:
        raise PictureTooLarge(f"size: {error.detail}", [FieldProblem("#/size", error.detail)]) from error
