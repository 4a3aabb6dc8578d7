"""A small provider of messages that counts what it took and fails by script: to measure the outbox with, and break it.

`POST /messages` {"to", "text"} with `Authorization: Bearer`, optionally `Idempotency-Key`; `GET /account`. As a program
of its own (`python -m onevoice.sandbox.provider --port 0`) it prints its address, and takes orders over HTTP:
`PUT /script` (a list of faults, in their order), `PUT /mix` (kinds by probability), `GET /ledger`, `DELETE /ledger`.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal, Self, get_args

import msgspec

from onevoice.kit.clock import Clock, SystemClock
from onevoice.sandbox.serving import Outcome, Reply, Request, Server, Trouble, json_reply

Kind = Literal[
    "fine", "too_many", "too_many_date", "too_many_bare", "error", "unavailable", "silence", "unheard", "reset", "torn",
    "cut", "garbage", "slow", "moved", "gone", "refused", "unauthorized",
]  # fmt: skip
TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but this stand-in
KINDS: tuple[str, ...] = get_args(Kind)
TAKEN_ALL_THE_SAME = frozenset({"silence", "reset", "cut", "garbage", "slow"})
"""The message is accepted, and only the answer goes wrong. `unheard` and `torn` look the same from outside, and nothing
was accepted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one message. seconds: of Retry-After, of silence or of slowness."""

    kind: Kind
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """id: the provider's. repeats: how often the same key came again and changed nothing."""

    id: str
    key: str | None
    to: str
    text: str


