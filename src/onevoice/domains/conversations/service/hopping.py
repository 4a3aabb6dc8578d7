"""From the site's chat to another door and on: a code that is shown in the chat alone, sent from the other door.

Whoever comes by a code is shown nothing by it. Where nobody is known in the chat yet they are one person from then on,
and the chat says so and can take it back; where somebody is, the chat is asked first. An e-mail address that another
person has already is proven by an answer from it. So a code that was stolen, forwarded or sent again opens nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import structlog
from psycopg import Connection

from onevoice.domains.access.service import sites
from onevoice.domains.conversations.contracts import Chat, ChatLine, Hop, Mark
from onevoice.domains.conversations.errors import NoChatError, NoHopError, TooFastError, UnusableChatError
from onevoice.domains.conversations.rules import hops as rules
from onevoice.domains.conversations.service import people
from onevoice.domains.conversations.service.wording import HOPPED, LETTER, LETTER_SUBJECT, NO_CODE, UNSURE, WENT_ON
from onevoice.domains.conversations.store import chats as chat_store
from onevoice.domains.conversations.store import episodes as episode_store
from onevoice.domains.conversations.store import hops as store
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.contracts.messages import Ask, Content
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.service import accounts, asking
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.contracts import StoredEvent
from onevoice.domains.identity.errors import AlreadyUndoneError, IdentityError, SameProfileError, UnknownProfileError
from onevoice.domains.identity.service import operate, references
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.privacy.service import standing as privacy
from onevoice.kit import bus
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.errors import DomainError
from onevoice.kit.i18n import DEFAULT, Language, is_language

TELEGRAM = "telegram"
EMAIL = "email"
DOORS = (TELEGRAM, EMAIL)
ACTOR = "chat"
LETTER_LIFE = timedelta(days=2)
LEFT_SINCE = timedelta(days=1)
LEFT_OF_CHAT = 5
LETTERS_TO_ADDRESS = 3
AT_ONCE = 100

log = structlog.get_logger(__name__)


class Offered(NamedTuple):
    """code as it is typed; url: a link that carries it."""

    code: str
    url: str
    until: datetime


def doors(conn: Connection, account: Account) -> list[str]:
    """Where a chat of this site can go on."""
    found = {each.channel for each in _usable(conn, account) if each.channel == EMAIL or each.handle}
    return [name for name in DOORS if name in found]


def _usable(conn: Connection, account: Account) -> list[Account]:
    found = accounts.accounts(conn)
    return [each for each in found if each.site == account.site and not each.paused and each.trouble is None]


def _door(conn: Connection, account: Account, channel: str) -> Account:
    found = [each for each in _usable(conn, account) if each.channel == channel]
    if not found:
        raise NoHopError(f"This site has no {channel} that works.")
    return found[0]


def offer(conn: Connection, account: Account, address: str, *, clock: Clock, chance: Chance) -> Offered:
    """A code for Telegram; one that was shown before is worth nothing from now on. Raises: NoChatError, NoHopError."""
    chat = _chat(conn, account, address)
    door = _door(conn, account, TELEGRAM)
    if not door.handle:
        raise NoHopError("The bot's name is not known. Save its settings again in Settings, Channels.")
    now = clock.now()
    store.end_others(conn, chat.id, TELEGRAM, now)
    until = now + rules.LIFE
    while True:
        code = rules.draw(chance)
        if store.add(conn, chat.id, TELEGRAM, int(door.id), rules.digest(code), now, until) is not None:
            return Offered(code, f"https://t.me/{quote(door.handle.removeprefix('@'))}?start={code}", until)


def _chat(conn: Connection, account: Account, address: str) -> Chat:
    chat = chat_store.find(conn, address, lock=True)
    if chat is None or chat.account_id != account.id:
        raise NoChatError("Nothing was said in this chat yet.")
    return chat


def leave_mail(
    conn: Connection,
    account: Account,
    address: str,
    mail: object,
    channels: Mapping[str, Manifest],
    sources: Sequence[ContextSource],
    *,
    brand: str,
    vault_key: bytes,
    clock: Clock,
) -> None:
    """An e-mail address for answers. Nobody's yet, it is the visitor's; somebody's, its holder is asked by a letter
    that tells nothing of the chat. Which of the two it was nobody in the chat learns: it would tell whose customer
    somebody is. Raises: UnusableChatError, NoChatError, NoHopError, TooFastError.
    """
    plain = rules.mail(mail)
    if plain is None:
        raise UnusableChatError("`email` is no address that a letter can reach.")
    chat = _chat(conn, account, address)
    door = _door(conn, account, EMAIL)
    now = clock.now()
    if store.left(conn, chat.id, EMAIL, now - LEFT_SINCE) >= LEFT_OF_CHAT:
        raise TooFastError("That were many addresses. Try again tomorrow.", retry_after_seconds=3_600)
    hop = store.add(conn, chat.id, EMAIL, int(door.id), None, now, now + LETTER_LIFE)
    assert hop is not None  # noqa: S101 - without a code there is nothing to conflict with
    chat_store.set_contact(conn, chat.id, plain)
    try:
        nid, pid = references.locate(conn, f"email:{plain}", vault_key)
    except UnknownProfileError:
        _leave(conn, account, chat, plain, now)
        store.move(conn, hop, "came")
        return
    except IdentityError as error:
        raise UnusableChatError("`email` is no address that a letter can reach.") from error
    if pid == _pid(conn, chat, vault_key) or store.lettered(conn, nid, now - LEFT_SINCE) >= LETTERS_TO_ADDRESS:
        return
    store.set_nid(conn, hop, nid)
    language = _language(chat.language)
    words = Content(LETTER.to(language).format(brand=brand), subject=LETTER_SUBJECT.to(language).format(brand=brand))
    ask = _ask(conn, f"hop:{hop}", nid, account.site, EMAIL, words, language, "transactional")
    (asked,) = asking.ask(conn, [ask], channels, sources, clock=clock)
    store.set_message(conn, hop, int(asked.id))


def _leave(conn: Connection, account: Account, chat: Chat, mail: str, now: datetime) -> None:
    """Tells the log of an address that nobody had; that it goes with the chat is said once it is known there."""
    told = {
        "type": "track",
        "event": "Contact Left",
        "messageId": f"ov-chat-{chat.id}-mail-{int(now.timestamp() * 1e6)}",
        "timestamp": now.isoformat(),
        "context": {"traits": {"email": mail}},
    }
    events.append(conn, [events.judged([told], account.source_id, now)])


def _ask(
    conn: Connection, key: str, person: int, site: str, channel: str, words: Content, language: str, kind: Any
) -> Ask:
    transactional = [each for each in privacy.purposes(conn).values() if each.message_class == "transactional"]
    purpose = next(each.name for each in transactional if each.retired_at is None)
    return Ask(
        key=key, person=person, site=site, message_class=kind, purpose=purpose, asked_by=ACTOR,
        words=words, language=language, channels=(channel,),
    )  # fmt: skip


# Somebody comes


def hear(conn: Connection, event: StoredEvent, properties: Mapping[str, Any], account: Account) -> Ask | None:
    """A word that may carry a code, or answer our letter; what to say where its code is worth nothing."""
    answers = properties.get("answers")
    if isinstance(answers, int):
        store.answered(conn, answers, event.nid, event.happened)
    start, text = properties.get("start"), properties.get("text")
    said = start if isinstance(start, str) else text if isinstance(text, str) else ""
    code = rules.code_in(said)
    if code is None or account.channel == EMAIL:
        return None
    if store.come(conn, rules.digest(code), int(account.id), event.nid, event.happened) or start is None:
        return None
    # Only a link says for sure that a code was meant.
    language = _language(store.language_of(conn, rules.digest(code)) or sites.site(conn, account.site).details.language)
    words = Content(NO_CODE.to(language))
    return _ask(
        conn, f"hop-no:{event.seq}", event.nid, account.site, account.channel, words, language, "conversational"
    )


def _language(name: str | None) -> Language:
    return name if is_language(name) else DEFAULT


def settle(
    conn: Connection,
    channels: Mapping[str, Manifest],
    sources: Sequence[ContextSource],
    *,
    vault_key: bytes,
    clock: Clock,
) -> int:
    """Join those who came with the chats they came from, or ask there. How many."""
    arrived = store.arrived(conn, AT_ONCE)
    done = 0
    for hop in arrived:
        try:
            with conn.transaction():
                done += _settle(conn, hop, channels, sources, vault_key=vault_key, clock=clock)
        except DomainError as error:
            log.warning("hop_refused", hop=hop.id, code=error.code)
            store.move(conn, hop.id, "refused")
    return done


def _settle(
    conn: Connection,
    hop: Hop,
    channels: Mapping[str, Manifest],
    sources: Sequence[ContextSource],
    *,
    vault_key: bytes,
    clock: Clock,
) -> int:
    chat = chat_store.by_id(conn, hop.chat, lock=True)
    site = next((each.site for each in accounts.accounts(conn, deleted=True) if each.id == hop.account_id), None)
    if chat is None or site is None:
        store.move(conn, hop.id, "refused")
        return 1
    ends = _ends(conn, chat, hop, vault_key)
    if ends is None:
        if clock.now() > hop.until:
            store.move(conn, hop.id, "refused")
            return 1
        return 0
    here, there = ends
    store.set_nid(conn, hop.id, there)
    pids = identity.pids_of(conn, [here, there])
    proven = hop.nid is not None
    if not proven and pids[here] != pids[there] and _somebody(conn, pids[there], beside=there):
        store.move(conn, hop.id, "refused")  # it has become somebody's since it was left, who was not asked
        return 1
    if pids[here] != pids[there] and proven and _somebody(conn, pids[here]):
        store.move(conn, hop.id, "asks")
        told = UNSURE
    else:
        _join(conn, hop, here, there, clock)
        told = HOPPED
        if proven:
            _say_here(conn, chat, hop, clock)
        _mark(conn, there, hop, clock)
    language = _language(chat.language)
    if proven:
        words = Content(told.to(language))
        ask = _ask(conn, f"hop:{hop.id}:{told is HOPPED}", there, site, hop.channel, words, language, "conversational")
        asking.ask(conn, [ask], channels, sources, clock=clock)
    return 1


def _ends(conn: Connection, chat: Chat, hop: Hop, vault_key: bytes) -> tuple[int, int] | None:
    """The identifiers of the chat and of who came; None where one of them is not linked yet."""
    try:
        here = references.locate(conn, f"chat:{chat.address}", vault_key)[0]
        there = hop.nid
        if there is None:
            there = references.locate(conn, f"email:{chat.contact}", vault_key)[0]
    except IdentityError:
        return None
    return here, there


def _pid(conn: Connection, chat: Chat, vault_key: bytes) -> int | None:
    try:
        return references.locate(conn, f"chat:{chat.address}", vault_key)[1]
    except IdentityError:
        return None


def _somebody(conn: Connection, pid: int, *, beside: int | None = None) -> bool:
    """Whether it is known who that is, by more than a browser, and by more than one identifier."""
    shared = {name for name, kind in identity.kinds(conn).items() if kind.shared}
    return any(each.kind not in shared and each.nid != beside for each in identity.identifiers_of(conn, [pid]))


def _join(conn: Connection, hop: Hop, here: int, there: int, clock: Clock) -> None:
    try:
        reason = (
            f"A code shown in the chat was sent from {hop.channel}." if hop.nid else "The address was left in the chat."
        )
        done = operate.merge(conn, here, there, actor=ACTOR, reason=reason, at=clock.now())
    except SameProfileError:
        store.move(conn, hop.id, "joined")
        return
    store.move(conn, hop.id, "joined", done.id)
    bus.notify(conn, bus.LINKED)


def _mark(conn: Connection, node: int, hop: Hop, clock: Clock) -> None:
    """In the conversation, where it went on."""
    pid = identity.pids_of(conn, [node])[node]
    found = episode_store.current(conn, people.reaches(conn, [pid])).get(pid)
    if found is not None:
        episode_store.mark(conn, [Mark(found.id, clock.now(), None, "hopped", {"from": "chat", "into": hop.channel})])


def _say_here(conn: Connection, chat: Chat, hop: Hop, clock: Clock) -> None:
    language = _language(chat.language)
    text = WENT_ON[hop.channel].to(language)
    key = f"hop:{hop.id}"
    if chat_store.line(conn, chat.id, key) is None:
        line = ChatLine(chat.last + 1, clock.now(), ours=True, key=key, message=None, author=None, text=text)
        chat_store.add(conn, chat.id, line)


# The chat's own say


class Came(NamedTuple):
    """Who came last by a code of this chat. asks: whether the chat has yet to say that it was its visitor."""

    hop: int
    channel: str
    asks: bool


def came(conn: Connection, chat: Chat) -> Came | None:
    """Nothing of them but the door they came by."""
    hop = store.latest(conn, chat.id)
    if hop is None or hop.state == "refused":
        return None
    return Came(hop.id, hop.channel, hop.state == "asks")


def confirm(
    conn: Connection, account: Account, address: str, *, yes: bool, vault_key: bytes, clock: Clock
) -> Came | None:
    """The chat says whether whoever came was its visitor. No parts them again. Raises: NoChatError."""
    chat = _chat(conn, account, address)
    hop = store.latest(conn, chat.id, lock=True)
    if hop is None:
        return None
    ends = _ends(conn, chat, hop, vault_key)
    if yes and hop.state == "asks" and ends is not None:
        _join(conn, hop, *ends, clock)
        _mark(conn, ends[1], hop, clock)
    elif not yes and hop.state in {"asks", "joined"}:
        if hop.action is not None:
            try:
                operate.undo(conn, hop.action, actor=ACTOR, at=clock.now())
                bus.notify(conn, bus.LINKED)
            except AlreadyUndoneError:
                log.info("hop_undone_before", hop=hop.id)
        store.move(conn, hop.id, "refused")
    return came(conn, chat)
