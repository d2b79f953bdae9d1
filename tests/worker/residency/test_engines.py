"""Which engines stay in memory: real small networks, shared, counted, moved and dropped."""

from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

import worker.engines
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineFailed, OutOfMemory
from likeness.models.lockfile import Lockfile
from tests.support import tiny
from tests.support.places import DRILL_CATALOGUE, ROOT
from tests.worker.engines.blocks import BYTES
from tests.worker.engines.test_families import small
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.residency import device
from worker.residency.engines import Residents
from worker.residency.warm_up import small_task

NOWHERE = Weights(Path("none"), Path("none"))
DRILL = load_catalogue(DRILL_CATALOGUE).find("drill")
CPU = "cpu"
PARKS = "cpu:0"
"""To torch the same device, to `Residents` one beside which there is the machine's memory."""


@pytest.fixture(autouse=True)
def _family(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(ROOT / "tests/worker/engines")
    monkeypatch.setattr(worker.engines, "__path__", [*worker.engines.__path__, folder])


def engine(name: str, *blocks: str, memory: int | None = None) -> EngineSpec:
    """Return an engine of blocks that says it needs as much as they take."""
    first, *more = blocks
    changes = {"weights": first, "parts": {block: block for block in more}, "memory": memory or BYTES * len(blocks)}
    return DRILL.model_copy(update={"name": name, "family": "blocks", **changes})


def budgeted(blocks: float, device: str = CPU) -> Residents:
    return Residents(Components(NOWHERE, device), round(blocks * BYTES))


A, B, C = engine("a", "a1"), engine("b", "b1"), engine("c", "c1")


def test_within_the_budget_everything_stays_and_is_loaded_once() -> None:
    residents = budgeted(3)
    first = residents.engine(A)
    residents.engine(B)
    residents.engine(C)
    assert residents.engine(A) is first and residents.names() == ["b", "c", "a"]
    assert residents.components.size() == 3 * BYTES


def test_the_least_recently_used_goes_first() -> None:
    residents = budgeted(2)
    for spec in (A, B, A, C):
        residents.engine(spec)
    assert residents.names() == ["a", "c"] and residents.components.size() == 2 * BYTES


def test_as_many_go_as_are_needed() -> None:
    residents = budgeted(3)
    for spec in (A, B, C, engine("d", "d1", "d2")):
        residents.engine(spec)
    assert residents.names() == ["c", "d"]


def test_what_engines_share_is_in_memory_once() -> None:
    residents = budgeted(10)
    one, two = residents.engine(engine("one", "shared", "x")), residents.engine(engine("two", "shared", "y"))
    assert one.blocks["shared"] is two.blocks["shared"]
    assert residents.components.size() == 3 * BYTES
    assert residents.components.size("one") == residents.components.size("two") == 2 * BYTES


def test_the_shipped_engines_share_their_networks() -> None:
    residents, catalogue = Residents(Components(Weights(WEIGHTS, WEIGHTS), CPU)), load_catalogue()
    residents.engine(catalogue.find("starter-edit"))
    alone = residents.components.size()
    residents.engine(catalogue.find("starter"))
    residents.engine(catalogue.find("starter-inpaint"))
    assert alone > 10**6 and residents.components.size() == alone


def test_what_another_engine_uses_stays_when_one_goes() -> None:
    residents = budgeted(2.5)
    residents.engine(engine("one", "shared", "x"))
    two = residents.engine(engine("two", "shared", memory=1))
    residents.engine(A)
    assert residents.names() == ["two", "a"], "`one` was used least recently"
    assert residents.components.size() == 2 * BYTES and residents.components.size("two") == BYTES
    assert residents.engine(engine("three", "shared", memory=1)).blocks["shared"] is two.blocks["shared"]


def test_an_engine_over_the_budget_is_loaded_alone_and_told_of() -> None:
    residents = budgeted(2)
    residents.engine(A)
    with capture_logs() as logs:
        residents.engine(engine("large", "l1", "l2", "l3"))
    assert residents.names() == ["large"]
    told = [line for line in logs if line["event"] == "engine over the budget"]
    assert [(line["engine"], line["memory"], line["budget"]) for line in told] == [("large", 3 * BYTES, 2 * BYTES)]


def test_an_engine_that_cannot_be_loaded_leaves_nothing() -> None:
    residents = budgeted(9)
    with pytest.raises(EngineFailed, match="broken could not be loaded"):
        residents.engine(engine("broken", "b1", "missing"))
    assert residents.names() == [] and residents.components.size() == 0


def test_an_engine_that_does_not_fit_beside_others_is_loaded_without_them() -> None:
    residents = budgeted(9)
    residents.engine(A)
    residents.engine(B)
    residents.engine(engine("grown", "huge", memory=1))
    assert residents.names() == ["grown"]


def test_an_engine_that_does_not_fit_even_alone_says_so() -> None:
    residents = budgeted(9)
    with pytest.raises(OutOfMemory, match=r"grown does not fit.*choose a smaller engine"):
        residents.engine(engine("grown", "g1", "g2", "huge"))
    assert residents.names() == [] and residents.components.size() == 0


def test_relief_unloads_the_others_first_and_then_asks_the_engine() -> None:
    residents = budgeted(9)
    residents.engine(A)
    drill = residents.engine(DRILL)
    assert [residents.drop_others(DRILL), residents.drop_others(DRILL)] == [True, False]
    assert [residents.save_memory(DRILL) for _ in range(4)] == ["VAE slicing", "VAE tiling", "CPU offload", None]
    residents.relax(DRILL)
    assert drill.saving == 0 and residents.names() == ["drill"]


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_a_real_engine_takes_all_its_measures_and_comes_back(tmp_path: Path, name: str) -> None:
    tiny.MAKERS[name](tmp_path / name)
    spec = small(load_catalogue().find(name))
    residents = Residents(Components(Weights(tmp_path, tmp_path), CPU, "float32"))
    make = lambda: residents.engine(spec).generate([small_task(spec)], lambda step, of, stage: None)[0]  # noqa: E731
    before, measures = make(), []
    while measure := residents.save_memory(spec):
        measures.append(measure)
        assert make().shape == before.shape, measure
    assert len(measures) == len(set(measures)) >= 3
    residents.relax(spec)
    assert (make() == before).all(), "nothing is left of them"


def test_an_engine_that_cannot_spend_memory_again_is_loaded_anew() -> None:
    residents, spec = budgeted(9), engine("s", "stubborn")
    first = residents.engine(spec)
    residents.relax(spec)
    assert residents.names() == [] and residents.engine(spec) is not first


def test_off_the_gpu_an_engine_waits_in_the_machines_memory() -> None:
    residents = budgeted(1, PARKS)
    first = residents.engine(A)
    residents.engine(B)
    assert residents.names() == ["b"] and first.blocks["a1"].moves == ["cpu"]
    assert residents.components.held() == BYTES and residents.components.size() == 2 * BYTES
    assert residents.engine(A) is first, "moved back, not loaded again"
    assert residents.names() == ["a"] and first.blocks["a1"].moves == ["cpu", PARKS]


def test_what_is_shared_leaves_the_gpu_with_the_last_engine_that_uses_it() -> None:
    components = Components(NOWHERE, PARKS)
    residents = Residents(components, 9 * BYTES)
    one, two = residents.engine(engine("one", "shared", "x")), residents.engine(engine("two", "shared", "y"))
    components.offload("one")
    assert (one.blocks["shared"].moves, one.blocks["x"].moves, components.held()) == ([], ["cpu"], 2 * BYTES)
    components.offload("two")
    assert (one.blocks["shared"].moves, components.held()) == (["cpu"], 0)
    third = residents.engine(engine("three", "shared", memory=1))
    assert third.blocks["shared"].moves == ["cpu", PARKS] and two.blocks["y"].moves == ["cpu"]
    components.release("three")
    assert one.blocks["shared"].moves == ["cpu", PARKS, "cpu"] and components.held() == 0


def test_what_cannot_be_compiled_is_known_at_the_start() -> None:
    spec = DRILL.model_copy(update={"parameters": {}})  # its first picture fails for want of them
    Residents(Components(NOWHERE, CPU), BYTES).preload([spec])
    with pytest.raises(EngineFailed, match="drill could not make its first picture"):
        Residents(Components(NOWHERE, CPU, compile=True), BYTES).preload([spec])


def test_the_commits_are_those_of_what_a_run_used(tmp_path: Path) -> None:
    spec = load_catalogue().find("sd15-canny")
    for number, name in enumerate([*spec.needs, *spec.loras, "sdxl"]):
        (tmp_path / name).mkdir()
        lock = Lockfile(repository="a/b", revision="main", commit=f"{number}" * 40, patterns=[], files={})
        lock.write(tmp_path / name)
    residents = Residents(Components(Weights(Path("none"), tmp_path), CPU), 1)
    plain = {"sd15": "0" * 40, "controlnet-sd15-canny": "1" * 40}
    assert residents.commits(spec) == plain
    assert residents.commits(spec, ["lcm-lora-sd15"]) == {**plain, "lcm-lora-sd15": "2" * 40}


def test_a_lock_that_cannot_be_read_fails_the_job_and_not_the_worker(tmp_path: Path) -> None:
    (tmp_path / "sd15").mkdir()
    (tmp_path / "sd15" / "lock.json").write_text("{}")
    residents = Residents(Components(Weights(Path("none"), tmp_path), CPU), 1)
    with pytest.raises(EngineFailed, match=r"what sd15 runs on is not known: .*lock\.json cannot be read"):
        residents.commits(load_catalogue().find("sd15"))


def test_what_is_beside_the_engines_counts_and_goes_last() -> None:
    """The segmenter takes 4.5 MB: with it two blocks do not fit, and it goes when the engines that may go are gone."""
    residents = Residents(Components(Weights(WEIGHTS, WEIGHTS), CPU), 5 * 10**6)
    residents.product(np.zeros((40, 40, 3), np.float32))
    beside = residents._auxiliary.held()
    assert 4 * 10**6 < beside < 5 * 10**6
    residents.engine(engine("small", "s1"))
    assert residents._auxiliary.held() == beside
    residents.engine(engine("large", "l1", memory=10**6))
    assert residents.names() == ["large"] and residents._auxiliary.held() == 0
    assert residents.product(np.zeros((40, 40, 3), np.float32)).shape == (40, 40), "loaded again when it is needed"
    assert residents.drop_others(engine("large", "l1")) and residents._auxiliary.held() == 0


def test_what_other_processes_took_of_a_gpu_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    free = [2.5 * BYTES]
    monkeypatch.setattr(device, "room_on", lambda _: free[0] - residents.components.held())
    residents = budgeted(9)
    for spec in (A, B, C):
        residents.engine(spec)
    assert residents.names() == ["b", "c"]
