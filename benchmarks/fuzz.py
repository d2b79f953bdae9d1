"""Requests that nobody would send, to the whole stack: `python -m benchmarks.fuzz [--requests 20000] [--seed 0]`.

Each is one of the calls that the description lists, with a body made from its examples and then damaged: values of
other types, numbers out of all bounds, lone surrogates, half a text, pictures with bytes turned over or cut off, and
headers that say something else. The engine is one that does nothing, so that jobs which are accepted end too.

Prints how often each status was answered, and the first requests that were answered with 5xx other than 503 or not at
all. `python -m benchmarks.fuzz --requests 1 --seed N` sends the one of number N again.
"""

import argparse
import base64
import io
import json
import random
import re
import string
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.soak import running

DESCRIPTION: Final = Path(__file__).parents[1] / "openapi" / "openapi.json"
CALLERS: Final = 6
KEPT_BYTES: Final = 2**16
"""So much of an answer is read; an answer may go on for as long as its job runs."""
SECONDS: Final = 20.0
VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(10**30), 1e308, 0.1, float("nan"), float("inf")),
    *("", " ", "0", "null", "\0", "\ud800", "\U0010ffff", "a" * 5000, "../../etc/passwd", "%00", "\r\nX: y", "#12345g"),
    *([], {}, [[]], [None] * 300, {"": None}, {"__proto__": {}}, [[[[[[[[]]]]]]]]),
)
"""What stands where something else belongs."""
JSON: Final = "application/json"
TYPES: Final = (JSON, "multipart/form-data; boundary=x", "text/plain", f"{JSON}; charset=utf-16", "")
HEADERS: Final[tuple[dict[str, str], ...]] = (
    *([{}] * 20),
    *({"Idempotency-Key": "same"}, {"Idempotency-Key": "x" * 300}, {"Prefer": "wait=99999999999999999999"}),
    *({"Range": "bytes=5-1"}, {"Range": "bytes=-"}, {"Last-Event-ID": "0-0-0"}),
    *({"If-None-Match": '"'}, {"Accept": "a/b"}),
    *({"Content-Encoding": "gzip"}, {"Authorization": "Bearer x"}, {"traceparent": "00-x"}),
)
PICTURES: Final = ("image", "init_image", "mask", "logo", "guide", "control_image", "style_image", "data_uri")
"""Fields that hold pictures; so do those of these names with an s."""


@dataclass
class Found:
    """What was answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """Requests that were answered with 5xx other than 503, each by its number, status and path."""
    jobs: list[str] = field(default_factory=list)

    def table(self) -> Table:
        """Return it as a table."""
        table = Table("answer", "times")
        for name, count in (*sorted(self.statuses.items()), *sorted(self.unanswered.items())):
            table.add_row(str(name), f"{count:,}")
        for fault in self.faults[:20]:
            table.add_row("fault", fault)
        return table


@dataclass(frozen=True)
class Call:
    """A call of the description."""

    method: str
    path: str
    query: tuple[str, ...]
    bodies: tuple[dict[str, Any], ...] = ({},)
    """Examples of its body."""


@dataclass(frozen=True)
class Sent:
    """A request, and what goes with it."""

    method: str
    address: str
    """Below the service's."""
    headers: dict[str, str]
    content: bytes


UNDESCRIBED: Final = (
    Call("POST", "/sdapi/v1/img2img", (), ({"init_images": [""], "steps": 1, "prompt": "a", "width": 64, "seed": 3},)),
    Call("GET", "/sdapi/v1/progress", ("skip_current_image",)),
    Call("POST", "/sdapi/v1/interrupt", ()),
    Call("POST", "/v1/predictions", (), ({"version": "drill", "input": {"image": "", "steps": 1}},)),
    Call("POST", "/v1/models/likeness/drill/predictions", (), ({"input": {"image": "", "seed": 1}},)),
    Call("GET", "/v1/predictions", ("cursor",)),
    Call("GET", "/v1/predictions/{job_id}", ()),
    Call("POST", "/v1/predictions/{job_id}/cancel", ()),
    Call("POST", "/v1/files", (), ({"content": ""},)),
)
"""Those of other APIs, whose owners describe them."""


def calls() -> list[Call]:
    """Return all calls, those with bodies several times over."""
    paths = json.loads(DESCRIPTION.read_text("utf-8"))["paths"]
    described = [_call(method, path, said) for path, said_of in paths.items() for method, said in said_of.items()]
    found = [*described, *UNDESCRIBED]
    return found + [call for call in found if call.method == "POST"] * 4


def _call(method: str, path: str, said: dict[str, Any]) -> Call:
    query = tuple(one["name"] for one in said.get("parameters", []) if one["in"] == "query")
    bodies = []
    for kind in said.get("requestBody", {}).get("content", {}).values():
        bodies += [one["value"] for one in kind.get("examples", {}).values() if isinstance(one.get("value"), dict)]
    return Call(method.upper(), path, query, tuple(bodies) or ({},))


def pictures() -> list[bytes]:
    """Return small pictures of the formats and modes that are taken."""
    found = []
    for mode, name in (
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("I;16", "PNG"),
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
    ):
        found.append(_file(Image.new(mode, (17, 13), 99 if mode in ("P", "I;16") else None), name))
    return [*found, _file(Image.new("RGBA", (17, 13), (9, 99, 9, 99)), "WEBP")]


def _file(image: Image.Image, name: str) -> bytes:
    file = io.BytesIO()
    image.save(file, name)
    return file.getvalue()


