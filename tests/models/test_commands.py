"""Listing, verifying and removing what was pulled, by the command."""

from pathlib import Path

from tests.models.conftest import ROOT, Machine

VAE = "vae/diffusion_pytorch_model.safetensors"


def test_the_list_says_what_is_here_how_large_and_who_needs_it(machine: Machine) -> None:
    machine.says("pull", "tiny-vae")
    rows = [[cell for cell in line.split("  ") if cell] for line in machine.says("list").splitlines()]
    cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows if row}
    assert cells["tiny-vae"] == ["yes", "8.5 MB", "Apache-2.0", "tiny"]
    assert cells["tiny-words"] == ["no", "?", "MIT", "tiny"]
    assert cells["metrics-tiny"] == ["no", "4.2 kB", "MIT"]
    assert cells["sdxl"][:2] == ["no", "6.9 GB"], "the models that ship with Likeness are known to any catalogue"


def test_verify_runs_each_engine_on_what_was_pulled_and_prints_its_report(machine: Machine) -> None:
    machine.says("pull", "tiny")
    told = machine.says("verify", "--picture", str(ROOT / "examples/cutout-soft-alpha.png"))
    assert "tiny-vae: 2 files, 8.5 MB, as they came" in told and "tiny-words: 2 files" in told
    assert "tiny on cutout-soft-alpha.png:" in told and "accepted: frame equal" in told


def test_an_engine_whose_parts_are_not_all_here_is_not_run(machine: Machine) -> None:
    machine.says("pull", "tiny-vae")
    assert machine.says("verify") == "tiny-vae: 2 files, 8.5 MB, as they came\n"
    assert "tiny-words is not installed" in machine.complains("verify", "tiny")


def test_a_failing_engine_fails_the_verification_with_its_reason(machine: Machine) -> None:
    machine.says("pull", "tiny")
    catalogue = machine.home / "catalogue.toml"
    catalogue.write_text(catalogue.read_text().replace('family = "autoencoder"', 'family = "gone"'))
    assert "tiny failed: the engine tiny could not be loaded: " in machine.complains("verify", "tiny")


def test_a_picture_that_is_none(machine: Machine) -> None:
    machine.says("pull", "tiny")
    told = machine.complains("verify", "--picture", str(machine.home / "catalogue.toml"))
    assert "catalogue.toml cannot be read" in told
    assert "there is no picture to run on" in machine.complains("verify", "--picture", "nowhere.png")


def test_one_wrong_byte_is_found_and_no_engine_runs_on_it(machine: Machine) -> None:
    machine.says("pull", "tiny-vae")
    path = machine.models / "tiny-vae" / VAE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    told = machine.complains("verify", "tiny-vae")
    assert told.startswith(f"likeness: tiny-vae: {VAE}: its sha256 is ") and told.count("\n") == 1


def test_what_was_added_cut_or_taken_away_is_found(machine: Machine) -> None:
    machine.says("pull", "tiny")
    (machine.models / "tiny-vae/vae/extra.bin").write_bytes(b"x")
    (machine.models / "tiny-vae" / VAE).write_bytes(b"short")
    (machine.models / "tiny-words/vocab.txt").unlink()
    told = machine.complains("verify", "--no-run")
    assert "tiny-vae: vae/extra.bin: it was not pulled" in told
    assert f"tiny-vae: {VAE}: 5 bytes, not " in told
    assert "tiny-words: vocab.txt: missing" in told


def test_a_read_only_folder_can_be_listed_and_verified_but_not_changed(machine: Machine) -> None:
    machine.says("pull", "tiny")
    with machine.read_only():
        assert "tiny-vae" in machine.says("list")
        assert "as they came" in machine.says("verify", "--no-run")
        assert machine.says("pull", "tiny").count("already there") == 2
        told = f"{machine.models} cannot be changed: Permission denied"
        assert told in machine.complains("pull", "metrics-tiny")
        assert told in machine.complains("remove", "tiny-vae", "--yes")
    assert (machine.models / "tiny-vae" / VAE).is_file()


def test_remove_asks_and_says_which_engines_need_it(machine: Machine) -> None:
    machine.says("pull", "tiny-vae")
    asked = machine.run("remove", "tiny-vae")  # nobody answers
    assert asked.returncode == 1 and "remove tiny-vae? These engines need it: tiny" in asked.stdout
    assert "tiny-vae: removed, 8.5 MB freed" in machine.says("remove", "tiny-vae", "--yes")
    assert not (machine.models / "tiny-vae").exists()
    assert "tiny-vae is not installed" in machine.complains("remove", "tiny-vae", "--yes")


def test_an_engine_cannot_be_removed_but_says_what_it_runs_on(machine: Machine) -> None:
    assert "it runs on: tiny-vae, tiny-words" in machine.complains("remove", "tiny", "--yes")


def test_a_lockfile_that_cannot_be_read(machine: Machine) -> None:
    folder = machine.models / "tiny-vae"
    folder.mkdir(parents=True)
    Path(folder / "lock.json").write_text("{}")
    assert f"{folder / 'lock.json'} cannot be read" in machine.complains("list")
