"""Writing the ledger: asked, granted, confirmed, withdrawn, wished. Each once per key, each an event of the log too.

Who says something holds the identifiers it is about until the transaction ends, so that a consent never overtakes a
withdrawal it has not seen. A withdrawal is always taken, and counts from its commit.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from onevoice.domains.identity.contracts import CHANNELS
from onevoice.domains.privacy.contracts import EVERY, Act, Purpose, Recorded, Requested, Said, Waiting, Wish
from onevoice.domains.privacy.errors import (
    ConfirmationNeededError,
    InvalidConsentError,
    UnknownDoorError,
    UnknownPurposeError,
    WithdrawnSinceError,
)
from onevoice.domains.privacy.rules import standing as rules
from onevoice.domains.privacy.rules import wishes as wish_rules
from onevoice.domains.privacy.service import people, telling
from onevoice.domains.privacy.service.people import Person
from onevoice.domains.privacy.service.standing import purposes
from onevoice.domains.privacy.store import ledger as store
from onevoice.kit import tokens
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock

CONFIRM_WITHIN = timedelta(days=7)
CONFIRMATION = "privacy confirmation"
"""What the key of confirmations' tokens is derived for."""

_EVENTS: Mapping[Act, str] = {
    "request": "Consent Requested",
    "grant": "Consent Granted",
    "confirm": "Consent Granted",
    "withdraw": "Consent Withdrawn",
}


def withdraw(conn: Connection, nid: int, purpose: str, channel: str, said: Said, *, clock: Clock) -> Recorded:
    """Never refused, whatever else is going on. Raises: UnknownPurposeError, InvalidConsentError."""
    _require_channel(channel)
    if purpose != EVERY and _purpose(conn, purpose).message_class == "transactional":
        raise InvalidConsentError(f"{purpose} is what a purchase needs: it rests on no consent to withdraw.")
    return _write(conn, held(conn, nid), (purpose, channel), "withdraw", said, clock)


def grant(
    conn: Connection, nid: int, purpose: str, channel: str, said: Said, *, clock: Clock, seen: int | None = None
) -> Recorded:
    """seen: the line up to which whoever grants has seen the ledger; what was withdrawn after it stays so. None: all.

    Besides the own line one for each other identifier of the person by which it was withdrawn, said `via` this one:
    lifted while the two are one person.

    Raises: UnknownPurposeError, InvalidConsentError, ConfirmationNeededError, WithdrawnSinceError.
    """
    _require_channel(channel)
    wanted = _marketing(conn, purpose)
    if wanted.double_opt_in and not said.proven:
        raise ConfirmationNeededError(
            f"Consent to {purpose} holds once the address's holder confirms it. Record a request, which makes a link"
            " for them, or say what proves that it was given."
        )
    return _allow(conn, nid, (purpose, channel), "grant", said, seen, clock)


def lift(conn: Connection, nid: int, channel: str, said: Said, *, clock: Clock, seen: int | None = None) -> Recorded:
    """Open a channel that was shut as a whole. It allows no purpose that was not allowed.

    Raises: WithdrawnSinceError.
    """
    return _allow(conn, nid, (EVERY, channel), "grant", said, seen, clock)


def request(
    conn: Connection, nid: int, purpose: str, channel: str, said: Said, *, clock: Clock, chance: Chance, key: bytes
) -> Requested:
    """Ask the address's holder. It changes nothing until they confirm. key: of confirmations' tokens.

    Raises: UnknownPurposeError, InvalidConsentError.
    """
    _require_channel(channel)
    _marketing(conn, purpose)
    if channel == EVERY:
        raise InvalidConsentError("A request goes to one address: name its channel.")
    who = held(conn, nid)
    asked = rules.Address(nid, channel, purpose)
    if rules.decide(people.lines_of(conn, who), who.kinds, asked).state == "granted":
        return Requested(None, None, None)
    written = _write(conn, who, (purpose, channel), "request", said, clock)
    line = written.lines[0]
    if written.repeated:
        known = store.request_of_line(conn, line)
        return Requested(line, *((tokens.make(known[0], key), known[1]) if known else (None, None)))
    expires = clock.now() + CONFIRM_WITHIN
    number = tokens.draw(chance)
    while not store.add_request(conn, number, line, expires):
        number = tokens.draw(chance)
    return Requested(line, tokens.make(number, key), expires)


def waiting(conn: Connection, token: str, key: bytes, now: datetime) -> Waiting:
    """What a token asks. Raises: UnknownDoorError, the same for one that is unknown, changed or too old."""
    number = tokens.number_of(token, key)
    found = store.request(conn, number, _confirmation_key(number)) if number is not None else None
    if found is None or found[1] <= now:
        raise UnknownDoorError("This link is not right, or it is too old.")
    return found[0]


