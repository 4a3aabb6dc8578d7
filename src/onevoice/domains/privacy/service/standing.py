"""The door for whoever asks what may be said to whom. Reads at READ COMMITTED and locks nothing; a few statements each,
however many are asked about.
"""

from collections.abc import Sequence

from psycopg import Connection

from onevoice.domains.privacy.contracts import EVERY, Asked, Preferences, Purpose, Standing, Suppression
from onevoice.domains.privacy.rules import standing as rules
from onevoice.domains.privacy.service import people
from onevoice.domains.privacy.store import purposes as purpose_store
from onevoice.domains.privacy.store import suppressions as suppression_store

ALWAYS = Standing("granted", None, None)
"""Of what is transactional."""


def standings(conn: Connection, asked: Sequence[Asked]) -> list[Standing]:
    """What the ledger says to each, in their order. What is transactional is always granted."""
    always = {name for name, found in purposes(conn).items() if found.message_class == "transactional"}
    wanted = [each for each in asked if each.purpose not in always]
    who = people.people(conn, {each.pid for each in wanted}, {(each.pid, each.nid) for each in wanted})
    said = people.lines(conn, who, sorted({EVERY, *(each.purpose for each in wanted)}))
    return [
        ALWAYS
        if each.purpose in always
        else rules.decide(said[each.pid], who[each.pid], rules.Address(each.nid, each.channel, each.purpose))
        for each in asked
    ]


def suppressions(conn: Connection, nids: Sequence[int]) -> dict[int, Suppression]:
    """Those of these addresses that nothing may be sent to, each with the strictest reason, of those the oldest."""
    return {found.nid: found for found in suppression_store.standing(conn, nids)}


def preferences(conn: Connection, pids: Sequence[int]) -> dict[int, Preferences]:
    """What each of these people wishes; of who never said anything, NO_PREFERENCES."""
    who = people.people(conn, set(pids))
    return {pid: rules.prefer(said) for pid, said in people.wishes(conn, who).items()}


def purposes(conn: Connection) -> dict[str, Purpose]:
    """By name, in the order in which people see them; retired ones too."""
    return {found.name: found for found in purpose_store.purposes(conn)}
