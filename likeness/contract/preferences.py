"""Which engine a request gets that names none: for each kind of edit those that can, best first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.engines import EngineSpec
from likeness.contract.instructions import EditKind
from likeness.contract.tasks import EditType, Purpose

Wanted = Purpose | EditKind
"""What there is a preference for: a kind of job, an edit type, or what an instruction asks for."""
NOT_INSTALLED = "not installed"
WORDS: Mapping[Wanted, str] = {EditType.INSTRUCTION: "an instruction in free words"}


class Preference(BaseModel):
    """The engines for one kind of edit, best first: a row of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: Wanted
    engines: list[str] = Field(min_length=1, description="names of engines, best first")


@dataclass(frozen=True)
class Choice:
    """The engine for a kind of edit, None where there is none, and why those before it were not taken."""

    wanted: Wanted
    spec: EngineSpec | None
    passed: tuple[tuple[str, str], ...] = ()
    """Names, each with its reason."""

    @property
    def why(self) -> str:
        """Why it is this engine, in words."""
        said = WORDS.get(self.wanted, str(self.wanted))
        if self.spec is None:
            return f"nothing can be used here for {said} ({self._reasons()})"
        return (
            f"the best that can be used here for {said} ({self._reasons()})"
            if self.passed
            else f"the first choice for {said}"
        )

    def _reasons(self) -> str:
        names: dict[str, list[str]] = {}
        for name, reason in self.passed:
            names.setdefault(reason, []).append(name)
        return "; ".join(f"{', '.join(those)}: {reason}" for reason, those in names.items())


def first_of(
    wanted: Wanted,
    ranked: Sequence[EngineSpec],
    missing: Collection[str],
    unsuited: Callable[[EngineSpec], str | None] = lambda _: None,
) -> Choice:
    """Return the first of the engines, best first, that is neither missing nor unsuited.

    `missing` may be a mapping that says of each engine why it cannot be had; without that it is not installed.
    `unsuited` says why an engine cannot do what is asked, None where it can.
    """
    reasons = missing if isinstance(missing, Mapping) else dict.fromkeys(missing, NOT_INSTALLED)
    passed: list[tuple[str, str]] = []
    for spec in ranked:
        reason = reasons.get(spec.name) or unsuited(spec)
        if reason is None:
            return Choice(wanted, spec, tuple(passed))
        passed.append((spec.name, reason))
    return Choice(wanted, None, tuple(passed))


def fitting_together(specs: Sequence[EngineSpec], budget: int) -> list[EngineSpec]:
    """Return the engines that fit `budget` bytes of memory together, the first first; shared weights count once."""
    held: dict[str, int] = {}
    taken: list[EngineSpec] = []
    for spec in specs:
        more = held | {spec.weights: max(held.get(spec.weights, 0), spec.memory or 0)}
        if sum(more.values()) <= budget:
            taken, held = [*taken, spec], more
    return taken
