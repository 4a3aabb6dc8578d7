"""What the gate is told of many messages at once: a few statements for a batch, whoever asks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from psycopg import Connection

from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.contracts.names import TYPED, AnyClass
from onevoice.domains.delivery.rules import pace
from onevoice.domains.delivery.rules.facts import Candidate, Contact, Facts
from onevoice.domains.delivery.store import facts as store
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.privacy.contracts import NO_PREFERENCES, Asked, Preferences, Standing, Suppression
from onevoice.domains.privacy.service import standing as privacy
from onevoice.domains.profiles.service import facts as profiles
from onevoice.kit import places

LOOK_BACK = timedelta(days=30)
CONTACTS_MOST = 50
ZONE_TRAITS = ("timezone", "time_zone")

Channels = Mapping[str, Manifest]
"""By kind, the channels that are installed."""


class Subject(NamedTuple):
    """A message to be judged. message: its own id, which is no contact of its own. account: the one it waits for.
    person: of a test also the very address, or TYPED.
    """

    message: int
    person: int
    site: str
    message_class: AnyClass
    purpose: str
    priority: str
    wish: tuple[str, ...]
    fingerprint: bytes
    account: int | None = None


class Gathered(NamedTuple):
    """facts: in the order of the subjects. pids: whose each person is now, by the identifier that was asked for."""

    facts: list[Facts]
    pids: dict[int, int]


class _Known(NamedTuple):
    """What was read for a batch."""

    addresses: Mapping[int, Mapping[str, list[int]]]
    standings: Mapping[Asked, Standing]
    suppressions: Mapping[int, Suppression]
    reach: Mapping[tuple[int, int], store.ReachRow]
    heard: Mapping[int, datetime]
    preferences: Mapping[int, Preferences]
    contacts: Mapping[int, Sequence[store.ContactRow]]
    zones: Mapping[int, str]
    site_zones: Mapping[str, str]
    switches: tuple[str, ...]
    spent: Mapping[str, int]


def gather(
    conn: Connection, subjects: Sequence[Subject], channels: Channels, accounts: Sequence[Account], at: datetime
) -> Gathered:
    """Reads at READ COMMITTED: what was committed before this is called is seen."""
    pids = identity.pids_of(conn, sorted({each.person for each in subjects}))
    usable = _usable(accounts)
    known = _read(conn, subjects, pids, channels, usable, at)
    return Gathered([_facts(each, pids.get(each.person), known, channels, usable, at) for each in subjects], pids)


def _usable(accounts: Iterable[Account]) -> dict[tuple[str, str], list[Account]]:
    """By site and channel, those that work first; one that rests or is in trouble still holds what waits for it."""
    found: defaultdict[tuple[str, str], list[Account]] = defaultdict(list)
    for each in accounts:
        if not each.paused:
            found[each.site, each.channel].append(each)
    for group in found.values():
        group.sort(key=lambda each: (not works(each), each.place, each.id))
    return dict(found)


def works(account: Account) -> bool:
    """Whether messages should go through it, where another could take them."""
    return not account.paused and account.trouble is None and account.trips < pace.TRIPS_TO_LEAVE


def _read(
    conn: Connection,
    subjects: Sequence[Subject],
    pids: Mapping[int, int],
    channels: Channels,
    usable: Mapping[tuple[str, str], list[Account]],
    at: datetime,
) -> _Known:
    people = sorted(set(pids.values()))
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for name, manifest in channels.items():
        by_kind[manifest.capabilities.address_kind].append(name)
    addresses: defaultdict[int, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    owner: dict[int, int] = {}
    for row in identity.addresses(conn, people, sorted(by_kind)):
        owner[row.nid] = row.pid
        for name in by_kind[row.kind]:
            addresses[row.pid][name].append(row.nid)
    nids = sorted(owner)
    marketing = [each for each in subjects if each.message_class == "marketing" and each.person in pids]
    asked = list(dict.fromkeys(
        Asked(pid, nid, channels[name].door, each.purpose)
        for each in marketing
        for pid in (pids[each.person],)
        for name in _wished(each, channels, usable)
        for nid in addresses[pid][name]
    ))  # fmt: skip
    reach = store.reach(conn, nids) if nids else []
    contacts: defaultdict[int, list[store.ContactRow]] = defaultdict(list)
    if marketing:
        for row in store.contacts(conn, nids, at - LOOK_BACK):
            contacts[owner[row.nid]].append(row)
    wanted = sorted({pids[each.person] for each in marketing})
    return _Known(
        addresses=addresses,
        standings=dict(zip(asked, privacy.standings(conn, asked), strict=True)) if asked else {},
        suppressions=privacy.suppressions(conn, nids) if nids else {},
        reach={(row.account_id, row.nid): row for row in reach},
        heard=_heard(reach, owner),
        preferences=privacy.preferences(conn, people) if people else {},
        contacts=contacts,
        zones=_zones(profiles.traits_of(conn, wanted, ZONE_TRAITS)) if wanted else {},
        site_zones={name: _site_zone(conn, name) for name in {each.site for each in marketing}},
        switches=tuple(store.switches(conn)),
        spent=store.spent(conn, month(at)) if marketing else {},
    )


def _heard(reach: Iterable[store.ReachRow], owner: Mapping[int, int]) -> dict[int, datetime]:
    """By person when they last wrote, to whatever account of ours."""
    found: dict[int, datetime] = {}
    for row in reach:
        if row.heard_at is not None:
            pid = owner[row.nid]
            found[pid] = max(found.get(pid, row.heard_at), row.heard_at)
    return found


def month(at: datetime) -> date:
    return at.date().replace(day=1)


def _zones(traits: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    found: dict[int, str] = {}
    for pid, values in traits.items():
        for name in ZONE_TRAITS:
            value = values.get(name)
            zone = places.time_zone(value) if isinstance(value, str) else None
            if zone is not None:
                found[pid] = zone
                break
    return found


def _site_zone(conn: Connection, name: str) -> str:
    return sites.site(conn, name).details.time_zone or "UTC"


def _wished(subject: Subject, channels: Channels, usable: Mapping[tuple[str, str], list[Account]]) -> list[str]:
    """What it may go by: what was asked for, else whatever the site has."""
    if subject.wish:
        return [name for name in subject.wish if name in channels]
    return [name for name in channels if (subject.site, name) in usable]


def _facts(
    subject: Subject,
    pid: int | None,
    known: _Known,
    channels: Channels,
    usable: Mapping[tuple[str, str], list[Account]],
    at: datetime,
) -> Facts:
    wishes = NO_PREFERENCES if pid is None else known.preferences.get(pid, NO_PREFERENCES)
    names = _wished(subject, channels, usable)
    candidates = tuple(
        _candidate(subject, pid, known, channels[name], usable.get((subject.site, name), [])) for name in names
    )
    if subject.message_class != "marketing":
        return Facts(
            at, subject.message_class, subject.purpose, subject.priority, "UTC", candidates,
            order=wishes.order, heard_at=None if pid is None else known.heard.get(pid), killed=known.switches,
        )  # fmt: skip
    had = [] if pid is None else [row for row in known.contacts.get(pid, ()) if row.id != subject.message]
    same = [row.at for row in had if row.fingerprint == subject.fingerprint]
    counted = [row for row in had if row.message_class == store.MARKETING][-CONTACTS_MOST:]
    zone = known.site_zones[subject.site]
    return Facts(
        at,
        subject.message_class,
        subject.purpose,
        subject.priority,
        zone if pid is None else known.zones.get(pid, zone),
        candidates,
        pause_until=wishes.pause_until,
        per_week=wishes.per_week,
        hours=wishes.hours,
        order=wishes.order,
        contacts=tuple(Contact(row.at, row.channel) for row in counted),
        same_content_at=max(same, default=None),
        killed=known.switches,
        month_minor=known.spent.get(subject.site, 0),
    )


def _candidate(
    subject: Subject, pid: int | None, known: _Known, manifest: Manifest, accounts: Sequence[Account]
) -> Candidate:
    account = _account(subject, accounts, manifest)
    nids = _addresses(subject, [] if pid is None else known.addresses.get(pid, {}).get(manifest.kind, []))
    options = [_address(subject, pid, nid, known, manifest, account) for nid in nids]
    if not options:
        return Candidate(
            manifest.kind,
            None if account is None else account.id,
            needs_contact=manifest.capabilities.needs_contact,
            window_hours=manifest.capabilities.window_hours,
            cost_minor=0 if account is None else account.cost_minor,
        )
    return min(options, key=lambda each: _worse(each, subject.message_class))


def _addresses(subject: Subject, theirs: Sequence[int]) -> Sequence[int]:
    """A test goes where it was told to go, not where the person reads most."""
    if subject.person == TYPED:
        return [TYPED]
    return [subject.person] if subject.message_class == "test" and subject.person in theirs else theirs


def _account(subject: Subject, accounts: Sequence[Account], manifest: Manifest) -> Account | None:
    """The one that it waits for, unless that does not work and another can do the same."""
    own = next((each for each in accounts if each.id == subject.account), None)
    if own is not None and (works(own) or not manifest.capabilities.failover):
        return own
    return accounts[0] if accounts else None


def _worse(candidate: Candidate, message_class: str) -> tuple[bool, bool, bool, float]:
    """Of several addresses of a channel the one that may be written to; of those where they were heard last, then the
    one learnt last, which comes first.
    """
    heard = candidate.last_heard
    return (
        candidate.suppressed is not None,
        message_class == "marketing" and candidate.consent != "granted",
        candidate.reach == "shut" or (candidate.needs_contact and candidate.reach != "open"),
        -heard.timestamp() if heard is not None else 0.0,
    )


def _address(
    subject: Subject, pid: int | None, nid: int, known: _Known, manifest: Manifest, account: Account | None
) -> Candidate:
    consent = known.standings.get(Asked(pid or 0, nid, manifest.door, subject.purpose))
    block = known.suppressions.get(nid)
    reach = None if account is None else known.reach.get((account.id, nid))
    return Candidate(
        manifest.kind,
        None if account is None else account.id,
        nid,
        consent="none" if consent is None else consent.state,
        consent_entry=None if consent is None else consent.entry,
        consent_since=None if consent is None else consent.since,
        suppressed=None if block is None else block.reason,
        suppressed_since=None if block is None else block.since,
        reach="unknown" if reach is None or reach.open is None else "open" if reach.open else "shut",
        reach_since=None if reach is None else reach.since,
        needs_contact=manifest.capabilities.needs_contact,
        window_hours=manifest.capabilities.window_hours,
        last_heard=None if reach is None else reach.heard_at,
        cost_minor=0 if account is None else account.cost_minor,
    )
