"""The learned metrics of a report: each from a network that is installed, else null with the reason.

A network is a folder of its name below the models. It is loaded when first needed and stays; one that is installed
while the worker runs is found. It shares the device with the engine that works meanwhile, and what does not fit there
beside it is measured on the CPU. Nothing here fails a job.
"""

import math
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from likeness.contract.report import Score
from likeness.imaging.assessment.learned import EDIT, Captions, Learned
from likeness.imaging.assessment.scores import scored
from likeness.imaging.colour import Floats
from worker.failures import out_of_memory

if TYPE_CHECKING:
    from worker.metrics.clip import Clip

LPIPS, ST_LPIPS, CLIP = "metrics-lpips", "metrics-st-lpips", "metrics-clip"
"""Folders below the models."""
PERCEPTUAL_NAMES = {LPIPS: "lpips", ST_LPIPS: "st_lpips"}
PERCEPTUAL_FILES = {LPIPS: "lpips.safetensors", ST_LPIPS: "st_lpips.safetensors"}

NOT_INSTALLED = {
    LPIPS: "not installed: python -m training.lpips (docs/report.md)",
    ST_LPIPS: "not installed: python -m training.lpips (docs/report.md)",
    CLIP: "not installed: likeness models pull metrics",
}
"""Weights that no hub has as safetensors are converted on the spot."""
NO_TEXT = "no text says what the made picture should show"
NO_CAPTION = "no caption of the given picture is known: send source_prompt and target_prompt"
NO_CHANGE = "picture or caption is the same as before, which has no direction"

log = structlog.get_logger()

Values = dict[str, tuple[float | None, str | None]]
"""Values by name: each a number, or none and the reason; a number may have a note as its reason."""


class InstalledMetrics:
    """The metrics below a folder of models, on one torch device."""

    def __init__(self, models: Path, device: str) -> None:
        self._models, self._device = models, device
        self._resident: dict[tuple[str, str], Any] = {}
        self._loading = threading.Lock()

    def measure(self, given: Floats, made: Floats, captions: Captions | None) -> Learned:
        """Measure two images of one size, H x W x 3 in 0..1, upright; the edit's figures need captions."""
        scores = [
            *self._tried(LPIPS, ["lpips"], partial(self._perceptual, LPIPS, given, made)),
            *self._tried(ST_LPIPS, ["st_lpips"], partial(self._perceptual, ST_LPIPS, given, made)),
            *self._tried(CLIP, ["clip_similarity", *EDIT], partial(self._clip, given, made, captions)),
        ]
        return Learned(fidelity=scores[:3], edit=scores[3:])

    def clip_score(self, made: Floats, text: str) -> Score:
        """Measure one image, H x W x 3 in 0..1, upright, against a text."""
        return self._tried(CLIP, ["clip_score"], partial(self._clip_score, made, text))[0]

    def _tried(self, model: str, names: Sequence[str], run: Callable[[str], Values]) -> list[Score]:
        """Return the scores of these names; all are null for one reason when the model is missing or fails."""
        if not (self._models / model).is_dir():
            return [scored(name, None, NOT_INSTALLED[model]) for name in names]
        try:
            values = self._run(model, run)
        except (MemoryError, OSError, RuntimeError, ValueError) as error:  # torch's out of memory is a RuntimeError
            log.warning("a metric failed", model=model, error=str(error))
            return [scored(name, None, f"could not be measured: {_short(error)}") for name in names]
        return [_score(name, *values[name]) for name in names]

    def _run(self, model: str, run: Callable[[str], Values]) -> Values:
        """Run a metric on the device, or on the CPU where it does not fit beside what the device does."""
        try:
            return run(self._device)
        except (MemoryError, RuntimeError) as error:
            if self._device == "cpu" or not out_of_memory(error):
                raise
            log.warning("no room for a metric on the device", model=model)
        self._resident.pop((model, self._device), None)
        return run("cpu")

    def _perceptual(self, model: str, given: Floats, made: Floats, device: str) -> Values:
        from worker.metrics import perceptual  # torch is slow to import, and a worker without metrics needs none of it

        file = self._models / model / PERCEPTUAL_FILES[model]
        network = self._loaded(model, device, partial(perceptual.load, file, device, model == ST_LPIPS))
        return {PERCEPTUAL_NAMES[model]: (network.distance(given, made), None)}

    def _clip(self, given: Floats, made: Floats, captions: Captions | None, device: str) -> Values:
        from worker.metrics import clip

        model = self._clip_model(device)
        before, after = model.image(given), model.image(made)
        values: Values = dict.fromkeys(EDIT, (None, NO_TEXT))
        values["clip_similarity"] = (clip.clip_similarity(before, after), None)
        if captions is None:
            return values
        target = model.text(captions.made)
        values["clip_score"] = (clip.clip_score(after, target), _against(captions.made))
        values["directional_similarity"] = (None, NO_CAPTION)
        if captions.given is not None:
            change = clip.directional_similarity(before, after, model.text(captions.given), target)
            change_of = f"from {captions.given!r} to {captions.made!r}"
            values["directional_similarity"] = (change, NO_CHANGE if change is None else change_of)
        return values

    def _clip_score(self, made: Floats, text: str, device: str) -> Values:
        from worker.metrics import clip

        model = self._clip_model(device)
        return {"clip_score": (clip.clip_score(model.image(made), model.text(text)), _against(text))}

    def _clip_model(self, device: str) -> "Clip":
        from worker.metrics import clip

        model: Clip = self._loaded(CLIP, device, partial(clip.load, self._models / CLIP, device))
        return model

    def _loaded(self, model: str, device: str, load: Callable[[], Any]) -> Any:  # noqa: ANN401  a network of any kind
        with self._loading:
            if (model, device) not in self._resident:
                log.info("loading a metric", model=model, device=device)
                self._resident[model, device] = load()
            return self._resident[model, device]


def _against(text: str) -> str:
    return f"against {text!r}"


def _score(name: str, value: float | None, reason: str | None) -> Score:
    if value is not None and not math.isfinite(value):
        return scored(name, None, "could not be measured: the network gave no finite number")
    return scored(name, value, reason)


def _short(error: Exception) -> str:
    """Return the first line of an error's message, or its name."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
