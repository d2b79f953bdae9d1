"""Minutes of a Redis that answers and takes no writes: `python -m benchmarks.refusing [--minutes 5]`.

The whole stack on this machine, with two workers and an engine that takes a set time, computes jobs when Redis'
memory is full. Prints how many programs are the same processes at the end as at the beginning, what became of the jobs
that ran and waited when it began, and how the service answered meanwhile.
"""

import argparse
import io
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image
from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.soak import ENDED, running
from likeness.local.supervisor import Stack

RUNNING, WAITING, STEPS = 2, 6, 40
ASK_SECONDS = 2.0
END_SECONDS = 240.0


@dataclass
class Seen:
    """What was seen."""

    minutes: float
    programs: int = 0
    same: int = 0
    """Of the programs, those that were not started again."""
    answers: Counter[int] = field(default_factory=Counter)
    """To jobs that were handed in while Redis took no writes."""
    statuses: Counter[str] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    """How often the jobs that succeeded were run."""

    def table(self) -> Table:
        """Return it as a table."""
        table = Table("what", "figure")
        table.add_row("minutes without writes", f"{self.minutes:g}")
        table.add_row("programs that lived through it", f"{self.same} of {self.programs}")
        for name, counts in (("answers", self.answers), ("jobs", self.statuses), ("runs of a job", self.attempts)):
            table.add_row(name, ", ".join(f"{count} x {what}" for what, count in sorted(counts.items())))
        return table


def measure(stack: Stack, minutes: float) -> Seen:
    """Let Redis refuse for so long, and see what becomes of programs and jobs."""
    seen, file = Seen(minutes), io.BytesIO()
    Image.new("RGB", (64, 64), (90, 120, 60)).save(file, "PNG")
    sent = {"files": {"image": ("a.png", file.getvalue())}, "data": {"steps": str(STEPS)}}
    with httpx.Client(base_url=stack.settings.url, timeout=40, trust_env=False) as http:
        jobs = [http.post("/recreate", **sent).raise_for_status().json()["id"] for _ in range(RUNNING + WAITING)]
        before = processes(stack)
        with Redis.from_url(stack.redis_url or "") as redis:
            redis.config_set("maxmemory", 1)
            until = time.monotonic() + 60 * minutes
            while time.monotonic() < until:
                seen.answers[http.post("/recreate", **sent).status_code] += 1
                time.sleep(ASK_SECONDS)
            redis.config_set("maxmemory", 0)
        for job in jobs:
            told = _ended(http, job)
            seen.statuses[told["status"]] += 1
            if told["status"] == "succeeded":
                seen.attempts[told["result"]["attempts"]] += 1
        after = processes(stack)
    seen.programs, seen.same = len(before), sum(after[name] == pid for name, pid in before.items())
    return seen


def processes(stack: Stack) -> dict[str, int]:
    """Return the process of each program."""
    return {kept.program.name: kept.child.process.pid for kept in stack.programs()}


def _ended(http: httpx.Client, job: str) -> dict[str, Any]:
    limit = time.monotonic() + END_SECONDS
    while True:
        told = http.get(f"/jobs/{job}", params={"wait": 10})
        if told.is_success and (told.json()["status"] in ENDED or time.monotonic() > limit):
            return dict(told.json())
        time.sleep(0.1)


def main() -> None:
    """Run it and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    with running() as stack:
        Console().print(measure(stack, parser.parse_args().minutes).table())


if __name__ == "__main__":
    main()
