"""/api/templates: who may, what comes back, and that nothing that is shown runs."""

from typing import Any

import pytest

from onevoice.kit.db import Database
from profiles.linked_shop import Shop
from web.asgi_client import AsgiClient

LIST = "/api/templates"
DRAFT = {
    "default_language": "en",
    "variants": [
        {
            "channel": "email",
            "language": "en",
            "parts": {
                "type": "email",
                "subject": "For {{ customer.name }}",
                "blocks": [{"type": "heading", "text": "Hello, {{ customer.first_name }}"}, {"type": "footer"}],
            },
        },
        {
            "channel": "telegram",
            "language": "en",
            "parts": {
                "type": "messenger",
                "text": "<b>Hi</b>",
                "buttons": [[{"text": "Go", "url": "https://x.example"}]],
            },
        },
    ],
}


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database, "main")


@pytest.fixture
def mara(shop: Shop) -> AsgiClient:
    return shop.signed_in("marketer")


def make(client: AsgiClient, name: str = "welcome", draft: Any = DRAFT) -> Any:
    body = {"site": "main", "name": name, "message_class": "marketing", "purpose": "news", "draft": draft}
    return client.change("POST", LIST, body)


class TestOutsider:
    def test_a_stranger_and_a_seller_see_none(self, shop: Shop) -> None:
        assert shop.stranger().get(LIST).status_code == 401
        assert shop.signed_in("seller").get(LIST).json()["code"] == "not_allowed"

    @pytest.mark.parametrize("role", ["operator", "analyst", "developer"])
    def test_who_reads_does_not_write(self, shop: Shop, mara: AsgiClient, role: str) -> None:
        number = make(mara).json()["id"]
        client = shop.signed_in(role)
        assert client.get(f"{LIST}/{number}").status_code == 200
        for method, path, body in (
            ("PUT", f"{LIST}/{number}/draft", {"draft": DRAFT, "revision": 1}),
            ("POST", f"{LIST}/{number}/versions", {"revision": 1}),
            ("PUT", f"{LIST}/{number}/archived", {"archived": True}),
        ):
            assert client.change(method, path, body).json()["code"] == "not_allowed"


class TestLife:
    def test_from_the_draft_to_a_version_and_on(self, mara: AsgiClient) -> None:
        made = make(mara)
        assert made.status_code == 201
        path = f"{LIST}/{made.json()['id']}"
        assert mara.change("POST", f"{path}/checks", {}).json() == {"problems": []}
        first = mara.change("POST", f"{path}/versions", {"revision": 1, "note": "first"})
        assert (first.status_code, first.json()["version"]) == (201, 1)
        changed = {**DRAFT, "variants": DRAFT["variants"][:1]}
        assert mara.change("PUT", f"{path}/draft", {"draft": changed, "revision": 1}).json()["revision"] == 2
        assert (
            mara.change("PUT", f"{path}/draft", {"draft": changed, "revision": 1}).json()["code"] == "template_changed"
        )
        parts = mara.get(f"{path}/changes", params={"old": "1"}).json()["parts"]
        assert [(each["channel"], each["part"]) for each in parts] == [("telegram", "text"), ("telegram", "buttons")]
        assert mara.get(f"{path}/versions/1").json()["source"]["variants"][1]["channel"] == "telegram"
        assert mara.get(f"{path}/versions/7").json()["code"] == "unknown_template"
        (line,) = mara.get(LIST).json()["data"]
        assert (line["published"], line["channels"], line["languages"]) == (1, ["email"], ["en"])

    def test_lists_come_page_by_page(self, mara: AsgiClient) -> None:
        for name in ("c", "a", "b"):
            make(mara, name)
        first = mara.get(LIST, params={"limit": "2"}).json()
        second = mara.get(LIST, params={"limit": "2", "cursor": first["next_cursor"]}).json()
        assert [each["name"] for each in first["data"] + second["data"]] == ["a", "b", "c"]
        assert second["next_cursor"] is None

    def test_what_is_wrong_is_listed_with_its_place(self, mara: AsgiClient) -> None:
        draft = {
            "default_language": "en",
            "variants": [
                {"channel": "sandbox", "language": "en", "parts": {"type": "plain", "text": "a\n {{ b | c }}"}}
            ],
        }
        path = f"{LIST}/{make(mara, draft=draft).json()['id']}"
        (problem,) = mara.change("POST", f"{path}/checks", {}).json()["problems"]
        assert (problem["severity"], problem["part"], problem["line"], problem["column"]) == ("error", "text", 2, 9)
        refused = mara.change("POST", f"{path}/versions", {"revision": 1})
        assert (refused.status_code, refused.json()["code"]) == (422, "template_problems")
        assert refused.json()["problems"][0]["line"] == 2

    @pytest.mark.parametrize(
        "draft",
        [
            {},
            {"default_language": "en", "variants": [{}]},
            {"default_language": "en", "variants": [{"channel": "x", "language": "en", "parts": {"type": "script"}}]},
            {
                "default_language": "en",
                "variants": [{"channel": "x", "language": "en", "parts": {"type": "plain", "text": 1}}],
            },
            {
                "default_language": "en",
                "variants": [{"channel": "x", "language": "en", "parts": {"type": "plain", "text": "x", "run": 1}}],
            },
        ],
    )
    def test_what_is_no_template_is_refused(self, mara: AsgiClient, draft: Any) -> None:
        assert make(mara, draft=draft).status_code == 422


