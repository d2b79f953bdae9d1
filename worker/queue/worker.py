"""The worker that keeps engines resident and runs jobs together.

- A run takes the head of a queue and the jobs with its batch key, computes all of them, then records how each ended;
- a run of batch jobs gives way to interactive ones at its next step (listener.py, docs/decisions/0016);
- runs overlap: one is prepared while another has the device and the last is finished (docs/decisions/0014);
- a lease on a job expires after LEASE_SECONDS unless a thread renews it (heartbeat.py), and only who holds the lease
  may record (recording.py);
- a job whose lease expired runs again, alone; after its last retry it fails as `worker_died` (recovery.py).
"""

import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from types import FrameType
from typing import Final, cast

import structlog
from redis.exceptions import RedisError
from rq.queue import Queue
from rq.utils import now
from rq.worker.base import WorkerStatus

from likeness.queue import keys
from worker.config import Settings
from worker.engine import DeviceLost, Draining, GivesWay
from worker.queue.heartbeat import Heartbeat, exit_now, give_up
from worker.queue.job import LikenessJob, LikenessQueue, fetch
from worker.queue.leased_run import STOP_SECONDS, Drain, LeasedRun
from worker.queue.leases import Lease
from worker.queue.listener import Listener
from worker.queue.recording import RecordingWorker
from worker.queue.recovery import look_after
from worker.queue.registry import WorkerRegistry
from worker.queue.scheduling import Scheduler, is_batch
from worker.queue.scripts import LOOK_AHEAD, MATES, MEAN_SERVICE_TIME, UNSTICK
from worker.runs.context import Context

MOST_RUNS: Final = 4
"""Runs that a worker holds at once: one is prepared, one has the device, two are finished."""
NICENESS: Final = 10
"""Of the threads of batch runs, as of nice(1): beside other work they get a tenth of a processor core."""
LOOK_SECONDS: Final = 0.01
"""How often a worker that must wait for its own runs looks whether they are over."""

log = structlog.get_logger()


