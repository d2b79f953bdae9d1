"""How jobs end: in one run with others, or as several runs of one job: a comparison, a reproduction, several edits."""

from collections.abc import Sequence

from likeness.contract.comparison import Compare
from likeness.contract.jobs import JobOrder
from likeness.contract.tasks import Customise
from worker.runs.comparison import compare
from worker.runs.context import Context, Outcome, Watch
from worker.runs.kinds import run_of
from worker.runs.reproduction import reproduce
from worker.runs.sequence import edited


def outcomes_of(orders: Sequence[JobOrder], context: Context, watch: Watch) -> dict[str, Outcome]:
    """Run jobs with an equal batch key and return how each ended; cancelled ones are missing. Raises Stopped."""
    first = orders[0]
    if first.reproduces is not None:
        outcome = reproduce(first, context, watch)
    elif isinstance(first.task, Compare):
        outcome = compare(first, context, watch)
    elif isinstance(first.task, Customise) and first.task.edits:
        outcome = edited(first, context, watch)
    else:
        return run_of(context.catalogue.find(first.engine), first, context, watch).execute(orders)
    return {} if outcome is None else {first.id: outcome}
