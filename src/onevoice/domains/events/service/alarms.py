"""The tracking plan's alarms: which stand, who has seen them; and the judgement whether something fell silent.

`watch` is called every few minutes by housekeeping. Learning raises the other alarms as it goes.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from prometheus_client import Gauge
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.events.contracts import ALARM_KINDS, Alarm
from onevoice.domains.events.errors import AlarmClosedError, UnknownAlarmError
from onevoice.domains.events.rules import silence
from onevoice.domains.events.service import learning
from onevoice.domains.events.store import alarms as store
from onevoice.domains.events.store import learning as learning_store
from onevoice.domains.events.store.learning import Quiet
from onevoice.kit.clock import Clock

LONGEST_PAUSE = timedelta(minutes=45)
"""Who has not looked for so long has not watched."""
TRUSTED_LAG_EVENTS = 10_000
"""With so much still to be learnt from, nobody knows who is silent."""
LEAST_SILENCE = timedelta(hours=3)
KEEP_HOURS = timedelta(weeks=silence.WEEKS + 5)
GIVEN_UP = timedelta(weeks=4)
"""What has been silent for so long, and raised no alarm, is over."""
FORGET_AT_ONCE = 20_000
UNHEARD = timedelta(days=7)
KEEP_CLOSED = timedelta(days=90)
JUDGED_AT_ONCE = 200

STANDING = Gauge("onevoice_plan_alarms", "Alarms of the tracking plan that are open and not acknowledged.", ["kind"])


def alarms(
    conn: Connection,
    *,
    before: int | None,
    state: str | None,
    source_id: int | None,
    event_id: int | None,
    limit: int,
) -> list[Alarm]:
    """Newest first; before: the number of the last one of the page before."""
    return store.alarms(conn, before=before, state=state, source_id=source_id, event_id=event_id, limit=limit)


def acknowledge(conn: Connection, alarm_id: int, reason: str, *, actor: str, clock: Clock) -> Alarm:
    """Somebody knows: it stands on, but is counted no more, and closes when its cause is gone.

    Raises: UnknownAlarmError, AlarmClosedError.
    """
    alarm = store.lock_alarm(conn, alarm_id)
    if alarm is None:
        raise UnknownAlarmError(f"There is no alarm {alarm_id}. Closed ones are kept for {KEEP_CLOSED.days} days.")
    if alarm.closed_at is not None:
        raise AlarmClosedError("Its cause is gone, so there is nothing left to acknowledge.")
    if alarm.acknowledged_at is not None:
        return alarm
    now = clock.now()
    store.acknowledge(conn, alarm_id, now, actor, reason)
    audit.record(
        conn,
        Audit(actor, "plan.alarm_acknowledged", f"plan_alarm:{alarm_id}", after={"kind": alarm.kind}, reason=reason),
        clock=clock,
    )
    return alarm._replace(acknowledged_at=now, acknowledged_by=actor, reason=reason)


def open_alarms(conn: Connection) -> int:
    return sum(store.open_by_kind(conn).values())


def measure(conn: Connection) -> None:
    """For /metrics."""
    have = store.open_by_kind(conn)
    for kind in ALARM_KINDS:
        STANDING.labels(kind).set(have.get(kind, 0))


def watch(conn: Connection, now: datetime) -> None:
    """Judge who fell silent, close what was not seen again, forget what is past its time."""
    watched_since = learning_store.watch(conn, now, now - LONGEST_PAUSE)
    learning_store.forget_hours(conn, now - KEEP_HOURS, FORGET_AT_ONCE)
    store.close_unheard(conn, now - UNHEARD, now)
    store.forget_closed(conn, now - KEEP_CLOSED, FORGET_AT_ONCE)
    if learning.keeps_up(conn, now, TRUSTED_LAG_EVENTS):
        _judge_silence(conn, watched_since, now)


def _judge_silence(conn: Connection, watched_since: datetime, now: datetime) -> None:
    """A source that fell silent as a whole has one alarm, not one for each of its events."""
    standing = store.standing(conn, "silence")
    first, last, after = now - silence.LEAST_WEEKS * timedelta(weeks=1), now - LEAST_SILENCE, now - GIVEN_UP
    for sources in (True, False):
        if sources:
            quiet = learning_store.quiet_sources(conn, first, last, after)
        else:
            quiet = learning_store.quiet_flows(conn, first, last, after, silence.LEAST_EVENTS)
        new = [each for each in quiet if standing.isdisjoint({(each.event_id, each.source_id), (0, each.source_id)})]
        rows = list(_silent(conn, new, watched_since, now))
        if rows:
            store.raise_alarms(conn, rows)
        standing |= {(row.event_id, row.source_id) for row in rows}


def _silent(
    conn: Connection, quiet: Sequence[Quiet], watched_since: datetime, now: datetime
) -> Iterator[store.AlarmRow]:
    waiting = iter(quiet)
    while some := list(islice(waiting, JUDGED_AT_ONCE)):
        hours = learning_store.hours_of_flows(conn, some, now - KEEP_HOURS)
        for each in some:
            counts = hours.get((each.event_id, each.source_id), {})
            found = silence.judge(counts, each.first_at, each.last_at, now, watched_since=watched_since)
            if found is not None and found.silent:
                detail = {"since": each.last_at.isoformat(), "missed": round(found.missed, 1)}
                yield store.AlarmRow("silence", each.event_id, each.source_id, "", now, 0, detail)
