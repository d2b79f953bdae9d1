"""What must hold when processes die: real Valkey, real workers, real signals."""

import math
import random
import signal
import time
from pathlib import Path

import pytest
import redis

from likeness.contract.errors import JobExpired
from likeness.contract.jobs import JobStatus
from likeness.queue import keys
from tests.conftest import Server
from tests.worker.drill import OWNER, Drill
from tests.worker.metrics.models import save_clip
from worker.queue.leases import PROGRESS_SECONDS

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(180)]


def test_jobs_with_an_equal_batch_key_share_a_run(drill: Drill) -> None:
    ids = [drill.submit(steps=2) for _ in range(6)] + [drill.submit(steps=3)]
    drill.worker()
    jobs = drill.ended(ids, 30)
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert [job.result.batch for job in jobs] == [4, 4, 4, 4, 2, 2, 1]


def test_a_worker_measures_with_the_networks_below_its_models(drill: Drill, tmp_path: Path) -> None:
    save_clip(tmp_path / "models")
    drill.worker(models=str(tmp_path / "models"))
    (job,) = drill.ended([drill.submit()], 60)
    report = job.result.images[0].report
    assert report.score("clip_similarity") > 0.5
    (lpips,) = (score for score in report.fidelity if score.name == "lpips")
    assert lpips.value is None and lpips.reason.startswith("not installed")


def test_a_job_reports_its_steps_a_few_times_a_second_and_always_the_last(drill: Drill) -> None:
    drill.worker()
    job_id = drill.submit(steps=25)

    async def steps(queue):
        return [
            event.progress.step
            async for _, event in queue.events(job_id, OWNER, None)
            if event.progress and event.progress.stage == "denoising"
        ]

    told = drill.call(steps)
    assert told[0] == 1 and told[-1] == 25 and told == sorted(set(told))
    job = drill.job(job_id)
    seconds = (job.ended_at - job.started_at).total_seconds()
    assert 3 < len(told) <= 3 + seconds / PROGRESS_SECONDS


def test_killed_in_mid_batch_every_job_runs_again_and_ends_once(drill: Drill) -> None:
    ids = [drill.submit(steps=30) for _ in range(4)]
    first = drill.worker()
    drill.until(lambda: all(drill.status(job_id) is JobStatus.RUNNING for job_id in ids), 10)
    drill.kill(first)
    killed = time.monotonic()
    drill.worker()
    drill.until(
        lambda: any(
            drill.status(job_id) is JobStatus.RUNNING
            and drill.job(job_id).progress is not None
            and drill.job(job_id).started_at.timestamp() > time.time() - 1
            for job_id in ids
        ),
        40,
    )
    assert time.monotonic() - killed < 30
    jobs = drill.ended(ids, 60)
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert all(len(drill.endings(job_id)) == 1 for job_id in ids)
    assert {job.result.batch for job in jobs} == {1}, "a job whose worker died runs alone"


def test_random_kills_lose_no_job(drill: Drill) -> None:
    ids = [drill.submit(steps=4) for _ in range(24)]
    chance = random.Random(7)
    workers, dead = [drill.worker(), drill.worker()], []
    for _ in range(3):
        time.sleep(chance.uniform(0.1, 0.6))
        victim = chance.randrange(2)
        drill.kill(workers[victim])
        dead.append(workers[victim])
        workers[victim] = drill.worker()
    drill.lapse(*dead)
    jobs = drill.ended(ids, 90)
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert all(drill.endings(job_id) == [JobStatus.SUCCEEDED] for job_id in ids)


def test_a_poisonous_job_fails_and_its_neighbours_do_not(drill: Drill) -> None:
    poison = drill.submit(prompt="kill")
    good = [drill.submit() for _ in range(3)]
    for _ in range(1 + keys.RETRIES):
        worker = drill.worker()
        worker.wait(30)
        drill.lapse(worker)
    drill.worker()
    failed, *others = drill.ended([poison, *good], 30)
    assert failed.error.code == "worker_died"
    assert {job.status for job in others} == {JobStatus.SUCCEEDED}


