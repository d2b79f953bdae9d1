"""How jobs end: batch mates in one run, a comparison or a reproduction as several runs of one job."""

from collections.abc import Sequence

from likeness.contract.comparison import Compare
from likeness.contract.jobs import JobOrder
from worker.runs.comparison import compare
from worker.runs.reproduction import reproduce
from worker.runs.run import Outcome, Watch
from worker.runs.subruns import Tools


def outcomes_of(orders: Sequence[JobOrder], tools: Tools, watch: Watch) -> dict[str, Outcome]:
    """Run jobs with an equal batch key and return how each ended; cancelled ones are missing. Raises Stopped."""
    first = orders[0]
    if first.reproduces is not None:
        outcome = reproduce(first, tools, watch)
    elif isinstance(first.task, Compare):
        outcome = compare(first, tools, watch)
    else:
        return tools.run(tools.catalogue.find(first.engine), watch).execute(orders)
    return {} if outcome is None else {first.id: outcome}
