"""Webhooks out: refereed by the public libraries that receivers check them with."""

import base64
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from channels.conformance import (
    INBOUND,
    Bench,
    Conformance,
    Outbound,
    Seen,
    error_of,
    never,
    outgoing,
    send,
    using,
)
from channels.receiver import SECRET, Receiver
from onevoice.channels.webhook import payloads
from onevoice.channels.webhook.adaptor import CHANNEL
from onevoice.domains.delivery.contracts.messages import Button, Content, Media
from onevoice.domains.delivery.errors import ActionRequired, Permanent, Retriable

OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


class WebhookBench(Outbound):
    channel = CHANNEL

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.allowed = frozenset({receiver.server.url.removeprefix("http://")})
        self._people = iter(range(10**6))

    def settings(self) -> dict[str, Any]:
        return {"url": f"{self.receiver.server.url}/hook?a=b", "secret": SECRET}

    def refused_settings(self) -> list[dict[str, Any]]:
        return [
            self.settings() | {"secret": OTHER},
            *(self.settings() | {"secret": text} for text in ("whsec_", "whsec_c2hvcnQ=", "no base64!", "a" * 400)),
            self.settings() | {"previous_secret": "whsec_c2hvcnQ="},
            *(
                self.settings() | {"url": url}
                for url in ("", "ftp://x.example/", "http://10.0.0.1/", "http://a:b@x.example/")
            ),
        ]

    def address(self) -> str:
        return f"customer-{next(self._people)}"

    def gone_address(self) -> str:
        raise NotImplementedError

    def seen(self) -> list[Seen]:
        stands: dict[str, Seen] = {}
        for webhook_id, said in self.receiver.taken.items():
            name = said["data"]["edits"] or webhook_id
            stands[name] = _seen(name, said["data"])
        return [*stands.values()]

    def trouble(self, kind: str) -> None:
        statuses = {"broken": "500", "refused": "422", "revoked": "410", "redirect": "302"}
        self.receiver.trouble(statuses.get(kind, kind))

    def stop(self) -> None:
        self.receiver.server.stop()


def _seen(webhook_id: str, data: Any) -> Seen:
    return Seen(
        webhook_id,
        data["address"],
        data["text"],
        tuple(button["text"] for row in data["buttons"] for button in row),
        tuple((each["kind"], base64.b64decode(each["base64"])) for each in data["media"]),
        data["answers"],
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    with running.server:
        yield running


@pytest.fixture
def bench(receiver: Receiver) -> WebhookBench:
    return WebhookBench(receiver)


class TestChannel(Conformance):
    gaps: ClassVar = {
        **dict.fromkeys(INBOUND, never("webhooks in are a domain of their own")),
        "test_a_hostile_body_says_nothing": never("nothing is parsed"),
        "test_somebody_who_is_gone_stays_so": never("a receiver speaks for all its customers"),
        "test_a_yes_that_cannot_be_read_may_be_one": never("what stands in the answer does not matter"),
        "test_a_text_that_is_too_long_is_refused_before_it_is_sent": never("it takes any length"),
    }

    @pytest.fixture
    def bench(self, receiver: Receiver) -> Bench:
        return WebhookBench(receiver)

    @pytest.mark.parametrize("kind", ["silence", "reset", "cut", "unheard"])
    def test_sent_again_it_is_known_by_its_id(self, bench: WebhookBench, kind: str) -> None:
        bench.trouble(kind)
        message = outgoing(bench.address())
        error_of(bench, message, hasty=True)
        send(bench, message)
        assert [seen.provider_id for seen in bench.seen()] == [message.key]

    @pytest.mark.parametrize("kind", ["garbage", "huge", "packed"])
    def test_what_stands_in_the_answer_does_not_matter(self, bench: WebhookBench, kind: str) -> None:
        bench.trouble(kind)
        send(bench, outgoing(bench.address()))
        assert len(bench.seen()) == 1

    def test_an_edit_names_what_it_edits(self, bench: WebhookBench) -> None:
        [first] = send(bench, outgoing("c", "On its way"))
        send(bench, outgoing("c", "Delivered", edits=first.provider_id))
        assert [*bench.receiver.taken.values()][1]["data"]["edits"] == first.provider_id


class TestStatuses:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_two_hundreds_are_a_yes(self, bench: WebhookBench, status: int) -> None:
        bench.receiver.trouble(str(status))
        assert send(bench, outgoing("c"))

    @pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 410])
    def test_what_is_the_same_for_the_next_message_needs_somebody(self, bench: WebhookBench, status: int) -> None:
        bench.receiver.trouble(str(status))
        error = error_of(bench, outgoing("c"))
        assert isinstance(error, ActionRequired)
        assert error.code == f"status_{status}"

    @pytest.mark.parametrize("status", [400, 406, 409, 413, 415, 422])
    def test_what_is_wrong_with_this_one_is_lost_alone(self, bench: WebhookBench, status: int) -> None:
        bench.receiver.trouble(str(status))
        assert isinstance(error_of(bench, outgoing("c")), Permanent)

    @pytest.mark.parametrize(
        ("status", "accepted"),
        [(408, "no"), (425, "no"), (429, "no"), (500, "no"), (503, "no"), (502, "maybe"), (504, "maybe")],
    )
    def test_the_rest_may_be_tried_again(self, bench: WebhookBench, status: int, accepted: str) -> None:
        bench.receiver.trouble(str(status))
        error = error_of(bench, outgoing("c"))
        assert isinstance(error, Retriable)
        assert error.accepted == accepted


