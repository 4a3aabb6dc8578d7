"""What senders know, held against what is stored."""

import threading
from collections import Counter
from dataclasses import dataclass, field

import psycopg


@dataclass
class Oracle:
    """What the senders know: which ids were acknowledged, and which were sent at all."""

    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def will_send(self, ids: list[str]) -> None:
        with self.lock:
            self.sent.update(ids)

    def was_acknowledged(self, ids: list[str]) -> None:
        with self.lock:
            self.acknowledged.update(ids)

    def check(self, stored: Counter[str]) -> None:
        """Raises: AssertionError, naming what was lost, doubled or never sent."""
        lost = self.acknowledged - stored.keys()
        doubled = {name for name, times in stored.items() if times > 1}
        strange = stored.keys() - self.sent
        assert not lost, f"{len(lost)} acknowledged and lost, such as {sorted(lost)[:5]}"
        assert not doubled, f"{len(doubled)} stored more than once, such as {sorted(doubled)[:5]}"
        assert not strange, f"{len(strange)} stored that nobody sent, such as {sorted(strange)[:5]}"


def stored_messages(url: str) -> Counter[str]:
    """How often each message is stored, as an event or as a dead letter."""
    with psycopg.connect(url) as conn:
        rows = conn.execute("select message_id from identity.event union all select message_id from events.dead_letter")
        return Counter(row[0] for row in rows)
