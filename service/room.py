"""Whether there is room for a job: a place in its queue, and a worker with the memory for it."""

from collections.abc import Sequence

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import DoesNotFit, FieldProblem
from likeness.contract.jobs import Residency
from likeness.contract.runs import Plan
from likeness.contract.tasks import Priority
from service.state import Services


async def check_room(services: Services, plan: Plan, priority: Priority) -> None:
    """Raise QueueFull when a job of this kind would not be accepted now, DoesNotFit when no worker could run it."""
    await services.queue.check_room(plan.spec, priority)
    if any(run.spec.memory for run in plan.runs):
        workers = await services.queue.residency()
        for run in plan.runs:
            check_memory(run.spec, workers)


def check_memory(spec: EngineSpec, workers: Sequence[Residency]) -> None:
    """Raise DoesNotFit when the engine needs more memory than any living worker of its pool has for engines.

    What is not known, the engine's need or the budget of one of the workers, is no reason to refuse.
    """
    budgets = [worker.memory for worker in workers if spec.pool in worker.pools]
    known = [budget for budget in budgets if budget is not None]
    if spec.memory is None or not known or len(known) < len(budgets) or spec.memory <= max(known):
        return
    most = f"the largest worker has {max(known) / 1e9:.1f} GB for engines"
    detail = f"{spec.name} needs {spec.memory / 1e9:.1f} GB; {most}"
    raise DoesNotFit(detail, [FieldProblem("#/engine", "one that needs less memory")])
