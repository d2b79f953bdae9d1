"""The picture store: in memory, in a folder, and in S3 and Azure servers."""

import asyncio
import secrets
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from likeness.contract.errors import InputLost, StoreUnavailable
from likeness.contract.jobs import first_job_id, new_job_id
from likeness.storage.pictures import PictureStore
from tests.support.azure_server import CONTAINER
from tests.support.s3_server import BUCKET


def url_of(kind: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty store of this kind."""
    if kind == "folder":
        return f"file://{request.getfixturevalue('tmp_path') / 'store'}"
    if kind == "s3":
        request.getfixturevalue("s3")
        return f"s3://{BUCKET}/{secrets.token_hex(4)}/shop"
    if kind == "azure":
        request.getfixturevalue("azure")
        return f"az://{CONTAINER}/{secrets.token_hex(4)}/shop"
    return "memory://"


@pytest.fixture(
    params=["memory", "folder", *(pytest.param(kind, marks=pytest.mark.processes) for kind in ("s3", "azure"))]
)
def store(request: pytest.FixtureRequest) -> PictureStore:
    return PictureStore.open(url_of(request.param, request))


def older_than(store: PictureStore, moment: datetime) -> list[str]:
    async def inner() -> list[str]:
        return [job async for job in store.jobs_older_than(moment)]

    return asyncio.run(inner())


def test_what_was_put_comes_back_under_its_hash(store: PictureStore) -> None:
    picture = store.put("a", b"shoe", "image/png")
    assert picture.key == f"jobs/a/{picture.sha256}" and picture.size == 4
    assert store.get(picture) == b"shoe"
    assert asyncio.run(store.put_async("a", b"shoe", "image/png")) == picture
    assert asyncio.run(store.get_range(picture, 1, 3)) == b"ho"
    assert asyncio.run(store.get_range(picture, 2, 2)) == b""


def test_erasing_a_job_leaves_the_same_bytes_of_another(store: PictureStore) -> None:
    first, second = (store.put(job, b"same", "image/png") for job in ("a", "b"))
    store.put("a", b"more", "image/png")
    assert asyncio.run(store.erase("a")) == 2
    assert asyncio.run(store.erase("a")) == 0, "erasing twice is no error"
    assert store.get(second) == b"same"
    with pytest.raises(InputLost):
        store.get(first)


def test_a_copy_outlives_the_job_it_was_made_of(store: PictureStore) -> None:
    first = store.put("a", b"shoe", "image/png")
    copied = asyncio.run(store.copy_async(first, "b"))
    assert copied == first.model_copy(update={"key": f"jobs/b/{first.sha256}"})
    asyncio.run(store.erase("a"))
    assert store.get(copied) == b"shoe"
    with pytest.raises(InputLost):
        asyncio.run(store.copy_async(first, "c"))


def test_a_preview_takes_the_place_of_the_one_before_and_goes_with_its_job(store: PictureStore) -> None:
    picture = store.put("a", b"shoe", "image/png")
    assert asyncio.run(store.get_preview("a")) is None
    store.erase_preview("a")  # where there is none that is no error
    for data in (b"first", b"second"):
        store.put_preview("a", data)
    assert asyncio.run(store.get_preview("a")) == b"second" and asyncio.run(store.get_preview("b")) is None
    store.erase_preview("a")
    assert asyncio.run(store.get_preview("a")) is None and store.get(picture) == b"shoe"
    store.put_preview("a", b"third")
    assert asyncio.run(store.erase("a")) == 2 and asyncio.run(store.get_preview("a")) is None


def test_only_jobs_whose_newest_picture_is_old_are_found(store: PictureStore) -> None:
    job, now = new_job_id(), datetime.now(UTC)
    store.put(job, b"one", "image/png")
    assert older_than(store, now + timedelta(minutes=1)) == [job]
    assert older_than(store, now - timedelta(minutes=1)) == []


def test_a_job_that_was_accepted_long_ago_is_as_old_as_its_newest_picture(store: PictureStore) -> None:
    now = datetime.now(UTC)
    old, young = (first_job_id(now.timestamp() + seconds) + 20 * "0" for seconds in (-9000, 9000))
    for job in (old, young):
        store.put(job, b"one", "image/png")
    assert older_than(store, now + timedelta(minutes=1)) == [old], "the listing ends before jobs made since"
    assert older_than(store, now - timedelta(minutes=1)) == []


def test_two_may_erase_a_job_at_once(store: PictureStore) -> None:
    pictures = [store.put("a", bytes([number]), "image/png") for number in range(20)]

    async def both() -> None:
        await asyncio.gather(store.erase("a"), store.erase("a"))

    asyncio.run(both())
    assert asyncio.run(store.erase("a")) == 0
    with pytest.raises(InputLost):
        store.get(pictures[0])


def test_a_large_picture_goes_in_parts(store: PictureStore) -> None:
    data = secrets.token_bytes(12_000_000)
    picture = store.put("a", data, "image/png")
    assert store.get(picture) == data
    assert asyncio.run(store.get_range(picture, 11_999_990, 12_000_000)) == data[-10:]


def test_a_store_answers(store: PictureStore) -> None:
    asyncio.run(store.ping())


def test_bytes_that_are_not_what_their_name_says_are_refused(tmp_path: Path) -> None:
    store = PictureStore.open(f"file://{tmp_path}")
    picture = store.put("a", b"shoe", "image/png")
    (tmp_path / picture.key).write_bytes(b"shoo")
    with pytest.raises(InputLost, match="damaged"):
        store.get(picture)


def test_a_store_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    store = PictureStore.open(f"file://{tmp_path}")
    (tmp_path / "jobs").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        store.put("a", b"shoe", "image/png")


KILLED = """
import sys
from likeness.storage.pictures import PictureStore
PictureStore.open(sys.argv[1]).put(sys.argv[2], bytes(400_000_000), "image/png")
"""


@pytest.mark.processes
def test_what_a_put_that_was_killed_left_is_erased_with_its_job_and_when_its_time_is_over(tmp_path: Path) -> None:
    """obstore writes to a name of its own and renames it, and neither lists nor erases such names."""
    url = f"file://{tmp_path / 'store'}"
    store, left = PictureStore.open(url), []
    for _ in range(2):
        left.append(new_job_id())
        process = subprocess.Popen([sys.executable, "-c", KILLED, url, left[-1]])
        folder = tmp_path / "store" / "jobs" / left[-1]
        while not folder.exists() or not any("#" in path.name for path in folder.iterdir()):
            assert process.poll() is None, "it was done before it could be killed"
        process.kill()
        process.wait()
        assert [path.name[64:] for path in folder.iterdir()] == ["#1"]
    live = new_job_id()
    kept = store.put(live, b"whole", "image/png")
    asyncio.run(store.erase(left[0]))
    assert sorted(path.name for path in (tmp_path / "store" / "jobs").iterdir()) == sorted([left[1], live])
    assert left[1] in older_than(store, datetime.now(UTC) + timedelta(seconds=5))
    assert left[1] not in older_than(store, datetime.now(UTC) - timedelta(seconds=60))
    asyncio.run(store.erase(left[1]))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "store" / kept.key]


def test_a_probe_leaves_nothing(store: PictureStore) -> None:
    asyncio.run(store.probe())
    assert older_than(store, datetime.now(UTC) + timedelta(days=1)) == []
