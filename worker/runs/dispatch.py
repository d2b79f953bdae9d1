"""How jobs end: batch mates in one run, a comparison or a reproduction as several runs of one job."""

from collections.abc import Sequence

from likeness.contract.comparison import Compare
from likeness.contract.jobs import JobOrder
from worker.runs.comparison import compare
from worker.runs.context import Context, Outcome, Watch
from worker.runs.kinds import run_of
from worker.runs.reproduction import reproduce


def outcomes_of(orders: Sequence[JobOrder], context: Context, watch: Watch) -> dict[str, Outcome]:
    """Run jobs with an equal batch key and return how each ended; cancelled ones are missing. Raises Stopped."""
    first = orders[0]
    if first.reproduces is not None:
        outcome = reproduce(first, context, watch)
    elif isinstance(first.task, Compare):
        outcome = compare(first, context, watch)
    else:
        return run_of(context.catalogue.find(first.engine), first, context, watch).execute(orders)
    return {} if outcome is None else {first.id: outcome}
