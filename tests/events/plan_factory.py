"""A shop's sources on a database, events of theirs, and the learner that reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from onevoice.domains.events.contracts import Frame
from onevoice.domains.events.service import log, plan
from onevoice.domains.events.service.learning import Learner
from onevoice.kit.clock import ManualClock
from onevoice.kit.db import Database

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
SITE, TILL = 1, 2


def order(**properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Order Completed", "userId": "u-1", "properties": properties}


def named(name: str, **properties: Any) -> dict[str, Any]:
    return {**order(**properties), "event": name}


class Shop:
    """Times are hours after noon."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock(NOON)
        self.learner = Learner(database.transaction)
        self._sent = 0
        with database.transaction() as conn:
            conn.execute("insert into access.site (name, title, created_at) values ('pl', 'pl', %s)", (NOON,))
            for name in ("site", "till"):
                conn.execute(
                    "insert into access.source (name, channel, site, created_at) values (%s, 'site', 'pl', %s)",
                    (name, NOON),
                )

    def send(self, *events: dict[str, Any], source: int = SITE, hours: float = 0) -> None:
        """One request. Nothing is learnt yet."""
        whole = []
        for event in events:
            self._sent += 1
            whole.append({"messageId": f"m-{self._sent}", **event})
        frame = Frame(source, NOON + timedelta(hours=hours), None, len(whole), msgspec.json.encode(whole))
        with self.database.transaction() as conn:
            log.append(conn, [frame])

    def learn(self, max_events: int = 5_000) -> int:
        """All there is."""
        total = 0
        while learnt := self.learner.step(max_events, self.clock.now()).events:
            total += learnt
        return total

    def receive(self, *events: dict[str, Any], source: int = SITE, hours: float = 0) -> None:
        self.send(*events, source=source, hours=hours)
        self.learn()

    def ask(self, text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.database.transaction() as conn:
            return conn.execute(text, parameters).fetchall()

    def event(self, name: str = "Order Completed", type_: str = "track") -> int:
        return self.ask("select id from events.plan_event where name = %s and type = %s", name, type_)[0][0]

    def seen(self, name: str = "Order Completed", type_: str = "track") -> dict[tuple[str, int], int]:
        """(path, kind) to events, over all sources."""
        found = self.event(name, type_)
        rows = self.ask("select path, kind, sum(n)::int from events.plan_seen where event_id = %s group by 1, 2", found)
        return {(path, kind): n for path, kind, n in rows}

    def alarms(self) -> list[tuple[str, str, int]]:
        """(kind, path, n) of those that stand."""
        return self.ask("select kind, path, n::int from events.plan_alarm where closed_at is null order by 1, 2, 3")

    def accept(self, source: int = SITE) -> int:
        with self.database.transaction() as conn:
            return plan.accept_source(conn, source, actor="dev", clock=self.clock)

    def change(self, name: str, **properties: Any) -> None:
        """Declare properties of an event: path to Declared."""
        found = self.event(name)
        with self.database.transaction() as conn:
            version = plan.event(conn, found, now=NOON)[0].event.version
            change = plan.PlanChange(properties=properties)
            plan.change(conn, found, version, change, actor="dev", clock=self.clock)
