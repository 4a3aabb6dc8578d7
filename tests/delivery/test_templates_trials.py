"""Tests of a template: where they go, that they are no way around anything, and what they are shown as."""

from typing import Any

import pytest

from delivery.post import Post
from onevoice.domains.delivery.contracts.messages import Asked, Content
from onevoice.domains.delivery.contracts.names import TYPED, MessageClass, MessageId
from onevoice.domains.delivery.contracts.templates import (
    EmailParts,
    Footer,
    Heading,
    MessengerParts,
    Paragraphs,
    PlainParts,
    Template,
    TemplateSource,
    Variant,
)
from onevoice.domains.delivery.errors import Permanent, TemplateProblemsError, TooManyTestsError, UnknownChannelError
from onevoice.domains.delivery.rules import checking
from onevoice.domains.delivery.service import policy, reading, templates, trials, why
from onevoice.domains.delivery.service.doors import Doors
from onevoice.domains.privacy.service import suppressing
from onevoice.kit.db import Database
from profiles.linked_shop import Shop
from web.asgi_client import AsgiClient

LETTER = EmailParts(subject="Boots are back", blocks=(Heading("Hello"), Paragraphs("Come in."), Footer()))
SOURCE = TemplateSource("en", (Variant("email", "en", LETTER), Variant("telegram", "en", MessengerParts("<b>Hi</b>"))))
TO_ME = "me@shop.example"


class Bench:
    """A template, and the tests of it that somebody sends."""

    def __init__(self, post: Post, message_class: MessageClass = "marketing", source: TemplateSource = SOURCE) -> None:
        self.post = post
        with post.database.transaction() as conn:
            self.template: Template = templates.create(
                conn, "pl", "boots", message_class, "promotions", source, actor="mara", clock=post.clock
            )

    def test(self, person: int = TYPED, channel: str = "email", actor: str = "mara", **more: Any) -> Asked:
        address = more.pop("address", TO_ME if person == TYPED else None)
        wanted = trials.Wanted(
            self.template, self.template.draft, channel, "en", person, address, more.pop("node", None), more
        )
        with self.post.database.transaction() as conn:
            return trials.send(
                conn, wanted, self.post.channels, [], actor=actor, clock=self.post.clock, chance=self.post.chance
            )


@pytest.fixture
def bench(post: Post) -> Bench:
    return Bench(post)


class TestSend:
    def test_goes_to_the_address_that_was_typed_and_says_what_it_is(self, post: Post, bench: Bench) -> None:
        account = post.account()
        asked = bench.test()
        (claimed,) = post.claim(account).claimed
        content = claimed.outgoing.content
        assert (asked.state, claimed.outgoing.address) == ("queued", TO_ME)
        assert content.subject == "[TEST] Boots are back"
        assert "Come in." in content.text
        assert "Unsubscribe" in (content.html or "")

    def test_says_so_where_there_is_no_subject(self, post: Post, bench: Bench) -> None:
        account = post.account("telegram")
        (chat,) = post.person("telegram")
        with post.database.transaction() as conn:
            conn.execute(
                "insert into delivery.reach (account_id, nid, open, since) values (%s, %s, true, %s)",
                (account.id, chat, post.clock.now()),
            )
        bench.test(chat, "telegram")
        (claimed,) = post.claim(account).claimed
        assert claimed.outgoing.content.text == "[TEST]\nHi"
        assert claimed.outgoing.content.html == "[TEST]\n<b>Hi</b>"

    def test_goes_to_the_very_address_of_somebody_who_has_several(self, post: Post, bench: Bench) -> None:
        account = post.account()
        (first,) = post.person("email")
        (second,) = post.person("email", of=first)
        for nid in (second, first):
            bench.test(nid)
        went = {claimed.outgoing.address for claimed in post.claim(account).claimed}
        assert went == {f"p{first}@n.example", f"p{second}@n.example"}

    def test_of_a_channel_that_is_not_there_is_refused(self, bench: Bench) -> None:
        with pytest.raises(UnknownChannelError, match="pigeon"):
            bench.test(channel="pigeon")


