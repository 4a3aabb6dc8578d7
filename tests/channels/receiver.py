"""Somebody who takes our webhooks: checks the signature with the public library, and knows a repeat by its id."""

import json
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from standardwebhooks import Webhook

from onevoice.sandbox.serving import Reply, Request, Server, Trouble

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

TAKEN = {"fine", "silence", "reset", "cut", "garbage", "huge", "packed"}


class Receiver:
    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.requests: list[Request] = []
        self.taken: dict[str, Any] = {}
        """By webhook-id."""
        self.wrong: list[str] = []
        self._faults: deque[str] = deque()
        self._lock = threading.Lock()
        self.server = Server(self._answer)

    def trouble(self, *kinds: str) -> None:
        self._faults.extend(kinds)

    def _answer(self, request: Request) -> Any:
        with self._lock:
            self.requests.append(request)
            kind = self._faults.popleft() if self._faults else "fine"
            try:
                said = Webhook(self.secret).verify(request.body, dict(request.headers))
            except Exception as error:
                self.wrong.append(str(error))
                return Reply(401)
            assert json.loads(request.body) == said
            if kind in TAKEN and said["type"] == "message.sent":
                self.taken[request.headers["webhook-id"]] = said
            return _reply(kind)


def _reply(kind: str) -> Any:
    match kind:
        case "fine":
            return Reply(204)
        case "too_many":
            return Reply(429, headers={"retry-after": "7"})
        case "too_many_date":
            until = datetime.now(UTC) + timedelta(seconds=7)
            return Reply(503, headers={"retry-after": format_datetime(until, usegmt=True)})
        case "silence" | "unheard":
            return Trouble("silence", 1)
        case "reset":
            return Trouble("reset")
        case "cut":
            return Trouble("cut")
        case "garbage":
            return Reply(200, b"\x00\xff<html>", {"content-type": "application/json"})
        case "huge":
            return Reply(200, bytes(200_000))
        case "packed":
            return Reply(200, b"\x1f\x8bnot really", {"content-encoding": "gzip"})
        case _:
            return Reply(int(kind), headers={"location": "http://127.0.0.1:1/"} if kind.startswith("3") else {})
