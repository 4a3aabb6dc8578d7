"""/api/profiles/{ref}/consents: what may be said to somebody, why, and recording what they say to one of ours."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.identity.contracts import Member
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service import references
from onevoice.domains.privacy.contracts import Entry, Said
from onevoice.domains.privacy.errors import InvalidConsentError
from onevoice.domains.privacy.http import shapes
from onevoice.domains.privacy.service import addresses, doors, ledger, purposes
from onevoice.domains.profiles.service.sources import regions, source_infos
from onevoice.kit import chance as chances
from onevoice.kit import cursor as cursors
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.edge import public_base
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import STORABLE, Cursor, Limit, Page
from onevoice.web.problems import documented
from onevoice.web.settings import WebSettings

Ref = Annotated[
    str,
    Path(
        max_length=1200,
        pattern=STORABLE,
        description="`kind:value`, such as `email:anna@example.com`, or `profile:<id>`.",
        examples=["email:anna@example.com"],
    ),
]
Reads = Annotated[Actor, allow("customers.read")]
Edits = Annotated[Actor, allow("consent.edit")]
FINDING = documented({404: "Nobody is known by this identifier.", 409: "Several people are."})


class Keys:
    """Those of an installation that this needs. vault: of identifiers; door, confirmation: of tokens."""

    def __init__(self, vault: bytes, door: bytes, confirmation: bytes) -> None:
        self.vault = vault
        self.door = door
        self.confirmation = confirmation


def router(database: Database, keys: Keys, settings: WebSettings, *, clock: Clock, chance: Chance) -> APIRouter:
    """Include it before whatever answers all below /api/profiles."""
    routes = APIRouter(prefix="/api/profiles", tags=["privacy"])

    def find(conn: Connection, reference: str) -> tuple[int, int]:
        return references.locate(conn, reference, keys.vault, regions(source_infos(conn)))

    @routes.get("/{ref:path}/consents/history", responses=FINDING)
    def history(_: Reads, ref: Ref, limit: Limit = 50, cursor: Cursor = None) -> Page[shapes.EntryView]:
        """The ledger, newest first: all that was ever said by any of the person's identifiers."""
        before = cursors.decode_id(cursor)
        with database.transaction() as conn:
            pid = find(conn, ref)[1]
            found = addresses.history(conn, pid, before=before, limit=limit + 1)
            data = entry_views(conn, found[:limit])
        return Page(data=data, next_cursor=cursors.encode(found[limit - 1].id) if len(found) > limit else None)

    @routes.get("/{ref:path}/consents", responses=FINDING)
    def standings(_: Reads, ref: Ref) -> shapes.Standings:
        """What may be sent to each address, by purpose, with the line of the ledger that decides; and what the person
        wishes.
        """
        with database.transaction() as conn:
            pid = find(conn, ref)[1]
            found = addresses.overview(conn, pid)
            lines = {answer.entry.id: answer.entry for answer in found.answers if answer.entry is not None}
            told = dict(zip(lines, entry_views(conn, list(lines.values())), strict=True))
        wishes = found.wishes
        return shapes.Standings(
            data=[
                shapes.StandingView(
                    purpose=each.purpose,
                    channel=each.channel,
                    address=name_of(each.address),
                    state=each.standing.state,
                    since=each.standing.since,
                    entry=told[each.entry.id] if each.entry else None,
                    suppression=shapes.SuppressedNow(reason=each.suppression.reason, since=each.suppression.since)
                    if each.suppression
                    else None,
                )
                for each in found.answers
            ],
            preferences=shapes.Wishes(
                pause_until=wishes.pause_until,
                per_week=wishes.per_week,
                hours=list(wishes.hours) if wishes.hours else None,
                order=list(wishes.order),
                language=wishes.language,
            ),
        )

    @routes.post("/{ref:path}/consents", status_code=201, responses=FINDING)
    def record(actor: Edits, request: Request, ref: Ref, wanted: shapes.ConsentCreate) -> shapes.Recorded:
        """What somebody said to one of ours, or to a program. A consent names the text that was shown or read out."""
        with database.transaction() as conn:
            nid, pid = find(conn, wanted.address or ref)
            if wanted.address is not None and find(conn, ref)[1] != pid:
                raise InvalidConsentError("The address belongs to somebody else. Leave it out, or name one of theirs.")
            if wanted.text_id is not None:
                purposes.text(conn, int(wanted.text_id), wanted.purpose)
            elif wanted.act != "withdraw":
                raise InvalidConsentError("Say with `text_id` which text the person agreed to.")
            told = _record(conn, actor, nid, wanted)
            after = {"act": wanted.act, "purpose": wanted.purpose, "channel": wanted.channel}
            if not told.repeated:
                audit.record(conn, Audit(actor.label, "consent.recorded", f"profile:{pid}", after=after), clock=clock)
        if told.confirm_url is not None:
            return told.model_copy(update={"confirm_url": f"{public_base(request, settings)}{told.confirm_url}"})
        return told

    def _record(conn: Connection, actor: Actor, nid: int, wanted: shapes.ConsentCreate) -> shapes.Recorded:
        person = actor.kind == "account"
        key = f"{actor.label}:{wanted.key}" if wanted.key else f"api:{chances.token(chance, 16)}"
        said = Said(
            "operator" if person else "api",
            key,
            actor=actor.label,
            happened=wanted.happened_at,
            text=int(wanted.text_id) if wanted.text_id else None,
            proven=wanted.proven,
            proof={"how": wanted.how},
        )
        if wanted.act == "request":
            asked = ledger.request(
                conn, nid, wanted.purpose, wanted.channel, said, clock=clock, chance=chance, key=keys.confirmation
            )
            return shapes.Recorded(
                lines=[str(asked.line)] if asked.line is not None else [],
                repeated=asked.line is None,
                confirm_url=f"/confirm/{asked.token}" if asked.token else None,
                expires_at=asked.expires,
            )
        act = ledger.grant if wanted.act == "grant" else ledger.withdraw
        done = act(conn, nid, wanted.purpose, wanted.channel, said, clock=clock)
        return shapes.Recorded(
            lines=[str(line) for line in done.lines], repeated=done.repeated, confirm_url=None, expires_at=None
        )

    @routes.post("/{ref:path}/preferences-links", status_code=201, responses=FINDING)
    def link(actor: Edits, request: Request, ref: Ref) -> shapes.PreferencesLink:
        """The address of the person's preference centre, which opens without a login: for the person alone."""
        with database.transaction() as conn:
            nid, pid = find(conn, ref)
            if ref.startswith("profile:"):
                nid = addresses.usual(conn, pid, nid)
            made = doors.make(conn, nid, actor=actor.label, key=keys.door, clock=clock, chance=chance)
            audit.record(conn, Audit(actor.label, "preferences_link.made", f"profile:{pid}"), clock=clock)
        url = f"{public_base(request, settings)}/preferences/{made.token}"
        return shapes.PreferencesLink(url=url, expires_at=made.expires)

    return routes


def name_of(member: Member) -> str:
    return f"{member.kind}:{member.value}"


def entry_views(conn: Connection, entries: Sequence[Entry]) -> list[shapes.EntryView]:
    nids = {nid for entry in entries for nid in (entry.nid, entry.via) if nid is not None}
    members = identity.members_by_nid(conn, sorted(nids))
    return [_entry(entry, members) for entry in entries]


def _entry(entry: Entry, members: Mapping[int, Member]) -> shapes.EntryView:
    how = entry.proof.get("how")
    return shapes.EntryView(
        id=str(entry.id),
        purpose=entry.purpose,
        channel=entry.channel,
        act=entry.act,
        identifier=name_of(members[entry.nid]),
        via=name_of(members[entry.via]) if entry.via is not None else None,
        source=entry.source,
        door=entry.door,
        happened_at=entry.happened,
        learnt_at=entry.learnt,
        actor=entry.actor,
        how=how if isinstance(how, str) else None,
        text=entry.body,
        text_id=str(entry.text) if entry.text is not None else None,
        text_version=entry.version,
        text_language=entry.language,
    )
