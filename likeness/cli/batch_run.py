"""The work behind `likeness batch run`: check and post what is new, follow what runs, fetch what has ended."""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from likeness.cli.batch_plan import Plan, PlanItem, PlanRecipe, refuse
from likeness.cli.batch_state import Folder, Posted
from likeness.client import BatchRow, Client, RemoteBatch
from likeness.contract.batches import BatchState
from likeness.contract.errors import FieldProblem
from likeness.contract.report import Verdict
from likeness.names import Names
from likeness.problems import LikenessProblem

POLL_SECONDS: Final = 1.0
AT_ONCE: Final = 4
"""Images uploaded, or fetched, at a time."""
ENDINGS: Final = {"jpeg": "jpg"}
REJECTED: Final = "rejected"
ITEM: Final = re.compile("#/items/([0-9]+)")

Line = dict[str, Any]
Fields = Mapping[str, Any]


@dataclass
class Run:
    """A run of a plan in a folder.

    `told` gets a line when something is to be known, `made` each job that ended, `moved` how far it is.
    """

    client: Client
    folder: Folder
    plan: Plan
    told: Callable[[str], None]
    made: Callable[[Line], None] = lambda _line: None
    moved: Callable[[str, int, int], None] = lambda _what, _done, _all: None
    _names: Names = field(default_factory=Names)

    @cached_property
    def keys(self) -> dict[str, tuple[str, str]]:
        """The key of every job of the plan, with its reference and recipe."""
        return {
            self.plan.key(item, recipe): (item.reference, recipe.name)
            for item in self.plan.items
            for recipe in self.plan.recipes
        }

    @cached_property
    def _has_sets(self) -> bool:
        return any("set" in item.fields for item in self.plan.items)

    def run(self) -> list[Line]:
        """Do what is left to do, and return the lines of the manifest of this plan. Raises LikenessProblem."""
        self._drop_lost()
        self._post()
        for line in self.folder.lines.values():
            if file := line.get("file"):
                self._names.take(str(Path(file)))
        running = list(self.folder.posted)
        while running:
            running = [posted for posted, batch in self._looked(running) if batch.state is not BatchState.ENDED]
            if running:
                time.sleep(POLL_SECONDS)
        order = {pair: number for number, pair in enumerate(self.keys.values())}
        self.folder.sort(order)
        return [line for pair, line in self.folder.lines.items() if pair in order]

    def upload(self) -> None:
        """Send the files that the service lacks."""
        files = self.plan.files
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done, _ in enumerate(pool.map(self._sent, files.items()), start=1):
                self.moved("uploading", done, len(files))

    def _sent(self, found: tuple[str, Path]) -> None:
        digest, file = found
        if not self.client.has_upload(digest):
            self.client.upload(file)

    def _drop_lost(self) -> None:
        """Forget batches that the service no longer has: their jobs that have no result here are posted again."""
        known = []
        for posted in self.folder.posted:
            try:
                self.client.batch(posted.batch)
            except LikenessProblem as problem:
                if problem.code != "batch_not_found":
                    raise
                self.told(f"the service no longer has batch {posted.batch}; what is missing of it is made again")
                continue
            known.append(posted)
        self.folder.posted = known

    def _post(self) -> None:
        """Post what is new since the last run, and tell what is gone."""
        planned = set(self.keys.values())
        done = {line["key"] for line in self.folder.lines.values() if "key" in line}
        posted = {key for one in self.folder.posted for key in one.keys} | done
        gone = sorted({reference for reference, recipe in self.folder.lines if (reference, recipe) not in planned})
        if gone:
            more = f" and {len(gone) - 10} more" if len(gone) > 10 else ""
            self.told(f"no longer planned, and left as they are: {', '.join(gone[:10])}{more}")
        groups: dict[tuple[int, ...], list[PlanRecipe]] = defaultdict(list)
        for recipe in self.plan.recipes:
            new = [n for n, item in enumerate(self.plan.items) if self.plan.key(item, recipe) not in posted]
            if new:
                groups[tuple(new)].append(recipe)
        parts = [([self.plan.items[number] for number in numbers], recipes) for numbers, recipes in groups.items()]
        for number, (items, recipes) in enumerate(parts):
            self.moved("checking", number, len(parts))
            self._check(items, recipes)
        if parts:
            self.upload()
        for items, recipes in parts:
            self._submit(items, recipes)

    def _check(self, items: Sequence[PlanItem], recipes: Sequence[PlanRecipe]) -> None:
        """Have the service check a plan, before any file is sent for it. Raises LocalProblem with all that is wrong."""
        with self._refusals(items):
            self.client.dry_run_batch(*_sent(items, recipes))

    @contextmanager
    def _refusals(self, items: Sequence[PlanItem]) -> Iterator[None]:
        """Tell what the service says is wrong with these items by where it is in the plan."""
        try:
            yield
        except LikenessProblem as problem:
            refuse([_told(self.plan, items, error) for error in problem.errors])
            raise

    def _submit(self, items: Sequence[PlanItem], recipes: Sequence[PlanRecipe]) -> None:
        keys = [self.plan.key(item, recipe) for item in items for recipe in recipes]
        once = sha256(f"{self.folder.path.resolve()} {len(self.folder.posted)} {keys}".encode()).hexdigest()
        with self._refusals(items):
            batch = self.client.submit_batch(*_sent(items, recipes), idempotency_key=once)
        names = [recipe.name for recipe in recipes]
        self.folder.posted.append(Posted(batch.id, [item.reference for item in items], names, keys))
        self.folder.save()
        self.told(f"batch {batch.id}: {len(items)} items by {len(recipes)} recipes")

    def _looked(self, running: Sequence[Posted]) -> list[tuple[Posted, RemoteBatch]]:
        """Fetch what has ended since, and return how each batch stands."""
        found = []
        for posted in running:
            batch = self.client.batch(posted.batch)
            ended = batch.state is BatchState.ENDED
            self._fetch(posted, whole=ended and (self._has_sets or batch.counts.cancelled > 0))
            found.append((posted, batch))
        counts = [batch.counts for _, batch in found]
        left = [batch.seconds_left for _, batch in found]
        known = None if None in left else max((seconds for seconds in left if seconds is not None), default=None)
        rate = sum(batch.rate for _, batch in found)
        done, total = sum(one.ended for one in counts), sum(one.total for one in counts)
        self.moved("done" if done == total else _pace(rate, known), done, total)
        return found

    def _fetch(self, posted: Posted, whole: bool) -> None:
        """Fetch what is new; the whole manifest for what it says only at the end.

        That is which jobs were cancelled, and how alike a set is.
        """
        part = self.client.manifest(posted.batch, since=None if whole else posted.step)
        news = [row for row in part.rows if self._is_news(posted, row)]
        targets = [self._target(row) for row in news]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [(posted, row, target) for row, target in zip(news, targets, strict=True)]
            for row, target in pool.map(self._saved, jobs):
                line = _line(posted, row, target, self.folder.path)
                self.folder.add(line)
                self.made(line)
        for row in part.rows if whole else ():
            self._note_consistency(posted, row)
        posted.step = part.step

    def _note_consistency(self, posted: Posted, row: BatchRow) -> None:
        """Take how alike a set is into a line that was written before all of the set was made."""
        line = self.folder.lines.get((row.reference, row.recipe), {})
        if row.consistency is not None and line.get("key") == _key(posted, row) and not self._is_news(posted, row):
            line["consistency"] = row.consistency.model_dump(mode="json")

    def _is_news(self, posted: Posted, row: BatchRow) -> bool:
        if _key(posted, row) not in self.keys:
            return False  # of an item that is planned no more, or as something else
        line = self.folder.lines.get((row.reference, row.recipe))
        return line is None or (line.get("batch"), line.get("attempt")) != (posted.batch, row.attempt)

    def _target(self, row: BatchRow) -> Path | None:
        """Return where a result goes: a rejected one never beside the good ones."""
        if row.sha256 is None:
            return None
        kind = row.format or "bin"
        values = {"reference": row.reference, "recipe": row.recipe, "ext": ENDINGS.get(kind, kind)}
        old = self.folder.lines.get((row.reference, row.recipe), {}).get("file")
        if old:
            (self.folder.path / old).unlink(missing_ok=True)
            self._names.free(old)
        folder = f"{REJECTED}/" if row.verdict is Verdict.REJECTED else ""
        return self.folder.path / self._names.name(values, folder)

    def _saved(self, job: tuple[Posted, BatchRow, Path | None]) -> tuple[BatchRow, Path | None]:
        posted, row, target = job
        if target is not None:
            self.client.save_result(posted.batch, row, target)
        return row, target


