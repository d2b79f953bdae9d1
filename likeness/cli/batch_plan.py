"""What `likeness batch run` is asked to do: the items of a plan.csv or a folder, and the recipes of a recipes.toml."""

import csv
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

from likeness.contract.batches import names_in
from likeness.contract.editing import FILES as EDIT_FILES
from likeness.problems import LocalProblem

PICTURES: Final = (".png", ".jpg", ".jpeg", ".webp")
ELSEWHERE: Final = ("https://", "http://", "upload:", "job:")
"""How an image begins that is no file here."""
MOST_TOLD: Final = 50
FILES: Final = (*EDIT_FILES, "background")
OWN: Final = ("reference", "image", "set")
"""Columns that are of the item itself; others are values for recipes."""
AT_ONCE: Final = 4


@dataclass(frozen=True)
class PlanItem:
    """One item: a row of the plan, with the file of its image where that is one here, and the sha256 of that."""

    line: int
    fields: Mapping[str, str]
    file: Path | None = None
    digest: str | None = None

    @property
    def reference(self) -> str:
        """What it is called."""
        return self.fields["reference"]

    def as_sent(self, used: Collection[str]) -> dict[str, Any]:
        """Return it as the service takes it, with those of its values that are `used`."""
        image = {"image": f"upload:{self.digest}"} if self.digest else {}
        said = {name: value for name, value in self.fields.items() if name in OWN or name in used}
        return {**said, **image}


@dataclass(frozen=True)
class PlanRecipe:
    """One recipe, and the files that it names."""

    fields: Mapping[str, Any]
    files: Mapping[str, Path] = field(default_factory=dict)
    """By the sha256 of their bytes."""

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.fields["name"])

    @cached_property
    def uses(self) -> frozenset[str]:
        """The names of the values that it uses."""
        return frozenset(names_in(dict(self.fields)))


@dataclass(frozen=True)
class Plan:
    """The items and the recipes: every item is made by every recipe."""

    items: Sequence[PlanItem]
    recipes: Sequence[PlanRecipe]
    path: Path
    recipes_path: Path

    def key(self, item: PlanItem, recipe: PlanRecipe) -> str:
        """Return what tells one job from all others: what is made, of which image, and under which reference."""
        asked = json.dumps([item.as_sent(recipe.uses), recipe.fields], sort_keys=True)
        return sha256(asked.encode()).hexdigest()[:32]

    @property
    def files(self) -> dict[str, Path]:
        """The files that the service must have, by their sha256."""
        found = {item.digest: item.file for item in self.items if item.digest and item.file}
        return found | {digest: file for recipe in self.recipes for digest, file in recipe.files.items()}


def read_plan(plan: Path, recipes: Path, images: Path | None, numbered: bool = False) -> Plan:
    """Read a plan and its recipes, and every file that they name. Raises LocalProblem telling each that is wrong.

    A reference that stands twice is wrong too, or with `numbered` becomes `reference-2`.
    """
    made = read_recipes(recipes)
    items = list(_of_folder(plan) if plan.is_dir() else _of_csv(plan, images or plan.parent))
    if not items:
        raise LocalProblem(f"{plan} names no images")
    items, wrong = _named(plan, items, numbered)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        digested = list(pool.map(_digested, items))
    wrong += [
        f"{plan}, line {item.line}: {one}" for item, one in zip(items, digested, strict=True) if isinstance(one, str)
    ]
    wrong += _unused(plan, items, made)
    refuse(wrong)
    return Plan([one for one in digested if isinstance(one, PlanItem)], made, plan, recipes)


def _named(plan: Path, items: Sequence[PlanItem], numbered: bool) -> tuple[list[PlanItem], list[str]]:
    """Return the items, each under a reference of its own, and what is wrong with those that share one."""
    seen: dict[str, int] = {}
    found, wrong = list[PlanItem](), list[str]()
    for item in items:
        name, again = item.reference, 1
        if name in seen and not numbered:
            wrong.append(f"{plan}, line {item.line}: reference {name} is also in line {seen[name]}")
        while name in seen:
            again += 1
            name = f"{item.reference}-{again}"
        seen[name] = item.line
        found.append(replace(item, fields={**item.fields, "reference": name}))
    return found, wrong