class TestSignature:
    def test_the_same_bytes_are_sent_at_every_attempt(self, bench: WebhookBench) -> None:
        message = outgoing(
            "c", content=Content("Hi", html="<p>Hi</p>", subject="S", buttons=((Button("B", data="d"),),))
        )
        bench.receiver.trouble("500", "503")
        for _ in range(2):
            error_of(bench, message)
        send(bench, message)
        first, second, third = bench.receiver.requests
        assert first.body == second.body == third.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == third.headers["webhook-id"] == message.key
        assert first.path == "/hook"
        assert first.query == {"a": "b"}

    def test_while_a_secret_is_replaced_either_is_right(self, bench: WebhookBench) -> None:
        both = bench.settings() | {"secret": OTHER, "previous_secret": SECRET}
        using(bench, lambda adaptor: adaptor.send(outgoing("old")), both)
        bench.receiver.secret = OTHER
        using(bench, lambda adaptor: adaptor.send(outgoing("new")), both)
        assert [seen.address for seen in bench.seen()] == ["old", "new"]
        assert bench.receiver.wrong == []
        using(bench, lambda adaptor: adaptor.send(outgoing("c")), bench.settings() | {"secret": OTHER})
        bench.receiver.secret = SECRET
        error = error_of(bench, outgoing("late"), bench.settings() | {"secret": OTHER})
        assert isinstance(error, ActionRequired)

    @given(
        st.text(max_size=200),
        st.binary(min_size=24, max_size=64),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
    )
    def test_the_python_library_agrees(self, text: str, secret: bytes, key: str) -> None:
        body = payloads.message(outgoing("c", text.encode("utf-8", "replace").decode()))
        headers = payloads.headers([secret], key, datetime.now(UTC), body)
        shown = payloads.PREFIX + base64.b64encode(secret).decode()
        assert payloads.read_secret(shown) == secret
        Webhook(shown).verify(body, headers)

    def test_the_node_libraries_agree_on_the_same_bytes(self, node_packages: Path) -> None:
        media = Media("image", "a.png", "image/png", bytes(range(256)))
        cases = []
        for text in ("Zażółć gęślą jaźń", "Привет 🐢", "line\nline\u2028<script>"):
            body = payloads.message(outgoing("c", content=Content(text, media=(media,))))
            keys = [payloads.read_secret(OTHER), payloads.read_secret(SECRET)]
            cases.append({"body": body.decode(), "headers": payloads.headers(keys, "key-1", datetime.now(UTC), body)})
        asked = json.dumps({"secrets": [SECRET, OTHER], "cases": cases})
        done = subprocess.run(
            ["node", "verify_webhooks.mjs"], cwd=node_packages, input=asked, capture_output=True, text=True, check=True
        )
        told = json.loads(done.stdout)
        assert told["verified"] == {"standardwebhooks": 6, "svix": 6}
        assert told["refused"] == {"standardwebhooks": 6, "svix": 6}

    @pytest.mark.parametrize("text", ["", "whsec_", "whsec_" + "A" * 8, "whsec_!!", "whsec_" + "A" * 100])
    def test_a_secret_that_is_none_is_not_repeated(self, text: str) -> None:
        with pytest.raises(ValueError, match="24 to 64") as caught:
            payloads.read_secret(text)
        assert not text.removeprefix("whsec_") or text not in str(caught.value)
