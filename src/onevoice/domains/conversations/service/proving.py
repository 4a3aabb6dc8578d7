"""Whoever is proven in the site's chat sees what they said elsewhere, and what was answered.

The shop's server signs who is logged in. A proof is worth something until it ends, in the chat that showed it first;
what proves nothing shows nothing, and is told of no more than that.

That somebody is one person with others is not enough: an address that a browser claims joins people too, and so does a
code that was sent by whoever was lured. Only what the shop has signed for is shown: chats in which the same user was
proven, and the e-mail address that the proof names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from onevoice.domains.conversations.contracts import Chat, Said
from onevoice.domains.conversations.rules import proving as rules
from onevoice.domains.conversations.service import people, reading
from onevoice.domains.conversations.store import chats, proofs
from onevoice.domains.conversations.store import thread as thread_store
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.service import accounts
from onevoice.domains.identity.errors import IdentityError
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service import references
from onevoice.kit.clock import Clock
from onevoice.kit.sealing import Sealer

PAGE = 30
CHATS_MOST = 50
SECRETS = ("identity_secret", "identity_secret_before")


@dataclass(frozen=True, slots=True)
class Word:
    at: datetime
    channel: str
    ours: bool
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """Oldest first. before: where the page before it ends; None: there is none."""

    words: Sequence[Word] = ()
    before: tuple[datetime, int] | None = None


def secrets(conn: Connection, account: Account, sealer: Sealer) -> list[str]:
    found = accounts.opened(conn, account, sealer)
    return [found[name] for name in SECRETS if isinstance(found.get(name), str)]


def proven(conn: Connection, chat: Chat, proof: rules.Proof | None, vault_key: bytes) -> int | None:
    """The identifier of whoever is logged in, where this chat has proven it and they are known."""
    if proof is None or not proofs.claim(conn, proof.digest, chat.id, proof.until):
        return None
    # That they are known may take a moment longer; the chat is theirs from now on.
    return _nid(conn, f"user_id:{proof.user}", vault_key) if chats.prove(conn, chat.id, proof.user) else None


def history(
    conn: Connection,
    account: Account,
    address: str,
    proof: rules.Proof | None,
    before: tuple[datetime, int] | None,
    *,
    vault_key: bytes,
    clock: Clock,
) -> History:
    """A page of what was said with whoever is proven, but in this chat, which need not have begun."""
    if proof is None:
        return History()
    chat = chats.ensure(conn, int(account.id), address, None, "en", clock.now())
    if chat.account_id != account.id:
        return History()
    user = proven(conn, chat, proof, vault_key)
    if user is None:
        return History()
    theirs = _theirs(conn, chat, proof, vault_key)
    pid = identity.pids_of(conn, [user])[user]
    reaches = [each for each in people.reaches(conn, [pid]) if each.nid in theirs]
    place = None if before is None else (before[0], 0, before[1])
    rows = thread_store.said_of(conn, reaches, place, PAGE + 1) if reaches else []
    said = [each for each in reading.words_of(conn, rows[:PAGE]) if not each.blocked]
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return History(
        [word for each in reversed(said) if (word := _word(each)) is not None],
        None if last is None else (last.at, last.seq),
    )


def _theirs(conn: Connection, chat: Chat, proof: rules.Proof, vault_key: bytes) -> set[int]:
    """The identifiers whose words were proven to be a user's, but for this chat."""
    mine = chats.proven_by(conn, proof.user, CHATS_MOST)
    found = {_nid(conn, f"chat:{each.address}", vault_key) for each in mine if each.id != chat.id}
    if proof.email is not None:
        found.add(_nid(conn, f"email:{proof.email}", vault_key))
    return {each for each in found if each is not None}


def _nid(conn: Connection, reference: str, vault_key: bytes) -> int | None:
    try:
        return references.locate(conn, reference, vault_key)[0]
    except IdentityError:
        return None


def _word(said: Said) -> Word | None:
    text = said.properties.get("text")
    if not isinstance(text, str) or not text.strip():
        return None
    return Word(said.at, said.channel, said.author != "customer", text)
