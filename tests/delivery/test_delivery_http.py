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

    def test_who_asked_is_told_by_name_where_it_was_a_colleague(self, shop: Shop, mara: AsgiClient) -> None:
        number = mara.change("POST", "/api/messages", OFFER).json()["id"]
        told = mara.get(f"/api/messages/{number}").json()
        assert (told["asked_by"], told["asked_by_name"]) == ("marketer@shop.example", "marketer")

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


class TestFill:
    """Words with variables."""

    def sent(self, client: AsgiClient, text: str, **more: Any) -> Any:
        words = {"text": text, "subject": None, "fill": True}
        return client.change("POST", "/api/messages", OFFER | {"words": words, "channels": ["email"], **more})

    def test_says_what_is_known_of_the_person(self, mara: AsgiClient) -> None:
        number = self.sent(mara, "Hello {{ customer.name }}!").json()["id"]
        assert mara.get(f"/api/messages/{number}").json()["content"]["text"] == "Hello Anna!"

    def test_the_same_said_to_each_by_name_is_no_variable_any_more(self, mara: AsgiClient) -> None:
        number = self.sent(mara, "{{ customer.name }}").json()["id"]
        assert mara.get(f"/api/messages/{number}").json()["preview"] == "Anna"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Your {{ customer.shoe }}", "unfillable_words"),
            ("{{ customer.name", "unfillable_words"),
            ("{% if %}", "unfillable_words"),
            ("{{ '' }}", "invalid_message"),
        ],
    )
    def test_what_is_not_known_or_makes_no_sense_is_not_sent(self, mara: AsgiClient, text: str, code: str) -> None:
        answer = self.sent(mara, text)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert mara.get("/api/messages").json()["data"] == []

    def test_names_what_is_not_known(self, mara: AsgiClient) -> None:
        told = self.sent(mara, "Your\n{{ customer.shoe }} {{ customer.hat }}").json()
        assert "customer.shoe" in told["detail"]
        assert told["fault"] == {
            "code": "missing_value", "values": {"variables": "customer.shoe, customer.hat"}, "part": "text", "line": 2,
            "column": 1,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "code", "values"),
        [
            ("{{ customer.name", "unclosed", {"opening": "{{", "closing": "}}"}),
            ("{% if customer.name", "unclosed", {"opening": "{%", "closing": "%}"}),
            ("{{ }}", "unnamed", {"opening": "{{", "closing": "}}"}),
            ("{% %}", "unnamed", {"opening": "{%", "closing": "%}"}),
            ("{% if customer.name %}Hi", "unended", {"tag": "{% endif %}"}),
            ("{% comment %}Hi", "unended", {"tag": "{% endcomment %}"}),
            ("{% include 'x' %}", "unknown_tag", {"tag": "{% include %}"}),
            ("{{ customer.name | shout }}", "unknown_filter", {"filter": "shout"}),
            ("{{ customer.name | plural: 'a' }}", "filter_arguments", {"filter": "plural", "needs": "2–3"}),
            ("{{ 'soon' | date: 'day' }}", "filter_value", {"filter": "date"}),
            ("{{ customer }}", "object", {}),
            ("{{ customer name }}", "syntax", {}),
        ],
    )
    def test_tells_what_is_wrong_in_a_way_that_can_be_told_in_any_language(
        self, mara: AsgiClient, text: str, code: str, values: dict[str, str]
    ) -> None:
        fault = self.sent(mara, text).json()["fault"]
        assert (fault["code"], fault["values"], fault["part"], fault["line"]) == (code, values, "text", 1)
        words = {"text": text, "fill": True}
        answer = mara.change("POST", "/api/message-previews", OFFER | {"channel": "email", "words": words})
        assert answer.json()["fault"] == fault

    def test_words_that_are_not_to_be_filled_stand_as_they_are(self, mara: AsgiClient) -> None:
        words = {"text": " {{ customer.name }} "}
        number = mara.change("POST", "/api/messages", OFFER | {"words": words}).json()["id"]
        assert mara.get(f"/api/messages/{number}").json()["content"]["text"] == " {{ customer.name }} "


