"""What may be said to each of a person's addresses, for the people who run the shop."""

from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import Member
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.privacy.contracts import Asked, Entry, Preferences, Standing, Suppression
from onevoice.domains.privacy.rules import centre as rules
from onevoice.domains.privacy.rules import standing as standing_rules
from onevoice.domains.privacy.service import people, standing
from onevoice.domains.privacy.store import ledger as store


class Answer(NamedTuple):
    """entry: the line that decided."""

    purpose: str
    channel: str
    address: Member
    standing: Standing
    entry: Entry | None
    suppression: Suppression | None


class Overview(NamedTuple):
    answers: list[Answer]
    wishes: Preferences


def overview(conn: Connection, pid: int) -> Overview:
    """By channel, address and purpose."""
    members = [member for _, member in identity.members_of(conn, [pid])]
    purposes = [each for each in standing.purposes(conn).values() if each.retired_at is None]
    asked = [
        (channel, member, purpose.name)
        for channel in rules.CHANNEL_ORDER
        for member in _addresses(conn, channel, members)
        for purpose in purposes
    ]
    found = standing.standings(conn, [Asked(pid, member.nid, channel, purpose) for channel, member, purpose in asked])
    lines = store.entries_by_id(conn, [each.entry for each in found if each.entry is not None])
    shut = standing.suppressions(conn, sorted({member.nid for _, member, _ in asked}))
    answers = [
        Answer(purpose, channel, member, said, lines.get(said.entry or 0), shut.get(member.nid))
        for (channel, member, purpose), said in zip(asked, found, strict=True)
    ]
    return Overview(answers, standing.preferences(conn, [pid])[pid])


def history(conn: Connection, pid: int, *, before: int | None, limit: int) -> list[Entry]:
    """The whole ledger of a person, newest first."""
    return store.entries(conn, list(people.people(conn, [pid])[pid]), before=before, limit=limit)


def _addresses(conn: Connection, channel: str, members: list[Member]) -> list[Member]:
    if channel == "push":
        bases = {each.base for each in identity.push_addresses(conn, members)}
        return [each for each in members if each.base in bases]
    return [each for each in members if standing_rules.is_address(each.kind, channel)]


def usual(conn: Connection, pid: int, otherwise: int) -> int:
    """The address by which somebody's pages are opened when none was named: that of the first channel they have."""
    members = [member for _, member in identity.members_of(conn, [pid])]
    for channel in ("email", *rules.CHANNEL_ORDER):
        found = _addresses(conn, channel, members)
        if found:
            return found[0].nid
    return otherwise
