"""The page as it is served: below the path of a proxy, and under its policy."""

import pytest
from playwright.sync_api import Browser, Route

from tests.console.conftest import Open, expect, photo
from tests.service.conftest import Live

pytestmark = pytest.mark.processes


def test_below_the_path_of_a_proxy(site: Live, open_page: Open) -> None:
    """Every address is relative: with the page under /shop/ all that it asks for is under /shop/ too."""
    page = open_page(site.url, "/healthz")
    asked = []

    def forward(route: object) -> None:
        asked.append(route.request.url)
        path = route.request.url.removeprefix(f"{site.url}/shop")
        route.fulfill(response=route.fetch(url=f"{site.url}{path}"))

    page.route(f"{site.url}/shop/**", forward)
    page.goto(f"{site.url}/shop/")
    page.set_input_files("#picture", photo())
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    assert f"{site.url}/shop/recreate" in asked


def test_nothing_inline_runs(browser: Browser, site: Live) -> None:
    """What somebody managed to write into the page is neither run nor drawn."""
    written = "<script>document.title = 'ran'</script><p id='styled' style='color: rgb(1, 2, 3)'>x</p></body>"

    def answer(route: Route) -> None:
        page = route.fetch()
        route.fulfill(response=page, body=page.text().replace("</body>", written))

    context = browser.new_context()
    page = context.new_page()
    page.route(f"{site.url}/", answer)
    page.goto(site.url)
    expect(page.locator("#styled")).not_to_have_css("color", "rgb(1, 2, 3)")
    expect(page).not_to_have_title("ran")
    page.route(f"{site.url}/", lambda route: route.fulfill(body=f"<body>{written}", content_type="text/html"))
    page.reload()
    expect(page).to_have_title("ran")  # without the policy it would
    context.close()
