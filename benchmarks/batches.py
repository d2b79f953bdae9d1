"""A shop's night, rehearsed: `python -m benchmarks.batches [night] [pace] [room] [beside] [--items 100] [--seed 0]`.

Each part has a whole stack of its own on this machine, with two workers and an engine that takes a set time.

- night: `likeness batch run` makes the items by three recipes, while worker, service, feeder, Valkey and the command
  itself are killed in turn with SIGKILL, and the command is started again; then its folder is compared with what the
  service says.
- pace: the same jobs posted by hand, one by one with the priority `batch`, and as a batch: jobs a second of each.
- room: 100,000 items are posted as JSONL, as JSON, as CSV, and as JSON of nearly as many bytes as are taken, most of
  them random letters; the most memory that the service had, and the bytes of Redis for each item.
- beside: so many interactive jobs one after the other, without a batch and beside one, in turn; with two engines.
"""

import argparse
import hashlib
import io
import itertools
import json
import os
import random
import signal
import string
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
from PIL import Image
from redis import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from benchmarks.beside import beside
from benchmarks.soak import running
from likeness.client import Client, LikenessProblem
from likeness.local.supervisor import Stack

RECIPES: Final = ("plain", "strong", "third")
STEPS: Final = 5
KILLED: Final = ("worker-1", "service", "feeder", "valkey", "command")
KILL_SECONDS: Final = (13.0, 20.0)
"""From one kill to the next: each program lives for longer than after which the stack starts it again at once."""
ROOM_ITEMS: Final = 100_000
LONG_WORDS: Final = 520
"""Characters of each item that make a body of 62 MB of them."""
LONGEST: Final = 3600.0
DONE: Final = (0, 2)
"""Exit codes of a command that has finished: 2 where results were rejected."""

Rows = list[tuple[str, str, str]]
"""What was measured, its value, what was asked."""


def picture(number: int) -> bytes:
    """Return a small PNG of its own."""
    file = io.BytesIO()
    Image.new("RGB", (48, 32), (number % 256, number // 256 % 256, 90)).save(file, "PNG")
    return file.getvalue()


def plan(folder: Path, items: int) -> None:
    """Write the photos, the plan and the recipes of a night."""
    (folder / "photos").mkdir()
    for number in range(items):
        (folder / "photos" / f"{number}.png").write_bytes(picture(number))
    rows = [f"SKU-{number},{number}.png" for number in range(items)]
    (folder / "plan.csv").write_text("\n".join(["reference,image", *rows]) + "\n", "utf-8")
    tables = [
        f'[[recipe]]\nname = "{name}"\nkind = "recreate"\nsteps = {STEPS}\nseed = {number}\n'
        for number, name in enumerate(RECIPES)
    ]
    (folder / "recipes.toml").write_text("\n".join(tables), "utf-8")


def command(folder: Path, url: str) -> "subprocess.Popen[bytes]":
    """Start `likeness batch run`."""
    named = ["--recipes", folder / "recipes.toml", "--images", folder / "photos", "--out", folder / "out", "--url", url]
    arguments = [sys.executable, "-m", "likeness.cli", "batch", "run", folder / "plan.csv", *named]
    with (folder / "command.log").open("ab") as log:
        return subprocess.Popen([str(one) for one in arguments], stdout=log, stderr=log)


def night(items: int, seed: int) -> Rows:
    """Rehearse a night and return what became of it."""
    chance, killed = random.Random(seed), Counter[str]()  # noqa: S311  which program dies when
    with running() as stack, tempfile.TemporaryDirectory(prefix="lk-night-") as name:
        folder = Path(name)
        plan(folder, items)
        began = time.monotonic()
        process = command(folder, stack.settings.url)
        turns = itertools.cycle(KILLED)
        while process.poll() not in DONE and time.monotonic() - began < LONGEST:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(*KILL_SECONDS))
            if process.poll() is None:
                _kill(stack, process, victim := next(turns))
                killed[victim] += 1
            if process.poll() not in (None, *DONE):
                process = command(folder, stack.settings.url)
        seconds = time.monotonic() - began
        return [
            ("killed", ", ".join(f"{name} {count}" for name, count in killed.items()), "each in turn"),
            ("seconds", f"{seconds:.0f}", ""),
            *_compared(stack, folder, items),
        ]


def _kill(stack: Stack, process: "subprocess.Popen[bytes]", victim: str) -> None:
    if victim == "command":
        process.kill()
        process.wait()
        return
    found = [kept for kept in stack.programs() if kept.program.name == victim and kept.child.alive]
    for kept in found:
        os.kill(kept.child.process.pid, signal.SIGKILL)


def _compared(stack: Stack, folder: Path, items: int) -> Rows:
    """Compare the folder of the command with what the service says."""
    lines = [json.loads(line) for line in (folder / "out" / "manifest.jsonl").read_text("utf-8").splitlines()]
    pairs = Counter((line["reference"], line["recipe"]) for line in lines)
    whole = sum(
        hashlib.sha256((folder / "out" / line["file"]).read_bytes()).hexdigest() == line["sha256"]
        for line in lines
        if line.get("file")
    )
    with Client(stack.settings.url) as client:
        batches = list(client.batches())
        told = [row for batch in batches for row in client.manifest(batch).rows]
        used = client.usage(2).days
    asked = items * len(RECIPES)
    statuses = Counter(line["status"] for line in lines)
    return [
        ("lines of manifest.jsonl", str(len(lines)), f"= {asked}"),
        ("jobs that are there more than once", str(sum(count > 1 for count in pairs.values())), "= 0"),
        ("by status", ", ".join(f"{name} {count}" for name, count in statuses.items()), f"succeeded {asked}"),
        ("files that are what the manifest says", str(whole), f"= {asked}"),
        ("batches", str(len(batches)), "= 1"),
        ("rows of the service's manifest, ended", str(sum(row.status == "succeeded" for row in told)), f"= {asked}"),
        ("jobs accepted", str(sum(day.accepted for day in used)), f"= {asked}"),
    ]


def pace(items: int, _seed: int) -> Rows:
    """Return jobs a second by hand and as a batch."""
    with running() as stack, Client(stack.settings.url) as client:
        pictures = [picture(number) for number in range(items)]
        fields = [{"steps": STEPS, "seed": number} for number in range(len(RECIPES))]
        by_hand = _timed(lambda: _by_hand(client, pictures, fields))
        uploads = [client.upload(data) for data in pictures]
        as_batch = _timed(lambda: _as_batch(client, uploads, fields))
    jobs = items * len(fields)
    return [
        ("jobs a second, by hand", f"{jobs / by_hand:.2f}", ""),
        ("jobs a second, as a batch", f"{jobs / as_batch:.2f}", ""),
        ("as a batch over by hand", f"{by_hand / as_batch:.3f}", ">= 0.95"),
    ]


def _timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _by_hand(client: Client, pictures: list[bytes], fields: list[dict[str, int]]) -> None:
    def post(job: tuple[bytes, dict[str, int]]) -> str:
        return client.recreate(job[0], priority="batch", **job[1]).id

    with ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(post, itertools.product(pictures, fields)))
    for job in jobs:
        client.wait(job, timeout=LONGEST)


