"""Endless traffic in real time: the running demo sends it, so that the Live page moves. Read by `load`."""

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from onevoice.demo import doors
from onevoice.demo.groceries import Grocery
from onevoice.demo.people import Person
from onevoice.demo.places import TELEGRAM, VK, WHATSAPP
from onevoice.demo.purchases import Basket, order
from onevoice.demo.shopping import Occasion, stranger_visit
from onevoice.demo.traffic import World, occasion, troubled
from onevoice.demo.wire import Delivery, Outgoing
from onevoice.kit.clock import Clock

EVENTS_AN_OCCASION = 3.9
"""The mean over the mix below; turns a rate of events into one of occasions. A test holds it to what comes out."""
_KINDS, _SHARES = ("basket", "walk-in", "stranger", "chat", "mail", "anything"), (32, 6, 6, 16, 12, 28)
_WARM_UP = timedelta(minutes=6)
_GAP = timedelta(minutes=30)
_LONGEST_PAUSE = 0.5


class Shelf(NamedTuple):
    """Real baskets to sell again and again, and what their lines are called."""

    baskets: Sequence[Basket]
    names: dict[int, Grocery]


def live(
    world: World, shelf: Shelf, clock: Clock, pause: Callable[[float], object], events_a_second: float
) -> Iterator[Delivery]:
    """Requests of one event each, as they fall due by `clock`. `pause` waits the given seconds, at most half a second.

    It begins in mid-stream: some visits are already under way. After the machine slept it goes on from the present.
    """
    begun = clock.now()
    rng = random.Random(f"{world.seed} {begun.isoformat()}")
    people = list(world.people.values())
    cast = _Cast(people, [person.sessions_a_day for person in people])
    due: list[tuple[datetime, int, Outgoing]] = []
    number = 0
    next_start = begun - _WARM_UP
    while True:
        now = clock.now()
        if now - next_start > _GAP:
            next_start = now - _WARM_UP
        while next_start <= now:
            for item in _occasion(rng, world, shelf, cast, next_start, number):
                if item.received_at > begun:
                    heapq.heappush(due, (item.received_at, number, item))
                number += 1
            next_start += timedelta(seconds=rng.expovariate(events_a_second / EVENTS_AN_OCCASION))
        while due and due[0][0] <= now:
            received, _, item = heapq.heappop(due)
            yield Delivery(item.source, [item.event], received + item.skew, received)
        until = min(next_start, due[0][0]) if due else next_start
        pause(min(_LONGEST_PAUSE, max(0.0, (until - clock.now()).total_seconds())))


class _Cast(NamedTuple):
    people: list[Person]
    weights: list[float]


def _occasion(
    rng: random.Random, world: World, shelf: Shelf, cast: _Cast, at: datetime, number: int
) -> Iterator[Outgoing]:
    """One visit, purchase, mail or exchange beginning at `at`."""
    when = Occasion(at, world.day_of(at), f"{20_000_000 + int((at - world.start).total_seconds())}{number % 10}")
    person = rng.choices(cast.people, cast.weights)[0]
    kind = rng.choices(_KINDS, _SHARES)[0]
    source = WHATSAPP if person.whatsapp else VK if person.vk else TELEGRAM
    if kind == "basket" and shelf.baskets:
        made = [_purchase(rng, world, shelf, at, number)]
    elif kind == "walk-in":
        made = doors.walk_in(rng, when)
    elif kind == "stranger":
        made = stranger_visit(rng, when)
    elif kind == "chat" and doors.messenger_address(person, source):
        made = doors.messenger_chat(rng, person, when, source)
    elif kind == "mail" and person.email:
        made = doors.mail(rng, person, when)
    else:
        made = occasion(rng, person, when)
    return troubled(rng, made)


def _purchase(rng: random.Random, world: World, shelf: Shelf, at: datetime, number: int) -> Outgoing:
    """A basket of last year's sold once more, to the same household."""
    sold = rng.choice(shelf.baskets)
    again = Basket(int(at.timestamp() * 1000) * 10 + number % 10, sold.household, sold.store, at, sold.lines)
    return order(again, world.people[sold.household], shelf.names, seed=world.seed)
