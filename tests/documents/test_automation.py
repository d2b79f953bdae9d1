"""What docs/automation.md shows for n8n, Zapier and Shopify, against the live stack and a stub of the other side."""

import base64
import hashlib
import hmac
import io
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from PIL import Image

from likeness.local.valkey import free_port
from tests.documents.conftest import ENVIRONMENT
from tests.support.javascript import installed, node, packed
from tests.support.places import EXAMPLES, ROOT
from tests.support.snippets import snippets

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
(WORKFLOW,) = snippets("docs/automation.md", "json")
STEP, APP = snippets("docs/automation.md", "javascript")
PRODUCT = "gid://shopify/Product/788032119674292922"
SECRET, TOKEN = "shpss_of-the-app", "shpat_of-the-shop"


@dataclass
class Shop:
    """The other side: serves a photo, takes images, and answers Shopify's two mutations."""

    url: str = ""
    images: "queue.Queue[tuple[str, bytes]]" = field(default_factory=queue.Queue)
    updates: "queue.Queue[dict]" = field(default_factory=queue.Queue)
    tokens: set[str] = field(default_factory=set)

    def answer(self, path: str, headers: Message, body: bytes) -> bytes:
        if path == "/photo.jpg":
            return (EXAMPLES / "sandals.jpg").read_bytes()
        if path == "/upload":
            self.images.put(("upload", file_of(headers["Content-Type"], body)))
            return b""
        if not path.endswith("/graphql.json"):
            self.images.put((path, body))
            return b""
        self.tokens.add(headers["X-Shopify-Access-Token"])
        asked = json.loads(body)
        if "stagedUploadsCreate" in asked["query"]:
            made = {"url": f"{self.url}/upload", "resourceUrl": "https://shopify.example/1", "parameters": []}
            made["parameters"] = [{"name": "policy", "value": "signed"}]
            return json.dumps({"data": {"stagedUploadsCreate": {"stagedTargets": [made], "userErrors": []}}}).encode()
        self.updates.put(asked["variables"])
        return b'{"data": {"productUpdate": {"userErrors": []}}}'


def file_of(content_type: str, body: bytes) -> bytes:
    """Return the file of a form that also has the fields that a target for uploads demands."""
    parts = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body).get_payload()
    by_name = {part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True) for part in parts}
    assert by_name["policy"] == b"signed" and list(by_name)[-1] == "file"
    return by_name["file"]


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            data = made.answer(self.path, self.headers, body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever).start()
        yield made
        server.shutdown()


def is_packshot(data: bytes) -> bool:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size == (400, 400) and picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def small(shown: str) -> str:
    """Ask for no more than the photo here has: enlarged, its packshot would be rejected."""
    assert shown.count("1200x1200") == 1
    return shown.replace("1200x1200", "400x400")


def test_the_workflow_of_n8n(url: str, shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "workflow.json").write_text(small(WORKFLOW).replace("http://127.0.0.1:8000", url))
    wanted = {"sku": "N-1", "photo": f"{shop.url}/photo.jpg", "deliver": f"{shop.url}/packshots/N-1"}
    (tmp_path / "body.json").write_text(json.dumps(wanted))
    out = node("node", ROOT / "tests/documents/n8n.mjs", "workflow.json", "body.json", cwd=tmp_path)
    names = [node["name"] for node in json.loads(WORKFLOW)["nodes"]]
    assert list(dict.fromkeys(out.splitlines())) == names
    path, image = shop.images.get_nowait()
    assert path == "/packshots/N-1" and is_packshot(image)


def test_the_step_of_zapier(url: str, shop: Shop, tmp_path: Path) -> None:
    given = {"photo": f"{shop.url}/photo.jpg", "sku": "Z-1", "service": url, "key": "none"}
    call = f"console.log(JSON.stringify(await step({json.dumps(given)})));"
    script = f"const step = async (inputData) => {{ {small(STEP)} }}; {call}"
    told = json.loads(node("node", "--input-type=module", "-e", script, cwd=tmp_path))
    if told["status"] != "succeeded":  # on a busy machine, as the page says
        job = httpx.get(f"{url}/jobs/{told['id']}", params={"wait": 60}, timeout=70, trust_env=False).json()
        assert job["status"] == "succeeded" and job["reference"] == "Z-1"
    else:
        assert told["verdict"] == "accepted" and is_packshot(httpx.get(told["image"], trust_env=False).content)


@pytest.fixture
def app(url: str, shop: Shop, tmp_path: Path) -> Iterator[str]:
    """The address of the Shopify app of the page."""
    (tmp_path / "packed").mkdir()
    installed(packed(tmp_path / "packed"), tmp_path)
    (tmp_path / "app.mjs").write_text(small(APP))
    address = f"http://127.0.0.1:{free_port()}"
    secret = ENVIRONMENT["LIKENESS_WEBHOOK_SECRET"]
    own = {"APP_URL": address, "PORT": address.rpartition(":")[2], "SHOPIFY_URL": shop.url, "LIKENESS_URL": url}
    own |= {"SHOPIFY_SECRET": SECRET, "SHOPIFY_TOKEN": TOKEN, "LIKENESS_WEBHOOK_SECRET": secret, "LIKENESS_KEY": "none"}
    with subprocess.Popen(["node", "app.mjs"], cwd=tmp_path, env=os.environ | own) as process:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False) as client:
                assert client.get(f"{address}/nothing").status_code == 404
            yield address
        finally:
            process.terminate()


def test_the_app_for_shopify(app: str, url: str, shop: Shop) -> None:
    product = {"id": 788032119674292922, "admin_graphql_api_id": PRODUCT, "images": [{"src": f"{shop.url}/photo.jpg"}]}
    body = json.dumps(product).encode()
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    headers = {"X-Shopify-Topic": "products/create", "X-Shopify-Webhook-Id": "once", "X-Shopify-Hmac-Sha256": signature}
    with httpx.Client(base_url=app, timeout=60, trust_env=False) as http:
        assert http.post("/shopify", content=body + b" ", headers=headers).status_code == 401
        assert http.post("/likeness", content=body).status_code == 401
        assert [http.post("/shopify", content=body, headers=headers).status_code for _ in range(2)] == [204, 204]
        update = shop.updates.get(timeout=60)
    assert update == {
        "product": {"id": PRODUCT},
        "media": [{"originalSource": "https://shopify.example/1", "mediaContentType": "IMAGE"}],
    }
    path, image = shop.images.get_nowait()
    assert path == "upload" and is_packshot(image) and shop.tokens == {TOKEN}
    found = httpx.get(f"{url}/jobs", params={"reference": PRODUCT}, trust_env=False).json()["jobs"]
    assert len(found) == 1, "told twice, made once"
