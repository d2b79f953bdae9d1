"""The programs of Likeness on this machine: what they say of themselves, and the variables that they read."""

import subprocess
import sys
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TypeVar

from pydantic import ValidationError

from likeness.contract.about import ServiceAbout, WorkerAbout
from likeness.doctor.findings import Finding, Standing
from likeness.local.readiness import missing_of

SECONDS = 120
"""How long a program may take to say what it is: importing torch is slow on a cold disk."""
NEEDED = {"service": "fastapi", "worker": "torch", "models": "huggingface_hub"}
"""A package that each optional part cannot do without."""
OURS = "LIKENESS_"
About = TypeVar("About", ServiceAbout, WorkerAbout)


def about_parts() -> Finding:
    """Return which optional parts are installed."""
    absent = [part for part, package in NEEDED.items() if find_spec(package) is None]
    if not absent:
        return Finding("programs", Standing.OK, "service, worker and models are installed")
    standing = Standing.PROBLEM if {"service", "worker"} <= set(absent) else Standing.NOTE
    return Finding("programs", standing, f"not installed here: {', '.join(absent)}", _install(absent))


def _install(parts: Collection[str]) -> str:
    return f"pip install 'likeness[{','.join(parts)}]'"


def asked(program: str, known: type[About], environment: Mapping[str, str]) -> About | None:
    """Return what a program says of itself; None where it is not installed."""
    if find_spec(program) is None or find_spec(NEEDED[program]) is None:
        return None
    command = [sys.executable, "-P", "-m", f"{program}.about"]
    try:
        done = subprocess.run(  # noqa: S603  our own module
            command, env=dict(environment), capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return known.model_validate_json(done.stdout.strip().rpartition("\n")[2])
    except subprocess.TimeoutExpired:
        return known(problem=f"it did not answer within {SECONDS} s")
    except ValidationError:
        last = done.stderr.strip().rpartition("\n")[2]
        return known(problem=last or f"it ended with code {done.returncode} and said nothing")


def about_settings(
    environment: Mapping[str, str], known: Collection[str], abouts: Mapping[str, ServiceAbout | WorkerAbout | None]
) -> list[Finding]:
    """Return what is wrong with the variables: values that a program refuses, and names that none of them reads."""
    found = [
        Finding("settings", Standing.PROBLEM, f"the {program} cannot start: {about.problem}", "see docs/operations.md")
        for program, about in abouts.items()
        if about and about.problem
    ]
    read = {*known, *(name for about in abouts.values() if about for name in about.settings)}
    mine = sorted(name for name in environment if name.startswith(OURS))
    found += [_unknown(name, read) for name in mine if name not in read]
    if found:
        return found
    return [Finding("settings", Standing.OK, ", ".join(mine) or "all as they are by default")]


def _unknown(name: str, read: Collection[str]) -> Finding:
    near = get_close_matches(name, read, 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return Finding("settings", Standing.WARNING, f"nothing reads {name}{meant}", f"unset {name}")


def about_stack(service: ServiceAbout | None, url: str, environment: Mapping[str, str]) -> list[Finding]:
    """Return how service, queue, store and workers stand: those of the settings, and the service at `url`."""
    missing = missing_of(url)
    if missing is None:
        answer = Finding("service", Standing.OK, f"{url} is ready: queue, store and workers answer")
    else:
        standing = Standing.NOTE if missing.startswith("the service does not respond") else Standing.PROBLEM
        answer = Finding("service", standing, f"{url}: {missing}", "likeness up")
    return [answer, *_of_settings(service, environment)]


def _of_settings(service: ServiceAbout | None, environment: Mapping[str, str]) -> list[Finding]:
    if service is None or service.problem:
        return []
    found = []
    if queue := environment.get("LIKENESS_REDIS_URL"):
        found.append(
            _answers("queue", service.queue, "the queue of LIKENESS_REDIS_URL", f"start Redis at {_bare(queue)}")
        )
        if not service.queue:
            found.append(_workers(service))
    if "LIKENESS_STORE_URL" in environment:
        found.append(_answers("store", service.store, "the store of LIKENESS_STORE_URL", "see docs/storage.md"))
    return found


def _answers(name: str, wrong: str | None, what: str, advice: str) -> Finding:
    if wrong:
        return Finding(name, Standing.PROBLEM, f"{what}: {wrong}", advice)
    return Finding(name, Standing.OK, f"{what} answers")


def _workers(service: ServiceAbout) -> Finding:
    if not service.workers:
        return Finding("workers", Standing.WARNING, "none is alive on this queue", "likeness worker")
    held = "; ".join(f"{one.device}: {', '.join(one.engines) or 'no engine in memory'}" for one in service.workers)
    return Finding("workers", Standing.OK, f"{len(service.workers)} alive ({held})")


def _bare(url: str) -> str:
    """Return an address without the password in it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
