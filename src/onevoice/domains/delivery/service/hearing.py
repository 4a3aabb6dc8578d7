"""What comes back from providers: once each, into the log, the message's state, the door's, and consent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from prometheus_client import Counter
from psycopg import Connection

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Inbound, Manifest, Reach, Receipt, Said
from onevoice.domains.delivery.contracts.names import TYPED, AccountId
from onevoice.domains.delivery.rules import telling
from onevoice.domains.delivery.service import files, saying
from onevoice.domains.delivery.store import accounts as account_store
from onevoice.domains.delivery.store import hearing as store
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.errors import IdentityError
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service import references
from onevoice.domains.privacy.contracts import EVERY
from onevoice.domains.privacy.contracts import Said as Consented
from onevoice.domains.privacy.service import ledger, suppressing
from onevoice.kit.clock import Clock
from onevoice.kit.following import apart

HEARD = Counter("onevoice_heard_total", "What came back from providers, by channel and kind.", ["channel", "kind"])
KEEP = timedelta(days=30)
FORGET_AT_ONCE = 10_000


class Followed(NamedTuple):
    """How far the log was followed, how many doors that touched, and whether there is more already."""

    seq: int
    noted: int
    more: bool


def hear(
    conn: Connection,
    account: Account,
    items: Sequence[Inbound],
    manifest: Manifest,
    *,
    vault_key: bytes,
    clock: Clock,
    position: str | None = None,
) -> int:
    """Take what a provider told, in one transaction with how far its poll was heard. How many were new.

    What was told before changes nothing; a receipt that comes late never takes a message back.
    """
    if position is not None:
        account_store.set_position(conn, account.id, position)
    if not items:
        return 0
    fresh_keys = store.note(conn, account.id, [each.key for each in items], clock.now())
    fresh = list({each.key: each for each in items if each.key in fresh_keys}.values())
    if not fresh:
        return 0
    answered = _answered(conn, account, [each for each in fresh if isinstance(each, Said)])
    told: list[dict[str, Any]] = []
    receipts = [each for each in fresh if isinstance(each, Receipt)]
    told += _receipts(conn, account, receipts, manifest, clock)
    kind = manifest.capabilities.address_kind
    for each in fresh:
        HEARD.labels(account.channel, type(each).__name__.lower()).inc()
        if isinstance(each, Said):
            if not each.address:
                continue  # a machine's word from nowhere is nobody's
            answers = answered.get(each.key)
            kept = files.take(conn, account, each, clock.now()) if each.pressed is None else []
            name, properties = telling.of_said(each, answers, kept)
            told.append(_event(account, each, name, properties, telling.naming(kind, each.address), clock))
            if telling.is_stop(each.text) and not each.automatic:
                _withdraw(conn, account, each, answers, manifest, vault_key, clock)
        elif isinstance(each, Reach):
            name, properties = telling.of_reach(each)
            told.append(_event(account, each, name, properties, telling.naming(kind, each.address), clock))
    if told:
        events.append(conn, [events.judged(told, account.source_id, clock.now())])
    return len(fresh)


def _answered(conn: Connection, account: Account, said: Sequence[Said]) -> dict[str, int]:
    """By key the message of ours that each answers, which by that has arrived, whatever its provider told."""
    by_provider = message_store.by_provider(
        conn, account.id, [each.answers for each in said if each.answers is not None]
    )
    found: dict[str, int] = {}
    for each in said:
        number = each.answered if each.answered is not None else by_provider.get(each.answers or "")
        if number is not None:
            found[each.key] = number
            saying.move_on(conn, number, "delivered", each.happened_at)
    return found


def _event(
    account: Account,
    item: Inbound,
    name: str,
    properties: Mapping[str, Any],
    context: Mapping[str, Any],
    clock: Clock,
) -> dict[str, Any]:
    happened = min(item.happened_at, clock.now())
    return telling.event(name, f"a{account.id}:{item.key}"[:255], happened, properties, context)


def _receipts(
    conn: Connection, account: Account, receipts: Sequence[Receipt], manifest: Manifest, clock: Clock
) -> list[dict[str, Any]]:
    """The message's state moves on; an address that is gone, or a complaint, closes it."""
    if not receipts:
        return []
    by_provider = message_store.by_provider(
        conn, account.id, [each.provider_id for each in receipts if each.provider_id is not None]
    )
    numbers = {
        each.key: each.message_id if each.message_id is not None else by_provider.get(each.provider_id or "")
        for each in receipts
    }
    nids = message_store.nids(conn, [number for number in numbers.values() if number is not None])
    values = identity.values_of(conn, sorted(set(nids.values())))
    told: list[dict[str, Any]] = []
    for each in receipts:
        number = numbers[each.key]
        nid = nids.get(number) if number is not None else None
        if number is None or nid is None:
            continue  # of a message that is none of ours, or was erased
        arrived = "delivered" if each.state == "complained" else each.state
        saying.move_on(conn, number, arrived, each.happened_at, each.code)
        if each.state == "bounced" and each.gone and nid != TYPED:
            suppressing.suppress(conn, nid, "hard_bounce", source=f"message:{number}", clock=clock)
        if each.state == "complained" and nid != TYPED:
            suppressing.suppress(conn, nid, "complaint", source=f"message:{number}", clock=clock)
        address = values.get(nid)
        if address is not None:
            name, properties = telling.of_receipt(each, number)
            context = telling.naming(manifest.capabilities.address_kind, address)
            told.append(_event(account, each, name, properties, context, clock))
    return told