class TestIsNoWayAround:
    def test_an_address_that_complained_gets_none(self, post: Post, bench: Bench) -> None:
        post.account()
        (nid,) = post.person("email")
        with post.database.transaction() as conn:
            suppressing.suppress(conn, nid, "complaint", source="test", clock=post.clock)
        asked = bench.test(nid)
        assert (asked.state, asked.rule, asked.why) == ("suppressed", "block_list", "complaint")

    def test_what_was_stopped_stops_it_too(self, post: Post, bench: Bench) -> None:
        post.account()
        with post.database.transaction() as conn:
            policy.throw(conn, "all", actor="owner", reason="storm", clock=post.clock)
        assert bench.test().rule == "kill_switch"

    def test_ten_go_to_one_address_in_a_day(self, bench: Bench, post: Post) -> None:
        for number in range(trials.TO_ONE):
            bench.test(actor=f"colleague {number}")
        with pytest.raises(TooManyTestsError, match="to this address"):
            bench.test(actor="another")
        bench.test(address="other@shop.example")
        post.later(days=1, seconds=1)
        bench.test()

    def test_thirty_come_from_one_of_us_in_an_hour(self, bench: Bench, post: Post) -> None:
        for number in range(trials.FROM_ONE):
            bench.test(address=f"me{number}@shop.example")
        with pytest.raises(TooManyTestsError, match="in this hour"):
            bench.test(address="me@elsewhere.example")
        bench.test(actor="olga", address="olga@shop.example")
        post.later(hours=1, seconds=1)
        bench.test()

    def test_it_opens_no_door_of_the_person(self, post: Post, bench: Bench) -> None:
        post.account()
        (nid,) = post.willing("email")
        asked = bench.test(nid)
        doors = Doors("https://n.example", b"k" * 32)
        token = doors.unsubscribe(asked.id).rsplit("/", 1)[1]
        with post.database.transaction() as conn:
            assert doors.opened(conn, token, post.clock.now()) is None


class TestIsNoContact:
    def test_it_needs_no_consent_and_leaves_the_pressure_as_it_was(self, post: Post, bench: Bench) -> None:
        account = post.account()
        (nid,) = post.person("email")
        bench.test(nid)
        assert len(post.goes(account)) == 1
        post.says(nid, "confirm")
        for number in range(2):  # as many as the first policy lets through in a day
            assert post.send(nid, f"Offer {number}").state == "queued"
            assert len(post.goes(account)) == 1
        asked = post.send(nid, "One too many")
        assert (asked.rule, asked.why) == ("pressure", "cap")

    def test_a_bounce_of_a_typed_address_blocks_nobody(self, post: Post, bench: Bench) -> None:
        account = post.account()
        asked = bench.test()
        post.goes(account, lambda _: Permanent("5.1.1", gone=True))
        assert post.states(asked.id) == ["bounced"]
        assert post.suppressed(TYPED) is None


class TestRefused:
    def test_where_a_customer_would_get_nothing_either(self, post: Post) -> None:
        source = TemplateSource("en", (Variant("email", "en", EmailParts("For {{ order.id }}", blocks=(Footer(),))),))
        bench = Bench(post, source=source)
        with pytest.raises(TemplateProblemsError) as refused:
            bench.test()
        (problem,) = refused.value.extra["problems"]
        assert (problem["reason"], problem["part"], problem["line"]) == ("missing_value", "subject", 1)
        bench.test(order={"id": 7})

    def test_where_it_could_not_be_published(self, post: Post) -> None:
        source = TemplateSource("en", (Variant("email", "en", EmailParts("Hi", blocks=(Heading("{{ x"),))),))
        with pytest.raises(TemplateProblemsError):
            Bench(post, source=source).test()


class TestRecord:
    def test_its_judgements_are_kept_and_derive_again(self, post: Post, bench: Bench) -> None:
        account = post.account()
        asked = bench.test()
        post.goes(account)
        with post.database.transaction() as conn:
            found = why.why(conn, asked.id)
        assert [each.finding for each in found.moments] == ["verified", "verified"]

    def test_it_is_shown_with_its_address_and_words(self, post: Post, bench: Bench) -> None:
        post.account()
        asked = bench.test()
        with post.database.transaction() as conn:
            shown, _ = reading.one(conn, asked.id)
            said = reading.words(conn, shown)
        assert (shown.name, shown.message.message_class, shown.template) == (TO_ME, "test", "boots")
        assert said is not None
        assert not isinstance(said, str)
        assert "Come in." in said.text


