"""The JavaScript client, packed by npm: in Node and in Chromium, against the live stack and a stub that misbehaves."""

import json
import re
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image
from playwright import sync_api

from likeness import __version__
from tests.support.javascript import SOURCE, installed, node, packed
from tests.support.places import EXAMPLES, ROOT
from tests.support.snippets import snippets

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CALLS = ROOT / "tests/documents/calls.mjs"
(SHOWN,) = snippets("README.md", "javascript")
MADE = {
    "cut": ["cutout", "{where}-cut", "RGBA"],
    "matte": "image/png",
    "original": True,
    "packshot": 64,
    "image": "image/png",
    "checked": "check",
    "once": True,
    "batch": [["first", "succeeded"], ["second", "succeeded"]],
    "made": "image/png",
    "cancelled": "cancelled",
    "erased": "job_expired",
    "found": True,
    "engine": True,
    "unknown": "invalid_field",
    "aborted": "given up",
}
"""What calls.mjs tells of each call, beside statuses and a verdict."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(tmp_path_factory.mktemp("packed"))


@pytest.fixture(scope="module")
def project(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the client is installed."""
    folder = tmp_path_factory.mktemp("project")
    installed(archive, folder)
    shutil.copy(CALLS, folder)
    small(EXAMPLES / "sandals.jpg").save(folder / "photo.png")
    return folder


