"""Learning what events and properties arrive, from the log, at a position of its own.

Run by `jobs.learn`. A batch is read and reduced to counts without a transaction that writes, so that nobody waits for
it; then the counts, what they mean for the alarms, and the position go into one short one.

No value of any property is kept, not even as an example: whether one is personal is known, if at all, only after it has
been looked at.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.events.contracts import Declared, EventName, LogRecord, PlannedEvent
from onevoice.domains.events.rules import plan as rules
from onevoice.domains.events.rules.shapes import ANY, KIND_NAMES, Shape, paths_of, shape_of
from onevoice.domains.events.rules.silence import hour_of
from onevoice.domains.events.service import log
from onevoice.domains.events.store import alarms as alarm_store
from onevoice.domains.events.store import learning as store
from onevoice.domains.events.store import plan as plan_store
from onevoice.domains.events.store.alarms import AlarmRow
from onevoice.kit.paths import places, steps_of

LEARNER = "plan"
"""The consumer's name."""
MAX_NAMES = 500
"""Of one source that are kept apart."""
MAX_PATHS = 200
"""Of one event of one source that are kept apart."""
MAX_SPELT = 1_000
"""Paths of one event of one source in one batch that are looked at."""
MAX_SHAPES = 500
"""Of one event in one batch that are looked at."""
STALE = timedelta(minutes=15)
MAX_NEW_FLOWS = 2_000
"""Of one batch that are looked at at all."""


class _Context(msgspec.Struct, gc=False):
    traits: Any = None


class _Wire(msgspec.Struct, gc=False):
    type: Any = None
    event: Any = None
    properties: Any = None
    traits: Any = None
    context: _Context | None = None


_read = msgspec.json.Decoder(_Wire).decode


class Counted:
    """What came of one event from one source in a batch."""

    __slots__ = ("first", "hours", "last", "n", "refused", "shapes", "unshaped")

    def __init__(self, first: datetime) -> None:
        self.n = 0
        self.first = self.last = first
        self.hours: Counter[datetime] = Counter()
        self.shapes: dict[Shape, list[Any]] = {}
        """To (events, first, last)."""
        self.unshaped = 0
        """Events beyond the shapes that are looked at."""
        self.refused: Counter[str] = Counter()
        """Events by the path under which they had a value that is not among those allowed."""


Values = Sequence[tuple[str, tuple[str, ...], frozenset[Any]]]
"""Path, its steps, what is allowed there."""


class Tally:
    """Counts a batch. allowed: of the events of which the plan lists values."""

    def __init__(self, allowed: Mapping[EventName, Values]) -> None:
        self._allowed = allowed
        self.flows: dict[tuple[int, EventName], Counted] = {}
        self.uncounted: Counter[int] = Counter()
        """Events by source, of names beyond what is looked at."""
        self.sources: dict[int, list[Any]] = {}
        """To (events, first, last)."""
        self.unreadable = 0

    def add(self, record: LogRecord) -> None:
        at = record.received_at
        hour = hour_of(at)
        source = self.sources.setdefault(record.source_id, [0, at, at])
        source[0] += len(record.events)
        source[1], source[2] = min(source[1], at), max(source[2], at)
        for raw in record.events:
            try:
                event = _read(raw)
            except (msgspec.DecodeError, RecursionError):
                self.unreadable += 1
                continue
            kind = event.type if type(event.type) is str else "track"
            name: EventName = (kind, str(event.event or "") if kind == "track" else "")
            counted = self._counted((record.source_id, name), at)
            if counted is not None:
                counted.n += 1
                counted.hours[hour] += 1
                counted.first, counted.last = min(counted.first, at), max(counted.last, at)
                self._look(counted, event, name, at)

    def _counted(self, key: tuple[int, EventName], at: datetime) -> Counted | None:
        counted = self.flows.get(key)
        if counted is None:
            if len(self.flows) >= MAX_NEW_FLOWS:
                self.uncounted[key[0]] += 1
                return None
            counted = self.flows[key] = Counted(at)
        return counted

    def _look(self, counted: Counted, event: _Wire, name: EventName, at: datetime) -> None:
        said = event.context.traits if event.context is not None else None
        shape = (shape_of(event.properties), shape_of(event.traits), shape_of(said))
        known = counted.shapes.get(shape)
        if known is not None:
            known[0] += 1
            known[2] = at
        elif len(counted.shapes) < MAX_SHAPES:
            counted.shapes[shape] = [1, at, at]
        else:
            counted.unshaped += 1
        if name in self._allowed:
            whole = {"properties": event.properties, "traits": event.traits, "context": {"traits": said}}
            for path, steps, allowed in self._allowed[name]:
                if any(_outside(holder[key], allowed) for holder, key in places(whole, steps)):
                    counted.refused[path] += 1


def _outside(value: Any, allowed: frozenset[Any]) -> bool:
    if value is None or value == "":
        return False
    return isinstance(value, dict | list) or (type(value) is bool, value) not in allowed


class Learnt(NamedTuple):
    events: int
    full: bool
    """Whether more waits."""


