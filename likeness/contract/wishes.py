"""What is asked of the product, of the background or of the whole picture, as edits of the closed set."""

from collections.abc import Callable, Sequence

from likeness.contract.clauses import Chunk, Clause
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.tokens import NotUnderstood, Token
from likeness.contract.vocabulary import MATERIALS, MATTER, TEXTURE_COLOURS, TEXTURES, Role

FURNITURE = frozenset({"table", "tables", "shelf"})
"""Surfaces that are products when something is asked of them, and no plain backgrounds."""
ATTRIBUTES: dict[str, frozenset[Role]] = {
    "colour": frozenset({Role.COLOUR}),
    "material": frozenset({Role.MATERIAL, Role.TEXTURE, Role.OTHER_MATERIAL}),
    "pattern": frozenset({Role.PATTERN}),
    "texture": frozenset({Role.MATERIAL, Role.TEXTURE, Role.OTHER_MATERIAL}),
    "size": frozenset({Role.SIZE}),
}
"""What an attribute may be changed to."""
WHOLE = (None, Role.IT, Role.PICTURE, Role.LIGHTING)
"""What a light is asked of: it changes the whole picture."""
PRINTS = ("add", "place", "")
"""Verbs that print what stands in quotation marks."""
SAYS_LIGHT = {"brightness": "brighter", "warmth": "warmer", "coolness": "cooler", "darkness": "darker"}


def asked_of_product(target: Chunk | None, asked: Sequence[Chunk], verb: str) -> list[Edit]:
    """Return the edits asked of the product or the whole picture; none for "the same". Raises NotUnderstood."""
    words = _words(asked)
    if not words and not any(chunk.role is Role.LIGHTING for chunk in asked):
        raise NotUnderstood(f"what is to become of {str(target or asked[0])!r}? {asked[-1]} is nothing to change to")
    kinds = {word.role for word in words} - {Role.PLAIN}
    if kinds == {Role.SAME}:
        return []
    _check_sense(words, asked)
    for chunk in (target, *asked):
        _check_attribute(chunk, kinds)
    kind = next((role for role in _READERS if role in kinds), None)
    extra = kinds - {kind} - ({Role.COLOUR} if kind is Role.PATTERN else set())
    if kind is None and (hint := next((SAYS_LIGHT.get(c.noun.value) for c in asked if c.noun is not None), None)):
        raise NotUnderstood(f"{asked[-1]}: than it is? say {hint!r}")
    if kind is None or extra:
        raise NotUnderstood(f"{_said(words)}: say one after the other, joined by 'and'")
    if kind is Role.TEXT and verb not in PRINTS and not any(chunk.role is Role.WRITING for chunk in asked):
        raise NotUnderstood("quotation marks are for a text to print: 'add the text \"SALE\"'")
    return _READERS[kind](target, asked, [word for word in words if word.role is not Role.PLAIN])


def asked_of_background(asked: Sequence[Chunk]) -> Edit:
    """Return the background that is asked. Raises NotUnderstood."""
    words = _words(asked)
    _check_sense(words, asked)
    for word in words:
        if word.role is Role.LIGHT:
            raise NotUnderstood(
                f"{word.said!r} changes the whole picture; of the background alone, send mask=background"
            )
        if word.role not in (Role.COLOUR, Role.TEXTURE, Role.GRADIENT, Role.PLAIN):
            raise NotUnderstood(f"{word.said!r} is no background; colours and {', '.join(TEXTURES)} are")
    colours = [word.value for word in words if word.role is Role.COLOUR]
    textures = [word.value for word in words if word.role is Role.TEXTURE]
    gradient = any(word.role is Role.GRADIENT for word in words)
    if len(textures) == 1 and not gradient and not set(colours) - TEXTURE_COLOURS[textures[0]]:
        return Edit(EditKind.BACKGROUND, textures[0])
    if len(colours) != 1 or textures:
        raise NotUnderstood(f"{_said(words)}: one colour or one texture makes a background")
    return Edit(EditKind.BACKGROUND, "gradient" if gradient else "plain", colours[0])


def asked_of_scene(scene: Chunk, clause: Clause) -> Edit:
    """Return the background that a product is to lie on or stand before. Raises NotUnderstood."""
    if not scene.words:
        raise NotUnderstood(f"{clause.said!r}: on which background? colours and {', '.join(TEXTURES)} are known")
    if scene.role is not Role.BACKGROUND:
        for word in scene.words:
            if word.value in MATTER:
                raise NotUnderstood(f"{word.said!r}: as a colour, say 'a {word.said} background'")
        furniture = scene.noun is not None and scene.noun.said in FURNITURE
        if furniture and not scene.has(Role.TEXTURE):
            raise NotUnderstood(f"{scene}: nothing but a plain colour can be made; say 'on a red background'")
    return asked_of_background([scene])


def _words(asked: Sequence[Chunk]) -> list[Token]:
    return [word for chunk in asked for word in chunk.words]


def _said(words: Sequence[Token]) -> str:
    return " ".join(word.said for word in words)


