"""/api/dead-letters: what could not be taken, why, and sending it through the door again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, keys
from onevoice.domains.events.contracts import DeadLetter, LetterQuery
from onevoice.domains.events.errors import ImportClosedError, UnknownDeadLetterError
from onevoice.domains.events.service import log as service
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Body, Cursor, Limit, Moment, Page, RowId, Text
from onevoice.web.problems import documented

REPLAYED_AT_ONCE = 200

Code = Annotated[str | None, Query(max_length=64, description="Only those laid aside with this code.")]
SourceId = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only those of this source.")]


class DeadLetterShape(BaseModel):
    id: str
    received_at: Moment
    source: str
    source_id: str
    code: str
    reason: str
    message_id: str | None
    event: str
    state: str
    replayed_at: Moment | None
    import_id: str | None = Field(description="The import it is of, if it is of one.")


class CodeCount(BaseModel):
    code: str
    open: int


class DeadLetters(Page[DeadLetterShape]):
    open_count: int
    matching: int = Field(description="How many the filters let through, on all pages.")
    codes: list[CodeCount] = Field(description="Open ones by their code, the most frequent first.")


class Replayed(BaseModel):
    id: str
    state: str
    message_id: str | None
    code: str
    reason: str


class Wanted(Body):
    code: Annotated[Text, Field(max_length=64)] | None = None
    source_id: Annotated[str, Field(pattern=r"^[1-9]\d{0,8}$")] | None = None
    cursor: Annotated[str, Field(max_length=1000)] | None = None


class ManyReplayed(BaseModel):
    replayed: int
    refused: int = Field(description="They stay open, with the reason they have now.")
    next_cursor: str | None = Field(description="Send it with the same filters for the next; null at the end.")


def _shape(letter: DeadLetter, sources: Mapping[int, str]) -> DeadLetterShape:
    return DeadLetterShape(
        id=str(letter.id),
        received_at=letter.received_at,
        source=sources.get(letter.source_id, "unknown"),
        source_id=str(letter.source_id),
        code=letter.code,
        reason=letter.reason,
        message_id=letter.message_id,
        event=letter.event,
        state=letter.state,
        replayed_at=letter.replayed_at,
        import_id=str(letter.import_id) if letter.import_id else None,
    )


def _is_replayed(conn: Connection, letter: DeadLetter, now: datetime) -> bool:
    """False too where an undo of its import has begun, or has taken it away meanwhile."""
    try:
        return service.replay(conn, letter.id, now=now).state == "replayed"
    except (ImportClosedError, UnknownDeadLetterError):
        return False


def router(database: Database, *, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["dead letters"])

    def source_names(conn: Connection) -> dict[int, str]:
        return {int(source.id): source.name for source in keys.sources(conn).values()}

    @routes.get("/dead-letters")
    def dead_letters(
        _: Annotated[Actor, allow("events.read")],
        limit: Limit = 50,
        cursor: Cursor = None,
        state: Annotated[Literal["open", "replayed"] | None, Query(description="Only those in this state.")] = None,
        code: Code = None,
        source_id: SourceId = None,
    ) -> DeadLetters:
        """Events that could not be taken, with the reason, newest first."""
        before = cursors.decode_id(cursor)
        wanted = LetterQuery(before, state, code, source_id)
        with database.transaction() as conn:
            found = service.dead_letters(conn, wanted, limit + 1)
            open_count = service.open_dead_letters(conn)
            matching = service.count_dead_letters(conn, wanted._replace(before=None))
            codes = service.dead_letter_codes(conn)
            sources = source_names(conn)
        page = found[:limit]
        return DeadLetters(
            data=[_shape(letter, sources) for letter in page],
            next_cursor=cursors.encode(page[-1].id) if len(found) > limit else None,
            open_count=open_count,
            matching=matching,
            codes=[CodeCount(code=name, open=count) for name, count in codes],
        )

    @routes.get("/dead-letters/{letter_id}", responses=documented({404: "There is no such dead letter."}))
    def one(_: Annotated[Actor, allow("events.read")], letter_id: RowId) -> DeadLetterShape:
        """One of them, with the event as it came."""
        with database.transaction() as conn:
            return _shape(service.dead_letter(conn, letter_id), source_names(conn))

    @routes.post(
        "/dead-letters/{letter_id}/replay",
        responses=documented({404: "There is no such dead letter.", 409: "It came by an import that is being undone."}),
    )
    def replay(actor: Annotated[Actor, allow("events.replay")], letter_id: RowId) -> Replayed:
        """Send it through the door again. It stays open, with the new reason, if it still fails."""
        now = clock.now()
        with database.transaction() as conn:
            letter = service.replay(conn, letter_id, now=now)
            audit.record(
                conn,
                Audit(actor.label, "dead_letter.replayed", f"dead_letter:{letter_id}", after={"state": letter.state}),
                clock=clock,
            )
        return Replayed(
            id=str(letter.id),
            state=letter.state,
            message_id=letter.message_id,
            code=letter.code,
            reason=letter.reason,
        )

    @routes.post("/dead-letter-replays")
    def replay_many(actor: Annotated[Actor, allow("events.replay")], body: Wanted) -> ManyReplayed:
        """Replay the next two hundred open ones that the filters let through, newest first. Ask again with
        `next_cursor` until it is null: stopped in between, it has done what it has done.
        """
        before = cursors.decode_id(body.cursor)
        wanted = LetterQuery(before, "open", body.code, int(body.source_id) if body.source_id else None)
        with database.transaction() as conn:
            found = service.dead_letters(conn, wanted, REPLAYED_AT_ONCE + 1)
            page = found[:REPLAYED_AT_ONCE]
            replayed = sum(_is_replayed(conn, letter, clock.now()) for letter in reversed(page))
            if page:
                after = {
                    "replayed": replayed,
                    "refused": len(page) - replayed,
                    "code": body.code,
                    "source_id": body.source_id,
                }
                line = Audit(actor.label, "dead_letters.replayed", "dead_letters", after=after)
                audit.record(conn, line, clock=clock)
        return ManyReplayed(
            replayed=replayed,
            refused=len(page) - replayed,
            next_cursor=cursors.encode(page[-1].id) if len(found) > REPLAYED_AT_ONCE else None,
        )

    return routes
