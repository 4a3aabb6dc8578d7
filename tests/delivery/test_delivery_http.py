"""/api/messages and its neighbours as programs and the console ask; /v1/channels as a provider calls."""

from typing import Any

import pytest

from onevoice.kit.db import Database
from onevoice.sandbox.telegram import Telegram
from profiles.linked_shop import Shop
from web.asgi_client import AsgiClient

OFFER = {"to": "user_id:anna", "class": "marketing", "purpose": "promotions", "words": {"text": "Boots"}}
SECRET = "a-secret-of-the-webhook"
PRESS = {
    "update_id": 7,
    "callback_query": {
        "id": "501", "from": {"id": 42, "is_bot": False, "first_name": "Anna"}, "chat_instance": "1", "data": "yes",
        "message": {"message_id": 3, "date": 1764244800, "chat": {"id": 42, "type": "private"}, "text": "Yes?"},
    },
}  # fmt: skip


@pytest.fixture
def shop(database: Database) -> Shop:
    made = Shop(database, "main")
    made.person("anna", email="anna@n.example", name="Anna")
    return made


@pytest.fixture
def mara(shop: Shop) -> AsgiClient:
    return shop.signed_in("marketer")


@pytest.fixture
def olga(shop: Shop) -> AsgiClient:
    return shop.signed_in("owner")