def _check_sense(words: Sequence[Token], asked: Sequence[Chunk]) -> None:
    """Raise NotUnderstood for what no edit takes: how much, and colours relative to what is there."""
    roles = [word.role for word in words]
    for word in words:
        if word.role is Role.DEGREE:
            raise NotUnderstood(f"{word.said!r}: how much cannot be said; say 'brighter' or 'larger' alone")
    if Role.SAME in roles:
        raise NotUnderstood(f"{_said(words)}: the same as what?")
    if Role.LIGHT in roles and Role.COLOUR in roles:
        raise NotUnderstood(f"{_said(words)}: than what? say 'light blue' or 'dark blue', or both with 'and' between")
    colours = [word for word in words if word.role is Role.COLOUR]
    if len(colours) > 1:
        raise NotUnderstood(f"one colour at a time: {' or '.join(word.said for word in colours)}?")


def _check_attribute(chunk: Chunk | None, kinds: set[Role]) -> None:
    """Raise NotUnderstood where a material is to be a colour, say; "a striped pattern in blue" is a pattern."""
    if chunk is None or chunk.noun is None or chunk.role is not Role.ATTRIBUTE:
        return
    if not kinds & ATTRIBUTES[chunk.noun.value]:
        raise NotUnderstood(f"the {chunk.noun} cannot be changed to that; say what is to change")


def _recoloured(target: Chunk | None, _asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    _check_product(target, words)
    return [Edit(EditKind.RECOLOUR, colour=words[0].value)]


def _patterned(target: Chunk | None, asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    _check_product(target, words)
    patterns = [word for word in words if word.role is Role.PATTERN]
    colours = [word.value for word in words if word.role is Role.COLOUR]
    if any(chunk.article == "the" and chunk.has(Role.PATTERN) for chunk in asked):
        raise NotUnderstood(f"the {patterns[0]} that are there cannot be changed alone")
    if len(patterns) != 1 or len(colours) != 1:
        raise NotUnderstood(f"{_said(patterns)} in which one colour?")
    return [Edit(EditKind.PATTERN, patterns[0].value, colours[0])]


def _made_of(target: Chunk | None, _asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    _check_product(target, words)
    return [Edit(EditKind.MATERIAL, _only(words, f"one material at a time: {_said(words)}").value)]


def _no_material(target: Chunk | None, _asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    hint = f"; a background may be: 'put it on {words[0]}'" if words[0].role is Role.TEXTURE else ""
    raise NotUnderstood(f"no product can be changed to {words[0].said}, only to {', '.join(MATERIALS)}{hint}")


def _no_gradient(_target: Chunk | None, _asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    raise NotUnderstood(f"{_said(words)}: a gradient is for the background")


def _relit(target: Chunk | None, asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    for chunk in (target, *asked):
        if chunk is not None and not _is_whole(chunk):
            raise NotUnderstood(f"{words[0].said!r} changes the whole picture: say so, or send a mask of the {chunk}")
    if any(word.said == "black and white" for word in words) and target is not None and target.role is Role.PRODUCT:
        raise NotUnderstood("'black and white': say 'make the picture greyscale', or one colour")
    return [Edit(EditKind.LIGHT, word.value) for word in words]


def _is_whole(chunk: Chunk) -> bool:
    """Return whether a light is asked of the whole picture: of "the shirt photo", not "the light of the shirt"."""
    part = chunk.of is not None and chunk.of.role not in WHOLE and chunk.role is not Role.PICTURE
    return chunk.role in WHOLE and not part


def _resized(target: Chunk | None, _asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    _check_product(target, words)
    return [Edit(EditKind.SIZE, _only(words, f"{_said(words)}: one of them").value)]


def _printed(_target: Chunk | None, _asked: Sequence[Chunk], words: Sequence[Token]) -> list[Edit]:
    return [Edit(EditKind.TEXT, text=_only(words, "one text at a time").value)]


def _only(words: Sequence[Token], complaint: str) -> Token:
    if len(words) != 1:
        raise NotUnderstood(complaint)
    return words[0]


def _check_product(target: Chunk | None, words: Sequence[Token]) -> None:
    if target is None or target.role in (Role.PRODUCT, Role.IT, Role.ATTRIBUTE):
        return
    if target.role is Role.SURFACE and target.noun is not None and target.noun.said in FURNITURE:
        return
    say = "the background" if target.role is Role.SURFACE else "the product or the background"
    raise NotUnderstood(f"{_said(words)}: of {say}? {str(target)!r} is not told apart")


_READERS: dict[Role, Callable[[Chunk | None, Sequence[Chunk], Sequence[Token]], list[Edit]]] = {
    Role.OTHER_MATERIAL: _no_material,
    Role.TEXTURE: _no_material,
    Role.GRADIENT: _no_gradient,
    Role.TEXT: _printed,
    Role.PATTERN: _patterned,
    Role.MATERIAL: _made_of,
    Role.SIZE: _resized,
    Role.LIGHT: _relit,
    Role.COLOUR: _recoloured,
}
"""How what is asked is read, by its first kind in this order."""