def _sent(items: Sequence[PlanItem], recipes: Sequence[PlanRecipe]) -> tuple[list[Fields], list[Fields]]:
    """Return recipes and items as the service takes them, of the values those that a recipe uses."""
    used = frozenset[str]().union(*(recipe.uses for recipe in recipes))
    return [recipe.fields for recipe in recipes], [item.as_sent(used) for item in items]


def _pace(rate: float, left: float | None) -> str:
    return f"{rate:.2f}/s" + ("" if left is None else f", {left:.0f} s left")


def _line(posted: Posted, row: BatchRow, target: Path | None, out: Path) -> Line:
    """Return the line of a manifest for a job."""
    known = row.model_dump(mode="json", exclude_none=True, exclude={"item", "link"})
    file = None if target is None else str(target.relative_to(out))
    return {**known, "file": file, "batch": posted.batch, "item": row.item, "key": _key(posted, row)}


def _told(plan: Plan, items: Sequence[PlanItem], error: FieldProblem) -> str:
    """Return what the service says is wrong, with the line of the plan that it is in."""
    if found := ITEM.match(error.pointer):
        place, _, detail = error.detail.partition(": ")
        column = place.partition(", field ")[2]
        at = f"line {items[int(found[1])].line}" + (f", column {column}" if column else "")
        return f"{plan.path}, {at}: {detail}"
    return f"{plan.recipes_path}: {error.detail}"


def _key(posted: Posted, row: BatchRow) -> str:
    return posted.keys[row.item * len(posted.recipes) + posted.recipes.index(row.recipe)]
