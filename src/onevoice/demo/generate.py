"""Events for benchmarks: many people, few of them busy, some merging. Called by `bench/`.

Cheap enough not to be what is measured: bodies of the batch endpoint come ready encoded. No two events are equal,
none is under 0.9 KB.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from onevoice.demo.catalogue import ITEMS

START = datetime(2026, 11, 1, tzinfo=UTC)
_FRAGMENTS = 997
_ALPHA = 1.16
"""Pareto's exponent at which a fifth of the people make four fifths of the events."""
_EVENTS = ("Product Viewed", "Product Added", "Cart Viewed", "Checkout Started", "Product List Viewed")
_TO_MERGE = 3


@dataclass(frozen=True, slots=True)
class BenchBatch:
    """A request body with `count` events, numbered from `first`; their messageIds are message_id(run, number)."""

    body: bytes
    first: int
    count: int


def message_id(run: str, number: int) -> str:
    return f"bench-{run}-{number:012d}"


def bench_events(
    people: int,
    count: int,
    seed: int,
    merging_share: float = 0.05,
    *,
    batch: int = 100,
    run: str = "0",
    start: datetime = START,
) -> Iterator[BenchBatch]:
    """`count` distinct events of `people` people, one each millisecond from `start`, in bodies of `batch` events.

    merging_share: share of the people seen who are two profiles at first (an account, and an e-mail address in another
    browser) and turn out to be one with their third event.
    """
    rng = random.Random(seed)
    weights = [rng.paretovariate(_ALPHA) for _ in range(people)]
    cumulated = list(accumulate(weights))
    merging = _merging(rng, weights, count, merging_share)
    seen = bytearray(people)
    known = bytearray(rng.random() < 0.75 for _ in range(people))
    fragments = [_fragment(rng) for _ in range(_FRAGMENTS)]
    everybody = range(people)
    for first in range(0, count, batch):
        size = min(batch, count - first)
        made: list[str] = []
        for number, person in enumerate(rng.choices(everybody, cum_weights=cumulated, k=size), first):
            step = seen[person]
            if step < _TO_MERGE:
                seen[person] = step + 1
            who = _who(person, step) if merging[person] else _plain(person, known[person], step)
            moment = (start + timedelta(milliseconds=number)).isoformat(timespec="milliseconds")[:23]
            made.append(
                f'{{"messageId":"{message_id(run, number)}","timestamp":"{moment}Z",{who},'
                f'"properties":{{"position":{number},{fragments[(number * 31 + person) % _FRAGMENTS]}}}'
            )
        sent = (start + timedelta(milliseconds=first + size)).isoformat(timespec="milliseconds")[:23]
        yield BenchBatch(f'{{"batch":[{",".join(made)}],"sentAt":"{sent}Z"}}'.encode(), first, size)


def _merging(rng: random.Random, weights: list[float], count: int, share: float) -> bytearray:
    """Who merges: a share of the people seen at all, drawn from those busy enough to come to it."""
    per_weight = count / sum(weights)
    busy = [person for person, weight in enumerate(weights) if weight * per_weight >= 2 * _TO_MERGE]
    seen = sum(weight * per_weight >= 1 for weight in weights)
    chosen = bytearray(len(weights))
    for person in rng.sample(busy, min(len(busy), round(share * seen))):
        chosen[person] = 1
    return chosen


def _plain(person: int, known: int, step: int) -> str:
    """An account holder, who logs in with the first event, or somebody anonymous."""
    if not known:
        return f'"type":"track","event":"{_EVENTS[person % 5]}","anonymousId":"b-{person:x}"'
    identity = f'"userId":"u{person}","anonymousId":"b-{person:x}"'
    if step == 0:
        return f'"type":"identify",{identity},"traits":{{"email":"u{person}@bench.example","name":"Person {person}"}}'
    return f'"type":"track","event":"{_EVENTS[(person + step) % 5]}",{identity}'


def _who(person: int, step: int) -> str:
    """Two profiles, then the event that joins them, then one person."""
    if step == 0:
        return f'"type":"track","event":"{_EVENTS[person % 5]}","userId":"u{person}","anonymousId":"b-{person:x}"'
    email = f'"traits":{{"email":"m{person}@bench.example"}}'
    if step == 1:
        return f'"type":"identify","anonymousId":"c-{person:x}",{email}'
    if step == _TO_MERGE - 1:
        return f'"type":"identify","userId":"u{person}",{email}'
    return f'"type":"track","event":"{_EVENTS[person % 5]}","userId":"u{person}","anonymousId":"b-{person:x}"'


def _fragment(rng: random.Random) -> str:
    """The rest of an event's properties and its context, as JSON without the opening brace and with the closing one."""
    items = rng.sample(ITEMS, 2)
    products = [
        {
            "product_id": item.sku,
            "name": item.names["en"],
            "category": item.category,
            "brand": "Halny",
            "price": item.prices["PLN"] / 100,
            "quantity": rng.randint(1, 3),
        }
        for item in items
    ]
    path = f"/{items[0].category}/{items[0].sku}"
    properties = {"cart_id": f"{rng.getrandbits(64):016x}", "currency": "PLN", "products": products}
    context = {
        "library": {"name": "analytics.js", "version": "2.11.3"},
        "locale": rng.choice(("pl-PL", "en-GB", "ru-RU")),
        "timezone": "Europe/Warsaw",
        "ip": f"192.0.2.{rng.randint(1, 254)}",
        "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36",
        "page": {
            "path": path,
            "url": f"https://halny.example{path}",
            "title": items[0].names["en"],
            "referrer": "https://search.example/",
        },
        "screen": {"width": 1440, "height": 900, "density": 2},
        "campaign": {"name": "winter", "source": "search", "medium": "cpc", "content": f"v{rng.randint(1, 9)}"},
    }
    inner = json.dumps(properties, separators=(",", ":"))[1:-1]
    return f'{inner}}},"context":{json.dumps(context, separators=(",", ":"))}'