class TestAsk:
    def test_a_silence_is_an_answer_too_and_says_why(self, mara: AsgiClient) -> None:
        told = mara.change("POST", "/api/messages", OFFER | {"channels": ["email"]}).json()
        assert (told["state"], told["rule"], told["why"]) == ("suppressed", "consent", "never_asked")
        why = mara.get(f"/api/messages/{told['id']}/why").json()
        (moment,) = why["moments"]
        assert (moment["finding"], why["message"]["name"], why["message"]["preview"]) == ("verified", "Anna", "Boots")
        assert {each["field"] for each in moment["decision"]["turn"]} == {"consent", "account"}

    def test_the_same_key_is_the_same_message(self, mara: AsgiClient) -> None:
        first, again = (mara.change("POST", "/api/messages", OFFER | {"key": "k"}).json() for _ in range(2))
        assert (again["id"], again["repeated"], first["repeated"]) == (first["id"], True, False)

    def test_another_persons_key_is_another_message(self, shop: Shop, mara: AsgiClient) -> None:
        first = mara.change("POST", "/api/messages", OFFER | {"key": "k"}).json()
        other = shop.signed_in("operator").change("POST", "/api/messages", OFFER | {"key": "k"}).json()
        assert other["id"] != first["id"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"class": "transactional"}, "invalid_message"),
            ({"purpose": "pigeons"}, "invalid_message"),
            ({"channels": ["pigeon"]}, "unknown_channel"),
            ({"words": None}, "invalid_message"),
            ({"words": {"text": " \n "}}, "invalid_message"),
            ({"words": {"text": ""}}, "invalid_request"),
            ({"words": {"text": "x", "subject": "a\r\nBcc: everybody@n.example"}}, "invalid_request"),
            ({"words": {"text": "x", "buttons": [[{"text": "x", "url": "javascript:alert(1)"}]]}}, "invalid_request"),
            ({"template": {"id": "999"}, "words": None}, "unknown_template"),
            ({"site": "nowhere"}, "unknown_site"),
            ({"to": "user_id:nobody"}, "unknown_profile"),
            ({"asked_by": "somebody"}, "invalid_request"),
            ({"due_at": "tomorrow"}, "invalid_request"),
        ],
    )
    def test_what_makes_no_sense_is_said_and_nothing_is_kept(self, mara: AsgiClient, change: Any, code: str) -> None:
        answer = mara.change("POST", "/api/messages", OFFER | change)
        assert (answer.json()["code"], answer.status_code // 100) == (code, 4)
        assert mara.get("/api/messages").json()["data"] == []

    def test_considering_keeps_nothing(self, mara: AsgiClient) -> None:
        told = mara.change("POST", "/api/message-considerations", OFFER | {"channels": ["email"]}).json()
        assert told["outcome"]["action"] == "suppress"
        assert mara.get("/api/messages").json()["data"] == []

    def test_an_offer_that_is_called_an_answer_is_none(self, mara: AsgiClient) -> None:
        told = mara.change("POST", "/api/messages", OFFER | {"class": "conversational", "channels": ["email"]}).json()
        assert told["why"] == "no_conversation"


class TestWhatIf:
    def test_another_input_gives_another_decision_and_sends_nothing(self, mara: AsgiClient) -> None:
        number = mara.change("POST", "/api/messages", OFFER | {"channels": ["email"]}).json()["id"]
        edits = [
            {"field": "consent", "to": "granted", "channel": "email"},
            {"field": "account", "to": 1, "channel": "email"},
        ]
        told = mara.change("POST", f"/api/messages/{number}/what-if", {"edits": edits}).json()
        assert told["outcome"]["action"] == "send"
        assert mara.get(f"/api/messages/{number}").json()["state"] == "suppressed"

    @pytest.mark.parametrize(
        "edit",
        [
            {"field": "candidates", "to": []},
            {"field": "nothing", "to": 1},
            {"field": "at", "to": "tomorrow"},
            {"field": "consent", "to": "maybe", "channel": "email"},
            {"field": "consent", "to": "granted", "channel": "sms"},
        ],
    )
    def test_what_is_no_input_is_refused(self, mara: AsgiClient, edit: Any) -> None:
        number = mara.change("POST", "/api/messages", OFFER | {"channels": ["email"]}).json()["id"]
        answer = mara.change("POST", f"/api/messages/{number}/what-if", {"edits": [edit]})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_message")


class TestTemplate:
    def test_a_message_of_one_says_which(self, mara: AsgiClient) -> None:
        parts = {
            "type": "email",
            "subject": "{{ customer.name }}, your size",
            "blocks": [{"type": "text", "text": "It is here."}, {"type": "footer"}],
        }
        draft = {"default_language": "en", "variants": [{"channel": "email", "language": "en", "parts": parts}]}
        body = {
            "site": "main", "name": "size", "message_class": "marketing", "purpose": "promotions", "draft": draft
        }  # fmt: skip
        answer = mara.change("POST", "/api/templates", body)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        answer = mara.change("POST", f"/api/templates/{made['id']}/versions", {"revision": 1})
        assert answer.status_code == 201, answer.text
        asked = OFFER | {"words": None, "template": {"id": made["id"]}, "channels": ["email"]}
        number = mara.change("POST", "/api/messages", asked).json()["id"]
        (row,) = mara.get("/api/messages").json()["data"]
        assert (row["template"], row["preview"], row["erased"]) == ("size", None, False)
        told = mara.get(f"/api/messages/{number}").json()["content"]
        assert told == {"subject": None, "text": None, "refused": None}  # a silence was never put together


class TestPolicy:
    def test_who_made_a_version_is_told(self, mara: AsgiClient) -> None:
        assert mara.get("/api/policy").json()["made_by"] is None
        change = {"policy": {"hours": [600, 1200]}, "based_on": 0}
        assert mara.change("PUT", "/api/policy", change).status_code == 200
        told = mara.get("/api/policy").json()
        assert (told["version"], told["policy"]["hours"], told["made_by"]) == (1, [600, 1200], "marketer@shop.example")
        assert mara.change("PUT", "/api/policy", change).json()["code"] == "policy_changed"

    def test_a_switch(self, mara: AsgiClient) -> None:
        assert mara.change("PUT", "/api/switches/class:marketing", {"reason": "prices"}).status_code == 204
        told = mara.change("POST", "/api/messages", OFFER | {"channels": ["email"]}).json()
        assert (told["rule"], told["why"]) == ("kill_switch", "class:marketing")
        assert mara.change("DELETE", "/api/switches/class:marketing", None).status_code == 204


class TestAccounts:
    @pytest.fixture
    def telegram(self, monkeypatch: pytest.MonkeyPatch, shop: Shop):
        with Telegram() as found:
            monkeypatch.setenv("ONEVOICE_ALLOWED_PLACES", f"127.0.0.1:{found.port}")
            monkeypatch.setenv("ONEVOICE_PUBLIC_URL", "https://hello.n.example")
            yield found

    def connected(self, shop: Shop, telegram: Telegram, **more: Any) -> Any:
        """By an API that was started with these settings."""
        again = Shop.__new__(Shop)
        again.__dict__.update(shop.__dict__)
        from onevoice import bootstrap
        from onevoice.web.settings import WebSettings

        again.app = bootstrap.api(shop.home, WebSettings())
        client = again.signed_in("admin")
        settings = {"token": telegram.token, "api_url": telegram.url, **more}
        body = {"channel": "telegram", "name": "bot", "site": "main", "settings": settings}
        return again, client, client.change("POST", "/api/accounts", body)

    def test_settings_that_do_not_work_are_not_kept(self, shop: Shop, telegram: Telegram) -> None:
        _, client, answer = self.connected(shop, telegram, token="7000001:AAanother_token_of_nobody_at_all_xx")
        assert (answer.status_code, answer.json()["code"]) == (422, "unusable_settings")
        assert client.get("/api/accounts").json()["data"] == []

    def test_a_bot_that_is_called_is_told_where_and_a_press_is_answered(self, shop: Shop, telegram: Telegram) -> None:
        again, _, answer = self.connected(shop, telegram, updates="webhook", webhook_secret=SECRET)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert telegram.token not in answer.text
        assert told["trouble"] is None
        assert telegram.webhook.url == f"https://hello.n.example/v1/channels/{told['id']}"
        caller = again.stranger()
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        path = f"/v1/channels/{told['id']}"
        for wrong in ({}, {"X-Telegram-Bot-Api-Secret-Token": ""}, {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}):
            assert caller.request("POST", path, json=PRESS, headers=wrong).status_code == 401
        assert caller.request("POST", path, json=PRESS, headers=headers).status_code == 200
        assert telegram.done["answerCallbackQuery"] == 1
        assert caller.request("POST", "/v1/channels/999", json=PRESS, headers=headers).status_code == 404
