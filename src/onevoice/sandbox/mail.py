"""Everybody's mail provider for a demo and for tests: takes mail over SMTP, shows it over IMAP, and on request fails.

Loopback only. A letter to a brand's domain lands in the brand's mailbox, every other in the mailbox of its address.
`Mail` runs in a thread of its own; its methods may be called from any other. What they do is what the people and mail
servers on the other side do: read, answer, complain, bounce.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from onevoice.kit.clock import Clock, SystemClock
from onevoice.sandbox import mail_letters
from onevoice.sandbox.keeping import LETTERS_MOST, KeptBox, KeptLetter, KeptMail, KeptTaken
from onevoice.sandbox.mail_imap import LINE_MAX, Letter, Mailbox
from onevoice.sandbox.mail_imap import Session as ImapSession

T = TypeVar("T")
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns at each login of a name in its own code
LETTER_MAX_BYTES = 40 * 2**20

Trouble = Literal[
    "busy", "greylist", "unknown", "policy", "full", "hang", "unheard", "reset", "garbage", "drop", "slow",
]  # fmt: skip
"""busy: 421. greylist: 450, try again in so many seconds. unknown: 550 5.1.1. policy: 550 5.7.1. full: 452 4.2.2.
hang: takes the letter, never answers. unheard: neither takes nor answers it. reset: takes the letter, cuts the line.
garbage: takes it, and answers nonsense. drop: cuts the line before the letter.
slow: takes the letter after a while.
"""

_AT_RECIPIENT = {
    "greylist": "450 4.7.1 Greylisted, please try again in {seconds} seconds",
    "unknown": "550 5.1.1 No such user here",
    "policy": "550 5.7.1 Refused by policy",
    "full": "452 4.2.2 The mailbox is full",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that the server took, whether or not it could say so. number: in the ledger, from 1."""

    number: int
    sender: str
    recipient: str
    raw: bytes
    at: datetime
    answered: bool = True


@dataclass(slots=True)
class _Fault:
    trouble: Trouble
    address: str | None
    times: int
    seconds: int


