"""The pocket: one person's phone, mailbox and browser beside what the installation keeps of the same conversation.

A page on loopback, for a demo and for tests. `GET /pocket/state` answers once there is something new to see;
`POST /pocket/act` does what a person does with their devices, what the operator writes, or how a provider behaves.
"""

import asyncio
import hashlib
import logging
import re
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import httpx
import msgspec

from onevoice.kit.clock import Clock
from onevoice.sandbox import mail_letters, pocket_devices, shop
from onevoice.sandbox.keeping import About, Persona
from onevoice.sandbox.mail import Mail
from onevoice.sandbox.mail import Trouble as MailTrouble
from onevoice.sandbox.pocket_desk import KINDS, Desk, DeskError
from onevoice.sandbox.pocket_devices import Letter
from onevoice.sandbox.pocket_page import Page
from onevoice.sandbox.pocket_story import Place, Story, reckoned
from onevoice.sandbox.serving import Outcome, Reply, Request, json_reply
from onevoice.sandbox.telegram import Fault, Telegram
from onevoice.sandbox.telegram_room import Chat

HOLD_SECONDS = 25.0
WATCHED_SECONDS = 40.0
"""After its last request somebody's pocket is looked after no more."""
TICK_SECONDS = 0.2
DESK_SECONDS = 1.0
AWAY_SECONDS = 2.0
JOIN_SECONDS = 15.0
RETRY_AFTER_SECONDS, SLOW_SECONDS = 20, 3
TEXT_MOST = 4_000

log = logging.getLogger(__name__)

_TELEGRAM: Mapping[str, Fault | None] = {
    "ok": None,
    "slow": Fault("slow", SLOW_SECONDS),
    "busy": Fault("too_many", RETRY_AFTER_SECONDS),
    "down": Fault("error"),
}
_MAIL: Mapping[str, tuple[MailTrouble, int] | None] = {
    "ok": None,
    "slow": ("slow", SLOW_SECONDS),
    "busy": ("greylist", RETRY_AFTER_SECONDS),
    "down": ("busy", 0),
}


class _Watch:
    """Somebody whose pocket is looked at. All but `waiters` belong to the thread that tends it."""

    def __init__(self, persona: Persona, since: datetime) -> None:
        self.persona = persona
        self.since = since
        self.story = Story(since)
        self.version = ""
        self.body = b""
        self.asked_at = 0.0
        self.desk: dict[str, Any] | None = None
        self.trouble: dict[str, str] | None = {"code": "starting", "detail": ""}
        self.desk_due = 0.0
        self.waiters: set[asyncio.Event] = set()


