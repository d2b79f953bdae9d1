"""Steps requested of a pipeline, and steps that it runs."""

import pytest
from diffusers.schedulers import EulerDiscreteScheduler

from worker.diffusion.schedulers import TRAILING, last_steps, requested_steps, scheduler_of
from worker.networks.starter import TIMES


@pytest.mark.parametrize(
    ("steps", "strength", "run"), [(8, 1.0, 8), (8, 0.3, 8), (8, 0.15, 8), (50, 0.9, 50), (8, 0.0, 0)]
)
def test_as_many_steps_are_run_as_were_asked_for(steps: int, strength: float, run: int) -> None:
    asked, ran = requested_steps(steps, strength)
    assert ran == run and asked <= TIMES and int(asked * strength) == run


@pytest.mark.parametrize(
    ("steps", "strength", "times"),
    [
        (4, 1.0, [999, 749, 499, 249]),
        (4, 0.5, [499, 249]),
        (4, 0.2, [249]),
        (4, 0.01, [249]),
        (8, 0.6, [624, 499, 374, 249, 124]),
        (49, 1 / 49, [19]),
    ],
)
def test_a_network_of_few_times_runs_the_last_of_them(steps: int, strength: float, times: list[int]) -> None:
    """As diffusers' img2img pipelines cut them: SDXL-Lightning was trained at no others."""
    run, asked = last_steps(steps, strength)
    scheduler = scheduler_of(EulerDiscreteScheduler(), TRAILING)
    scheduler.set_timesteps(steps)
    left = min(int(steps * asked), steps)
    assert [round(float(time)) for time in scheduler.timesteps[steps - left :]] == times and left == run