def small(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB").resize((160, 160 * picture.height // picture.width))


def test_what_is_packed(archive: Path) -> None:
    with tarfile.open(archive) as files:
        sizes = {Path(file.name).name: file.size for file in files}
    assert set(sizes) == {"likeness.js", "likeness.d.ts", "schema.d.ts", "package.json", "README.md", "LICENSE"}
    assert sizes["likeness.js"] < 10_000
    package = json.loads((SOURCE / "package.json").read_text())
    assert package["version"] == __version__ and not [name for name in package if name.endswith("ependencies")]


def test_every_method_has_its_types_and_is_told_of(project: Path) -> None:
    script = (
        "import { Likeness } from 'likeness-client'; console.log(...Object.getOwnPropertyNames(Likeness.prototype))"
    )
    methods = set(node("node", "--input-type=module", "-e", script, cwd=project).split())
    declared = re.findall(r"^  (\w+)\(", (SOURCE / "likeness.d.ts").read_text(), re.MULTILINE)
    assert methods == set(declared) and len(methods) > 15
    page = (SOURCE / "README.md").read_text()
    assert [name for name in methods - {"constructor"} if f"`{name}" not in page] == []


def as_told(seen: dict, where: str) -> None:
    statuses, verdict = seen.pop("statuses"), seen.pop("verdict")
    assert statuses[-1] == "succeeded" and verdict in ("accepted", "rejected")
    assert seen == {**MADE, "cut": [word.format(where=where) for word in MADE["cut"]]}


def test_every_call_in_node(project: Path, url: str) -> None:
    script = f"""import {{ calls }} from "./calls.mjs"; import {{ openAsBlob }} from "node:fs";
    console.log(JSON.stringify(await calls("{url}", await openAsBlob("photo.png"), "node")));"""
    as_told(json.loads(node("node", "--no-warnings", "--input-type=module", "-e", script, cwd=project)), "node")


def test_the_lines_of_the_readme_in_node(project: Path, url: str) -> None:
    (project / "packshot.mjs").write_text(SHOWN.replace("http://127.0.0.1:8000", url))
    script = """import { packshot } from "./packshot.mjs"; import { openAsBlob, writeFileSync } from "node:fs";
    const made = await packshot(await openAsBlob("photo.png"), "SKU-7");
    writeFileSync("made.jpg", new Uint8Array(await made.arrayBuffer()));
    await packshot(await openAsBlob("packshot.mjs"));"""
    out = node("node", "--no-warnings", "--input-type=module", "-e", script, cwd=project)
    assert out.startswith("queued") and "succeeded" in out
    with Image.open(project / "made.jpg") as made:
        assert made.size == (1200, 1200) and made.getpixel((0, 0)) == (255, 255, 255)


def test_the_lines_of_its_own_readme(project: Path, url: str) -> None:
    script = "\n".join(snippets("clients/javascript/README.md", "javascript"))
    (project / "page.mjs").write_text(script.replace("http://127.0.0.1:8000", url))
    shutil.copytree(EXAMPLES, project / "examples")
    assert "succeeded" in node("node", "--no-warnings", "page.mjs", cwd=project)
    with Image.open(project / "red.jpg") as made, Image.open(EXAMPLES / "sandals.jpg") as given:
        assert made.size == given.size
    with Image.open(project / "SKU-9-white.jpg") as white:
        assert white.getpixel((0, 0)) == (255, 255, 255)


PAGE = """<!doctype html><meta charset="utf-8"><title>Shop</title>
<script type="importmap">{"imports": {"likeness-client": "/shop/likeness.js"}}</script>
<input type="file"><img hidden><pre></pre>
<script type="module">
  import { packshot } from "/shop/packshot.mjs";
  import { calls } from "/shop/calls.mjs";
  const [input, image, told] = ["input", "img", "pre"].map((name) => document.querySelector(name));
  input.addEventListener("change", async () => {
    const made = await packshot(input.files[0], "SKU-8");
    image.src = URL.createObjectURL(made);
    image.hidden = false;
    told.textContent = JSON.stringify(await calls("", input.files[0], "browser").catch(String));
  });
</script>
"""


@pytest.fixture
def shop(project: Path, url: str) -> Iterator[sync_api.Page]:
    """A page of a shop under the service's origin, as a proxy would put it there."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    files = {
        "": ("text/html", PAGE),
        "likeness.js": ("text/javascript", (project / "node_modules/likeness-client/likeness.js").read_text()),
        "packshot.mjs": ("text/javascript", SHOWN.replace("http://127.0.0.1:8000", url)),
        "calls.mjs": ("text/javascript", CALLS.read_text()),
    }

    def answer(route: sync_api.Route) -> None:
        kind, text = files[route.request.url.rpartition("/")[2]]
        route.fulfill(content_type=kind, body=text)

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.route("**/shop/*", answer)
        page.goto(f"{url}/shop/")
        yield page
        browser.close()


def test_the_lines_of_the_readme_and_every_call_in_a_browser(shop: sync_api.Page, project: Path) -> None:
    shop.locator("input").set_input_files(project / "photo.png")
    shop.locator("img").wait_for()
    assert shop.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 1200
    sync_api.expect(shop.locator("pre")).not_to_be_empty(timeout=60_000)
    as_told(json.loads(shop.locator("pre").text_content() or ""), "browser")


EVENT = ': a comment\nid: {id}\nevent: status\ndata: {{"type": "status", "status": "{status}"}}\n\n'


class Misbehaving(BaseHTTPRequestHandler):
    """Is busy at first, breaks its streams off, and ends its lines as the path says."""

    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(("post", self.headers["Idempotency-Key"]))
        busy = len(self.asked) < 2
        self.answer(503 if busy else 202, {"code": "queue_full", "detail": "busy"} if busy else {"id": "LF"})

    def do_GET(self) -> None:
        last, ending = self.headers["Last-Event-ID"], "\n" if "/LF/" in self.path else "\r\n"
        self.asked.append((self.path, last))
        said = EVENT.format(id="1-0", status="queued") + EVENT.format(id="2-0", status="running")
        said = said + "id: 3-0\nda" if last is None else EVENT.format(id="3-0", status="succeeded")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for byte in said.replace("\n", ending).encode():
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def stub(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("ending", ["LF", "CRLF"])
def test_a_busy_service_and_a_stream_that_breaks(project: Path, ending: str) -> None:
    Misbehaving.asked = []
    with stub(Misbehaving) as url:
        script = f"""import {{ Likeness }} from "likeness-client"; const likeness = new Likeness("{url}");
        await likeness.recreate(new Blob(["picture"]));
        for await (const event of likeness.events("{ending}")) console.log(event.status);"""
        out = node("node", "--input-type=module", "-e", script, cwd=project)
    assert out.split() == ["queued", "running", "succeeded"]
    (first, second), streams = [key for what, key in Misbehaving.asked if what == "post"], Misbehaving.asked[2:]
    assert first == second and streams == [(f"/jobs/{ending}/events", None), (f"/jobs/{ending}/events", "2-0")]


def test_bytes_that_are_not_those_of_their_sha256(project: Path) -> None:
    class Wrong(Misbehaving):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("ETag", f'"{"0" * 64}"')
            self.end_headers()
            self.wfile.write(b"something")

    with stub(Wrong) as url:
        script = f"""import {{ Likeness }} from "likeness-client";
        await new Likeness("{url}/").image("x").catch((error) => console.log(error.code, error.message));"""
        out = node("node", "--input-type=module", "-e", script, cwd=project)
    assert out.startswith("unexpected_answer") and "sha256" in out
