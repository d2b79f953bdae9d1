"""What an instruction asks for, in the closed set of edits that the starter engines do.

Everything that is said must be understood: a word outside `words.py` is refused rather than passed over, so nobody gets
a picture of something that was not asked.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from likeness.contract import vocabulary


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
    def rgb(self) -> tuple[int, int, int] | None:
        """The asked colour in 0..255, if a colour is asked."""
        return vocabulary.COLOURS.get(self.colour)


PHRASES: dict[EditKind, str] = {
    EditKind.SAME: "recreate this picture",
    EditKind.RECOLOUR: "make it {colour}",
    EditKind.PATTERN: "give it {colour} {name}",
    EditKind.MATERIAL: "make it {name}",
    EditKind.BACKGROUND: "put it on a {colour} {name} background",
    EditKind.LIGHT: "make the picture {name}",
    EditKind.SIZE: "make it {name}",
    EditKind.TEXT: "add the text {text}",
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
}
"""As a pair with that of SAME these stand for the captions that CLIP's figures need, where nobody wrote any."""
NAMES = {"hoops": "horizontal stripes", "contrast": "more contrasty", "plain": ""}

ABILITIES: dict[EditKind, str] = {
    EditKind.RECOLOUR: f"colour: 'make it orange'; {', '.join(vocabulary.COLOURS)}",
    EditKind.PATTERN: f"pattern: 'give it yellow stripes'; {', '.join(vocabulary.PATTERNS)} in any colour",
    EditKind.MATERIAL: f"material: 'make it denim'; {', '.join(vocabulary.MATERIALS)}",
    EditKind.BACKGROUND: "background: 'put it on a grey background'; any colour, also as a gradient; "
    + ", ".join(vocabulary.TEXTURES),
    EditKind.LIGHT: f"light: 'make the picture warmer'; {', '.join(vocabulary.LIGHTS)}",
    EditKind.SIZE: f"size: 'make it larger'; {', '.join(vocabulary.SIZES)}",
    EditKind.TEXT: "text: 'add the text Just do it'",
    EditKind.SAME: "nothing: 'recreate this picture'",
}
"""How each kind of edit is asked for."""

TEXT = re.compile(
    r"^(?:please )?(?:add|print|write|put) (?:the )?(?:text|words?|slogan|lettering|writing|caption)[: ]+(?P<text>.+)$",
    re.I,
)
QUOTED = re.compile(r"^[\"'“‘«](?P<inside>.+?)[\"'”’»](?: (?:on|onto|to) (?:it|the [\w-]+))?$")
WORD = re.compile(r"[a-z][a-z-]*|\d+|%")


class NotUnderstood(ValueError):
    """The instruction asks for something outside the closed set; the message says what was not understood."""


def understand(instruction: str) -> Edit:
    """Return the edit that `instruction` asks for. Raises NotUnderstood."""
    plain = " ".join(instruction.split())
    if found := TEXT.match(plain):
        return Edit(EditKind.TEXT, text=_unquoted(found["text"].rstrip(".")))
    asked = _words(plain.lower())
    edit = _edit(asked)
    unknown = [word for word in asked if word not in KNOWN]
    if unknown:
        raise NotUnderstood(f"the word {unknown[0]!r} is not understood")
    return edit


def abilities(kinds: Collection[EditKind] = frozenset(EditKind)) -> list[str]:
    """Return a line for each of these kinds of edit: how to ask for it, and the words it takes."""
    return [line for kind, line in ABILITIES.items() if kind in kinds]


def _edit(asked: list[str]) -> Edit:
    colours = [word for word in asked if word in vocabulary.COLOURS]
    about_background = any(word in vocabulary.BACKGROUND for word in asked)
    texture = _first(asked, vocabulary.TEXTURES)
    if texture and not colours:
        return Edit(EditKind.BACKGROUND, texture)
    if about_background and len(colours) == 1:
        return Edit(EditKind.BACKGROUND, _first(asked, vocabulary.GRADIENT) or "plain", colours[0])
    if not about_background:
        return _edit_of_product(asked, colours)
    raise NotUnderstood("one colour or one texture makes a background")


def _edit_of_product(asked: list[str], colours: list[str]) -> Edit:
    if pattern := _first(asked, vocabulary.PATTERNS):
        if len(colours) != 1:
            raise NotUnderstood(f"{pattern} in which one colour?")
        return Edit(EditKind.PATTERN, pattern, colours[0])
    if len(colours) > 1:
        raise NotUnderstood(f"one colour at a time: {' or '.join(colours)}?")
    for kind, names in BY_NAME.items():
        if name := _first(asked, names):
            return _alone(kind, name, colours)
    if colours:
        return Edit(EditKind.RECOLOUR, colour=colours[0])
    if _first(asked, vocabulary.SAME):
        return Edit(EditKind.SAME)
    raise NotUnderstood("it names no colour, pattern, material, background, light, size or text")


def _alone(kind: EditKind, name: str, colours: list[str]) -> Edit:
    if colours:
        raise NotUnderstood(f"{name} or {colours[0]}, one at a time")
    return Edit(kind, name)


def _first(asked: list[str], names: tuple[str, ...]) -> str:
    return next((word for word in asked if word in names), "")


def _words(plain: str) -> list[str]:
    """Return the words, with synonyms and shades of two words ("dark red") joined into the word of `words.py`."""
    found = WORD.findall(plain)
    joined: list[str] = []
    while found:
        length = next((n for n in (3, 2, 1) if _term(" ".join(found[:n]))), 1)
        phrase = " ".join(found[:length])
        joined.append(_term(phrase) or phrase)
        del found[:length]
    return joined


def _term(phrase: str) -> str:
    """Return the word of `words.py` that `phrase` stands for, "" if it is none."""
    return vocabulary.SAME_AS.get(phrase, phrase if phrase in TERMS else "")


def _unquoted(text: str) -> str:
    found = QUOTED.match(text)
    return found["inside"] if found else text


BY_NAME: dict[EditKind, tuple[str, ...]] = {
    EditKind.MATERIAL: vocabulary.MATERIALS,
    EditKind.LIGHT: vocabulary.LIGHTS,
    EditKind.SIZE: tuple(vocabulary.SIZES),
}
TERMS = {
    *vocabulary.COLOURS, *vocabulary.PATTERNS, *vocabulary.MATERIALS, *vocabulary.TEXTURES, *vocabulary.LIGHTS,
    *vocabulary.SIZES, *vocabulary.BACKGROUND, *vocabulary.GRADIENT, *vocabulary.SAME,
}  # fmt: skip
KNOWN = TERMS | vocabulary.PRODUCTS | vocabulary.AROUND
