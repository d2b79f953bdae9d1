"""The service's settings, from the environment (prefix LIKENESS_)."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_STORE = "file://.likeness/store"


class ConfigurationError(Exception):
    """The program cannot start like this; the message is one sentence for whoever starts it."""


class Settings(BaseSettings):
    """What the service needs to know."""

    model_config = SettingsConfigDict(env_prefix="LIKENESS_", frozen=True)

    host: str = Field(
        default="127.0.0.1", description="address to listen on; API keys are required unless it is loopback"
    )
    port: int = Field(default=8000, ge=0, le=65_535)
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="redis://, rediss:// or unix://")
    store_url: str = Field(default=DEFAULT_STORE, validate_default=True, description="file://, memory://, s3:// ...")
    store_public_url: str | None = Field(default=None, description="public address of the object store")
    link_seconds: int = Field(default=3600, gt=0, le=7 * 86_400, description="maximum lifetime of a presigned link")
    keys_file: Path | None = Field(default=None, description="file of API keys, created by `likeness keys create`")
    catalogue: Path | None = Field(default=None, description="catalogue file to use instead of the shipped one")
    noncommercial: bool = Field(
        default=False, description="allow engines whose licence forbids commercial use, where they are named"
    )
    presets: Path | None = Field(default=None, description="file of presets in addition to the shipped ones")
    max_upload_bytes: int = Field(default=40_000_000, gt=0, description="maximum size of an image file")
    max_pixels: int = Field(default=51_000_000, gt=0, description="maximum number of pixels in an image")
    max_side: int = Field(default=16_384, gt=0, description="maximum side length of an image, in px")
    max_upload_memory: int = Field(default=512_000_000, gt=0, description="memory for what requests bring, in bytes")
    max_upload_memory_per_key: int | None = Field(
        default=None, ge=1, description="the same for the requests of one key; default half of max_upload_memory"
    )
    body_seconds: float = Field(default=30, gt=0, description="request body timeout")
    fetch_seconds: float = Field(default=10, gt=0, description="timeout for fetching an image URL")
    max_queued: int = Field(default=1000, ge=0, description="maximum number of jobs waiting in a queue")
    max_queued_per_key: int | None = Field(
        default=None,
        ge=1,
        description="maximum number of jobs of one key waiting in a queue; default 9/10 of max_queued",
    )
    max_waiting: int = Field(
        default=200, ge=0, description="maximum number of calls waiting for a job or reading its events"
    )
    max_waiting_per_key: int | None = Field(
        default=None, ge=1, description="the same for the calls of one key; default half of max_waiting"
    )
    max_connections: int = Field(default=500, ge=1, description="maximum number of open connections")
    openai_models: dict[Annotated[str, Field(min_length=1, max_length=64)], str] = Field(
        default={}, description="engines by the names that programs written for OpenAI give models; `default` is any"
    )
    call_seconds: int = Field(default=600, gt=0, description="how long a call of a compatible API waits for its job")
    left_seconds: int = Field(
        default=60,
        gt=0,
        description="seconds a job is kept running for a retry of the same request after its caller disconnected",
    )
    public_url: str | None = Field(
        default=None,
        pattern="^https?://",
        description="public address of the service; taken from the request if omitted",
    )
    lifetime: int = Field(default=24 * 3600, gt=0, description="seconds that a finished job and its images are kept")
    upload_lifetime: int = Field(default=7 * 86_400, gt=0, description="seconds that an upload is kept for batches")
    max_uploads_per_key: int = Field(
        default=50_000_000_000, gt=0, description="bytes that the uploads of one key may take"
    )
    batch_lifetime: int = Field(
        default=30 * 86_400, gt=0, description="seconds that an ended batch and its results are kept"
    )
    batch_window: int = Field(default=200, ge=1, description="maximum number of jobs of batches in the queue at once")
    max_batch_bytes: int = Field(default=64_000_000, gt=0, description="maximum size of a batch as it is posted")
    sweep_seconds: float = Field(default=60, gt=0, description="clean-up interval in seconds")
    webhook_secret: str | None = Field(
        default=None,
        repr=False,
        pattern="^whsec_([A-Za-z0-9+/]{4}){8,21}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        description="secret for signing webhooks when there are no API keys",
    )
    webhook_private: bool = Field(default=False, description="allow private addresses and http, for development")
    webhook_seconds: float = Field(default=15, gt=0, le=60, description="longest time that a try to deliver may take")
    webhook_retries: list[float] = Field(
        default=[5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
        max_length=20,
        description="seconds after the first try to deliver at which it is tried again",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("store_url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        """Make a folder absolute, so that it stays the same wherever it is opened from."""
        if not url.startswith("file://"):
            return url
        return f"file://{Path(url.removeprefix('file://')).resolve()}"

    @property
    def share(self) -> int:
        """How many jobs of one key may wait in one queue."""
        return self.max_queued_per_key or max(1, self.max_queued * 9 // 10)

    @property
    def waiting_share(self) -> int:
        """How many calls of one key may wait."""
        return self.max_waiting_per_key or -(-self.max_waiting // 2)

    @property
    def memory_share(self) -> int:
        """Bytes that the requests of one key may take."""
        return self.max_upload_memory_per_key or self.max_upload_memory // 2

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address to listen on."""
        return is_loopback(self.host)


def read_settings() -> Settings:
    """Return the settings of the environment. Raises ConfigurationError naming each that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"LIKENESS_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()]
        raise ConfigurationError("; ".join(wrong)) from error


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine itself."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
