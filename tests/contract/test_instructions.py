import numpy as np
import pytest

from likeness.contract import vocabulary
from likeness.contract.instructions import BY_NAME, Edit, EditKind, NotUnderstood, abilities, understand
from training.data.phrases import PHRASINGS, phrase

SAID = [
    ("make it orange", Edit(EditKind.RECOLOUR, colour="orange")),
    ("Make it ORANGE.", Edit(EditKind.RECOLOUR, colour="orange")),
    ("change the colour of the socks to orange", Edit(EditKind.RECOLOUR, colour="orange")),
    ("please change the color of this t-shirt to dark red", Edit(EditKind.RECOLOUR, colour="dark red")),
    ("I would like the whole dress in navy blue", Edit(EditKind.RECOLOUR, colour="navy")),
    ("make it gray", Edit(EditKind.RECOLOUR, colour="grey")),
    ("give it yellow stripes", Edit(EditKind.PATTERN, "stripes", "yellow")),
    ("add white polka dots", Edit(EditKind.PATTERN, "dots", "white")),
    ("cover the dress with light blue horizontal stripes", Edit(EditKind.PATTERN, "hoops", "light blue")),
    ("a red tartan shirt", Edit(EditKind.PATTERN, "checks", "red")),
    ("make it denim", Edit(EditKind.MATERIAL, "denim")),
    ("make the jacket out of leather", Edit(EditKind.MATERIAL, "leather")),
    ("put it on a grey background", Edit(EditKind.BACKGROUND, "plain", "grey")),
    ("replace the background with a dark green gradient", Edit(EditKind.BACKGROUND, "gradient", "dark green")),
    ("place the shoes on a wooden table", Edit(EditKind.BACKGROUND, "wood")),
    ("show it in front of a concrete wall", Edit(EditKind.BACKGROUND, "concrete")),
    ("make the picture warmer", Edit(EditKind.LIGHT, "warmer")),
    ("black and white please", Edit(EditKind.LIGHT, "greyscale")),
    ("make it larger", Edit(EditKind.SIZE, "larger")),
    ("make the cup bigger", Edit(EditKind.SIZE, "larger")),
    ("shrink it", Edit(EditKind.SIZE, "smaller")),
    ("add the text Just do it", Edit(EditKind.TEXT, text="Just do it")),
    ('print the words "Make it red" on the shirt', Edit(EditKind.TEXT, text="Make it red")),
    ("add the slogan: Zürich 2024!", Edit(EditKind.TEXT, text="Zürich 2024!")),
    ("recreate this picture", Edit(EditKind.SAME)),
]
REFUSED = [
    ("make it glow", "names no colour"),
    ("make it a red unicorn", "'unicorn'"),
    ("make it red and blue", "red or blue"),
    ("give it stripes", "stripes in which one colour"),
    ("give it red stripes and a hologram", "'hologram'"),
    ("put it on a beach", "names no colour"),
    ("make the background red and blue", "makes a background"),
    ("make it denim and red", "denim or red"),
    ("remove the person", "names no colour"),
    ("do not make it red", "'do'"),
    ("!!!", "names no colour"),
]


@pytest.mark.parametrize(("instruction", "edit"), SAID)
def test_an_instruction_is_understood(instruction, edit):
    assert understand(instruction) == edit


@pytest.mark.parametrize(("instruction", "why"), REFUSED)
def test_what_is_not_understood_is_refused_and_said(instruction, why):
    with pytest.raises(NotUnderstood, match=why):
        understand(instruction)


def every_edit():
    """Yield each edit of the closed set, in a few colours where it takes one."""
    yield Edit(EditKind.SAME)
    yield Edit(EditKind.TEXT, text="Just do it")
    for kind, names in BY_NAME.items():
        yield from (Edit(kind, name) for name in names)
    yield from (Edit(EditKind.BACKGROUND, texture) for texture in vocabulary.TEXTURES)
    for colour in vocabulary.COLOURS:
        yield Edit(EditKind.RECOLOUR, colour=colour)
        yield from (Edit(EditKind.BACKGROUND, name, colour) for name in ("plain", "gradient"))
        yield from (Edit(EditKind.PATTERN, pattern, colour) for pattern in vocabulary.PATTERNS)


@pytest.mark.parametrize("edit", list(every_edit()), ids=lambda edit: edit.phrase)
def test_the_plainest_way_to_say_an_edit_is_understood_as_it(edit):
    assert understand(edit.phrase) == edit


@pytest.mark.parametrize("kind", PHRASINGS)
def test_every_phrase_that_training_says_is_understood_as_its_edit(kind):
    random = np.random.default_rng(0)
    for edit in (edit for edit in every_edit() if edit.kind is kind):
        said = {phrase(edit, noun, random) for noun in ("shirt", "t-shirt", "outwear") for _ in range(50)}
        wrong = [one for one in said if understand(one) != edit]
        assert not wrong


def test_training_says_every_edit_that_the_denoiser_learns():
    assert set(EditKind) - set(PHRASINGS) == {EditKind.SIZE, EditKind.TEXT}


def test_the_asked_colour_is_told_in_numbers():
    assert understand("make it red").rgb == vocabulary.COLOURS["red"]
    assert understand("make it denim").rgb is None


def test_synonyms_stand_for_words_that_are_known():
    known = {
        *vocabulary.COLOURS,
        *vocabulary.PATTERNS,
        *vocabulary.MATERIALS,
        *vocabulary.TEXTURES,
        *vocabulary.LIGHTS,
        *vocabulary.SIZES,
    }
    assert set(vocabulary.SAME_AS.values()) <= known
    assert not set(vocabulary.SAME_AS) & known


def test_the_abilities_name_every_word():
    listed = " ".join(abilities())
    missing = [
        word
        for word in (*vocabulary.COLOURS, *vocabulary.PATTERNS, *vocabulary.MATERIALS, *vocabulary.LIGHTS)
        if word not in listed
    ]
    assert not missing
