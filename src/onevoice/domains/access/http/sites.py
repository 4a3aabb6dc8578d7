"""/api/sites: the brand's sites, and what is true of each. Bound by `routes`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from onevoice.domains.access.contracts import Site, SiteDetails
from onevoice.domains.access.rules import MAX_DOMAINS
from onevoice.domains.access.service import sites
from onevoice.kit import cursor as cursors
from onevoice.kit import places
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, Insider, allow
from onevoice.web.paging import STORABLE, Body, Cursor, Limit, Moment, Page, Text
from onevoice.web.problems import documented

Edits = Annotated[Actor, allow("sites.edit")]
Name = Annotated[str, Path(min_length=1, max_length=120, pattern=STORABLE)]
Short = Annotated[Text, Field(max_length=80)]
Long = Annotated[Text, Field(min_length=1, max_length=120)]

COUNTRY = "ISO 3166 alpha-2. Phone numbers in national form are read as this country's; null: they are not read."
DOMAINS = "Host names, names of other alphabets as A-labels."


class SiteView(BaseModel):
    name: str
    title: str
    country: str | None = Field(description=COUNTRY)
    language: str | None = Field(description="A BCP 47 tag.")
    currency: str | None = Field(description="ISO 4217.")
    time_zone: str | None = Field(description="A name of the IANA database.")
    domains: list[str] = Field(description=DOMAINS)
    legal_name: str | None
    sources: int = Field(description="So many sources belong to it. `GET /api/sources` names them.")
    created_at: Moment


class Choices(BaseModel):
    """What may stand in the fields of a site."""

    countries: list[str]
    languages: list[str] = Field(description="Those of two letters; any tag of BCP 47 may stand.")
    currencies: list[str]
    time_zones: list[str]


class SiteUpdate(Body):
    """What is left out stays as it is; null takes a value away."""

    title: Long = ""
    country: Short | None = Field(None, description=COUNTRY, examples=["PL"])
    language: Short | None = Field(None, description="A BCP 47 tag.", examples=["pl"])
    currency: Short | None = Field(None, description="ISO 4217.", examples=["PLN"])
    time_zone: Short | None = Field(None, description="A name of the IANA database.", examples=["Europe/Warsaw"])
    domains: list[Annotated[Text, Field(max_length=300)]] = Field([], max_length=MAX_DOMAINS, description=DOMAINS)
    legal_name: Long | None = None


class SiteCreate(SiteUpdate):
    """`title`: the name when left out."""

    name: Annotated[Text, Field(max_length=64, description="Small letters, digits and hyphens. It stays.")]


def router(database: Database, *, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["access"])

    @routes.get("/sites")
    def page(_: Insider, limit: Limit = 50, cursor: Cursor = None) -> Page[SiteView]:
        """By name."""
        (after,) = cursors.decode(cursor, str) if cursor else ("",)
        if after != after.encode(errors="ignore").decode().replace("\x00", ""):  # no name can hold that
            raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
        with database.transaction() as conn:
            found = sites.page(conn, after=after, limit=limit + 1)
        more = cursors.encode(found[limit - 1].name) if len(found) > limit else None
        return Page(data=[_view(each) for each in found[:limit]], next_cursor=more)

    @routes.get("/site-choices")
    def choices(_: Insider) -> Choices:
        """Codes to choose from."""
        return Choices(
            countries=places.countries(),
            languages=places.languages(),
            currencies=places.currencies(),
            time_zones=places.time_zones(),
        )

    @routes.post("/sites", status_code=201, responses=documented({409: "There is a site of this name."}))
    def create(actor: Edits, wanted: SiteCreate) -> SiteView:
        details = _changed(wanted)
        details.setdefault("title", wanted.name)
        with database.transaction() as conn:
            return _view(sites.create(conn, wanted.name, SiteDetails(**details), actor=actor.label, clock=clock))

    @routes.patch("/sites/{name:path}", responses=documented({404: "No such site."}))
    def update(actor: Edits, name: Name, change: SiteUpdate) -> SiteView:
        """Another country counts for the events that are linked from then on; what was linked before stays."""
        with database.transaction() as conn:
            return _view(sites.update(conn, name, _changed(change), actor=actor.label, clock=clock))

    @routes.delete(
        "/sites/{name:path}",
        status_code=204,
        responses=documented({404: "No such site.", 409: "Sources belong to it."}),
    )
    def remove(actor: Edits, name: Name) -> None:
        """Only of a site that no source belongs to."""
        with database.transaction() as conn:
            sites.remove(conn, name, actor=actor.label, clock=clock)

    return routes


def _changed(body: SiteUpdate) -> dict[str, Any]:
    fields = body.model_dump(exclude_unset=True, exclude={"name"})
    if "domains" in fields:
        fields["domains"] = tuple(fields["domains"])
    return fields


def _view(site: Site) -> SiteView:
    told = site.details
    return SiteView(
        name=site.name,
        title=told.title,
        country=told.country,
        language=told.language,
        currency=told.currency,
        time_zone=told.time_zone,
        domains=list(told.domains),
        legal_name=told.legal_name,
        sources=site.sources,
        created_at=site.created_at,
    )