class TestForgotten:
    """An address that nobody is known by is not ours to keep."""

    def everywhere(self, post: Post) -> str:
        """All that the database holds of messages, of what is logged, and of who did what."""
        with post.database.transaction() as conn:
            tables = conn.execute(
                "select format('%I.%I', table_schema, table_name) from information_schema.tables"
                " where table_schema = any('{access,delivery,events,identity,privacy}') and table_type = 'BASE TABLE'"
            ).fetchall()
            found = [str(conn.execute(f"select * from {table}").fetchall()) for (table,) in tables]
        return "\n".join(found)

    def housekeep(self, post: Post) -> int:
        with post.database.transaction() as conn:
            return trials.housekeep(conn, post.clock.now())

    def shown(self, post: Post, number: int) -> str | None:
        with post.database.transaction() as conn:
            return reading.one(conn, MessageId(number))[0].name

    def test_a_day_after_it_went(self, post: Post, bench: Bench) -> None:
        account = post.account()
        asked = bench.test()
        post.goes(account, lambda _: Permanent("5.1.1", f"<{TO_ME}>: no such user", gone=True))
        post.later(hours=23)
        assert (self.housekeep(post), self.shown(post, asked.id)) == (0, TO_ME)
        assert TO_ME in self.everywhere(post)
        post.later(hours=1)
        assert (self.housekeep(post), self.housekeep(post)) == (1, 0)
        assert self.shown(post, asked.id) == "m•••@shop.example"
        assert TO_ME not in self.everywhere(post)
        assert post.message(asked.id).reason == "5.1.1"

    def test_nor_can_it_be_guessed_back(self, post: Post, bench: Bench) -> None:
        account = post.account()
        bench.test()
        post.goes(account)
        post.later(days=1)
        self.housekeep(post)
        with post.database.transaction() as conn:
            assert conn.execute("select fingerprint from delivery.message").fetchall() == [(None,)]

    def test_its_record_still_derives_and_its_words_are_there(self, post: Post, bench: Bench) -> None:
        account = post.account()
        asked = bench.test()
        post.goes(account)
        post.later(days=1)
        self.housekeep(post)
        with post.database.transaction() as conn:
            assert [each.finding for each in why.why(conn, asked.id).moments] == ["verified", "verified"]
            said = reading.words(conn, reading.one(conn, asked.id)[0])
        assert isinstance(said, Content)
        assert "Come in." in said.text

    def test_not_while_it_waits(self, post: Post, bench: Bench) -> None:
        account = post.account()
        bench.test()
        post.later(days=3)
        assert self.housekeep(post) == 0
        (claimed,) = post.claim(account).claimed
        assert (claimed.outgoing.address, self.housekeep(post)) == (TO_ME, 0)

    def test_of_somebody_who_is_known_nothing_was_typed(self, post: Post, bench: Bench) -> None:
        account = post.account()
        (nid,) = post.person("email")
        bench.test(nid)
        post.goes(account)
        post.later(days=1)
        assert self.housekeep(post) == 0


class TestNothingToLeave:
    """What a purchase needs cannot be unsubscribed from: told before it is published."""

    def check(self, *parts: Any, message_class: MessageClass = "transactional") -> list[tuple[str, str, bool]]:
        source = TemplateSource("en", tuple(Variant("email", "en", each) for each in parts))
        found = checking.check(source, message_class)
        return [
            (each.severity, each.part, (each.column or 0) > 1) for each in found if each.reason == "no_unsubscribing"
        ]

    def test_the_footer_knows_that(self) -> None:
        assert self.check(LETTER) == []

    def test_a_link_of_ones_own_is_refused_at_its_place(self) -> None:
        parts = EmailParts("Receipt", blocks=(Paragraphs("x"), Paragraphs('<a href="{{ unsubscribe_url }}">leave</a>')))
        assert self.check(parts) == [("error", "blocks[1].text", True)]

    def test_what_asks_first_is_only_hinted_at(self) -> None:
        text = "Receipt {% if unsubscribe_url %}{{ unsubscribe_url }}{% endif %}"
        assert self.check(EmailParts("Receipt", blocks=(Paragraphs(text),))) == [("warning", "", False)]

    def test_in_a_messenger_too(self) -> None:
        source = TemplateSource("en", (Variant("sandbox", "en", PlainParts("{{ unsubscribe_url }}")),))
        (found,) = checking.check(source, "conversational")
        assert (found.severity, found.part, found.line) == ("error", "text", 1)

    def test_marketing_is_left_alone(self) -> None:
        assert self.check(LETTER, message_class="marketing") == []


DRAFT = {
    "default_language": "en",
    "variants": [
        {
            "channel": "email", "language": "en",
            "parts": {
                "type": "email", "subject": "For {{ customer.first_name }}",
                "blocks": [{"type": "text", "text": "Boots"}, {"type": "footer"}],
            },
        }
    ],
}  # fmt: skip


