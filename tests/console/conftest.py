"""The console in a real browser, before a real service whose worker has the drill engine and the shipped ones."""

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright import sync_api

from likeness.contract.catalogue import load_catalogue
from tests.service.conftest import Live, Stack, serving
from tests.service.conftest import stack as stack
from tests.support.places import ROOT
from tests.worker.drill import CATALOGUE, Drill

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHIPPED = ROOT / "likeness" / "contract" / "catalogue.toml"
PATIENCE = 60_000
"""ms that a test waits for something before it fails."""


@dataclass
class Seen:
    """What a page did that it must not do."""

    errors: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def watch(self, page: sync_api.Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda request: self.requested.append(request.url))

    def _hear(self, message: sync_api.ConsoleMessage) -> None:
        """An answer that is an error, which the page shows, is also told on the console by the browser itself."""
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    def foreign(self, url: str) -> list[str]:
        return [one for one in self.requested if not one.startswith((url, f"blob:{url}", "data:"))]


@pytest.fixture(scope="package")
def browser(site: Live) -> Iterator[sync_api.Browser]:
    """One browser: started after all that uses asyncio.run, which cannot run beside it, and gone with the last test."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def everything(stack: Stack) -> Iterator[Stack]:
    """A worker with all the engines that ship, and the drill engine, given a minute for a job, as the default."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    catalogue = stack.folder / "everything.toml"
    drill_alone = CATALOGUE.read_text().replace("timeout = 3\n", "timeout = 60\n")
    catalogue.write_text(SHIPPED.read_text() + drill_alone)
    load_catalogue(catalogue)
    drill = Drill(f"unix://{stack.server.socket}?db=2", stack.folder, catalogue)
    try:
        drill.worker(preload='["drill"]')
        yield stack
    finally:
        drill.stop()


@pytest.fixture(scope="package")
def site(everything: Stack) -> Iterator[Live]:
    """A service without API keys, and the worker behind it."""
    with serving(everything.settings(2, catalogue=everything.folder / "everything.toml")) as live:
        yield live


Open = Callable[..., sync_api.Page]


@pytest.fixture
def open_page(browser: sync_api.Browser) -> Iterator[Open]:
    """Open the console of a service in a context of its own; afterwards: no error, and nothing asked of elsewhere."""
    opened: list[tuple[sync_api.BrowserContext, Seen, str]] = []

    def at(url: str, path: str = "/", **context: object) -> sync_api.Page:
        own = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        own.set_default_timeout(PATIENCE)
        page, seen = own.new_page(), Seen()
        seen.watch(page)
        opened.append((own, seen, url))
        page.goto(f"{url}{path}")
        return page

    yield at
    for context, seen, url in opened:
        context.close()
        assert not seen.errors
        assert not seen.foreign(url)


@pytest.fixture
def page(site: Live, open_page: Open) -> sync_api.Page:
    """The console, its settings drawn."""
    page = open_page(site.url)
    page.locator("#submit").wait_for()
    return page


def photo(size: tuple[int, int] = (96, 128), mode: str = "RGB") -> dict[str, object]:
    """A picture with edges and colours, as a file for an input."""
    down, across = np.mgrid[: size[1], : size[0]]
    pixels = np.stack([across * 2, down, 255 - across], axis=-1).clip(0, 255).astype(np.uint8)
    pixels[size[1] // 4 : -size[1] // 4, size[0] // 4 : -size[0] // 4] = (190, 60, 40)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG")
    return {"name": "photo.png", "mimeType": "image/png", "buffer": file.getvalue()}


def expect(found: object) -> object:
    """Playwright's own waiting assertions, as patient as the tests."""
    sync_api.expect.set_options(timeout=PATIENCE)
    return sync_api.expect(found)


def barriers(page: sync_api.Page) -> list[str]:
    """What axe finds on a page as it stands that keeps somebody out, or hinders them badly, with the elements."""
    found = Axe().run(page).response["violations"]
    grave = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [f"{rule['id']}: {[node['html'][:160] for node in rule['nodes']]}" for rule in grave]
