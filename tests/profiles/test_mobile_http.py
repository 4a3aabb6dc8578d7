"""What Segment's libraries for Swift and Kotlin send, to the byte of what matters: taken, read, and whose device is
reached by which push token. The bodies are of our own making, in the shapes that those libraries write."""

import gzip
import json
from itertools import permutations
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from linked_shop import Shop

from onevoice.kit.db import Database
from support import LiveServer

IPHONE, PIXEL = "5B1E9A30-0D5C-4A7F-9C55-0E4B6A1F2D3C", "a1b2c3d4e5f60718"
APNS = "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad"
FCM = "dQw4w9WgXcQ:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ"


def swift(**event: Any) -> dict[str, Any]:
    context = {
        "app": {"name": "Shop", "version": "3.2.0", "build": "417", "namespace": "com.example.shop"},
        "device": {
            "id": IPHONE,
            "manufacturer": "Apple",
            "type": "ios",
            "model": "iPhone16,1",
            "name": "iPhone",
            **event.pop("device", {}),
        },
        "library": {"name": "analytics-swift", "version": "1.9.1"},
        "locale": "pl-PL",
        "network": {"bluetooth": False, "cellular": False, "wifi": True},
        "os": {"name": "iOS", "version": "18.5"},
        "screen": {"width": 393, "height": 852},
        "timezone": "Europe/Warsaw",
        "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)",
        "instanceId": "0c0e6a8e-9f5e-4f0e-8b0a-3d6c7a3f1b11",
    }
    return {"type": "track", "anonymousId": "swift-1", "integrations": {}, "context": context, **event}


def kotlin(**event: Any) -> dict[str, Any]:
    context = {
        "library": {"name": "analytics-kotlin", "version": "1.19.2"},
        "instanceId": "9d1c6b2a-53f4-4d0c-a3a5-5d9a0fbe6c00",
        "app": {"name": "Shop", "version": "3.2.0", "namespace": "com.example.shop", "build": "417"},
        "device": {
            "id": PIXEL,
            "manufacturer": "Google",
            "model": "Pixel 9",
            "name": "tokay",
            "type": "android",
            **event.pop("device", {}),
        },
        "os": {"name": "Android", "version": "16"},
        "screen": {"density": 2.625, "height": 2274, "width": 1080},
        "network": {"wifi": True, "bluetooth": False, "cellular": False},
        "locale": "pl-PL",
        "userAgent": "Dalvik/2.1.0 (Linux; U; Android 16; Pixel 9)",
        "timezone": "Europe/Warsaw",
    }
    metadata = {"bundled": [], "unbundled": [], "bundledIds": []}
    whole = {"anonymousId": "kotlin-1", "integrations": {}, "context": context, "_metadata": metadata, **event}
    return {"type": "track", **whole}


LIBRARIES = pytest.mark.parametrize(("library", "device"), [(swift, IPHONE), (kotlin, PIXEL)], ids=["swift", "kotlin"])


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


def addresses(shop: Shop, reference: str) -> list[tuple[str, str]]:
    answer = shop.profile(reference)
    assert answer.status_code == 200, answer.text
    return [(each["kind"], each["address"]) for each in answer.json()["addresses"] if each["channel"] == "push"]


def login(shop: Shop, library: Any, user: str, at: float, token: str, **more: Any) -> None:
    shop.send(library(type="identify", userId=user, traits={}, device={"token": token}, **more), at=at)


