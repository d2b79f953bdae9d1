"""From a task to its brief: by the way that it asks for, with what must not change, and what is measured."""

from collections.abc import Mapping
from dataclasses import replace

from likeness.contract.engines import EngineSpec, way_of
from likeness.contract.errors import NoProduct
from likeness.contract.jobs import SentFile
from likeness.contract.tasks import Control, Customise, Generate, Recreate, Task, Way
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.assessment.learned import Captions
from likeness.imaging.frame import rgba_of
from likeness.imaging.masks import style_of, upright_control, upright_guide
from likeness.imaging.picture import Picture
from worker.editing.canvas import Shown
from worker.editing.captions import captions_of
from worker.editing.modes import WAYS, open_instruction, region_of
from worker.editing.plan import Brief, Sent


def brief_of(task: Task, spec: EngineSpec, shown: Shown, sent: Sent) -> Brief:
    """Return what is asked of one picture. Raises NoProduct."""
    if isinstance(task, Generate):
        brief = Brief(shown.canvas, text=task.prompt or "", anew=True)
    else:
        brief = _recreation(task, spec, shown) if isinstance(task, Recreate) else _customised(task, spec, shown, sent)
    return replace(brief, loras={lora.name: lora.weight for lora in task.loras})


def beside(given: Picture, sent: Mapping[SentFile, Picture]) -> Sent:
    """Return what was sent beside a picture as its brief takes it."""
    return Sent(
        logo=rgba_of(sent["logo"]) if "logo" in sent else None,
        control=upright_control(given, sent["control"]) if "control" in sent else None,
        style=style_of(sent["style_image"]) if "style_image" in sent else None,
        guide=upright_guide(given, sent["guide"]) if "guide" in sent else None,
    )


def _recreation(task: Recreate, spec: EngineSpec, shown: Shown) -> Brief:
    """Return the brief of a picture made again; an engine that keeps to maps keeps to the first kind it takes."""
    controls = tuple(Control(kind=kind) for kind in spec.controls[:1])
    caption = shown.caption if is_captioned(task, spec) else None
    text = caption or str(spec.resolve(task).get("prompt") or "")
    return Brief(shown.canvas, text=text, controls=controls, caption=caption)


def is_captioned(task: Task, spec: EngineSpec) -> bool:
    """Return whether a captioner is to write the prompt: the engine needs one to recreate, and none is given."""
    return isinstance(task, Recreate) and spec.captioned and task.prompt is None


def _customised(task: Customise, spec: EngineSpec, shown: Shown, sent: Sent) -> Brief:
    way = way_of(task, spec.closed)
    is_open = way is Way.INSTRUCTION and not spec.closed
    brief = (open_instruction if is_open else WAYS[way])(task, shown, sent)
    if way is Way.FILL:
        brief = replace(brief, controls=tuple(Control(kind=kind) for kind in spec.controls))
    return _checked(_locked(brief, task, shown), task, shown, captions_of(task, spec.closed))


def _locked(brief: Brief, task: Customise, shown: Shown) -> Brief:
    """Return the brief with what mask and preserve keep."""
    region = region_of(task, shown)
    if region is None:
        return brief
    if brief.region is not None:
        region = region & brief.region
    if not shown.cut(region).any():
        raise NoProduct("what mask and preserve leave to change is nothing; send another mask")
    return replace(brief, region=region, under=brief.under if brief.under is not None else shown.canvas)


def _checked(brief: Brief, task: Customise, shown: Shown, captions: Captions | None) -> Brief:
    """Return the brief with a check without padding, and with what is kept when pixels are to be locked."""
    if brief.check is None and not task.locks:
        return brief
    check = brief.check or EditCheck("the same picture", changes=False)
    inside = None if check.inside is None else shown.cut(check.inside)
    kept = shown.cut(~brief.region) if task.locks and brief.region is not None else None
    return replace(brief, check=replace(check, inside=inside, kept=kept, captions=captions))
