"""What is simulated: engines, the rules by which jobs find workers, and a fleet."""

from dataclasses import dataclass, field
from typing import Final

from benchmarks.fleet.assumptions import OWN_SECONDS, PICTURE_SECONDS, TOGETHER
from likeness.contract.catalogue import load_catalogue


@dataclass(frozen=True)
class Engine:
    """What an engine costs. Memory and batch are the catalogue's."""

    name: str
    pool: str
    seconds: float
    memory: int
    batch: int
    further: float = (8 / TOGETHER - 1) / 7
    """Time of each further image of a run, as a share of the first one's."""
    own: float = OWN_SECONDS
    """Seconds that the service itself takes for each."""

    def run_seconds(self, pictures: int) -> float:
        """Return the seconds of a run of so many images."""
        return self.seconds * (1 + self.further * (pictures - 1)) + self.own * pictures


@dataclass(frozen=True)
class Rules:
    """How jobs find workers, and how many workers there are."""

    name: str
    prefer: bool = True
    """Whether a job is left for a time to workers that hold its engine."""
    split: bool = False
    """Whether each engine has workers of its own."""
    target: int | None = None
    """Jobs waiting and running for each worker at which KEDA is set; None: the fleet is always whole."""
    batches: bool = True


AS_BUILT: Final = Rules("as built")
VARIANTS: Final = (
    AS_BUILT,
    Rules("no preference", prefer=False),
    Rules("an engine, a pool", split=True),
    Rules("no batches", batches=False),
    Rules("KEDA, 4 jobs", target=4),
    Rules("KEDA, 2 jobs", target=2),
)


@dataclass(frozen=True)
class Fleet:
    """So many workers and the engines that they are asked for."""

    workers: int
    engines: list[Engine] = field(default_factory=lambda: catalogue_engines())


def catalogue_engines() -> list[Engine]:
    """Return the engines of the day, the most popular first."""
    catalogue = load_catalogue()
    found = [catalogue.find(name) for name in PICTURE_SECONDS]
    return [Engine(one.name, one.pool, PICTURE_SECONDS[one.name], one.memory or 0, one.batch) for one in found]


def popularity(count: int) -> list[float]:
    """Return the shares of `count` things by Zipf's law; they sum to 1."""
    weights = [1 / rank for rank in range(1, count + 1)]
    return [weight / sum(weights) for weight in weights]
