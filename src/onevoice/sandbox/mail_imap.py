"""A small IMAP4rev1 server (RFC 3501, with IDLE of RFC 2177 and UIDPLUS' numbers): enough for mail programs to read."""

import asyncio
import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

LINE_MAX = 64 * 1024
LITERAL_MAX = 1024 * 1024
_CAPABILITIES = "IMAP4rev1 IDLE AUTH=PLAIN LITERAL+ UNSELECT"
_FLAGS = r"(\Answered \Flagged \Deleted \Seen \Draft)"
_TOKEN = re.compile(
    rb' *(?:"((?:[^"\\]|\\.)*)"|\{(\d+)\+?\}\r\n|(\()|(\))|(BODY(?:\.PEEK)?\[[^\]]*\](?:<\d+\.\d+>)?|[^ ()"{]+))',
    re.IGNORECASE,
)
_SECTION = re.compile(r"BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?$", re.IGNORECASE)


@dataclass(slots=True)
class Letter:
    uid: int
    raw: bytes
    at: datetime
    flags: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class Mailbox:
    """watchers: set whenever a letter comes, each by a session that lies in IDLE."""

    validity: int
    letters: list[Letter] = field(default_factory=list[Letter])
    next_uid: int = 1
    watchers: set[asyncio.Event] = field(default_factory=set[asyncio.Event])

    def put(self, raw: bytes, at: datetime) -> Letter:
        letter = Letter(self.next_uid, raw, at)
        self.next_uid += 1
        self.letters.append(letter)
        for watcher in self.watchers:
            watcher.set()
        return letter

    def renumber(self, validity: int) -> None:
        """As a server does that has lost its index: all numbers are given out anew."""
        self.validity = validity
        for number, letter in enumerate(self.letters, 1):
            letter.uid = number + 1000
        self.next_uid = len(self.letters) + 1001


Login = Callable[[str, str], Mailbox | None]


