"""/api/profiles/{ref} and what lies below it, /api/identity: reading a person, joining and parting by hand."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.identity.contracts import CHANNEL_NUMBER, AsOf
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.errors import UnknownZoneError
from onevoice.domains.profiles.http import render, shapes
from onevoice.domains.profiles.service import ledger, operations, reading
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import STORABLE, Cursor, Limit, Page
from onevoice.web.problems import documented

Ref = Annotated[
    str,
    Path(
        max_length=1200,
        pattern=STORABLE,
        description="`kind:value`, such as `email:anna@example.com`, or `profile:<id>` with any id ever issued. "
        "A phone number without a country code is read in the countries of the sources' sites.",
        examples=["email:anna@example.com", "profile:42"],
    ),
]
CustomersRead = Annotated[Actor, allow("customers.read")]
CustomersMerge = Annotated[Actor, allow("customers.merge")]
When = Annotated[datetime | None, Query(description="What had happened by then.")]
Known = Annotated[datetime | None, Query(description="What was known by then.")]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
ZONES = frozenset(available_timezones())
AMBIGUOUS = "A phone number without a country code belongs to several people; `choices` names them in full."
FINDING = documented({404: "Nobody is known by this identifier.", 409: AMBIGUOUS})
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def pair(as_of: datetime | None, known_at: datetime | None) -> AsOf:
    """The two times of a request, aware; a time without a zone is UTC."""

    def aware(moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return max(moment, EARLIEST)

    return AsOf(aware(as_of), aware(known_at))


def router(database: Database, vault_key: bytes, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["profiles"])

    @routes.get("/profiles/{ref:path}/traits/{name}/history", responses=FINDING)
    def trait_history(
        _: CustomersRead,
        ref: Ref,
        name: Annotated[str, Path(max_length=300, pattern=STORABLE)],
        as_of: When = None,
        known_at: Known = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[shapes.TraitFact]:
        """Every value the trait was given, newest first."""
        times = pair(as_of, known_at)
        with database.transaction() as conn:
            sources = source_infos(conn)
            found = reading.find(conn, ref, vault_key=vault_key, as_of=times, sources=sources)
            query = identity.TimelineQuery(times, before=_before(cursor), limit=limit)
            facts, more = reading.trait_history(conn, found, name, query=query, sources=sources)
            members = {(member.kind, member.value): member for member in found.members}
        return Page(
            data=[
                shapes.TraitFact(
                    value=fact.value,
                    source=fact.source,
                    occurred_at=fact.occurred_at,
                    received_at=fact.received_at,
                    identifier=render.identifier(members[fact.identifier]),
                    message_id=fact.message_id,
                )
                for fact in facts
            ],
            next_cursor=_after(more),
        )

    @routes.get("/profiles/{ref:path}/traits", responses=FINDING)
    def traits(_: CustomersRead, ref: Ref, as_of: When = None, known_at: Known = None) -> shapes.Traits:
        """Each trait with the value that holds, the rule that decided, and the values that lost."""
        times = pair(as_of, known_at)
        with database.transaction() as conn:
            view = reading.view(conn, ref, vault_key=vault_key, as_of=times, sources=source_infos(conn))
        return render.traits(view)

    @routes.get("/profiles/{ref:path}/events", responses=FINDING)
    def events(
        _: CustomersRead,
        ref: Ref,
        as_of: When = None,
        known_at: Known = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        channel: Annotated[str | None, Query(max_length=200, description="Doors, with commas between.")] = None,
        event: Annotated[str | None, Query(max_length=300, pattern=STORABLE)] = None,
        q: Annotated[str | None, Query(max_length=200, pattern=STORABLE, description="Text in the event.")] = None,
    ) -> Page[shapes.Event]:
        """What happened, newest first, over all doors."""
        times = pair(as_of, known_at)
        query = identity.TimelineQuery(
            times,
            before=_before(cursor),
            channels=tuple(CHANNEL_NUMBER[name] for name in (channel or "").split(",") if name in CHANNEL_NUMBER),
            names=(event,) if event else (),
            text=q,
            limit=limit,
        )
        with database.transaction() as conn:
            sources = source_infos(conn)
            found = reading.find(conn, ref, vault_key=vault_key, as_of=times, sources=sources)
            rows, more = identity.timeline(conn, found.members, query)
        members = {member.nid: member for member in found.members}
        return Page(
            data=[render.event(row, members[row.nid], sources) for row in rows],
            next_cursor=_after(more),
        )

    @routes.get("/profiles/{ref:path}/identity", responses=FINDING)
    def identity_ledger(_: CustomersRead, ref: Ref, as_of: When = None, known_at: Known = None) -> shapes.Identity:
        """What ties this person's identifiers, what was refused, what was done by hand."""
        times = pair(as_of, known_at)
        with database.transaction() as conn:
            sources = source_infos(conn)
            found = reading.find(conn, ref, vault_key=vault_key, as_of=times, sources=sources)
            view = reading.view_of(conn, found, as_of=times, sources=sources)
            told = ledger.story(conn, view, found, times, sources)
        return render.identity(view, told)

    @routes.get("/profiles/{ref:path}/ruler", responses=FINDING)
    def ruler(
        _: CustomersRead,
        ref: Ref,
        as_of: When = None,
        known_at: Known = None,
        zone: Annotated[str, Query(max_length=60, description="The zone that days are counted in.")] = "UTC",
    ) -> shapes.Ruler:
        """How much happened on each day by each door, one strand per former person."""
        if zone not in ZONES:
            raise UnknownZoneError(f"{zone!r} is no time zone. Write one such as Europe/Warsaw.")
        times = pair(as_of, known_at)
        with database.transaction() as conn:
            sources = source_infos(conn)
            found = reading.find(conn, ref, vault_key=vault_key, as_of=times, sources=sources)
            view = reading.view_of(conn, found, as_of=times, sources=sources)
            told = ledger.story(conn, view, found, times, sources)
            rows = ledger.days(conn, found, told, times, ZoneInfo(zone).key)
        return shapes.Ruler(
            days=[shapes.Day(day=day, strand=strand, channels=channels) for day, strand, channels in rows],
            strands=render.strands(view, told),
        )

    @routes.get("/profiles/{ref:path}", responses=FINDING)
    def profile(_: CustomersRead, ref: Ref, as_of: When = None, known_at: Known = None) -> shapes.Profile:
        """The person whom an identifier names: identifiers, addresses, traits with their source, counters."""
        times = pair(as_of, known_at)
        with database.transaction() as conn:
            view = reading.view(conn, ref, vault_key=vault_key, as_of=times, sources=source_infos(conn))
        return render.profile(view, times)

    @routes.post("/identity/merges", status_code=200, responses=_DOING)
    def merge(actor: CustomersMerge, body: shapes.MergeRequest) -> shapes.Operation:
        """Join two profiles by hand. With `dry_run` nothing moves and the preview tells what would."""
        request = operations.Request(actor.label, body.reason, clock.now(), vault_key, body.dry_run)
        with database.transaction() as conn:
            done = operations.merge(conn, body.from_, body.into, request, source_infos(conn))
            if not body.dry_run:
                _record(conn, "identity.merge", done, request, clock)
        return render.operation(done)

    @routes.get("/identity/merges/{merge_id}", responses=documented({404: "There is no such merge."}))
    def get_merge(_: CustomersRead, merge_id: RowId) -> shapes.Merge:
        """A merge or split as the ledger keeps it."""
        with database.transaction() as conn:
            row = identity.action_of(conn, merge_id)
            members = identity.members_by_nid(conn, [row.a, row.b])
        return shapes.Merge(
            id=str(row.id),
            kind=row.kind,
            at=row.at,
            by=row.actor,
            reason=row.reason,
            a=render.identifier(members[row.a]),
            b=render.identifier(members[row.b]),
            undone_at=row.undone_at,
            undone_by=row.undone_by,
        )

    @routes.post("/identity/merges/{merge_id}/undo", responses=_DOING)
    def undo(actor: CustomersMerge, merge_id: RowId, body: shapes.UndoRequest | None = None) -> shapes.Operation:
        """Take a merge back: both people are as if never joined."""
        request = operations.Request(actor.label, "", clock.now(), vault_key, bool(body and body.dry_run))
        with database.transaction() as conn:
            done = operations.undo(conn, merge_id, request, source_infos(conn))
            if not request.dry_run:
                _record(conn, "identity.undo", done, request, clock)
        return render.operation(done)

    @routes.post("/identity/splits", responses=_DOING)
    def split(actor: CustomersMerge, body: shapes.SplitRequest) -> shapes.Operation:
        """Part some identifiers from a profile. They stay apart until somebody joins them by hand."""
        request = operations.Request(actor.label, body.reason, clock.now(), vault_key, body.dry_run)
        with database.transaction() as conn:
            done = operations.split(conn, body.profile, body.identifiers, request, source_infos(conn))
            if not body.dry_run:
                _record(conn, "identity.split", done, request, clock)
        return render.operation(done)

    return routes