class TestPreview:
    def preview(self, client: AsgiClient, **change: Any) -> Any:
        answer = client.change("POST", "/api/message-previews", OFFER | {"channel": "email"} | change)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def test_shows_words_as_the_person_gets_them(self, mara: AsgiClient) -> None:
        words = {"text": "Hello {{ customer.name }}!", "subject": "For {{ customer.name }}", "fill": True}
        told = self.preview(mara, words=words)
        assert (told["text"], told["subject"], told["missing"]) == ("Hello Anna!", "For Anna", [])
        assert (told["characters"], told["characters_max"]) == (11, 100_000)

    def test_names_what_is_not_known_and_where(self, mara: AsgiClient) -> None:
        told = self.preview(mara, words={"text": "Your\n{{ customer.shoe }}", "fill": True})
        assert told["missing"] == [{"path": "customer.shoe", "part": "text", "line": 2, "column": 1}]

    def test_says_why_words_make_no_sense(self, mara: AsgiClient) -> None:
        told = self.preview(mara, words={"text": "{{ customer.name", "fill": True})
        assert (told["text"], told["refused"] is not None, told["detail"] != "") == (None, True, True)

    def test_of_words_that_are_not_filled_nothing_is_changed(self, mara: AsgiClient) -> None:
        assert self.preview(mara, words={"text": " {{ x }}"})["text"] == " {{ x }}"

    def test_a_template_in_the_persons_language_else_the_sites(self, shop: Shop, mara: AsgiClient) -> None:
        shop.person("ola", email="ola@n.example", name="Ola", language="pl")
        template = published(mara, chats(en="Hello {{ customer.name }}", pl="Cześć {{ customer.name }}"))
        asked = {"words": None, "template": {"id": template}, "channel": "telegram"}
        assert self.preview(mara, **asked, to="user_id:ola")["text"] == "Cześć Ola"
        assert self.preview(mara, **asked)["text"] == "Hello Anna"

    def test_a_letter_as_it_looks(self, mara: AsgiClient) -> None:
        blocks = [{"type": "text", "text": "Hello {{ customer.name }}"}, {"type": "footer"}]
        parts = {"type": "email", "subject": "For {{ customer.name }}", "blocks": blocks}
        template = published(mara, [{"channel": "email", "language": "en", "parts": parts}])
        told = self.preview(mara, words=None, template={"id": template})
        assert told["subject"] == "For Anna"
        assert "Hello Anna" in told["html"]

    def test_a_template_without_a_text_for_the_channel(self, mara: AsgiClient) -> None:
        template = published(mara, chats(en="Hello"))
        assert self.preview(mara, words=None, template={"id": template})["refused"] == "no_variant"

    def test_a_channel_that_nobody_knows(self, mara: AsgiClient) -> None:
        answer = mara.change("POST", "/api/message-previews", OFFER | {"channel": "pigeon"})
        assert answer.json()["code"] == "unknown_channel"

    def test_of_neither_words_nor_a_template(self, mara: AsgiClient) -> None:
        answer = mara.change("POST", "/api/message-previews", OFFER | {"channel": "email", "words": None})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_message")

    def test_nothing_is_kept(self, mara: AsgiClient) -> None:
        self.preview(mara)
        assert mara.get("/api/messages").json()["data"] == []


class TestOfOnePerson:
    def test_the_messages_of_identities_that_were_joined_are_there_too(self, shop: Shop, olga: AsgiClient) -> None:
        shop.person("anna-s", email="anna-s@n.example", name="Anna S.")
        mine = olga.change("POST", "/api/messages", OFFER).json()["id"]
        hers = olga.change("POST", "/api/messages", OFFER | {"to": "user_id:anna-s"}).json()["id"]
        of = {"to": "user_id:anna"}
        assert [each["id"] for each in olga.get("/api/messages", params=of).json()["data"]] == [mine]
        body = {"from": "user_id:anna-s", "into": "user_id:anna", "reason": "the same person", "dry_run": False}
        done = olga.change("POST", "/api/identity/merges", body)
        assert done.is_success, done.text
        for to in ("user_id:anna", "user_id:anna-s"):
            rows = olga.get("/api/messages", params={"to": to}).json()["data"]
            assert [each["id"] for each in rows] == [hers, mine]
            assert len({each["profile_id"] for each in rows}) == 1
        undone = olga.change("POST", f"/api/identity/merges/{done.json()['id']}/undo", {"dry_run": False})
        assert undone.is_success, undone.text
        assert [each["id"] for each in olga.get("/api/messages", params=of).json()["data"]] == [mine]


class TestCosts:
    def test_silences_without_an_account_are_counted_too(self, mara: AsgiClient) -> None:
        for channels in ([], ["email"], ["telegram"]):
            mara.change("POST", "/api/messages", OFFER | {"channels": channels})
        rows = mara.get("/api/message-costs").json()["data"]
        assert sum(each["silences"] for each in rows) == 3
        assert {(each["account"], each["currency"], each["minor"]) for each in rows} == {(None, None, 0)}


def chats(**texts: str) -> list[Any]:
    """Variants of Telegram, by language."""
    return [
        {"channel": "telegram", "language": language, "parts": {"type": "messenger", "text": text}}
        for language, text in texts.items()
    ]


def published(client: AsgiClient, variants: list[Any]) -> str:
    body = {
        "site": "main", "name": "hello", "message_class": "marketing", "purpose": "promotions",
        "draft": {"default_language": "en", "variants": variants},
    }  # fmt: skip
    made = client.change("POST", "/api/templates", body).json()["id"]
    answer = client.change("POST", f"/api/templates/{made}/versions", {"revision": 1})
    assert answer.status_code == 201, answer.text
    return made


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
