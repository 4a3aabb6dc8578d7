"""POST /api/links: addresses for messages, which say in the browser or the app that opens whom they were sent to."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.identity.errors import IdentityError
from onevoice.domains.identity.service import links
from onevoice.domains.profiles.service.sources import regions, source_infos
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import Body, Moment, Text

SHORTEST_MINUTES = 5
USUAL_MINUTES = 7 * 24 * 60
LONGEST_MINUTES = 90 * 24 * 60
Address = Annotated[Text, Field(min_length=1, max_length=2000)]


class LinkCreate(Body):
    person: Annotated[Text, Field(min_length=3, max_length=1200, examples=["email:anna@example.com"])]
    url: Annotated[Address, Field(description="A page of the shop.")]
    app_url: Annotated[Address | None, Field(description="The same place in the app.")] = None


class LinksCreate(Body):
    links: Annotated[list[LinkCreate], Field(min_length=1, max_length=links.MAX_LINKS)]
    life_minutes: Annotated[
        int,
        Field(
            ge=SHORTEST_MINUTES, le=LONGEST_MINUTES, description="So long an opening says anything of who opened it."
        ),
    ] = USUAL_MINUTES


class Link(BaseModel):
    index: int = Field(description="Its place in `links` of the request, from 0.")
    id: str = Field(description="The opened link is called so in events, as `context._link`. It is no secret.")
    url: str
    app_url: str | None
    expires_at: Moment


class LinkRefused(BaseModel):
    index: int
    code: str
    detail: str


class Links(BaseModel):
    data: list[Link]
    refused: list[LinkRefused]


def router(database: Database, keys: links.Keys, *, clock: Clock, chance: Chance) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["links"])

    @routes.post("/links")
    def create(actor: Annotated[Actor, allow("links.create")], wanted: LinksCreate) -> Links:
        """Give each address a token that names, to nobody but Onevoice, whom it was sent to.

        Each link is judged by itself: one that cannot be made is told in `refused`, and the others are made.
        """
        asked = [links.LinkWanted(each.person, each.url, each.app_url) for each in wanted.links]
        with database.transaction() as conn:
            made = links.issue(
                conn,
                asked,
                life=timedelta(minutes=wanted.life_minutes),
                keys=keys,
                regions=regions(source_infos(conn)),
                now=clock.now(),
                chance=chance,
            )
            told = _told(made)
            if told.data:
                after = {"links": len(told.data), "refused": len(told.refused), "life_minutes": wanted.life_minutes}
                audit.record(conn, Audit(actor.label, "links.created", "links", after=after), clock=clock)
        return told

    return routes


def _told(made: list[links.LinkMade | IdentityError]) -> Links:
    told = Links(data=[], refused=[])
    for index, one in enumerate(made):
        if isinstance(one, IdentityError):
            told.refused.append(LinkRefused(index=index, code=one.code, detail=one.detail))
        else:
            told.data.append(
                Link(index=index, id=one.id, url=one.url, app_url=one.app_url, expires_at=one.expires),
            )
    return told
