"""/api/identity/limits/changes: other limits of a kind, looked at before they hold."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.identity.contracts import LimitChange, LimitState, Member
from onevoice.domains.identity.service import limits
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Body, Cursor, Limit, Moment, Page, RowId, Text
from onevoice.web.problems import documented

Edits = Annotated[Actor, allow("identity.edit")]
NEWEST = 2**63 - 1


class LimitsView(BaseModel):
    per_profile: int
    per_profile_weak: int


class LimitsWrite(Body):
    kind: Text = Field(max_length=80, description="Such as `email`.")
    per_profile: int = Field(description="So many of it one person may have.")
    per_profile_weak: int = Field(description="So many where a contact or a device is all that ties them.")


class NamedView(BaseModel):
    kind: str
    value: str


class PartView(BaseModel):
    profile_id: str
    count: int = Field(description="So many identifiers, epochs of shared ones included.")
    named: list[NamedView] = Field(description="Some of them, the strongest first.")


class SideView(BaseModel):
    count: int
    profiles: list[PartView] = Field(description="Some of them.")


class ExampleView(BaseModel):
    before: SideView
    after: SideView


class LimitChangeView(BaseModel):
    id: str
    kind: str
    was: LimitsView
    wanted: LimitsView
    state: LimitState = Field(
        description="`looking` at what it would do, `looked`, `applying` (in force for what is linked from then on, and"
        " profiles are being worked out again), `applied`, or `dropped`."
    )
    asked_at: Moment
    asked_by: str
    applied_at: Moment | None
    applied_by: str | None
    finished_at: Moment | None
    total: int = Field(description="Customers to look at in this state.")
    done: int
    parted: int = Field(description="So many customers would be parted.")
    joined: int = Field(description="So many would be made of several.")
    before: int = Field(description="All customers of which something changes,")
    after: int = Field(description="and how many they would be then.")
    examples: list[ExampleView]


def router(database: Database, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api/identity/limits", tags=["identity"])

    @routes.get("/changes")
    def page(_: Edits, limit: Limit = 20, cursor: Cursor = None) -> Page[LimitChangeView]:
        """Changes that somebody looked at or made, the newest first."""
        before = cursors.decode_id(cursor)
        with database.transaction() as conn:
            found = limits.page(conn, before_id=NEWEST if before is None else before, limit=limit + 1)
            named = limits.members_of(conn, found[:limit])
        rows = found[:limit]
        more = cursors.encode(rows[-1].id) if len(found) > limit else None
        return Page(data=[_view(row, named) for row in rows], next_cursor=more)

    @routes.post(
        "/changes", status_code=201, responses=documented({409: "Another one is open, or these limits hold already."})
    )
    def ask(actor: Edits, wanted: LimitsWrite) -> LimitChangeView:
        """Begin to look at what other limits would do. Nothing is changed; poll it until it is `looked`."""
        with database.transaction() as conn:
            change = limits.ask(
                conn,
                wanted.kind,
                wanted.per_profile,
                wanted.per_profile_weak,
                actor=actor.label,
                now=clock.now(),
            )
        return _view(change, {})

    @routes.get("/changes/{change_id}", responses=documented({404: "There is none."}))
    def one(_: Edits, change_id: RowId) -> LimitChangeView:
        """How far it is, and what was found."""
        with database.transaction() as conn:
            change = limits.find(conn, change_id)
            named = limits.members_of(conn, [change])
        return _view(change, named)

    @routes.post(
        "/changes/{change_id}/applications",
        responses=documented({404: "There is none.", 409: "It was not looked at yet, or is in force already."}),
    )
    def apply(actor: Edits, change_id: RowId) -> LimitChangeView:
        """Make the limits hold, from the next event on. Profiles follow in a while."""
        with database.transaction() as conn:
            change = limits.apply(conn, change_id, actor=actor.label, now=clock.now())
            told = Audit(
                actor.label,
                "identity.limits_changed",
                f"kind:{change.kind}",
                before=_limits(change.was_per_profile, change.was_per_profile_weak),
                after=_limits(change.per_profile, change.per_profile_weak),
            )
            audit.record(conn, told, clock=clock)
            named = limits.members_of(conn, [change])
        return _view(change, named)

    @routes.delete(
        "/changes/{change_id}",
        status_code=204,
        responses=documented({404: "There is none.", 409: "It is in force already."}),
    )
    def drop(_: Edits, change_id: RowId) -> None:
        """Leave the limits as they are."""
        with database.transaction() as conn:
            limits.drop(conn, change_id)

    return routes


def _limits(per_profile: int, per_profile_weak: int) -> dict[str, int]:
    return {"per_profile": per_profile, "per_profile_weak": per_profile_weak}


def _view(change: LimitChange, named: Mapping[int, Member]) -> LimitChangeView:
    return LimitChangeView(
        id=str(change.id),
        kind=change.kind,
        was=LimitsView(**_limits(change.was_per_profile, change.was_per_profile_weak)),
        wanted=LimitsView(**_limits(change.per_profile, change.per_profile_weak)),
        state=change.state,
        asked_at=change.asked_at,
        asked_by=change.asked_by,
        applied_at=change.applied_at,
        applied_by=change.applied_by,
        finished_at=change.finished_at,
        total=change.total,
        done=change.done,
        parted=change.parted,
        joined=change.joined,
        before=change.before,
        after=change.after,
        examples=[
            ExampleView(before=_side(each["before"], named), after=_side(each["after"], named))
            for each in change.examples
        ],
    )


def _side(side: Mapping[str, Any], named: Mapping[int, Member]) -> SideView:
    return SideView(count=side["count"], profiles=[_part(part, named) for part in side["parts"]])


def _part(part: Mapping[str, Any], named: Mapping[int, Member]) -> PartView:
    """Members that are gone since are left out; of an identifier's epochs one stands for all."""
    members = set(part["members"])
    found = {(member.kind, member.value): None for nid, member in named.items() if nid in members}
    return PartView(
        profile_id=str(part["root"]),
        count=part["count"],
        named=[NamedView(kind=kind, value=value) for kind, value in found],
    )