class Mail:
    """password: for every login by SMTP, and by IMAP under any address or brand; None: SMTP takes mail from anybody.
    open_door: SMTP does so all the same.
    """

    def __init__(
        self,
        *,
        password: str | None = None,
        open_door: bool = False,
        clock: Clock | None = None,
        smtp_port: int = 0,
        imap_port: int = 0,
        slow_seconds: float = 2,
    ) -> None:
        self._password, self._clock, self._slow_seconds = password, clock or SystemClock(), slow_seconds
        self._open_door = open_door
        self._wanted = (smtp_port, imap_port)
        self.smtp_port = self.imap_port = 0
        self.ledger: list[Taken] = []
        self.connections = self.asked = self.taken = 0
        """Since it started: clients that came, letters that were offered, letters that were taken."""
        self._boxes: dict[str, Mailbox] = {}
        self._brands: set[str] = set()
        self._faults: list[_Fault] = []
        self.standing: tuple[Trouble, int] | None = None
        """A trouble for every letter until it is taken away, and its seconds."""
        self.marks: dict[int, str] = {}
        """What people did with a letter, by its number: `spam`, `bounced`, `unsubscribed`."""
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._transports: set[Any] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._named = 0

    # Running

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-mail", daemon=True)
        self._thread.start()
        self._done(self._opened())

    def stop(self) -> None:
        self._done(self._closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _opened(self) -> None:
        smtp = await self._loop.create_server(self._smtp, "127.0.0.1", self._wanted[0])
        imap = await asyncio.start_server(self._imap, "127.0.0.1", self._wanted[1], limit=LINE_MAX)
        self._servers = [smtp, imap]
        self.smtp_port, self.imap_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    async def _closed(self) -> None:
        self._shut()
        self._cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _cut(self) -> None:
        for transport in list(self._transports):
            transport.abort()
        self._transports.clear()

    def _smtp(self) -> SMTP:
        self.connections += 1
        return SMTP(
            _Handler(self),
            hostname="mx.provider.example",
            ident="Sandbox",
            data_size_limit=LETTER_MAX_BYTES,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=self._authenticated,
            loop=self._loop,
            timeout=120,
        )

    def _authenticated(self, _server: Any, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        told = given.password.decode("utf-8", "replace") if isinstance(given, LoginPassword) else None
        right = self._password in {None, told}
        return AuthResult(success=right, handled=right)

    async def _imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._transports.add(writer.transport)
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            await ImapSession(reader, writer, self._login).serve()
        self._transports.discard(writer.transport)
        writer.close()
        if task:
            self._tasks.discard(task)

    def _login(self, user: str, password: str) -> Mailbox | None:
        return self._box(user) if self._password is None or password == self._password else None

    # What a test or the pocket does

    def brand(self, domain: str) -> None:
        """All letters to the domain land in one mailbox, whose user name is any address in it."""
        self._brands.add(domain.lower())

    def misbehave(self, trouble: Trouble, *, address: str | None = None, times: int = 1, seconds: int = 60) -> None:
        """For the next letters, or the next to this address."""
        self._called(lambda: self._faults.append(_Fault(trouble, address.lower() if address else None, times, seconds)))

    def change_password(self, password: str) -> None:
        """Who is in stays in."""
        self._password = password

    def behave(self) -> None:
        self._called(self._faults.clear)

    def stop_listening(self) -> None:
        """Nobody gets in any more; who is in stays."""
        self._called(self._shut)

    def listen_again(self) -> None:
        """On the ports it had."""
        self._wanted = (self.smtp_port, self.imap_port)
        self._done(self._opened())

    def _shut(self) -> None:
        for server in self._servers:
            server.close()

    def cut(self) -> None:
        """All IMAP connections, at once."""
        self._called(self._cut)

    def renumber(self, address: str, validity: int) -> None:
        self._called(lambda: self._box(address).renumber(validity))

    def letters(self, address: str) -> list[bytes]:
        """What lies in the mailbox of an address, oldest first."""
        return self._called(lambda: [letter.raw for letter in self._box(address).letters])

    def stored(self, address: str) -> list[tuple[int, bytes, datetime]]:
        """Number, letter and arrival of what lies in the mailbox of an address, oldest first."""
        return self._called(lambda: [(each.uid, each.raw, each.at) for each in self._box(address).letters])

    def flags(self, address: str) -> list[set[str]]:
        """What each letter is marked with, such as Seen behind a backslash."""
        return self._called(lambda: [set(letter.flags) for letter in self._box(address).letters])

    def put(self, address: str, raw: bytes) -> None:
        """A letter from anywhere."""
        self._called(lambda: self._box(address).put(raw, self._clock.now()))

    def reply(self, taken: Taken, text: str, *, language: str = "en", name: str = "") -> bytes:
        """The person answers, and their mail program quotes."""
        raw = mail_letters.answer(
            taken.raw, taken.recipient, text, self._clock.now(), self._identifier(), language, name
        )
        return self._sent_back(raw)

    def away(self, taken: Taken, *, language: str = "en") -> bytes:
        """The person's mailbox answers by itself."""
        raw = mail_letters.away(taken.raw, taken.recipient, self._clock.now(), self._identifier(), language)
        return self._sent_back(raw)

    def mark(self, taken: Taken, what: str) -> None:
        """What the person's mail program remembers of a letter."""
        self.marks[taken.number] = what

    def complain(self, taken: Taken) -> bytes:
        """The person presses "spam"; their provider tells the brand."""
        self.marks[taken.number] = "spam"
        to = taken.sender
        raw = mail_letters.complaint(
            taken.raw, taken.sender, taken.recipient, to, self._clock.now(), self._identifier()
        )
        return self._sent_back(raw)

    def bounce(self, taken: Taken, code: str = "5.1.1", said: str = "No such user here") -> bytes:
        """The provider finds that it cannot deliver what it took."""
        self.marks[taken.number] = "bounced"
        at, to = self._clock.now(), taken.sender
        return self._sent_back(mail_letters.failure(taken.raw, taken.recipient, to, code, said, at, self._identifier()))

    # What outlasts it

    def kept(self) -> KeptMail:
        return self._called(self._kept)

    def _kept(self) -> KeptMail:
        boxes = {
            name: KeptBox(
                box.validity,
                box.next_uid,
                [KeptLetter(one.uid, one.raw, one.at, sorted(one.flags)) for one in box.letters[-LETTERS_MOST:]],
            )
            for name, box in self._boxes.items()
        }
        ledger = [
            KeptTaken(one.number, one.sender, one.recipient, one.raw, one.at) for one in self.ledger[-LETTERS_MOST:]
        ]
        return KeptMail(boxes, ledger, dict(self.marks))

    def restore(self, kept: KeptMail) -> None:
        """Before it is started."""
        self.ledger = [Taken(one.number, one.sender, one.recipient, one.raw, one.at) for one in kept.ledger]
        self.marks = dict(kept.marks)
        for name, box in kept.boxes.items():
            letters = [Letter(one.uid, one.raw, one.at, set(one.flags)) for one in box.letters]
            self._boxes[name] = Mailbox(box.validity, letters, box.next_uid)

    def _sent_back(self, raw: bytes) -> bytes:
        self.put(mail_letters.header(mail_letters.opened(raw), "To"), raw)
        return raw

    def _identifier(self) -> str:
        self._named += 1
        return f"<s-{self._named}.{self._clock.now():%Y%m%d%H%M%S%f}@provider.example>"

    def _called(self, does: Callable[[], T]) -> T:
        async def call() -> T:
            return does()

        return self._done(call())

    # What the servers do

    def _box(self, address: str) -> Mailbox:
        domain = address.lower().rpartition("@")[2]
        name = domain if domain in self._brands else address.lower()
        return self._boxes.setdefault(name, Mailbox(validity=1))

    def fault(self, address: str | None, *at: Trouble) -> _Fault | None:
        """The trouble that was asked for at this moment, once."""
        for fault in self._faults:
            if fault.trouble in at and fault.address in {None, address and address.lower()}:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        if self.standing is not None and self.standing[0] in at:
            return _Fault(self.standing[0], None, 1, self.standing[1])
        return None

    def take(self, sender: str, recipient: str, raw: bytes, *, answered: bool) -> None:
        at = self._clock.now()
        self.taken += 1
        number = self.ledger[-1].number + 1 if self.ledger else 1
        self.ledger.append(Taken(number, sender, recipient, raw, at, answered))
        self._box(recipient).put(f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode() + raw, at)

    @property
    def wants_login(self) -> bool:
        return self._password is not None and not self._open_door

    @property
    def slow_seconds(self) -> float:
        return self._slow_seconds


class _Handler:
    """aiosmtpd's hooks, by the names it calls."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._mail.wants_login and not session.authenticated:
            return "530 5.7.0 Log in first"
        self._mail.asked += 1
        if self._mail.fault(None, "busy"):
            asyncio.get_running_loop().call_later(0.05, _closed, server)
            return "421 4.3.2 Too busy, closing"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender taken"

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        fault = self._mail.fault(address, "greylist", "unknown", "policy", "full", "drop")
        if fault and fault.trouble == "drop":
            _closed(server, abort=True)
            return "250 2.1.5 Nobody hears this"
        if fault:
            return _AT_RECIPIENT[fault.trouble].format(seconds=fault.seconds)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient taken"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        sender, raw = envelope.mail_from or "", envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            fault = self._mail.fault(recipient, "hang", "unheard", "reset", "garbage", "slow")
            trouble = fault.trouble if fault else None
            if trouble == "slow":
                await asyncio.sleep(self._mail.slow_seconds)
            if trouble != "unheard":
                self._mail.take(sender, recipient, raw, answered=trouble in {None, "slow"})
            if trouble in {"hang", "unheard"}:
                await asyncio.sleep(3600)
            if trouble == "garbage":
                return "what"
            if trouble == "reset":
                _closed(server, abort=True)
        return "250 2.0.0 Taken"


def _closed(server: SMTP, *, abort: bool = False) -> None:
    transport = server.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort() if abort else transport.close()
