"""IMAP in: a mailbox that is watched from a thread of its own, where imap-tools may wait for its socket.

Nothing is deleted, and nothing marked unless the settings say so: the folder is opened for reading only.
"""

import imaplib
import io
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError

from onevoice.channels.email.places import place
from onevoice.channels.email.reading import LETTER_MAX_BYTES, Arrived
from onevoice.channels.email.replies import detail
from onevoice.channels.email.settings import Server
from onevoice.domains.delivery.errors import ActionRequired, Retriable
from onevoice.domains.delivery.ports import Egress
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock

BATCH = 20
BATCH_BYTES = 8 * 2**20
_SIZE = re.compile(rb"\bUID (\d+)\b.*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+).*?\bUID (\d+)\b")
_INTERNAL_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
_EMPTY_MAX = 5
_NUMBER = re.compile(r"\d{1,10}")
_FAILURES = (imaplib.IMAP4.error, ImapToolsError, OSError)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds. idle: how long one IDLE lasts before it is begun anew; RFC 2177 asks for less than 29 minutes, and home
    routers forget a silent connection sooner. wake: how soon a stop is noticed. tries: how often in a row a connection
    may fail before whoever listens is told.
    """

    connect: float = 20
    command: float = 60
    idle: float = 8 * 60
    wake: float = 0.5
    retry_first: float = 1
    retry_most: float = 120
    tries: int = 10


@dataclass(frozen=True, slots=True)
class Position:
    """`UIDVALIDITY:UID:DAY`. uid: the last that was taken. day: of its arrival, from which the folder is read again
    where its numbers have been given out anew; what was taken before is known by its key.
    """

    validity: int
    uid: int
    day: str

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}:{self.day}"


def position(text: str | None) -> Position | None:
    """None for what is none of ours: then it is read from now on."""
    parts = (text or "").split(":")
    if len(parts) not in {2, 3} or not all(_NUMBER.fullmatch(each) for each in parts[:2]):
        return None
    day = parts[2] if len(parts) == 3 and re.fullmatch(r"\d{4}-\d{2}-\d{2}", parts[2]) else ""
    return Position(int(parts[0]), int(parts[1]), day)


Take = Callable[[Sequence[Arrived], Position], None]
"""Hands over what arrived; returns when it was taken."""


class Watch:
    """Runs in a thread until `stopped` is set."""

    def __init__(
        self,
        server: Server,
        folder: str,
        egress: Egress,
        clock: Clock,
        chance: Chance,
        *,
        mark_seen: bool = False,
        waits: Waits | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._server, self._folder, self._egress, self._clock, self._chance = server, folder, egress, clock, chance
        self._mark_seen = mark_seen
        self._waits = waits or Waits()
        self._context = context
        self.stopped = threading.Event()
        self._failures = 0

    def run(self, start: Position | None, take: Take) -> None:
        """Reconnects with growing waits. Raises: ActionRequired where the login is refused, Retriable where all tries
        failed.
        """
        at = start

        def taken(items: Sequence[Arrived], reached: Position) -> None:
            nonlocal at
            take(items, reached)
            at = reached

        while not self.stopped.is_set():
            try:
                self._watched(at, taken)
            except (Retriable, *_FAILURES) as error:
                self._failures += 1
                if self._failures >= self._waits.tries:
                    raise Retriable("imap_unreachable", detail(str(error)), scope="account") from None
                self.stopped.wait(self._pause(self._failures))

    def probe(self) -> int:
        """Logs in and opens the folder. How many letters it holds. Raises: Retriable, ActionRequired."""
        try:
            box = self._logged_in()
            try:
                return self._selected(box)[2]
            finally:
                _left(box)
        except _FAILURES as error:
            raise Retriable("imap_unreachable", detail(str(error)), scope="account") from None

    def _pause(self, failures: int) -> float:
        waits = self._waits
        longest = min(waits.retry_most, waits.retry_first * 2 ** min(failures - 1, 20))
        return longest * (0.5 + self._chance.bytes(1)[0] / 510)  # not all accounts of a server at once

    def _watched(self, start: Position | None, take: Take) -> None:
        box = self._logged_in()
        try:
            validity, next_uid, _ = self._selected(box)
            at = start
            if at is None:
                at = Position(validity, next_uid - 1, self._today())
                take((), at)
            elif at.validity != validity:
                at = Position(validity, self._before(box, at.day), at.day)
            while not self.stopped.is_set():
                at = self._taken(box, at, take)
                self._failures = 0
                if not _grown(box):
                    self._idle(box)
        finally:
            _left(box)

    def _today(self) -> str:
        return self._clock.now().strftime("%Y-%m-%d")

    def _taken(self, box: BaseMailBox, at: Position, take: Take) -> Position:
        """Everything behind the position, in batches bounded in number and in bytes."""
        # A server may answer FETCH as the folder was, and say behind the answer that it has grown.
        box.client.noop()
        _grown(box)
        sizes = self._sizes(box, at.uid)
        batch: list[Arrived] = []
        for number, (uid, size) in enumerate(sizes):
            if self.stopped.is_set():
                break
            arrived = self._letter(box, uid, size)
            if arrived is not None:
                batch.append(arrived)
            day = batch[-1].at.strftime("%Y-%m-%d") if batch else at.day
            at = Position(at.validity, uid, max(day, at.day))
            full = len(batch) >= BATCH or sum(len(each.raw) for each in batch) >= BATCH_BYTES
            if full or number == len(sizes) - 1:
                take(batch, at)
                if self._mark_seen:
                    _checked(box.client.uid("STORE", f"{sizes[0][0]}:{uid}", "+FLAGS.SILENT", r"(\Seen)"))
                batch = []
        return at

    def _sizes(self, box: BaseMailBox, after: int) -> list[tuple[int, int]]:
        """UIDs above `after` with their sizes, ascending."""
        found: list[tuple[int, int]] = []
        # `n:*` always names the last letter too, even where it is older than n.
        for line in _checked(box.client.uid("FETCH", f"{after + 1}:*", "(UID RFC822.SIZE)")):
            match = _SIZE.search(line if isinstance(line, bytes) else line[0]) if line else None
            if match:
                uid, size = int(match[1] or match[4]), int(match[2] or match[3])
                if uid > after:
                    found.append((uid, size))
        return sorted(set(found))

    def _letter(self, box: BaseMailBox, uid: int, size: int) -> Arrived | None:
        """Not more of it than is ever read. None where it has been removed meanwhile."""
        most = f"<0.{LETTER_MAX_BYTES}>" if size > LETTER_MAX_BYTES else ""
        for line in _checked(box.client.uid("FETCH", str(uid), f"(UID INTERNALDATE BODY.PEEK[]{most})")):
            if isinstance(line, tuple):
                raw = line[1]
                return Arrived(raw, size if most else len(raw), self._when(line[0]))
        return None

    def _when(self, told: bytes) -> datetime:
        found = _INTERNAL_DATE.search(told)
        if found:
            try:
                return datetime.strptime(found[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
            except ValueError:
                pass
        return self._clock.now()

    def _before(self, box: BaseMailBox, day: str) -> int:
        """The UID below everything that arrived since the day before `day`; 0 where no day is known."""
        if not day:
            return 0
        since = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) - timedelta(days=1)
        found = _checked(box.client.uid("SEARCH", "SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"))
        uids = _numbers(found)
        return min(uids) - 1 if uids else self._selected(box)[1] - 1

    def _idle(self, box: BaseMailBox) -> None:
        """Returns when something happened, when it is time to look anyway, or when we are stopped."""
        if b"IDLE" not in {str(each).upper().encode() for each in box.client.capabilities}:
            self.stopped.wait(min(self._waits.idle, 30))
            box.client.noop()
            return
        ends_at = self._clock.monotonic() + self._waits.idle
        empty = 0
        box.idle.start()
        try:
            if _read_along(box):
                return
            while not _grown(box) and not self.stopped.is_set() and self._clock.monotonic() < ends_at:
                asked_at = self._clock.monotonic()
                lines = box.idle.poll(timeout=self._waits.wake)
                if any(b"EXISTS" in line or b"BYE" in line for line in lines):
                    break
                # A closed connection is always ready to be read, and there is nothing in it.
                silent = not lines and self._clock.monotonic() - asked_at < self._waits.wake / 2
                empty = empty + 1 if silent else 0
                if empty > _EMPTY_MAX:
                    raise ConnectionResetError("the server closed the connection")
        finally:
            box.idle.stop()

    def _logged_in(self) -> BaseMailBox:
        where = place(self._egress, self._server)
        try:
            box = _Box(self._server, where, self._waits.connect, self._context or ssl.create_default_context())
        except ssl.SSLCertVerificationError as error:
            raise ActionRequired("imap_certificate_invalid", detail(str(error))) from None
        box.client.sock.settimeout(self._waits.command)
        try:
            box.login(self._server.username, self._server.password, initial_folder=None)
        except imaplib.IMAP4.abort:
            _left(box)
            raise
        except (imaplib.IMAP4.error, ImapToolsError) as error:
            _left(box)
            if re.search(r"UNAVAILABLE|INUSE|LIMIT|temporar|try again|too many", str(error), re.IGNORECASE):
                raise Retriable("imap_busy", detail(str(error)), scope="account") from None
            raise ActionRequired("imap_login_refused", detail(str(error))) from None
        return box

    def _selected(self, box: BaseMailBox) -> tuple[int, int, int]:
        """UIDVALIDITY, UIDNEXT and the number of letters."""
        client = box.client
        kind, told = client.select(f'"{_escaped(self._folder)}"', readonly=not self._mark_seen)
        if kind != "OK":
            raise ActionRequired("imap_folder_unknown", detail(f"{self._folder}: {told[0] or b''!r}"))
        validity, following = (_told(client, name) for name in ("UIDVALIDITY", "UIDNEXT"))
        if validity is None:
            raise ActionRequired("imap_not_supported", "the server gives no UIDVALIDITY")
        if following is None:
            uids = _checked(client.uid("SEARCH", "ALL"))
            following = max(_numbers(uids), default=0) + 1
        return validity, following, int(told[0] or 0)


class _Box(BaseMailBox):
    """Connected to the address that was judged; the certificate is judged by the server's name."""

    def __init__(self, server: Server, where: str, timeout: float, context: ssl.SSLContext) -> None:
        self._made = (server, where, timeout, context)
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        server, where, timeout, context = self._made
        if server.security == "tls":
            return _Tls(server, where, timeout, context)
        client = _Plain(server, where, timeout)
        if server.security == "starttls":
            client.starttls(context)
        return client


