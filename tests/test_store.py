"""The picture store, in a folder and in memory."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from likeness.contract.errors import InputLost, StoreUnavailable
from likeness.store import PictureStore


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PictureStore:
    return PictureStore.open("memory://" if request.param == "memory" else f"file://{tmp_path / 'store'}")


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
    store.put("a", b"one", "image/png")

    async def older_than(moment: datetime) -> list[str]:
        return [job async for job in store.jobs_older_than(moment)]

    now = datetime.now(UTC)
    assert asyncio.run(older_than(now + timedelta(minutes=1))) == ["a"]
    assert asyncio.run(older_than(now - timedelta(minutes=1))) == []


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
