"""/api/conversations and /api/desk, as the console asks."""

from typing import Any

import pytest

from onevoice.bootstrap import sending
from onevoice.domains.conversations.service import following
from onevoice.domains.delivery.contracts.channels import Attachment, Said
from onevoice.domains.delivery.service import accounts, hearing
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer
from profiles.linked_shop import Shop
from web.asgi_client import AsgiClient

ANNA = "email:anna@n.example"
WAY = f"/api/conversations/{ANNA}"


class Door(Shop):
    """A shop with an account for e-mail, by which people write."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "main")
        sealer = Sealer(b"v" * 32, accounts.PURPOSE)
        settings = {"from_address": "hello@n.example", "smtp_host": "127.0.0.1"}
        wanted = accounts.AccountCreate("email", "post", "main", settings)
        with database.transaction() as conn:
            self.account = accounts.create(
                conn, wanted, sending.manifests(), sealer, actor="owner", clock=self.home.clock, chance=self.home.chance
            )

    def hears(self, key: str, text: str, *files: Attachment, address: str = "anna@n.example") -> None:
        home = self.home
        said = Said(key, address, text, home.clock.now(), f"<{key}@n.example>", attachments=files)
        manifest = sending.manifests()["email"]
        with home.database.transaction() as conn:
            hearing.hear(conn, self.account, [said], manifest, vault_key=b"v" * 32, clock=home.clock)
        self.send({"event": "Tick", "anonymousId": "a"})
        with home.database.transaction() as conn:
            hearing.follow(conn)
            following.follow(conn, clock=home.clock)


@pytest.fixture
def shop(database: Database) -> Door:
    return Door(database)


@pytest.fixture
def olga(shop: Door) -> AsgiClient:
    return shop.signed_in("operator")


class TestDesk:
    def test_of_one_moment_what_began_it_stands_first_whatever_the_page(self, shop: Door, olga: AsgiClient) -> None:
        for number in range(3):
            shop.hears(f"u{number}", f"Word {number}")
        told, cursor = [], None
        while not told or cursor:
            page = olga.get(f"{WAY}/thread", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
            told += [each.get("text") or each["act"] for each in page["data"]]
            cursor = page["next_cursor"]
        assert told == ["Word 2", "Word 1", "Word 0", "opened"]

    def test_a_word_is_found_answered_noted_and_closed(self, shop: Door, olga: AsgiClient) -> None:
        shop.hears("u1", "Do the boots run small?")
        (line,) = olga.get("/api/conversations").json()["data"]
        assert (line["last"]["preview"], line["unread"]) == ("Do the boots run small?", True)
        assert line["episode"]["waiting_since"] is not None
        (said, opened) = sorted(olga.get(f"{WAY}/thread").json()["data"], key=lambda each: each["kind"] == "mark")
        assert (said["kind"], said["address"], said["assurance"], opened["act"]) == (
            "said", "anna@n.example", "claimed", "opened",
        )  # fmt: skip
        assert olga.change("PUT", f"{WAY}/seen", {"upto": int(said["id"])}).status_code == 204
        assert not olga.get("/api/conversations").json()["data"][0]["unread"]
        me = next(each["id"] for each in olga.get("/api/desk/team").json()["data"])
        mine = olga.change("PUT", f"{WAY}/assignee", {"to": int(me)}).json()
        assert mine["current"]["assignee"] == {"id": me, "name": "operator"}
        assert olga.change("POST", f"{WAY}/notes", {"text": "Size 39"}).status_code == 201
        asked = olga.change("POST", f"{WAY}/replies", {"key": "k", "text": "Half a size.", "knows": 0}).json()
        assert (asked["channel"], asked["state"]) == ("email", "queued")
        (unsent,) = olga.get(f"{WAY}/thread").json()["unsent"]
        assert (unsent["text"], unsent["state"]) == ("Half a size.", "queued")
        taken = olga.change("POST", f"/api/messages/{asked['message_id']}/cancel", None)
        assert taken.json()["state"] == "cancelled"
        closed = olga.change("POST", f"{WAY}/close", None).json()
        assert closed["current"]["state"] == "closed"
        counted = {each["view"]: each["count"] for each in olga.get("/api/conversations/counts").json()["data"]}
        assert (counted["open"], counted["closed"]) == (0, 1)
        assert olga.change("POST", f"{WAY}/reopen", None).json()["current"]["state"] == "open"

    def test_two_answers_unseen_by_each_other(self, shop: Door, olga: AsgiClient) -> None:
        shop.hears("u1", "Do the boots run small?")
        ada = shop.signed_in("admin")
        assert olga.change("POST", f"{WAY}/replies", {"key": "k", "text": "Yes", "knows": 0}).status_code == 200
        refused = ada.change("POST", f"{WAY}/replies", {"key": "k", "text": "No", "knows": 0})
        assert (refused.status_code, refused.json()["code"]) == (409, "answered_meanwhile")
        assert refused.json()["by"] == "operator@shop.example"

    def test_search(self, shop: Door, olga: AsgiClient) -> None:
        shop.hears("u1", "Czy buty są małe?")
        (hit,) = olga.get("/api/conversations/search", params={"text": "butów"}).json()["data"]
        assert [hit["excerpt"][start:end] for start, end in hit["marks"]] == ["buty"]

    def test_drafts_are_ones_own(self, shop: Door, olga: AsgiClient) -> None:
        shop.hears("u1", "Hello")
        assert olga.change("PUT", f"{WAY}/draft", {"kind": "reply", "text": "Hel"}).status_code == 204
        assert olga.get(WAY).json()["drafts"][0]["text"] == "Hel"
        assert shop.signed_in("admin").get(WAY).json()["drafts"] == []

    def test_a_key_reads_and_changes_nothing(self, shop: Door, olga: AsgiClient) -> None:
        shop.hears("u1", "Hello")
        key = olga.get("/api/me").json()
        assert "keys.manage" not in key["permissions"]
        made = shop.signed_in("owner").change(
            "POST", "/api/keys", {"name": "crm", "scope": "secret", "permissions": ["conversations.read"]}
        )
        program = AsgiClient(shop.app, Authorization=f"Bearer {made.json()['key']}")
        assert len(program.get("/api/conversations").json()["data"]) == 1
        assert program.post(f"{WAY}/notes", json={"text": "mine"}).status_code == 403


class TestWrong:
    @pytest.mark.parametrize(
        ("method", "way", "body", "code"),
        [
            ("PUT", "/assignee", {"to": 10**6}, "unknown_colleague"),
            ("PUT", "/assignee", {}, "invalid_request"),
            ("PUT", "/snooze", {"until": "2020-01-01T00:00:00Z"}, "conversation"),
            ("PUT", "/snooze", {"until": "soon"}, "invalid_request"),
            ("POST", "/tags", {"add": [f"t{n}" for n in range(21)]}, "invalid_request"),
            ("POST", "/tags", {"add": [" "]}, "invalid_request"),
            ("POST", "/notes", {"text": ""}, "invalid_request"),
            ("POST", "/notes", {"text": "x", "mentions": [10**6]}, "unknown_colleague"),
            ("POST", "/replies", {"key": "k", "text": " \n ", "knows": 0}, "invalid_message"),
            ("POST", "/replies", {"key": "k", "text": "x", "knows": 0, "channel": "pigeon"}, "unknown_channel"),
            ("PUT", "/draft", {"kind": "poem", "text": "x"}, "invalid_request"),
        ],
    )
    def test_it_is_said_and_nothing_is_done(
        self, shop: Door, olga: AsgiClient, method: str, way: str, body: Any, code: str
    ) -> None:
        shop.hears("u1", "Hello")
        answer = olga.change(method, WAY + way, body)
        assert (answer.json()["code"], answer.status_code // 100) == (code, 4)
        before = olga.get(WAY).json()
        assert before["current"]["revision"] == 1
        assert (before["current"]["tags"], before["drafts"]) == ([], [])

    @pytest.mark.parametrize("cursor", ["x", "WzFd", "WyIyMDI2IiwgLTFd", "WyIyMDI2LTExLTI3IiwgMV0"])
    @pytest.mark.parametrize("way", ["", "/search", f"/{ANNA}/thread"])
    def test_a_cursor_of_another_list(self, shop: Door, olga: AsgiClient, way: str, cursor: str) -> None:
        shop.hears("u1", "Hello")
        answer = olga.get(f"/api/conversations{way}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")

    def test_nobody(self, olga: AsgiClient) -> None:
        assert olga.get("/api/conversations/email:nobody@n.example").status_code == 404
        assert olga.change("POST", "/api/conversations/email:nobody@n.example/close", None).status_code == 404

    def test_somebody_who_has_not_written(self, shop: Door, olga: AsgiClient) -> None:
        shop.person("anna", email="anna@n.example")
        answer = olga.change("POST", f"{WAY}/close", None)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_episode")
        assert olga.get(WAY).json()["current"] is None


KEPT = {"shortcut": "#Sizes", "title": "About sizes", "texts": {"en": "Half a size.", "pl": "Pół rozmiaru."}}


class TestReplies:
    def test_kept_found_changed_and_dropped(self, olga: AsgiClient) -> None:
        made = olga.change("POST", "/api/desk/replies", KEPT).json()
        assert made["shortcut"] == "sizes"
        for text in ("size", "ABOUT", "rozmiaru", ""):
            assert len(olga.get("/api/desk/replies", params={"text": text}).json()["data"]) == 1
        assert olga.get("/api/desk/replies", params={"text": "nothing"}).json()["data"] == []
        way = f"/api/desk/replies/{made['id']}"
        changed = olga.change("PUT", way, KEPT | {"texts": {"en": "A whole size."}}).json()
        assert changed["texts"] == {"en": "A whole size."}
        assert olga.change("DELETE", way, None).status_code == 204
        assert olga.change("DELETE", way, None).json()["code"] == "unknown_reply"

    def test_no_two_by_one_shortcut(self, olga: AsgiClient) -> None:
        assert olga.change("POST", "/api/desk/replies", KEPT).status_code == 201
        other = olga.change("POST", "/api/desk/replies", KEPT | {"shortcut": "other"}).json()
        for method, way in (("POST", "/api/desk/replies"), ("PUT", f"/api/desk/replies/{other['id']}")):
            assert olga.change(method, way, KEPT).json()["code"] == "shortcut_taken"

    @pytest.mark.parametrize("change", [{"shortcut": "two words"}, {"texts": {}}, {"texts": {"en": "  "}}])
    def test_what_is_none(self, olga: AsgiClient, change: Any) -> None:
        assert olga.change("POST", "/api/desk/replies", KEPT | change).status_code == 422


class TestFilled:
    def kept(self, olga: AsgiClient, **texts: str) -> str:
        return olga.change("POST", "/api/desk/replies", {"shortcut": "hi", "texts": texts}).json()["id"]

    def filled(self, olga: AsgiClient, number: str, **params: str) -> Any:
        return olga.change("POST", f"{WAY}/filled-replies/{number}", params).json()

    def anna(self, shop: Door, **traits: Any) -> None:
        shop.hears("u1", "Hello")
        shop.send({"type": "identify", "traits": {"email": "anna@n.example", **traits}})

    def test_with_the_values_of_whom_it_goes_to_in_their_language(self, shop: Door, olga: AsgiClient) -> None:
        self.anna(shop, name="Anna Kowalska", firstName="Anna", language="pl-PL")
        number = self.kept(olga, en="Hello {{ customer.first_name }}", pl="Dzień dobry, {{ customer.first_name }}!")
        found = {"text": "Dzień dobry, Anna!", "language": "pl", "missing": []}
        assert self.filled(olga, number, language="ru") == found

    def test_in_the_askers_where_they_have_told_none(self, shop: Door, olga: AsgiClient) -> None:
        self.anna(shop)
        number = self.kept(olga, en="Hello", ru="Здравствуйте")
        assert self.filled(olga, number, language="ru")["text"] == "Здравствуйте"
        assert self.filled(olga, number, language="pl")["text"] in {"Hello", "Здравствуйте"}

    def test_a_default_fills_what_is_not_known(self, shop: Door, olga: AsgiClient) -> None:
        self.anna(shop)
        number = self.kept(olga, en='Dear {{ customer.first_name | default: "customer" }}')
        assert self.filled(olga, number)["text"] == "Dear customer"

    def test_what_is_not_known_is_named_and_never_sent(self, shop: Door, olga: AsgiClient) -> None:
        self.anna(shop)
        number = self.kept(olga, en="Dear {{customer.first_name | upcase}}, size {{ customer.traits.shoe_size }}?")
        found = self.filled(olga, number)
        assert found["text"] == "Dear {{ customer.first_name }}, size {{ customer.traits.shoe_size }}?"
        assert found["missing"] == ["customer.first_name", "customer.traits.shoe_size"]
        body = {"key": "k", "text": found["text"], "knows": 0}
        refused = olga.change("POST", f"{WAY}/replies", body)
        assert (refused.status_code, refused.json()["code"]) == (422, "unfilled_words")
        assert refused.json()["variables"] == found["missing"]
        assert olga.get(f"{WAY}/thread").json()["unsent"] == []
        assert olga.change("POST", f"{WAY}/replies", body | {"text": "Dear A, size 39?"}).status_code == 200

    def test_no_way_out_of_ours_stands_in_an_answer(self, shop: Door, olga: AsgiClient) -> None:
        self.anna(shop)
        number = self.kept(olga, en="Leave: {{ unsubscribe_url }}")
        assert self.filled(olga, number)["missing"] == ["unsubscribe_url"]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("{{ customer.first_name", "unclosed"),
            ("{{ customer.shoe }}", "unknown_variable"),
            ("{{ order.number }}", "unknown_variable"),
            ("{% include 'x' %}", "unknown_tag"),
        ],
    )
    def test_what_can_never_be_filled_is_not_kept(self, olga: AsgiClient, text: str, code: str) -> None:
        answer = olga.change("POST", "/api/desk/replies", KEPT | {"texts": {"en": text}})
        assert (answer.status_code, answer.json()["fault"]["code"]) == (422, code)
        assert olga.get("/api/desk/replies").json()["data"] == []

    def test_nothing_of_the_kind(self, shop: Door, olga: AsgiClient) -> None:
        self.anna(shop)
        assert self.filled(olga, "7")["code"] == "unknown_reply"


class TestViews:
    def counted(self, who: AsgiClient) -> list[int]:
        return [each["count"] for each in who.get("/api/conversations/counts").json()["kept"]]

    def test_kept_counted_changed_and_dropped(self, shop: Door, olga: AsgiClient) -> None:
        shop.hears("u1", "Hello")
        shop.hears("u2", "Hello", address="tom@n.example")
        olga.change("POST", f"{WAY}/tags", {"add": ["vip"]})
        wanted = {"name": " Best  ones ", "tag": "vip", "channel": "email", "sort": "waiting"}
        made = olga.change("POST", "/api/desk/views", wanted).json()
        assert (made["name"], made["view"], made["tag"], made["shared"]) == ("Best ones", "open", "vip", False)
        assert self.counted(olga) == [1]
        way = f"/api/desk/views/{made['id']}"
        assert olga.change("PUT", way, {"name": "All"}).json() | {"id": ""} == {
            "id": "", "name": "All", "shared": False, "view": "open", "sort": "newest", "channel": None, "tag": None,
            "assignee": None,
        }  # fmt: skip
        assert self.counted(olga) == [2]
        assert olga.change("DELETE", way, None).status_code == 204
        assert olga.get("/api/desk/views").json()["data"] == []
        assert olga.change("DELETE", way, None).json()["code"] == "unknown_view"

    def test_ones_own_is_nobody_elses(self, shop: Door, olga: AsgiClient) -> None:
        ada = shop.signed_in("admin")
        made = olga.change("POST", "/api/desk/views", {"name": "Mine"}).json()
        assert ada.get("/api/desk/views").json()["data"] == []
        for method, body in (("PUT", {"name": "Hers"}), ("DELETE", None)):
            assert ada.change(method, f"/api/desk/views/{made['id']}", body).json()["code"] == "unknown_view"

    def test_shared_ones_are_seen_and_changed_by_all_who_may(self, shop: Door, olga: AsgiClient) -> None:
        ada = shop.signed_in("admin")
        me = olga.get("/api/desk/team").json()["data"][0]["id"]
        made = olga.change("POST", "/api/desk/views", {"name": "Ours", "shared": True, "assignee": int(me)}).json()
        (seen,) = ada.get("/api/desk/views").json()["data"]
        assert seen == made
        assert self.counted(ada) == [0]
        changed = ada.change("PUT", f"/api/desk/views/{made['id']}", {"name": "Ours too", "shared": True})
        assert changed.json()["name"] == "Ours too"
        assert olga.get("/api/desk/views").json()["data"][0]["name"] == "Ours too"

    def test_no_more_than_can_be_counted(self, shop: Door, olga: AsgiClient) -> None:
        for number in range(20):
            assert olga.change("POST", "/api/desk/views", {"name": f"v{number}"}).status_code == 201
        assert olga.change("POST", "/api/desk/views", {"name": "more"}).status_code == 422
        assert olga.change("POST", "/api/desk/views", {"name": "more", "shared": True}).status_code == 201

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"name": "  "}, "invalid_request"),
            ({"name": "x", "view": "all"}, "invalid_request"),
            ({"name": "x", "assignee": 10**6}, "unknown_colleague"),
        ],
    )
    def test_what_is_none(self, olga: AsgiClient, body: Any, code: str) -> None:
        assert olga.change("POST", "/api/desk/views", body).json()["code"] == code
        assert olga.get("/api/desk/views").json()["data"] == []


class TestTeam:
    def test_those_who_may_answer_say_what_they_take(self, shop: Door, olga: AsgiClient) -> None:
        shop.signed_in("analyst")
        (me,) = olga.get("/api/desk/team").json()["data"]
        assert (me["login"], me["available"]) == ("operator@shop.example", False)
        assert olga.change("PUT", "/api/desk/me", {"available": True, "most": 3}).status_code == 204
        (me,) = olga.get("/api/desk/team").json()["data"]
        assert (me["available"], me["most"], me["open"]) == (True, 3, 0)
        shop.hears("u1", "Hello")
        assert olga.get("/api/desk/team").json()["data"][0]["open"] == 1
        (line,) = olga.get("/api/conversations", params={"view": "mine"}).json()["data"]
        assert line["episode"]["assignee"]["name"] == "operator"


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x06" + bytes(20)


class TestFiles:
    @pytest.fixture
    def files(self, shop: Door, olga: AsgiClient) -> dict[str, dict[str, Any]]:
        page = b"<script>alert(1)</script>"
        drawn = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
        shop.hears(
            "u1", "See", Attachment("boots.png", "image/png", len(PNG), PNG),
            Attachment("x.html", "text/html", 25, page), Attachment("x.png", "image/png", 25, page),
            Attachment("x.svg", "image/svg+xml", len(drawn), drawn), Attachment("film.mp4", "video/mp4", 10**9, None),
        )  # fmt: skip
        said = next(each for each in olga.get(f"{WAY}/thread").json()["data"] if each["kind"] == "said")
        return {each["name"]: each for each in said["files"]}

    def test_stand_in_the_thread_as_what_they_are(self, files: dict[str, dict[str, Any]]) -> None:
        assert (files["boots.png"]["type"], files["boots.png"]["width"], files["boots.png"]["height"]) == (
            "image/png", 8, 6,
        )  # fmt: skip
        assert {files[name]["type"] for name in ("x.html", "x.png", "x.svg")} == {"application/octet-stream"}
        assert (files["film.mp4"]["state"], files["film.mp4"]["reason"]) == ("failed", "too_large")

    @pytest.mark.parametrize("show", ["", "?show=true"])
    @pytest.mark.parametrize("name", ["x.html", "x.png", "x.svg"])
    def test_are_never_a_page(self, olga: AsgiClient, files: dict[str, dict[str, Any]], name: str, show: str) -> None:
        answer = olga.get(f"/api/desk/files/{files[name]['id']}/data{show}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
        self.is_shut(answer)

    def test_only_an_image_is_shown(self, olga: AsgiClient, files: dict[str, dict[str, Any]]) -> None:
        way = f"/api/desk/files/{files['boots.png']['id']}/data"
        shown = olga.get(f"{way}?show=true")
        assert (shown.content, shown.headers["content-type"], shown.headers["content-disposition"]) == (
            PNG, "image/png", "inline",
        )  # fmt: skip
        self.is_shut(shown)
        assert olga.get(way).headers["content-disposition"].startswith("attachment; ")

    @staticmethod
    def is_shut(answer: Any) -> None:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cache-control"].startswith("private")

    @pytest.mark.parametrize("role", ["seller", "analyst"])
    def test_are_for_those_who_may_read_conversations(
        self, shop: Door, files: dict[str, dict[str, Any]], role: Any
    ) -> None:
        number = files["boots.png"]["id"]
        other = shop.signed_in(role)
        assert [other.get(f"/api/desk/files/{number}{end}").status_code for end in ("", "/data")] == [403, 403]

    def test_one_that_is_not_here(self, olga: AsgiClient, files: dict[str, dict[str, Any]]) -> None:
        assert olga.get("/api/desk/files/999999").status_code == 404
        assert olga.get("/api/desk/files/999999/data").status_code == 404
        assert olga.get(f"/api/desk/files/{files['film.mp4']['id']}/data").status_code == 404

    def test_a_name_cannot_break_out_of_its_header(self, shop: Door, olga: AsgiClient) -> None:
        shop.hears("u2", "See", Attachment('a"\r\nSet-Cookie: x=1; ż.png', "image/png", 1, b"a"))
        said = next(each for each in olga.get(f"{WAY}/thread").json()["data"] if each["kind"] == "said")
        answer = olga.get(f"/api/desk/files/{said['files'][0]['id']}/data")
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-disposition"] == (
            "attachment; filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20x%3D1%3B%20%C5%BC.png"
        )
