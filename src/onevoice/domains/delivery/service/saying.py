"""What we said goes into the log beside what people say: one thread holds both, and segments may ask for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection

from onevoice.domains.access.service import accounts as colleagues
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Accepted, Content, Message
from onevoice.domains.delivery.contracts.names import SENT, TYPED, AccountId, State
from onevoice.domains.delivery.rules import telling
from onevoice.domains.delivery.service.settling import Ended
from onevoice.domains.delivery.store import accounts as account_store
from onevoice.domains.delivery.store import hearing as hearing_store
from onevoice.domains.delivery.store import messages as store
from onevoice.domains.delivery.store import templates as template_store
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.service import reading as identity

_IN_DOUBT = frozenset({"sending", "uncertain"})


def tell(conn: Connection, account: Account, ended: Sequence[Ended], address_kind: str, at: datetime) -> None:
    """Of a test nothing is told: who looks at a draft must not become a customer by it."""
    if not ended:
        return
    messages = store.messages(conn, [each.result.message_id for each in ended])
    templates = {each.template for each in messages.values() if each.template is not None}
    names = template_store.names(conn, sorted(templates)) if templates else {}
    authors: dict[str, str | None] = {}
    told: list[dict[str, Any]] = []
    for (outgoing, _, answer), state in ended:
        message = messages.get(outgoing.id)
        if message is None or _untold(message):
            continue
        if isinstance(answer, Accepted):
            name = SENT
            template = None if message.template is None else names.get(message.template, "")
            author = None if template is not None else _author(conn, message.asked_by, authors)
            properties = telling.of_ours(message, outgoing.content, template=template, author=author)
        else:
            name, properties = telling.RECEIPTS[state], telling.of_refusal(outgoing.id, answer)
        context = telling.naming(address_kind, outgoing.address)
        told.append(telling.event(name, _key(outgoing.id, state), at, properties, context))
    if told:
        events.append(conn, [events.judged(told, account.source_id, at)])


def move_on(conn: Connection, message_id: int, state: State, at: datetime, code: str = "") -> None:
    """What somebody else told of a message of ours. Where nobody knew before that its provider took it, it is told of
    as sent now, for the time when it left.
    """
    if hearing_store.move_on(conn, message_id, state, at, code) not in _IN_DOUBT:
        return
    message = store.message(conn, message_id)
    if message is None or message.account_id is None or message.nid is None or _untold(message):
        return
    template = None
    if message.template is not None:
        template = template_store.names(conn, [message.template]).get(message.template, "")
    words = store.contents(conn, [message_id]).get(message_id, {}).get("words")
    # What a template said is not rendered again: what is known of its reader may have changed since.
    content = Content("") if words is None else msgspec.convert(words, Content)
    author = None if template is not None else _author(conn, message.asked_by, {})
    properties = telling.of_ours(message, content, template=template, author=author)
    left = message.contacted_at or at
    tell_of(conn, message.account_id, message.nid, SENT, _key(message_id, "sent"), left, properties, at)


def tell_of(
    conn: Connection,
    account_id: AccountId,
    nid: int,
    name: str,
    key: str,
    happened_at: datetime,
    properties: Mapping[str, Any],
    now: datetime,
) -> None:
    """An event of whoever has that address; of one that was erased there is nobody to tell of."""
    account = account_store.account(conn, account_id, deleted=True)
    who = identity.identifiers_by_nid(conn, [nid]).get(nid)
    address = identity.values_of(conn, [nid]).get(nid)
    if account is None or who is None or address is None:
        return
    told = telling.event(name, key, happened_at, properties, telling.naming(who.kind, address))
    events.append(conn, [events.judged([told], account.source_id, now)])


def _untold(message: Message) -> bool:
    return message.message_class == "test" or message.nid in {None, TYPED}


def _key(message_id: int, state: State) -> str:
    """One event of each kind, however often it is told."""
    return f"ov-m{message_id}-{state}"


def _author(conn: Connection, asked_by: str, known: dict[str, str | None]) -> str | None:
    """The colleague who wrote it; nobody where a program asked."""
    if asked_by not in known:
        found = colleagues.account_by_login(conn, asked_by)
        known[asked_by] = found.name if found else None
    return known[asked_by]