def test_one_bad_job_of_a_batch_fails_alone(drill: Drill) -> None:
    ids = [drill.submit(prompt="raise"), drill.submit(prompt="memory"), drill.submit(prompt="memory")]
    drill.worker()
    bad, *fitting = drill.ended(ids, 30)
    assert bad.error.code == "engine_failed" and bad.error.fault == "engine"
    assert {job.status for job in fitting} == {JobStatus.SUCCEEDED}, "a batch that does not fit is split"
    assert [job.result.degradations for job in fitting] == [["batch split"]] * 2


def test_a_running_job_is_cancelled_within_a_step_and_its_mates_go_on(drill: Drill) -> None:
    drill.worker()
    blocker = drill.submit(steps=10, strength=0.1)
    drill.until(lambda: drill.status(blocker) is JobStatus.RUNNING, 10)
    mates = [drill.submit(steps=40), drill.submit(steps=40)]
    drill.ended([blocker], 20)
    drill.until(lambda: all((job := drill.job(one)).progress and job.progress.step >= 2 for one in mates), 10)
    seen = drill.job(mates[0]).progress.step
    drill.call(lambda queue: queue.cancel(mates[0], OWNER))
    drill.until(lambda: drill.status(mates[0]).ended, 2)
    assert drill.status(mates[1]) is JobStatus.RUNNING
    cancelled, other = drill.ended(mates, 20)
    assert cancelled.status is JobStatus.CANCELLED and other.status is JobStatus.SUCCEEDED
    heard = math.ceil(2 * PROGRESS_SECONDS / 0.05) + 1  # what was seen is as old as a cancellation is when it is heard
    assert drill.call(lambda queue: _steps_done(queue, mates[0])) <= seen + heard


async def _steps_done(queue, job_id: str) -> int:
    return [event.steps_done async for _, event in queue.events(job_id, OWNER, None)][-1]


def test_a_job_cancelled_while_queued_never_runs(drill: Drill) -> None:
    job_id = drill.submit(steps=5)
    assert drill.call(lambda queue: queue.cancel(job_id, OWNER)).status is JobStatus.CANCELLED
    drill.worker()
    drill.ended([drill.submit()], 20)
    assert drill.job(job_id).started_at is None and drill.endings(job_id) == [JobStatus.CANCELLED]


def test_a_job_deleted_while_running_leaves_nothing(drill: Drill) -> None:
    drill.worker()
    job_id = drill.submit(steps=8)
    drill.until(lambda: drill.status(job_id) is JobStatus.RUNNING, 10)
    drill.call(lambda queue: queue.forget(job_id, OWNER))
    drill.ended([drill.submit()], 20)
    with pytest.raises(JobExpired):
        drill.job(job_id)
    left = drill.call(lambda queue: queue._redis.keys(f"*{job_id}*"))
    assert left == [f"likeness:expired:{job_id}".encode()]


def test_sigterm_finishes_what_runs_and_leaves_the_rest(drill: Drill) -> None:
    worker = drill.worker()
    running = drill.submit(steps=20)
    drill.until(lambda: drill.status(running) is JobStatus.RUNNING, 10)
    waiting = drill.submit(steps=1, strength=0.5)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert drill.status(running) is JobStatus.SUCCEEDED and drill.status(waiting) is JobStatus.QUEUED


def test_a_drain_that_takes_too_long_hands_its_jobs_back(drill: Drill) -> None:
    worker = drill.worker(drain_seconds="0.3")
    job_id = drill.submit(steps=30)
    drill.until(lambda: drill.status(job_id) is JobStatus.RUNNING, 10)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert drill.status(job_id) is JobStatus.QUEUED
    drill.worker()
    assert drill.ended([job_id], 30)[0].result is not None