class TestPreview:
    def preview(self, client: AsgiClient, number: int, **body: Any) -> Any:
        return client.change("POST", f"{LIST}/{number}/previews", {"channel": "email", "language": "en", **body})

    def test_as_a_customer(self, shop: Shop, mara: AsgiClient) -> None:
        shop.person("u1", firstName="Anna", lastName="<script>alert(1)</script>")
        found = self.preview(mara, make(mara).json()["id"], customer="user_id:u1").json()
        assert found["missing"] == []
        assert found["subject"] == "For Anna <script>alert(1)</script>"
        assert "Hello, Anna" in found["html"]
        assert "<script" not in found["html"]

    def test_as_nobody_it_lists_what_is_missing(self, mara: AsgiClient) -> None:
        found = self.preview(mara, make(mara).json()["id"]).json()
        assert [(each["path"], each["part"]) for each in found["missing"]] == [
            ("customer.name", "subject"), ("customer.first_name", "blocks[0].text"),
        ]  # fmt: skip

    def test_of_what_is_not_kept_yet_with_what_would_be_added(self, mara: AsgiClient) -> None:
        number = make(mara).json()["id"]
        parts = {"type": "email", "subject": "Order {{ order.id }}", "blocks": []}
        draft = {"default_language": "en", "variants": [{"channel": "email", "language": "en", "parts": parts}]}
        found = self.preview(mara, number, draft=draft, context={"order": {"id": 7}}).json()
        assert found["subject"] == "Order 7"

    def test_what_fails_says_where(self, mara: AsgiClient) -> None:
        number = make(mara).json()["id"]
        found = self.preview(mara, number, language="pl")
        assert (found.status_code, found.json()["code"], found.json()["reason"]) == (
            422,
            "invalid_template",
            "no_variant",
        )

    def test_a_customer_is_shown_to_those_who_may_see_customers(self, shop: Shop, mara: AsgiClient) -> None:
        shop.person("u1", firstName="Anna")
        number = make(mara).json()["id"]
        owner = shop.signed_in("owner")
        body = {"name": "k", "scope": "secret", "permissions": ["templates.read"]}
        key = owner.change("POST", "/api/keys", body).json()["key"]
        program = AsgiClient(shop.app, Authorization=f"Bearer {key}")
        body = {"channel": "email", "language": "en"}
        assert program.post(f"{LIST}/{number}/previews", json=body).status_code == 200
        refused = program.post(f"{LIST}/{number}/previews", json={**body, "customer": "user_id:u1"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")

    def test_nobody_that_is_not_there(self, mara: AsgiClient) -> None:
        assert self.preview(mara, make(mara).json()["id"], customer="user_id:none").status_code == 404
