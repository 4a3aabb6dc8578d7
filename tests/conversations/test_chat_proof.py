"""Earlier words in the site's chat: for whoever the shop has signed for, in the chat that showed it, and no other."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from conversations.chatting import VAULT, Browser, ChatShop, answer, words_of
from onevoice.bootstrap import sending
from onevoice.domains.conversations.rules import proving as rules
from onevoice.domains.conversations.service import chatting
from onevoice.domains.delivery.service import accounts
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer

SECRET = "the-shop's-secret-of-32-characters-or-more"
OTHER = "another-secret-of-32-characters-or-more"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(said: Any, secret: str = SECRET, head: Any = None) -> str:
    """As any library for JSON Web Tokens does it."""
    parts = f"{b64(json.dumps(head or {'alg': 'HS256', 'typ': 'JWT'}).encode())}.{b64(json.dumps(said).encode())}"
    return f"{parts}.{b64(hmac.new(secret.encode(), parts.encode(), hashlib.sha256).digest())}"


class Proven(ChatShop):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.keep(identity_secret=SECRET)

    def keep(self, **more: str) -> None:
        with self.home.database.transaction() as conn:
            accounts.update(
                conn, self.account.id, {**self.account.settings, **more}, None, sending.manifests(),
                Sealer(VAULT, accounts.PURPOSE), actor="owner", clock=self.home.clock, chance=self.home.chance,
            )  # fmt: skip

    def token(self, user: str = "u-anna", secret: str = SECRET, minutes: float = 30, **more: Any) -> str:
        return signed({"sub": user, "exp": self.home.clock.now().timestamp() + minutes * 60, **more}, secret)


def history(who: Browser, proof: Any, **more: Any) -> dict[str, Any]:
    told = who.ask("history", proof=proof, **more)
    assert told.status_code == 200, told.text
    return told.json()


def texts(who: Browser, proof: Any, **more: Any) -> list[str]:
    return [each["text"] for each in history(who, proof, **more)["lines"]]


@pytest.fixture
def shop(database: Database) -> Proven:
    return Proven(database)


@pytest.fixture
def anna(shop: Proven) -> Browser:
    """Who wrote by e-mail and in a chat at home, where she was logged in."""
    post = shop.connect("email", {"from_address": "hello@n.example", "smtp_host": "127.0.0.1"})
    traits = {"email": "anna@n.example"}
    shop.send({"type": "identify", "userId": "u-anna", "anonymousId": "v-1", "traits": traits})
    shop.hears(post, "mail-1", "Where is my order 1001?", "anna@n.example")
    made = shop.browser()
    shop.home.clock.advance(timedelta(minutes=1))
    made.proof = shop.token(email="anna@n.example")
    assert made.say("At home", proof=made.proof).status_code == 200
    shop.link()
    return made


@pytest.fixture
def away(shop: Proven, anna: Browser) -> Browser:
    """Another browser, in which nobody has said anything."""
    return shop.browser(device="v-2")


class TestWhoeverIsProven:
    def test_sees_what_was_said_elsewhere_and_answered(self, shop, olga, anna, away) -> None:
        answer(shop, olga, anna, "Hello Anna")
        assert shop.goes() == 1
        found = history(away, shop.token(email="anna@n.example"))
        assert [(each["channel"], each["ours"], each["text"]) for each in found["lines"]] == [
            ("email", False, "Where is my order 1001?"), ("chat", False, "At home"), ("chat", True, "Hello Anna"),
        ]  # fmt: skip
        assert found["before"] is None
        assert texts(anna, anna.proof) == ["Where is my order 1001?"]  # the rest stands in that chat

    def test_an_address_that_the_shop_does_not_sign_is_not_shown(self, shop, away) -> None:
        assert texts(away, shop.token()) == ["At home"]
        assert texts(away, shop.token(email="jan@n.example", minutes=31)) == ["At home"]

    def test_by_pages(self, shop, anna, away, monkeypatch) -> None:
        monkeypatch.setattr("onevoice.domains.conversations.service.proving.PAGE", 2)
        for n in range(4):
            shop.home.clock.advance(timedelta(minutes=1))
            anna.says(f"Word {n}")
        proof, found, before = shop.token(email="anna@n.example"), [], None
        for _ in range(3):
            page = history(away, proof, before=before)
            found, before = [each["text"] for each in page["lines"]] + found, page["before"]
        assert found == ["Where is my order 1001?", "At home", "Word 0", "Word 1", "Word 2", "Word 3"]
        assert before is None

    def test_notes_are_not_shown(self, shop, olga, anna, away) -> None:
        note = {"text": "She is difficult", "mentions": []}
        assert olga.change("POST", f"/api/conversations/{anna.reference}/notes", note).status_code == 201
        assert texts(away, shop.token()) == ["At home"]

    def test_stands_so_at_the_desk(self, shop, olga, anna) -> None:
        assert [each["assurance"] for each in words_of(olga, anna) if each["channel"] == "chat"] == ["verified"]
        shop.home.clock.advance(timedelta(seconds=1))
        anna.says("Without")
        assert words_of(olga, anna)[0]["assurance"] == "anonymous"

    def test_with_the_secret_before_it_while_it_is_changed(self, shop, away) -> None:
        shop.keep(identity_secret=OTHER, identity_secret_before=SECRET)
        assert texts(away, shop.token()) == ["At home"]
        assert texts(away, shop.token(secret=OTHER, minutes=20)) == ["At home"]
        shop.keep(identity_secret=OTHER, identity_secret_before="")
        assert texts(away, shop.token(minutes=10)) == []


class TestWhatProvesNothing:
    @pytest.mark.parametrize(
        "kind", ["none", "wrong key", "ended", "too long", "unsigned", "other algorithm", "changed", "nonsense"]
    )
    def test_shows_nothing(self, shop, away, kind) -> None:
        good = shop.token()
        head, body, signature = good.split(".")
        ends = shop.home.clock.now().timestamp() + 600
        proof = {
            "none": None,
            "wrong key": shop.token(secret=OTHER),
            "ended": shop.token(minutes=-1),
            "too long": shop.token(minutes=3000),
            "unsigned": f"{b64(json.dumps({'alg': 'none'}).encode())}.{body}.",
            "other algorithm": signed({"sub": "u-anna", "exp": ends}, head={"alg": "HS512"}),
            "changed": f"{head}.{b64(json.dumps({'sub': 'u-jan', 'exp': ends}).encode())}.{signature}",
            "nonsense": ["x"],
        }[kind]
        assert history(away, proof) == {"lines": [], "before": None}

    def test_another_persons_shows_theirs_alone(self, shop, away) -> None:
        shop.send({"type": "identify", "userId": "u-jan", "anonymousId": "v-3"})
        shop.link()
        assert texts(away, shop.token("u-jan")) == []
        assert texts(away, shop.token("u-nobody")) == []

    def test_nor_one_that_another_chat_has_shown(self, shop, anna, away) -> None:
        assert history(away, anna.proof) == {"lines": [], "before": None}
        told = away.say("It is me", proof=anna.proof)
        assert told.status_code == 200
        assert shop.rows("select proven from conversations.chat where device = 'v-2'") == [(None,)]

    def test_a_chat_is_one_persons(self, shop, anna) -> None:
        shop.send({"type": "identify", "userId": "u-jan", "anonymousId": "v-3", "traits": {"email": "jan@n.example"}})
        shop.link()
        assert texts(anna, shop.token("u-jan", email="jan@n.example")) == []

    def test_whoever_claims_an_address_in_their_browser_sees_nothing_of_its_holder(self, shop, away) -> None:
        """Claims join people; they prove nothing."""
        with shop.home.database.transaction() as conn:
            post = next(each for each in accounts.accounts(conn) if each.channel == "email")
        shop.hears(post, "mail-2", "My secret", "ewa@n.example")
        thief = {"type": "identify", "userId": "u-thief", "anonymousId": "v-9", "traits": {"email": "ewa@n.example"}}
        shop.send(thief)
        shop.link()
        assert texts(shop.browser(device="v-9"), shop.token("u-thief")) == []

    def test_without_a_secret_in_the_settings_nothing_is_proven(self, shop, away) -> None:
        shop.keep(identity_secret="")
        assert texts(away, shop.token()) == []
        shop.keep(identity_secret="short")
        assert texts(away, shop.token(secret="short")) == []
        assert texts(away, shop.token(secret="")) == []

    def test_places_that_are_none_are_the_end(self, shop, away) -> None:
        for before in ("x", [], [1, 2], ["2026", 1], ["2026-01-01T00:00:00", 1], {"at": 1}, [None, None]):
            assert texts(away, shop.token(), before=before) == ["At home"]

    def test_proofs_that_ended_are_forgotten(self, shop, anna) -> None:
        shop.home.clock.advance(timedelta(days=2))
        with shop.home.database.transaction() as conn:
            assert chatting.housekeep(conn, shop.home.clock.now()) == 1
        assert shop.rows("select * from conversations.proof") == []


def test_a_token_says_who_and_until_when(shop: Proven) -> None:
    now = shop.home.clock.now()
    assert rules.proof(signed({"sub": "u", "exp": now.timestamp() + 60}), [SECRET], now) is not None
    assert rules.proof(signed({"sub": "u"}), [SECRET], now) is None
    assert rules.proof(signed({"sub": 7, "exp": now.timestamp() + 60}), [SECRET], now) is None
    assert rules.proof(signed(["u"]), [SECRET], now) is None
    assert rules.proof(signed({"sub": "u", "exp": True}), [SECRET], now) is None
