"""Trying a template out on oneself, before anybody else gets it.

A test goes the way of every message, so it is judged, paced and told of as one; only that no consent is needed for it,
and that it is no contact. So that this is no way around either, it is for people who may write templates and send
messages, it says what it is, and few go out: from one of us in an hour, and to one address in a day. So long its
address is known where nobody is known by it, and no longer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.delivery.contracts.messages import Ask, Asked, Trial
from onevoice.domains.delivery.contracts.templates import Problem, Template, TemplateSource
from onevoice.domains.delivery.errors import (
    ArchivedTemplateError,
    TemplateProblemsError,
    TooManyTestsError,
    UnknownChannelError,
)
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.rules import checking
from onevoice.domains.delivery.service import asking, wording
from onevoice.domains.delivery.service.gathering import Channels
from onevoice.domains.delivery.store import trials as store
from onevoice.kit.chance import Chance, token
from onevoice.kit.clock import Clock

FROM_ONE = 30
FROM_ONE_WITHIN = timedelta(hours=1)
TO_ONE = 10
TO_ONE_WITHIN = timedelta(days=1)
FORGET_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """person: the identifier it goes to, or TYPED and the address. node: as whom; None: as nobody."""

    template: Template
    source: TemplateSource
    channel: str
    language: str
    person: int
    address: str | None
    node: int | None
    context: Mapping[str, Any]


def send(
    conn: Connection,
    wanted: Wanted,
    channels: Channels,
    sources: Sequence[ContextSource],
    *,
    actor: str,
    clock: Clock,
    chance: Chance,
) -> Asked:
    """Ask for it, as it would be sent to a customer now.

    Raises: ArchivedTemplateError, UnknownChannelError, TemplateError, TemplateProblemsError where a customer would get
    nothing of it either, TooManyTestsError.
    """
    template = wanted.template
    if template.archived_at is not None:
        raise ArchivedTemplateError(f"Template {template.name!r} is archived. Take it back first.")
    if wanted.channel not in channels:
        raise UnknownChannelError(f"There is no channel {wanted.channel!r}; there are: {', '.join(sorted(channels))}.")
    source = TemplateSource(wanted.language, (wording.variant_of(wanted.source, wanted.channel, wanted.language),))
    _require_sendable(conn, wanted, source, sources, clock)
    asked = Ask(
        key=f"test:{token(chance, 12)}",
        person=wanted.person,
        site=template.site,
        message_class="test",
        purpose=template.purpose,
        asked_by=actor,
        template=template.id,
        context=wanted.context,
        language=wanted.language,
        channels=(wanted.channel,),
        trial=Trial(source, wanted.node, wanted.address, leaves=template.message_class == "marketing"),
    )
    _require_few(conn, asked, clock)
    made = asking.ask(conn, [asked], channels, sources, clock=clock)[0]
    after = {
        "message": made.id,
        "channel": wanted.channel,
        "language": wanted.language,
        "known": wanted.address is None,
    }
    audit.record(conn, Audit(actor, "template.tested", f"template:{template.id}", None, after), clock=clock)
    return made


def _require_sendable(
    conn: Connection, wanted: Wanted, source: TemplateSource, sources: Sequence[ContextSource], clock: Clock
) -> None:
    template = wanted.template
    problems = [each for each in checking.check(source, template.message_class) if each.severity == "error"]
    if not problems:
        found = wording.previewed(
            conn,
            source,
            channel=wanted.channel,
            language=wanted.language,
            site=template.site,
            node=wanted.node,
            contexts=sources,
            extra=wanted.context,
            at=clock.now(),
            leaves=template.message_class == "marketing",
        )
        problems = [
            Problem(
                "error", "missing_value", f"{each.path} is missing. A customer would not get this message either.",
                wanted.channel, wanted.language, each.part, each.line, each.column, each.path,
            )
            for each in found.missing
        ]  # fmt: skip
    if problems:
        raise TemplateProblemsError(
            f"This would not be sent: {problems[0].detail}",
            problems=[msgspec.to_builtins(each) for each in problems[:50]],
        )


def _require_few(conn: Connection, asked: Ask, clock: Clock) -> None:
    store.lock(conn)
    now = clock.now()
    if store.count(conn, now - FROM_ONE_WITHIN, asked_by=asked.asked_by) >= FROM_ONE:
        raise TooManyTestsError(f"You have sent {FROM_ONE} tests in this hour. Wait a while.")
    if store.count(conn, now - TO_ONE_WITHIN, fingerprint=asking.fingerprint(asked)) >= TO_ONE:
        raise TooManyTestsError(
            f"{TO_ONE} tests went to this address since yesterday. Take another, or wait until tomorrow."
        )


def housekeep(conn: Connection, now: datetime) -> int:
    """Forget the addresses that were typed for tests which have ended and count no more: a letter and the domain stay,
    to tell one from another. How many.
    """
    found = store.typed(conn, now - TO_ONE_WITHIN, FORGET_AT_ONCE)
    if found:
        store.forget(conn, {number: shortened(address) for number, address in found.items()})
    return len(found)


def shortened(address: str) -> str:
    """What is kept of an e-mail address.

    >>> shortened("me@shop.example")
    'm•••@shop.example'
    """
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
