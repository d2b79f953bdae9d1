"""The parts of a clause: what it speaks of, what it asks of that, and what it asks of the background behind it."""

from likeness.contract.clauses import Chunk, Clause
from likeness.contract.tokens import NotUnderstood, Token
from likeness.contract.vocabulary import Role

ON_SCENE = ("place", "")
"""Verbs after which "on white" is the background's colour."""
BEHIND = Token(Role.BACKGROUND, "background", "background")


def parted(clause: Clause, before: Chunk | None) -> tuple[Chunk | None, list[Chunk], list[Chunk]]:
    """Return what a clause speaks of, what it asks of that, and what it asks of the background behind.

    `before` is what the last clause spoke of. Raises NotUnderstood for parts of the product.
    """
    target = next((chunk for chunk in clause.chunks if chunk.marker == "from" and chunk.role is Role.BACKGROUND), None)
    asked: list[Chunk] = []
    scenes: list[Chunk] = []
    chunks = [chunk for chunk in clause.chunks if not is_source(chunk, clause)]
    for chunk in chunks:
        if chunk.role is Role.PART:
            raise NotUnderstood(_no_part(str(chunk.noun)))
        if chunk.role is Role.REST:
            raise NotUnderstood(f"{chunk.noun}: it can only be kept")
        if _is_scene(chunk, clause, target or before):
            scenes.append(chunk)
        elif chunk.marker == "behind":
            target = Chunk(noun=BEHIND)
            asked += [Chunk(words=chunk.words)] if chunk.words and not chunk.known else []
        elif chunk.noun is None:
            asked.append(chunk)
        elif target is None and chunk.marker in ("", "of", "on", "to"):
            target = chunk
            asked += _of_noun(chunk, clause)
        elif chunk.marker in ("of", "on") and not chunk.words and target is not None:
            target = _owned(target, chunk)
        else:
            asked.append(chunk)
    return target, asked, scenes


def _no_part(said: str) -> str:
    if said.startswith("logo"):
        return f"{said}: a logo is printed from a file, sent as logo"
    return f"{said}: a part of the product cannot be told apart; send a mask of it"


def _owned(target: Chunk, owner: Chunk) -> Chunk:
    """Return "the colour" of "the background" as the background's colour."""
    return Chunk(article=target.article, words=target.words, noun=target.noun, of=owner.noun)


def _of_noun(chunk: Chunk, clause: Clause) -> list[Chunk]:
    """Return what the words before a clause's noun ask; none where they describe it."""
    if is_same(chunk) or chunk.known:
        return []
    values = [later for later in clause.chunks if later is not chunk and later.marker != "from"]
    changes = any(later.words or later.role is Role.BACKGROUND for later in values)
    if clause.verb == "place" and chunk.role is not Role.BACKGROUND:
        if chunk.article == "a":
            raise NotUnderstood(f"is it {chunk} already? say 'the {chunk}', or what is to change first")
        return []
    if changes and clause.verb in ("set", "change") and chunk.article != "a":
        return []
    return [Chunk(words=chunk.words, article=chunk.article)]


def is_source(chunk: Chunk, clause: Clause) -> bool:
    """Return whether a chunk says what there was before: "from red", "replace the stripes with ..."."""
    if chunk.marker == "from":
        return True
    later = clause.chunks[clause.chunks.index(chunk) + 1 :]
    replaced = clause.verb == "change" and chunk is clause.chunks[0] and chunk.noun is None
    return replaced and any(other.marker in ("to", "with") for other in later)


def _is_scene(chunk: Chunk, clause: Clause, target: Chunk | None) -> bool:
    """Return whether a chunk says what the product is before or lies on."""
    if chunk.role is Role.BACKGROUND:
        spoken = target is not None and target.role is not Role.BACKGROUND
        return chunk.marker in ("on", "with", "in") and bool(chunk.words) and (spoken or chunk.marker == "on")
    if chunk.marker != "on":
        return False
    if chunk.role is Role.SURFACE:
        return True
    matter = chunk.has(Role.TEXTURE) or chunk.has(Role.GRADIENT)
    return chunk.noun is None and (matter or clause.verb in ON_SCENE)


def is_same(chunk: Chunk) -> bool:
    """Return whether it says of its noun at most that it is the same."""
    return all(word.role is Role.SAME for word in chunk.words)
