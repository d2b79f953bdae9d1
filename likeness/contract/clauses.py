"""Words to clauses, each a verb and what it says of what: "put | the red skirt | on: a marble background".

sentence := clause { joint clause }        joint: "and", a comma, a full stop, another verb
clause   := [ verb ] chunk { chunk }
chunk    := [ marker ] [ article ] { quality } [ noun ]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from likeness.contract.tokens import NotUnderstood, Token
from likeness.contract.vocabulary import NOUNS, QUALITIES, Role

COORDINATED = frozenset({Role.COLOUR, Role.PATTERN, Role.MATERIAL, Role.TEXTURE})
"""What one thing has only one of."""
STATES = frozenset({"transparent", "see through"})
"""Words that say how a background is to be, where others say what to do with it."""


@dataclass(frozen=True)
class Chunk:
    """A noun with what is said of it; without a noun, what is asked."""

    marker: str = ""
    """The preposition before it."""
    article: str = ""
    """the: something that is known; this; a; or none."""
    words: tuple[Token, ...] = ()
    noun: Token | None = None
    of: Token | None = None
    """The noun before the noun: the shirt of "the shirt colour"."""

    @property
    def role(self) -> Role | None:
        """The noun's role."""
        return None if self.noun is None else self.noun.role

    @property
    def known(self) -> bool:
        """Whether it speaks of what is there already, so that its words describe."""
        return self.article in ("the", "this")

    def has(self, role: Role) -> bool:
        """Return whether a word of this role is in it."""
        return any(word.role is role for word in self.words)

    def __str__(self) -> str:
        of = [] if self.of is None else [self.of.said]
        noun = [] if self.noun is None else [self.noun.said]
        return " ".join([*(word.said for word in self.words), *of, *noun]).strip()


@dataclass(frozen=True)
class Clause:
    """One verb with its chunks; `only` says that nothing else may change."""

    verb: str = ""
    chunks: tuple[Chunk, ...] = ()
    only: bool = False
    behind: bool = False
    """Whether it begins with "on" or "a", and so goes on with the clause before it."""
    said: str = field(default="", compare=False)


def clauses_of(tokens: Sequence[Token]) -> list[Clause]:
    """Return the clauses of a sentence. Raises NotUnderstood for negations, alternatives, and two colours at once."""
    for token in tokens:
        if token.role is Role.NOT:
            raise NotUnderstood(f"{token.said!r}: say what is wanted, not what is not")
        if token.role is Role.STATEMENT:
            raise NotUnderstood(f"{token.said!r}: say what to do, as in 'make it red'")
        if token.role is Role.OR:
            raise NotUnderstood(f"{token.said!r}: say one of them")
    _check_one_of_each(tokens)
    return [_clause(part) for part in _parts(tokens)]


def _check_one_of_each(tokens: Sequence[Token]) -> None:
    """Raise NotUnderstood where two colours, patterns or materials are joined: "red and blue"."""
    for before, joint, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        alike = before.role is after.role and before.role in COORDINATED
        if alike and joint.role is Role.JOIN and joint.value == "and":
            raise NotUnderstood(f"one {before.role.value} at a time: {before.said} or {after.said}?")


def _parts(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each clause; a verb ends the clause before it once that says anything."""
    part: list[Token] = []
    for token in tokens:
        starts = token.role is Role.VERB and any(one.role not in (Role.VERB, Role.MARKER, Role.ONLY) for one in part)
        if token.role is Role.JOIN or starts:
            rest = _loose(part) if token.said in STATES else 0
            if part[: len(part) - rest]:
                yield part[: len(part) - rest]
            part = part[len(part) - rest :]
        if token.role is not Role.JOIN:
            part.append(token)
    if part:
        yield part


def _loose(part: Sequence[Token]) -> int:
    """Return how many tokens at the end belong to what comes next: the "on a" of "put it on a transparent one"."""
    held = [place for place, token in enumerate(part, start=1) if token.role not in (Role.MARKER, Role.A, Role.THE)]
    return len(part) - max(held, default=0)


def _clause(tokens: Sequence[Token]) -> Clause:
    verbs = [token for token in tokens if token.role is Role.VERB]
    for token in tokens:
        if token.role is Role.DIRECTION:
            raise NotUnderstood(f"{token.said!r}: of what? brightness, contrast and warmth can be raised and lowered")
    after = list(tokens)
    if verbs:
        after = after[max(place for place, token in enumerate(after) if token is verbs[-1]) + 1 :]
        before = [token for token in tokens[: len(tokens) - len(after)] if token.role in (QUALITIES | NOUNS)]
        after = [*before, *after]
    only = any(token.role is Role.ONLY for token in tokens)
    chunks = tuple(_chunks([token for token in after if token.role is not Role.ONLY]))
    verb = "" if not verbs else _strongest(verbs)
    behind = tokens[0].role in (Role.MARKER, Role.A)
    return Clause(verb, chunks, only, behind, " ".join(token.said for token in tokens))


def _strongest(verbs: Sequence[Token]) -> str:
    """Return the last verb that says more than that something is wanted: "I want it painted"."""
    return next((verb.value for verb in reversed(verbs) if verb.value != "set"), "set")


def _chunks(tokens: Sequence[Token]) -> Iterator[Chunk]:
    chunk = Chunk()
    for token in tokens:
        if token.role is Role.MARKER:
            if not _empty(chunk):
                yield chunk
            chunk = Chunk(marker=token.value)
        elif token.role in (Role.THE, Role.A):
            if not _empty(chunk):
                yield chunk
                chunk = Chunk()
            chunk = replace(chunk, article=token.value if token.role is Role.THE else "a")
        elif token.role in QUALITIES:
            if chunk.noun is not None:
                yield chunk
                chunk = Chunk()
            chunk = replace(chunk, words=(*chunk.words, token))
        else:
            if _done(chunk, token):
                yield chunk
                chunk = Chunk()
            chunk = replace(chunk, noun=token, of=chunk.noun or chunk.of)
    if not _empty(chunk) or chunk.article == "this":
        yield chunk


def _empty(chunk: Chunk) -> bool:
    return chunk.noun is None and not chunk.words


def _done(chunk: Chunk, token: Token) -> bool:
    """Return whether a noun begins another chunk: pronouns and parts of the product stand alone."""
    if token.role is Role.IT:
        return not _empty(chunk)
    return chunk.noun is not None and chunk.noun.role in (Role.IT, Role.PART)
