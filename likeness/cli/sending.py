"""The options of every command that submits images, and how such a command gets them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any

from likeness.cli.options import OUT, URL, AsJson, Key, Out, Url

Command = Callable[..., None]


@dataclass(frozen=True)
class Sending:
    """Where images are submitted, and how their results are given back."""

    out: Out = OUT
    as_json: AsJson = False
    url: Url = URL
    key: Key = None


def sends(command: Command) -> Command:
    """Give a command the options of a `Sending`, after its own: it gets them as its parameter `sending`."""
    own, shared = signature(command), signature(Sending).parameters

    @wraps(command)
    def sent(**options: Any) -> None:  # noqa: ANN401  whatever the options of a command hold
        sending = Sending(**{name: options.pop(name) for name in shared})
        command(sending=sending, **options)

    parameters = [parameter for name, parameter in own.parameters.items() if name != "sending"]
    sent.__signature__ = own.replace(parameters=[*parameters, *shared.values()])  # type: ignore[attr-defined]
    return sent
