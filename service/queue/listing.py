"""Lists of an owner's jobs, newest first: all, or those with a reference, of a kind, with a verdict or a review.

Each filter has a sorted set of ids of its own. The smallest is walked and the others are asked about its members, so a
page costs what it holds and not what the store holds.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from likeness.contract.comparison import JobKind
from likeness.contract.jobs import first_job_id
from likeness.contract.report import Verdict
from likeness.contract.reviews import Decision, ReviewState
from likeness.queue import keys

CHUNK: Final = 500
"""Ids looked at in one step, at most; the first looks at as many as fill a page."""
MOST_LOOKED_AT: Final = 5_000
"""Ids looked at for one page; if the page is not full then, the next one goes on there."""


MADE: Final = {
    ReviewState.NONE: (),
    ReviewState.APPROVED: (Decision.APPROVED,),
    ReviewState.REJECTED: (Decision.REJECTED,),
    ReviewState.DISPUTED: tuple(Decision),
}
"""The decisions that somebody made about a job, by how its reviews stand; nobody made any other."""


@dataclass(frozen=True)
class Wanted:
    """Which jobs a list shows; None is any. `since` is in Unix seconds."""

    reference: str | None = None
    kind: JobKind | None = None
    verdict: Verdict | None = None
    since: float | None = None
    review: ReviewState | None = None

    def lists(self, owner: str) -> list[str]:
        """Return the keys of the lists that a wanted job is in."""
        found = [reference_key(owner, self.reference)] if self.reference is not None else []
        found += [keys.OWNER_KIND_KEY.format(owner=owner, kind=self.kind)] if self.kind else []
        found += [keys.VERDICT_KEY.format(owner=owner, verdict=self.verdict.value)] if self.verdict else []
        found += [decision_key(owner, decision) for decision in MADE[self.review]] if self.review else []
        return found or [keys.OWNER_JOBS_KEY.format(owner=owner)]

    def other_lists(self, owner: str) -> list[str]:
        """Return the keys of the lists that no wanted job is in."""
        return [decision_key(owner, other) for other in Decision if self.review and other not in MADE[self.review]]


EVERY: Final = Wanted()


def decided_lists(owner: str) -> list[str]:
    """Return the key of the list of an owner's jobs for each decision."""
    return [decision_key(owner, decision) for decision in Decision]


def decision_key(owner: str, decision: Decision) -> str:
    """Return the key of the list of an owner's jobs about which somebody made a decision."""
    return keys.OWNER_DECISION_KEY.format(owner=owner, decision=decision.value)


def reference_key(owner: str, reference: str) -> str:
    """Return the key of the list of an owner's jobs with a reference."""
    return keys.OWNER_REFERENCE_KEY.format(owner=owner, digest=sha256(reference.encode()).hexdigest()[:32])


def lists_of(owner: str, reference: str | None, kind: JobKind) -> list[str]:
    """Return the keys of the lists that a job is put in when it is accepted."""
    return [keys.OWNER_JOBS_KEY.format(owner=owner), *Wanted(reference, kind).lists(owner)]


def every_list_of(owner: str, reference: str | None, kind: JobKind) -> list[str]:
    """Return the keys of every list that a job may be in."""
    verdicts = [keys.VERDICT_KEY.format(owner=owner, verdict=verdict.value) for verdict in Verdict]
    return [*lists_of(owner, reference, kind), *verdicts, *decided_lists(owner)]


async def walk(
    redis: Any,  # noqa: ANN401  redis-py types answers as unions over protocols
    owner: str,
    wanted: Wanted,
    limit: int,
    cursor: str | None,
) -> AsyncGenerator[tuple[str, bool]]:
    """Yield ids older than `cursor`, newest first, each with whether it is a job, still stored, that is wanted.

    Ends after the oldest, or after MOST_LOOKED_AT ids. `limit` is how many jobs are wanted.
    """
    lists = wanted.lists(owner)
    if len(lists) > 1:
        sizes = [await redis.zcard(key) for key in lists]
        lists.sort(key=dict(zip(lists, sizes, strict=True)).__getitem__)
    lowest = "-" if wanted.since is None else f"[{first_job_id(max(0.0, wanted.since))}"
    highest = "+" if cursor is None else f"({cursor}"
    left, size = MOST_LOOKED_AT, limit + 1
    while left > 0:
        found = await redis.zrevrangebylex(lists[0], highest, lowest, start=0, num=min(size, left))
        if not found:
            return
        for one in await _marked(redis, [job_id.decode() for job_id in found], lists[1:], wanted.other_lists(owner)):
            yield one
        left, size = left - len(found), min(CHUNK, 2 * size)
        highest = f"({found[-1].decode()}"


async def _marked(
    redis: Any,  # noqa: ANN401  as above
    ids: Sequence[str],
    others: Sequence[str],
    excluded: Sequence[str],
) -> list[tuple[str, bool]]:
    """Return each id with whether its job is stored, is in all the other lists too and in none that is excluded."""
    async with redis.pipeline(transaction=False) as pipeline:
        for key in (*others, *excluded):
            pipeline.zmscore(key, ids)
        for job_id in ids:
            pipeline.exists(keys.JOB_KEY.format(id=job_id))
        answers = await pipeline.execute()
    listed, stored = answers[: -len(ids)], answers[-len(ids) :]
    asked = [True] * len(others) + [False] * len(excluded)
    return [
        (job_id, bool(there) and asked == [scores[place] is not None for scores in listed])
        for place, (job_id, there) in enumerate(zip(ids, stored, strict=True))
    ]
