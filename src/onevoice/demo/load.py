"""What `onevoice demo` loads: first what is worth looking at, then the rest, then live traffic. Called by `cli`.

Stage 1 is the last three weeks of some hundred people with Anna among them. Stage 2 is everything else, one chunk per
day, so that loading resumes at any day; messageIds do not change from one run to the next, so a repeated chunk is
harmless. Stage 3 goes on in real time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from pathlib import Path

from onevoice.demo import anna
from onevoice.demo.groceries import Grocery, data_folder, groceries
from onevoice.demo.live import Shelf
from onevoice.demo.live import live as live_traffic
from onevoice.demo.people import TRAFFIC_DAYS, Person, population
from onevoice.demo.purchases import FIRST, Basket, baskets, households, order, shift
from onevoice.demo.traffic import World, people_day, register, strangers_day
from onevoice.demo.wire import Chunk, Delivery, Outgoing, chunked, deliveries
from onevoice.kit.clock import Clock

STAGE1_DAYS = 20
"""Today and the days before it that stage 1 shows."""
_AT_ONCE = timedelta(seconds=10)
_BY_VISIT = timedelta(minutes=30)
_STAGE1_EVENTS = 31_300
_STAGE2_EVENTS = 338_000
_SHELF_DAYS = 4


@dataclass(frozen=True)
class DemoPlan:
    """The whole demo, made when asked for. Equal seeds and starts give equal events."""

    world: World
    folder: Path

    @cached_property
    def names(self) -> dict[int, Grocery]:
        return groceries(self.folder)

    @property
    def stage1_events(self) -> int:
        """About how many events stage 1 has, for a progress bar drawn before it is made (within a tenth)."""
        return _STAGE1_EVENTS

    @property
    def stage2_events(self) -> int:
        """About how many events stage 2 has (within a tenth)."""
        return _STAGE2_EVENTS

    @property
    def stage2_chunks(self) -> int:
        """Exactly how many chunks stage 2 has: the registers, and one for each day."""
        return 2 - self._first_day

    @property
    def _first_day(self) -> int:
        return self.world.day_of(FIRST + shift(self.world.start))

    def stage1(self) -> Iterator[Chunk]:
        """The newest three weeks of the people who come by most, by time received, in chunks of at most 500 events."""
        made = list(self._newest())
        for index, requests in enumerate(chunked(deliveries(made, _AT_ONCE))):
            yield Chunk(index, requests)

    def stage2(self, first: int = 0) -> Iterator[Chunk]:
        """Everything else, oldest first, from chunk number `first` on; the first chunk is what was known before."""
        if first == 0:
            yield Chunk(0, deliveries(register(self.world, self._people(lively=False)), _BY_VISIT))
        begin = self._first_day + max(first - 1, 0)
        bought = groupby(self._baskets(begin), lambda basket: self.world.day_of(basket.at))
        current, orders = next(bought, (1, iter(())))
        for day in range(begin, 1):
            items = list(self._quieter(day))
            if current == day:
                items += self._orders(orders, day)
                current, orders = next(bought, (1, iter(())))
            yield Chunk(day - self._first_day + 1, deliveries(items, _BY_VISIT))

    def live(self, clock: Clock, pause: Callable[[float], object], events_a_second: float = 6.0) -> Iterator[Delivery]:
        """Stage 3: the story goes on, never ending. `pause` waits so many seconds: time.sleep, or an event's wait."""
        shelf = Shelf(list(baskets(self.folder, self.world.start, self.world.midnight(1 - _SHELF_DAYS))), self.names)
        return live_traffic(self.world, shelf, clock, pause, events_a_second)

    def _people(self, *, lively: bool) -> list[Person]:
        return [person for _, person in sorted(self.world.people.items()) if person.lively == lively]

    def _baskets(self, first_day: int) -> Iterator[Basket]:
        return baskets(self.folder, self.world.start, self.world.midnight(first_day))

    def _newest(self) -> Iterator[Outgoing]:
        world, lively = self.world, self._people(lively=True)
        yield from anna.story(world.seed, world.start)
        yield from register(world, lively)
        for day in range(1 - STAGE1_DAYS, 1):
            yield from people_day(world, day, lively)
            yield from strangers_day(world, day)
        for basket in self._baskets(1 - STAGE1_DAYS):
            if world.people[basket.household].lively:
                yield order(basket, world.people[basket.household], self.names, seed=world.seed)

    def _quieter(self, day: int) -> Iterator[Outgoing]:
        """The traffic of a day that stage 1 does not show."""
        if day < -TRAFFIC_DAYS:
            return
        yield from people_day(self.world, day, self._people(lively=False))
        if day <= -STAGE1_DAYS:
            yield from people_day(self.world, day, self._people(lively=True))
            yield from strangers_day(self.world, day)

    def _orders(self, bought: Iterator[Basket], day: int) -> Iterator[Outgoing]:
        """A day's orders. Long ago the tills reported once a day, at closing; in the newest weeks they do at once."""
        closing = None if day > -STAGE1_DAYS else self.world.midnight(day + 1)
        for basket in bought:
            person = self.world.people[basket.household]
            if closing is not None or not person.lively:
                yield order(basket, person, self.names, seed=self.world.seed, received_at=closing)


def plan(seed: int, start: datetime, folder: Path | None = None) -> DemoPlan:
    """The demo of `seed` as it stands at `start` (aware UTC). folder: where the purchases lie, else the package's."""
    folder = folder or data_folder()
    return DemoPlan(World(seed, start, population(seed, start, households(folder))), folder)
