"""/api/desk/files: what came with somebody's word, for those who may read conversations.

What people send is never a page of ours: it is given to be saved, as bytes, and only images whose bytes say so may be
shown, in a place where nothing of them runs.
"""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from onevoice.domains.conversations.http import render, shapes
from onevoice.domains.delivery.errors import UnknownFileError
from onevoice.domains.delivery.service import files
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import RowId
from onevoice.web.problems import documented

Reader = Annotated[Actor, allow("conversations.read")]

BYTES = "application/octet-stream"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=300",
}
NO_FILE = documented({404: "There is no such file, or it is not here."})


def router(database: Database) -> APIRouter:
    routes = APIRouter(prefix="/api/desk/files", tags=["conversations"])

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
