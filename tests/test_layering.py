"""Imports run one way (docs/architecture.md): service -> likeness <- worker; the contract stands alone."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT

WEB = {"fastapi", "starlette", "uvicorn", "sse_starlette"}
MODELS = {"torch", "diffusers", "transformers", "accelerate"}
QUEUE = {"rq"}

FORBIDDEN = {
    "likeness/contract": WEB | MODELS | QUEUE | {"redis", "numpy", "PIL", "cv2", "service", "worker", "training"},
    "likeness": WEB | MODELS | QUEUE | {"service", "worker", "training"},
    "service": MODELS | {"worker", "training"},
    "worker": WEB | {"service", "training"},
    "worker/engines": WEB | QUEUE | {"redis", "service", "training"},
    "training": WEB | QUEUE | {"redis", "service"},
}

KNOW_RQ = {
    "service/queue/job_hash.py",
    "worker/queue/leases.py",
    "worker/queue/job.py",
    "worker/queue/worker.py",
    "worker/queue/recovery.py",
}


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_arrows(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] in FORBIDDEN[folder]
    ]
    assert not wrong


def test_the_contract_imports_nothing_of_ours() -> None:
    wrong = [
        f"{path.name} imports {name}"
        for path in (ROOT / "likeness/contract").glob("*.py")
        for name in imports(path)
        if name.startswith("likeness.") and not name.startswith("likeness.contract")
    ]
    assert not wrong


def test_only_these_files_know_rq() -> None:
    files = [path for folder in ("likeness", "service", "worker") for path in (ROOT / folder).rglob("*.py")]
    know = {str(path.relative_to(ROOT)) for path in files if any(name.split(".")[0] == "rq" for name in imports(path))}
    assert know == KNOW_RQ


def test_only_one_file_knows_opentelemetry() -> None:
    files = [path for folder in ("likeness", "service", "worker") for path in (ROOT / folder).rglob("*.py")]
    know = {str(path.relative_to(ROOT)) for path in files for name in imports(path) if name.startswith("opentelemetry")}
    assert know == {"likeness/observability/otlp.py"}


def test_only_the_hub_knows_its_library() -> None:
    files = [path for folder in ("likeness", "service", "worker") for path in (ROOT / folder).rglob("*.py")]
    library = {"huggingface_hub", "httpx2"}
    know = {str(path.relative_to(ROOT)) for path in files for name in imports(path) if name.split(".")[0] in library}
    assert know == {"likeness/models/hub.py"}


def test_the_service_loads_no_torch() -> None:
    code = "import sys, service.app; sys.exit(any(name in sys.modules for name in ('torch', 'diffusers', 'worker')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_what_delivers_webhooks_loads_neither_the_web_nor_pictures() -> None:
    code = "import sys, service.webhooks.__main__; print(*({'fastapi', 'numpy', 'PIL', 'obstore'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True, capture_output=True, text=True)
    assert out.stdout.split() == []


def test_no_pickle_anywhere() -> None:
    files = [path for folder in ("likeness", "service", "worker", "training") for path in (ROOT / folder).rglob("*.py")]
    wrong = [
        str(path)
        for path in files
        for name in imports(path)
        if name.split(".")[0] in {"pickle", "cloudpickle", "dill", "marshal", "shelve"}
    ]
    assert not wrong


def test_weights_are_never_read_by_a_loader_that_runs_code() -> None:
    files = [path for folder in ("likeness", "service", "worker", "training") for path in (ROOT / folder).rglob("*.py")]
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.load", "torch.hub", "torch.jit.load"}
    ]
    assert not wrong
