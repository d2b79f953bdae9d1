"""A webhook asked for in the browser, told by the real deliverer to a real receiver, and shown."""

import threading

import pytest

from tests.console.conftest import Open, Stack, expect, photo
from tests.service.conftest import serving
from tests.service.webhooks.conftest import SECRET, Receiver, delivering
from tests.service.webhooks.conftest import receiver as receiver

pytestmark = pytest.mark.processes


def test_a_webhook_is_followed_until_it_is_told(everything: Stack, open_page: Open, receiver: Receiver) -> None:
    receiver.statuses, receiver.hold = [500], threading.Event()
    here = {"catalogue": everything.folder / "everything.toml", "webhook_private": True, "webhook_secret": SECRET}
    settings = everything.settings(2, **here, webhook_retries=[0.1, 20.0])
    with serving(settings) as live, delivering(settings):
        page = open_page(live.url)
        page.set_input_files("#picture", photo((32, 32)))
        page.locator("#more").evaluate("more => more.open = true")
        page.get_by_label("Webhook").fill(receiver.url)
        page.locator("#submit").click()
        state = page.locator("#webhook .verdict")
        expect(state).to_have_attribute("data-state", "pending")
        receiver.hold.set()
        expect(state).to_have_attribute("data-state", "delivered")
        told = page.locator("#webhook li").all_inner_texts()
        assert [("500" in told[0]), ("204" in told[1])] == [True, True] and len(told) == 2
        _, body, _ = receiver.next()
        assert body["data"]["id"] in page.url
