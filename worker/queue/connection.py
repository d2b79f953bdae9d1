"""Redis as a worker needs it: one that is away, or that answers and refuses to write, is waited for.

A Redis refuses to write when its memory is full, when it became a replica at a failover, or when it cannot write its
log. None of that is a fault of a job, and a worker that ended for it would lose what it has computed.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.client import Pipeline
from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from likeness.queue.script_names import digest

BRIEF_TRIES: Final = 3
"""Times that a command is tried again which can as well be left out."""
REFUSED_LOGINS: Final = 40
"""Tries, about a second apart, after which a password or user that Redis does not take is an error."""
ANSWER_SECONDS: Final = 15.0
TELL_SECONDS: Final = 30.0
"""How often it is logged that Redis is still waited for."""
REFUSING: Final = (OutOfMemoryError, ReadOnlyError, MasterDownError, ClusterDownError)
REFUSING_CODES: Final = ("MISCONF", "NOREPLICAS")
"""Codes of refusals for which redis-py has no class."""

Found = TypeVar("Found")
log = structlog.get_logger()


class Refused(ConnectionError):
    """Redis answers, but takes no writes now. Nothing of the command or of the transaction was done."""


def refuses(error: ResponseError) -> bool:
    """Return whether an answer means that Redis takes no writes now, whatever is written."""
    return isinstance(error, REFUSING) or str(error).startswith(REFUSING_CODES)


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Raise Refused for an answer that is a refusal to write; let any other error through."""
    try:
        yield
    except ResponseError as error:
        if refuses(error):
            raise Refused(str(error)) from error
        raise


class _RefusalPipeline(Pipeline):
    def parse_response(self, connection: Any, command_name: str, **options: Any) -> Any:  # noqa: ANN401  as redis-py
        with _refusals_told():
            return super().parse_response(connection, command_name, **options)


class RefusalRedis(Redis):
    """A client to which a refusal to write is a lost connection: the command is tried again on a new one."""

    def parse_response(self, connection: Any, command_name: str, **options: Any) -> Any:  # noqa: ANN401  as redis-py
        """Return what Redis answers. Raises Refused."""
        with _refusals_told():
            return super().parse_response(connection, command_name, **options)

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:  # noqa: ANN401  as redis-py
        """Run a script; its text, which may be kilobytes, is sent only where Redis does not know it."""
        try:
            return self.evalsha(digest(script), numkeys, *keys_and_args)
        except NoScriptError:
            return super().eval(script, numkeys, *keys_and_args)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:  # noqa: ANN401  as redis-py
        """Return a pipeline that raises Refused too."""
        return _RefusalPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class Patience(Retry):
    """Tries again for ever, about once a second, until `until` (monotonic seconds) if that is set."""

    def __init__(self) -> None:
        super().__init__(ExponentialBackoff(cap=1.0, base=0.05), retries=-1)
        self.until: float | None = None

    def __deepcopy__(self, _: dict[int, Any]) -> "Patience":
        """Return itself: each connection has the same one, so that the end of patience reaches them all."""
        return self

    def call_with_retry(
        self,
        do: Callable[[], Found],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> Found:
        """Return what `do` returns. Raises what it raises once patience is over, or at once what is not to be tried."""
        failures, told = 0, -math.inf
        while True:
            try:
                return do()
            except self._supported_errors as error:
                if is_retryable and not is_retryable(error):
                    raise
                failures += 1
                if with_failure_count:
                    fail(error, failures)
                else:
                    fail(error)
                if self._over(error, failures):
                    raise
                told = _tell(error, told)
            time.sleep(self._backoff.compute(failures))

    def _over(self, error: Exception, failures: int) -> bool:
        if isinstance(error, AuthenticationError) and failures > REFUSED_LOGINS:
            return True
        return self.until is not None and time.monotonic() >= self.until


def _tell(error: Exception, told: float) -> float:
    """Log now and then what is waited for; return when it was told last (monotonic seconds)."""
    now = time.monotonic()
    if now - told < TELL_SECONDS:
        return told
    log.warning("waiting for Redis", refuses=isinstance(error, Refused), error=str(error))
    return now


def connect(url: str, patience: Retry) -> Redis:
    """Return a client of the Redis at `url` whose commands are tried again as `patience` says."""
    errors: list[type[Exception]] = [ConnectionError, TimeoutError]
    return RefusalRedis.from_url(
        url,
        protocol=2,
        retry=patience,
        retry_on_error=errors,
        health_check_interval=15,
        socket_connect_timeout=ANSWER_SECONDS,
    )


def eval_each(connection: Redis, script: str, calls: Sequence[tuple[list[Any], list[Any]]]) -> list[Any]:
    """Run a script, with these keys and arguments each time, in one go; return the answers. Raises RedisError."""
    if len(calls) == 1:
        return [connection.eval(script, len(redis_keys), *redis_keys, *args) for redis_keys, args in calls]
    with connection.pipeline(transaction=False) as pipeline:
        for redis_keys, args in calls:
            pipeline.evalsha(digest(script), len(redis_keys), *redis_keys, *args)
        answers = pipeline.execute(raise_on_error=False)
    for place, (redis_keys, args) in enumerate(calls):
        if isinstance(answers[place], NoScriptError):
            answers[place] = connection.eval(script, len(redis_keys), *redis_keys, *args)
        elif isinstance(answers[place], Exception):
            raise answers[place]
    return answers


def brief(url: str) -> Redis:
    """Return a client that gives up soon, for what a worker can go on without."""
    return connect(url, Retry(ExponentialBackoff(cap=1.0, base=0.05), BRIEF_TRIES))