def test_a_second_sigterm_hands_back_at_once(drill: Drill) -> None:
    worker = drill.worker()
    job_id = drill.submit(steps=50)
    drill.until(lambda: drill.status(job_id) is JobStatus.RUNNING, 10)
    worker.send_signal(signal.SIGTERM)
    time.sleep(1.2)  # sooner it counts as the same signal sent twice
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(5) == 0
    assert drill.status(job_id) is JobStatus.QUEUED


def test_a_job_past_its_bound_fails_at_the_next_step(hasty: Drill) -> None:
    hasty.worker()
    job_id = hasty.submit(steps=1000)
    assert hasty.ended([job_id], 20)[0].error.code == "timeout"


def test_a_batch_may_work_for_as_long_as_its_jobs_may_together(hasty: Drill) -> None:
    jobs = [hasty.submit(steps=80) for _ in range(2)]  # 4 s, of 3 s each
    hasty.worker()
    ended = hasty.ended(jobs, 30)
    assert [job.status for job in ended] == [JobStatus.SUCCEEDED] * 2
    assert [job.result.batch for job in ended] == [2, 2]


def test_a_batch_that_runs_out_of_time_is_halved_before_a_job_fails(hasty: Drill) -> None:
    jobs = [hasty.submit(steps=20, prompt="slow-together") for _ in range(2)]  # 20 s together, of 6 s; 1 s alone
    hasty.worker()
    ended = hasty.ended(jobs, 40)
    assert [job.status for job in ended] == [JobStatus.SUCCEEDED] * 2
    assert [job.result.batch for job in ended] == [1, 1]


def test_a_call_that_never_returns_ends_its_worker_and_fails_its_job(hasty: Drill) -> None:
    worker = hasty.worker(hang_seconds="1")
    job_id = hasty.submit(prompt="hang")
    assert hasty.ended([job_id], 30)[0].error.code == "timeout"
    assert worker.wait(10) == 70


@pytest.mark.parametrize("prompt", ["device-lost", "exit"])
def test_what_only_a_new_process_mends_ends_its_worker_and_leaves_the_job_to_the_next(
    drill: Drill, prompt: str
) -> None:
    job_id = drill.submit(prompt=prompt)
    assert drill.worker().wait(20) == 70
    assert drill.status(job_id) is JobStatus.RUNNING, "until its claim lapses, as after a kill"


def test_the_server_killed_and_restarted_loses_no_job(drill: Drill, server: Server) -> None:
    drill.worker()
    running = drill.submit(steps=30)
    drill.until(lambda: drill.status(running) is JobStatus.RUNNING, 10)
    waiting = [drill.submit(steps=2) for _ in range(3)]
    server.written()
    server.kill()
    time.sleep(0.5)
    server.start()
    jobs = drill.ended([running, *waiting], 60)
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert all(len(drill.endings(job.id)) == 1 for job in jobs)


def test_redis_names_no_code(drill: Drill, tmp_path) -> None:
    """Whoever can write to Redis still cannot have a worker call anything but the one job function."""
    from rq import Queue
    from rq.serializers import JSONSerializer

    proof = tmp_path / "ran"
    with redis.Redis.from_url(drill.redis_url) as client:
        queue = Queue("drill-interactive", connection=client, serializer=JSONSerializer)
        evil = queue.enqueue("os.system", f"touch {proof}")
        assert client.exists(evil.key)
        drill.worker()
        drill.until(lambda: not client.exists(evil.key), 20)
    assert not proof.exists()
    assert drill.ended([drill.submit()], 20)[0].result is not None


def test_a_batch_job_waits_for_interactive_ones(drill: Drill) -> None:
    slow = drill.submit(priority="batch", steps=2)
    fast = drill.submit(steps=2)
    drill.worker()
    late, early = drill.ended([slow, fast], 20)
    assert early.started_at < late.started_at
