"""Engines whose licence forbids commerce run only where whoever runs the service has said that there is none."""

from collections.abc import Collection

from likeness.contract.catalogue import Catalogue
from likeness.contract.comparison import JobTask
from likeness.contract.errors import NonCommercialEngine
from likeness.contract.runs import Plan, plan_of


def licensed_plan(task: JobTask, catalogue: Catalogue, missing: Collection[str], *, noncommercial: bool) -> Plan:
    """Return the plan of a task; `noncommercial` says that engines whose licence forbids commerce may be used.

    Raises NonCommercialEngine when it names one that may not, installed or not, and what `plan_of` raises.
    """
    barred = set() if noncommercial else {spec.name for spec in catalogue.engines if spec.commercial == "no"}
    plan = plan_of(task, catalogue, set(missing) - barred)
    for run in plan.runs:
        if (spec := run.spec).name in barred:
            raise NonCommercialEngine(
                f"engine: the licence of {spec.name}, {spec.licence}, forbids commercial use ({spec.licence_url}); "
                "whoever runs this service can allow it with LIKENESS_NONCOMMERCIAL=true"
            )
    return plan
