"""GET /api/profiles: the list of customers, and search in it. Bound in bootstrap."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from onevoice.domains.profiles.rules.search import Match
from onevoice.domains.profiles.service import cards
from onevoice.domains.profiles.service.cards import Customer
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import STORABLE, Cursor, Limit, Moment, Page
from onevoice.web.problems import documented

LONGEST_QUERY = 200

CustomersRead = Annotated[Actor, allow("customers.read")]


class ContactView(BaseModel):
    kind: str
    value: str


class MatchView(BaseModel):
    """Where a part of the query was found: `text` from `start` up to `end`, counted as JavaScript counts (UTF-16)."""

    field: str = Field(description='"name", "username" or a kind of identifier.')
    text: str
    start: int
    end: int


class CustomerView(BaseModel):
    id: str
    name: str | None
    contact: ContactView | None = Field(description="The surest known; of a visitor the browser's id.")
    match: MatchView | None = Field(description="The match to show: outside of the name if there is one.")
    matches: list[MatchView] = Field(description="One for each part of the query.")
    doors: list[str]
    last_seen_at: Moment
    last_channel: str
    city: str | None
    orders: int
    spent_minor: int = Field(description="In `currency`, the one of most orders.")
    currency: str | None


class SuggestionView(BaseModel):
    kind: Literal["only", "close"] = Field(description="A part of the query alone, or a number one digit from its.")
    query: str
    count: int


class CustomersView(Page[CustomerView]):
    total: int
    total_is_exact: bool = Field(description="False: there are more than `total`.")
    of_people: int
    took_ms: int
    suggestions: list[SuggestionView] = Field(description="What to ask instead, when nobody was found.")


def router(database: Database, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["profiles"])

    @routes.get("/profiles", responses=documented({503: "The search took too long."}))
    def search(
        _: CustomersRead,
        query: Annotated[str, Query(max_length=LONGEST_QUERY, pattern=STORABLE)] = "",
        sort: Literal["last_seen", "name"] = "last_seen",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> CustomersView:
        """People by name in any script, by part of a phone, card, e-mail or id. All words must be found.

        Without a query everybody, last seen first.
        """
        with database.transaction() as conn:
            found = cards.search(conn, query, clock=clock, sort=sort, limit=limit, after=cursor)
        return CustomersView(
            data=[_customer(one) for one in found.customers],
            next_cursor=found.next_cursor,
            total=found.total,
            total_is_exact=found.total_is_exact,
            of_people=found.people,
            took_ms=found.took_ms,
            suggestions=[SuggestionView(kind=one.kind, query=one.query, count=one.count) for one in found.suggestions],
        )

    return routes


def _customer(one: Customer) -> CustomerView:
    return CustomerView(
        id=str(one.id),
        name=one.name,
        contact=ContactView(kind=one.contact[0], value=one.contact[1]) if one.contact else None,
        match=_match(one.match) if one.match else None,
        matches=[_match(match) for match in one.matches],
        doors=one.doors,
        last_seen_at=one.last_at,
        last_channel=one.last_channel,
        city=one.city,
        orders=one.orders,
        spent_minor=one.spent_minor,
        currency=one.currency,
    )


def _match(match: Match) -> MatchView:
    return MatchView(
        field=match.field,
        text=match.text,
        start=_utf16(match.text[: match.start]),
        end=_utf16(match.text[: match.end]),
    )


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
