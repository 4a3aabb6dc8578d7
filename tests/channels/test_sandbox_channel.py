"""The sandbox's channel and its provider, in both manners."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, ClassVar

import httpx
import pytest

from channels.conformance import (
    INBOUND,
    Bench,
    Conformance,
    Gap,
    Outbound,
    Seen,
    error_of,
    never,
    outgoing,
    send,
    using,
)
from onevoice.channels.sandbox.adaptor import CHANNEL, KEYLESS
from onevoice.domains.delivery.contracts.messages import Accepted
from onevoice.domains.delivery.errors import ActionRequired, Retriable
from onevoice.domains.delivery.ports import Adaptor
from onevoice.sandbox.provider import KINDS, TAKEN_ALL_THE_SAME, Fault, Provider

FAULTS = {
    "too_many": Fault("too_many", 7), "too_many_date": Fault("too_many_date", 7), "broken": Fault("error"),
    "silence": Fault("silence", 1), "unheard": Fault("unheard", 1), "reset": Fault("reset"), "cut": Fault("cut"),
    "garbage": Fault("garbage"), "refused": Fault("refused"), "revoked": Fault("unauthorized"),
    "redirect": Fault("moved"),
}  # fmt: skip


class SandboxBench(Outbound):
    channel = CHANNEL
    hasty_settings: ClassVar = {"timeout_seconds": 0.4}

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.allowed = frozenset({provider.url.removeprefix("http://")})
        self._people = iter(range(10**6))

    def settings(self) -> dict[str, Any]:
        return {"url": self.provider.url, "token": self.provider.token, "connections": 8}

    def refused_settings(self) -> list[dict[str, Any]]:
        return [
            self.settings() | {"token": "another"},
            self.settings() | {"url": "http://localhost:1"},
            self.settings() | {"url": "https://127.0.0.1"},
            self.settings() | {"url": "http://93.184.216.34"},
            self.settings() | {"url": "http://[::1"},
            self.settings() | {"url": "http://127.0.0.1:99999"},
        ]

    def address(self) -> str:
        return f"anna{next(self._people)}@shop.example"

    def gone_address(self) -> str:
        self.provider.script([Fault("gone")])
        return self.address()

    def seen(self) -> list[Seen]:
        return [Seen(taken.id, taken.to, taken.text) for taken in self.provider.ledger]

    def trouble(self, kind: str) -> None:
        self.provider.script([FAULTS[kind]])

    def stop(self) -> None:
        self.provider.stop()


class KeylessBench(SandboxBench):
    channel = KEYLESS


SENDS_TEXT: dict[str, Gap] = {
    **dict.fromkeys(INBOUND, never("the provider only takes")),
    "test_buttons_arrive_in_their_order": never("it knows text"),
    "test_an_edit_changes_what_was_said": never("what was sent is sent"),
    "test_an_answer_names_what_it_answers": never("it knows no threads"),
    "test_files_arrive_byte_for_byte": never("it knows text"),
    "test_a_text_that_is_too_long_is_refused_before_it_is_sent": never("it takes any length"),
    "test_a_hostile_body_says_nothing": never("nothing is parsed"),
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with ExitStack() as stack:
        running = Provider()
        running.start()
        stack.callback(running.stop)
        yield running


class TestKeyed(Conformance):
    gaps: ClassVar = SENDS_TEXT

    @pytest.fixture
    def bench(self, provider: Provider) -> Bench:
        return SandboxBench(provider)

    def test_a_message_of_which_nobody_knows_is_sent_again_and_taken_once(self, provider: Provider) -> None:
        bench = SandboxBench(provider)
        message = outgoing(bench.address())
        provider.script([Fault("reset"), Fault("silence"), Fault("garbage"), Fault("unheard")])
        for _ in range(4):
            assert isinstance(error_of(bench, message, hasty=True), Retriable)
        send(bench, message)
        assert provider.accepted() == {message.key: 1}
        assert provider.repeats == {message.key: 3}


class TestKeyless(Conformance):
    gaps: ClassVar = {**SENDS_TEXT, "test_the_same_key_is_taken_once": never("it takes no key")}

    @pytest.fixture
    def bench(self, provider: Provider) -> Bench:
        return KeylessBench(provider)

    def test_a_message_of_which_nobody_knows_would_be_doubled(self, provider: Provider) -> None:
        bench = KeylessBench(provider)
        message = outgoing(bench.address())
        provider.script([Fault("reset")])
        assert isinstance(error_of(bench, message), Retriable)
        send(bench, message)
        assert provider.accepted() == {message.address: 2}


class TestProvider:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_fault_is_counted_and_takes_or_does_not(self, provider: Provider, kind: Any) -> None:
        bench = SandboxBench(provider)
        provider.script([Fault(kind, 0.2)])
        if kind in {"fine", "slow"}:
            send(bench, outgoing(bench.address()))
        else:
            error_of(bench, outgoing(bench.address()), hasty=True)
        assert provider.done == {kind: 1}
        assert len(provider.ledger) == (kind == "fine" or kind in TAKEN_ALL_THE_SAME)

    def test_trouble_with_one_address_is_nobody_elses(self, provider: Provider) -> None:
        bench = SandboxBench(provider)
        unlucky, other = bench.address(), bench.address()
        provider.fail(unlucky, Fault("error"))
        send(bench, outgoing(other))
        assert isinstance(error_of(bench, outgoing(unlucky)), Retriable)
        send(bench, outgoing(unlucky))
        assert [taken.to for taken in provider.ledger] == [other, unlucky]

    def test_a_mix_comes_in_its_shares(self, provider: Provider) -> None:
        provider.mix({"error": 0.3, "refused": 0.2})
        bench = SandboxBench(provider)

        async def work(adaptor: Adaptor) -> list[Any]:
            messages = [outgoing(bench.address()) for _ in range(1000)]
            return await asyncio.gather(*(adaptor.send(each) for each in messages), return_exceptions=True)

        got = using(bench, work)
        assert 230 < provider.done["error"] < 370
        assert 140 < provider.done["refused"] < 260
        assert sum(isinstance(each, Accepted) for each in got) == len(provider.ledger) == provider.done["fine"]

    @pytest.mark.parametrize("shares", [{"unknown": 0.1}, {"error": 0.6, "reset": 0.6}])
    def test_a_mix_that_cannot_be_is_refused(self, provider: Provider, shares: Any) -> None:
        with pytest.raises(ValueError, match="at most 1"):
            provider.mix(shares)

    def test_as_a_program_it_takes_its_orders_over_http(self) -> None:
        started = subprocess.Popen(
            [sys.executable, "-m", "onevoice.sandbox.provider"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with started:
            assert started.stdout is not None
            assert started.stdin is not None
            url = started.stdout.readline().strip()
            with httpx.Client(base_url=url, headers={"authorization": "Bearer sandbox-token"}) as client:
                assert client.put("/script", json=[{"kind": "too_many", "seconds": 3}]).status_code == 200
                refused = client.post("/messages", json={"to": "a@b.example", "text": "x"})
                assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
                keyed = {"idempotency-key": "k"}
                first = client.post("/messages", json={"to": "a@b.example", "text": "x"}, headers=keyed)
                assert (
                    client.post("/messages", json={"to": "a@b.example", "text": "x"}, headers=keyed).text == first.text
                )
                assert client.get("/ledger").json() == {"accepted": 1, "doubled": 0, "done": {"too_many": 1, "fine": 2}}
                assert client.put("/mix", json={"error": 1.0}).status_code == 200
                assert client.post("/messages", json={"to": "a", "text": "x"}).status_code == 500
                assert client.put("/mix", json={"nothing": 1.0}).status_code == 422
                assert client.delete("/ledger").json()["accepted"] == 0
                assert client.post("/messages", content=b"{").status_code == 400
            started.stdin.close()
        assert started.returncode == 0

    def test_settings_that_lead_outside_are_refused_before_a_connection(self, provider: Provider) -> None:
        bench = SandboxBench(provider)
        for url in ("http://192.168.1.1", "http://shop.example", "ftp://127.0.0.1", ""):
            with pytest.raises(ActionRequired):
                using(bench, lambda adaptor: adaptor.probe(), bench.settings() | {"url": url})