_DOING = documented(
    {
        404: "Nobody is known by an identifier that was named, or there is no such merge.",
        409: f"They are one person already, or the merge was undone before. {AMBIGUOUS}",
    }
)


def _members(views: list[reading.View]) -> dict[str, list[str]]:
    """What the audit log keeps: surrogate ids only, so that erasing a person need not touch it."""
    return {str(view.id): [f"node:{member.nid}" for member in view.members] for view in views}


def _record(conn: Connection, action: str, done: operations.Preview, request: operations.Request, clock: Clock) -> None:
    audit.record(
        conn,
        Audit(
            actor=request.actor,
            action=action,
            subject=f"merge:{done.operation.id}",
            before=_members(done.before),
            after=_members(done.after),
            reason=request.reason or None,
        ),
        clock=clock,
    )


def _before(cursor: str | None) -> tuple[datetime, bytes] | None:
    if cursor is None:
        return None
    at, key = cursors.decode(cursor, str, str)
    try:
        return datetime.fromisoformat(at), bytes.fromhex(key)[:16].ljust(16, b"\0")
    except ValueError as error:
        raise cursors.InvalidCursorError("Take the cursor from `next_cursor` unchanged.") from error


def _after(more: tuple[datetime, bytes] | None) -> str | None:
    return cursors.encode(more[0].isoformat(), more[1].hex()) if more else None