class _Plan(NamedTuple):
    version: int
    events: Mapping[EventName, PlannedEvent]
    archived: frozenset[EventName]
    sources: frozenset[int]
    """Of which a plan has been accepted."""
    allowed: Mapping[EventName, Values]


class Learner:
    """One at a time learns; whoever finds another at it does nothing."""

    def __init__(self, transaction: Callable[[], Any]) -> None:
        """transaction: opens one and gives its connection."""
        self._transaction = transaction
        self._plan: _Plan | None = None

    def step(self, max_events: int, now: datetime) -> Learnt:
        """Learn from the next batch. Raises: ForeignLogError."""
        with self._transaction() as conn:
            plan = self._current(conn)
            batch = log.read_after(conn, log.position_seen(conn, LEARNER), max_events)
        if not batch.records:
            return Learnt(0, full=False)
        tally = Tally(plan.allowed)
        for record in batch.records:
            tally.add(record)
        with self._transaction() as conn:
            if not store.hold_learner(conn) or log.position(conn, LEARNER) != batch.start:
                return Learnt(0, full=False)
            if plan_store.version(conn) != plan.version:
                plan = self._current(conn)
            _Writing(conn, plan, tally).run()
            log.advance(conn, LEARNER, batch.end, now)
        return Learnt(batch.events, full=batch.events >= max_events // 2)

    def skip(self, now: datetime) -> int:
        """Pass over the next frame, which could not be learnt from. Returns: its events."""
        with self._transaction() as conn:
            if not store.hold_learner(conn):
                return 0
            batch = log.read_after(conn, log.position(conn, LEARNER), 1)
            log.advance(conn, LEARNER, batch.end, now)
        return batch.events

    def _current(self, conn: Connection) -> _Plan:
        version = plan_store.version(conn)
        if self._plan is None or self._plan.version != version:
            decided = {(each.type, each.name): each for each in plan_store.decided(conn)}
            events = {name: each for name, each in decided.items() if each.state == "declared"}
            sources = frozenset(source for each in events.values() for source in each.sources)
            allowed = {name: values for name, each in events.items() if (values := _values(each.properties))}
            self._plan = _Plan(version, events, frozenset(decided.keys() - events.keys()), sources, allowed)
        return self._plan


def _values(properties: Mapping[str, Declared]) -> Values:
    return [
        (path, steps_of(path), frozenset((type(value) is bool, value) for value in allowed))
        for path, allowed in rules.allowed_values(properties)
    ]


class _Spelt(NamedTuple):
    """A flow's paths, with their kinds: (events, first, last) of each."""

    counts: dict[str, dict[int, list[Any]]]
    looked_at: int


def _spell(counted: Counted) -> _Spelt:
    found: dict[str, dict[int, list[Any]]] = {}
    for shape, (n, first, last) in counted.shapes.items():
        for path, kind in paths_of(shape):
            if path not in found and len(found) >= MAX_SPELT:
                continue
            told = found.setdefault(path, {}).get(kind)
            if told is None:
                found[path][kind] = [n, first, last]
            else:
                told[0] += n
                told[1], told[2] = min(told[1], first), max(told[2], last)
    return _Spelt(found, counted.n - counted.unshaped)


class _Writing:
    """Brings a tally into the tables, and says what is wrong with what came."""

    def __init__(self, conn: Connection, plan: _Plan, tally: Tally) -> None:
        self._conn = conn
        self._plan = plan
        self._tally = tally
        self._alarms: list[AlarmRow] = []

    def run(self) -> None:
        conn, tally = self._conn, self._tally
        admitted = self._admit()
        others = Counter(tally.uncounted)
        for (source, _), counted in tally.flows.items():
            others[source] += counted.n
        for (_, source), (_, counted) in admitted.items():
            others[source] -= counted.n
        store.add_sources(
            conn,
            sorted((source, n, others[source], first, last) for source, (n, first, last) in tally.sources.items()),
        )
        if admitted:
            keys = sorted(admitted)
            store.add_flows(
                conn,
                [
                    store.FlowRow(*key, admitted[key][1].n, admitted[key][1].first, admitted[key][1].last)
                    for key in keys
                ],
            )
            store.add_hours(
                conn, [(*key, hour, n) for key in keys for hour, n in sorted(admitted[key][1].hours.items())]
            )
            self._learn_properties(admitted)
        for source, n in others.items():
            if n > 0:
                self._raise("too_many_names", 0, source, "", n, {"most": MAX_NAMES})
        heard = {(0, source) for source in tally.sources} | admitted.keys()
        alarm_store.close_silences(conn, sorted(heard), max(last for _, _, last in tally.sources.values()))
        if self._alarms:
            alarm_store.raise_alarms(conn, sorted(self._alarms, key=lambda row: row[:4]))

    def _raise(self, kind: Any, event_id: int, source: int, path: str, n: int, detail: dict[str, Any]) -> None:
        self._alarms.append(AlarmRow(kind, event_id, source, path, self._tally.sources[source][2], n, detail))

    def _admit(self) -> dict[tuple[int, int], tuple[EventName, Counted]]:
        """The flows that are kept apart, by (event, source): all that are known, and new ones as long as there is room.
        Those that came most go first.
        """
        conn, flows = self._conn, self._tally.flows
        ids = store.event_ids(conn, {name for _, name in flows})
        pairs = {(ids[name], source): (source, name) for source, name in flows if name in ids}
        known = store.known_flows(conn, sorted(pairs)) if pairs else set[tuple[int, int]]()
        admitted = {key: (pairs[key][1], flows[pairs[key]]) for key in known}
        new = sorted(set(flows) - {pairs[key] for key in known}, key=lambda key: (-flows[key].n, key))
        if new:
            have = Counter(store.flows_of_sources(conn, {source for source, _ in new}))
            taken: list[tuple[int, EventName]] = []
            for source, name in new:
                if have[source] < MAX_NAMES:
                    have[source] += 1
                    taken.append((source, name))
            missing = {name for _, name in taken if name not in ids}
            if missing:
                ids |= store.add_events(conn, missing)
            admitted |= {(ids[name], source): (name, flows[source, name]) for source, name in taken}
        return admitted

    # Properties

    def _learn_properties(self, admitted: Mapping[tuple[int, int], tuple[EventName, Counted]]) -> None:
        conn = self._conn
        spelt = {key: _spell(counted) for key, (_, counted) in admitted.items()}
        before = store.seen_kinds(conn, [(*key, path) for key in sorted(spelt) for path in sorted(spelt[key].counts)])
        self._bound(spelt, before)
        rows = [
            store.SeenRow(*key, path, kind, *told)
            for key in sorted(spelt)
            for path, kinds in sorted(spelt[key].counts.items())
            for kind, told in sorted(kinds.items())
        ]
        if rows:
            store.add_seen(conn, rows)
        for key, (name, counted) in sorted(admitted.items()):
            self._compare(key, name, counted, spelt[key], before)

    def _bound(
        self, spelt: Mapping[tuple[int, int], _Spelt], before: Mapping[tuple[int, int, str], dict[int, int]]
    ) -> None:
        """Drop the new paths of flows that have too many already."""
        new = {key: [path for path in each.counts if (*key, path) not in before] for key, each in spelt.items()}
        growing = sorted(key for key, paths in new.items() if paths)
        if not growing:
            return
        have = store.paths_of_flows(self._conn, growing)
        for key in growing:
            room = max(0, MAX_PATHS - have.get(key, 0))
            dropped = sorted(new[key])[room:]
            for path in dropped:
                del spelt[key].counts[path]
            if dropped:
                self._raise("too_many_properties", *key, "", len(dropped), {"most": MAX_PATHS})

    def _compare(
        self,
        key: tuple[int, int],
        name: EventName,
        counted: Counted,
        spelt: _Spelt,
        before: Mapping[tuple[int, int, str], dict[int, int]],
    ) -> None:
        """What came, with the plan and with what came before."""
        event_id, source = key
        planned = self._plan.events.get(name)
        known = name in self._plan.archived or (planned is not None and source in planned.sources)
        if source in self._plan.sources and not known:
            self._raise("unknown_event", event_id, source, "", counted.n, {})
        declared: Mapping[str, Declared] = planned.properties if planned is not None else {}
        for path, kinds in spelt.counts.items():
            said = declared.get(path)
            wanted = rules.KINDS[said.type] if said is not None and said.type is not None else None
            came = {kind: told[0] for kind, told in kinds.items()}
            odd = rules.surprising(wanted, before.get((*key, path), {}), came)
            if odd is not None:
                detail = {
                    "expected": KIND_NAMES[odd[0]],
                    "came": [KIND_NAMES[kind] for kind in odd[1]],
                    "declared": wanted is not None,
                }
                self._raise("type_conflict", *key, path, sum(came[kind] for kind in odd[1]), detail)
        for path, missing in self._missing(declared, spelt):
            self._raise("missing_property", *key, path, missing, {"of": spelt.looked_at})
        for path, n in counted.refused.items():
            self._raise("value_not_allowed", *key, path, n, {})

    @staticmethod
    def _missing(declared: Mapping[str, Declared], spelt: _Spelt) -> Iterator[tuple[str, int]]:
        for path, each in declared.items():
            if each.required:
                told = spelt.counts.get(path, {}).get(ANY)
                missing = spelt.looked_at - (told[0] if told is not None else 0)
                if missing > 0:
                    yield path, missing


def behind(conn: Connection, *, frames: int = 5_000) -> int:
    """Events that have not been learnt from; counting stops after so many frames."""
    return log.lag(conn, LEARNER, frames=frames)


def keeps_up(conn: Connection, now: datetime, most_events: int) -> bool:
    """Whether what is learnt tells of the present: little waits, and it does not wait because nobody learns."""
    waiting = behind(conn)
    moved_at = plan_store.moved_at(conn, LEARNER)
    return waiting == 0 or (waiting <= most_events and moved_at is not None and now - moved_at <= STALE)
