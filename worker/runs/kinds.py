"""Which run a job takes: of an engine that draws on a canvas, or of arithmetic that makes a frame of its own."""

from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import JobOrder
from likeness.contract.packshots import Exact
from worker.runs.context import Context, Watch
from worker.runs.packshots import PackshotRun
from worker.runs.run import Run


def run_of(spec: EngineSpec, order: JobOrder, context: Context, watch: Watch) -> Run | PackshotRun:
    """Return the run of a job that takes one, and of those that share its batch key."""
    kind = PackshotRun if isinstance(order.task, Exact) else Run
    return kind(spec, context, watch)
