"""What we said goes into the log beside what people say: one thread holds both, and segments may ask for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from onevoice.domains.access.service import accounts as colleagues
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Accepted
from onevoice.domains.delivery.contracts.names import TYPED
from onevoice.domains.delivery.rules import telling
from onevoice.domains.delivery.service.claiming import Ended
from onevoice.domains.delivery.store import messages as store
from onevoice.domains.delivery.store import templates as template_store
from onevoice.domains.events.service import log as events


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
        if message is None or message.message_class == "test" or message.nid in {None, TYPED}:
            continue
        if isinstance(answer, Accepted):
            name = telling.SENT
            template = None if message.template is None else names.get(message.template, "")
            author = None if template is not None else _author(conn, message.asked_by, authors)
            properties = telling.of_ours(message, outgoing.content, template=template, author=author)
        else:
            name, properties = telling.RECEIPTS[state], telling.of_refusal(outgoing.id, answer)
        context = telling.naming(address_kind, outgoing.address)
        told.append(telling.event(name, f"ov-m{outgoing.id}-{state}", at, properties, context))
    if told:
        events.append(conn, [events.judged(told, account.source_id, at)])


def _author(conn: Connection, asked_by: str, known: dict[str, str | None]) -> str | None:
    """The colleague who wrote it; nobody where a program asked."""
    if asked_by not in known:
        found = colleagues.account_by_login(conn, asked_by)
        known[asked_by] = found.name if found else None
    return known[asked_by]
