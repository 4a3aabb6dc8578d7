"""What is said becomes an event of the log too, so that the timeline and whatever follows it can see it."""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from onevoice.domains.access.contracts import SourceId
from onevoice.domains.access.service import keys, sites
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.contracts import Member
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.privacy.contracts import Said
from onevoice.domains.privacy.service.people import Person
from onevoice.kit.clock import Clock

SOURCE = "Consents"
"""The source of these events."""
USUAL_SITE = "main"
ACTOR = "consents"


def tell(
    conn: Connection, who: Person, name: str, properties: Mapping[str, Any], said: Said, line: int, clock: Clock
) -> None:
    """Append the event, in the transaction of what it tells. It names the one identifier it was said by."""
    member = identity.members_by_nid(conn, [who.nid]).get(who.nid)
    names = _names(member) if member is not None and member.value else None
    if names is None:
        return  # the value was erased: nobody can be named any more
    now = clock.now()
    context: dict[str, Any] = {**names.pop("context", {}), **({"channel": said.door} if said.door else {})}
    event = {
        "type": "track",
        "event": name,
        "messageId": f"{SOURCE.lower()}:{line}",
        "timestamp": (said.happened or now).isoformat(),
        "properties": dict(properties),
        "context": context,
        **names,
    }
    events.append(conn, [events.judged([event], _source(conn, clock), now)])


def _source(conn: Connection, clock: Clock) -> SourceId:
    known = [source.id for source in keys.sources(conn).values() if source.name == SOURCE]
    if known:
        return known[0]
    first = sites.page(conn, limit=1)
    site = first[0].name if first else USUAL_SITE
    return keys.ensure_source(conn, SOURCE, channel="api", site=site, actor=ACTOR, clock=clock).id


def _names(member: Member) -> dict[str, Any]:
    """The identifier where Segment's events carry one of its kind."""
    match member.kind:
        case "user_id":
            return {"userId": member.value}
        case "anonymous_id":
            return {"anonymousId": member.value}
        case "device":
            return {"context": {"device": {"id": member.value}}}
        case "email" | "phone":
            return {"context": {"traits": {member.kind: member.value}}}
        case _:
            kind = member.kind.removeprefix("external:")
            return {"context": {"externalIds": [{"type": kind, "id": member.value}]}}
