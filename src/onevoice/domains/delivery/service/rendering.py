"""From a message and what was kept of it to what goes to the provider."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from psycopg import Connection

from onevoice.domains.delivery.contracts import CLASSES, Content, MessageId, Outgoing
from onevoice.domains.delivery.service.wording import Refused, Wanted, Wordings
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.delivery.store import outbox as store
from onevoice.domains.identity.service import reading as identity

Rendered = tuple[dict[int, Outgoing], dict[int, str]]
"""By message what is to be sent, and of those that cannot be rendered the reason."""


class Doors(Protocol):
    """Addresses of ours that stand in a message, signed."""

    def unsubscribe(self, message_id: int) -> str: ...

    def preferences(self, message_id: int) -> str: ...


class Renderer:
    """May be called from many threads: each keeps the templates it compiled."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._mine = threading.local()

    def render(self, conn: Connection, rows: Sequence[store.DueRow], at: datetime) -> Rendered:
        if not rows:
            return {}, {}
        kept = message_store.contents(conn, [row.id for row in rows])
        addresses = identity.values_of(conn, sorted({row.nid for row in rows}))
        answered = message_store.provider_ids(conn, [row.answers for row in rows if row.answers is not None])
        ways = {row.id: (self._unsubscribe(row), self._doors.preferences(row.id)) for row in rows}
        said = self._said(conn, rows, kept, ways)
        ready: dict[int, Outgoing] = {}
        refused: dict[int, str] = {}
        for row in rows:
            address, found = addresses.get(row.nid), said.get(row.id, "content_erased")
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
                unsubscribe_url=ways[row.id][0],
                preferences_url=ways[row.id][1],
                answers=answered.get(row.answers) if row.answers is not None else None,
                language=language,
                at=at,
            )
        return ready, refused

    def _unsubscribe(self, row: store.DueRow) -> str | None:
        """There is nothing to unsubscribe from in what a purchase or a conversation needs."""
        return self._doors.unsubscribe(row.id) if CLASSES[row.message_class] == "marketing" else None

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
        for row in rows:
            body = kept.get(row.id)
            if body is None:
                continue
            if "words" in body:
                found[row.id] = msgspec.convert(body["words"], Content), body.get("language") or "en"
            elif row.template is not None and row.version is not None:
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
                    )
                )
        if wanted:
            for number, each in self._wordings().rendered(conn, wanted).items():
                found[number] = each.reason if isinstance(each, Refused) else (each.content, each.language)
        return found

    def _wordings(self) -> Wordings:
        made = getattr(self._mine, "wordings", None)
        if made is None:
            made = self._mine.wordings = Wordings()
        return made
