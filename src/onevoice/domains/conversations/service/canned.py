"""Replies that are kept: found by a shortcut or any word, filled with what is known of the customer they go to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.conversations.contracts import Canned
from onevoice.domains.conversations.errors import (
    ConversationsError,
    NoEpisodeError,
    ShortcutTakenError,
    UnknownReplyError,
)
from onevoice.domains.conversations.service.reading import Person
from onevoice.domains.conversations.store import drafts as store
from onevoice.domains.conversations.store import episodes as episode_store
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.service import wording
from onevoice.kit.clock import Clock

LANGUAGES = ("en", "ru", "pl")
_SHORTCUT = re.compile(r"[^\W_][\w-]{0,39}", re.UNICODE)


def page(conn: Connection, text: str, after: str, limit: int) -> list[Canned]:
    return store.canned(conn, text, after, limit)


def create(
    conn: Connection, shortcut: str, title: str, texts: Mapping[str, str], *, actor: str, clock: Clock
) -> Canned:
    """Raises: ConversationsError, ShortcutTakenError, UnfillableWordsError."""
    reply = Canned(0, _checked(shortcut), title.strip(), _texts(texts), clock.now(), actor)
    number = store.add_canned(conn, reply)
    if number is None:
        raise ShortcutTakenError(f"There is a reply #{reply.shortcut} already.")
    audit.record(conn, Audit(actor, "reply.created", f"reply:{reply.shortcut}"), clock=clock)
    return replace(reply, id=number)


def change(
    conn: Connection, number: int, shortcut: str, title: str, texts: Mapping[str, str], *, actor: str, clock: Clock
) -> Canned:
    """Raises: UnknownReplyError, ConversationsError, ShortcutTakenError, UnfillableWordsError."""
    found = _one(conn, number)
    reply = Canned(number, _checked(shortcut), title.strip(), _texts(texts), clock.now(), actor)
    if not store.put_canned(conn, reply):
        raise ShortcutTakenError(f"There is a reply #{reply.shortcut} already.")
    told = Audit(
        actor, "reply.changed", f"reply:{reply.shortcut}", before={"texts": dict(found.texts)},
        after={"texts": dict(reply.texts)},
    )  # fmt: skip
    audit.record(conn, told, clock=clock)
    return reply


def drop(conn: Connection, number: int, *, actor: str, clock: Clock) -> None:
    """Raises: UnknownReplyError."""
    found = _one(conn, number)
    store.drop_canned(conn, number)
    told = Audit(actor, "reply.deleted", f"reply:{found.shortcut}", before={"texts": dict(found.texts)})
    audit.record(conn, told, clock=clock)


def filled(
    conn: Connection, who: Person, number: int, wished: str | None, sources: Sequence[ContextSource], *, clock: Clock
) -> wording.Filled:
    """As this customer would read it, to be looked over and sent. wished: the language where they have told none.

    Raises: UnknownReplyError, NoEpisodeError, UnfillableWordsError.
    """
    found = _one(conn, number)
    standing = episode_store.current(conn, who.reaches).get(who.pid)
    if standing is None:
        raise NoEpisodeError("This customer has not written yet. Write to them from their page.")
    return wording.filled(
        conn, found.texts, wished=wished, site=standing.site, node=who.node, contexts=sources, at=clock.now()
    )


def _one(conn: Connection, number: int) -> Canned:
    found = store.one_canned(conn, number)
    if found is None:
        raise UnknownReplyError(f"There is no saved reply {number}.")
    return found


def _checked(shortcut: str) -> str:
    plain = shortcut.strip().lstrip("#").lower()
    if not _SHORTCUT.fullmatch(plain):
        raise ConversationsError("A shortcut is a word: letters, digits, - and _, 40 at most.")
    return plain


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    kept = {language: text.strip() for language, text in texts.items() if text.strip()}
    if not kept:
        raise ConversationsError("A reply has a text in one language at least.")
    for language, text in kept.items():
        wording.require_fillable(text, language)
    return kept
