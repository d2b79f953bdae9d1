"""Pulling from a hub, by the command; where a process matters, in one of its own."""

import json
import os
import resource
import signal
import subprocess
import time
from hashlib import sha256

from tests.models.conftest import COMMIT, NEWER, Machine
from tests.models.fake_hub import running, weights

WRITTEN = 10 * 1024 * 1024
"""What is written at once: of 12 million bytes that come, so many are kept."""
FULL = 5 * 1024 * 1024
VAE = "vae/diffusion_pytorch_model"


def lockfile(machine: Machine, name: str) -> dict:
    return json.loads((machine.models / name / "lock.json").read_text())


def files(machine: Machine) -> set[str]:
    """Every file below the models, but the one that commands lock each other out with."""
    found = {path.relative_to(machine.models).as_posix() for path in machine.models.rglob("*") if path.is_file()}
    return found - {".changing"}


def test_all_that_an_engine_needs_comes_and_nothing_else(machine: Machine) -> None:
    machine.run_apart("pull", "tiny").said()
    assert files(machine) == {
        "tiny-vae/lock.json",
        "tiny-vae/vae/config.json",
        f"tiny-vae/{VAE}.safetensors",
        "tiny-words/lock.json",
        "tiny-words/vocab.txt",
        "tiny-words/model.safetensors",
    }
    lock = lockfile(machine, "tiny-vae")
    given = machine.hub.repositories["maker/vae"].commits[COMMIT][f"{VAE}.fp16.safetensors"]
    assert (lock["repository"], lock["commit"]) == ("maker/vae", COMMIT), "pinned: not what main is by now"
    assert lock["files"][f"{VAE}.safetensors"] == {"sha256": sha256(given).hexdigest(), "size": len(given)}
    assert (machine.models / f"tiny-vae/{VAE}.safetensors").read_bytes() == given

    asked = len(machine.hub.asked)
    assert machine.says("pull", "tiny") == "tiny-vae: already installed\ntiny-words: already installed\n"
    assert len(machine.hub.asked) == asked, "what is there is not asked for again"


def test_a_branch_stays_at_the_commit_it_was_pulled_at(machine: Machine) -> None:
    words = machine.hub.repositories["maker/words"]
    printed = machine.says("pull", "metrics")
    assert "metrics-tiny: about 4.2 kB from maker/words; licence: MIT, commercial use: conditions\n" in printed
    assert f"metrics-clip: 6 bytes at commit {COMMIT}\n" in printed and "metrics-tiny: 4.2 kB at" in printed
    words.commits[NEWER], words.main = {"model.safetensors": weights(fill=b"n")}, NEWER
    assert machine.says("pull", "metrics-tiny") == "metrics-tiny: already installed\n"
    assert lockfile(machine, "metrics-tiny")["commit"] == COMMIT
    machine.says("remove", "metrics-tiny", "--yes")
    machine.says("pull", "metrics-tiny")
    assert lockfile(machine, "metrics-tiny")["commit"] == NEWER


def test_a_catalogue_that_asks_for_another_commit_replaces_what_is_there(machine: Machine) -> None:
    machine.says("pull", "metrics-tiny")
    words = machine.hub.repositories["maker/words"]
    words.commits[NEWER] = {"model.safetensors": weights(fill=b"n")}
    catalogue = machine.home / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace('"main"', f'"{NEWER}"'))
    assert "other" in machine.says("list")
    machine.says("pull", "metrics-tiny")
    assert (machine.models / "metrics-tiny/model.safetensors").read_bytes() == weights(fill=b"n")
    assert files(machine) == {"metrics-tiny/lock.json", "metrics-tiny/model.safetensors"}


def test_a_connection_cut_in_the_middle_is_gone_on_with(machine: Machine) -> None:
    whole = weights(24_000_000)
    machine.hub.repositories["maker/words"].commits[COMMIT]["model.safetensors"] = whole
    machine.hub.cut = {"model.safetensors"}
    machine.says("pull", "metrics-tiny")
    first, second = machine.hub.ranges("model.safetensors")
    assert (first, second) == (None, f"bytes={WRITTEN}-"), "what had been written was kept"
    assert (machine.models / "metrics-tiny/model.safetensors").read_bytes() == whole


def test_a_killed_pull_is_not_installed_and_the_next_goes_on_at_the_same_commit(machine: Machine) -> None:
    whole = weights(24_000_000)
    words = machine.hub.repositories["maker/words"]
    words.commits[COMMIT]["model.safetensors"] = whole
    machine.hub.stall = {"model.safetensors"}
    pulling = subprocess.Popen(machine.command("pull", "metrics-tiny"), env=machine.environment(), cwd=machine.home)
    begun = machine.models / ".metrics-tiny.part/model.safetensors.unchecked.incomplete"
    assert machine.hub.stalled.wait(60)
    limit = time.monotonic() + 60
    while not (begun.exists() and begun.stat().st_size >= WRITTEN) and time.monotonic() < limit:
        time.sleep(0.02)
    pulling.send_signal(signal.SIGKILL)
    pulling.wait()
    assert begun.stat().st_size == WRITTEN
    assert not (machine.models / "metrics-tiny").exists()
    assert "begun" in machine.says("list")

    machine.hub.stall.clear()
    words.commits[NEWER], words.main = {"model.safetensors": weights(fill=b"n")}, NEWER
    machine.says("pull", "metrics-tiny")
    assert machine.hub.ranges("model.safetensors")[1] == f"bytes={WRITTEN}-"
    assert (machine.models / "metrics-tiny/model.safetensors").read_bytes() == whole
    assert lockfile(machine, "metrics-tiny")["commit"] == COMMIT
    assert files(machine) == {"metrics-tiny/lock.json", "metrics-tiny/model.safetensors"}


