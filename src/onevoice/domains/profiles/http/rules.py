"""/api/identity/kinds and /api/identity/blocked: the rules of identity, and the values that name nobody."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.identity.service import blocked
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.service.sources import regions, source_infos
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Body, Cursor, Limit, Moment, Page, Text
from onevoice.web.problems import documented

Reads = Annotated[Actor, allow("customers.read")]
Edits = Annotated[Actor, allow("identity.edit")]


class KindView(BaseModel):
    name: str
    priority: int = Field(description="The smaller, the stronger.")
    per_profile: int = Field(description="So many of it one person may have.")
    per_profile_weak: int = Field(description="So many where a contact or a device is all that ties them.")
    shared: bool = Field(description="Whether several people may use one, such as a tablet.")


class BlockedView(BaseModel):
    kind: str
    value: str = Field(description="In the form it is compared in.")
    blocked_at: Moment | None = Field(description="Null where it came with the installation.")
    blocked_by: str | None


class BlockedWrite(Body):
    kind: Text = Field(max_length=80, description="Such as `email`; `*` for any.")
    value: Text = Field(min_length=1, max_length=512)


class HeldView(BaseModel):
    kind: str
    profile_id: str
    tied: int = Field(description="So many identifiers it is tied to directly.")
    members: int = Field(description="So many identifiers that profile has.")


class BlockedRehearsal(BaseModel):
    value: str = Field(description="The form in which it would be compared.")
    held: list[HeldView] = Field(
        description="Who has it now, spelt so; whoever has it in other capitals is refused too, and not listed. They"
        " stay as they are; a split parts them."
    )


def router(database: Database, vault_key: bytes, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api/identity", tags=["identity"])

    @routes.get("/kinds")
    def kinds(_: Reads) -> Page[KindView]:
        """The kinds of identifiers and their limits, the strongest first."""
        with database.transaction() as conn:
            found = identity.kinds(conn)
        return Page(
            data=[
                KindView(
                    name=kind.name,
                    priority=kind.priority,
                    per_profile=kind.per_profile,
                    per_profile_weak=kind.per_profile_weak,
                    shared=kind.shared,
                )
                for kind in sorted(found.values(), key=lambda kind: (kind.priority, kind.name))
            ]
        )

    @routes.get("/blocked")
    def page(
        _: Edits,
        limit: Limit = 50,
        cursor: Cursor = None,
        kind: Annotated[Text | None, Query(max_length=80)] = None,
        text: Annotated[Text, Query(max_length=200, description="Part of the value.")] = "",
    ) -> Page[BlockedView]:
        """Values that name nobody, by kind and value."""
        after = _after(cursor)
        with database.transaction() as conn:
            found = blocked.page(conn, after=after, kind=kind, text=text, limit=limit + 1)
        rows = found[:limit]
        more = cursors.encode(rows[-1].kind, rows[-1].value) if len(found) > limit else None
        return Page(data=[_view(row) for row in rows], next_cursor=more)

    @routes.post("/blocked/rehearsals")
    def rehearse(_: Edits, wanted: BlockedWrite) -> BlockedRehearsal:
        """Who has this value now. Nothing is changed."""
        with database.transaction() as conn:
            where = regions(source_infos(conn))
            form, held = blocked.rehearse(conn, wanted.kind, wanted.value, vault_key, where)
        return BlockedRehearsal(
            value=form,
            held=[
                HeldView(kind=each.kind, profile_id=str(each.pid), tied=each.tied, members=each.members)
                for each in held
            ],
        )

    @routes.post("/blocked", status_code=201, responses=documented({409: "It is on the list already."}))
    def block(actor: Edits, wanted: BlockedWrite) -> BlockedView:
        """From the next events on the value names nobody."""
        with database.transaction() as conn:
            where = regions(source_infos(conn))
            one = blocked.block(conn, wanted.kind, wanted.value, actor=actor.label, now=clock.now(), regions=where)
            told = Audit(actor.label, "identity.blocked", f"kind:{one.kind}")
            audit.record(conn, told, clock=clock)
        return _view(one)

    @routes.post("/blocked/removals", status_code=204, responses=documented({404: "It is not on the list."}))
    def unblock(actor: Edits, wanted: BlockedWrite) -> None:
        """From the next events on the value names somebody again. `value` as it stands on the list."""
        with database.transaction() as conn:
            blocked.unblock(conn, wanted.kind, wanted.value)
            told = Audit(actor.label, "identity.unblocked", f"kind:{wanted.kind}")
            audit.record(conn, told, clock=clock)

    return routes


def _after(cursor: str | None) -> tuple[str, str]:
    kind, value = cursors.decode(cursor, str, str) if cursor else ("", "")
    if not (kind + value).isprintable():  # no such value can be blocked
        raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
    return kind, value


def _view(one: blocked.Blocked) -> BlockedView:
    return BlockedView(kind=one.kind, value=one.value, blocked_at=one.blocked_at, blocked_by=one.blocked_by)
