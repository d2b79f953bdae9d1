"""The Python client: `Client`, `AsyncClient` for asyncio, and what their methods take and return."""

from likeness.client.asynchronous import AsyncClient
from likeness.client.batch_models import BatchDryRun, BatchRow, RemoteBatch
from likeness.client.models import DryRun, EngineInfo, Health, JobEvent, RemoteJob, Usage
from likeness.client.retries import Retries
from likeness.client.sync import Client
from likeness.contract.errors import FieldProblem
from likeness.contract.report import Report
from likeness.problems import LikenessProblem

__all__ = [
    "AsyncClient",
    "BatchDryRun",
    "BatchRow",
    "Client",
    "DryRun",
    "EngineInfo",
    "FieldProblem",
    "Health",
    "JobEvent",
    "LikenessProblem",
    "RemoteBatch",
    "RemoteJob",
    "Report",
    "Retries",
    "Usage",
]
