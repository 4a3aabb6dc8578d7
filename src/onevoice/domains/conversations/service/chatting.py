"""The site's chat: what a browser says goes the way of all that is said to us; what we say is laid there for it.

Whoever holds a chat's secret sees what was said in this chat and nothing else, whoever its visitor turns out to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg import Connection

from onevoice.domains.access.service import accounts as colleagues
from onevoice.domains.conversations.contracts import Chat, ChatLine
from onevoice.domains.conversations.errors import ForeignPageError, NoChatError, OtherVisitorError
from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.conversations.rules.proving import Proof
from onevoice.domains.conversations.service import proving, sharing
from onevoice.domains.conversations.store import chats as store
from onevoice.domains.conversations.store import proofs
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Attachment, Manifest, Receipt, Said
from onevoice.domains.delivery.contracts.messages import Outgoing
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.service import accounts, hearing
from onevoice.domains.delivery.service import reading as delivery
from onevoice.domains.events.service import log as events
from onevoice.kit import bus
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.origins import origin_of, read_origins

CHANNEL = "chat"
BEGUN = "Chat Started"
FRESH = "onevoice_chat"
"""Channel of the bus: something was said in a chat."""
PAGE = 50
KEPT = timedelta(days=180)
FORGET_AT_ONCE = 10_000
_WAITS_SINCE = timedelta(days=7)
_WAITS_MOST = 100


def account_of(conn: Connection, site: str) -> Account:
    """The chat that pages of a site show. Raises: NoChatError."""
    found = [each for each in accounts.accounts(conn) if (each.channel, each.site) == (CHANNEL, site)]
    if not found or found[0].paused:
        raise NoChatError("This site has no chat, or it is paused. Connect one in Settings, Channels.")
    return found[0]


def require_page(account: Account, origin: str | None) -> str:
    """The origin of a page that may show the chat. Raises: ForeignPageError."""
    if origin and origin in read_origins(str(account.settings.get("origins") or "")):
        return origin
    try:
        named = origin_of(origin or "")
    except ValueError:
        named = "a page without an address"
    raise ForeignPageError(f"The chat is not shown on {named}. Add it in Settings, Channels, Site chat.")


class Standing(NamedTuple):
    """What a page is told of the chat. usual: minutes until an answer. available: whether anybody answers now."""

    brand: str
    available: bool
    usual: int | None


def standing(conn: Connection, account: Account, clock: Clock) -> Standing:
    waits = store.waits(conn, int(account.id), clock.now() - _WAITS_SINCE, _WAITS_MOST)
    brand = str(account.settings.get("brand") or account.name)
    return Standing(brand, store.available(conn), rules.usual_minutes(waits))


class Seen(NamedTuple):
    """chat None: nothing was said yet."""

    chat: Chat | None
    lines: Sequence[ChatLine]


def is_begun(conn: Connection, address: str) -> bool:
    return store.find(conn, address) is not None


def look(conn: Connection, account: Account, address: str, *, after: int | None, before: int | None) -> Seen:
    """What stands in a chat: after a line, before one, or the newest."""
    chat = store.find(conn, address)
    if chat is None or chat.account_id != account.id:
        return Seen(None, ())
    if after is not None:
        return Seen(chat, store.after(conn, chat.id, after, PAGE))
    return Seen(chat, store.before(conn, chat.id, before or chat.last + 1, PAGE))


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a browser says, as it came to its rules."""

    address: str
    words: rules.Words
    device: str | None = None
    language: str = "en"
    page: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Sequence[int] = ()
    proof: Proof | None = None


