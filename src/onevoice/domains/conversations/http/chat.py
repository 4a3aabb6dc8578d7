"""/v1/chat: what the chat in a shop's page asks of us. Who may: whoever holds a write key of the site, from a page that
may show the chat; and of a chat, the browser that holds its secret.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import psycopg
import segno
from fastapi import APIRouter, Depends, Request, Response, WebSocket
from psycopg import Connection
from starlette.websockets import WebSocketDisconnect

from onevoice.domains.conversations.contracts import Chat, ChatLine
from onevoice.domains.conversations.errors import (
    ConversationsError,
    NoChatError,
    TooFastError,
    UnknownPageKeyError,
    UnusableChatError,
)
from onevoice.domains.conversations.http.rooms import Listener, Listeners, told
from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.conversations.rules import hops
from onevoice.domains.conversations.service import chatting, hopping, signs
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.ports import ContextSource
from onevoice.kit import bus, jsons
from onevoice.kit.bounded import Bounded
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.web import problems
from onevoice.web.edge import client_address
from onevoice.web.problems import documented
from onevoice.web.settings import WebSettings

BODY_MAX = 64 * 1024
FRAME_MAX = 8 * 1024
HELLO_SECONDS = 10.0
OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"]
QUIET = 4
HOPS_PER_MINUTE = 6
SHOWN_PER_MINUTE = 240
TYPED_PER_MINUTE = 60
SAID_PER_MINUTE = 30
SAID_SECONDS = 60.0
BEGUN_PER_HOUR = 60
"""Chats from one address of the net: behind one may sit a whole office."""
STANDING_SECONDS = 15.0
REFUSED = 4403
LATER = 4503

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
_SAID: dict[str, Any] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}


async def _post_only(request: Request) -> Response:
    headers = {"Access-Control-Allow-Origin": request.headers.get("origin", "null"), "Vary": "Origin", "Allow": "POST"}
    return problems.render(405, "method_not_allowed", "Method Not Allowed", "Send a POST.", headers=headers)


async def _body(request: Request) -> Any:
    """JSON under any content type: text/plain asks no permission beforehand."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > BODY_MAX:
            return None
    try:
        return json.loads(bytes(held))
    except (ValueError, RecursionError):
        return None


class Paces:
    """How much of something each may do: so many at once, and as many again within a time."""

    def __init__(self, most: int, seconds: float, clock: Clock) -> None:
        self._most = most
        self._rate = most / seconds
        self._clock = clock
        self._left: Bounded[str, tuple[float, float]] = Bounded(50_000)

    def take(self, who: str) -> None:
        """Raises: TooFastError."""
        now = self._clock.monotonic()
        left, at = self._left[who] or (float(self._most), now)
        left = min(float(self._most), left + (now - at) * self._rate)
        if left < 1:
            raise TooFastError(
                "That is a lot at once. Wait a moment.", retry_after_seconds=max(1, round(1 / self._rate))
            )
        self._left[who] = (left - 1, now)


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


