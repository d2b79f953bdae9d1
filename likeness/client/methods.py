"""The methods that both clients have, listed once: each sends the call that a function of `calls` returns."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

from likeness.client import batch_calls, calls, review_calls
from likeness.client.call import Call, document

Answer = TypeVar("Answer")
Made = TypeVar("Made", covariant=True)
Params = ParamSpec("Params")


class Method(Protocol[Params, Made]):
    """A method as a type checker sees it: `Client` returns the answer, `AsyncClient` what gives it when awaited."""

    @overload
    def __get__(self, client: None, kind: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: AbstractContextManager[Any], kind: type) -> Callable[Params, Made]: ...
    @overload
    def __get__(
        self, client: AbstractAsyncContextManager[Any], kind: type
    ) -> Callable[Params, Coroutine[Any, Any, Made]]: ...


def method(build: Callable[Params, Call[Answer]]) -> Method[Params, Answer]:
    """Return the method that sends the call that `build` returns."""

    def sends(self: "Methods", /, *args: Params.args, **kwargs: Params.kwargs) -> object:
        return self._made(partial(build, *args, **kwargs))

    return cast("Method[Params, Answer]", document(sends, build))


class Methods(ABC):
    """What both clients can do."""

    recreate = method(calls.recreate)
    customise = method(calls.customise)
    cutout = method(calls.cutout)
    packshot = method(calls.packshot)
    check = method(calls.check)
    compare = method(calls.compare)
    generate = method(calls.generate)
    reproduce = method(calls.reproduce)
    dry_run = method(calls.dry_run)

    job = method(calls.job)
    image = method(calls.image)
    preview = method(calls.preview)
    matte = method(calls.matte)
    sheet = method(calls.sheet)
    report = method(calls.report)
    report_card = method(calls.report_card)
    cancel = method(calls.cancel)
    delete = method(calls.delete)
    review = method(review_calls.review)
    withdraw_review = method(review_calls.withdraw_review)
    review_link = method(review_calls.review_link)

    save_recipe = method(calls.save_recipe)
    recipe = method(calls.recipe)
    recipes = method(calls.recipes)
    delete_recipe = method(calls.delete_recipe)

    engines = method(calls.engines)
    usage = method(calls.usage)
    health = method(calls.health)

    upload = method(batch_calls.upload)
    has_upload = method(batch_calls.has_upload)
    submit_batch = method(batch_calls.submit_batch)
    dry_run_batch = method(batch_calls.dry_run_batch)
    batch = method(batch_calls.batch)
    pause_batch = method(batch_calls.pause_batch)
    resume_batch = method(batch_calls.resume_batch)
    cancel_batch = method(batch_calls.cancel_batch)
    retry_batch = method(batch_calls.retry_batch)
    delete_batch = method(batch_calls.delete_batch)
    manifest = method(batch_calls.manifest)

    @abstractmethod
    def _made(self, build: Callable[[], Call[Any]]) -> object:
        """Send the call that `build` returns, and return its answer or what gives it when awaited."""
