"""A batch as its owner sees it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from likeness.contract.batches import BatchCounts, BatchState, Standing
from service.queue.batch import Batch
from service.schemas.batches import BatchLinks, BatchView


def counts_of(counts: Sequence[Mapping[Standing, int]]) -> BatchCounts:
    """Return the counts of some recipes together."""
    total = {standing: sum(one.get(standing, 0) for one in counts) for standing in Standing}
    made = {name: total[Standing[name.upper()]] for name in ("accepted", "rejected", "not_judged")}
    other = {name: total[Standing[name.upper()]] for name in ("waiting", "queued", "failed", "cancelled")}
    return BatchCounts(**made, **other, succeeded=sum(made.values()))


def view_of(batch: Batch, root: str = "") -> BatchView:
    """Return a batch with its links below the path `root`."""
    here = f"{root}/batches/{batch.id}"
    left = batch.total - batch.ended
    over = batch.state is BatchState.ENDED
    return BatchView(
        id=batch.id,
        name=batch.name,
        state=batch.state,
        created_at=batch.created_at,
        ended_at=batch.ended_at,
        items=batch.items,
        counts=counts_of(batch.counts),
        recipes={name: counts_of([one]) for name, one in zip(batch.recipes, batch.counts, strict=True)},
        rate=0.0 if over else batch.rate,
        seconds_left=0.0 if over else round(left / batch.rate, 1) if batch.rate > 0 else None,
        device_seconds=round(batch.seconds, 3),
        webhook=batch.webhook,
        links=BatchLinks(self=here, manifest=f"{here}/manifest", archive=f"{here}/archive"),
    )


def ended_event(batch: Batch) -> tuple[str, datetime]:
    """Return what a webhook is told: the type of the event, and when it happened."""
    kind = "batch.ended" if batch.state is BatchState.ENDED else "batch.progress"
    return kind, batch.ended_at or datetime.now(UTC)
