"""The limits of the verdict: by kind and figure, those asked over the service's, unknown ones refused by name."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from likeness.contract.errors import NotReady
from likeness.contract.gates import GateKind, Gates, read_gates
from likeness.contract.report import EditThresholds, Verdict, standing_of
from likeness.contract.tasks import Customise, Recreate
from worker.config import Settings
from worker.runs.scoring import thresholds_of


def test_every_kind_has_limits() -> None:
    assert set(Gates.model_fields) == {kind.value for kind in GateKind}
    assert all(Gates().of(kind) for kind in GateKind)


def test_the_last_override_counts_and_null_switches_off() -> None:
    shop, asked = {"colour": {"blotches": 1.0, "fringe": 2.0}}, {"colour": {"blotches": None}}
    limits = Gates().with_overrides(shop, asked).of(GateKind.COLOUR)
    assert limits["blotches"] is None and limits["fringe"] == 2.0
    assert limits["grain"] == Gates().colour.grain


@pytest.mark.parametrize("gates", [{"colur": {}}, {"colour": {"blotch": 1.0}}, {"colour": {"blotches": -1.0}}])
def test_what_is_unknown_or_impossible_is_refused(gates: dict[str, dict[str, float]]) -> None:
    with pytest.raises(ValidationError, match=next(iter(gates))):
        EditThresholds(gates=gates)


def test_a_request_keeps_its_limits_through_the_queue() -> None:
    task = Customise(instruction="make it red", thresholds={"gates": {"colour": {"fringe": None}}})
    again = Customise.model_validate_json(task.model_dump_json())
    assert again.thresholds.gates == {"colour": {"fringe": None}}
    assert "gates" not in again.thresholds.asked()


def test_a_task_overrides_the_service() -> None:
    task = Recreate(thresholds={"gates": {"recreate": {"grain": 9.0}}})
    gates = thresholds_of(task, {"recreate": {"grain": 1.0, "blocks": None}}).gates
    assert gates["recreate"] == {"grain": 9.0, "blocks": None}


def test_a_worker_reads_the_file_that_its_settings_name(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.json"
    file.write_text(json.dumps({"colour": {"blotches": 1.5}}))
    assert read_gates(file) == Settings(thresholds=file).gates == {"colour": {"blotches": 1.5}}
    file.write_text('{"colour": {"blotch": 1.5}}')
    with pytest.raises(NotReady, match="LIKENESS_THRESHOLDS"):
        _ = Settings(thresholds=file).gates
    assert Settings().gates == {}


def test_verdicts_stand_in_order() -> None:
    order = [
        (Verdict.ACCEPTED, False),
        (Verdict.NOT_JUDGED, False),
        (Verdict.REJECTED, True),
        (Verdict.REJECTED, False),
    ]
    assert [standing_of(*each) for each in order] == [3, 2, 1, 0]
