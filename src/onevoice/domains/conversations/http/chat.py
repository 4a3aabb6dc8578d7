"""/v1/chat: what the chat in a shop's page asks of us. Who may: whoever holds a write key of the site, from a page that
may show the chat; and of a chat, the browser that holds its secret.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import psycopg
import segno
from fastapi import APIRouter, Depends, Request, Response, WebSocket
from starlette.websockets import WebSocketDisconnect

from onevoice.domains.conversations.contracts import Chat, ChatLine
from onevoice.domains.conversations.errors import (
    ConversationsError,
    NoChatError,
    UnusableChatError,
)
from onevoice.domains.conversations.http import chat_files, chat_history
from onevoice.domains.conversations.http.chat_door import OTHER_METHODS, PROBLEMS, Doorkeeper, Paces, SiteOf, post_only
from onevoice.domains.conversations.http.rooms import Listener, Listeners, told
from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.conversations.rules import hops
from onevoice.domains.conversations.service import chatting, hopping, signs
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.ports import ContextSource
from onevoice.kit import bus
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.kit.sealing import Sealer
from onevoice.web.edge import client_address
from onevoice.web.settings import WebSettings

BODY_MAX = 64 * 1024
FRAME_MAX = 8 * 1024
HELLO_SECONDS = 10.0
QUIET = 4
HOPS_PER_MINUTE = 6
SHOWN_PER_MINUTE = 240
TYPED_PER_MINUTE = 60
SAID_PER_MINUTE = 30
SAID_SECONDS = 60.0
BEGUN_PER_HOUR = 60
"""Chats from one address of the net: behind one may sit a whole office."""
REFUSED = 4403
LATER = 4503

_SAID: dict[str, Any] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}


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


def router(
    database: Database,
    manifests: Mapping[str, Manifest],
    sources: Sequence[ContextSource],
    site_of: SiteOf,
    listeners: Listeners,
    vault_key: bytes,
    sealer: Sealer,
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

        return doors.answer(request, said, work)

    @routes.post("/say", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def say(request: Request, said: Annotated[Any, Depends(_body)]) -> Response:
        """Take what a visitor wrote, with `files` that were put in: 200 once it is on disk. The same `id` again changes
        nothing.
        """

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            address = rules.address_of(said.get("secret"))
            utterance = chatting.Utterance(
                address,
                rules.words(said.get("id"), said.get("text"), files=bool(said.get("files"))),
                rules.device(said.get("device")),
                rules.language(said.get("language")),
                rules.page(said.get("page")),
                rules.files(said.get("files")),
            )
            said_by.take(address)
            with database.transaction() as conn:
                proof = chat_history.proof_of(conn, account, said.get("proof"), sealer, clock.now())
                utterance = replace(utterance, proof=proof)
                if not chatting.is_begun(conn, address):
                    begun_by.take(client_address(request, settings))
                chat, line = chatting.say(conn, account, manifest, utterance, vault_key=vault_key, clock=clock)
            bell.ring()
            return {"line": told(line), "last": max(chat.last, line.n)}

        return doors.answer(request, said, work)

    @routes.post("/shown", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def shown(request: Request, said: Annotated[Any, Depends(_body)]) -> Response:
        """How far the browser has the lines (`got`) and has shown them (`shown`)."""

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            note(account, rules.address_of(said.get("secret")), said)
            return {}

        return doors.answer(request, said, work)

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

        return doors.answer(request, said, work)

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

        return doors.answer(request, said, work)

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

    chat_files.add_to(routes, doors, database, settings, begun_by, clock=clock)
    chat_history.add_to(routes, doors, database, sealer, vault_key=vault_key, clock=clock)
    for path in ("/open", "/say", "/shown", "/hop", "/came", *chat_files.PATHS, chat_history.PATH):
        routes.add_route(f"/v1/chat{path}", post_only, methods=OTHER_METHODS, include_in_schema=False)

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