class _Plain(imaplib.IMAP4):
    def __init__(self, server: Server, where: str, timeout: float) -> None:
        self._where = (where, server.port)
        super().__init__(server.host, server.port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return socket.create_connection(self._where, timeout)


class _Tls(imaplib.IMAP4_SSL):
    def __init__(self, server: Server, where: str, timeout: float, context: ssl.SSLContext) -> None:
        self._where, self._judge = (where, server.port), context
        super().__init__(server.host, server.port, ssl_context=context, timeout=timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection(self._where, timeout)
        return self._judge.wrap_socket(plain, server_hostname=self.host)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(detail(repr(data)))
    return data


def _numbers(data: list[Any]) -> list[int]:
    return [int(each) for line in data if isinstance(line, bytes) for each in line.split()]


def _told(client: imaplib.IMAP4, name: str) -> int | None:
    data = client.response(name)[1]
    return int(data[0]) if data and data[0] and bytes(data[0]).isdigit() else None


def _escaped(folder: str) -> str:
    return folder.replace("\\", "\\\\").replace('"', '\\"')


def _grown(box: BaseMailBox) -> bool:
    """Whether the server has told of new letters since this was asked."""
    return box.client.untagged_responses.pop("EXISTS", None) is not None


def _read_along(box: BaseMailBox) -> bool:
    """Whether something came in one piece with what was read last: whoever waits for the socket would not see it."""
    connection, buffer = box.client.sock, cast("io.BufferedReader", box.client.file)
    before = connection.gettimeout()
    connection.settimeout(0)
    try:
        return bool(buffer.peek(1))
    except OSError:  # nothing is there yet
        return False
    finally:
        connection.settimeout(before)


def _left(box: BaseMailBox) -> None:
    try:
        box.client.logout()
    except _FAILURES:
        box.client.shutdown()
