"""Opened links while a batch is linked: of all who opened one, the first is who it says something of."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import LINK_TIER, OPENED
from onevoice.domains.identity.rules.tokens import lives
from onevoice.domains.identity.service.prepare import Message
from onevoice.domains.identity.store import links as sql
from onevoice.domains.identity.store.linking import EvidenceRow


class Opening(NamedTuple):
    """The link `number` was opened on the shared identifier `base`."""

    number: int
    base: int
    tie: tuple[datetime, bytes]
    learnt: datetime
    source_id: int


def openings(message: Message) -> list[Opening]:
    """What the message says was opened: on the strongest shared identifier it carries, or else by nobody here."""
    shared = next((identifier.nid for identifier in message.found if identifier.kind.shared), None)
    if message.link is None or shared is None:
        return []
    return [Opening(message.link, shared, (message.happened, message.hash), message.learnt, message.source_id)]


def record(conn: Connection, openings: Sequence[Opening], evidence: list[EvidenceRow]) -> set[int]:
    """Remember of each link where it was opened first. openings: in the order they were learnt.

    Adds to `evidence` what says something: an opening that is earlier than all that had been learnt before. Returns:
    the bases where a link was first opened, or was thought to have been.
    """
    found = {row.number: row for row in sql.find(conn, sorted({opening.number for opening in openings}))}
    first = {number: row.first for number, row in found.items()}
    touched: set[int] = set()
    for opening in openings:
        link = found.get(opening.number)
        happened, key = opening.tie
        if link is None or not lives(happened, opening.learnt, link.issued, link.expires):
            continue
        known = first[link.number]
        if known is not None and known.tie <= opening.tie and known.learnt <= opening.learnt:
            continue  # at no time did it say anything
        evidence.append(
            EvidenceRow(
                OPENED,
                opening.base,
                link.to,
                LINK_TIER,
                happened,
                opening.learnt,
                key,
                opening.source_id,
                link.number,
            )
        )
        if known is None or opening.tie < known.tie:
            first[link.number] = sql.First(link.number, opening.base, happened, key, opening.learnt)
            touched |= {opening.base} if known is None else {opening.base, known.base}
    sql.set_first(conn, [now for number, now in first.items() if now is not None and now != found[number].first])
    return touched
