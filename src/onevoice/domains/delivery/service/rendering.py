"""From a message and what was kept of it to what goes to the provider."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import msgspec
from psycopg import Connection

from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.messages import Content, Outgoing
from onevoice.domains.delivery.contracts.names import CLASSES, TYPED, MessageId
from onevoice.domains.delivery.contracts.templates import TemplateSource
from onevoice.domains.delivery.service import files
from onevoice.domains.delivery.service.links import Links, tagging
from onevoice.domains.delivery.service.wording import SAMPLE, Refused, Wanted, Worded, Wordings
from onevoice.domains.delivery.store import links as link_store
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.delivery.store import outbox as store
from onevoice.domains.identity.service import reading as identity

_END = "</body>"
_TEST = "[TEST]"

Rendered = tuple[dict[int, Outgoing], dict[int, str]]
"""By message what is to be sent, and of those that cannot be rendered the reason."""


class Doors(Protocol):
    """Addresses of ours that stand in a message, signed."""

    def unsubscribe(self, message_id: int) -> str: ...

    def preferences(self, message_id: int) -> str: ...


class Renderer:
    """May be called from many threads: each keeps the templates it compiled."""

    def __init__(self, doors: Doors, links: Links | None = None) -> None:
        """links: None where nobody counts clicks."""
        self._doors = doors
        self._links = links
        self._mine = threading.local()

    def render(self, conn: Connection, rows: Sequence[store.DueRow], at: datetime) -> Rendered:
        if not rows:
            return {}, {}
        self._mine.domains = {}
        kept = message_store.contents(conn, [row.id for row in rows])
        addresses = identity.values_of(conn, sorted({row.nid for row in rows}))
        answered = message_store.provider_ids(conn, [row.answers for row in rows if row.answers is not None])
        ways = {row.id: self._ways(row, kept.get(row.id, {})) for row in rows}
        said = self._said(conn, rows, kept, ways)
        ready: dict[int, Outgoing] = {}
        refused: dict[int, str] = {}
        for row in rows:
            address, found = addresses.get(row.nid), said.get(row.id, "content_erased")
            if row.nid == TYPED:
                address = kept.get(row.id, {}).get("address")
            if address is None or isinstance(found, str):
                refused[row.id] = found if isinstance(found, str) else "address_erased"
                continue
            content, language = found
            ready[row.id] = Outgoing(
                MessageId(row.id),
                f"ov-{row.id}",
                address,
                content,
                marketing=CLASSES[row.message_class] == "marketing",
                unsubscribe_url=ways[row.id][0] if CLASSES[row.message_class] == "marketing" else None,
                preferences_url=ways[row.id][1],
                answers=answered.get(row.answers) if row.answers is not None else None,
                language=language,
                at=at,
            )
        return ready, refused

    def _ways(self, row: store.DueRow, kept: Mapping[str, Any]) -> tuple[str | None, str]:
        """There is nothing to unsubscribe from in what a purchase or a conversation needs. A test's lead nowhere."""
        match CLASSES[row.message_class]:
            case "test":
                return SAMPLE if kept.get("leaves") else None, SAMPLE
            case "marketing":
                return self._doors.unsubscribe(row.id), self._doors.preferences(row.id)
            case _:
                return None, self._doors.preferences(row.id)

    def _said(
        self,
        conn: Connection,
        rows: Sequence[store.DueRow],
        kept: Mapping[int, Mapping[str, Any]],
        ways: Mapping[int, tuple[str | None, str]],
    ) -> dict[int, tuple[Content, str] | str]:
        """By message its content and language, or why there is none."""
        found: dict[int, tuple[Content, str] | str] = {}
        wanted: list[Wanted] = []
        linked: dict[int, list[str]] = {}
        for row in rows:
            body = kept.get(row.id)
            if body is None:
                continue
            if "words" in body:
                words = files.loaded(conn, msgspec.convert(body["words"], Content))
                found[row.id] = "file_gone" if words is None else (words, body.get("language") or "en")
            elif row.template is not None and (row.version is not None or "draft" in body):
                wanted.append(
                    Wanted(
                        row.id,
                        row.template,
                        row.version,
                        row.channel,
                        row.site,
                        body["context"],
                        language=body.get("language"),
                        unsubscribe_url=ways[row.id][0],
                        preferences_url=ways[row.id][1],
                        rewrite=self._rewriting(conn, row, linked),
                        draft=msgspec.convert(body["draft"], TemplateSource) if "draft" in body else None,
                    )
                )
        tests = {row.id for row in rows if CLASSES[row.message_class] == "test"}
        if wanted:
            for number, each in self._wordings().rendered(conn, wanted).items():
                if isinstance(each, Refused):
                    found[number] = each.reason
                elif number in tests:
                    found[number] = _marked(each.content), each.language
                else:
                    found[number] = self._seen(number, each), each.language
        if counted := {number: urls for number, urls in linked.items() if urls}:
            link_store.keep(conn, counted)
        return found

    def _rewriting(
        self, conn: Connection, row: store.DueRow, linked: dict[int, list[str]]
    ) -> Callable[[str], str] | None:
        if self._links is None or CLASSES[row.message_class] == "test":
            return None
        domains = self._domains.get(row.site)
        if domains is None:
            domains = self._domains[row.site] = sites.site(conn, row.site).details.domains
        linked[row.id] = []
        tag = tagging(row.site, domains, row.channel, row.purpose)
        return self._links.rewriting(row.id, linked[row.id], tag)

    def _seen(self, number: int, worded: Worded) -> Content:
        """A letter tells when it is opened, where its reader's program lets it."""
        content = worded.content
        if self._links is None or content.html is None or _END not in content.html:
            return content
        picture = f'<img src="{self._links.picture(number)}" width="1" height="1" alt="" style="display:block">'
        return replace(content, html=content.html.replace(_END, picture + _END, 1))

    @property
    def _domains(self) -> dict[str, Sequence[str]]:
        """Of the sites of a batch."""
        return self._mine.domains

    def _wordings(self) -> Wordings:
        made = getattr(self._mine, "wordings", None)
        if made is None:
            made = self._mine.wordings = Wordings()
        return made


def _marked(content: Content) -> Content:
    """Nobody who sees a test takes it for a message. Its clicks and opens are not counted."""
    if content.subject is not None:
        return replace(content, subject=f"{_TEST} {content.subject}")
    html = None if content.html is None else f"{_TEST}\n{content.html}"
    return replace(content, text=f"{_TEST}\n{content.text}", html=html)
