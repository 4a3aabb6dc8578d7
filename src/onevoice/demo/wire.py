"""The wire shape: Segment-format events, who sends them and when, and their grouping into requests."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from onevoice.demo.places import CHANNEL_OF

Event = dict[str, Any]
MAX_EVENTS = 500
_NO_TIME = timedelta()


class Delivery(NamedTuple):
    """One request as a client sends it: at most MAX_EVENTS events of one source.

    sent_at: the sender's clock when sending (it may be wrong). received_at: the true moment it reached us. A loader
    that stamps its own received_at must leave sent_at out, else every event would seem to have happened just now.
    """

    source: str
    events: list[Event]
    sent_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is loaded and committed in one go. `index` is where a loader resumes: the first chunk not yet committed."""

    index: int
    deliveries: list[Delivery]

    @property
    def count(self) -> int:
        return sum(len(delivery.events) for delivery in self.deliveries)


@dataclass(slots=True)
class Outgoing:
    """One event on its way. client: what sends it (a browser, a till); events of one client may share a request.

    skew: how much the client's clock is ahead of the true time.
    """

    at: datetime
    received_at: datetime
    source: str
    client: str
    event: Event
    skew: timedelta = _NO_TIME


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def outgoing(
    kind: str,
    at: datetime,
    source: str,
    client: str,
    rng: random.Random,
    *,
    lag: timedelta | None = None,
    skew: timedelta = _NO_TIME,
    context: Event | None = None,
    **fields: Any,
) -> Outgoing:
    """An event of type `kind` with its messageId, timestamp and channel filled in.

    lag: how long it takes to reach us; by default what a network takes, 60 to 400 ms.
    """
    message = f"{_prefix(source, kind)}-{int(at.timestamp() * 1000)}-{rng.getrandbits(64):016x}"
    event: Event = {"type": kind, "messageId": message, "timestamp": iso(at + skew)}
    event.update(fields)
    event["context"] = {"channel": CHANNEL_OF[source], **(context or {})}
    wait = timedelta(milliseconds=rng.randint(60, 400)) if lag is None else lag
    return Outgoing(at, at + wait, source, client, event, skew)


def _prefix(source: str, kind: str) -> str:
    channel = CHANNEL_OF[source]
    return "ajs-next" if channel == "site" else f"{channel}-{kind}"


def deliveries(events: Iterable[Outgoing], window: timedelta) -> list[Delivery]:
    """The requests that carry `events`, by time received. What one client sends within `window` shares a request."""
    open_groups: dict[tuple[str, str, timedelta], list[Outgoing]] = {}
    groups: list[list[Outgoing]] = []
    for item in sorted(events, key=_received):
        key = (item.source, item.client, item.skew)
        group = open_groups.get(key)
        if group is None or len(group) == MAX_EVENTS or item.received_at - group[0].received_at > window:
            group = open_groups[key] = []
            groups.append(group)
        group.append(item)
    made = [_delivery(group) for group in groups]
    made.sort(key=lambda delivery: delivery.received_at)
    return made


def _delivery(group: list[Outgoing]) -> Delivery:
    received = group[-1].received_at
    return Delivery(group[0].source, [item.event for item in group], received + group[0].skew, received)


def _received(item: Outgoing) -> tuple[datetime, str]:
    return item.received_at, item.event["messageId"]


def chunked(requests: Iterable[Delivery], size: int = MAX_EVENTS) -> Iterator[list[Delivery]]:
    """The requests in the same order, in lists of at most `size` events each (a larger request stands alone)."""
    held: list[Delivery] = []
    count = 0
    for request in requests:
        if held and count + len(request.events) > size:
            yield held
            held, count = [], 0
        held.append(request)
        count += len(request.events)
    if held:
        yield held
