"""From a message and its content to what goes to the provider."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from psycopg import Connection

from onevoice.domains.delivery.contracts import CLASSES, Content, MessageId, Outgoing
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
    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def render(self, conn: Connection, rows: Sequence[store.DueRow], at: datetime) -> Rendered:
        if not rows:
            return {}, {}
        contents = message_store.contents(conn, [row.id for row in rows])
        addresses = identity.values_of(conn, sorted({row.nid for row in rows}))
        answered = message_store.provider_ids(conn, [row.answers for row in rows if row.answers is not None])
        ready: dict[int, Outgoing] = {}
        refused: dict[int, str] = {}
        for row in rows:
            address = addresses.get(row.nid)
            if address is None:
                refused[row.id] = "address_erased"
                continue
            content = self._content(contents.get(row.id))
            if content is None:
                refused[row.id] = "content_erased"
                continue
            marketing = CLASSES[row.message_class] == "marketing"
            ready[row.id] = Outgoing(
                MessageId(row.id),
                f"ov-{row.id}",
                address,
                content,
                marketing=marketing,
                unsubscribe_url=self._doors.unsubscribe(row.id) if marketing else None,
                preferences_url=self._doors.preferences(row.id),
                answers=answered.get(row.answers) if row.answers is not None else None,
                at=at,
            )
        return ready, refused

    @staticmethod
    def _content(kept: Mapping[str, Any] | None) -> Content | None:
        if kept is None or "words" not in kept:
            return None
        return msgspec.convert(kept["words"], Content)