class Provider:
    """seed: of the mix. Everything it tells may be read from any thread."""

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        seed: int = 1,
        texts: bool = True,
        clock: Clock | None = None,
    ) -> None:
        """texts: whether the ledger keeps them; without, a million messages stay small."""
        self._server = Server(self._answer, port=port)
        self._authorization = f"Bearer {token}"
        self.token = token
        self._clock = clock or SystemClock()
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._script: deque[Fault] = deque()
        self._by_address: dict[str, deque[Fault]] = {}
        self._mix: dict[str, Fault] = {}
        self._weights: list[float] = []
        self._keep_texts = texts
        self.ledger: list[Taken] = []
        """In the order in which they were accepted."""
        self._by_key: dict[str, Taken] = {}
        self.repeats: Counter[str] = Counter()
        """By key: messages that had been accepted before and were not accepted again."""
        self.done: Counter[str] = Counter()
        """Requests by what happened to them."""

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def port(self) -> int:
        return self._server.port

    def script(self, faults: Iterable[Fault]) -> None:
        """What happens to the messages that come next, one by one; then all is fine, or as the mix says."""
        self._script.extend(faults)

    def fail(self, address: str, *faults: Fault) -> None:
        """What happens to the next messages to one address, before script and mix."""
        self._by_address.setdefault(address, deque()).extend(faults)

    def mix(self, shares: Mapping[str, float], *, seconds: float = 1.0) -> None:
        """The probability of each kind; what is left to 1 is fine. Raises: ValueError."""
        if not set(shares) <= set(KINDS) or sum(shares.values()) > 1:
            raise ValueError(f"Shares are of {', '.join(KINDS)} and at most 1 together.")
        self._weights = [*shares.values(), 1 - sum(shares.values())]
        self._mix = {kind: Fault(kind, seconds) for kind in (*shares, "fine")}  # type: ignore[arg-type]

    def accepted(self) -> Counter[str]:
        """How often each key (or, without keys, each address) was accepted. More than one is a doubled message."""
        return Counter(taken.key or taken.to for taken in [*self.ledger])

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answer(self, request: Request) -> Outcome:
        if request.path in {"/script", "/mix", "/ledger"}:
            return self._ordered(request)
        if request.headers.get("authorization") != self._authorization:
            return json_reply({"error": "unauthorized"}, 401)
        if request.method == "GET" and request.path == "/account":
            return json_reply({"name": "sandbox"})
        if request.method != "POST" or request.path != "/messages":
            return json_reply({"error": "not_found"}, 404)
        return self._message(request)

    def _message(self, request: Request) -> Any:
        try:
            said = msgspec.json.decode(request.body)
            to, text = str(said["to"]), str(said["text"])
        except (msgspec.DecodeError, KeyError, TypeError):
            self.done["unreadable"] += 1
            return json_reply({"error": "unreadable"}, 400)
        fault = self._fault(to)
        self.done[fault.kind] += 1
        if fault.kind == "fine" or fault.kind in TAKEN_ALL_THE_SAME:
            answer = json_reply({"id": self._take(request.headers.get("idempotency-key"), to, text).id})
        else:
            answer = _refusal(fault, self._clock.now())
        match fault.kind:
            case "silence" | "unheard":
                return Trouble("silence", fault.seconds)
            case "reset" | "torn":
                return Trouble("reset")
            case "cut":
                return Trouble("cut")
            case "garbage":
                return Reply(200, b"\x00<html>\xff{not json", {"content-type": "application/json"})
            case "slow":
                return _slowly(answer, fault.seconds)
            case _:
                return answer

    def _fault(self, address: str) -> Fault:
        if self._by_address.get(address):
            return self._by_address[address].popleft()
        if self._script:
            return self._script.popleft()
        if self._mix:
            return self._random.choices([*self._mix.values()], self._weights)[0]
        return _FINE

    def _take(self, key: str | None, to: str, text: str) -> Taken:
        if key is not None and key in self._by_key:
            self.repeats[key] += 1
            return self._by_key[key]
        taken = Taken(f"p-{len(self.ledger) + 1}", key, to, text if self._keep_texts else "")
        self.ledger.append(taken)
        if key is not None:
            self._by_key[key] = taken
        return taken

    def _ordered(self, request: Request) -> Reply:
        try:
            if request.method == "PUT" and request.path == "/script":
                self.script(msgspec.json.decode(request.body, type=list[Fault]))
            elif request.method == "PUT" and request.path == "/mix":
                self.mix(msgspec.json.decode(request.body, type=dict[str, float]))
            elif request.method == "DELETE":
                self._forget()
        except (msgspec.DecodeError, ValueError) as error:
            return json_reply({"error": str(error)}, 422)
        doubled = sum(count > 1 for count in self.accepted().values())
        return json_reply({"accepted": len(self.ledger), "doubled": doubled, "done": self.done})

    def _forget(self) -> None:
        for each in (self.ledger, self._by_key, self.repeats, self.done, self._script, self._by_address):
            each.clear()


_FINE = Fault("fine")


def _refusal(fault: Fault, now: datetime) -> Reply:
    wait = {"retry-after": f"{fault.seconds:g}"}
    match fault.kind:
        case "too_many":
            return json_reply({"error": "too_many"}, 429, wait)
        case "too_many_date":
            until = now + timedelta(seconds=fault.seconds)
            return json_reply({"error": "too_many"}, 429, {"retry-after": format_datetime(until, usegmt=True)})
        case "too_many_bare":
            return json_reply({"error": "too_many"}, 429)
        case "unavailable":
            return json_reply({"error": "unavailable"}, 503, wait)
        case "moved":
            return json_reply({}, 302, {"location": "http://127.0.0.1:1/"})
        case "gone":
            return json_reply({"error": "address_gone"}, 410)
        case "refused":
            return json_reply({"error": "refused"}, 422)
        case "unauthorized":
            return json_reply({"error": "unauthorized"}, 401)
        case _:
            return json_reply({"error": "broken"}, 500)


async def _slowly(answer: Reply, seconds: float) -> Reply:
    await asyncio.sleep(seconds)
    return answer


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m onevoice.sandbox.provider", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    provider = Provider(port=parser.parse_args(arguments).port, texts=False)
    provider.start()
    print(provider.url, flush=True)
    try:
        sys.stdin.read()  # until whoever started it ends
    finally:
        provider.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
