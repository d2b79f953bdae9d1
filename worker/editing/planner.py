"""From a task to its plan: by its edit type, with what must not change, and what is measured."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from likeness.contract.editing import REFERENCES
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import NoProduct
from likeness.contract.gates import GateKind
from likeness.contract.jobs import SentFile
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Control, Customise, DrawnTask, EditType, Generate, Recreate, Task
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.assessment.learned import Captions
from likeness.imaging.frame import rgba_of
from likeness.imaging.masks import over_white, style_of, upright_control, upright_guide
from likeness.imaging.picture import Picture
from worker.editing.canvas import AnalysedCanvas
from worker.editing.captions import captions_of
from worker.editing.edit_types import EDIT_TYPES, closed_instruction, region_of
from worker.editing.exact import exact_plan, exact_region
from worker.editing.plan import EditPlan, Region, Sent


def edit_plan_of(run: PlannedRun, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    """Return what is asked of one picture. Raises NoProduct."""
    task = cast(DrawnTask, run.task)
    if isinstance(task, Generate):
        plan = EditPlan(shown.canvas, text=task.prompt or "", from_scratch=True)
    else:
        plan = _recreation(task, run, shown) if isinstance(task, Recreate) else _customised(task, run, shown, sent)
    return replace(plan, loras={lora.name: lora.weight for lora in task.loras})


def beside(given: Picture, sent: Mapping[SentFile, Picture]) -> Sent:
    """Return what was sent beside a picture as its plan takes it."""
    return Sent(
        logo=rgba_of(sent["logo"]) if "logo" in sent else None,
        control=upright_control(given, sent["control"]) if "control" in sent else None,
        style=style_of(sent["style_image"]) if "style_image" in sent else None,
        guide=upright_guide(given, sent["guide"]) if "guide" in sent else None,
        references=tuple(over_white(sent[name]) for name in REFERENCES if name in sent),
    )


def _recreation(task: Recreate, run: PlannedRun, shown: AnalysedCanvas) -> EditPlan:
    """Return the plan of an image made again; an engine that keeps to maps keeps to the first kind it takes."""
    controls = tuple(Control(kind=kind) for kind in run.spec.controls[:1])
    caption = shown.caption if is_captioned(task, run.spec) else None
    text = caption or str(run.parameters.get("prompt") or "")
    return EditPlan(shown.canvas, text=text, controls=controls, caption=caption)


def is_captioned(task: Task, spec: EngineSpec) -> bool:
    """Return whether a captioner is to write the prompt: the engine needs one to recreate, and none is given."""
    return isinstance(task, Recreate) and spec.captioned and task.prompt is None


def _customised(task: Customise, run: PlannedRun, shown: AnalysedCanvas, sent: Sent) -> EditPlan:
    edit, edit_type = run.intent.edit, EditType(run.intent.purpose)
    if run.spec.edits:
        plan = exact_plan(task, run.intent, shown, sent)
    else:
        plan = closed_instruction(task, edit, shown, sent) if edit else EDIT_TYPES[edit_type](task, shown, sent)
    plan = replace(plan, references=sent.references)
    if edit_type is EditType.FILL:
        plan = replace(plan, controls=tuple(Control(kind=kind) for kind in run.spec.controls))
    region = changeable_region(task, run.spec, shown)
    plan = _checked(_locked(plan, region, shown), task, shown, captions_of(task, edit))
    return replace(plan, product=plan.product if plan.product is not None else shown.found)


def changeable_region(task: Customise, spec: EngineSpec, shown: AnalysedCanvas) -> Region | None:
    """Return where the image may change, by the task's mask and preserve and what is kept anyway."""
    region = exact_region(task, shown) if spec.edits else region_of(task, shown)
    if shown.kept is None:
        return region
    return ~shown.kept if region is None else region & ~shown.kept


def _locked(plan: EditPlan, region: Region | None, shown: AnalysedCanvas) -> EditPlan:
    """Return the plan with what mask and preserve keep: it changes in `region` alone."""
    if region is None:
        return plan
    if plan.region is not None:
        region = region & plan.region
    if not shown.cut(region).any():
        raise NoProduct("what mask and preserve leave to change is nothing; send another mask")
    return replace(plan, region=region, under=plan.under if plan.under is not None else shown.canvas)


def _checked(plan: EditPlan, task: Customise, shown: AnalysedCanvas, captions: Captions | None) -> EditPlan:
    """Return the plan with a check without padding, and with what is kept when pixels are to be locked."""
    if plan.check is None and not task.locks:
        return plan
    check = plan.check or EditCheck("the same picture", changes=False, kind=GateKind.RECREATE)
    inside = None if check.inside is None else shown.cut(check.inside)
    product = None if check.product is None else shown.cut(check.product)
    found = None if product is None else shown.segmented
    kept = shown.cut(~plan.region) if task.locks and plan.region is not None else None
    where = replace(check, inside=inside, product=product, found=found, kept=kept)
    return replace(plan, check=replace(where, captions=captions, lossy=task.lossy_lock))
