"""The asyncio client as tests of the other one use it, so that the same tests hold both to the same."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any, Self

from likeness.client import AsyncClient


class Awaited:
    """An AsyncClient whose every call is awaited at once."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(*arguments, **settings)

    def __enter__(self) -> Self:
        self._runner.run(self._client.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._client.__aexit__(kind, error, trace))
        self._runner.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            told = method(*arguments, **named)
            return self._each(told) if hasattr(told, "__anext__") else self._runner.run(told)

        return call

    def _each(self, told: AsyncIterator[Any]) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(told)

        while True:
            try:
                yield self._runner.run(following())
            except StopAsyncIteration:
                return
