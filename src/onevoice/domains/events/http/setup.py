"""GET /api/setup: what the console's checklist needs to know. Bound in bootstrap."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from onevoice.domains.access.service import accounts, keys
from onevoice.domains.events.service import plan
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Moment
from onevoice.web.settings import WebSettings


class SetupSource(BaseModel):
    id: str
    name: str
    channel: str
    site: str
    write_keys: int = Field(description="Keys of it that are in use.")
    events: int = Field(description="All that were accepted from it since learning began.")
    first_at: Moment | None
    last_at: Moment | None = Field(description="When the newest was received.")


class Setup(BaseModel):
    public_url: str | None = Field(description="The address people type, where ONEVOICE_PUBLIC_URL tells it.")
    write_keys: int
    people: int = Field(description="Accounts that may sign in.")
    sources: list[SetupSource]


def router(database: Database, settings: WebSettings) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["setup"])

    @routes.get("/setup")
    def setup(_: Annotated[Actor, allow("events.read")]) -> Setup:
        """How far the shop is connected: keys, people, and what came of each source."""
        with database.transaction() as conn:
            sources = keys.sources(conn)
            in_use = keys.write_keys_in_use(conn)
            heard = {each.source_id: each for each in plan.sources(conn)}
            people = accounts.count_enabled(conn)
        return Setup(
            public_url=settings.base,
            write_keys=sum(in_use.values()),
            people=people,
            sources=[
                SetupSource(
                    id=str(source.id),
                    name=source.name,
                    channel=source.channel,
                    site=source.site,
                    write_keys=in_use.get(source.id, 0),
                    events=heard[source.id].n if source.id in heard else 0,
                    first_at=heard[source.id].first_at if source.id in heard else None,
                    last_at=heard[source.id].last_at if source.id in heard else None,
                )
                for source in sources.values()
            ],
        )

    return routes
