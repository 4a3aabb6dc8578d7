"""Who may ask anything of the site's chat, how often, and how they are answered."""

from collections.abc import Callable
from typing import Any

import psycopg
from fastapi import Request, Response
from psycopg import Connection

from onevoice.domains.conversations.errors import TooFastError, UnknownPageKeyError
from onevoice.domains.conversations.service import chatting
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.kit import jsons
from onevoice.kit.bounded import Bounded
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.web import problems
from onevoice.web.problems import documented

OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"]
STANDING_SECONDS = 15.0

SiteOf = Callable[[str], str | None]
"""The site of a living write key. Blocks."""

PROBLEMS = documented(
    {
        400: "The body is no JSON object.",
        401: "The key is none that lives.",
        403: "The page may not show the chat.",
        404: "The site has no chat.",
        409: "Another visitor began this chat.",
        413: "The body is too large.",
        429: "Too much at once; `Retry-After` says when to go on.",
    }
)


async def post_only(request: Request) -> Response:
    headers = {"Access-Control-Allow-Origin": request.headers.get("origin", "null"), "Vary": "Origin", "Allow": "POST"}
    return problems.render(405, "method_not_allowed", "Method Not Allowed", "Send a POST.", headers=headers)


class Paces:
    """How much of something each may do: so many at once, and as many again within a time."""

    def __init__(self, most: int, seconds: float, clock: Clock) -> None:
        self._most = most
        self._rate = most / seconds
        self._clock = clock
        self._left: Bounded[str, tuple[float, float]] = Bounded(50_000)

    def take(self, who: str, much: float = 1) -> None:
        """Raises: TooFastError."""
        now = self._clock.monotonic()
        left, at = self._left[who] or (float(self._most), now)
        left = min(float(self._most), left + (now - at) * self._rate)
        if left < much:
            raise TooFastError(
                "That is a lot at once. Wait a moment.", retry_after_seconds=max(1, round(much / self._rate))
            )
        self._left[who] = (left - much, now)


class Doorkeeper:
    """Which account a page's key and origin open, remembered for a moment."""

    def __init__(self, database: Database, site_of: SiteOf, clock: Clock) -> None:
        self._database = database
        self._site_of = site_of
        self._clock = clock
        self._known: Bounded[str, tuple[float, Account]] = Bounded(1_000)
        self._standing: dict[int, tuple[float, chatting.Standing]] = {}

    def admit(self, key: Any, origin: str | None) -> Account:
        """Raises: UnknownPageKeyError, NoChatError, ForeignPageError."""
        if not isinstance(key, str) or len(key) > 200:
            raise UnknownPageKeyError("`key` is the write key that stands in the page.")
        now = self._clock.monotonic()
        known = self._known[key]
        if known is None or now - known[0] > STANDING_SECONDS:
            site = self._site_of(key)
            if site is None:
                raise UnknownPageKeyError("This write key is unknown or was revoked.")
            with self._database.transaction() as conn:
                known = self._known[key] = (now, chatting.account_of(conn, site))
        chatting.require_page(known[1], origin)
        return known[1]

    def standing(self, conn: Connection, account: Account) -> chatting.Standing:
        now = self._clock.monotonic()
        known = self._standing.get(int(account.id))
        if known is None or now - known[0] > STANDING_SECONDS:
            known = self._standing[int(account.id)] = (now, chatting.standing(conn, account, self._clock))
        return known[1]

    def answer(
        self, request: Request, said: Any, work: Callable[[dict[str, Any], Account], dict[str, Any] | Response]
    ) -> Response:
        """A page may read what was wrong too: an origin that may not show the chat learns only that."""
        origin = request.headers.get("origin")
        headers = {
            "Access-Control-Allow-Origin": origin or "null",
            "Access-Control-Expose-Headers": "Retry-After",
            "Vary": "Origin",
            "Cache-Control": "no-store",
        }
        try:
            if not isinstance(said, dict):
                return problems.render(
                    400, "unreadable", "The body cannot be read", "Send a JSON object.", headers=headers
                )
            done = work(said, self.admit(said.get("key"), origin))
            response = (
                done if isinstance(done, Response) else Response(jsons.encode(done), media_type="application/json")
            )
        except DomainError as error:
            response = problems.of_domain(error)
        except psycopg.OperationalError:
            response = problems.render(503, "unavailable", "Not now", "Try again in a moment.")
            response.headers["Retry-After"] = "2"
        response.headers.update(headers)
        return response