class TestTheDoor:
    """As those clients send it: to /v1/b, the key in the body alone; Kotlin zipped and called text."""

    def body(self, server: LiveServer, device: str, library: Any) -> bytes:
        names = ("Application Installed", "Application Opened", "Application Updated", "Application Backgrounded")
        batch = [
            library(
                event=name,
                messageId=f"{device} {name}",
                anonymousId=device,
                timestamp="2026-05-03T11:59:00.000Z",
                device={"id": device},
            )
            for name in names
        ]
        whole = {"batch": batch, "sentAt": "2026-05-03T12:00:00.000Z", "writeKey": server.write_key}
        return json.dumps(whole).encode()

    @pytest.mark.parametrize("path", ["/v1/b", "/v1/batch"])
    def test_kotlin(self, live_server: LiveServer, path: str) -> None:
        device = "kotlin" + path
        headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip", "User-Agent": "analytics-kotlin/1.19.2"}
        body = gzip.compress(self.body(live_server, device, kotlin))
        answer = httpx.post(live_server.url + path, content=iter([body[:99], body[99:]]), headers=headers)  # chunked
        assert answer.json() == {"success": True, "accepted": 4, "rejected": 0}
        self.require_four(live_server, device)

    @pytest.mark.parametrize("path", ["/v1/b", "/v1/batch"])
    def test_swift(self, live_server: LiveServer, path: str) -> None:
        device = "swift" + path
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "analytics-ios/1.9.1"}
        answer = httpx.post(live_server.url + path, content=self.body(live_server, device, swift), headers=headers)
        assert answer.json() == {"success": True, "accepted": 4, "rejected": 0}
        self.require_four(live_server, device)

    def require_four(self, server: LiveServer, device: str) -> None:
        server.settle()
        assert server.get(f"/api/profiles/device:{quote(device, safe='')}").json()["event_count"] == 4

    def test_the_settings_lead_back_to_us(self, live_server: LiveServer) -> None:
        """Both ask for /projects/KEY/settings below what they were given, and send to https://{apiHost}/b then."""
        told = httpx.get(f"{live_server.url}/v1/projects/{live_server.write_key}/settings").json()
        ours = told["integrations"]["Segment.io"]
        assert ours["apiKey"] == live_server.write_key
        assert ours["apiHost"] == live_server.url.partition("://")[2] + "/v1"
        for part in ("integrations", "plan", "edgeFunction", "middlewareSettings", "metrics"):
            assert isinstance(told[part], dict), "Kotlin reads an object or gives up"


class TestRead:
    @LIBRARIES
    def test_is_of_the_app_and_of_its_device(self, shop: Shop, library: Any, device: str) -> None:
        shop.send(library(event="Application Opened", properties={"from_background": False}))
        told = shop.profile(f"device:{device}").json()
        assert {each["kind"] for each in told["identifiers"]} == {"device", "anonymous_id"}
        assert list(told["channels"]) == ["site"], "the source says so; without a door of its own it is the library"
        assert told["counters"]["Application Opened"]["count"] == 1

    def test_a_device_without_an_id_is_known_by_the_anonymous_one(self, shop: Shop) -> None:
        shop.send(swift(event="Application Opened", device={"id": "", "token": APNS}))
        assert addresses(shop, "anonymous_id:swift-1") == [("apns", APNS)]
        shop.send(swift(event="Application Opened", anonymousId="after-reset", device={"id": "", "token": APNS}), at=1)
        assert addresses(shop, "anonymous_id:swift-1") == []
        assert addresses(shop, "anonymous_id:after-reset") == [("apns", APNS)]


