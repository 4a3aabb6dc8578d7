"""Preparing: all that can be done with the events of a batch before the ledger is asked.

Reading, normalising, hashing and encoding take more processor time than anything else on the way to a profile. They
depend on nothing that the batches before have written, so that whoever links has them done ahead, on another thread.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.events.contracts import LINK_KEY, Rejection
from onevoice.domains.identity.contracts import Kind, SourceInfo
from onevoice.domains.identity.rules import tokens
from onevoice.domains.identity.rules.normalise import normalise
from onevoice.domains.identity.rules.observe import Observation, digest_of, observe
from onevoice.domains.identity.rules.personal import NONE_DECLARED, REFERENCE, Declared, always
from onevoice.domains.identity.store import blocked as blocked_store
from onevoice.domains.identity.store import linking as sql
from onevoice.kit.bounded import Bounded

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Incoming(NamedTuple):
    """One frame of the log, as this domain needs it."""

    source_id: int
    received_at: datetime
    sent_at: datetime | None
    events: Sequence[bytes | msgspec.Raw]
    import_id: int | None = None


class Identifier(msgspec.Struct, gc=False):
    """`rank` orders the identifiers of one event, the strongest first; `nid` is 0 until its node is known."""

    kind: Kind
    digest: bytes
    value: str
    rank: tuple[int, str, bytes]
    nid: int = 0


class Personal(msgspec.Struct, gc=False):
    """A personal value, taken out of a body. `reference` stands there instead, also as a number below zero that the
    vault's id must take the place of: the first value's is -1, the second's -2.
    """

    reference: dict[str, int]
    key: str
    encoded: bytes
    digest: bytes


class Message(msgspec.Struct, gc=False):
    """An event, ready to be linked. `refused` says why it cannot be; else it has identifiers, the strongest first.

    when, origin, label and body are what of its row in COPY's text format is known already. nodes and anchor follow
    when its identifiers' nodes are known.
    """

    hash: bytes
    happened: datetime
    learnt: datetime
    source_id: int
    channel: int
    name: tuple[str, str]
    """Type, and the name of a track event."""
    logout: bool
    spend: tuple[str, int] | None
    traits: Mapping[str, Any] | None
    found: list[Identifier]
    personal: list[Personal]
    when: str
    origin: str
    label: str
    body: bytes
    refused: Rejection | None = None
    link: int | None = None
    """The number of the link that was opened, which we have signed; whether it lives, nobody has asked yet."""
    push: tuple[str, str] | None = None
    """Token and platform by which its device says it is reached."""
    nodes: list[int] = []
    anchor: int = 0
    import_id: int | None = None

    def row(self, seq: int, name_id: int) -> bytes:
        """Its line of COPY, once it is linked and what is personal stands in the vault."""
        nodes = ",".join(map(str, self.nodes))
        head = f"{seq}\t{self.anchor}\t{self.when}\t{name_id}\t{self.origin}\t{{{nodes}}}\t{self.label}\t"
        return head.encode() + self._filled() + b"\n"

    def _filled(self) -> bytes:
        if not self.personal:
            return self.body
        ids = [each.reference[REFERENCE] for each in self.personal]
        if len(ids) == 1:
            return self.body.replace(_FIRST, b'{"@vault":%d}' % ids[0])
        return _ANY.sub(lambda found: b'{"@vault":%d}' % ids[int(found[1]) - 1], self.body)


_FIRST = b'{"@vault":-1}'
_ANY = re.compile(rb'\{"@vault":-(\d+)\}')
# Within a string its quotes would be escaped, and of what a sender wrote `rules.personal` disarms every such key.


class Prepared(NamedTuple):
    """What frames hold, each message once. It can be linked once only: linking tells its identifiers their nodes."""

    messages: dict[bytes, Message]
    """By their hashes."""
    events: int
    """How many there were, repeats included."""
    again: list[tuple[bytes, int]]
    """Repeats among them: hash, and the import that said it again, 0 for none."""
    declared: Declared
    """What was personal by the tracking plan when it was prepared."""


_rank = attrgetter("rank")


class Preparer:
    """Holds bounded caches between batches; one thread at a time. `forget` after every rollback."""

    def __init__(self, vault_key: bytes, *, cache_entries: int, link_key: bytes | None = None) -> None:
        """link_key: what the tokens of links are signed with; without it none is believed."""
        self._key = vault_key
        self._link_key = tokens.key_of(link_key) if link_key else None
        self._identifiers: Bounded[tuple[str, str, str | None], Identifier | str] = Bounded(cache_entries)
        self._kinds: dict[str, Kind] = {}
        self._blocked: set[tuple[str, str]] = set()
        self._rules = -1

    def forget(self) -> None:
        self._identifiers.clear()
        self._kinds.clear()

    def prepare(
        self,
        conn: Connection,
        frames: Iterable[Incoming],
        sources: Mapping[int, SourceInfo],
        declared: Declared = NONE_DECLARED,
    ) -> Prepared:
        """Read the events of frames. conn: for kinds and blocked values; a kind not heard of before is added."""
        rules = blocked_store.version(conn)
        if rules != self._rules:  # somebody blocked a value, or took one away
            self.forget()
            self._rules = rules
        if not self._kinds:
            self._blocked = sql.blocked(conn)
            self._load_kinds(conn)
        messages: dict[bytes, Message] = {}
        again: list[tuple[bytes, int]] = []
        total = 0
        for frame in frames:
            source = sources.get(frame.source_id) or SourceInfo(frame.source_id, "unknown", "api", None, 50)
            learnt = frame.received_at.isoformat()
            total += len(frame.events)
            for sent in frame.events:
                raw, link = self._without_token(sent)
                if frame.import_id is not None:
                    link = None  # a file tells of the past: it opens nothing today, and an undo has nothing to close
                seen = observe(
                    raw, source=source, received=frame.received_at, batch_sent=frame.sent_at, declared=declared
                )
                if seen.hash in messages:
                    again.append((seen.hash, frame.import_id or 0))
                    continue
                message = messages[seen.hash] = self._message(conn, seen, raw, source.region, learnt, link)
                if frame.import_id is not None:
                    message.import_id, message.push = frame.import_id, None
                    if message.refused is not None:
                        message.refused = message.refused._replace(import_id=frame.import_id)
        return Prepared(messages, total, again, declared)

    def _without_token(self, sent: bytes | msgspec.Raw) -> tuple[bytes | msgspec.Raw, int | None]:
        """The event without tokens of links, which nobody may read in what is stored, and the link it opened."""
        raw = bytes(sent)
        if not tokens.may_carry(raw):
            return sent, None
        link = tokens.number_in(raw, self._link_key) if self._link_key is not None else None
        return tokens.without(raw), link

    def _message(
        self,
        conn: Connection,
        seen: Observation,
        raw: bytes | msgspec.Raw,
        region: str | None,
        learnt: str,
        link: int | None,
    ) -> Message:
        if link is not None:
            # In the same object: what is personal in it is taken out of it below.
            seen.body.setdefault("context", {})[LINK_KEY] = tokens.name_of(link)
        found, blocked = self._identify(conn, seen, region)
        personal = self._take_out(seen)
        body = _encode(seen.body)
        if b"\\" in body:
            body = body.replace(b"\\", b"\\\\")
        return Message(
            seen.hash,
            seen.happened,
            seen.learnt,
            seen.source_id,
            seen.channel,
            (seen.type, seen.name),
            seen.logout,
            seen.spend,
            seen.body.get("traits"),
            found,
            personal,
            f"{seen.happened.isoformat()}\t{seen.hash.hex()}\t{learnt}",
            f"{seen.source_id}\t{seen.channel}",
            _escaped(seen.message_id),
            body,
            None if found else _no_identifier(seen, blocked, bytes(raw)),
            link,
            seen.push,
        )

    def _take_out(self, seen: Observation) -> list[Personal]:
        personal: list[Personal] = []
        for holder, key in seen.places:
            encoded = _encode(holder[key])
            holder[key] = reference = {REFERENCE: -1 - len(personal)}
            digest = hashlib.blake2b(encoded, key=self._key, digest_size=16).digest()
            personal.append(Personal(reference, str(key), encoded, digest))
        return personal

    def _identify(self, conn: Connection, seen: Observation, region: str | None) -> tuple[list[Identifier], list[str]]:
        """Its identifiers, and why others that it names are none."""
        found: list[Identifier] = []
        blocked: list[str] = []
        for kind, value in seen.identifiers:
            key = (kind, value, region)
            identifier = self._identifiers[key]
            if identifier is None:
                identifier = self._identifiers[key] = self._normalise(conn, kind, value, region)
            if isinstance(identifier, str):
                blocked.append(identifier)
            else:
                found.append(identifier)
        if len(found) > 1:
            found = sorted({identifier.digest: identifier for identifier in found}.values(), key=_rank)
        return found, blocked

    def _normalise(self, conn: Connection, name: str, value: str, region: str | None) -> Identifier | str:
        normal = normalise(name, value, region)
        if normal is None:
            return f"{name} {value[:80]!r} is not in a form we can read"
        folded = normal.casefold()
        typed = value.strip().casefold()
        if self._blocked & {("*", folded), ("*", typed), (name, folded), (name, typed)}:
            return f"{name} {value[:80]!r} is a blocked value"
        kind = self._kinds.get(name)
        if kind is None:
            sql.add_external_kind(conn, name)
            self._load_kinds(conn)
            kind = self._kinds[name]
        digest = digest_of(self._key, name, normal)
        return Identifier(kind, digest, normal, (kind.priority, kind.name, digest))

    def _load_kinds(self, conn: Connection) -> None:
        self._kinds = {kind.name: kind for kind in sql.kinds(conn)}


def unlinkable(frame: Incoming, why: str) -> Rejection:
    """The dead letter of a frame's one event, which could not be linked."""
    raw = tokens.without(bytes(frame.events[0]))
    event = _decode(raw)
    message_id = event.get("messageId") if isinstance(event, dict) else None
    return Rejection(
        frame.source_id,
        frame.received_at,
        "linking_failed",
        f"Linking it failed ({why}); the worker's log has the details. Replay it after the fix.",
        str(message_id) if message_id is not None else None,
        raw,
        frame.import_id,
    )


def _no_identifier(seen: Observation, blocked: list[str], raw: bytes) -> Rejection:
    reason = "; ".join(blocked) or "the event carries no identifier"
    return Rejection(seen.source_id, seen.learnt, "no_identifier", reason, seen.message_id, raw)


def _escaped(text: str) -> str:
    """For COPY."""
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def always_personal(path: str) -> bool:
    """Whether what stands at such a path of the tracking plan is personal without being declared so."""
    return always(path)
