"""What is wrong with a packshot that can be told before it is made: its preset, its size, its format."""

from likeness.contract.errors import FieldProblem, PictureTooLarge
from likeness.contract.packshots import Exact, Packshot, size_of
from likeness.contract.presets import Presets, look_of
from likeness.imaging.formats.decode import Bounds, check_size


def check_packshot(task: Exact, presets: Presets, owner: str, bounds: Bounds) -> None:
    """Raise InvalidField or PictureTooLarge for a cut-out, a packshot or a check that cannot be made as it is asked."""
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