class TestPushToken:
    @pytest.mark.parametrize(
        ("library", "token", "kind"),
        [(swift, APNS, "apns"), (swift, APNS.upper(), "apns"), (kotlin, FCM, "fcm"), (swift, FCM, "fcm")],
        ids=["apple", "apple in capitals", "google", "google on an iphone"],
    )
    def test_the_platforms_are_told_apart(self, shop: Shop, library: Any, token: str, kind: str) -> None:
        login(shop, library, "anna", 1, token)
        assert addresses(shop, "user_id:anna") == [(kind, token)]

    @LIBRARIES
    def test_of_a_device_the_one_named_last(self, shop: Shop, library: Any, device: str) -> None:
        for at, token in ((3, "second"), (1, "first"), (2, "first")):
            login(shop, library, "anna", at, token)
        assert [token for _, token in addresses(shop, "user_id:anna")] == ["second"]
        login(shop, library, "anna", 4, "first")
        assert [token for _, token in addresses(shop, "user_id:anna")] == ["first"]

    @LIBRARIES
    def test_after_a_logout_it_is_nobodys_for_marketing(self, shop: Shop, library: Any, device: str) -> None:
        login(shop, library, "anna", 1, "token")
        shop.send(library(event="Signed Out", userId="anna", device={"token": "token"}), at=2)
        assert addresses(shop, "user_id:anna") == []
        shop.send(library(event="Application Opened", anonymousId="other", device={"token": "token"}), at=3)
        assert addresses(shop, "user_id:anna") == []
        assert [token for _, token in addresses(shop, f"device:{device}")] == ["token"]

    @LIBRARIES
    def test_it_goes_with_the_device_to_whoever_logs_in_next(self, shop: Shop, library: Any, device: str) -> None:
        login(shop, library, "anna", 1, "token")
        login(shop, library, "ola", 2, "token")
        assert addresses(shop, "user_id:anna") == []
        assert [token for _, token in addresses(shop, "user_id:ola")] == ["token"]

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_on_another_device_it_goes_there_in_whatever_order_we_learn_of_it(
        self, shop: Shop, order: tuple[int, ...]
    ) -> None:
        """A phone was restored from a backup of the old one, and then the old one was given away."""
        told = [
            swift(type="identify", userId="anna", traits={}, device={"id": "old", "token": APNS}),
            swift(type="identify", userId="ola", traits={}, anonymousId="s2", device={"id": "new", "token": APNS}),
            swift(event="Application Opened", anonymousId="s3", device={"id": "old"}),
        ]
        for learnt, number in enumerate(order, 10):
            shop.send(told[number], at=number + 1, learnt=learnt)
        assert addresses(shop, "user_id:anna") == []
        assert addresses(shop, "user_id:ola") == [("apns", APNS)]

    def test_two_devices_of_one_person_are_both_reached(self, shop: Shop) -> None:
        login(shop, swift, "anna", 1, APNS)
        login(shop, kotlin, "anna", 2, FCM)
        assert sorted(addresses(shop, "user_id:anna")) == [("apns", APNS), ("fcm", FCM)]

    @pytest.mark.parametrize("odd", [None, "", 7, ["a"], {"@vault": 1}, "x" * 4097])
    def test_what_is_no_token_is_none(self, shop: Shop, odd: Any) -> None:
        shop.send(swift(type="identify", userId="anna", traits={}, device={"token": odd}))
        assert addresses(shop, "user_id:anna") == []

    def test_lies_in_the_vault_only(self, shop: Shop, database: Database) -> None:
        login(shop, swift, "anna", 1, APNS)
        with database.transaction() as conn:
            bodies = conn.execute("select body::text from identity.event").fetchall()
            tokens = conn.execute("select push_token::text from identity.push_token").fetchall()
        assert len(bodies) == len(tokens) == 1
        assert APNS not in bodies[0][0] + tokens[0][0]


class TestDeepLink:
    @pytest.fixture
    def link(self, shop: Shop) -> str:
        shop.person("anna", email="anna@example.com")
        wanted = {"person": "email:anna@example.com", "url": "https://shop.example.com/boots?size=39"}
        return str(shop.post("/api/links", {"links": [wanted]}, at=1).json()["data"][0]["url"])

    @LIBRARIES
    def test_opened_in_the_app_it_is_hers(self, shop: Shop, link: str, library: Any, device: str) -> None:
        token = link.partition("ov=")[2]
        # Kotlin makes a property of each parameter.
        parameters = {"size": "39", "ov": token} if library is kotlin else {}
        properties = {**parameters, "url": link, "referrer": "android-app://com.google.android.gm"}
        shop.send(library(event="Deep Link Opened", properties=properties), at=2)
        assert shop.profile(f"device:{device}").json()["id"] == shop.profile("user_id:anna").json()["id"]
        told = shop.profile(f"device:{device}", "/events").json()["data"]
        assert token not in json.dumps(told)
        assert told[0]["properties"]["url"] == "https://shop.example.com/boots?size=39"

    @LIBRARIES
    def test_and_its_push_token_comes_along(self, shop: Shop, link: str, library: Any, device: str) -> None:
        shop.send(library(event="Application Opened", device={"token": APNS}), at=1.5)
        shop.send(library(event="Deep Link Opened", properties={"url": link}), at=2)
        assert [token for _, token in addresses(shop, "user_id:anna")] == [APNS]
