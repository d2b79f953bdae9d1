"""The closed set of edits that can be asked in words, and the plainest way to ask for each.

`grammar.py` reads a sentence: every word of it that means something must be understood, else it is refused rather than
passed over, so nobody gets a picture of something that was not asked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from likeness.contract import colours, vocabulary
from likeness.contract.colour_names import CLOTH, Colour


class EditKind(StrEnum):
    """The kinds of edit."""

    SAME = "same"
    """The picture as it is."""
    RECOLOUR = "recolour"
    """The product in another colour."""
    PATTERN = "pattern"
    """A pattern on the product."""
    MATERIAL = "material"
    """The product in another material."""
    BACKGROUND = "background"
    """Another background."""
    LIGHT = "light"
    """The whole picture in another light."""
    SIZE = "size"
    """The product larger or smaller, the background completed."""
    TEXT = "text"
    """Words printed on the product."""
    CUT_OUT = "cutout"
    """The product without its background."""


@dataclass(frozen=True)
class Edit:
    """One edit: its kind, the word that names it (a pattern, a texture, ...), its colour's name, the text to print."""

    kind: EditKind
    name: str = ""
    colour: str = ""
    text: str = ""

    @property
    def phrase(self) -> str:
        """Return the plainest way to say it; this is what the engine reads."""
        said = PHRASES[self.kind].format(name=NAMES.get(self.name, self.name), colour=self.colour, text=self.text)
        return " ".join(said.split())

    @property
    def caption(self) -> str:
        """Return a caption of any picture in which it was done; that of SAME fits any picture before an edit."""
        said = CAPTIONS[self.kind].format(name=NAMES.get(self.name, self.name), colour=self.colour, text=self.text)
        return " ".join(said.split())

    @property
    def rgb(self) -> Colour | None:
        """The asked colour as sRGB in 0..255, if one is asked: a background's as on screens, a product's as dyed."""
        if not self.colour:
            return None
        background = self.kind is EditKind.BACKGROUND
        return colours.screen_colour(self.colour) if background else colours.cloth_colour(self.colour)


PHRASES: dict[EditKind, str] = {
    EditKind.SAME: "recreate this picture",
    EditKind.RECOLOUR: "make it {colour}",
    EditKind.PATTERN: "give it {colour} {name}",
    EditKind.MATERIAL: "make it {name}",
    EditKind.BACKGROUND: "put it on a {colour} {name} background",
    EditKind.LIGHT: "make the picture {name}",
    EditKind.SIZE: "make it {name}",
    EditKind.TEXT: 'add the text "{text}"',
    EditKind.CUT_OUT: "remove the background",
}
CAPTIONS: dict[EditKind, str] = {
    EditKind.SAME: "a photo of a product",
    EditKind.RECOLOUR: "a photo of a {colour} product",
    EditKind.PATTERN: "a photo of a product with {colour} {name}",
    EditKind.MATERIAL: "a photo of a product made of {name}",
    EditKind.BACKGROUND: "a photo of a product on a {colour} {name} background",
    EditKind.LIGHT: "a {name} photo of a product",
    EditKind.SIZE: "a photo of a {name} product",
    EditKind.TEXT: "a photo of a product with the text {text}",
    EditKind.CUT_OUT: "a photo of a product without a background",
}
"""As a pair with that of SAME these stand for the captions that CLIP's figures need, where nobody wrote any."""
NAMES = {
    "hoops": "horizontal stripes",
    "floral": "flowers",
    "contrast": "more contrasty",
    "softer": "less contrasty",
    "plain": "",
}

ABILITIES: dict[EditKind, str] = {
    EditKind.RECOLOUR: "colour: 'make it orange'; any name of CSS and the most used of the xkcd survey, as "
    f"{', '.join(CLOTH)}; with {', '.join(colours.MODIFIERS)}; or #RRGGBB",
    EditKind.PATTERN: f"pattern: 'give it yellow stripes'; {', '.join(vocabulary.PATTERNS)} in any colour",
    EditKind.MATERIAL: f"material: 'make it denim'; {', '.join(vocabulary.MATERIALS)}",
    EditKind.BACKGROUND: "background: 'put it on a grey background'; any colour, also as a gradient; "
    + ", ".join(vocabulary.TEXTURES),
    EditKind.LIGHT: f"light: 'make the picture warmer', 'lower the contrast'; {', '.join(vocabulary.LIGHTS)}",
    EditKind.SIZE: f"size: 'make it larger'; {', '.join(vocabulary.SIZES)}",
    EditKind.TEXT: "text: 'add the text \"Just do it\"'",
    EditKind.CUT_OUT: "cut-out: 'remove the background'",
    EditKind.SAME: "nothing: 'recreate this picture'",
}
"""How each kind of edit is asked for."""


def abilities(kinds: Collection[EditKind] = frozenset(EditKind)) -> list[str]:
    """Return a line for each of these kinds of edit: how to ask for it, and the words it takes."""
    return [line for kind, line in ABILITIES.items() if kind in kinds]
