"""Addresses of ours that stand in messages. They carry an opaque number and its signature, and nothing else."""

from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.delivery.service import saying
from onevoice.domains.delivery.store import messages as store
from onevoice.kit import tokens

USE = "message"


class Opened(NamedTuple):
    """Whose door a token is: the address that the message went to, and what it was about."""

    message_id: int
    nid: int
    purpose: str
    channel: str | None


class Doors:
    """base: the address under which people reach us, without a slash at its end."""

    def __init__(self, base: str, secret: bytes) -> None:
        self._base = base
        self._key = tokens.key_of(secret, USE)

    def unsubscribe(self, message_id: int) -> str:
        return f"{self._base}/unsubscribe/{tokens.make(message_id, self._key)}"

    def preferences(self, message_id: int) -> str:
        return f"{self._base}/preferences/{tokens.make(message_id, self._key)}"

    def opened(self, conn: Connection, token: str, at: datetime) -> Opened | None:
        """None of anything that is not wholly as we made it. Whoever holds one has the letter, or is a machine on its
        way.
        """
        number = tokens.number_of(token, self._key)
        message = store.message(conn, number) if number is not None else None
        if message is None or message.nid is None or message.message_class == "test":
            return None
        saying.move_on(conn, message.id, "sent", at)
        return Opened(message.id, message.nid, message.purpose, message.channel)
