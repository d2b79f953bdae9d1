"""Engines whose licence forbids commerce run only where whoever runs the service has said that there is none."""

from collections.abc import Collection, Mapping

from likeness.contract.catalogue import Catalogue
from likeness.contract.comparison import JobTask
from likeness.contract.errors import NonCommercialEngine
from likeness.contract.preferences import NOT_INSTALLED
from likeness.contract.runs import Plan, plan_of


def licensed_plan(task: JobTask, catalogue: Catalogue, missing: Collection[str], *, noncommercial: bool) -> Plan:
    """Return the plan of a task; `noncommercial` says that engines whose licence forbids commerce may be used.

    Raises NonCommercialEngine when it names one that may not, installed or not, and what `plan_of` raises.
    """
    barred = set() if noncommercial else {spec.name for spec in catalogue.engines if spec.commercial == "no"}
    reasons = missing if isinstance(missing, Mapping) else dict.fromkeys(missing, NOT_INSTALLED)
    plan = plan_of(task, catalogue, {name: why for name, why in reasons.items() if name not in barred})
    for run in plan.runs:
        if (spec := run.spec).name in barred:
            raise NonCommercialEngine(
                f"engine: the licence of {spec.name}, {spec.licence}, forbids commercial use ({spec.licence_url}); "
                "whoever runs this service can allow it with LIKENESS_NONCOMMERCIAL=true"
            )
    return plan
