"""The worker's settings, from the environment (prefix LIKENESS_)."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from likeness.contract.errors import NotReady
from likeness.contract.gates import Overrides, read_gates
from likeness.models.folder import MODELS

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"


class Settings(BaseSettings):
    """What a worker needs to know."""

    model_config = SettingsConfigDict(env_prefix="LIKENESS_", frozen=True)

    redis_url: str = "redis://127.0.0.1:6379/0"
    store_url: str = f"file://{Path('.likeness/store').resolve()}"
    catalogue: Path | None = Field(default=None, description="a catalogue file instead of the one that ships")
    noncommercial: bool = Field(
        default=False, description="allow `worker.once` engines whose licence forbids commercial use"
    )
    presets: Path | None = Field(default=None, description="a file of presets beside those that ship")
    weights: Path = Field(default=WEIGHTS, description="folder with one folder of weights per engine")
    models: Path = Field(default=MODELS, description="folder of the models that `likeness models pull` brings")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="numbers that the large engines run in; auto: the fastest the device is good at"
    )
    compile: bool = Field(
        default=False, description="let torch.compile make the large networks faster, from a slow start"
    )
    captioner: str = Field(
        default="captioner", pattern="^[a-z0-9][a-z0-9-]*$", description="the model that writes missing prompts"
    )
    memory: int | None = Field(
        default=None, gt=0, description="bytes engines may take; 9/10 of the device when not given"
    )
    device: str = Field(default="auto", description="a torch device, or auto")
    provenance: bool = Field(default=True, description="write into each file that, how and from what it was made")
    c2pa_certificate: Path | None = Field(default=None, description="PEM chain, own certificate first, to sign files")
    c2pa_key: Path | None = Field(default=None, description="its private key, PEM without a password")
    thresholds: Path | None = Field(
        default=None, description="file of limits for the verdict, as `likeness calibrate` writes it"
    )
    safety: Literal["off", "reject"] = Field(
        default="off", description="reject: withhold what the model `safety-checker` flags"
    )
    pools: list[str] | None = Field(default=None, description="engine pools to serve, as JSON; all when not given")
    preload: list[str] | None = Field(default=None, description="engines to load at start; the pools' defaults if not")
    max_batch: int = Field(default=64, ge=1, description="most jobs in one run, whatever the engine allows")
    interrupt_batch: bool = Field(default=True, description="let runs of batch jobs give way to interactive ones")
    drain_seconds: float = Field(default=25, ge=0, description="how long a stopping worker may finish its run")
    hang_seconds: float = Field(default=20, ge=0, description="past a job's bound and this, the worker kills itself")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_port: int | None = Field(default=None, ge=1, le=65_535, description="Prometheus reads the figures here")
    metrics_host: str = Field(default="127.0.0.1", description="address of that port; anyone who reaches it may read")
    alive_file: Path | None = Field(default=None, description="file touched every few seconds while the worker lives")

    @cached_property
    def gates(self) -> Overrides:
        """The limits in the file `thresholds`; none without it. Raises NotReady when it has none that can be used."""
        try:
            return {} if self.thresholds is None else read_gates(self.thresholds)
        except (OSError, ValueError) as error:
            raise NotReady(f"LIKENESS_THRESHOLDS: {self.thresholds} has no usable limits: {error}") from error
