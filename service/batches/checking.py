"""A batch checked whole before anything of it runs: each row that is wrong is told, with its line."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final

from likeness.contract.batches import MOST_ITEMS
from likeness.contract.errors import FieldProblem, InvalidBatch, InvalidField, RequestError
from service.batches.files import CHUNK
from service.batches.items import UPLOAD, Item
from service.batches.recipes import Recipe
from service.batches.rows import ITEMS, Posted, Row
from service.http.fetch import checked_url
from service.http.problems import pointer
from service.jobs.accept import planned
from service.jobs.submission import Submission
from service.state import Services

MOST_TOLD: Final = InvalidBatch.most_problems
MOST_REMEMBERED: Final = 50_000
"""Different values of items that a recipe was checked with already."""


@dataclass
class Checker:
    """Checks rows one after the other, and remembers what is wrong with them."""

    services: Services
    owner: str
    recipes: Sequence[Recipe]
    missing: Collection[str]
    uploaded: Collection[bytes]
    number_again: bool = False
    """Whether a reference that stands twice is numbered, and not refused."""
    uploads_later: bool = False
    """Whether what was not uploaded is to be told, and not refused."""
    not_uploaded: set[bytes] = field(default_factory=set)
    """The sha256 of what is still to be uploaded."""
    problems: list[FieldProblem] = field(default_factory=list)
    wrong: int = 0
    items: int = 0
    sets: bool = False
    """Whether any item belongs to a set."""
    _lines: dict[bytes, int] = field(default_factory=dict)
    _known: set[bytes] = field(default_factory=set)

    def chunks(self, posted: Posted) -> Iterator[list[Item]]:
        """Yield the items in chunks, as long as nothing is wrong; in any case look at every row."""
        chunk: list[Item] = []
        for row in posted.rows():
            item = self._item(row)
            self.items += 1
            if item is None or self.wrong:
                chunk = []
                continue
            chunk.append(item)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
        if chunk and not self.wrong:
            yield chunk

    def check_recipes(self) -> None:
        """Look at the recipes that use no values: they are right or wrong for all items. Raises InvalidBatch."""
        for number, recipe in enumerate(self.recipes):
            if recipe.uses:
                continue
            try:
                self._check(recipe, {})
            except RequestError as error:
                self._tell(["recipes", number], f"recipe {recipe.name}", error)
        self.finish()

    def finish(self) -> None:
        """Raise InvalidBatch where something was wrong."""
        if self.wrong:
            more = f", of which {len(self.problems)} are told" if self.wrong > len(self.problems) else ""
            raise InvalidBatch(f"{self.wrong} things are wrong{more}; nothing was started", self.problems)

    def _item(self, row: Row) -> Item | None:
        """Return the item of a row; None where something is wrong with it."""
        number, before = self.items, self.wrong
        if number >= MOST_ITEMS:
            if number == MOST_ITEMS:
                self._say(number, row, "", f"at most {MOST_ITEMS} items; send the others as another batch")
            return None
        if row.wrong:
            self._say(number, row, "", row.wrong)
            return None
        try:
            item = self._named(Item.of(row), row, number)
        except InvalidField as error:
            self._say(number, row, _field_of(error), _plain(error))
            return None
        self.sets = self.sets or item.set is not None
        self._check_item(item, row, number)
        return item if self.wrong == before else None

    def _named(self, item: Item, row: Row, number: int) -> Item:
        """Return the item under a reference that no other one has. Raises InvalidField."""
        name, again = item.reference, 1
        while (key := _digest(name)) in self._lines:
            if not self.number_again:
                raise InvalidField.at("reference", f"also in line {self._lines[key]}; or ask for `numbered` references")
            again += 1
            name = f"{item.reference}-{again}"
        self._lines[key] = row.line
        return replace(item, reference=name)

    def _check_item(self, item: Item, row: Row, number: int) -> None:
        for name in item.values:
            if not any(name in recipe.uses for recipe in self.recipes):
                self._say(number, row, name, "no recipe uses it")
        if item.image is None and any(recipe.needs_image for recipe in self.recipes):
            self._say(number, row, "image", "missing: every item needs one")
        self._check_upload(item.image, number, row, "image")
        for recipe in self.recipes:
            if recipe.uses:
                self._check_filled(recipe, item, row, number)

    def _check_upload(self, source: object, number: int, row: Row, name: str) -> None:
        found = UPLOAD.fullmatch(source) if isinstance(source, str) else None
        if found and not self._is_there(found[1]):
            self._say(number, row, name, f"nothing of the sha256 {found[1]} was uploaded")

    def _is_there(self, digest: str) -> bool:
        """Return whether something was uploaded, or is to be."""
        if bytes.fromhex(digest) in self.uploaded:
            return True
        self.not_uploaded.add(bytes.fromhex(digest))
        return self.uploads_later

    def _check_filled(self, recipe: Recipe, item: Item, row: Row, number: int) -> None:
        own = {name: item.values[name] for name in sorted(recipe.uses) if name in item.values}
        key = _digest(json.dumps([recipe.name, own], sort_keys=True))
        if key in self._known:
            return
        try:
            self._check(recipe, own)
        except RequestError as error:
            at = _field_of(error)
            if at in recipe.uses and at not in own:
                self._say(number, row, at, f"missing: recipe {recipe.name} uses it")
            else:
                self._say(number, row, " ".join(own), f"recipe {recipe.name}: {error.detail}")
            return
        if len(self._known) < MOST_REMEMBERED:
            self._known.add(key)

    def _check(self, recipe: Recipe, values: dict[str, Any]) -> None:
        """Raise RequestError unless the service could do what a recipe asks for with these values."""
        submission = recipe.submission(values, None)
        self._check_files(submission)
        planned(self.services, submission.task, self.owner, self.missing)

    def _check_files(self, submission: Submission) -> None:
        for name, source in submission.files.items():
            if not isinstance(source, str):
                continue
            if not source.startswith("upload:"):
                checked_url(source)
            elif not (found := UPLOAD.fullmatch(source)) or not self._is_there(found[1]):
                raise InvalidField.at(name, f"nothing was uploaded as {source[:80]}")

    def _say(self, number: int, row: Row, name: str, detail: str) -> None:
        """Note what is wrong with a row, or with a field of it."""
        kind = "column" if row.of_csv else "field"
        at = f"line {row.line}, {kind} {name}: " if name else f"line {row.line}: "
        self._note(pointer([ITEMS, number, *([name] if name else [])]), at + detail)

    def _tell(self, place: list[str | int], whose: str, error: RequestError) -> None:
        for problem in error.problems or [FieldProblem("#/", error.detail)]:
            field_of = problem.pointer.removeprefix("#/")
            self._note(f"{pointer(place)}/{field_of}".rstrip("/"), f"{whose}, {field_of or 'whole'}: {problem.detail}")

    def _note(self, at: str, detail: str) -> None:
        self.wrong += 1
        if len(self.problems) < MOST_TOLD:
            self.problems.append(FieldProblem(at, detail))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _field_of(error: RequestError) -> str:
    return error.problems[0].pointer.removeprefix("#/") if error.problems else ""


def _plain(error: RequestError) -> str:
    return error.problems[0].detail if error.problems else error.detail
