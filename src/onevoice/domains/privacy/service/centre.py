"""The preference centre, for the pages that open without a login."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from psycopg import Connection

from onevoice.domains.access.service import sites
from onevoice.domains.identity.contracts import Member
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.privacy.contracts import (
    EVERY,
    Centre,
    CentreForm,
    ChannelShown,
    Entry,
    Opened,
    Said,
    TopicShown,
    Waiting,
)
from onevoice.domains.privacy.rules import centre as rules
from onevoice.domains.privacy.rules import standing as standing_rules
from onevoice.domains.privacy.rules.masking import masked
from onevoice.domains.privacy.service import ledger, people
from onevoice.domains.privacy.service.people import Person
from onevoice.domains.privacy.service.standing import preferences, purposes
from onevoice.domains.privacy.store import ledger as store
from onevoice.domains.privacy.store import purposes as purpose_store
from onevoice.kit.clock import Clock

HISTORY = 20
"""Lines of the ledger that the page shows."""


class Saved(NamedTuple):
    """before: the newest line before anything was said, by which it can be undone. refused: something was withdrawn
    elsewhere after the page was opened, so that nothing was allowed; what was withdrawn here is. nowhere: a topic was
    switched on while every channel is off.
    """

    before: int
    refused: bool
    nowhere: bool


class Brand(NamedTuple):
    """Who speaks. zone: in which times are told."""

    name: str
    zone: tzinfo


def brand(conn: Connection) -> Brand:
    """By the site `main`, else by the first one."""
    found = sites.page(conn, limit=200)
    site = next((each for each in found if each.name == "main"), found[0] if found else None)
    if site is None:
        return Brand("Onevoice", UTC)
    zone = site.details.time_zone
    return Brand(site.details.title, ZoneInfo(zone) if zone else UTC)


def title(conn: Connection, purpose: str, language: str) -> str | None:
    """What people call a purpose; None for one that is unknown."""
    found = purposes(conn).get(purpose)
    return found.titles[language] if found else None


class Confirmation(NamedTuple):
    """What the holder of an address is asked. body: the text they agree to; holds: it has been answered, and stands."""

    topic: str
    address: str
    body: str | None
    holds: bool


def confirmation(conn: Connection, waits: Waiting, language: str) -> Confirmation:
    member = identity.members_by_nid(conn, [waits.nid])[waits.nid]
    entry = store.entries_by_id(conn, [waits.line])[waits.line]
    who = people.person(conn, waits.nid)
    asked = standing_rules.Address(waits.nid, waits.channel, waits.purpose)
    holds = standing_rules.decide(people.lines_of(conn, who), who.kinds, asked).state == "granted"
    topic = title(conn, waits.purpose, language) or waits.purpose
    return Confirmation(topic, masked(member.kind, member.value), entry.body, holds)


def wished_language(conn: Connection, nid: int) -> str | None:
    pid = people.person(conn, nid).pid
    return preferences(conn, [pid])[pid].language


def centre(conn: Connection, nid: int, language: str, *, upto: int | None = None) -> Centre:
    """upto: as it stood at that line."""
    return _centre(conn, people.person(conn, nid), language, upto)


def history(conn: Connection, nid: int) -> list[Entry]:
    """What is on record, the newest first."""
    return store.entries(conn, list(people.person(conn, nid).kinds), before=None, limit=HISTORY)


def save(conn: Connection, opened: Opened, form: CentreForm, language: str, said: Said, *, clock: Clock) -> Saved:
    """What the changed switches say, each against what the page had shown; also where that is not how things stand.

    Withdrawals are always taken. Raises: InvalidPreferenceError.
    """
    who = ledger.held(conn, opened.nid)
    before = store.last_line(conn, list(who.kinds))
    shown = _centre(conn, who, language, min(form.position, before))
    wanted = rules.change(shown, form)
    refused = bool(wanted.opened or wanted.grants) and not _allow(conn, who, form, wanted, shown, said, clock)
    for channel in wanted.shut:
        ledger.withdraw(conn, who.nid, EVERY, channel, _once(said, EVERY, channel), clock=clock)
    for purpose in wanted.ended:
        ledger.withdraw(conn, who.nid, purpose, EVERY, _once(said, purpose, EVERY), clock=clock)
    if wanted.wishes:
        ledger.wish(conn, who.nid, wanted.wishes, said, clock=clock)
    asked = form.topics - {each.purpose.name for each in shown.topics if each.on}
    return Saved(before, refused, bool(asked) and not form.channels and not form.shut)


def unsubscribe(conn: Connection, opened: Opened, said: Said, *, clock: Clock) -> None:
    """One click: what the message was about, by every channel; everything, where it tells nothing. Once is enough."""
    scope = (opened.purpose or EVERY, EVERY if opened.purpose or opened.channel is None else opened.channel)
    who = ledger.held(conn, opened.nid)
    mine = [line for line in people.lines_of(conn, who) if line.nid == opened.nid]
    latest = max(mine, key=lambda line: (line.happened, line.id), default=None)
    if latest is None or (latest.act, latest.purpose, latest.channel) != ("withdraw", *scope):
        ledger.withdraw(conn, opened.nid, *scope, said, clock=clock)


def _allow(
    conn: Connection, who: Person, form: CentreForm, wanted: rules.Change, shown: Centre, said: Said, clock: Clock
) -> bool:
    """False where something was withdrawn that the page had not shown; then nothing is allowed."""
    scopes = [*wanted.grants, *((EVERY, channel) for channel in wanted.opened)]
    nids = list(who.kinds)
    if form.mark != shown.mark or any(
        store.withdrawn_after(conn, nids, *scope, shown.position) is not None for scope in scopes
    ):
        return False
    wordings = {each.purpose.name: each.text for each in shown.topics}
    for channel in wanted.opened:
        ledger.lift(conn, who.nid, channel, _once(said, EVERY, channel), clock=clock)
    for purpose, channel in wanted.grants:
        wording = wordings[purpose]
        how = replace(_once(said, purpose, channel), text=wording.id if wording else None)
        ledger.grant(conn, who.nid, purpose, channel, how, clock=clock)
    return True


def _once(said: Said, purpose: str, channel: str) -> Said:
    return replace(said, key=f"{said.key}:{purpose}:{channel}")


def _centre(conn: Connection, who: Person, language: str, upto: int | None) -> Centre:
    position = store.last_line(conn, list(who.kinds)) if upto is None else upto
    lines = people.lines_of(conn, who, upto=upto)
    wishes = standing_rules.prefer(people.wishes(conn, {who.pid: who.kinds}, upto=upto)[who.pid])
    members = {member.nid: member for _, member in identity.members_of(conn, [who.pid])}
    reached = rules.in_order(_reached(conn, who, members), wishes.order)
    topics = [each for each in purposes(conn).values() if each.retired_at is None]
    marketing = [each.name for each in topics if each.message_class == "marketing"]
    wordings = {each.purpose: each for each in purpose_store.texts(conn) if each.language == language}
    channels = tuple(
        ChannelShown(
            at.channel,
            masked(members[at.nid].kind, members[at.nid].value),
            rules.is_on(lines, who.kinds, at, marketing),
        )
        for at in reached
    )
    shown = tuple(
        TopicShown(
            each,
            each.message_class == "transactional" or rules.is_wanted(lines, who.kinds, reached, each.name),
            rules.where(lines, who.kinds, reached, each.name),
            wordings.get(each.name),
        )
        for each in topics
    )
    return Centre(position, rules.mark_of(who.kinds), channels, shown, wishes)


def _reached(conn: Connection, who: Person, members: Mapping[int, Member]) -> list[rules.Reached]:
    """By which channels the person can be reached, and by which address: the page's own, else the first known."""
    own = members.get(who.nid)
    found = [own, *members.values()] if own is not None else list(members.values())
    reached: list[rules.Reached] = []
    for channel in rules.CHANNEL_ORDER:
        if channel == "push":
            bases = {each.base for each in identity.push_addresses(conn, list(members.values()))}
            nid = next((each.nid for each in found if each.base in bases), None)
        else:
            kind = rules.KIND_OF.get(channel, channel)
            nid = next((each.nid for each in found if each.kind == kind), None)
        if nid is not None:
            reached.append(rules.Reached(channel, nid))
    return reached