class Fuzz:
    """Makes requests, each from its number alone but for the jobs that it names."""

    def __init__(self, found: Found) -> None:
        self._calls, self._pictures, self._found = calls(), pictures(), found

    def request(self, number: int) -> Sent:
        """Return request `number`."""
        chance = random.Random(number)  # noqa: S311  chance, no secret
        call = chance.choice(self._calls)
        query = {name: text(chance.choice(VALUES)) for name in call.query if chance.random() < 0.3}
        address = self._path(call.path, chance) + ("?" + urlencode(query, errors="replace") if query else "")
        headers = dict(chance.choice(HEADERS))
        content = b""
        if call.method in ("POST", "PUT", "PATCH", "DELETE") and chance.random() < 0.97:
            content = self._body(call, chance, headers)
        return Sent(call.method, address, headers, content)

    def _path(self, path: str, chance: random.Random) -> str:
        jobs = self._found.jobs

        def value(_: re.Match[str]) -> str:
            known = jobs and chance.random() < 0.8
            return quote(chance.choice(jobs) if known else text(chance.choice(VALUES)), safe="", errors="replace")

        return re.sub(r"\{\w+\}", value, path)

    def _body(self, call: Call, chance: random.Random, headers: dict[str, str]) -> bytes:
        fields: object = self._with_pictures(chance.choice(call.bodies), chance)
        for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 5))):
            fields = damaged(fields, chance)
        if chance.random() < 0.4:
            headers["Content-Type"] = "multipart/form-data; boundary=x"
            return halved(self._form(fields, chance), chance)
        headers["Content-Type"] = TYPES[0] if chance.random() < 0.95 else chance.choice(TYPES)
        return halved(json.dumps(fields).encode(), chance)

    def _with_pictures(self, value: object, chance: random.Random, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: self._with_pictures(inner, chance, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._with_pictures(inner, chance, name) for inner in value]
        pictured = isinstance(value, str) and name.removesuffix("s") in PICTURES
        return base64.b64encode(self._picture(chance)).decode() if pictured else value

    def _form(self, fields: object, chance: random.Random) -> bytes:
        parts = []
        for name, value in (fields if isinstance(fields, dict) else {"image": fields}).items():
            picture = isinstance(value, str) and len(value) > 60
            data = self._picture(chance) if picture else text(value).encode("utf-8", "surrogatepass")
            said = f'Content-Disposition: form-data; name="{name}"' + ('; filename="a.png"' if picture else "")
            parts.append(b"--x\r\n" + said.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + data + b"\r\n")
        return b"".join(parts) + b"--x--\r\n"

    def _picture(self, chance: random.Random) -> bytes:
        data = bytearray(chance.choice(self._pictures))
        for _ in range(chance.choice((0, 0, 0, 0, 1, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return halved(bytes(data), chance)


def damaged(value: object, chance: random.Random) -> object:
    """Return a value of JSON with one of those within it replaced, removed or added."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name, rest = chance.choice(list(value)), dict(value)
        inner = rest.pop(name)
        return rest if chance.random() < 0.15 else {**rest, name: damaged(inner, chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], damaged(value[place], chance), *value[place + 1 :]]
    if isinstance(value, dict):
        return {**value, "".join(chance.choices(string.ascii_letters, k=4)): chance.choice(VALUES)}
    return chance.choice(VALUES)


def halved(data: bytes, chance: random.Random) -> bytes:
    """Return data, seldom without its end."""
    return data if chance.random() < 0.93 else data[: chance.randrange(len(data) + 1)]


def text(value: object) -> str:
    """Return a value as a form or an address has it."""
    return value if isinstance(value, str) else json.dumps(value)


def ask(http: httpx.Client, number: int, fuzz: Fuzz, found: Found) -> None:
    """Send one request and note what was answered."""
    sent = fuzz.request(number)
    try:
        with http.stream(sent.method, sent.address, headers=sent.headers, content=sent.content) as answer:
            said = b"".join(_begun(answer))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        found.unanswered[type(error).__name__] += 1
    else:
        found.statuses[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            found.faults.append(f"{number}: {answer.status_code} {sent.method} {sent.address[:200]} {said[:200]!r}")
        elif answer.status_code == httpx.codes.ACCEPTED and (job := _job(said)):
            found.jobs.append(job)


def _begun(answer: httpx.Response) -> Iterator[bytes]:
    size = 0
    for part in answer.iter_bytes():
        yield part
        size += len(part)
        if size > KEPT_BYTES:
            return


def _job(said: bytes) -> str | None:
    try:
        return str(json.loads(said)["id"])
    except (ValueError, KeyError, TypeError):
        return None


def fuzz(url: str, first: int, count: int) -> Found:
    """Send requests `first` to `first + count - 1` to a service, several at once."""
    found, numbers = Found(), iter(range(first, first + count))
    made, lock = Fuzz(found), threading.Lock()

    def call() -> None:
        with httpx.Client(base_url=url, timeout=SECONDS, trust_env=False) as http:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                ask(http, number, made, found)

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return found


def main() -> None:
    """Run it and print what was answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="how many are sent")
    parser.add_argument("--seed", type=int, default=0, help="another one sends others")
    options = parser.parse_args()
    with running('extends = "shipped"\n') as stack:
        Console().print(fuzz(stack.settings.url, options.seed, options.requests).table())


if __name__ == "__main__":
    main()
