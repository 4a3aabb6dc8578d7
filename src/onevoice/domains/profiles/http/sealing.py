"""/api/plan/sealing: how far what was stored before its declaration has been brought into the vault."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from onevoice.domains.identity.contracts import Sealing
from onevoice.domains.profiles.service import sealing as service
from onevoice.kit import cursor as cursors
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Cursor, Limit, Moment, Page, Text


class SealingView(BaseModel):
    """share: from 0 to 1, of the events that were stored before. sealed: events in which something was found."""

    type: str
    name: str
    path: str
    share: float
    sealed: int
    started_at: Moment
    finished_at: Moment | None


def _view(one: Sealing) -> SealingView:
    share = 1.0 if one.finished_at is not None or not one.upto_seq else one.done_seq / one.upto_seq
    return SealingView(
        type=one.type,
        name=one.name,
        path=one.path,
        share=share,
        sealed=one.sealed,
        started_at=one.started_at,
        finished_at=one.finished_at,
    )


def router(database: Database) -> APIRouter:
    routes = APIRouter(prefix="/api/plan", tags=["plan"])

    @routes.get("/sealing")
    def plan_sealing(
        _: Annotated[Actor, allow("events.read")],
        limit: Limit = 50,
        cursor: Cursor = None,
        type: Annotated[Text | None, Query(max_length=20, description="Only of this type.")] = None,  # noqa: A002
        name: Annotated[Text | None, Query(max_length=255, description="Only of this event.")] = None,
    ) -> Page[SealingView]:
        """Properties that were declared personal, and how far earlier events of theirs have been sealed."""
        after = cursors.decode_id(cursor) or 0
        with database.transaction() as conn:
            found = [
                each
                for each in service.progress(conn)
                if each.id > after and type in {None, each.type} and name in {None, each.name}
            ]
        page = found[:limit]
        return Page(
            data=[_view(each) for each in page], next_cursor=cursors.encode(page[-1].id) if len(found) > limit else None
        )

    return routes
