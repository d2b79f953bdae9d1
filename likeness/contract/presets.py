"""Presets: what marketplaces ask of a product picture, each rule with the address it was read at."""

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import Field

from likeness.contract.compliance import Level, RuleName
from likeness.contract.errors import InvalidField
from likeness.contract.packshots import Looks, Packshot
from likeness.contract.strict import Strict


class Rule(Strict):
    """One rule of a preset. A bound that is not given does not bind."""

    rule: RuleName
    level: Level = "must"
    least: float | None = None
    most: float | None = None
    one_of: list[str] = Field(default=[])
    shadow: bool = Field(default=False, description="of `background`: whether the product's shadow may lie on it")
    source: str = Field(min_length=1, description="the address where the rule was read, or who decided it")


class Preset(Strict):
    """A marketplace's rules, and how a packshot is made to meet them."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    title: str
    read: date = Field(description="when its sources were read")
    keys: list[str] = Field(default=[], description="the API keys that may use it; empty means all")
    packshot: Looks = Looks()
    rule: list[Rule]


class Look(Strict):
    """How a packshot is made: everything settled."""

    background: str = "white"
    size: str | None = None
    fill: float = 0.85
    align: Literal["centre", "bottom"] = "centre"
    shadow: Literal["none", "contact", "cast", "keep", "reflection"] = "none"
    angle: float = 40.0
    straighten: float | Literal["auto"] | None = None
    white_balance: Mapping[str, float] | Literal["auto"] | None = None
    format: Literal["jpeg", "png", "webp"] = "jpeg"
    quality: int | None = None
    max_bytes: int | None = None
    profile: Literal["srgb", "same"] = "srgb"
    upscale: Literal["never", "faithful"] = "faithful"


class Presets(Strict):
    """All presets, by their names."""

    preset: list[Preset] = Field(default=[])

    def find(self, name: str, owner: str | None = None) -> Preset:
        """Return a preset that the key `owner` may use; None may use all. Raises InvalidField at `preset`."""
        mine = [one for one in self.preset if owner is None or not one.keys or owner in one.keys]
        for preset in mine:
            if preset.name == name:
                return preset
        raise InvalidField.at("preset", f"not known; there are: {', '.join(one.name for one in mine)}")


def load_presets(path: Path | None = None) -> Presets:
    """Read the presets that ship, and those of `path`, which go before shipped ones of their names.

    Raises OSError, or ValueError on a bad entry; pydantic.ValidationError is one.
    """
    shipped = _parsed(resources.files("likeness.contract").joinpath("presets.toml").read_text("utf-8"))
    own = Presets() if path is None else _parsed(path.read_text("utf-8"))
    known = {one.name for one in own.preset}
    return Presets(preset=[one for one in shipped.preset if one.name not in known] + own.preset)


def look_of(task: Packshot, preset: Preset | None) -> Look:
    """Return how a packshot is made: as the request says, else as its preset does, else as usual."""
    usual = {} if preset is None else preset.packshot.model_dump(exclude_none=True)
    asked = task.model_dump(include=set(Looks.model_fields), exclude_none=True)
    said = {**usual, **asked}
    background = str(said.get("background", "white")).lower()
    if "format" not in said and background == "transparent":
        said["format"] = "png"
    if "shadow" not in said and background not in ("white", "#ffffff"):
        said["shadow"] = "contact"
    look = Look.model_validate(said)
    if background == "transparent" and look.format == "jpeg":
        raise InvalidField.at("format", "jpeg cannot be transparent; take png or webp")
    if look.format == "png" and look.quality is not None:
        raise InvalidField.at("quality", "png has none, it is exact; leave it out, or take jpeg or webp")
    return look


def _parsed(text: str) -> Presets:
    return Presets.model_validate(tomllib.loads(text))