class TestHttp:
    @pytest.fixture
    def shop(self, database: Database) -> Shop:
        made = Shop(database, "main")
        made.person("anna", email="anna@n.example", firstName="Anna")
        return made

    @pytest.fixture
    def mara(self, shop: Shop) -> AsgiClient:
        return shop.signed_in("marketer")

    @pytest.fixture
    def path(self, mara: AsgiClient) -> str:
        body = {
            "site": "main", "name": "boots", "message_class": "marketing", "purpose": "promotions", "draft": DRAFT,
        }  # fmt: skip
        return f"/api/templates/{mara.change('POST', '/api/templates', body).json()['id']}"

    def ask(self, to: str = f"email:{TO_ME}", **more: Any) -> dict[str, Any]:
        return {"channel": "email", "language": "en", "to": to, "customer": "user_id:anna", **more}

    @pytest.mark.parametrize("role", ["operator", "seller", "analyst", "developer"])
    def test_who_does_not_write_templates_sends_none(self, shop: Shop, path: str, role: str) -> None:
        client = shop.signed_in(role)
        assert client.change("POST", f"{path}/tests", self.ask()).json()["code"] == "not_allowed"

    def test_nor_does_a_program(self, shop: Shop, path: str) -> None:
        answer = shop.post(f"{path}/tests", self.ask())
        assert answer.status_code == 403

    def test_a_test_is_asked_for_and_audited_without_a_name(self, shop: Shop, mara: AsgiClient, path: str) -> None:
        told = mara.change("POST", f"{path}/tests", self.ask()).json()
        assert (told["state"], told["rule"], told["why"]) == ("suppressed", "reachable", "no_account")
        shown = mara.get(f"/api/messages/{told['id']}").json()
        assert (shown["class"], shown["profile_id"], shown["name"]) == ("test", None, TO_ME)
        (line,) = [
            each
            for each in shop.signed_in("owner").get("/api/audit").json()["data"]
            if each["action"] == "template.tested"
        ]
        assert TO_ME not in str(line)
        assert "Anna" not in str(line)
        assert mara.get("/api/messages", params={"class": "test"}).json()["data"][0]["id"] == told["id"]

    def test_somebody_who_is_known_is_written_to_as_themselves(self, mara: AsgiClient, path: str) -> None:
        told = mara.change("POST", f"{path}/tests", self.ask("user_id:anna")).json()
        assert mara.get(f"/api/messages/{told['id']}").json()["name"] == "Anna"

    @pytest.mark.parametrize(
        "to",
        ["email:not an address", "email:a@b", "email:x@y.example\r\nBcc: z@y.example", "telegram:42", "profile:99"],
    )
    def test_what_is_no_address_of_a_letter_is_nobody(self, mara: AsgiClient, path: str, to: str) -> None:
        assert mara.change("POST", f"{path}/tests", self.ask(to)).status_code in {404, 422}

    def test_the_class_cannot_be_asked_for_elsewhere(self, mara: AsgiClient) -> None:
        body = {"to": "user_id:anna", "class": "test", "purpose": "promotions", "words": {"text": "x"}}
        assert mara.change("POST", "/api/messages", body).status_code == 422
        template = {"site": "main", "name": "x", "message_class": "test", "purpose": "promotions", "draft": DRAFT}
        assert mara.change("POST", "/api/templates", template).status_code == 422

    def test_variables_are_told_with_what_they_hold(self, mara: AsgiClient, path: str) -> None:
        found = mara.get(f"{path}/variables", params={"customer": "user_id:anna"}).json()["variables"]
        told = {each["path"]: each["example"] for each in found}
        assert told["customer.first_name"] == "Anna"
        assert told["customer.traits.email"] == "anna@n.example"
        assert told["customer.time_zone"] is None
        assert "site.title" in told
        nobody = mara.get(f"{path}/variables").json()["variables"]
        assert {each["path"] for each in nobody} >= {"customer.name", "unsubscribe_url"}

    def test_the_list_tells_what_there_is_and_how_far_it_is(self, mara: AsgiClient, path: str) -> None:
        mara.change("POST", f"{path}/versions", {"revision": 1})
        (line,) = mara.get("/api/templates", params={"text": "BOO"}).json()["data"]
        assert (line["variants"], line["ahead"]) == ([{"channel": "email", "language": "en"}], False)
        assert line["published_by"] == "marketer@shop.example"
        mara.change("PUT", f"{path}/draft", {"draft": DRAFT | {"default_language": "pl"}, "revision": 1})
        assert mara.get(path).json()["ahead"] is True
        assert mara.get("/api/templates", params={"text": "shoes"}).json()["data"] == []
