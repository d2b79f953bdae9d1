"""The units of AUTOMATIC1111's ControlNet extension as our controls."""

from typing import Any, Final, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from likeness.contract.errors import InvalidField
from likeness.contract.tasks import ControlKind
from service.http.problems import of_validation

FIELD: Final = "alwayson_scripts"
KINDS: Final = {"canny": "canny", "softedge": "soft_edge", "hed": "soft_edge", "lineart": "line_art", "depth": "depth"}
"""What the name of a module or of a model has in it: our kind of map."""
OFF: Final[tuple[list[bool], ...]] = ([], [False])
"""Arguments of a script that is not wanted."""


class Unit(BaseModel):
    """One unit. How its map is fitted is of no effect: a map has the image's size."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    image: str | None = None
    mask: None = None
    module: str = "none"
    model: str = "None"
    weight: float = Field(default=1.0, ge=0, le=2)
    guidance_start: float = Field(default=0.0, ge=0, le=1)
    guidance_end: float = Field(default=1.0, ge=0, le=1)
    control_mode: str | int = "Balanced"
    resize_mode: str | int = "Resize and Fill"
    low_vram: bool = False
    processor_res: float = -1
    threshold_a: float = 64
    threshold_b: float = 64
    pixel_perfect: bool = False
    hr_option: str = "Both"
    enabled: bool = True


Units: Final = TypeAdapter(list[Unit])


def controls_of(scripts: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """Return our controls, and the map for the first of them, in base64, where one is sent. Raises InvalidField."""
    wanted = {name: script.get("args") if isinstance(script, dict) else script for name, script in scripts.items()}
    for name, arguments in wanted.items():
        if name.lower() != "controlnet" and arguments not in OFF:
            raise InvalidField.at(FIELD, f"{name[:64]}: there is no such script here")
    units = [unit for name in wanted if name.lower() == "controlnet" for unit in _units(wanted[name])]
    maps = [unit.image for unit in units if unit.image]
    if len(maps) > 1 or (maps and not units[0].image):
        raise InvalidField.at(FIELD, "ControlNet: one finished map at most, for the first unit")
    return [_control(unit) for unit in units], maps[0] if maps else None


def _units(arguments: object) -> list[Unit]:
    try:
        units = Units.validate_python(arguments, strict=True)
    except ValidationError as error:
        raise InvalidField.at(FIELD, f"ControlNet: {of_validation(error).detail}") from error
    return [unit for unit in units if unit.enabled]


def _control(unit: Unit) -> dict[str, Any]:
    drawn = unit.module.lower() != "none"
    if drawn and unit.image:
        raise InvalidField.at(
            FIELD, "ControlNet: a module draws the map from the image; with module none, send the map"
        )
    if not drawn and not unit.image:
        raise InvalidField.at(FIELD, "ControlNet: module or image is needed")
    if unit.control_mode not in ("Balanced", 0) or (unit.threshold_a, unit.threshold_b) != (64, 64):
        raise InvalidField.at(FIELD, "ControlNet: only Balanced, and thresholds of 64: there is nothing like them here")
    named = (unit.module if drawn else unit.model).lower()
    kind = next((ours for part, ours in KINDS.items() if part in named), None)
    if kind is None:
        raise InvalidField.at(FIELD, f"ControlNet: a map of one of the kinds {', '.join(get_args(ControlKind))}")
    return {"kind": kind, "weight": unit.weight, "start": unit.guidance_start, "end": unit.guidance_end}