class BatchWorker(RecordingWorker):
    """A worker that holds engines and runs jobs together: its main thread takes jobs, others run them."""

    def __init__(self, name: str, settings: Settings, context: Context, pools: list[str]) -> None:
        super().__init__(name, context, pools, settings.redis_url)
        self.settings = settings
        self.underway: list[LeasedRun] = []
        self._drain = Drain(settings.drain_seconds)
        self._threads = ThreadPoolExecutor(MOST_RUNS, "run")
        self._batch_threads = ThreadPoolExecutor(MOST_RUNS, "batch-run", _be_nice)
        self._last_end = 0.0
        self._seen_taken: dict[str, list[bytes]] = {}
        registry = WorkerRegistry(name, pools, context.catalogue, context.residents, self.brief, settings.alive_file)
        self._heartbeat = Heartbeat(self, registry, self.underway, settings.hang_seconds)
        self._scheduler, self._way = Scheduler(), threading.Event()
        for queue in cast(list[LikenessQueue], self.queues):
            queue.left_to_others, queue.scheduler = registry.elsewhere, self._scheduler
            queue.has_room, queue.wait_for_room = self._has_room, self._wait_for_room
        interactive = [queue.name for queue in self.queues if not is_batch(queue.name)]
        self._listener = Listener(self.brief, interactive, registry.elsewhere, self._would_make_way, self._make_way)

    def serve(self) -> None:
        """Work until told to stop."""
        self._heartbeat.start()
        self._listener.start()
        self.work(logging_level="WARNING")

    # Taking jobs, in the main thread.

    def _has_room(self) -> bool:
        """Return whether another run is to be begun: all others are past being prepared, the device is nearly free.

        What gives way does so by its next step: another run is prepared until then.
        """
        runs = list(self.underway)
        staying = [run for run in runs if not run.gives_way]
        if any(run.alone or not run.begun for run in staying) or len(staying) >= MOST_RUNS:
            return False
        newest = _newest(runs)
        if newest and newest.gives_way:
            return self.context.turns.has_memory()
        return not runs or self.context.turns.next_is_due()

    def _wait_for_room(self, seconds: float) -> None:
        self._way.wait(seconds)
        self._way.clear()

    # Giving way to interactive jobs, in a thread of its own.

    def _would_make_way(self) -> bool:
        """Return whether this worker is busy, and only with what may give way to an interactive job."""
        newest = _newest(list(self.underway))
        stays = newest is None or not newest.may_give_way or newest.gives_way
        return not stays and not self._stop_requested and not self._has_room()

    def _make_way(self) -> None:
        for run in list(self.underway):
            run.gives_way = run.may_give_way
        self._way.set()

    def execute_job(self, job: LikenessJob, queue: Queue) -> None:
        """Begin a run of `job` and the others with its batch key that wait behind it, in a thread of its own."""
        self._state = WorkerStatus.BUSY  # a signal to stop waits until its jobs are leased
        try:
            alone = job.retries_left != keys.RETRIES  # it may be what killed its worker, and would take others along
            if alone and not self._all_over():
                queue.connection.eval(UNSTICK, 2, queue.key, job.key, job.id)
                return
            leases: list[Lease] = []
            for one in self._with_mates(job, queue):
                if lease := self.lease(one, queue, leases[0].job.id if leases else None):
                    leases.append(lease)
            if leases:
                may_give_way = self.settings.interrupt_batch and is_batch(queue.name) and not (alone or job.overdue)
                self._begin(LeasedRun(self, leases, self._drain, alone=alone, may_give_way=may_give_way))
        finally:
            self._state = WorkerStatus.IDLE

    def _all_over(self) -> bool:
        """Wait until no run is under way; return False where this worker is told to stop before that."""
        while self.underway and not self._stop_requested:
            time.sleep(LOOK_SECONDS)
        return not self.underway

    def _begin(self, run: LeasedRun) -> None:
        for lease in run.leases:
            lease.job.together = len(run.leases)
        self.underway.append(run)
        threads = self._batch_threads if is_batch(run.leases[0].queue.name) else self._threads
        threads.submit(self._see_through, run)

    def _with_mates(self, job: LikenessJob, queue: Queue) -> list[LikenessJob]:
        jobs = [job]
        most = self._most_together(job.batch_key.split(":")[0]) - 1
        if job.batch_key and most and job.retries_left == keys.RETRIES:
            ids = self.connection.eval(MATES, 1, queue.key, job.batch_key, most, LOOK_AHEAD, keys.RETRIES)
            jobs += [mate for job_id in cast(list[bytes], ids) if (mate := fetch(queue, job_id.decode()))]
        return jobs

    def _most_together(self, engine: str) -> int:
        known = [spec.batch for spec in self.context.catalogue.engines if spec.name == engine]
        return min([*known, self.settings.max_batch]) if known else 1

    # A run, from its leases to recording how each ended, in a thread of its own.

    def _see_through(self, run: LeasedRun) -> None:
        """Run jobs to their end. What only a new process mends ends this one."""
        began = time.monotonic()
        try:
            run.execute()
        except Draining:
            self.hurry(max(STOP_SECONDS, self._drain.left()))
            self.hand_back(run.leases)
        except GivesWay:
            self._scheduler.gave_way()
            self.telemetry.gave_way()
            self.hand_back(run.leases)
            return
        except DeviceLost as error:
            give_up(self, run, self.underway, "the device is lost; this worker ends", error)
        except (
            BaseException
        ) as error:  # of this thread nobody else would hear, and its leases would be renewed for ever
            give_up(self, run, self.underway, "a run failed in a way that no job explains; this worker ends", error)
        finally:
            self.underway.remove(run)
            self._way.set()
        self._note_pace(run, began)

    def _note_pace(self, run: LeasedRun, began: float) -> None:
        """Note how long a job of this queue takes; where runs overlap, how long after the one before it ended."""
        ended = time.monotonic()
        mean = (ended - max(began, self._last_end)) / sum(lease.order.runs for lease in run.leases)
        self._last_end = ended
        key = keys.MEAN_SERVICE_TIME_KEY.format(queue=run.leases[0].queue.name)
        with suppress(RedisError):
            self.brief.eval(MEAN_SERVICE_TIME, 1, key, mean, keys.MEAN_SERVICE_TIME_SECONDS)

    # Being told to stop, and looking after what others lost.

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish what has begun within `drain_seconds`, or hand its jobs back; a second signal hands them back at once.

        Jobs that wait for the device go back at once.
        """
        self._drain.begin()
        self.hurry(self.settings.drain_seconds)
        super().request_stop(signum, frame)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """Hand everything back and end. A second signal within a second is the same one, sent to the whole group."""
        if (now() - cast(datetime, self._shutdown_requested_date)).total_seconds() < 1:
            return
        self.hurry()
        with suppress(RedisError):  # the leases expire, and the jobs run again
            self.hand_back(list(self.leases.values()))
        self.register_death()
        exit_now(self, 0)

    def teardown(self) -> None:
        """Let the runs under way end, then go."""
        self._threads.shutdown()
        self._batch_threads.shutdown()
        super().teardown()

    def clean_registries(self) -> None:
        """Look after each queue that no other worker is looking after."""
        for queue in self.queues:
            if queue.acquire_maintenance_lock():
                seen = self._seen_taken.get(queue.name, [])
                self._seen_taken[queue.name] = look_after(queue, self.name, seen, self.telemetry)
                queue.release_maintenance_lock()
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ declares it as None


def _be_nice() -> None:
    """Leave the processor to interactive runs; what this thread starts inherits that. Elsewhere than on Linux nothing.

    There the niceness is each thread's own, and who is 0 is the calling thread.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # where even that is forbidden, jobs run all the same
            os.setpriority(os.PRIO_PROCESS, 0, min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS))


def _newest(runs: Sequence[LeasedRun]) -> LeasedRun | None:
    """Return the run that has the device, where any has it: the last that began, or the first that is to begin."""
    begun = [run for run in runs if run.begun]
    return begun[-1] if begun else next(iter(runs), None)
