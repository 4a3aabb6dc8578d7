"""/v1/chat/file: what visitors put in, and what comes with lines of their chat. Named by nobody who has not its secret.

The body of a piece is a line of JSON and the bytes after it: so it asks no permission beforehand, as the rest.
"""

import json
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from onevoice.domains.conversations.errors import UnusableChatError
from onevoice.domains.conversations.http.chat_door import PROBLEMS, Doorkeeper, Paces
from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.conversations.service import chatting, sharing
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.files import File
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.edge import client_address
from onevoice.web.settings import WebSettings

PATHS = ("/file", "/file-drop", "/file-data")
LINE_MAX = 8 * 1024
PIECE_MAX = 512 * 1024
PUT_PER_HOUR = 200 * 2**20
"""Bytes from one address of the net: behind one may sit a whole office."""
BEGUN_PER_HOUR = 60
TAKEN_PER_MINUTE = 120
BYTES = "application/octet-stream"
_SAID: dict[str, Any] = {"required": True, "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
_GIVEN: dict[int | str, dict[str, Any]] = {
    **PROBLEMS,
    200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}},
}


class Sent(NamedTuple):
    said: Any
    part: bytes


async def sent(request: Request) -> Sent:
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > LINE_MAX + PIECE_MAX:
            return Sent(None, b"")
    line, _, part = bytes(held).partition(b"\n")
    try:
        return Sent(json.loads(line) if len(line) <= LINE_MAX else None, part)
    except (ValueError, RecursionError):
        return Sent(None, b"")


def add_to(
    routes: APIRouter, doors: Doorkeeper, database: Database, settings: WebSettings, chats: Paces, *, clock: Clock
) -> None:
    """chats: how many of them each may begin."""
    put_by = Paces(PUT_PER_HOUR, 3600.0, clock)
    begun_by = Paces(BEGUN_PER_HOUR, 3600.0, clock)
    taken_by = Paces(TAKEN_PER_MINUTE, 60.0, clock)

    @routes.post("/file", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def file(request: Request, got: Annotated[Sent, Depends(sent)]) -> Response:
        """A file to be sent: first `name` and `size`, then, with its `file` and `offset`, each piece of up to 512 KiB
        behind a newline. What is not sent within a day is forgotten.
        """

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            address = rules.address_of(said.get("secret"))
            client = client_address(request, settings)
            if said.get("file") is None:
                begun_by.take(address)
                name, size = rules.file_name(said.get("name")), _number(said, "size")
                with database.transaction() as conn:
                    if not chatting.is_begun(conn, address):
                        chats.take(client)
                    language = rules.language(said.get("language"))
                    return told(sharing.begin(conn, account, address, name, size, language=language, now=clock.now()))
            put_by.take(client, len(got.part))
            with database.transaction() as conn:
                number, offset = _number(said, "file"), _number(said, "offset")
                return told(sharing.piece(conn, account, address, number, offset, got.part))

        return doors.answer(request, got.said, work)

    @routes.post("/file-drop", responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def drop(request: Request, got: Annotated[Sent, Depends(sent)]) -> Response:
        """Take a `file` out that was not sent."""

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            with database.transaction() as conn:
                sharing.drop(conn, account, rules.address_of(said.get("secret")), _number(said, "file"))
            return {}

        return doors.answer(request, got.said, work)

    @routes.post("/file-data", responses=_GIVEN, openapi_extra={"requestBody": _SAID}, response_class=Response)
    def data(request: Request, got: Annotated[Sent, Depends(sent)]) -> Response:
        """What is in a `file` that came with line `n`. Always to be saved, never a page."""

        def work(said: dict[str, Any], account: Account) -> Response:
            address = rules.address_of(said.get("secret"))
            taken_by.take(address)
            with database.transaction() as conn:
                found = sharing.data(conn, account, address, _number(said, "n"), _number(said, "file"))
            name = quote(rules.file_name(found.file.name), safe="")
            return Response(
                found.data,
                media_type=BYTES,
                headers={
                    "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
                    "Content-Security-Policy": "default-src 'none'; sandbox",
                    "X-Content-Type-Options": "nosniff",
                },
            )

        return doors.answer(request, got.said, work)


def told(file: File) -> dict[str, Any]:
    """whole: all of it is here, and it may be sent."""
    return sharing.told(file) | {"whole": file.state == "kept"}


def _number(said: dict[str, Any], name: str) -> int:
    """Raises: UnusableChatError."""
    value = said.get(name)
    if not isinstance(value, int) or not rules.is_number(value):
        raise UnusableChatError(f"`{name}` is a number.")
    return value
