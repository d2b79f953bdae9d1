"""A sentence cut into words that are known, each with its role; a word that is not known is refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from likeness.contract.colour_names import NAMES
from likeness.contract.colours import CODE, MODIFIERS, hue_apart, is_colour, screen_colour
from likeness.contract.vocabulary import (
    GOES_BY,
    LIGHTS,
    MATERIALS,
    PATTERNS,
    SAID_OF,
    SAME_AS,
    SIZES,
    TEXTURES,
    WORDS,
    Role,
)

PIECE = re.compile(r"\x00\d+\x00|#[0-9a-f]{6}\b|[^\W\d_]+|\d+|[^\s\w]")
"""The mark of a text, a code of a colour, a word, a number, or another mark."""
QUOTED = re.compile(r"(?<![\w])[\"“«„](?P<double>[^\"”“»]+)[\"”“»]|(?<!\w)['‘](?P<single>[^‘]+?)['’](?!\w)")
SPELLED = (
    ("’", "'"), ("won't", "will not"), ("can't", "can not"), ("cannot", "can not"), ("n't", " not"), ("dont", "do not"),
    ("'", " "), ("&", " and "), ("-", " "), ("‑", " "), ("–", " , "), ("—", " , "),
)  # fmt: skip
"""Other ways to write a word or a mark; a hyphen joins words as a space does."""
SPELLINGS = {"gray": "grey", "grays": "greys", "color": "colour", "colors": "colours", "colored": "coloured",
             "recolor": "recolour", "recolored": "recoloured", "cosy": "cosy", "aluminum": "aluminium",
             "jewelry": "jewellery", "pajamas": "pyjamas", "gonna": "going", "wanna": "want"}  # fmt: skip
JOINS, ENDS = ",;:/", ".!?()…\n"
LONGEST = 4
"""Words of the longest phrase."""
BASIC = frozenset({"red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey"})
"""The basic colour terms, which may follow another name: "emerald green"."""
SAME_HUE = 45.0
"""Degrees between the hues of such a name and its term."""
FOREIGN = 0.5
"""Share of unknown words from which on a sentence is taken for one in another language."""


class NotUnderstood(ValueError):
    """The instruction asks for something outside the closed set; the message says what was not understood."""


@dataclass(frozen=True)
class Token:
    """A word or a phrase: its role, what it stands for, and how it was said."""

    role: Role
    value: str
    said: str

    def __str__(self) -> str:
        return self.said


def tokens_of(sentence: str) -> list[Token]:
    """Return the words of a sentence that mean something, in order. Raises NotUnderstood naming one that is unknown."""
    plain, texts = _without_texts(sentence)
    pieces = _pieces(plain)
    _check_known(pieces)
    found: list[Token] = []
    while pieces:
        token, length = _next(pieces, texts)
        del pieces[:length]
        if token.role is not Role.AROUND:
            found.append(token)
    return _directed(found)


@cache
def lexicon() -> dict[str, Token]:
    """Return every word and phrase that is known, but for colours with a modifier."""
    words = {name: Token(Role.COLOUR, name, name) for name in NAMES}
    words |= {name.replace(" ", ""): Token(Role.COLOUR, name, name) for name in NAMES}
    for role, values in WORDS.items():
        for value, phrases in values.items():
            words |= {said: Token(role, value or said, said) for said in phrases}
    for quality, phrases_of in SAID_OF.items():
        words |= {said: Token(Role.LIGHTING, quality, said) for said in phrases_of}
    for role, names in NAMED.items():
        for name in names:
            words |= {said: Token(role, name, said) for said in (name, *SAME_AS.get(name, ()))}
    return words


NAMED: dict[Role, tuple[str, ...]] = {
    Role.PATTERN: PATTERNS,
    Role.MATERIAL: MATERIALS,
    Role.TEXTURE: TEXTURES,
    Role.LIGHT: tuple(name for name in LIGHTS if name not in ("contrast", "softer")),
    Role.SIZE: tuple(SIZES),
}
"""Contrast is said as more or less of it."""


@cache
def single_words() -> frozenset[str]:
    """Return every word that some phrase is made of."""
    phrases = [*lexicon(), *MODIFIERS]
    return frozenset(word for phrase in phrases for word in phrase.split())


def _without_texts(sentence: str) -> tuple[str, list[str]]:
    """Return the sentence with what stands in quotation marks replaced by a mark, and those texts."""
    texts: list[str] = []

    def kept(found: re.Match[str]) -> str:
        texts.append((found["double"] or found["single"]).strip())
        return f" \x00{len(texts) - 1}\x00 "

    return QUOTED.sub(kept, sentence.replace("\x00", " ")), texts


def _pieces(plain: str) -> list[str]:
    plain = plain.lower()
    for written, meant in SPELLED:
        plain = plain.replace(written, meant)
    pieces = [found.group() for found in PIECE.finditer(plain)]
    return [SPELLINGS.get(piece, piece) for piece in pieces]


def _check_known(pieces: Sequence[str]) -> None:
    words = [piece for piece in pieces if piece[0].isalpha()]
    unknown = [word for word in words if word not in single_words()]
    if not unknown:
        return
    said = f"the word {unknown[0]!r} is not understood"
    foreign = len(unknown) > 1 or not unknown[0].isascii()
    if foreign and len(unknown) > FOREIGN * len(words):
        raise NotUnderstood(f"{said}; instructions are read in English")
    near = get_close_matches(unknown[0], sorted(single_words()), n=1, cutoff=0.75)
    hint = f"; is {near[0]!r} meant?" if near else "; of a product, 'it' may be said"
    raise NotUnderstood(said + hint)


def _next(pieces: Sequence[str], texts: Sequence[str]) -> tuple[Token, int]:
    """Return the longest phrase at the start of `pieces`, and how many of them it takes. Raises NotUnderstood."""
    first = pieces[0]
    if first[0] == "\x00":
        return Token(Role.TEXT, texts[int(first.strip("\x00"))], first), 1
    if first[0] == "#" and CODE.fullmatch(first):
        return Token(Role.COLOUR, first, first), 1
    if first in JOINS or first in ENDS:
        return Token(Role.JOIN, "and" if first in JOINS else "end", first), 1
    if first.isdigit():
        return Token(Role.DEGREE, first, first), 1
    for length in range(min(LONGEST, len(pieces)), 0, -1):
        phrase = " ".join(pieces[:length])
        if (token := lexicon().get(phrase) or _colour(phrase)) is not None:
            return token, length
    if first in MODIFIERS:
        raise NotUnderstood(f"{first!r} of which colour?")
    raise NotUnderstood(f"{first!r} is not understood")


def _colour(phrase: str) -> Token | None:
    """Return a colour with a modifier, or one named twice ("emerald green"), which is the first of the two."""
    if is_colour(phrase):
        return Token(Role.COLOUR, phrase, phrase)
    name, _, term = phrase.rpartition(" ")
    twice = term in BASIC and is_colour(name) and name not in BASIC
    if twice and hue_apart(screen_colour(name), screen_colour(term)) <= SAME_HUE:
        return Token(Role.COLOUR, name, phrase)
    return None


def _directed(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with each "more" or "less" joined with what there is to be more or less of."""
    found: list[Token] = []
    rest = list(tokens)
    while rest:
        joined, length = _more_or_less(rest) or ([rest[0]], 1)
        if len(joined) > 1 and found and found[-1].role is Role.THE:
            found.pop()
        found += joined
        del rest[:length]
    return found


def _more_or_less(tokens: Sequence[Token]) -> tuple[list[Token], int] | None:
    """Return "lower the contrast" or "contrast higher" as "softer light", and how many tokens it takes."""
    places = [place for place, token in enumerate(tokens) if token.role not in (Role.THE, Role.A, Role.PICTURE)][:2]
    if len(places) < 2 or places[0] != 0:
        return None
    one, other = tokens[0], tokens[places[1]]
    more = Token(Role.DIRECTION, "more", one.said)
    if one.role is Role.VERB and one.said == "add" and other.role is Role.LIGHTING:
        one = more
    if {one.role, other.role} != {Role.DIRECTION, Role.LIGHTING}:
        return None
    way, quality = (one, other) if one.role is Role.DIRECTION else (other, one)
    name = GOES_BY[quality.value][0 if way.value == "more" else 1]
    return [Token(Role.LIGHT, name, f"{way.said} {quality.said}"), Token(Role.LIGHTING, quality.value, "")], places[
        1
    ] + 1
