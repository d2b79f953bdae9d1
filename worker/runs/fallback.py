"""What is done when a run fails: smaller runs, then less memory step by step, then an error for the one job."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

import structlog

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import JobError, OutOfMemory
from worker.engine import AllCancelled, Canvas, DeviceLost, Stopped
from worker.failures import job_error, out_of_memory
from worker.residency.engines import OUT_OF_MEMORY, Residents
from worker.residency.shortages import Shortage

RunItem = TypeVar("RunItem")
SPLIT, OTHERS = "batch split", "other engines unloaded"

log = structlog.get_logger()


class Fallback(Generic[RunItem]):
    """Makes the pictures of one run, whose canvases have so many `pixels`, at most `together` in one call.

    What did not fit is remembered, so that neither later parts nor the next runs of this size try it again.
    """

    def __init__(
        self,
        spec: EngineSpec,
        residents: Residents,
        make: Callable[[Sequence[RunItem]], Sequence[Canvas]],
        pixels: int,
        together: int,
    ) -> None:
        self._spec, self._residents, self._make, self._pixels = spec, residents, make, pixels
        self._together = together
        self._measures = 0
        self._needed = 0
        """Measures after which an image was made that was not made before."""
        self._split = False
        """Whether as many together as the run allows did not fit."""
        self.taken: list[str] = []
        """Names of the degradations so far, in order."""
        self._known = residents.shortages.of(spec.name, pixels)
        if self._known:
            self._recall(self._known)

    def run(self, items: Sequence[RunItem]) -> Iterator[tuple[RunItem, Canvas | JobError]]:
        """Yield what came of each item, part by part; nothing of those nobody wants any more. Raises Stopped."""
        rest = list(items)
        if self._split and len(rest) > self._together:
            self._note(SPLIT)
        while rest:
            batch, rest = rest[: self._together], rest[self._together :]
            yield from self._outcomes(batch)

    def step_down(self) -> None:
        """Let the engine spend memory again, once the run is over, and remember what it took."""
        learned = Shortage(self._together, self._needed)
        if (self._split or self._needed) and learned != self._known:  # what was only heeded grows no younger
            self._residents.shortages.note(self._spec.name, self._pixels, learned)
        if self._measures:
            self._residents.relax(self._spec)

    def _recall(self, known: Shortage) -> None:
        """Begin with what a run of this size came to."""
        self._split = known.together < self._together
        self._together = min(self._together, known.together)
        while self._measures < known.measures and (measure := self._residents.save_memory(self._spec)):
            self._measures = self._needed = self._measures + 1
            self._note(measure)

    def _outcomes(self, items: Sequence[RunItem]) -> Iterator[tuple[RunItem, Canvas | JobError]]:
        made = self._try(items)
        if made is None:
            return
        if not isinstance(made, JobError):
            yield from zip(items, made, strict=True)
        elif len(items) > 1:
            half = len(items) // 2
            if isinstance(made, OutOfMemory):
                self._together, self._split = half, True
                self._note(SPLIT)
            yield from self.run(items[:half])
            yield from self.run(items[half:])
        elif isinstance(made, OutOfMemory) and self._saved():
            for item, again in self.run(items):
                if not isinstance(again, JobError):
                    self._needed = self._measures
                yield item, again
        else:
            yield items[0], self._last_word(made)

    def _try(self, items: Sequence[RunItem]) -> Sequence[Canvas] | JobError | None:
        """Return what was made, or why it failed, or None when nobody wants it any more. Raises Stopped.

        What failed is let go before anything else is tried: the error's traceback holds all that the call had made.
        """
        try:
            return self._make(items)
        except AllCancelled:
            return None
        except Stopped:
            raise
        except Exception as error:
            failure = job_error(error)
            self._tell(error, len(items))
        if isinstance(failure, OutOfMemory):
            self._residents.note(self._spec.name, OUT_OF_MEMORY)
            self._residents.components.free_cache()
        elif not self._residents.answers():
            raise DeviceLost(failure.detail)
        return failure

    def _tell(self, error: Exception, size: int) -> None:
        whole = size == 1 and not isinstance(error, JobError) and not out_of_memory(error)
        log.warning("a batch failed", engine=self._spec.name, size=size, error=str(error), exc_info=whole)

    def _saved(self) -> bool:
        """Free some memory: first every other engine goes, then the engine itself saves some, measure by measure."""
        measure = OTHERS if self._residents.drop_others(self._spec) else self._residents.save_memory(self._spec)
        if measure is None:
            return False
        if measure != OTHERS:
            self._measures += 1
        log.warning("out of memory", engine=self._spec.name, measure=measure)
        self._note(measure)
        return True

    def _note(self, degradation: str) -> None:
        if degradation not in self.taken:
            self.taken.append(degradation)

    def _last_word(self, failure: JobError) -> JobError:
        """Say of a picture that does not fit what was tried."""
        if not isinstance(failure, OutOfMemory) or not self.taken:
            return failure
        return OutOfMemory(f"{failure.detail}; tried: {', '.join(self.taken)}")
