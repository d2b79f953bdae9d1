"""An edit of the closed set made by arithmetic: a training pair's target, or the guide of a diffusion."""

from likeness.contract.instructions import Edit, EditKind
from likeness.imaging.colour import Floats
from likeness.imaging.edits import backdrop, light, material
from likeness.imaging.edits.patterned import patterned
from likeness.imaging.edits.recolour import recolour
from likeness.imaging.matting import Matte


def apply_edit(rgb: Floats, mask: Floats, edit: Edit) -> Floats:
    """Return what `edit` makes of an image (H x W x 3, 0..1) whose product `mask` (H x W) shows."""
    height, width = mask.shape
    colour = edit.rgb or (0, 0, 0)
    match edit.kind:
        case EditKind.RECOLOUR:
            return recolour(rgb, mask, colour)
        case EditKind.PATTERN:
            return patterned(rgb, Matte(mask, rgb), edit.name, colour).rgb
        case EditKind.MATERIAL:
            return material.in_material(rgb, mask, edit.name)
        case EditKind.LIGHT:
            return light.relit(rgb, edit.name)
        case EditKind.BACKGROUND if edit.name in backdrop.TEXTURES:
            return backdrop.on_backdrop(rgb, mask, backdrop.TEXTURES[edit.name](height, width))
        case EditKind.BACKGROUND:
            drawn = backdrop.gradient if edit.name == "gradient" else backdrop.plain
            return backdrop.on_backdrop(rgb, mask, drawn(height, width, colour))
    return rgb