def _unused(plan: Path, items: Sequence[PlanItem], recipes: Sequence[PlanRecipe]) -> list[str]:
    """Return which values no recipe uses, each column once."""
    known = set(OWN).union(*(recipe.uses for recipe in recipes))
    lines = {name: item.line for item in reversed(items) for name in item.fields if name not in known}
    return [f"{plan}, line {line}, column {name}: no recipe uses it" for name, line in lines.items()]


def read_recipes(path: Path) -> list[PlanRecipe]:
    """Read the `[[recipe]]` tables of a file. Raises LocalProblem."""
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except OSError as error:
        raise LocalProblem(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalProblem(f"{path} is not TOML: {error}") from error
    found = tables.pop("recipe", None)
    if not isinstance(found, list) or not found or tables:
        stray = f"; there is also {', '.join(tables)}" if tables else ""
        raise LocalProblem(f"{path} needs one or more [[recipe]] tables, and nothing else{stray}")
    refuse([f"{path}: recipe {number} has no name" for number, one in enumerate(found, 1) if not one.get("name")])
    return [_recipe(one, path.parent) for one in found]


def _recipe(fields: dict[str, Any], folder: Path) -> PlanRecipe:
    """Return a recipe whose files are named by their sha256."""
    files = {}
    for name in FILES:
        value = fields.get(name)
        if isinstance(value, str) and (file := folder / value).is_file():
            digest = _sha256(file)
            files[digest] = file
            fields = {**fields, name: {"upload": digest}}
    return PlanRecipe(fields, files)


def _of_folder(folder: Path) -> Iterator[PlanItem]:
    for number, file in enumerate(sorted(folder.iterdir()), start=1):
        if file.suffix.lower() in PICTURES:
            yield PlanItem(number, {"reference": file.stem}, file)


def _of_csv(path: Path, images: Path) -> Iterator[PlanItem]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            names = [name.strip() for name in next(rows, [])]
            if not {"reference", "image"} <= set(names) or len(set(names)) < len(names):
                raise LocalProblem(f"{path}, line 1: the columns `reference` and `image` are needed, each once")
            line = rows.line_num + 1
            for cells in rows:
                if any(cells):
                    yield _item(path, line, names, cells, images)
                line = rows.line_num + 1
    except OSError as error:
        raise LocalProblem(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise LocalProblem(f"{path} is not CSV in UTF-8: {error}") from error


def _item(path: Path, line: int, names: Sequence[str], cells: Sequence[str], images: Path) -> PlanItem:
    if len(cells) != len(names):
        raise LocalProblem(f"{path}, line {line}: {len(cells)} cells, and there are {len(names)} columns")
    fields = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
    for name in ("reference", "image"):
        if name not in fields:
            raise LocalProblem(f"{path}, line {line}, column {name}: missing")
    image = fields["image"]
    if image.startswith(ELSEWHERE):
        return PlanItem(line, fields)
    return PlanItem(line, {name: value for name, value in fields.items() if name != "image"}, images / image)


def _digested(item: PlanItem) -> PlanItem | str:
    """Return an item with the sha256 of its file, or why that cannot be read."""
    if item.file is None:
        return item
    try:
        return PlanItem(item.line, item.fields, item.file, _sha256(item.file))
    except LocalProblem as problem:
        return str(problem)


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as data:
            return file_digest(data, "sha256").hexdigest()
    except OSError as error:
        raise LocalProblem(f"{file} cannot be read: {error.strerror}") from error


def refuse(wrong: Sequence[str]) -> None:
    """Raise LocalProblem with what is wrong, each on a line, if anything is."""
    if wrong:
        more = [f"and {len(wrong) - MOST_TOLD} more"] if len(wrong) > MOST_TOLD else []
        raise LocalProblem("\n".join([*wrong[:MOST_TOLD], *more]))
