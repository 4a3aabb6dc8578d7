"""/l/{token} and /o/{token}: links and pictures of messages. Who holds one may follow it; any changed byte is a 404."""

import base64
import html
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from onevoice.domains.delivery.service import asking as messages
from onevoice.domains.delivery.service.links import Asking, Links
from onevoice.kit import bus
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.i18n import Phrase
from onevoice.web import plain

_POINT = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_LOST = Phrase("This link leads nowhere", "Эта ссылка никуда не ведёт", "Ten link donikąd nie prowadzi")
_WHY = Phrase(
    "It is incomplete or was changed. Open it from the message itself.",
    "Она неполная или изменена. Откройте её из самого сообщения.",
    "Jest niepełny albo zmieniony. Proszę otworzyć go z samej wiadomości.",
)
_STYLE = (
    'body{margin:0;padding:64px 16px;font:16px/24px "Golos Text Variable",sans-serif;color:#10231f;background:#eef2ee}'
    "main{max-width:480px;margin:auto}h1{font-size:24px;line-height:28px;font-weight:600;margin:0 0 8px}"
    "@media (prefers-color-scheme:dark){body{color:#e4ece7;background:#0e1815}}"
)


def router(database: Database, links: Links, console: Path, *, clock: Clock, chance: Chance) -> APIRouter:
    """console: the folder of the built console, whose font the page borrows."""
    routes = APIRouter(include_in_schema=False)
    changed = bus.Bell(database, messages.CHANGED)
    style = plain.Asset("link", "css", plain.font_faces(console) + _STYLE)
    style.serve(routes)

    def lost(request: Request) -> Response:
        language = plain.language_of(request)
        title, why = html.escape(_LOST.to(language)), html.escape(_WHY.to(language))
        return HTMLResponse(
            f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{style.address}">'
            f"<main><h1>{title}</h1><p>{why}</p></main></html>",
            status_code=404,
            headers={"Cache-Control": "no-store"},
        )

    def asking(request: Request) -> Asking:
        return Asking(request.method, {name.lower(): value for name, value in request.headers.items()})

    @routes.api_route("/l/{token}", methods=["GET", "HEAD"])
    def follow(request: Request, token: str) -> Response:
        with database.transaction() as conn:
            url = links.follow(conn, token, asking(request), clock=clock, chance=chance)
        if url is None:
            return lost(request)
        changed.ring()
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
        return RedirectResponse(url, status_code=302, headers=headers)

    @routes.get("/o/{token}")
    def look(request: Request, token: str) -> Response:
        with database.transaction() as conn:
            known = links.look(conn, token, asking(request), clock=clock, chance=chance)
        if known:
            changed.ring()
        headers = {"Cache-Control": "no-store, private"}
        return Response(_POINT, media_type="image/gif", status_code=200 if known else 404, headers=headers)

    return routes
