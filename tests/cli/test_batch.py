"""`likeness batch`, in processes of its own, against a real service with a worker and a feeder."""

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.test_main import likeness
from tests.service.batches.conftest import Shop, fed, picture, unfed  # noqa: F401  fixtures
from tests.service.conftest import idle, live, png, serve, stack  # noqa: F401  fixtures
from tests.support.small_disk import enlarge, small_disk

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
RECIPES = '[[recipe]]\nname = "again"\nkind = "recreate"\nseed = 3\n'
STRONG = '[[recipe]]\nname = "strong"\nkind = "recreate"\nstrength = 0.4\nseed = 4\n'


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A folder with photos, a plan and recipes."""
    (tmp_path / "photos").mkdir()
    for number in range(4):
        (tmp_path / "photos" / f"{number}.png").write_bytes(picture(50 * number))
    rows = [f"SKU-{number},{number}.png" for number in range(3)]
    (tmp_path / "plan.csv").write_text("\n".join(["reference,image", *rows]) + "\n")
    (tmp_path / "recipes.toml").write_text(RECIPES + STRONG)
    return tmp_path


def run(shop: Shop, folder: Path, *more: object):
    named = ("--recipes", folder / "recipes.toml", "--images", folder / "photos", "--out", folder / "out")
    return likeness("batch", "run", folder / "plan.csv", *named, *more, LIKENESS_URL=shop.live.url)


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "out" / "manifest.jsonl").read_text().splitlines()]


def test_a_catalogue_is_made_and_goes_on_where_it_stopped(fed: Shop, catalogue: Path) -> None:  # noqa: F811
    done = run(fed, catalogue)
    assert done.returncode == 0, done.stdout + done.stderr
    found = lines(catalogue)
    pairs = [(f"SKU-{number}", name) for number in range(3) for name in ("again", "strong")]
    assert [(line["reference"], line["recipe"]) for line in found] == pairs
    for line in found:
        assert (catalogue / "out" / line["file"]).stat().st_size
        assert line["file"] == f"{line['reference']}-{line['recipe']}.png" and line["verdict"] == "accepted"
    before = {path: path.stat().st_mtime_ns for path in (catalogue / "out").rglob("*.png")}

    (catalogue / "plan.csv").write_text("reference,image\nSKU-1,1.png\nSKU-2,2.png\nSKU-3,3.png\n")
    again = run(fed, catalogue)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "no longer planned" in again.stdout and "SKU-0" in again.stdout
    assert "1 items by 2 recipes" in again.stdout
    assert Counter(line["reference"] for line in lines(catalogue)) == {f"SKU-{number}": 2 for number in range(4)}
    assert {path: path.stat().st_mtime_ns for path in before} == before, "what was there is not fetched again"


def test_what_is_cut_short_is_fetched_the_next_time(fed: Shop, catalogue: Path) -> None:  # noqa: F811
    run(fed, catalogue)
    manifest = catalogue / "out" / "manifest.jsonl"
    kept = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(kept[:2]) + kept[2][:20])
    done = run(fed, catalogue)
    assert done.returncode == 0 and "items by" not in done.stdout, "nothing is made again"
    assert [line["reference"] for line in lines(catalogue)] == [json.loads(line)["reference"] for line in kept]


def test_a_value_is_made_anew_only_by_the_recipes_that_use_it(fed: Shop, catalogue: Path) -> None:  # noqa: F811
    (catalogue / "recipes.toml").write_text(
        RECIPES + '[[recipe]]\nname = "said"\nkind = "recreate"\nprompt = "{words}"\n'
    )
    plan = "reference,image,words\nSKU-0,0.png,red\nSKU-1,1.png,{}\n"
    (catalogue / "plan.csv").write_text(plan.format("blue"))
    run(fed, catalogue)
    first = {(line["reference"], line["recipe"]): line["batch"] for line in lines(catalogue)}
    (catalogue / "plan.csv").write_text(plan.format("green"))
    done = run(fed, catalogue)
    assert done.returncode == 0 and "1 items by 1 recipes" in done.stdout, done.stdout + done.stderr
    again = {(line["reference"], line["recipe"]): line["batch"] for line in lines(catalogue)}
    assert [pair for pair in first if first[pair] != again[pair]] == [("SKU-1", "said")]


def test_the_manifest_tells_how_alike_a_set_is(fed: Shop, catalogue: Path) -> None:  # noqa: F811
    (catalogue / "plan.csv").write_text("reference,image,set\nSKU-0,0.png,caps\nSKU-1,1.png,caps\n")
    done = run(fed, catalogue)
    assert done.returncode == 0, done.stdout + done.stderr
    found = lines(catalogue)
    assert len(found) == 4 and all(line["consistency"]["distance"] > 0 for line in found), found


def test_a_full_disk_ends_the_command_and_loses_nothing(fed: Shop, catalogue: Path) -> None:  # noqa: F811
    with small_disk(catalogue / "out", 24) as out:
        done = run(fed, catalogue)
        assert done.returncode == 1 and "No space left on device" in done.stderr, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert run(fed, catalogue).returncode == 1, "and it stays so while the disk is full"
        whole = lines(catalogue)
        assert 0 < len(whole) < 6 and all((out / line["file"]).stat().st_size for line in whole)
        enlarge(out, 1024)
        done = run(fed, catalogue)
        assert done.returncode == 0 and "items by" not in done.stdout, "nothing is posted again"
        assert len(lines(catalogue)) == 6
        assert all((out / line["file"]).stat().st_size for line in lines(catalogue))
        assert not [path.name for path in out.rglob("*.part")]


def test_failed_and_rejected_jobs_are_told_and_retried(fed: Shop, catalogue: Path) -> None:  # noqa: F811
    broken = '[[recipe]]\nname = "broken"\nkind = "recreate"\nprompt = "raise"\n'
    hard = '[[recipe]]\nname = "hard"\nkind = "recreate"\nthresholds = { psnr = 100 }\n'
    (catalogue / "recipes.toml").write_text(broken + hard)
    done = run(fed, catalogue, "--json")
    assert done.returncode == 2, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 6 and {line["status"] for line in told if line["recipe"] == "broken"} == {"failed"}
    rejected = [line for line in lines(catalogue) if line["recipe"] == "hard"]
    assert {line["verdict"] for line in rejected} == {"rejected"}
    assert {line["file"].split("/")[0] for line in rejected} == {"rejected"}
    again = likeness("batch", "retry", catalogue / "out", "--json", LIKENESS_URL=fed.live.url)
    assert json.loads(again.stdout)[0]["state"] == "running", again.stderr
    assert run(fed, catalogue).returncode == 2
    assert {line["attempt"] for line in lines(catalogue) if line["recipe"] == "broken"} == {2}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("plan.csv", "reference,image\nA,0.png\n,1.png\n", "line 3, column reference: missing"),
        ("plan.csv", "reference,image\nA,\n", "line 2, column image: missing"),
        ("plan.csv", "reference,image\nA,0.png\nA,1.png\n", "line 3: reference A is also in line 2"),
        ("plan.csv", "reference,image\nA,none.png\n", "line 2: "),
        ("plan.csv", "reference,image,colour\nA,0.png,red\n", "line 2, column colour: no recipe uses it"),
        ("plan.csv", "sku,image\nA,0.png\n", "line 1: the columns"),
        ("recipes.toml", "[[recipe]\n", "recipes.toml is not TOML"),
        ("recipes.toml", '[[recipe]]\nkind = "recreate"\n', "recipe 1 has no name"),
        ("recipes.toml", '[[recipe]]\nname = "a"\nkind = "recreate"\nstrenth = 1\n', "strenth: not a field"),
        ("recipes.toml", '[[recipe]]\nname = "a"\nkind = "recreate"\nengine = "none"\n', "recipe a, engine"),
        ("recipes.toml", '[[recipe]]\nname = "a"\nkind = "compare"\n', "make each of its runs a recipe of its own"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_starts(
    unfed: Shop,  # noqa: F811
    catalogue: Path,
    name: str,
    text: str,
    told: str,
) -> None:
    photo = png((24, 16), "RGB", (1, 2, 3))
    (catalogue / "photos" / "0.png").write_bytes(photo)
    (catalogue / name).write_text(text)
    done = run(unfed, catalogue)
    assert done.returncode == 1 and told in done.stderr, done.stderr
    assert unfed.http.get("/batches").json()["batches"] == []
    assert unfed.http.get(f"/uploads/{sha256(photo).hexdigest()}").status_code == 404, "nothing was sent"
