"""An image generated from text: the frame that was asked for, and a report without an image to compare with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from likeness.contract.report import Report, Verdict
from likeness.imaging.assessment.assess import METRICS, WITHOUT_NETWORKS, frame_misses
from likeness.imaging.assessment.learned import FIDELITY, LearnedMetrics
from likeness.imaging.assessment.scores import scored
from likeness.imaging.assessment.tripwires import tripped_alone
from likeness.imaging.colour import rgb_of
from likeness.imaging.frame import frame_table
from likeness.imaging.picture import Picture

NOTHING_GIVEN = "nothing to compare with: the image was generated"
NOTHING_SAID = "no prompt to compare with"
FINE = "frame as requested; all sanity checks passed; what it shows cannot be judged by figures: look at it"
GREY = (128, 128, 128)


def asked(width: int, height: int) -> Picture:
    """Return a grey image with the frame that a generated one is to have: RGB of 8 bits, width x height px."""
    return Picture(Image.new("RGB", (width, height), GREY), "png")


def assess_generated(
    given: Picture,
    made: Picture,
    prompt: str | None,
    metrics: LearnedMetrics = WITHOUT_NETWORKS,
    faults: Sequence[str] = (),
) -> Report:
    """Return the report of `made`, whose frame `given` has, as `asked` returns it.

    Every metric of likeness is null; `clip_score` to the prompt is there where there is one and `metrics` has it, and
    rejects nothing: the frame, `faults` and the tripwires alone do. None is accepted: what was made from nothing cannot
    be judged by figures.
    """
    rgb: NDArray[Any] = rgb_of(made)
    frame = frame_table(given, made)
    null = [scored(name, None, NOTHING_GIVEN) for name in (*METRICS, "drift", *FIDELITY)]
    clip = metrics.clip_score(np.ascontiguousarray(rgb), prompt) if prompt else scored("clip_score", None, NOTHING_SAID)
    misses = [*faults, *frame_misses(frame), *tripped_alone(rgb)]
    return Report(
        frame=frame,
        fidelity=[*null, clip],
        verdict=Verdict.REJECTED if misses else Verdict.NOT_JUDGED,
        reasons=misses or [FINE],
    )
