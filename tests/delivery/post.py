"""A brand that writes to people: accounts, people with addresses and consents, and a provider that never was."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from onevoice.domains.access.contracts import SiteDetails
from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Capabilities, Limits, Manifest, Setting
from onevoice.domains.delivery.contracts.messages import Accepted, Ask, Asked, Content, Message
from onevoice.domains.delivery.service import accounts, asking, claiming, rendering, settling
from onevoice.domains.delivery.store import messages as messages_store
from onevoice.domains.privacy.service import standing
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
KINDS = {"email": 4, "phone": 5, "telegram": 10}


def manifest(kind: str, address_kind: str, *, idempotent: bool = False, **more: Any) -> Manifest:
    limits = more.pop("limits", Limits(1_000_000, 1_000_000, 50))
    return Manifest(
        kind,
        "sms" if kind == "sms" else kind,
        {"en": kind, "ru": kind, "pl": kind},
        (
            Setting("token", "text", {"en": "Token"}, secret=True),
            Setting("host", "text", {"en": "Host"}, required=False),
        ),
        Capabilities(address_kind, idempotent=idempotent, failover=more.pop("failover", True), **more),
        limits,
    )


MEDIA = ("image", "video", "audio", "file")
CHANNELS = {
    "email": manifest("email", "email", subject=True, html=True, media=MEDIA),
    "telegram": manifest("telegram", "telegram", needs_contact=True, failover=False, media=MEDIA, caption_max=1024),
    "sms": manifest("sms", "phone", idempotent=True),
}


class Doors:
    def unsubscribe(self, message_id: int) -> str:
        return f"https://n.example/u/{message_id}"

    def preferences(self, message_id: int) -> str:
        return f"https://n.example/p/{message_id}"


@dataclass
class Post:
    database: Database
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    chance: SeededChance = field(default_factory=lambda: SeededChance(3))
    sealer: Sealer = field(default_factory=lambda: Sealer(b"s" * 32, accounts.PURPOSE))
    channels: dict[str, Manifest] = field(default_factory=lambda: dict(CHANNELS))
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        with self.database.transaction() as conn:
            sites.create(
                conn, "pl", SiteDetails("Northfold", time_zone="UTC", currency="PLN"), actor="owner", clock=self.clock
            )
        self.renderer = rendering.Renderer(Doors())

    def account(self, channel: str = "email", name: str = "main", **more: Any) -> Account:
        with self.database.transaction() as conn:
            wanted = accounts.AccountCreate(channel, name, "pl", {"token": "secret-token"}, **more)
            return accounts.create(
                conn, wanted, self.channels, self.sealer, actor="owner", clock=self.clock, chance=self.chance
            )

    def person(self, *kinds: str, of: int | None = None) -> list[int]:
        """A person with one identifier of each kind; `of`: one that has been there before."""
        found: list[int] = []
        with self.database.transaction() as conn:
            for kind in kinds or ("email",):
                (nid,) = conn.execute("select nextval('identity.node_id')").fetchone()
                pid = of if of is not None else found[0] if found else nid
                value = f"p{nid}@n.example" if kind == "email" else f"+4850{nid:07}" if kind == "phone" else str(nid)
                conn.execute(
                    "insert into identity.node (nid, kind, digest, pid, base, learnt)"
                    " values (%s, %s, %s::uuid, %s, %s, %s)",
                    (nid, KINDS[kind], f"{nid:032x}", pid, nid, self.clock.now()),
                )
                conn.execute(
                    "insert into identity.vault (id, nid, key, digest, value)"
                    " values (nextval('identity.vault_id'), %s, '', %s::uuid, to_jsonb(%s::text))",
                    (nid, f"{nid:032x}", value),
                )
                found.append(nid)
        return found

    def join(self, one: int, other: int) -> None:
        with self.database.transaction() as conn:
            conn.execute(
                "update identity.node set pid = (select least(a.pid, b.pid) from identity.node a, identity.node b"
                " where a.nid = %s and b.nid = %s) where pid in (select pid from identity.node where nid in (%s, %s))",
                (one, other, one, other),
            )

    def says(self, nid: int, act: str, purpose: str = "promotions", channel: str = "*") -> None:
        """A line of the consent ledger."""
        with self.database.transaction() as conn:
            conn.execute(
                "insert into privacy.consent (nid, purpose, channel, act, source, happened, learnt, actor, proof, key)"
                " values (%(nid)s, %(purpose)s, %(channel)s, %(act)s, 'page', %(at)s, %(at)s, 'test', '{}', %(key)s)",
                {
                    "nid": nid, "purpose": purpose, "channel": channel, "act": act, "at": self.clock.now(),
                    "key": f"k{next(self.numbers)}",
                },
            )  # fmt: skip

    def willing(self, *kinds: str) -> list[int]:
        found = self.person(*kinds)
        self.says(found[0], "confirm")
        return found

    def wanted(self, person: int, text: str = "Hello", **more: Any) -> Ask:
        fields = {
            "key": f"m{next(self.numbers)}", "person": person, "site": "pl", "message_class": "marketing",
            "purpose": "promotions", "asked_by": "test", "words": Content(text), "channels": ("email",),
        }  # fmt: skip
        return Ask(**{**fields, **more})

    def ask(self, *asks: Ask) -> list[Asked]:
        with self.database.transaction() as conn:
            return asking.ask(conn, asks, self.channels, [], clock=self.clock)

    def send(self, person: int, text: str = "Hello", **more: Any) -> Asked:
        return self.ask(self.wanted(person, text, **more))[0]

    def claim(self, account: Account, most: int = 100) -> claiming.Claim:
        with self.database.transaction() as conn:
            return claiming.claim(conn, account, most, self.channels, self.renderer, at=self.clock.now())

    def settle(self, account: Account, claim: claiming.Claim, answer: Callable[[Any], Any] | Any = None) -> None:
        def said(each: Any) -> Any:
            made = answer(each) if callable(answer) else answer
            return made or Accepted(f"p-{each.outgoing.id}")

        results = [settling.Result(each.outgoing, each.attempt, said(each)) for each in claim.claimed]
        with self.database.transaction() as conn:
            settling.settle(conn, account, results, self.channels, clock=self.clock, chance=self.chance)

    def goes(self, account: Account, answer: Any = None) -> list[int]:
        """Claim and settle all that is due: the messages that went."""
        claim = self.claim(account)
        self.settle(account, claim, answer)
        return [each.outgoing.id for each in claim.claimed]

    def message(self, number: int) -> Message:
        with self.database.transaction() as conn:
            found = messages_store.message(conn, number)
        assert found is not None
        return found

    def states(self, *numbers: int) -> list[str]:
        return [self.message(number).state for number in numbers]

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    def suppressed(self, nid: int) -> Any:
        with self.database.transaction() as conn:
            return standing.suppressions(conn, [nid]).get(nid)