def confirm(conn: Connection, token: str, said: Said, *, clock: Clock, key: bytes) -> Recorded:
    """One line, however often. said.key is not used: the token is the key.

    Raises: UnknownDoorError, WithdrawnSinceError.
    """
    asked = waiting(conn, token, key, clock.now())
    number = tokens.number_of(token, key)
    once = Said(
        said.source, _confirmation_key(number), said.actor, said.door or asked.channel, None, asked.text, True,
        {"request": asked.line, **said.proof}, said.ip, said.agent,
    )  # fmt: skip
    return _allow(conn, asked.nid, (asked.purpose, asked.channel), "confirm", once, asked.line, clock)


def wish(conn: Connection, nid: int, wishes: Mapping[str, Any], said: Said, *, clock: Clock) -> Recorded:
    """wishes: by the names of `Preferences`; None takes a wish back, also what was wished by another identifier of the
    person and would be stricter. Raises: InvalidPreferenceError.
    """
    checked = {name: wish_rules.checked(name, value) for name, value in wishes.items()}
    who = held(conn, nid)
    said_before = people.wishes(conn, {who.pid: who.kinds})[who.pid]
    happened = said.happened or clock.now()
    written: list[int] = []
    for name, value in checked.items():
        line = store.add_wish(conn, nid, None, name, value, said, clock.now())
        if line is None:
            continue
        written.append(line)
        for other in _stricter(said_before, nid, name, value, happened):
            store.add_wish(conn, other, nid, name, value, said, clock.now())
    if written:
        telling.tell(conn, who, "Preferences Changed", {"changed": sorted(checked)}, said, written[0], clock)
    return Recorded(tuple(written), not written)


def _stricter(said: Iterable[Wish], nid: int, name: str, value: Any, happened: datetime) -> list[int]:
    """Other identifiers whose own wish would still win over this one."""
    latest: dict[int, Wish] = {}
    for each in sorted(said, key=lambda wish: (wish.happened, wish.id)):
        if each.name == name and each.happened <= happened:
            latest[each.nid] = each
    return [
        other
        for other, each in latest.items()
        if other != nid and each.value is not None and wish_rules.is_stricter(name, each.value, value)
    ]


def _allow(
    conn: Connection, nid: int, scope: tuple[str, str], act: Act, said: Said, seen: int | None, clock: Clock
) -> Recorded:
    who = held(conn, nid)
    known = store.lines_of_key(conn, said.key)
    if known:
        return Recorded(tuple(known), repeated=True)
    if seen is not None and store.withdrawn_after(conn, list(who.kinds), *scope, seen) is not None:
        raise WithdrawnSinceError("This was withdrawn after the page was opened. Look at it anew, then decide.")
    before = people.lines_of(conn, who)
    own = _write(conn, who, scope, act, said, clock)
    happened = said.happened or clock.now()
    lifted = [
        store.add_line(conn, other, nid, scope, "grant", said, clock.now())
        for other in rules.withdrawn_by(before, scope, happened)
        if other != nid
    ]
    return Recorded((*own.lines, *(line for line in lifted if line is not None)), own.repeated)


def held(conn: Connection, nid: int) -> Person:
    """The person of an identifier; nobody else says anything by theirs before the transaction ends."""
    who = people.person(conn, nid)
    while True:
        store.lock(conn, list(who.kinds))
        now = people.person(conn, nid)
        if now.kinds.keys() <= who.kinds.keys():
            return now
        who = now  # joined with somebody while we waited


def _write(conn: Connection, who: Person, scope: tuple[str, str], act: Act, said: Said, clock: Clock) -> Recorded:
    now = clock.now()
    if said.happened is not None and said.happened > now:
        raise InvalidConsentError("It cannot have happened later than now.")
    line = store.add_line(conn, who.nid, None, scope, act, said, now)
    if line is None:
        return Recorded(tuple(store.lines_of_key(conn, said.key)), repeated=True)
    if said.ip or said.agent:
        store.add_origin(conn, line, said.ip, said.agent)
    told = {"purpose": scope[0], "channel": scope[1], "source": said.source}
    telling.tell(conn, who, _EVENTS[act], told, said, line, clock)
    return Recorded((line,), repeated=False)


def _require_channel(name: str) -> None:
    if name != EVERY and name not in CHANNELS:
        raise InvalidConsentError(f"{name[:80]!r} is no channel. The channels are: {', '.join(CHANNELS)}.")


def _purpose(conn: Connection, name: str) -> Purpose:
    found = purposes(conn).get(name)
    if found is None:
        raise UnknownPurposeError(f"There is no purpose {name[:80]!r}. `GET /api/purposes` lists them.")
    return found


def _marketing(conn: Connection, name: str) -> Purpose:
    if name == EVERY:
        raise InvalidConsentError("Consent is given for one purpose at a time; only a withdrawal covers all of them.")
    found = _purpose(conn, name)
    if found.message_class == "transactional":
        raise InvalidConsentError(f"{name} is what a purchase needs: no consent is asked for it.")
    return found


def _confirmation_key(number: int | None) -> str:
    return f"confirmation:{number}"
