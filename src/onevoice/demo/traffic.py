"""The simulator: what everybody did on one day, by every door, with realistic trouble.

A day depends on the seed, the day and the people alone, so any day can be made again without those before it: that is
what lets loading resume, and what keeps the messageIds of a repeated day the same.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from onevoice.demo import doors
from onevoice.demo.people import TRAFFIC_DAYS, Person
from onevoice.demo.places import TELEGRAM, VK, WHATSAPP
from onevoice.demo.shopping import Occasion, person_visit, stranger_visit
from onevoice.demo.wire import Outgoing

_HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 9, 10, 10, 11, 12, 11, 10, 10, 12, 14, 16, 18, 20, 18, 12, 5)
"""How busy each local hour is."""
STRANGERS_A_DAY = 30
WALK_INS_A_DAY = 12
_REPEATED = 0.012
"""Share of events whose acknowledgement got lost, so that the client sends them again."""
_KINDS = ("visit", "mail", "shop", TELEGRAM, WHATSAPP, VK, "text", "call")


@dataclass(frozen=True)
class World:
    """Everything a day is made of. start: the demo's first moment; its day is day 0."""

    seed: int
    start: datetime
    people: dict[int, Person]

    def midnight(self, day: int) -> datetime:
        return datetime.combine(self.start.date(), time(), self.start.tzinfo) + timedelta(days=day)

    def day_of(self, moment: datetime) -> int:
        return (moment.date() - self.start.date()).days


def people_day(world: World, day: int, people: Iterable[Person]) -> Iterator[Outgoing]:
    """What these people did on `day`, in no particular order, nothing after the demo's start."""
    midnight = world.midnight(day)
    for person in people:
        rng = random.Random((world.seed * 7919 + person.index) * 65_537 + day + 100_000)
        yield from _happened(world, rng, _events(rng, person, day, midnight))


def strangers_day(world: World, day: int) -> Iterator[Outgoing]:
    """Visitors who never say who they are, and purchases without a card."""
    midnight = world.midnight(day)
    rng = random.Random((world.seed * 7919 + 9_999_991) * 65_537 + day + 100_000)
    for number in range(STRANGERS_A_DAY + WALK_INS_A_DAY):
        when = Occasion(_moment(rng, midnight, 1), day, _order_number(day, 9000 + number, 0))
        made = stranger_visit(rng, when) if number < STRANGERS_A_DAY else doors.walk_in(rng, when)
        yield from _happened(world, rng, made)


def register(world: World, people: Iterable[Person]) -> Iterator[Outgoing]:
    """What we knew before the simulated days: card forms, and accounts older than those days."""
    for person in people:
        rng = random.Random((world.seed * 7919 + person.index) * 65_537)
        yield from doors.card_form(rng, person)
        if person.user_id and person.account_day < -TRAFFIC_DAYS:
            opened = _moment(rng, world.midnight(person.account_day), person.site.utc_offset_hours)
            yield from doors.open_account(rng, person, opened)


def _events(rng: random.Random, person: Person, day: int, midnight: datetime) -> Iterator[Outgoing]:
    offset = person.site.utc_offset_hours
    if person.user_id and day == person.account_day:
        yield from doors.open_account(rng, person, _moment(rng, midnight, offset))
    if person.telegram and day == person.telegram_day:
        opened = Occasion(_moment(rng, midnight, offset), day, _order_number(day, person.index, 9))
        yield from doors.messenger_chat(rng, person, opened, TELEGRAM)
    number = 0
    while rng.random() < person.sessions_a_day / (1 + person.sessions_a_day):
        when = Occasion(_moment(rng, midnight, offset), day, _order_number(day, person.index, number))
        yield from occasion(rng, person, when)
        number += 1


def occasion(rng: random.Random, person: Person, when: Occasion) -> list[Outgoing]:
    """One thing a person does or gets, by one of the doors open to this person."""
    known = person.telegram is not None and when.day >= person.telegram_day
    weights = (
        60,
        14 if person.email else 0,
        9 if person.card else 0,
        16 if known else 0,
        7 if person.whatsapp else 0,
        8 if person.vk else 0,
        3 if person.phone else 0,
        2 if person.phone else 0,
    )
    kind = rng.choices(_KINDS, weights)[0]
    match kind:
        case "visit":
            return person_visit(rng, person, when)
        case "mail":
            return doors.mail(rng, person, when)
        case "shop":
            return doors.shop_visit(rng, person, when)
        case "text":
            return doors.text_message(rng, person, when)
        case "call":
            return doors.call(rng, person, when)
        case _:
            return doors.messenger_chat(rng, person, when, kind)


def troubled(rng: random.Random, events: Iterable[Outgoing]) -> Iterator[Outgoing]:
    """The events, some of them sent a second time under the same messageId."""
    for item in events:
        yield item
        if rng.random() < _REPEATED:
            again = timedelta(seconds=rng.choice((1, 3, 10, 60, 600)))
            yield Outgoing(item.at, item.received_at + again, item.source, item.client, dict(item.event), item.skew)


def _happened(world: World, rng: random.Random, events: Iterable[Outgoing]) -> Iterator[Outgoing]:
    return (item for item in troubled(rng, events) if item.received_at <= world.start)


def _moment(rng: random.Random, midnight: datetime, utc_offset_hours: int) -> datetime:
    hour = rng.choices(range(24), _HOURS)[0] - utc_offset_hours
    return midnight + timedelta(hours=hour, milliseconds=rng.randrange(3_600_000))


def _order_number(day: int, index: int, number: int) -> str:
    return f"{day + 1000:03d}{index:04d}{number % 10}"
