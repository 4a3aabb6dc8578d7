"""/api/desk/files: what came with somebody's word, for those who may read conversations, and what is to be sent.

What people send is never a page of ours: it is given to be saved, as bytes, and only images whose bytes say so may be
shown, in a place where nothing of them runs.
"""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from onevoice.domains.conversations.http import render, shapes
from onevoice.domains.delivery.contracts.files import FILE_MAX_BYTES, SENT_MAX
from onevoice.domains.delivery.errors import UnknownFileError
from onevoice.domains.delivery.service import files
from onevoice.domains.delivery.service.gathering import Channels
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import RowId
from onevoice.web.problems import documented

Reader = Annotated[Actor, allow("conversations.read")]
Answerer = Annotated[Actor, allow("conversations.answer")]

BYTES = "application/octet-stream"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=300",
}
NO_FILE = documented({404: "There is no such file, or it is not here."})


def owner_of(actor: Actor) -> int:
    """Whose a file is that was put in: an account's, or a key's."""
    return actor.id if actor.kind == "account" else -actor.id


def router(database: Database, channels: Channels, *, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api/desk/files", tags=["conversations"])

    @routes.get("")
    def limits(_: Reader) -> shapes.FilesLimitsView:
        """What may be sent along, and by which channel."""
        return shapes.FilesLimitsView(
            file_max_bytes=FILE_MAX_BYTES,
            files_max=SENT_MAX,
            channels=[
                shapes.FileLimitsView(
                    channel=name,
                    media=list(each.capabilities.media),
                    media_max=each.capabilities.media_max,
                    caption_max=each.capabilities.caption_max,
                )
                for name, each in sorted(channels.items())
            ],
        )

    @routes.post("", status_code=201, responses=documented({409: "Too many wait to be sent."}))
    def begin(actor: Answerer, body: shapes.FileCreate) -> shapes.FileView:
        """A file to be sent; its pieces follow. What is not sent within a day is forgotten."""
        with database.transaction() as conn:
            return render.file(files.begin(conn, body.name, body.size_bytes, owner_of(actor), clock.now()))

    @routes.put(
        "/{file_id}/pieces",
        responses=NO_FILE,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def piece(
        actor: Answerer,
        file_id: RowId,
        request: Request,
        offset: Annotated[int, Query(ge=0, le=FILE_MAX_BYTES, description="The place in the file at which it begins.")],
    ) -> shapes.FileView:
        """The next piece. One that is there already changes nothing; with the last one the file is whole."""
        raw = await request.body()  # at most a MiB: what stands around every request refuses more

        def keep() -> shapes.FileView:
            with database.transaction() as conn:
                return render.file(files.piece(conn, file_id, offset, raw, owner_of(actor)))

        return await run_in_threadpool(keep)

    @routes.delete("/{file_id}", status_code=204, responses=NO_FILE)
    def drop(actor: Answerer, file_id: RowId) -> None:
        """One's own that was not sent."""
        with database.transaction() as conn:
            files.drop(conn, file_id, owner_of(actor))

    @routes.get("/{file_id}", responses=NO_FILE)
    def one(_: Reader, file_id: RowId) -> shapes.FileView:
        """What is known of it, and whether it is here."""
        with database.transaction() as conn:
            found = files.files(conn, [file_id]).get(file_id)
        if found is None:
            raise UnknownFileError(f"There is no file {file_id}.")
        return render.file(found)

    @routes.get(
        "/{file_id}/data",
        response_class=Response,
        responses={**NO_FILE, 200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}},
    )
    def data(
        _: Reader,
        file_id: RowId,
        show: Annotated[bool, Query(description="To be shown, not saved: of an image that has a width.")] = False,
    ) -> Response:
        """The file as it was sent."""
        with database.transaction() as conn:
            found = files.data(conn, file_id)
        image = show and found.file.width is not None
        name = quote(found.file.name or "file", safe="")
        disposition = "inline" if image else f"attachment; filename*=UTF-8''{name}"
        return Response(
            found.data,
            media_type=found.file.type if image else BYTES,
            headers={**_HEADERS, "Content-Disposition": disposition},
        )

    return routes