class Session:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, login: Login) -> None:
        self._reader, self._writer, self._login = reader, writer, login
        self._owner: Mailbox | None = None
        self._box: Mailbox | None = None
        self._shown = 0
        self._readonly = True

    async def serve(self) -> None:
        self._say(f"* OK [CAPABILITY {_CAPABILITIES}] Sandbox ready")
        while True:
            await self._writer.drain()
            command = await self._command()
            if command is None:
                return
            tag, name, arguments = command
            if name == "LOGOUT":
                self._say("* BYE Until next time", f"{tag} OK LOGOUT completed")
                await self._writer.drain()
                return
            await self._answered(tag, name, arguments)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._writer.write(line.encode() + b"\r\n")

    async def _command(self) -> tuple[str, str, list[Any]] | None:
        """Tag, name, arguments; literals are asked for and joined."""
        whole = b""
        while True:
            line = await self._reader.readline()
            if not line.endswith(b"\n") or len(whole) > LITERAL_MAX:
                return None
            whole += line
            wanted = re.search(rb"\{(\d+)(\+?)\}\r\n$", line)
            if not wanted:
                break
            if int(wanted[1]) > LITERAL_MAX:
                return None
            if not wanted[2]:
                self._say("+ go on")
                await self._writer.drain()
            whole += await self._reader.readexactly(int(wanted[1]))
        tokens = list(_tokens(whole.rstrip(b"\r\n")))
        if len(tokens) < 2 or not all(isinstance(each, str) for each in tokens[:2]):
            return ("*", "", [])
        name, rest = tokens[1].upper(), tokens[2:]
        if name == "UID" and rest and isinstance(rest[0], str):
            name, rest = f"UID {rest[0].upper()}", rest[1:]
        return tokens[0], name, rest

    async def _answered(self, tag: str, name: str, arguments: list[Any]) -> None:
        does = {
            "CAPABILITY": self._capability, "NOOP": self._noop, "CHECK": self._noop, "LOGIN": self._log_in,
            "AUTHENTICATE": self._authenticate, "LIST": self._list, "STATUS": self._status, "SELECT": self._select,
            "EXAMINE": self._examine, "CLOSE": self._close, "UNSELECT": self._close, "IDLE": self._idle,
            "EXPUNGE": self._expunge,
        }.get(name)  # fmt: skip
        chosen = {"SEARCH": self._search, "FETCH": self._fetch, "STORE": self._store}.get(name.removeprefix("UID "))
        try:
            if does is not None and (self._owner is not None or name in _BEFORE_LOGIN):
                said = await does(arguments)
            elif chosen is not None and self._box is not None:
                said = chosen(self._box, arguments, name.startswith("UID "))
                self._news()
            else:
                said = "BAD Unknown command, or not now"
        except (ValueError, IndexError, TypeError, AttributeError, UnicodeError):
            said = "BAD That cannot be read"
        self._say(f"{tag} {said}")

    # Commands

    async def _capability(self, _: list[Any]) -> str:
        self._say(f"* CAPABILITY {_CAPABILITIES}")
        return "OK CAPABILITY completed"

    async def _noop(self, _: list[Any]) -> str:
        self._news()
        return "OK NOOP completed"

    async def _log_in(self, arguments: list[Any]) -> str:
        return self._entered(str(arguments[0]), str(arguments[1]))

    async def _authenticate(self, arguments: list[Any]) -> str:
        if str(arguments[0]).upper() != "PLAIN":
            return "NO Only PLAIN"
        coded = arguments[1] if len(arguments) > 1 else None
        if coded is None:
            self._say("+ ")
            await self._writer.drain()
            coded = (await self._reader.readline()).decode().strip()
        _, user, password = base64.b64decode(coded).decode().split("\0")
        return self._entered(user, password)

    def _entered(self, user: str, password: str) -> str:
        self._owner = self._login(user, password)
        return "OK LOGIN completed" if self._owner else "NO [AUTHENTICATIONFAILED] Wrong name or password"

    async def _list(self, arguments: list[Any]) -> str:
        pattern = str(arguments[1])
        if not pattern:
            self._say('* LIST (\\Noselect) "/" ""')
        elif re.fullmatch(re.escape(pattern.upper()).replace(r"\*", ".*").replace("%", "[^/]*"), "INBOX"):
            self._say('* LIST (\\HasNoChildren) "/" "INBOX"')
        return "OK LIST completed"

    async def _status(self, arguments: list[Any]) -> str:
        box = self._owner
        if str(arguments[0]).upper() != "INBOX" or box is None:
            return "NO [NONEXISTENT] No such folder"
        values = {
            "MESSAGES": len(box.letters), "RECENT": 0, "UIDNEXT": box.next_uid, "UIDVALIDITY": box.validity,
            "UNSEEN": sum("\\Seen" not in each.flags for each in box.letters),
        }  # fmt: skip
        told = " ".join(f"{str(name).upper()} {values[str(name).upper()]}" for name in arguments[1])
        self._say(f'* STATUS "INBOX" ({told})')
        return "OK STATUS completed"

    async def _select(self, arguments: list[Any]) -> str:
        return self._opened(arguments, readonly=False)

    async def _examine(self, arguments: list[Any]) -> str:
        return self._opened(arguments, readonly=True)

    def _opened(self, arguments: list[Any], *, readonly: bool) -> str:
        box = self._owner
        self._box = None
        if str(arguments[0]).upper() != "INBOX" or box is None:
            return "NO [NONEXISTENT] No such folder"
        self._box, self._readonly, self._shown = box, readonly, len(box.letters)
        kept = "()" if readonly else _FLAGS
        self._say(
            f"* {len(box.letters)} EXISTS", "* 0 RECENT", f"* FLAGS {_FLAGS}", f"* OK [PERMANENTFLAGS {kept}] Kept",
            f"* OK [UIDVALIDITY {box.validity}] Numbers hold", f"* OK [UIDNEXT {box.next_uid}] Next number",
        )  # fmt: skip
        return f"OK [{'READ-ONLY' if readonly else 'READ-WRITE'}] completed"

    async def _close(self, _: list[Any]) -> str:
        self._box = None
        return "OK completed"

    async def _expunge(self, _: list[Any]) -> str:
        box = self._box
        if box is None or self._readonly:
            return "NO [READ-ONLY] No folder is open for writing"
        for number in range(len(box.letters), 0, -1):
            if "\\Deleted" in box.letters[number - 1].flags:
                del box.letters[number - 1]
                self._say(f"* {number} EXPUNGE")
        self._shown = len(box.letters)
        return "OK EXPUNGE completed"

    async def _idle(self, _: list[Any]) -> str:
        box = self._box or self._owner
        if box is None:
            return "BAD Log in first"
        self._say("+ idling")
        changed = asyncio.Event()
        box.watchers.add(changed)
        done = asyncio.ensure_future(self._reader.readline())
        try:
            while not done.done():
                self._news()
                await self._writer.drain()
                changed.clear()
                waiting = asyncio.ensure_future(changed.wait())
                await asyncio.wait({done, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            box.watchers.discard(changed)
            done.cancel()
        return "OK IDLE completed" if done.result().strip().upper() == b"DONE" else "BAD Expected DONE"

    def _news(self) -> None:
        if self._box is not None and len(self._box.letters) != self._shown:
            self._shown = len(self._box.letters)
            self._say(f"* {self._shown} EXISTS")

    def _search(self, box: Mailbox, arguments: list[Any], by_uid: bool) -> str:
        if arguments and str(arguments[0]).upper() == "CHARSET":
            arguments = arguments[2:]
        matches = _criteria(list(arguments), box)
        found = [
            str(letter.uid if by_uid else number)
            for number, letter in enumerate(box.letters, 1)
            if matches(number, letter)
        ]
        self._say(" ".join(["* SEARCH", *found]))
        return "OK SEARCH completed"

    def _fetch(self, box: Mailbox, arguments: list[Any], by_uid: bool) -> str:
        items = arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
        wanted = [str(each) for each in items]
        if by_uid and "UID" not in {each.upper() for each in wanted}:
            wanted.insert(0, "UID")
        for number, letter in _chosen(box, str(arguments[0]), by_uid):
            pieces = [piece for each in wanted for piece in self._piece(letter, each)]
            self._writer.write(b"* %d FETCH (" % number + b" ".join(pieces) + b")\r\n")
        return "OK FETCH completed"

    def _piece(self, letter: Letter, wanted: str) -> Iterator[bytes]:
        name = wanted.upper()
        section = _SECTION.match(wanted)
        if section:
            if not section[1] and not self._readonly:
                letter.flags.add("\\Seen")
            data = _part(letter.raw, section[2])
            said = f"BODY[{section[2].upper()}]"
            if section[3]:
                data = data[int(section[3]) : int(section[3]) + int(section[4])]
                said += f"<{section[3]}>"
            yield f"{said} {{{len(data)}}}\r\n".encode() + data
        elif name == "UID":
            yield f"UID {letter.uid}".encode()
        elif name == "FLAGS":
            yield f"FLAGS ({' '.join(sorted(letter.flags))})".encode()
        elif name == "RFC822.SIZE":
            yield f"RFC822.SIZE {len(letter.raw)}".encode()
        elif name == "INTERNALDATE":
            yield f'INTERNALDATE "{letter.at.astimezone(UTC):%d-%b-%Y %H:%M:%S +0000}"'.encode()
        elif name in {"RFC822", "RFC822.HEADER"}:
            data = letter.raw if name == "RFC822" else _part(letter.raw, "HEADER")
            yield f"{name} {{{len(data)}}}\r\n".encode() + data
        else:
            raise ValueError(wanted)

    def _store(self, box: Mailbox, arguments: list[Any], by_uid: bool) -> str:
        if self._readonly:
            return "NO [READ-ONLY] The folder was opened for reading"
        action = str(arguments[1]).upper()
        flags = {str(each) for each in (arguments[2] if isinstance(arguments[2], list) else [arguments[2]])}
        for number, letter in _chosen(box, str(arguments[0]), by_uid):
            if action.startswith("+"):
                letter.flags |= flags
            elif action.startswith("-"):
                letter.flags -= flags
            else:
                letter.flags = flags
            if not action.endswith(".SILENT"):
                self._say(f"* {number} FETCH (UID {letter.uid} FLAGS ({' '.join(sorted(letter.flags))}))")
        return "OK STORE completed"


_BEFORE_LOGIN = {"CAPABILITY", "NOOP", "LOGIN", "AUTHENTICATE"}


def _tokens(line: bytes) -> Iterator[Any]:
    """Words, and lists of them for what stands in brackets."""
    stack: list[list[Any]] = [[]]
    at = 0
    while at < len(line):
        found = _TOKEN.match(line, at)
        if not found:
            break
        at = found.end()
        quoted, literal, opened, closed, atom = found.groups()
        if opened:
            stack.append([])
        elif closed:
            if len(stack) > 1:
                inner = stack.pop()
                stack[-1].append(inner)
        elif literal is not None:
            stack[-1].append(line[at : at + int(literal)].decode("utf-8", "replace"))
            at += int(literal)
        else:
            text = re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else atom
            stack[-1].append(text.decode("utf-8", "replace"))
    yield from stack[0]


def _chosen(box: Mailbox, wanted: str, by_uid: bool) -> list[tuple[int, Letter]]:
    last = (box.letters[-1].uid if by_uid else len(box.letters)) if box.letters else 0
    ranges: list[tuple[int, int]] = []
    for each in wanted.split(","):
        low, _, high = each.partition(":")
        ends = [last if end == "*" else int(end) for end in (low, high or low)]
        ranges.append((min(ends), max(ends)))
    return [
        (number, letter)
        for number, letter in enumerate(box.letters, 1)
        if any(low <= (letter.uid if by_uid else number) <= high for low, high in ranges)
    ]


def _part(raw: bytes, section: str) -> bytes:
    head, gap, body = raw.partition(b"\r\n\r\n")
    name = section.upper()
    if name == "":
        return raw
    if name == "HEADER":
        return head + gap
    if name == "TEXT":
        return body
    if name.startswith("HEADER.FIELDS"):
        wanted = {each.lower() for each in re.findall(r"[\w-]+", section[13:].replace("(", " "))}
        fields = re.split(rb"\r\n(?![ \t])", head)
        kept = [each for each in fields if each.partition(b":")[0].decode("latin-1").lower() in wanted]
        return b"".join(each + b"\r\n" for each in kept) + b"\r\n"
    raise ValueError(section)


Matches = Callable[[int, Letter], bool]


def _criteria(words: list[Any], box: Mailbox) -> Matches:
    """All of the keys, one after another."""
    tests: list[Matches] = []
    while words:
        tests.append(_key(words, box))
    return lambda number, letter: all(test(number, letter) for test in tests)


def _key(words: list[Any], box: Mailbox) -> Matches:
    word = words.pop(0)
    if isinstance(word, list):
        return _criteria(list(word), box)
    name = str(word).upper()
    if name == "ALL":
        return lambda _number, _letter: True
    if name == "NOT":
        inner = _key(words, box)
        return lambda number, letter: not inner(number, letter)
    if name == "OR":
        one, other = _key(words, box), _key(words, box)
        return lambda number, letter: one(number, letter) or other(number, letter)
    if name in {"SEEN", "FLAGGED", "ANSWERED", "DELETED", "DRAFT"}:
        return lambda _, letter: f"\\{name.capitalize()}" in letter.flags
    if name in {"UNSEEN", "UNFLAGGED", "UNANSWERED", "UNDELETED", "UNDRAFT", "NEW"}:
        absent = f"\\{name.removeprefix('UN').capitalize()}" if name != "NEW" else "\\Seen"
        return lambda _, letter: absent not in letter.flags
    if name == "UID":
        uids = {letter.uid for _, letter in _chosen(box, str(words.pop(0)), by_uid=True)}
        return lambda _, letter: letter.uid in uids
    if name in {"SINCE", "BEFORE", "ON"}:
        day = datetime.strptime(str(words.pop(0)), "%d-%b-%Y").replace(tzinfo=UTC).date()
        return lambda _, letter: {
            "SINCE": letter.at.date() >= day, "BEFORE": letter.at.date() < day, "ON": letter.at.date() == day,
        }[name]  # fmt: skip
    return _text_key(name, words, box)


def _text_key(name: str, words: list[Any], box: Mailbox) -> Matches:
    if name == "HEADER":
        header, text = str(words.pop(0)), str(words.pop(0)).lower()
        return lambda _, letter: _says(letter.raw, header, text)
    if name in {"FROM", "TO", "CC", "SUBJECT"}:
        text = str(words.pop(0)).lower()
        return lambda _, letter: _says(letter.raw, name, text)
    if name in {"TEXT", "BODY"}:
        text = str(words.pop(0)).lower()
        return lambda _, letter: text in letter.raw.decode("utf-8", "replace").lower()
    if re.fullmatch(r"[\d:,*]+", name):
        numbers = {number for number, _ in _chosen(box, name, by_uid=False)}
        return lambda number, _: number in numbers
    raise ValueError(name)


def _says(raw: bytes, header: str, text: str) -> bool:
    values: Sequence[Any] = message_from_bytes(raw, policy=policy.default).get_all(header, [])
    return any(text in str(value).lower() for value in values)
