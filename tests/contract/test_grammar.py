"""Sentences in the words of shop people, each with its reading or its refusal; and that no word is ever lost."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.contract import vocabulary
from likeness.contract.colour_names import CLOTH, NAMES
from likeness.contract.colours import MODIFIERS
from likeness.contract.combinations import combined
from likeness.contract.grammar import Reading, read, understand
from likeness.contract.instructions import Edit, EditKind, abilities
from likeness.contract.tokens import NotUnderstood, lexicon, tokens_of
from likeness.contract.vocabulary import QUALITIES, Role
from training.data.phrases import PHRASINGS, phrase

CORPUS = Path(__file__).with_name("sentences.txt").read_text("utf-8")
LINES = [line.split(" | ") for line in CORPUS.splitlines() if not line.startswith("#")]
SENTENCES = [(line[0], line[1]) for line in LINES if len(line) == 2]
UNDERSTOOD = [(said, meant) for said, meant in SENTENCES if not meant.startswith("!")]
REFUSED = [(said, why.removeprefix("! ")) for said, why in SENTENCES if why.startswith("!")]
COLOURS = [*CLOTH, "mustard yellow", "dusty rose", "very dark green", "pale teal", "rebecca purple", "#1f4e79"]


def told(reading: Reading) -> str:
    keep = [f"keep {reading.keep}"] if reading.keep else []
    return "; ".join([*(edit.phrase for edit in reading.edits), *keep])


@pytest.mark.parametrize(("said", "meant"), UNDERSTOOD)
def test_a_sentence_is_read_as_it_is_meant(said, meant):
    assert told(read(said)) == meant


@pytest.mark.parametrize(("said", "why"), REFUSED)
def test_what_cannot_be_done_is_refused_and_said(said, why):
    with pytest.raises(NotUnderstood) as refusal:
        read(said)
    assert why in str(refusal.value)


def every_edit():
    """Yield each edit of the closed set, in a few colours where it takes one."""
    yield Edit(EditKind.SAME)
    yield Edit(EditKind.CUT_OUT)
    yield Edit(EditKind.TEXT, text="Just do it")
    yield from (Edit(EditKind.MATERIAL, name) for name in vocabulary.MATERIALS)
    yield from (Edit(EditKind.LIGHT, name) for name in vocabulary.LIGHTS)
    yield from (Edit(EditKind.SIZE, name) for name in vocabulary.SIZES)
    yield from (Edit(EditKind.BACKGROUND, texture) for texture in vocabulary.TEXTURES)
    for colour in COLOURS:
        yield Edit(EditKind.RECOLOUR, colour=colour)
        yield from (Edit(EditKind.BACKGROUND, name, colour) for name in ("plain", "gradient"))
        yield from (Edit(EditKind.PATTERN, pattern, colour) for pattern in vocabulary.PATTERNS)


@pytest.mark.parametrize("kind", EditKind)
def test_the_plainest_way_to_say_an_edit_is_understood_as_it(kind):
    edits = [edit for edit in every_edit() if edit.kind is kind]
    assert edits and [edit.phrase for edit in edits if understand(edit.phrase) != edit] == []


@pytest.mark.parametrize("kind", PHRASINGS)
def test_every_phrase_that_training_says_is_understood_as_its_edit(kind):
    random = np.random.default_rng(0)
    for edit in (edit for edit in every_edit() if edit.kind is kind and edit.colour in (*CLOTH, "")):
        said = {phrase(edit, noun, random) for noun in ("shirt", "t-shirt", "outwear") for _ in range(50)}
        wrong = [one for one in said if understand(one) != edit]
        assert not wrong


def test_training_says_every_edit_that_the_denoiser_learns():
    assert set(EditKind) - set(PHRASINGS) == {EditKind.SIZE, EditKind.TEXT, EditKind.CUT_OUT}


@pytest.mark.parametrize("space", [" ", "-", ""])
def test_every_name_of_a_colour_is_understood_with_or_without_spaces(space):
    for name in set(NAMES) - {"linen"}:
        said = name.replace(" ", space)
        assert understand(f"make it {said}") == Edit(EditKind.RECOLOUR, colour=name), said


def test_linen_is_a_cloth_before_it_is_a_colour():
    with pytest.raises(NotUnderstood, match="changed to linen"):
        read("make it linen")


def test_the_asked_colour_is_told_in_numbers():
    assert understand("make it red").rgb == CLOTH["red"] and understand("put it on red").rgb == NAMES["red"]
    assert understand("make it #1F4E79").rgb == (0x1F, 0x4E, 0x79)
    assert understand("make it denim").rgb is None


def test_only_one_edit_is_understood_where_one_is_wanted():
    with pytest.raises(NotUnderstood, match="2 edits"):
        understand("make it red on a wood background")


def test_the_abilities_name_every_word():
    listed = " ".join(abilities())
    words = (*CLOTH, *MODIFIERS, *vocabulary.PATTERNS, *vocabulary.MATERIALS, *vocabulary.TEXTURES, *vocabulary.LIGHTS)
    assert not [word for word in words if word not in listed]


def test_every_word_has_one_role():
    said = [one for values in vocabulary.WORDS.values() for phrases in values.values() for one in phrases]
    said += [one for phrases in vocabulary.SAID_OF.values() for one in phrases]
    said += [one for names in vocabulary.SAME_AS.values() for one in names]
    assert sorted(said) == sorted(set(said))
    assert set(said) & set(NAMES) <= {"linen"}, "which is a cloth before it is a colour"


WORDS = sorted(word for word, token in lexicon().items() if token.role not in (Role.COLOUR, Role.TEXT))
SOME = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(COLOURS),
    st.sampled_from(["make", "put", "the", "a", "and", "on", "with", "to", "it", "shirt", "background", "keep", "in"]),
)
DESCRIBED = {Role.PRODUCT, Role.BACKGROUND, Role.SURFACE, Role.IT, Role.PICTURE}


@given(st.lists(SOME, min_size=1, max_size=9))
def test_no_sentence_of_known_words_loses_one(words):
    """Each word that names something is in what was read; or it describes something, or nothing is read at all."""
    sentence = " ".join(words)
    try:
        reading = read(sentence)
    except NotUnderstood:
        return
    asked = {word for edit in reading.edits for word in (edit.name, edit.colour, edit.text)}
    tokens = tokens_of(sentence)
    for place, token in enumerate(tokens):
        if token.role in QUALITIES and token.role not in (Role.SAME, Role.PLAIN) and token.value not in asked:
            assert describes(tokens, place), f"{token.said!r} was lost of {sentence!r}: {told(reading)}"


def describes(tokens, place):
    """Return whether a word stands where it only says of what is spoken: before a noun, after "keep" or "from"."""
    after = next((one for one in tokens[place + 1 :] if one.role not in QUALITIES), None)
    before = [one for one in tokens[:place] if one.role in (Role.VERB, Role.MARKER, Role.JOIN)]
    last_verb = next((one.value for one in reversed(before) if one.role is Role.VERB), "")
    said = before[-1].value if before else ""
    replaced = last_verb == "change" and any(one.value in ("to", "with") for one in tokens[place:])
    noun = after is not None and after.role in (DESCRIBED | {Role.ATTRIBUTE, Role.LIGHTING})
    return noun or last_verb in ("keep", "redo") or said == "from" or replaced


@given(st.sampled_from(UNDERSTOOD), st.sampled_from(["qwfp", "stripse", "rouge"]), st.data())
def test_a_word_that_is_not_known_is_never_passed_over(sentence, word, data):
    words = sentence[0].split()
    words.insert(data.draw(st.integers(0, len(words))), word)
    try:
        reading = read(" ".join(words))
    except NotUnderstood:
        return
    assert any(word in edit.text for edit in reading.edits)


@given(st.lists(st.sampled_from(list(every_edit())), min_size=1, max_size=4))
def test_edits_that_are_combined_all_show(edits):
    try:
        made = combined(edits)
    except NotUnderstood:
        return
    assert set(made) == set(edits)
    kinds = [edit.kind for edit in made if edit.kind not in (EditKind.LIGHT, EditKind.TEXT, EditKind.SAME)]
    assert len(kinds) == len(set(kinds))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(said):
    try:
        reading = read(said)
    except NotUnderstood:
        return
    assert reading.edits
