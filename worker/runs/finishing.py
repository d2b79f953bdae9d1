"""What is said of a cut-out or a packshot that comes last of several edits: its own report, joined with theirs."""

from likeness.contract.jobs import MadeImage
from likeness.contract.report import Report, Verdict
from likeness.imaging.formats.decode import Picture
from likeness.imaging.frame import Frame


def worst_of(*verdicts: Verdict) -> Verdict:
    """Return the worst of some verdicts."""
    order = (Verdict.REJECTED, Verdict.NOT_JUDGED, Verdict.ACCEPTED)
    return next(verdict for verdict in order if verdict in verdicts)


def finished(image: MadeImage, before: Report | None, given: Picture) -> Report:
    """Return the report of a cut-out or packshot with that of all edits before it, which hold up to there.

    Its verdict is no better than theirs, and it says how the frame of the original, `given`, was changed as asked.
    """
    report, told = image.report, _frame_told(image, given)
    if before is None:
        return report.model_copy(update={"reasons": [*report.reasons, told]})
    worst = worst_of(report.verdict, before.verdict)
    own = report.reasons if report.verdict is worst else []
    theirs = before.reasons if before.verdict is worst and worst is not Verdict.ACCEPTED else []
    mendable = worst is Verdict.REJECTED and report.verdict is not Verdict.REJECTED and before.retouchable
    reasons = [*(f"before the last edit: {reason}" for reason in theirs), *own, told]
    return report.model_copy(update={"verdict": worst, "retouchable": mendable, "reasons": reasons, "before": before})


def _frame_told(image: MadeImage, given: Picture) -> str:
    width, height = Frame.of(given).upright_size
    was, now = f"{width} x {height} px, {given.pixels.mode}", f"{image.width} x {image.height} px, {image.mode}"
    return f"the frame changes because it was asked: from {was} to {now}"