def router(
    database: Database,
    manifests: Mapping[str, Manifest],
    sources: Sequence[ContextSource],
    site_of: SiteOf,
    listeners: Listeners,
    vault_key: bytes,
    settings: WebSettings,
    *,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    """Include it before the intake, which answers whatever else is below /v1."""
    routes = APIRouter(prefix="/v1/chat", tags=["chat"])
    manifest = manifests[chatting.CHANNEL]
    doors = Doorkeeper(database, site_of, clock)
    said_by = Paces(SAID_PER_MINUTE, SAID_SECONDS, clock)
    begun_by = Paces(BEGUN_PER_HOUR, 3600.0, clock)
    shown_by = Paces(SHOWN_PER_MINUTE, 60.0, clock)
    typed_by = Paces(TYPED_PER_MINUTE, 60.0, clock)
    hopped_by = Paces(HOPS_PER_MINUTE, 60.0, clock)
    bell = bus.Bell(database, chatting.FRESH, every_seconds=0.02)

    def answering(request: Request, said: Any, work: Callable[[dict[str, Any], Account], dict[str, Any]]) -> Response:
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
            account = doors.admit(said.get("key"), origin)
            return Response(jsons.encode(work(said, account)), headers=headers, media_type="application/json")
        except DomainError as error:
            response = problems.of_domain(error)
        except psycopg.OperationalError:
            response = problems.render(503, "unavailable", "Not now", "Try again in a moment.")
            response.headers["Retry-After"] = "2"
        response.headers.update(headers)
        return response

    def seen(found: chatting.Seen) -> dict[str, Any]:
        chat = found.chat
        if chat is None:
            return {"lines": [], "last": 0, "shown": 0, "read": 0, "contact": None}
        contact = None if chat.contact is None else hops.masked(chat.contact)
        return {
            "lines": [told(each) for each in found.lines],
            "last": chat.last,
            "shown": chat.shown,
            "read": chat.read,
            "contact": contact,
        }

    @routes.post("/open", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def open_(request: Request, said: Annotated[Any, Depends(_body)]) -> Response:
        """What a page is told of the chat; with `secret`, also what was said in it last, after line `after`, or before
        line `before`.
        """

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            address = rules.address_of(said["secret"]) if said.get("secret") is not None else None
            with database.transaction() as conn:
                stands = doors.standing(conn, account)
                found = chatting.Seen(None, ())
                if address is not None:
                    found = chatting.look(
                        conn, account, address, after=_count(said, "after"), before=_count(said, "before")
                    )
                who = None if found.chat is None else hopping.came(conn, found.chat)
                doors_open = hopping.doors(conn, account)
            about = {"brand": stands.brand, "available": stands.available, "usual": stands.usual, "hops": doors_open}
            return about | seen(found) | {"came": came(who)}

        return answering(request, said, work)

    @routes.post("/say", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def say(request: Request, said: Annotated[Any, Depends(_body)]) -> Response:
        """Take what a visitor wrote: 200 once it is on disk. The same `id` again changes nothing."""

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            address = rules.address_of(said.get("secret"))
            utterance = chatting.Utterance(
                address,
                rules.words(said.get("id"), said.get("text")),
                rules.device(said.get("device")),
                rules.language(said.get("language")),
                rules.page(said.get("page")),
            )
            said_by.take(address)
            with database.transaction() as conn:
                if chatting.look(conn, account, address, after=0, before=None).chat is None:
                    begun_by.take(client_address(request, settings))
                chat, line = chatting.say(conn, account, manifest, utterance, vault_key=vault_key, clock=clock)
            bell.ring()
            return {"line": told(line), "last": max(chat.last, line.n)}

        return answering(request, said, work)

    @routes.post("/shown", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def shown(request: Request, said: Annotated[Any, Depends(_body)]) -> Response:
        """How far the browser has the lines (`got`) and has shown them (`shown`)."""

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            note(account, rules.address_of(said.get("secret")), said)
            return {}

        return answering(request, said, work)

    @routes.post("/hop", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def hop(request: Request, said: Annotated[Any, Depends(_body)]) -> Response:
        """A way out of the chat: `to` "telegram" gives a code, a link and its picture; "email" takes an address."""

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            address = rules.address_of(said.get("secret"))
            hopped_by.take(address)
            with database.transaction() as conn:
                if said.get("to") == hopping.EMAIL:
                    brand = doors.standing(conn, account).brand
                    hopping.leave_mail(
                        conn, account, address, said.get("email"), manifests, sources,
                        brand=brand, vault_key=vault_key, clock=clock,
                    )  # fmt: skip
                    return {"contact": hops.masked(str(said["email"]).strip())}
                offered = hopping.offer(conn, account, address, clock=clock, chance=chance)
            return {
                "code": offered.code,
                "url": offered.url,
                "until": int(offered.until.timestamp() * 1000),
                "qr": picture(offered.url),
            }

        return answering(request, said, work)

    @routes.post("/came", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def came_(request: Request, said: Annotated[Any, Depends(_body)]) -> Response:
        """Whether whoever came by a code of this chat was its visitor: `yes`."""

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            address = rules.address_of(said.get("secret"))
            with database.transaction() as conn:
                who = hopping.confirm(
                    conn, account, address, yes=said.get("yes") is True, vault_key=vault_key, clock=clock
                )
            return {"came": came(who)}

        return answering(request, said, work)

    def note(account: Account, address: str, said: Mapping[str, Any]) -> None:
        shown_by.take(address)
        with database.transaction() as conn:
            chatting.note_shown(
                conn, account, manifest, address,
                got=_count(said, "got") or 0, shown=_count(said, "shown") or 0, vault_key=vault_key, clock=clock,
            )  # fmt: skip

    def hear(account: Account, address: str, said: Any) -> None:
        """What a browser says by its socket; what is not understood changes nothing."""
        if not isinstance(said, dict):
            return
        if "got" in said or "shown" in said:
            note(account, address, said)
        if "typing" in said:
            typed_by.take(address)
            with database.transaction() as conn:
                signs.visitor_writes(conn, address, on=said["typing"] is True, vault_key=vault_key, clock=clock)

    def hello(said: Any, origin: str | None) -> tuple[Account, str, Chat, list[ChatLine]]:
        """Raises: ConversationsError."""
        if not isinstance(said, dict):
            raise UnusableChatError("Send a JSON object.")
        account = doors.admit(said.get("key"), origin)
        address = rules.address_of(said.get("secret"))
        with database.transaction() as conn:
            found = chatting.look(conn, account, address, after=_count(said, "after") or 0, before=None)
        if found.chat is None:
            raise NoChatError("Nothing was said in this chat yet.")
        return account, address, found.chat, list(found.lines)

    for path in ("/open", "/say", "/shown", "/hop", "/came"):
        routes.add_route(f"/v1/chat{path}", _post_only, methods=OTHER_METHODS, include_in_schema=False)

    @routes.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        """First `{"key", "secret", "after"}`; from then on lines come as they are said, with what was `read` and who is
        `typing`; `got`, `shown` and `typing` go up.
        """
        await websocket.accept()
        origin = websocket.headers.get("origin")
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                first = _read(await websocket.receive_text())
            account, address, chat, _ = await asyncio.to_thread(hello, first, origin)
        except (TimeoutError, WebSocketDisconnect, RuntimeError, KeyError, ConversationsError):
            with contextlib.suppress(RuntimeError):
                await websocket.close(code=REFUSED)
            return
        except psycopg.Error:
            await websocket.close(code=LATER)
            return
        with listeners.join(chat.id) as listener:
            # What was said between the look above and joining is seen by this second one.
            try:
                _, _, chat, lines = await asyncio.to_thread(hello, first, origin)
            except (psycopg.Error, ConversationsError):
                await websocket.close(code=LATER)
                return
            listener.begin(lines, _count(first, "after") or 0)
            tasks = [
                asyncio.create_task(_hear(websocket, lambda said: hear(account, address, said))),
                asyncio.create_task(_speak(websocket, listener)),
            ]
            _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return routes


def came(who: hopping.Came | None) -> dict[str, Any] | None:
    return None if who is None else {"hop": who.hop, "channel": who.channel, "asks": who.asks}


def picture(url: str) -> dict[str, Any]:
    """A QR code as the path of its dark modules in a square of `size`, with the quiet zone of four modules around."""
    code = segno.make(url, error="m", micro=False)
    parts: list[str] = []
    for y, row in enumerate(code.matrix):
        x = 0
        while x < len(row):
            run = next((end for end in range(x, len(row)) if not row[end]), len(row)) - x
            if run:
                parts.append(f"M{x + QUIET} {y + QUIET}h{run}v1h-{run}z")
            x += run or 1
    return {"size": len(code.matrix) + 2 * QUIET, "d": "".join(parts)}


async def _hear(websocket: WebSocket, hear: Callable[[Any], None]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, KeyError):
        while True:
            said = _read(await websocket.receive_text())
            with contextlib.suppress(psycopg.Error, DomainError):
                await asyncio.to_thread(hear, said)


async def _speak(websocket: WebSocket, listener: Listener) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(json.dumps(await listener.queue.get()))


def _read(text: str) -> Any:
    if len(text) > FRAME_MAX:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _count(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