def test_a_file_of_another_sha256_is_refused_and_asked_for_again(machine: Machine) -> None:
    words = machine.hub.repositories["maker/words"]
    words.lies["model.safetensors"] = "0" * 64
    printed = machine.complains("pull", "metrics-tiny")
    assert f"its sha256 is {sha256(weights()).hexdigest()}, not {'0' * 64}" in printed
    assert files(machine) == {".metrics-tiny.part/lock.json"}
    words.lies.clear()
    machine.says("pull", "metrics-tiny")


def test_what_is_no_weights_file_is_refused_by_its_content(machine: Machine) -> None:
    words = machine.hub.repositories["maker/words"].commits[COMMIT]
    words["model.safetensors"] = b"\x80\x04\x95 a pickle by another name" * 100
    assert "model.safetensors: not a safetensors file" in machine.complains("pull", "metrics-tiny")
    assert not (machine.models / "metrics-tiny").exists()


def test_pickles_are_refused_even_when_a_catalogue_asks_for_them(machine: Machine) -> None:
    catalogue = machine.home / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace('"vae/*.fp16.safetensors"', '"vae/*"'))
    printed = machine.complains("pull", "tiny-vae")
    assert "'vae/diffusion_pytorch_model.bin' of maker/vae is rejected" in printed
    assert files(machine) == set()


def test_a_full_disk_is_told_of_and_what_came_is_kept(machine: Machine) -> None:
    """The system lets no file grow beyond 5 MB, as a full disk does."""
    words = machine.hub.repositories["maker/words"]
    words.commits[COMMIT]["model.safetensors"] = weights(12_000_000)
    ended = subprocess.run(
        machine.command("pull", "metrics-tiny"),
        env=machine.environment(),
        cwd=machine.home,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, FULL)),
    )
    assert ended.returncode != 0 and "make room and try again: what came so far is kept" in ended.stderr
    assert "Traceback" not in ended.stderr
    machine.says("pull", "metrics-tiny")
    assert machine.hub.ranges("model.safetensors")[-1] == f"bytes={FULL}-", "it goes on where it stopped"


def test_without_a_hub_it_says_what_is_missing_and_what_to_do(machine: Machine) -> None:
    machine.says("pull", "tiny-vae")
    for away in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:1"}):
        printed = machine.complains("pull", "tiny", **away)
        assert "missing: tiny-words (?). Run this again" in printed
        assert "`likeness models pull tiny-words` on a machine that can reach it" in printed
        assert f"copy the folders to {machine.models}" in printed
        assert machine.says("pull", "tiny-vae", **away) == "tiny-vae: already installed\n"


def test_a_gated_repository_says_how_to_get_in(machine: Machine) -> None:
    machine.hub.repositories["maker/words"].gated = True
    printed = machine.complains("pull", "metrics-tiny")
    assert f"{machine.hub.url}/maker/words is gated" in printed and "HF_TOKEN" in printed
    machine.says("pull", "metrics-tiny", HF_TOKEN="let-me-in")


def test_the_token_is_told_to_the_hub_and_to_nobody_else(machine: Machine) -> None:
    with running() as elsewhere:
        elsewhere.repositories = machine.hub.repositories
        machine.hub.bytes_at = elsewhere.url
        machine.says("pull", "metrics-tiny", HF_TOKEN="secret")
    assert [asked.token for asked in machine.hub.asked] == ["Bearer secret"] * 2, "what there is, and the one file"
    assert [asked.token for asked in elsewhere.asked] == [None]


def test_what_is_not_on_the_hub(machine: Machine) -> None:
    catalogue = machine.home / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace("vae/config.json", "vae/gone.json"))
    assert "maker/vae has no vae/gone.json" in machine.complains("pull", "tiny-vae")
    del machine.hub.repositories["maker/words"]
    assert "there is no such repository" in machine.complains("pull", "tiny-words")
    assert "called nothing-like-it" in machine.complains("pull", "nothing-like-it")
    assert "nothing to pull; it ships" in machine.complains("pull", "starter", LIKENESS_CATALOGUE="")


def test_a_folder_that_was_not_pulled_is_left_alone(machine: Machine) -> None:
    (machine.models / "tiny-vae").mkdir(parents=True)
    assert "was not pulled" in machine.complains("pull", "tiny-vae")
    assert "was not pulled" in machine.complains("remove", "tiny-vae", "--yes")
    assert "by hand" in machine.says("list")


def test_two_pulls_do_not_meet(machine: Machine) -> None:
    machine.hub.stall = {"model.safetensors"}
    first = subprocess.Popen(machine.command("pull", "metrics-tiny"), env=machine.environment(), cwd=machine.home)
    try:
        assert machine.hub.stalled.wait(60)
        assert "another command is changing" in machine.complains("pull", "tiny-vae")
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