def _as_batch(client: Client, uploads: list[str], fields: list[dict[str, int]]) -> None:
    recipes = [{"name": name, "kind": "recreate", **own} for name, own in zip(RECIPES, fields, strict=True)]
    items = [{"reference": str(number), "image": {"upload": one}} for number, one in enumerate(uploads)]
    batch = client.submit_batch(recipes, items)
    while client.batch(batch).state != "ended":
        time.sleep(0.1)


def room(_items: int, _seed: int) -> Rows:
    """Return the memory that 100,000 items take, in each form that they are taken in."""
    return [row for name, (body, headers) in _bodies() for row in _room(name, body, headers)]


def _room(name: str, body: bytes, headers: dict[str, str]) -> Rows:
    with running() as stack:
        service = next(kept for kept in stack.programs() if kept.program.name == "service").child.process.pid
        before = _redis_bytes(stack)
        began = time.monotonic()
        with httpx.Client(base_url=stack.settings.url, timeout=600, trust_env=False) as http:
            answer = http.post("/batches", content=body, headers=headers)
            answer.raise_for_status()
            here = answer.json()["links"]["self"]
            http.post(f"{here}/pause").raise_for_status()
            seconds = time.monotonic() - began
            time.sleep(3)
            item = (_redis_bytes(stack) - before) / ROOM_ITEMS
            http.delete(here).raise_for_status()
        peak = _peak(service)
    return [
        (f"{name}: {ROOM_ITEMS} items, {len(body) / 1e6:.1f} MB, accepted in", f"{seconds:.1f} s", ""),
        (f"{name}: most memory of the service", f"{peak:.0f} MB", "<= 200 MB"),
        (f"{name}: Redis, each item by three recipes", f"{item:.0f} bytes", "<= 200 bytes"),
    ]


def _bodies() -> Iterator[tuple[str, tuple[bytes, dict[str, str]]]]:
    """Yield the same batch in each form, with the headers that say so."""
    recipes = [{"name": name, "kind": "recreate", "seed": number} for number, name in enumerate(RECIPES)]
    items = [
        {"reference": f"SKU-{number:06d}", "image": f"https://shop.example.com/photos/{number:06d}.jpg"}
        for number in range(ROOM_ITEMS)
    ]
    lines = "\n".join(json.dumps(one) for one in ({"recipes": recipes}, *items))
    yield "JSONL", (lines.encode(), {"Content-Type": "application/jsonl"})
    as_json = {"Content-Type": "application/json"}
    yield "JSON", (json.dumps({"recipes": recipes, "items": items}).encode(), as_json)
    rows = "\n".join(["reference,image", *(f"{item['reference']},{item['image']}" for item in items)])
    form = httpx.Request(
        "POST",
        "http://localhost",
        data={"recipes": json.dumps(recipes)},
        files={"items": ("plan.csv", rows.encode(), "text/csv")},
    )
    yield "CSV", (form.read(), {"Content-Type": form.headers["Content-Type"]})
    worded = [{**recipe, "prompt": "{words}"} for recipe in recipes]
    chance = random.Random(0)  # noqa: S311  letters that no compression makes much shorter
    long = [{**item, "words": "".join(chance.choices(string.ascii_letters, k=LONG_WORDS))} for item in items]
    yield "long JSON", (json.dumps({"recipes": worded, "items": long}).encode(), as_json)


def _redis_bytes(stack: Stack) -> int:
    with Redis.from_url(stack.redis_url or "") as redis:
        return int(redis.info("memory")["used_memory_dataset"])


def _peak(process: int) -> float:
    """Return the most memory that a process had so far, in MB (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


PARTS: Final[dict[str, Callable[[int, int], Rows]]] = {
    "night": night,
    "pace": pace,
    "room": room,
    "beside": lambda items, _seed: beside(items),
}


def main() -> None:
    """Run the parts that are named, or all, and print what they found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in options.parts or PARTS:
        table = Table(name, "figure", "asked")
        try:
            for row in PARTS[name](options.items, options.seed):
                table.add_row(*row)
        except (LikenessProblem, RedisError) as error:
            table.add_row("broke off", str(error), "")
        Console().print(table)


if __name__ == "__main__":
    main()