def say(
    conn: Connection, account: Account, manifest: Manifest, said: Utterance, *, vault_key: bytes, clock: Clock
) -> tuple[Chat, ChatLine]:
    """Take what a visitor wrote, once, with its event, in one transaction.

    Raises: NoChatError, OtherVisitorError, UnusableFileError.
    """
    now = clock.now()
    chat = store.ensure(conn, int(account.id), said.address, said.device, said.language, now)
    if chat.account_id != account.id:
        raise NoChatError("This chat belongs to another site.")
    known = store.line(conn, chat.id, said.words.key)
    if known is not None:
        return chat, known
    if said.device is not None and chat.device not in {None, said.device}:
        raise OtherVisitorError("Somebody else uses this browser now. Begin a new chat.")
    if said.device is not None and (chat.device is None or chat.last == 0):
        store.bind(conn, chat.id, said.device)
        events.append(conn, [events.judged([_begun(chat, said, now)], account.source_id, now)])
    along = sharing.sent(conn, chat, said.files)
    line = ChatLine(
        chat.last + 1, now, ours=False, key=said.words.key, message=None, author=None, text=said.words.text,
        files=[sharing.told(each) for each in along],
    )  # fmt: skip
    store.add(conn, chat.id, line)
    attached = tuple(Attachment(each.name, each.type, each.size_bytes, file=each.id) for each in along)
    user = proving.proven(conn, chat, said.proof, vault_key)
    heard = Said(
        f"{chat.id}:{line.key}", said.address, line.text, now, f"{chat.id}.{line.n}", page=said.page,
        attachments=attached, verified=user,
    )  # fmt: skip
    hearing.hear(conn, account, [heard], manifest, vault_key=vault_key, clock=clock)
    return chat, line


def _begun(chat: Chat, said: Utterance, now: datetime) -> dict[str, Any]:
    """What ties a chat to the visitor who began it. Words are told of apart, under the chat's own address."""
    return {
        "type": "track",
        "event": BEGUN,
        "messageId": f"ov-chat-{chat.id}",
        "timestamp": now.isoformat(),
        "anonymousId": said.device,
        "properties": {"page": dict(said.page)} if said.page else {},
        "context": {"externalIds": [{"type": CHANNEL, "id": said.address}]},
    }


def note_shown(
    conn: Connection,
    account: Account,
    manifest: Manifest,
    address: str,
    *,
    got: int,
    shown: int,
    vault_key: bytes,
    clock: Clock,
) -> None:
    """How far the browser has its lines, and has shown them: our messages among them are delivered, and read."""
    chat = store.find(conn, address, lock=True)
    if chat is None or chat.account_id != account.id:
        return
    shown = min(max(shown, chat.shown), chat.last)
    got = min(max(got, shown, chat.got), chat.last)
    if (got, shown) == (chat.got, chat.shown):
        return
    now = clock.now()
    receipts = [_receipt(number, "read", now) for number in store.ours_between(conn, chat.id, chat.shown, shown)]
    known = max(chat.got, shown)
    receipts += [_receipt(number, "delivered", now) for number in store.ours_between(conn, chat.id, known, got)]
    store.note_shown(conn, chat.id, got, shown)
    hearing.hear(conn, account, receipts, manifest, vault_key=vault_key, clock=clock)


def _receipt(number: int, state: str, at: datetime) -> Receipt:
    return Receipt(f"{state}:{number}", "read" if state == "read" else "delivered", at, message_id=MessageId(number))


class Rooms:
    """Where the sender lays what we say."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._bell = bus.Bell(database, FRESH, every_seconds=0.02)

    def put(self, message: Outgoing) -> str | None:
        """As `delivery.ports.Room`."""
        with self._database.transaction() as conn:
            chat = store.find(conn, message.address, lock=True)
            if chat is None:
                return None
            line = store.line(conn, chat.id, message.key)
            if line is None:
                author = _first_name(conn, message.id) if _names(conn, chat) else None
                line = ChatLine(
                    chat.last + 1, self._clock.now(), ours=True, key=message.key, message=int(message.id),
                    author=author, text=message.content.text, files=sharing.ours(conn, message.content),
                )  # fmt: skip
                store.add(conn, chat.id, line)
        self._bell.ring()
        return f"{chat.id}.{line.n}"


def _names(conn: Connection, chat: Chat) -> bool:
    account = next((each for each in accounts.accounts(conn) if each.id == chat.account_id), None)
    return account is not None and account.settings.get("names") is not False


def _first_name(conn: Connection, message: MessageId) -> str | None:
    """Of the colleague who wrote it; nobody where a program did."""
    found = delivery.messages(conn, [int(message)]).get(int(message))
    who = None if found is None else colleagues.account_by_login(conn, found.asked_by)
    return rules.first_name(who.name) if who else None


def housekeep(conn: Connection, now: datetime) -> int:
    """Forget what chats held long ago; the log holds it. Call again while there is any."""
    return store.forget_lines(conn, now - KEPT, FORGET_AT_ONCE) + proofs.forget(conn, now, FORGET_AT_ONCE)
