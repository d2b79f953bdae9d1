"""The stack by compose, run for real: jobs go through, whatever is killed, upgraded or switched off meanwhile.

The tests are steps of one story and run in their order.
"""

import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.containers.conftest import IMAGES, build
from tests.containers.engine import Engine, EngineError
from tests.containers.stack import PROJECT, ComposeStack, until
from tests.support.places import ROOT

pytestmark = [pytest.mark.containers, pytest.mark.alone, pytest.mark.timeout(1800)]
SECRET_WORDS = "plum walrus 4711"


@pytest.fixture(scope="module")
def images(engine: Engine, bases: dict[str, str]) -> dict[str, str]:
    """Have the images of this checkout and of the commit before; return the ids of the current ones."""
    for name in IMAGES:
        build(engine, f"{name}:current", ROOT)
        try:
            build(engine, f"{name}:before", data=tree("HEAD~1"))
        except subprocess.CalledProcessError:
            engine.run("tag", f"{name}:current", f"{name}:before")  # a checkout without history
    return {name: engine.inspect(f"{name}:current", "{{.Id}}") for name in IMAGES}


def tree(commit: str) -> bytes:
    """Return the files of a commit as a tar, with modes as in a checkout: else the engine builds everything again."""
    command = ["git", "-c", "tar.umask=0022", "archive", commit]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def use(engine: Engine, tag: str) -> None:
    """Let compose take the images of a tag."""
    for name in IMAGES:
        engine.run("tag", f"{name}:{tag}", name)


@pytest.fixture(scope="module")
def stack(engine: Engine, images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    """The stack as the commit before made it, and a key."""
    use(engine, "before")
    stack = ComposeStack(engine, tmp_path_factory.mktemp("compose"))
    with suppress(EngineError):
        stack.down()  # what a run that was broken off left
    try:
        stack.make_key()
        stack.up()
        yield stack
    finally:
        stack.down()


def succeeded(stack: ComposeStack, jobs: list[str]) -> None:
    ended = stack.ended(jobs)
    assert {one["status"] for one in ended.values()} == {"succeeded"}, ended
    assert len(set(jobs)) == len(jobs)


def test_jobs_go_through_and_each_service_runs_as_often_as_asked(stack: ComposeStack) -> None:
    succeeded(stack, stack.submit(4, instruction="make it red"))
    running = sorted(stack.containers().values())
    assert running == ["retouch", "service", "valkey", "webhooks", "webhooks", "worker", "worker"]


def test_a_container_that_is_killed_comes_back_and_nothing_is_lost(stack: ComposeStack) -> None:
    jobs: list[str] = []
    for container in stack.containers():
        jobs += stack.submit(2, text=SECRET_WORDS)
        if "valkey" in container:
            succeeded(stack, jobs)  # its log may lose the last second (docs/architecture.md)
        stack.kill(container)
        jobs += stack.submit(2, instruction="make it blue")
    succeeded(stack, jobs)


def test_an_upgrade_keeps_jobs_keys_and_pictures(stack: ComposeStack, engine: Engine, images: dict[str, str]) -> None:
    old = stack.submit(1, instruction="make it green")
    succeeded(stack, old)
    stack.compose("stop", "worker", "retouch")
    waiting = stack.submit(5, instruction="make it green")
    assert engine.inspect("likeness-service:before", "{{.Id}}") != images["likeness-service"]
    started = engine.inspect(f"{PROJECT}-valkey-1", "{{.State.StartedAt}}")
    use(engine, "current")
    stack.up()  # compose replaces what has another image, and nothing else
    assert engine.inspect(f"{PROJECT}-valkey-1", "{{.State.StartedAt}}") == started
    now = {service: engine.inspect(name, "{{.Image}}") for name, service in stack.containers().items()}
    assert now["service"] == now["webhooks"] == images["likeness-service"]
    assert now["worker"] == now["retouch"] == images["likeness-worker-cpu"]
    succeeded(stack, waiting)
    with stack.client() as http:
        assert http.get(f"/jobs/{old[0]}/images/0").is_success


def test_everything_comes_back_after_a_reboot(stack: ComposeStack, engine: Engine) -> None:
    if not engine.own:
        pytest.skip("the engine is not ours to stop")
    before = stack.containers()
    stack.compose("stop", "worker", "retouch")
    waiting = stack.submit(3, instruction="make it white")
    stack.compose("start", "worker", "retouch")
    engine.stop()
    engine.start()
    until(lambda: stack.containers() == before, 120, stack.logs)
    stack.ready()
    succeeded(stack, waiting)


def test_several_gpus_have_a_worker_each(stack: ComposeStack, engine: Engine) -> None:
    told = stack.compose(
        *("run", "--detach", "--no-deps", "-e", "CUDA_VISIBLE_DEVICES=0,1", "-e", "LIKENESS_DEVICE=auto", "worker")
    )
    container = told.split()[-1]
    try:
        until(
            lambda: engine.run("top", container, "-eo", "pid,args").count(" -m worker") == 2,
            60,
            lambda: engine.run("logs", container),
        )
    finally:
        engine.run("rm", "--force", container)


def test_logs_tell_no_words_keys_or_passwords(stack: ComposeStack) -> None:
    succeeded(stack, stack.submit(2, text=SECRET_WORDS) + stack.submit(1, instruction="make it blue"))
    with stack.client() as http:
        refused = http.post("/customise", json={"image": SECRET_WORDS, "instruction": f"make it {SECRET_WORDS}"})
        assert refused.status_code == 422
    logs = stack.logs()
    assert logs.count("succeeded") >= 4, "they do tell what happened"
    for secret in (SECRET_WORDS, SECRET_WORDS.split()[1], "make it blue", stack.key, stack.password):
        assert secret not in logs