class Pocket:
    """about: of the moment; the demo tells more of it while it runs."""

    def __init__(self, about: Callable[[], About], mail: Mail, telegram: Telegram, clock: Clock) -> None:
        self._about, self._mail, self._telegram, self._clock = about, mail, telegram, clock
        self._page = Page(shop=about().ports.get("shop"))
        self._desk = Desk()
        self._lock = threading.Lock()
        self._desk_lock = threading.Lock()
        self._watches: dict[str, _Watch] = {}
        self._visitors: dict[str, str] = {}
        self._modes = {"telegram": "ok", "email": "ok"}
        self._since = clock.now()
        self._poked = threading.Event()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._tend, name="pocket", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """loop: where requests are answered."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._poked.set()
        self._thread.join(JOIN_SECONDS)
        self._desk.close()

    # What is asked

    def answer(self, request: Request) -> Outcome | Awaitable[Outcome] | None:
        """None where it is no business of the pocket. That a change comes from its page was seen to."""
        if request.method == "POST":
            return self._acted(request) if request.path == "/pocket/act" else None
        if request.method != "GET":
            return None
        if request.path == "/pocket/state":
            return self._state(request)
        if request.path == "/pocket/letter":
            return self._framed(request)
        return self._page.file(request.path)

    async def _state(self, request: Request) -> Reply:
        with suppress(LookupError):
            watch = self._watch(request.query.get("person", ""))
            event = asyncio.Event()
            watch.waiters.add(event)
            self._poked.set()
            try:
                if not watch.version or watch.version == request.query.get("seen"):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(event.wait(), HOLD_SECONDS)
            finally:
                watch.waiters.discard(event)
            told = {"version": watch.version, "now": self._clock.now(), "state": msgspec.Raw(watch.body or b"null")}
            return json_reply(told, headers={**self._page.plain(), "content-type": "application/json"})
        return Reply(404)

    def _framed(self, request: Request) -> Reply:
        try:
            letter = self._letter(self._persona(request.query.get("person", "")), request.query.get("uid", ""))
        except LookupError:
            return Reply(404)
        return self._page.letter(pocket_devices.framed(mail_letters.opened(letter.raw)))

    async def _acted(self, request: Request) -> Reply:
        try:
            given = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
            done = await asyncio.to_thread(self.act, given)
        except DeskError as error:
            return json_reply({"code": error.code, "detail": error.detail}, 409)
        except LookupError:
            return json_reply({"code": "gone", "detail": "There is no such thing in this pocket."}, 404)
        except (msgspec.DecodeError, KeyError, ValueError, TypeError):
            return json_reply({"code": "unreadable", "detail": "This is none of what can be done here."}, 400)
        return json_reply(done)

    # What people do

    def act(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Raises: DeskError, LookupError, KeyError, ValueError."""
        done: dict[str, Any] = {}
        what = str(given["do"])
        if what == "trouble":
            self._trouble(str(given["provider"]), str(given["mode"]))
        else:
            persona = self._persona(str(given["person"]))
            if what == "browse":
                self._visitors[persona.key] = _visitor(given)
            elif what == "write":
                kind = KINDS[[*KINDS].index(given["kind"])]
                with self._desk_lock:
                    done = self._desk.write(self._about(), persona, kind, given)
            elif what in {"say", "press", "start", "block", "unblock"}:
                self._on_phone(what, self._chat(persona), given)
            else:
                done = self._in_mailbox(what, persona, self._letter(persona, str(given["uid"])), given)
        self._poke()
        return done

    def _on_phone(self, what: str, chat: Chat, given: Mapping[str, Any]) -> None:
        match what:
            case "say":
                if not chat.started or chat.blocked:
                    raise ValueError("Nobody writes to a bot that they have not started.")
                self._telegram.say(chat, _text(given))
            case "press":
                self._telegram.press(chat, int(given["number"]), str(given["data"]))
            case "start":
                self._telegram.start_bot(chat, _payload(given))
            case "block":
                self._telegram.block(chat)
            case _:
                self._telegram.unblock(chat)

    def _in_mailbox(self, what: str, persona: Persona, letter: Letter, given: Mapping[str, Any]) -> dict[str, Any]:
        if letter.taken is None or persona.mailbox is None:
            raise LookupError("A letter of their own.")
        match what:
            case "reply":
                raw = self._mail.reply(letter.taken, _text(given), language=persona.language, name=persona.name)
                self._mail.put(persona.mailbox, raw)  # their program keeps what it sent
            case "spam":
                self._mail.complain(letter.taken)
            case "bounce":
                self._mail.bounce(letter.taken, "5.2.2", "The mailbox is full")
            case "unsubscribe":
                self._unsubscribe(letter.raw)
                self._mail.mark(letter.taken, "unsubscribed")
            case _:
                raise ValueError(what)
        return {}

    def _unsubscribe(self, raw: bytes) -> None:
        """As mail programs do by themselves (RFC 8058). Only ever at the installation: letters come from anybody.

        Raises: LookupError, DeskError.
        """
        url = pocket_devices.one_click(mail_letters.opened(raw))
        about = self._about()
        if url is None or not about.address or not url.startswith(f"{about.address}/"):
            raise LookupError("There is no way out in this letter.")
        try:
            done = httpx.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=10, trust_env=False)
        except httpx.HTTPError as error:
            raise DeskError("away", "Onevoice does not answer.") from error
        if not done.is_success:
            raise DeskError("refused", f"Onevoice answered {done.status_code}.")

    def _trouble(self, provider: str, mode: str) -> None:
        if provider == "telegram":
            self._telegram.standing = _TELEGRAM[mode]
        elif provider == "email":
            self._mail.standing = _MAIL[mode]
        else:
            raise ValueError(provider)
        self._modes[provider] = mode

    def _persona(self, key: str) -> Persona:
        people = self._about().people
        found = next((each for each in people if each.key == key), None) if key else next(iter(people), None)
        if found is None:
            raise LookupError(key)
        visitor = self._visitors.get(found.key)
        return found if visitor is None else msgspec.structs.replace(found, browser=visitor)

    def _chat(self, persona: Persona) -> Chat:
        if persona.chat is None:
            raise LookupError(persona.key)
        return self._telegram.chats[persona.chat]

    def _letter(self, persona: Persona, uid: str) -> Letter:
        letters = pocket_devices.letters(self._mail, persona.mailbox) if persona.mailbox else []
        found = next((each for each in letters if str(each.uid) == uid), None)
        if found is None:
            raise LookupError(uid)
        return found

    # What is seen

    def _watch(self, key: str) -> _Watch:
        """Raises: LookupError."""
        persona = self._persona(key)
        with self._lock:
            watch = self._watches.get(persona.key)
            if watch is None:
                watch = self._watches[persona.key] = _Watch(persona, self._since)
            watch.asked_at = time.monotonic()
        return watch

    def _poke(self) -> None:
        """Something happened: look at once, and at the installation too."""
        with self._lock:
            for each in self._watches.values():
                each.desk_due = 0.0
        self._poked.set()

    def _tend(self) -> None:
        while not self._stopping:
            now = time.monotonic()
            with self._lock:
                watched = [each for each in self._watches.values() if now - each.asked_at < WATCHED_SECONDS]
            for each in watched:
                try:
                    self._look(each, now)
                except Exception:
                    log.exception("The pocket of %s cannot be shown", each.persona.key)
                    each.desk_due = now + AWAY_SECONDS
            self._poked.wait(TICK_SECONDS if watched else None)
            self._poked.clear()

    def _look(self, watch: _Watch, now: float) -> None:
        about = self._about()
        if now >= watch.desk_due:
            try:
                with self._desk_lock:
                    watch.desk, watch.trouble = self._desk.read(about, self._persona(watch.persona.key)), None
                watch.desk_due = time.monotonic() + DESK_SECONDS
            except DeskError as error:
                watch.trouble = {"code": error.code, "detail": error.detail}
                watch.desk_due = time.monotonic() + AWAY_SECONDS
        body = msgspec.json.encode(self._composed(about, watch))
        version = hashlib.blake2b(body, digest_size=8).hexdigest()
        if version == watch.version or self._loop is None:
            return
        watch.body, watch.version = body, version
        for event in [*watch.waiters]:
            self._loop.call_soon_threadsafe(event.set)

    def _composed(self, about: About, watch: _Watch) -> dict[str, Any]:
        persona, desk = watch.persona, watch.desk
        phone = pocket_devices.phone(self._telegram, persona)
        mailbox = pocket_devices.mailbox(self._mail, persona)
        places = [
            Place(each["at"], device, each["key"], each["ours"])
            for device, said in (
                ("phone", phone["messages"] if phone else []),
                ("mailbox", mailbox["letters"] if mailbox else []),
            )
            for each in said
        ]
        places.sort(key=lambda each: each.at)
        asked, took = self._telegram.counts()
        known: Mapping[str, Any] = desk or {"id": None, "name": None, "options": {}}
        return {
            "brand": about.brand,
            "bot": about.bot,
            "address": about.address,
            "people": [{"key": each.key, "name": each.name} for each in about.people],
            "person": {
                "key": persona.key,
                "name": (desk or {}).get("name") or persona.name,
                "id": (desk or {}).get("id"),
            },
            "phone": phone,
            "mailbox": mailbox,
            "browser": _browser(about, persona),
            "story": watch.story.told(places, desk),
            "options": known["options"],
            "trouble": watch.trouble,
            "providers": {
                "telegram": {"mode": self._modes["telegram"], "asked": asked, "took": took},
                "email": {"mode": self._modes["email"], "asked": self._mail.asked, "took": self._mail.taken},
            },
            "reckoned": reckoned(places, desk, watch.since),
            "since": watch.since,
        }


def _browser(about: About, persona: Persona) -> dict[str, str] | None:
    """Where their browser begins, and what its address bar calls that place."""
    origin = shop.address_of(about, persona.key)
    return None if origin is None else {"origin": origin, "path": f"/{persona.language}/", "shown": about.domain}


def _visitor(given: Mapping[str, Any]) -> str:
    """The anonymous id that the shop's page has in their browser now."""
    visitor = str(given["visitor"])
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", visitor):
        raise ValueError("No browser is called that.")
    return visitor


def _payload(given: Mapping[str, Any]) -> str:
    """What stood in the link that opened the bot. Source: Telegram's deep links."""
    payload = str(given.get("payload") or "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", payload):
        raise ValueError("No link of Telegram's has that in it.")
    return payload


def _text(given: Mapping[str, Any]) -> str:
    text = str(given["text"]).strip()[:TEXT_MOST]
    if not text:
        raise ValueError("Nothing was said.")
    return text
