"""Steps requested of a pipeline, and steps that it runs."""

import pytest

from worker.diffusion.schedulers import requested_steps
from worker.networks.starter import TIMES


@pytest.mark.parametrize(
    ("steps", "strength", "run"), [(8, 1.0, 8), (8, 0.3, 8), (8, 0.15, 8), (50, 0.9, 50), (8, 0.0, 0)]
)
def test_as_many_steps_are_run_as_were_asked_for(steps: int, strength: float, run: int) -> None:
    asked, ran = requested_steps(steps, strength)
    assert ran == run and asked <= TIMES and int(asked * strength) == run