def _withdraw(
    conn: Connection,
    account: Account,
    said: Said,
    answers: int | None,
    manifest: Manifest,
    vault_key: bytes,
    clock: Clock,
) -> None:
    """Who writes a word that means stop withdraws everything, by every door, at once. Of an address that nobody knew
    there is nothing to withdraw.
    """
    nid = message_store.nids(conn, [answers]).get(answers) if answers is not None else None
    if nid is None or nid == TYPED:
        try:
            nid, _ = references.locate(conn, f"{manifest.capabilities.address_kind}:{said.address}", vault_key)
        except IdentityError:
            return
    how = Consented("message", f"account:{account.id}:{said.key}", door=manifest.door, proven=True)
    ledger.withdraw(conn, nid, EVERY, EVERY, how, clock=clock)


class _Told(NamedTuple):
    """opens: None where somebody only wrote."""

    seq: int
    account_id: AccountId
    nid: int
    at: datetime
    opens: bool | None


def follow(conn: Connection, *, limit: int = 20_000) -> Followed:
    """What was linked since tells which doors are open: only then it is known whose address it was."""
    rows, upto, more = _since(conn, limit)
    for row in rows:
        _note(conn, row)
    store.set_followed(conn, upto)
    return Followed(upto, len(rows), more)


def follow_carefully(conn: Connection, *, clock: Clock, limit: int = 500) -> int:
    """A small batch, each event in a savepoint of its own; that of which nothing can be made is set aside. How many.

    Raises: what is the database's fault, for which no event is condemned.
    """
    rows, upto, _ = _since(conn, limit)
    refused = apart(
        conn,
        rows,
        lambda row: _note(conn, row),
        lambda row, error: store.set_aside(conn, row.seq, error, clock.now()),
    )
    store.set_followed(conn, upto)
    return refused


def _since(conn: Connection, limit: int) -> tuple[list[_Told], int, bool]:
    """What tells of doors, how far of the log that is, and whether it goes on."""
    after, last = store.followed(conn), identity.last_seq(conn)
    upto = max(after, min(last, after + limit))
    doors = {each.source_id: each.id for each in account_store.accounts(conn)} if upto > after else {}
    if not doors:
        return [], upto, upto < last
    names = (telling.RECEIVED, telling.PRESSED, telling.OPENED, telling.CLOSED)
    opens = {telling.OPENED: True, telling.CLOSED: False}
    told = [
        _Told(each.seq, doors[each.source_id], each.nid, each.happened, opens.get(each.name))
        for each in identity.events_of(conn, after, upto, sorted(doors), names)
    ]
    return told, upto, upto < last


def _note(conn: Connection, told: _Told) -> None:
    store.note_reach(conn, int(told.account_id), told.nid, told.at, opens=told.opens)


def position(conn: Connection, account_id: AccountId) -> str | None:
    """From where its poll goes on; None from now."""
    return account_store.position(conn, account_id)


def housekeep(conn: Connection, now: datetime) -> int:
    """Forget keys of what came long ago: providers repeat for a week at most."""
    return store.forget(conn, now - KEEP, FORGET_AT_ONCE)
