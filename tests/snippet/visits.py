"""A page with the snippet, and what the server knows of who looks at it."""

from typing import Any
from urllib.parse import quote

import httpx
from browsers import Tab

from support import LiveServer
from waiting import until


def ready(tab: Tab, url: str) -> Tab:
    tab.open(url)
    until(lambda: not tab.run("Array.isArray(window.onevoice)"), what="the snippet did not start")
    return tab


def visitor_id(tab: Tab) -> str:
    return str(tab.run("onevoice.ids().anonymousId"))


def events(server: LiveServer, anonymous: str) -> list[dict[str, Any]]:
    """Newest first, once all that was taken is linked; none while the server is away."""
    try:
        server.settle()
    except httpx.TransportError:
        return []
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = server.get(
            f"/api/profiles/anonymous_id:{quote(anonymous)}/events",
            limit="200",
            **({"cursor": cursor} if cursor else {}),
        )
        if answer.status_code == 404:
            return []
        page = answer.json()
        found.extend(page["data"])
        cursor = page["next_cursor"]
        if not cursor:
            return found
