"""From a message and its content to what goes to the provider."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from psycopg import Connection

from onevoice.domains.delivery.contracts import CLASSES, Content, MessageId, Outgoing
from onevoice.domains.delivery.service import wording
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
    """Of one sender: it keeps the templates that it has compiled."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._wordings = wording.Wordings()

    def render(self, conn: Connection, rows: Sequence[store.DueRow], at: datetime) -> Rendered:
        if not rows:
            return {}, {}
        contents = message_store.contents(conn, [row.id for row in rows])
        addresses = identity.values_of(conn, sorted({row.nid for row in rows}))
        answered = message_store.provider_ids(conn, [row.answers for row in rows if row.answers is not None])
        worded = self._worded(conn, rows, contents)
        ready: dict[int, Outgoing] = {}
        refused: dict[int, str] = {}
        for row in rows:
            address = addresses.get(row.nid)
            if address is None:
                refused[row.id] = "address_erased"
                continue
            said = worded.get(row.id)
            if said is None:
                refused[row.id] = "content_erased"
                continue
            if isinstance(said, wording.Refused):
                refused[row.id] = said.reason
                continue
            marketing = CLASSES[row.message_class] == "marketing"
            ready[row.id] = Outgoing(
                MessageId(row.id),
                f"ov-{row.id}",
                address,
                said.content,
                marketing=marketing,
                unsubscribe_url=self._doors.unsubscribe(row.id) if marketing else None,
                preferences_url=self._doors.preferences(row.id),
                answers=answered.get(row.answers) if row.answers is not None else None,
                language=said.language,
                at=at,
            )
        return ready, refused

    def _worded(
        self, conn: Connection, rows: Sequence[store.DueRow], contents: Mapping[int, Mapping[str, Any]]
    ) -> dict[int, wording.Worded | wording.Refused]:
        """Words as they were given, templates put together; not those whose content was erased."""
        found: dict[int, wording.Worded | wording.Refused] = {}
        wanted: list[wording.Wanted] = []
        for row in rows:
            kept = contents.get(row.id, {})
            if "words" in kept:
                found[row.id] = wording.Worded(msgspec.convert(kept["words"], Content), "en")
            elif "context" in kept and row.template is not None and row.version is not None:
                wanted.append(self._wanted(row, row.template, row.version, kept))
        return found | self._wordings.rendered(conn, wanted) if wanted else found

    def _wanted(self, row: store.DueRow, template: int, version: int, kept: Mapping[str, Any]) -> wording.Wanted:
        return wording.Wanted(
            row.id,
            template,
            version,
            row.channel,
            row.site,
            kept["context"],
            kept.get("language"),
            self._doors.unsubscribe(row.id) if CLASSES[row.message_class] == "marketing" else None,
            self._doors.preferences(row.id),
        )
