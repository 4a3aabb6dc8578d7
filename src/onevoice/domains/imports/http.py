"""/api/imports: upload a file in pieces, look at it, rehearse it, import it, undo it."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, keys
from onevoice.domains.events.errors import UnknownSourceError
from onevoice.domains.imports import service
from onevoice.domains.imports.contracts import Content, FileFormat, Import, State
from onevoice.domains.imports.errors import UnreadableFileError
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Body, Cursor, Limit, Moment, Page, RowId, Text
from onevoice.web.problems import documented

PIECE_BYTES = 512 * 1024
"""So much a piece of an upload has at most: half of what a request may have."""

Encoding = Literal[
    "utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "iso8859-2", "koi8-r", "cp852", "cp866",
]  # fmt: skip

_Column = Annotated[str, Field(max_length=300)]


class Announced(Body):
    name: Annotated[Text, Field(min_length=1, max_length=200)]
    size_bytes: Annotated[int, Field(ge=0, le=2**50)]


class Reading(Body):
    """How a file is read. Without `encoding` and `columns` they are guessed."""

    content: Content = "events"
    encoding: Encoding | None = None
    zone: Annotated[Text, Field(max_length=64)] = "UTC"
    sheet: Annotated[Text, Field(max_length=100)] | None = None
    columns: Annotated[dict[_Column, _Column], Field(max_length=1000)] | None = None


class Rehearsal(Reading):
    source_id: Annotated[str, Field(pattern=r"^[1-9]\d{0,8}$")]


class Undo(Body):
    reason: Annotated[Text, Field(min_length=1, max_length=500)]


class PreviewShape(BaseModel):
    kind: str
    encoding: str
    sheets: list[str]
    columns: list[str]
    guessed: dict[str, str] = Field(description="Each column to the field it seems to mean; empty where none.")
    rows: list[list[str]]


class RefusedRow(BaseModel):
    record: int
    code: str
    reason: str


class ReportShape(BaseModel):
    records: int
    taken: int
    refused: int
    repeated: int
    undated: int
    names: dict[str, int]
    codes: dict[str, int]
    first_at: Moment | None
    last_at: Moment | None
    rows: list[RefusedRow] = Field(description="The first that were refused, at most a hundred; all in the CSV.")


class ImportShape(BaseModel):
    id: str
    name: str
    source: str | None
    source_id: str | None
    state: State
    actor: str
    console: bool
    content: Content
    size_bytes: int
    uploaded_bytes: int
    share: float = Field(description="Of the work at hand, from 0 to 1.")
    problem: str | None
    records: int
    taken: int
    refused: int
    undone: int
    undo_total: int
    undo_reason: str | None
    undo_actor: str | None
    started_at: Moment
    moved_at: Moment
    finished_at: Moment | None
    undone_at: Moment | None


class ImportDetail(ImportShape):
    report: ReportShape | None
    format: dict[str, Any]
    piece_bytes: int = PIECE_BYTES


_SHOWN_REFUSED = 100


def _shape(found: Import, sources: Mapping[int, str]) -> dict[str, Any]:
    return {
        **{name: getattr(found, name) for name in ImportShape.model_fields if hasattr(found, name)},
        "id": str(found.id),
        "source": sources.get(found.source_id) if found.source_id else None,
        "source_id": str(found.source_id) if found.source_id else None,
        "content": found.format.get("content", "events"),
    }


def _report(kept: dict[str, Any] | None) -> ReportShape | None:
    if kept is None:
        return None
    moments = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in ("first_at", "last_at")}
    rows = [RefusedRow(record=row[0], code=row[1], reason=row[2]) for row in kept["rows"][:_SHOWN_REFUSED]]
    return ReportShape.model_validate({**kept, **moments, "rows": rows})


def router(database: Database, uploads: service.Uploads, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api/imports", tags=["imports"])

    def source_names(conn: Connection) -> dict[int, str]:
        return {int(source.id): source.name for source in keys.sources(conn).values()}

    def detail(conn: Connection, found: Import) -> ImportDetail:
        return ImportDetail(**_shape(found, source_names(conn)), report=_report(found.report), format=found.format)

    def told(conn: Connection, actor: Actor, what: str, found: Import, reason: str | None = None) -> None:
        after = {"file": found.name, "state": found.state}
        line = Audit(actor.label, f"import.{what}", f"import:{found.id}", after=after, reason=reason)
        audit.record(conn, line, clock=clock)

    def reading(found: Import, wanted: Reading) -> FileFormat:
        kind = service.kind_of(found.name)
        encoding = wanted.encoding or ("utf-8" if kind != "csv" else service.guess_encoding(uploads, found))
        return FileFormat(
            kind, encoding, wanted.columns or {}, service.zone_of(wanted.zone), wanted.sheet or None, wanted.content
        )

    @routes.get("")
    def imports(
        _: Annotated[Actor, allow("events.read")], limit: Limit = 50, cursor: Cursor = None
    ) -> Page[ImportShape]:
        """Every import, newest first: from the console and from the command line."""
        before = cursors.decode_id(cursor)
        with database.transaction() as conn:
            found = service.page(conn, before=before, limit=limit + 1)
            names = source_names(conn)
        return Page(
            data=[ImportShape(**_shape(each, names)) for each in found[:limit]],
            next_cursor=cursors.encode(found[limit - 1].id) if len(found) > limit else None,
        )

    @routes.post(
        "",
        status_code=201,
        responses=documented({413: "The file is too large.", 503: "The disk is nearly full."}),
    )
    def announce(actor: Annotated[Actor, allow("events.import")], body: Announced) -> ImportDetail:
        """Announce a file; then put its pieces one after the other."""
        with database.transaction() as conn:
            found = service.create(conn, uploads, body.name, body.size_bytes, actor.label, clock.now())
            told(conn, actor, "uploaded", found)
            return detail(conn, found)

    @routes.put(
        "/{import_id}/pieces",
        responses=documented(
            {
                404: "There is no such import.",
                409: "The piece does not follow on what is there; `offset` says what does.",
                413: "More than was announced.",
                503: "The disk is nearly full.",
            }
        ),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def piece(
        _: Annotated[Actor, allow("events.import")],
        import_id: RowId,
        request: Request,
        offset: Annotated[int, Query(ge=0, le=2**50, description="The place in the file at which it begins.")],
    ) -> ImportDetail:
        """The next piece of the file, as it is. One that is there already changes nothing, so it may be sent again."""
        raw = await request.body()  # at most a MiB: what stands around every request refuses more

        def keep() -> ImportDetail:
            with database.transaction() as conn:
                return detail(conn, service.upload(conn, uploads, import_id, offset, raw, clock.now()))

        return await run_in_threadpool(keep)

    @routes.get("/{import_id}", responses=documented({404: "There is no such import."}))
    def one(_: Annotated[Actor, allow("events.read")], import_id: RowId) -> ImportDetail:
        """One import, with what its rehearsal found."""
        with database.transaction() as conn:
            return detail(conn, service.find(conn, import_id))

    @routes.post(
        "/{import_id}/preview",
        responses=documented({404: "There is no such import.", 409: "The file is not here."}),
    )
    def look(_: Annotated[Actor, allow("events.import")], import_id: RowId, body: Reading) -> PreviewShape:
        """The first rows of the file, and what its columns seem to mean."""
        with database.transaction() as conn:
            found = service.find(conn, import_id)
        how = reading(found, body)
        seen = service.look(uploads, found, how)
        return PreviewShape(
            kind=how.kind,
            encoding=how.encoding,
            sheets=seen.sheets,
            columns=seen.columns,
            guessed=seen.guessed,
            rows=seen.rows,
        )

    @routes.post(
        "/{import_id}/rehearse",
        responses=documented({404: "There is no such import, or source.", 409: "The import is not at that point."}),
    )
    def rehearse(actor: Annotated[Actor, allow("events.import")], import_id: RowId, body: Rehearsal) -> ImportDetail:
        """Have the whole file read and judged. Nothing is taken."""
        with database.transaction() as conn:
            found = service.find(conn, import_id)
            source_id = int(body.source_id)
            if source_id not in source_names(conn):
                raise UnknownSourceError("There is no such source. A source comes with its write key: make one first.")
            how = reading(found, body)
            if body.columns is None and how.kind != "ndjson":
                raise UnreadableFileError("Say in `columns` where each column goes; the preview has guesses.")
            found = service.rehearse(conn, uploads, import_id, source_id, how, clock.now())
            told(conn, actor, "rehearsed", found)
            return detail(conn, found)

    @routes.get(
        "/{import_id}/refused.csv",
        response_class=Response,
        responses={
            200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "Record, code and reason."},
            **documented({404: "There is no such import."}),
        },
    )
    def refused(_: Annotated[Actor, allow("events.read")], import_id: RowId) -> Response:
        """The first thousand records that the rehearsal refused, each with the reason."""
        with database.transaction() as conn:
            found = service.find(conn, import_id)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["record", "code", "reason"])
        for row in (found.report or {}).get("rows", []):
            writer.writerow([_harmless(cell) for cell in row])
        return Response(
            text.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="import-{import_id}-refused.csv"'},
        )

    @routes.post(
        "/{import_id}/start",
        responses=documented({404: "There is no such import.", 409: "Not rehearsed, or imported before."}),
    )
    def start(actor: Annotated[Actor, allow("events.import")], import_id: RowId) -> ImportDetail:
        """Import what was rehearsed, or go on with what was stopped."""
        with database.transaction() as conn:
            found = service.start(conn, uploads, import_id, clock.now())
            told(conn, actor, "started", found)
            return detail(conn, found)

    @routes.post(
        "/{import_id}/stop",
        responses=documented({404: "There is no such import.", 409: "Nothing of it is running."}),
    )
    def stop(actor: Annotated[Actor, allow("events.import")], import_id: RowId) -> ImportDetail:
        """End after the records at hand. What was taken stays until it is undone."""
        with database.transaction() as conn:
            found = service.stop(conn, import_id, clock.now())
            told(conn, actor, "stopped", found)
            return detail(conn, found)

    @routes.post(
        "/{import_id}/undo",
        responses=documented({404: "There is no such import.", 409: "The import is not at that point."}),
    )
    def undo(actor: Annotated[Actor, allow("events.import")], import_id: RowId, body: Undo) -> ImportDetail:
        """Take back everything that it brought, as though it had never come."""
        with database.transaction() as conn:
            found = service.undo(conn, import_id, body.reason, actor.label, clock.now())
            told(conn, actor, "undo_asked", found, body.reason)
            return detail(conn, found)

    @routes.delete(
        "/{import_id}",
        status_code=204,
        responses=documented({404: "There is no such import.", 409: "Something of it was taken."}),
    )
    def discard(actor: Annotated[Actor, allow("events.import")], import_id: RowId) -> Response:
        """Throw away an uploaded file of which nothing was imported."""
        with database.transaction() as conn:
            told(conn, actor, "discarded", service.discard(conn, uploads, import_id))
        return Response(status_code=204)

    return routes


def _harmless(cell: Any) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
