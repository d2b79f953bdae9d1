"""Whether there is room for a job: a place in its queue, and a worker with the engines and the memory for it."""

from collections.abc import Sequence
from dataclasses import replace

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import DoesNotFit, FieldProblem, InvalidField
from likeness.contract.residency import Residency
from likeness.contract.runs import Plan
from likeness.contract.scheduling import Priority
from service.state import Services


async def queued_for(services: Services, plan: Plan, priority: Priority, owner: str) -> Plan:
    """Return the plan of a job that would be accepted now, with the engine in whose queue it waits.

    Raises QueueFull or QuotaExceeded when it would not be, DoesNotFit when no worker could run it, and InvalidField for
    a comparison or edits over engines that one worker may not have together.
    """
    if len(plan.pools) > 1 or any(run.spec.memory for run in plan.runs):
        workers = await services.queue.residency()
        plan = led(plan, workers)
        for run in plan.runs:
            check_memory(run.spec, workers)
    await services.queue.check_capacity(plan.spec, priority, owner, services.keys.limits_of(owner))
    return plan


def led(plan: Plan, workers: Sequence[Residency]) -> Plan:
    """Return the plan with the first of its engines whose queue is served, and only by workers that serve them all.

    One worker does every run of a job. Where no worker is known, nothing is rejected. Raises InvalidField when a living
    worker of the first engine's queue does not serve the pools of all its engines, and no other queue is better.
    """
    for number, run in enumerate(plan.runs):
        takers = [worker for worker in workers if run.spec.pool in worker.pools]
        if takers and not any(_unserved(plan, worker) for worker in takers):
            return replace(plan, lead=number)
    takers = [worker for worker in workers if plan.spec.pool in worker.pools]
    if not takers:
        return plan
    other = next(found for worker in takers if (found := _unserved(plan, worker)))
    pools = ", ".join(f"{run.spec.name} in {run.spec.pool}" for run in plan.runs if run.spec.pool in other)
    detail = f"one worker does them all, and one of the pool {plan.spec.pool} does not serve: {pools}"
    raise InvalidField.at("edits" if plan.several_edits else "runs", detail)


def _unserved(plan: Plan, worker: Residency) -> list[str]:
    return [pool for pool in plan.pools if pool not in worker.pools]


def check_memory(spec: EngineSpec, workers: Sequence[Residency]) -> None:
    """Raise DoesNotFit when the engine needs more memory than any living worker of its pool has for engines.

    What is not known, the engine's need or the budget of one of the workers, is no reason to refuse.
    """
    most = _most(spec, workers)
    if spec.memory is None or most is None or spec.memory <= most:
        return
    raise DoesNotFit(f"{spec.name} {_need(spec, most)}", [FieldProblem("#/engine", "one that needs less memory")])


def _need(spec: EngineSpec, most: int) -> str:
    return f"needs {(spec.memory or 0) / 1e9:.1f} GB, and the largest worker has {most / 1e9:.1f} GB for engines"


def unfit(engines: Sequence[EngineSpec], workers: Sequence[Residency]) -> dict[str, str]:
    """Return the engines that need more memory than any living worker of their pools has, each with what it needs."""
    most = {spec.name: _most(spec, workers) for spec in engines}
    too_large = [spec for spec in engines if (found := most[spec.name]) is not None and (spec.memory or 0) > found]
    return {spec.name: _need(spec, most[spec.name] or 0) for spec in too_large}


def _most(spec: EngineSpec, workers: Sequence[Residency]) -> int | None:
    """Return the largest budget in bytes among the workers of an engine's pool; None where one is not known."""
    budgets = [worker.memory for worker in workers if spec.pool in worker.pools]
    known = [budget for budget in budgets if budget is not None]
    return max(known) if known and len(known) == len(budgets) else None
