"""Many phrasings of one edit; `likeness.contract.instructions` parses each back to the same edit."""

import numpy as np

from likeness.contract.instructions import NAMES, Edit, EditKind

PLAIN_SHARE = 0.5
"""Share of phrases in the plainest wording, which is what the service passes to the engine."""

PHRASINGS: dict[EditKind, tuple[str, ...]] = {
    EditKind.SAME: ("recreate this picture", "reproduce this photo", "keep it the same", "copy this image exactly"),
    EditKind.RECOLOUR: (
        "make the {noun} {colour}",
        "turn it {colour}",
        "change the colour of the {noun} to {colour}",
        "change the color to {colour}",
        "paint it {colour}",
        "dye the {noun} {colour}",
        "recolour it {colour}",
        "I want the {noun} in {colour}",
        "a {colour} {noun} instead",
    ),
    EditKind.PATTERN: (
        "give the {noun} {colour} {name}",
        "add {colour} {name}",
        "cover it with {colour} {name}",
        "put {colour} {name} on the {noun}",
        "{colour} {name} please",
    ),
    EditKind.MATERIAL: (
        "turn it into {name}",
        "make the {noun} out of {name}",
        "change the material to {name}",
        "show the {noun} in {name}",
    ),
    EditKind.BACKGROUND: (
        "change the background to {colour} {name}",
        "place the {noun} on a {colour} {name} background",
        "make the background {colour} {name}",
        "a {colour} {name} backdrop",
        "replace the background with {colour} {name}",
    ),
    EditKind.LIGHT: ("make it {name}", "make the photo {name}", "make the whole image {name}", "{name} please"),
}


def phrase(edit: Edit, noun: str, random: np.random.Generator) -> str:
    """Return one way to request `edit` of a `noun` ("shirt")."""
    if random.random() < PLAIN_SHARE:
        return edit.phrase
    template = str(random.choice(PHRASINGS[edit.kind]))
    name = NAMES.get(edit.name, edit.name)
    return " ".join(template.format(noun=noun, colour=edit.colour, name=name).split())
