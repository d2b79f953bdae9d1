"""Listing, verifying and removing what was pulled, by the command."""

import json
import shutil

from tests.models.conftest import ROOT, Machine

VAE = "vae/diffusion_pytorch_model.safetensors"


def test_the_list_says_what_is_here_how_large_and_who_needs_it(installed: Machine) -> None:
    shutil.rmtree(installed.models / "tiny-words")
    rows = [[cell for cell in line.split("  ") if cell] for line in installed.says("list").splitlines()]
    cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows if row}
    assert cells["tiny-vae"] == ["yes", "8.5 MB", "Apache-2.0", "conditions", "tiny"]
    assert cells["tiny-words"] == ["no", "?", "MIT", "conditions", "tiny"]
    assert cells["metrics-tiny"] == ["no", "4.2 kB", "MIT", "conditions", ""]
    assert cells["sdxl"][:2] == ["no", "6.9 GB"], "the models that ship with Likeness are known to any catalogue"
    listed = {row["name"]: row for row in json.loads(installed.says("list", "--json"))}
    assert (listed["tiny-vae"]["installed"], listed["tiny-vae"]["engines"]) == ("yes", ["tiny"])
    assert listed["tiny-words"]["size"] is None


def test_verify_runs_each_engine_on_what_was_pulled_and_prints_its_report(installed: Machine) -> None:
    printed = installed.says("verify", "--picture", str(ROOT / "examples/cutout-soft-alpha.png"))
    assert "tiny-vae: 2 files, 8.5 MB, all intact" in printed and "tiny-words: 2 files" in printed
    assert "tiny on cutout-soft-alpha.png:" in printed and "accepted: frame equal" in printed


def test_an_engine_whose_parts_are_not_all_here_is_not_run(installed: Machine) -> None:
    shutil.rmtree(installed.models / "tiny-words")
    assert installed.says("verify") == "tiny-vae: 2 files, 8.5 MB, all intact\n"
    assert "tiny-words is not installed" in installed.complains("verify", "tiny")


def test_a_failing_engine_fails_the_verification_with_its_reason(installed: Machine) -> None:
    catalogue = installed.home / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace('family = "autoencoder"', 'family = "gone"'))
    assert "tiny failed: the engine tiny could not be loaded: " in installed.complains("verify", "tiny")


def test_engines_run_on_folders_that_came_by_hand_too_but_nothing_vouches_for_their_files(installed: Machine) -> None:
    for name in ("tiny-vae", "tiny-words"):
        (installed.models / name / "lock.json").unlink()
    done = installed.run("verify", "tiny")
    assert done.returncode == 1 and "accepted: frame equal" in done.stdout
    assert "tiny-vae: there is no lock.json to check its files against" in done.stderr


def test_a_picture_that_is_none(installed: Machine) -> None:
    printed = installed.complains("verify", "--picture", str(installed.home / "catalogue.toml"))
    assert "catalogue.toml cannot be read" in printed
    assert "no image to run the engines on" in installed.complains("verify", "--picture", "nowhere.png")


def test_one_wrong_byte_is_found_and_no_engine_runs_on_it(installed: Machine) -> None:
    path = installed.models / "tiny-vae" / VAE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    printed = installed.complains("verify", "tiny-vae")
    assert printed.startswith(f"likeness: tiny-vae: {VAE}: its sha256 is ") and printed.count("\n") == 1


def test_what_was_added_cut_or_taken_away_is_found(installed: Machine) -> None:
    (installed.models / "tiny-vae/vae/extra.bin").write_bytes(b"x")
    (installed.models / "tiny-vae" / VAE).write_bytes(b"short")
    (installed.models / "tiny-words/vocab.txt").unlink()
    printed = installed.complains("verify", "--no-run")
    assert "tiny-vae: vae/extra.bin: it was not pulled" in printed
    assert f"tiny-vae: {VAE}: 5 bytes, not " in printed
    assert "tiny-words: vocab.txt: missing" in printed


def test_a_read_only_folder_can_be_listed_and_verified_but_not_changed(installed: Machine) -> None:
    with installed.read_only():
        assert "tiny-vae" in installed.run_apart("list").said()
        assert "all intact" in installed.run_apart("verify", "--no-run").said()
        assert installed.run_apart("pull", "tiny").said().count("already installed") == 2
        printed = f"{installed.models} cannot be changed: Permission denied"
        assert printed in installed.run_apart("pull", "metrics-tiny").complaint()
        assert printed in installed.run_apart("remove", "tiny-vae", "--yes").complaint()
    assert (installed.models / "tiny-vae" / VAE).is_file()


def test_remove_asks_and_says_which_engines_need_it(installed: Machine) -> None:
    asked = installed.run("remove", "tiny-vae")  # nobody answers
    assert asked.returncode == 1 and "Remove tiny-vae? These engines need it: tiny" in asked.stdout
    assert "tiny-vae: removed, 8.5 MB freed" in installed.says("remove", "tiny-vae", "--yes")
    assert not (installed.models / "tiny-vae").exists()
    assert "tiny-vae is not installed" in installed.complains("remove", "tiny-vae", "--yes")


def test_an_engine_cannot_be_removed_but_says_what_it_runs_on(installed: Machine) -> None:
    assert "it runs on: tiny-vae, tiny-words" in installed.complains("remove", "tiny", "--yes")


def test_a_catalogue_that_cannot_be_read(machine: Machine) -> None:
    (machine.home / "catalogue.toml").write_text("[[engine]]\nname = 1")
    assert "catalogue.toml cannot be read" in machine.complains("list")
    assert "nowhere.toml cannot be read" in machine.complains("list", LIKENESS_CATALOGUE="nowhere.toml")


def test_a_lockfile_that_cannot_be_read(installed: Machine) -> None:
    folder = installed.models / "tiny-vae"
    (folder / "lock.json").write_text("{}")
    assert f"{folder / 'lock.json'} cannot be read" in installed.complains("list")
