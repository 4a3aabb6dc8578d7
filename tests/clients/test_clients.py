"""Five unmodified client libraries send through a proxy that misbehaves; both sides must count the same."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment
from playwright.sync_api import Route

from chromium import running_chromium
from clients.browser_page import shop_page
from clients.stored import Stored
from faults.proxy import EVERY_FAULT, FaultProxy, script
from onevoice.kit.home import Home
from onevoice.kit.postgres import Cluster
from support import LiveServer, run_onevoice, serving

COUNT = 180


def port_of(server: LiveServer) -> int:
    return int(server.url.rpartition(":")[2])


def require_equal(made: list[str], stored: Stored, proxy: FaultProxy) -> None:
    """Every id the client made is stored, once, and nothing else is; and the proxy did what it was there for."""
    assert len(set(made)) == len(made)
    assert stored.settled(len(made)) == Counter(made)
    assert stored.dead_letters() == []
    assert set(EVERY_FAULT) <= set(proxy.done)


class TestPythonClients:
    def test_segment_analytics_python(self, live_server: LiveServer, source: tuple[str, Stored]) -> None:
        key, stored = source
        with FaultProxy(port_of(live_server), script(1)) as proxy:
            failed: list[object] = []
            client = segment.Client(
                key,
                host=proxy.url,
                upload_size=10,
                upload_interval=0.1,
                timeout=1.5,
                on_error=lambda error, _: failed.append(error),
            )
            made = self._send_everything(client, "segment")
            client.flush()
            client.join()
            assert failed == []
            require_equal(made, stored, proxy)

    def test_segment_analytics_python_with_gzip(self, live_server: LiveServer, source: tuple[str, Stored]) -> None:
        key, stored = source
        with FaultProxy(port_of(live_server), script(2)) as proxy:
            client = segment.Client(key, host=proxy.url, upload_size=10, upload_interval=0.1, timeout=1.5, gzip=True)
            made = self._send_everything(client, "zipped")
            client.flush()
            client.join()
            require_equal(made, stored, proxy)

    def test_rudder_sdk_python(self, live_server: LiveServer, source: tuple[str, Stored]) -> None:
        key, stored = source
        with FaultProxy(port_of(live_server), script(3)) as proxy:
            failed: list[object] = []
            client = rudder.Client(
                key,
                host=proxy.url,
                upload_size=10,
                upload_interval=0.1,
                timeout=1.5,
                on_error=lambda error, _: failed.append(error),
            )
            made = self._send_everything(client, "rudder")
            client.flush()
            client.join()
            assert failed == []
            require_equal(made, stored, proxy)

    def test_a_bare_nan_does_not_lose_the_batch(self, live_server: LiveServer, source: tuple[str, Stored]) -> None:
        key, stored = source
        client = segment.Client(key, host=live_server.url, upload_size=10, upload_interval=0.1)
        made = [
            client.track(f"user-{number}", "Cart Viewed", {"total": float("nan") if number == 3 else 1.5})[1]
            for number in range(10)
        ]
        client.flush()
        client.join()
        assert stored.settled(10) == Counter(message["messageId"] for message in made)

    @staticmethod
    def _send_everything(client: Any, who: str) -> list[str]:
        """All six kinds of calls. Returns: the ids the client gave them."""
        sent = [
            client.identify(f"{who}-1", {"email": f"{who}@shop.example"}),
            client.page(f"{who}-1", name="Boots", properties={"path": "/boots"}),
            client.screen(f"{who}-1", name="Home"),
            client.group(f"{who}-1", "g-1", {"name": "Walkers"}),
            client.alias(f"{who}-before", f"{who}-1"),
        ]
        sent += [
            client.track(f"{who}-{number % 7}", "Product Viewed", {"number": number, "name": "Ботинки 😀"})
            for number in range(COUNT - len(sent))
        ]
        assert all(queued for queued, _ in sent)
        return [message["messageId"] for _, message in sent]


class TestNodeClients:
    @pytest.mark.parametrize("client", ["segment_node", "rudder_node"])
    def test_every_message_arrives_once(
        self, live_server: LiveServer, source: tuple[str, Stored], node_packages: Path, client: str
    ) -> None:
        key, stored = source
        with FaultProxy(port_of(live_server), script(4 + len(client))) as proxy:
            told = {"url": proxy.url, "writeKey": key, "count": COUNT}
            ran = subprocess.run(
                ["node", f"{client}.mjs", json.dumps(told)],
                cwd=node_packages,
                capture_output=True,
                text=True,
                timeout=110,
                check=False,
            )
            assert ran.returncode == 0, ran.stderr
            report = json.loads(ran.stdout)
            assert report["failures"] == []
            assert len(report["made"]) == COUNT
            require_equal(report["made"], stored, proxy)


@pytest.mark.browser
class TestBrowserClient:
    SEND = """async ({url, key, count}) => {
        const analytics = AnalyticsNext.AnalyticsBrowser.load({writeKey: key, cdnURL: url})
        const sent = [
            analytics.page('Boots', {path: '/boots'}),
            analytics.identify('browser-1', {email: 'browser@shop.example'}),
            analytics.group('g-1', {name: 'Walkers'}),
            analytics.alias('browser-2', 'browser-1'),
            analytics.screen('Home'),
        ]
        for (let number = 0; sent.length < count; number += 1)
            sent.push(analytics.track('Product Viewed', {number, name: 'Ботинки 😀'}))
        return (await Promise.all(sent)).map((context) => context.event.messageId)
    }"""

    def test_analytics_next_in_chromium(
        self, live_server: LiveServer, source: tuple[str, Stored], node_packages: Path
    ) -> None:
        assert node_packages.is_dir()
        key, stored = source
        with (
            FaultProxy(port_of(live_server), script(9)) as proxy,
            shop_page() as page_url,
            running_chromium() as browser,
        ):
            page = browser.new_page()
            told: list[str] = []
            page.on("console", lambda message: told.append(message.text))
            page.goto(page_url)
            made = page.evaluate(self.SEND, {"url": proxy.url, "key": key, "count": 40})
            stored.settled(len(made))
            browser.close()
            require_equal(made, stored, proxy)
            assert not [text for text in told if "preflight" in text]

    def test_analytics_next_where_a_proxy_ends_tls(
        self, node_packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The page knows the public address only, with its port and path, and every event goes there."""
        assert node_packages.is_dir()
        public = "https://events.shop.example:8443/onevoice"
        monkeypatch.setenv("ONEVOICE_PUBLIC_URL", public)
        with serving(tmp_path / "home") as server, shop_page() as page_url, running_chromium() as browser:
            name = "behind a proxy"
            key = run_onevoice("keys", "create", "write", "--name", name, "--home", str(server.home))
            stored = Stored(Cluster(Home(server.home)).url, name)
            asked: list[str] = []

            def end_tls(route: Route) -> None:
                request = route.request
                asked.append(request.url.removeprefix(public))
                headers = {**request.headers, "host": "events.shop.example:8443"}
                address = server.url + request.url.removeprefix(public)
                answer = httpx.request(request.method, address, headers=headers, content=request.post_data_buffer)
                route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

            page = browser.new_page()
            strays: list[str] = []
            page.on("request", lambda request: strays.append(request.url))
            page.route(f"{public}/**", end_tls)
            page.goto(page_url)
            made = page.evaluate(self.SEND, {"url": public, "key": key, "count": 8})
            assert stored.settled(len(made)) == Counter(made)
            browser.close()
            assert asked[0] == f"/v1/projects/{key}/settings"
            assert set(asked[1:]) == {f"/v1/{path}" for path in "pigast"}
            assert [url for url in strays if not url.startswith((page_url, f"{public}/"))] == []
