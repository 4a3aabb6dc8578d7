"""A webhook of one's own on a fresh database, and somebody who signs as senders do."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from bench.webhooks import PAID_ORDERS

from onevoice.domains.events.service import log as events
from onevoice.domains.webhooks.contracts import Headers, Mapping, Receipt, SecretShown, WebhookCreate
from onevoice.domains.webhooks.rules import signature
from onevoice.domains.webhooks.service import deliveries, manage
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
ORDER = {
    "id": 1001,
    "status": "paid",
    "paid_at": "2026-05-03T13:59:00+02:00",
    "customer": {"id": 5, "email": "Anna@Shop.example", "phone": "+48501234567", "first_name": "Anna"},
    "total": "129,90",
    "currency": "PLN",
    "items": [{"sku": "boot-38", "quantity": 1}],
}
PAID = {
    "rules": [*PAID_ORDERS["rules"], {"when": [{"path": "status", "op": "is", "values": ["draft"]}], "make": "ignore"}]
}


def mapping(raw: dict[str, Any] | None = None) -> Mapping:
    return Mapping.model_validate(raw or PAID)


@dataclass
class Hook:
    database: Database
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    chance: SeededChance = field(default_factory=lambda: SeededChance(7))
    sealer: Sealer = field(default_factory=lambda: Sealer(b"k" * 32, manage.PURPOSE))
    shown: SecretShown | None = None

    def made(self, name: str = "web shop", **wanted: Any) -> SecretShown:
        with self.database.transaction() as conn:
            create = WebhookCreate(name=name, channel="shop", site="pl", **wanted)
            return manage.create(conn, create, sealer=self.sealer, actor="owner", clock=self.clock, chance=self.chance)

    @property
    def id(self):
        return self.shown.webhook.id

    @property
    def public_id(self) -> str:
        return self.shown.webhook.public_id

    @property
    def secret(self) -> bytes:
        return signature.read_secret(self.shown.secret)

    def map(self, raw: dict[str, Any] | None = None, based_on: int = 0) -> None:
        with self.database.transaction() as conn:
            manage.set_mapping(conn, self.id, mapping(raw), based_on=based_on, actor="owner", clock=self.clock)

    def headers(self, body: bytes, message_id: str = "msg_1", secret: bytes | None = None) -> Headers:
        stamp = str(int(self.clock.now().timestamp()))
        return Headers(message_id, stamp, signature.sign(secret or self.secret, message_id, stamp, body))

    def send(self, payload: Any, message_id: str = "msg_1", headers: Headers | None = None) -> Receipt:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        with self.database.transaction() as conn:
            return deliveries.receive(
                conn,
                self.public_id,
                headers or self.headers(body, message_id),
                body,
                sealer=self.sealer,
                clock=self.clock,
            )

    def retry(self, **options: Any):
        with self.database.transaction() as conn:
            return deliveries.retry(conn, self.id, actor="owner", clock=self.clock, **options)

    def kept(self) -> list[Any]:
        with self.database.transaction() as conn:
            return deliveries.deliveries(conn, self.id)

    def log(self) -> list[dict[str, Any]]:
        """The events that were appended, in the order of the log."""
        with self.database.transaction() as conn:
            records = events.read(conn, "tests", 1000).records
        return [json.loads(bytes(event)) for record in records for event in record.events]


@pytest.fixture
def hook(database: Database) -> Hook:
    hook = Hook(database)
    hook.shown = hook.made()
    return hook


@pytest.fixture
def referee() -> Callable[[str], Any]:
    """The reference library of Standard Webhooks, for a secret."""
    from standardwebhooks import Webhook

    return Webhook


def random_secret(n: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(n))).decode()
