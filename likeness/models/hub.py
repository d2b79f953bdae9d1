"""A hub of models, as much of it as a pull needs; the only file that knows huggingface_hub.

HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE mean what huggingface_hub says they do.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers, disable_progress_bars  # type: ignore[attr-defined]  # documented

from likeness import __version__
from likeness.problems import LocalProblem

UNFINISHED = ".incomplete"
"""Appended to the name of a file that is not all there yet."""


class HubUnreachable(LocalProblem):
    """No hub answers, or none may be asked."""


@dataclass(frozen=True)
class HubFile:
    """A file of a repository: its path there, its bytes, and what they must hash to.

    A large file is known by its sha256; any other by its git object id, a sha1 of its length and bytes.
    """

    path: str
    size: int
    sha256: str | None
    blob: str | None


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit."""

    commit: str
    files: list[HubFile]


def snapshot(repository: str, revision: str) -> Snapshot:
    """Return what a repository holds at a commit, or at the commit where a branch now is.

    Raises HubUnreachable, or LocalProblem when the hub rejects.
    """
    with _told(repository, revision):
        info = HfApi(library_name="likeness", library_version=__version__).model_info(
            repository, revision=revision, files_metadata=True
        )
    files = [
        HubFile(one.rfilename, one.lfs.size, one.lfs.sha256, None)
        if one.lfs
        else HubFile(one.rfilename, one.size or 0, None, one.blob_id)
        for one in info.siblings or []
    ]
    if info.sha is None:
        raise LocalProblem(f"{repository}: the hub does not say which commit {revision} is")
    return Snapshot(info.sha, files)


def download(repository: str, commit: str, file: HubFile, target: Path, watch: Callable[[int], None]) -> None:
    """Bring a file to `target`, going on where an earlier try ended; `watch` is told the bytes that are there.

    Raises HubUnreachable, LocalProblem when the hub rejects, or OSError when `target` cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + UNFINISHED)
    disable_progress_bars()
    with _Watched(unfinished, watch) as out:
        if out.tell() > file.size:
            out.truncate(0)
        with _told(repository, commit):
            # A process of huggingface_hub's own downloads does not go on with what an earlier one left.
            http_get(
                hf_hub_url(repository, file.path, revision=commit),
                out,
                resume_size=out.seek(0, io.SEEK_END),
                headers=build_hf_headers(library_name="likeness", library_version=__version__),
                expected_size=file.size,
                displayed_filename=file.path,
            )
    unfinished.rename(target)


class _Watched(io.BufferedRandom):
    """A file open at its end, made when missing, that tells how long it is after every write."""

    def __init__(self, path: Path, watch: Callable[[int], None]) -> None:
        path.touch()
        super().__init__(io.FileIO(path, "r+"))
        self.seek(0, io.SEEK_END)
        self._watch = watch

    def write(self, data: bytes) -> int:  # type: ignore[override]  # http_get writes nothing else
        """Write and tell."""
        count = super().write(data)
        self._watch(self.tell())
        return count


@contextmanager
def _told(repository: str, revision: str) -> Iterator[None]:
    """Translate what huggingface_hub and its HTTP client raise."""
    page = f"{constants.ENDPOINT}/{repository}"
    try:
        yield
    except GatedRepoError as error:
        raise LocalProblem(
            f"{page} is gated: accept its licence there, and set HF_TOKEN to a token of yours"
        ) from error
    except RepositoryNotFoundError as error:
        raise LocalProblem(f"{page}: there is no such repository, or HF_TOKEN has no access to it") from error
    except RevisionNotFoundError as error:
        raise LocalProblem(f"{page} has no revision {revision}") from error
    except OfflineModeIsEnabled as error:
        raise HubUnreachable("the hub may not be asked: HF_HUB_OFFLINE is set") from error
    except HfHubHTTPError as error:
        raise LocalProblem(f"{page}: the hub answers {error.response.status_code}") from error
    except httpx2.HTTPError as error:
        raise HubUnreachable(f"{constants.ENDPOINT} does not respond: {error or type(error).__name__}") from error
    except OSError as error:
        if error.errno is not None:  # ours: the disk is full, or the folder read-only
            raise
        raise LocalProblem(f"{page}: {error}") from error
