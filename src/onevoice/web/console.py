"""Serves the snippet, the console's built files, and its one page under every address that nothing else answers."""

import mimetypes
import re
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from onevoice.web.guards import SESSION_COOKIE, Guards

ASSETS = "assets"
SNIPPET = re.compile(r"onevoice(-chat(?P<part>-[\w-]+)?)?\.js")
"""For other sites' pages: the snippet, the chat that it loads, and the chat's parts, whose names hold a digest."""

# Names of assets hold a digest of their content, so they never change.
_IMMUTABLE = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=3600"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_NOT_OURS = ("api/", "v1/")

mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


def router(folder: Path, guards: Guards) -> APIRouter:
    """`folder` is the built console. Include this router last: it answers whatever is left."""
    routes = APIRouter(include_in_schema=False)

    def snippet(request: Request, path: str, found: re.Match[str]) -> Response:
        file = _inside(folder, path)
        if file is None:
            raise HTTPException(404)
        answer = _file(file, request, _IMMUTABLE if found["part"] else _SHORT)
        # They are meant for other sites' pages; with CORS those can also pin a hash (`integrity`).
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    @routes.get("/{path:path}")
    def page_or_file(request: Request, path: str) -> Response:
        if path.startswith(_NOT_OURS):
            raise HTTPException(404)
        if found := SNIPPET.fullmatch(path):
            return snippet(request, path, found)
        file = _inside(folder, path)
        if file is not None and path != "index.html":
            return _file(file, request, _IMMUTABLE if path.startswith(f"{ASSETS}/") else _SHORT)
        if path.startswith(f"{ASSETS}/") or "text/html" not in request.headers.get("accept", ""):
            raise HTTPException(404)
        if guards.visitor(request) is None:
            return _to_login(request)
        index = _inside(folder, "index.html")
        if index is None:
            return PlainTextResponse(
                "The console is not built. Run `make console`, or install a wheel, which holds it.\n", status_code=503
            )
        return _file(index, request, "no-store")

    return routes


def _inside(folder: Path, path: str) -> Path | None:
    """The file of that name in the folder; None for anything outside, hidden, or no file."""
    if any(part.startswith(".") for part in path.split("/")) or "\\" in path:
        return None
    try:
        file = (folder / path).resolve()
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except (OSError, ValueError):
        return None


def _file(file: Path, request: Request, cache: str) -> Response:
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    accepted = {each.partition(";")[0].strip() for each in request.headers.get("accept-encoding", "").split(",")}
    for encoding, suffix in _ENCODINGS:
        packed = file.with_name(file.name + suffix)
        if encoding in accepted and packed.is_file():
            return FileResponse(packed, media_type=media_type, headers={**headers, "Content-Encoding": encoding})
    return FileResponse(file, media_type=media_type, headers=headers)


def _to_login(request: Request) -> RedirectResponse:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    ended = "&ended=1" if SESSION_COOKIE in request.cookies else ""
    target = "/login" if wanted == "/" and not ended else f"/login?next={quote(wanted, safe='/')}{ended}"
    return RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})
