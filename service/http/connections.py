"""Connections that cost no more than they should: callers that are silent, do not read, or send what nobody reads.

uvicorn's own protocol waits for ever for the head of a request, for a caller to take its answer, and closes at once
when it has answered before the whole body came, which loses the answer on its way.
"""

import asyncio
import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import h11
import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

OTHER_FILES: Final = 320
"""Open files of the process that are no callers: 256 connections to Redis, the store, logs."""
FEWEST: Final = 16
ABOVE: Final = 16
"""Connections beyond the bound that are told so, instead of being closed at once; probes among them are answered."""
SILENCE_SECONDS: Final = 5.0
"""Longest silence of a caller that still sends a body which nobody reads."""

log = structlog.get_logger()


@dataclass(frozen=True)
class ConnectionBounds:
    """What callers may take of a connection."""

    most: int
    """Connections at one time."""
    head_seconds: float = 10.0
    """Until the head of a request has come, from its first byte or from the connection's beginning."""
    write_seconds: float = 30.0
    """Until a caller has taken the piece of an answer that was sent last."""
    linger_seconds: float = 30.0
    """For how long the rest of a body is read after the answer to it."""

    @classmethod
    def of(cls, most: int) -> "ConnectionBounds":
        """Return the bounds with as many connections as are wanted, or as the process may have open files for."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        possible = most if files == resource.RLIM_INFINITY else max(FEWEST, files - OTHER_FILES)
        if possible < most:
            log.warning("fewer connections than configured: raise the limit of open files", most=possible, files=files)
        return cls(min(most, possible))


class Lingering(asyncio.Transport):
    """A transport whose `close` first reads what a caller still sends, so that it sees the answer before the end."""

    def __init__(
        self,
        inner: asyncio.Transport,
        unread: Callable[[], bool],
        linger: Callable[[], None],
        flush: Callable[[], None],
    ) -> None:
        super().__init__()
        self._inner, self._unread, self._linger, self._flush = inner, unread, linger, flush
        self.lingers = False

    def close(self) -> None:
        """Close, or begin to linger where the caller still sends."""
        if self.lingers:
            return
        if self._inner.is_closing() or not self._unread():
            self.end()
            return
        self.lingers = True
        if self._inner.can_write_eof():  # the caller sees where the answer ends
            self._inner.write_eof()
        self._linger()

    def end(self) -> None:
        """Close after all that was written is sent."""
        self._inner.close()
        self._flush()

    def abort(self) -> None:
        """Close now."""
        self._inner.abort()

    def is_closing(self) -> bool:
        """Whether nothing more is to be answered."""
        return self.lingers or self._inner.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, once it can be."""
        self._inner.write(data)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be sent."""
        return self._inner.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Read no more for now."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._inner.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  as asyncio has it
        """What is known of the connection."""
        return self._inner.get_extra_info(name, default)


class BoundedConnection(H11Protocol):
    """A connection within bounds. With `scope["state"]["crowded"]` the app is told that there are too many."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: ConnectionBounds,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._own: Lingering = None  # type: ignore[assignment]  # as uvicorn's own, until there is a connection
        self._made = self.loop.time()
        self._head: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._silence: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is room, or once an idle connection has made room."""
        self._own = Lingering(transport, self._unread, self._linger, self._flush)
        super().connection_made(self._own)
        self._head = self.loop.call_later(self._bounds.head_seconds, self._own.abort)
        if len(self.connections) > self._bounds.most and not self._made_room():
            if len(self.connections) > self._bounds.most + ABOVE:
                self._own.abort()
                return
            self.app_state = {**self.app_state, "crowded": True}

    def _made_room(self) -> bool:
        """Return whether there is room, for which the oldest connection that waits for nothing is closed."""
        others = [one for one in self.connections if isinstance(one, BoundedConnection) and one is not self]
        there = [one for one in others if not one.transport.is_closing()]
        if len(there) < self._bounds.most:
            return True
        idle = [one for one in there if one.cycle is None or one.cycle.response_complete]
        if idle:
            min(idle, key=lambda one: one._made)._own.abort()
        return bool(idle)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; drop it where the answer is sent already."""
        if self._end is not None:
            self._silence = self._again(self._silence, SILENCE_SECONDS, self._own.end)
        if self._own.lingers:
            return
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.conn.their_state is not h11.IDLE:
            self._head = self._stop(self._head)
        elif self._head is None:  # some of a head came, and not all of it
            self._head = self.loop.call_later(self._bounds.head_seconds, self._own.abort)
        if self._end is not None and not self._unread():
            self._stop_lingering()

    def eof_received(self) -> None:
        """End a connection that lingered for what the caller has now sent."""
        if self._own.lingers:
            self._own.end()

    def on_response_complete(self) -> None:
        """Go on to the next request; the rest of a body that nobody read is bounded."""
        super().on_response_complete()
        if self._unread() and self._end is None:
            self._begin_lingering()

    def _unread(self) -> bool:
        """Whether the caller may still be sending what nobody reads."""
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _linger(self) -> None:
        self.flow.resume_reading()
        self._unset_keepalive_if_required()
        if self._end is None:
            self._begin_lingering()

    def _begin_lingering(self) -> None:
        self._end = self.loop.call_later(self._bounds.linger_seconds, self._own.end)
        self._silence = self._again(self._silence, SILENCE_SECONDS, self._own.end)

    def _stop_lingering(self) -> None:
        self._end, self._silence = self._stop(self._end), self._stop(self._silence)

    def pause_writing(self) -> None:
        """Give the caller some time to take what was sent."""
        super().pause_writing()
        self._writing = self._again(self._writing, self._bounds.write_seconds, self._own.abort)

    def resume_writing(self) -> None:
        """Go on: the caller has taken it."""
        super().resume_writing()
        self._writing = self._stop(self._writing)

    def shutdown(self) -> None:
        """End now where there is nothing more to answer."""
        if self._own.lingers:
            self._own.end()
            return
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget every timer."""
        self._stop_lingering()
        self._head, self._writing = self._stop(self._head), self._stop(self._writing)
        super().connection_lost(exc)

    def _flush(self) -> None:
        """Bound the time in which a caller may take the last of an answer."""
        if self._own.get_write_buffer_size() and self._writing is None:
            self._writing = self.loop.call_later(self._bounds.write_seconds, self._own.abort)

    def _again(
        self, timer: asyncio.TimerHandle | None, seconds: float, then: Callable[[], None]
    ) -> asyncio.TimerHandle:
        self._stop(timer)
        return self.loop.call_later(seconds, then)

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
