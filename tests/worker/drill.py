"""A drill: a real Valkey, real workers and the service's real queue, with the drill engine."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from PIL import Image

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import Job, JobOrder, JobStatus, new_job_id
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Recreate
from likeness.queue import keys
from likeness.storage.pictures import PictureStore
from service.auth.keys import UNLIMITED, KeyLimits
from service.queue.jobs import JobQueue
from tests.support.places import DRILL_CATALOGUE

CATALOGUE = DRILL_CATALOGUE
OWNER = "tests"


def picture(shade: int = 90) -> bytes:
    """Return a small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (shade, 120, 60)).save(file, "PNG")
    return file.getvalue()


class Drill:
    """One server's jobs and workers."""

    def __init__(self, redis_url: str, folder: Path, catalogue: Path = CATALOGUE) -> None:
        self.redis_url = redis_url
        self.store_url = f"file://{folder / 'store'}"
        self.folder = folder
        self.store = PictureStore.open(self.store_url)
        self.catalogue_file = catalogue
        self.catalogue: Catalogue = load_catalogue(catalogue)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.owners: dict[str, str] = {}

    def worker(self, **settings: str) -> subprocess.Popen[bytes]:
        """Start a worker process and return it once it is listening."""
        before = {one.worker for one in self.call(lambda queue: queue.residency())}
        process = self.starting(**settings)
        self.until(lambda: {one.worker for one in self.call(lambda queue: queue.residency())} - before, 60)
        return process

    def starting(self, program: Sequence[str] = ("worker",), **settings: str) -> subprocess.Popen[bytes]:
        """Start a worker process, or another module that is one."""
        environment = {
            **os.environ,
            "LIKENESS_REDIS_URL": self.redis_url,
            "LIKENESS_STORE_URL": self.store_url,
            "LIKENESS_CATALOGUE": str(self.catalogue_file),
            **{f"LIKENESS_{name.upper()}": value for name, value in settings.items()},
        }
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", *program], env=environment, stderr=log, stdout=log)
        self.workers.append(process)
        return process

    def stop(self) -> None:
        """End every worker still running."""
        for process in self.workers:
            if process.poll() is None:
                process.kill()
            process.wait()

    def call(self, use: Any) -> Any:
        """Run one coroutine on the service's queue."""

        async def inner() -> Any:
            queue = JobQueue.connect(self.redis_url, max_queued=1000, lifetime=600)
            try:
                return await use(queue)
            finally:
                await queue.close()

        return asyncio.run(inner())

    def submit(self, owner: str = OWNER, limits: KeyLimits = UNLIMITED, **fields: Any) -> str:
        """Accept one job as the service does, and return its id."""
        order, spec = self.order(owner, **fields)
        self.call(lambda queue: queue.accept(order, spec, None, limits))
        return order.id

    def order(self, owner: str = OWNER, **fields: Any) -> tuple[JobOrder, EngineSpec]:
        """Return what would be accepted, its image stored, and its engine."""
        task = Recreate(**fields)
        spec = self.catalogue.choose(task)
        job_id = new_job_id()
        self.owners[job_id] = owner
        stored = self.store.put(job_id, picture(), "image/png")
        order = JobOrder(
            id=job_id,
            owner=owner,
            engine=spec.name,
            task=task,
            input=stored,
            created_at=datetime.now(UTC),
            batch_key=PlannedRun.of(spec, task).batch_key(16, 16),
            timeout=spec.bound(task, 16, 16),
        )
        return order, spec

    def job(self, job_id: str) -> Job:
        """Return a job."""
        return self.call(lambda queue: queue.fetch(job_id, self.owners[job_id]))

    def status(self, job_id: str) -> JobStatus:
        """Return where a job stands."""
        return self.job(job_id).status

    def ended(self, job_ids: list[str], seconds: float) -> list[Job]:
        """Return the jobs once their events tell that all have ended; fail the test after `seconds`."""

        async def follow(queue: JobQueue) -> list[Job]:
            async with asyncio.timeout(seconds):
                for job_id in job_ids:
                    async for _ in queue.events(job_id, self.owners[job_id], None):
                        pass
            return [await queue.fetch(job_id, self.owners[job_id]) for job_id in job_ids]

        try:
            return self.call(follow)
        except TimeoutError:
            raise AssertionError(f"not all ended within {seconds} s; the workers said:\n{self.logs()}") from None

    def endings(self, job_id: str) -> list[JobStatus]:
        """Return each ending that the job's event stream tells of: exactly one, if all is well."""

        async def collect(queue: JobQueue) -> list[JobStatus]:
            raw = await queue._redis.xrange(f"likeness:events:{job_id}")
            found = [JobStatus(json.loads(fields[b"data"])["status"]) for _, fields in raw]
            return [status for status in found if status.ended]

        return self.call(collect)

    def until(self, true: Any, seconds: float) -> None:
        """Wait for a condition, or fail with the workers' logs."""
        limit = time.monotonic() + seconds
        while not true():
            if time.monotonic() > limit:
                raise AssertionError(f"still not so after {seconds} s; the workers said:\n{self.logs()}")
            time.sleep(0.05)

    def logs(self) -> str:
        """Return the end of what each worker said."""
        return "\n".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("worker-*.log")))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a worker with SIGKILL."""
        process.send_signal(signal.SIGKILL)
        process.wait()

    def lapse(self, *dead: subprocess.Popen[bytes]) -> None:
        """Let the claims of workers that were killed lapse now, as LEASE_SECONDS of silence would."""
        with redis.Redis.from_url(self.redis_url) as client:
            for pool in self.catalogue.pools:
                for queue in keys.queue_names([pool]):
                    client.delete(f"rq:clean_registries:{queue}")
                    for entry in client.zrange(f"rq:wip:{queue}", 0, -1):
                        job = keys.JOB_KEY.format(id=entry.decode().partition(":")[0])
                        if any(f"-{one.pid}-".encode() in (client.hget(job, "worker_name") or b"") for one in dead):
                            client.zadd(f"rq:wip:{queue}", {entry: 1}, xx=True)
