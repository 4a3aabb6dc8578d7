"""Events made ready ahead: what is personal leaves the body, and only that; the row says what was sent."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onevoice.domains.identity.contracts import SourceInfo
from onevoice.domains.identity.rules.personal import REFERENCE, fill
from onevoice.domains.identity.service.prepare import Incoming, Message, Preparer
from onevoice.kit.db import Database

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
SOURCES = {1: SourceInfo(1, "site", "api", "PL", 50)}

MARKERS = ('{"@vault":-1}', '{"@vault":-2}', "a\tb", "back\\slash", 'say "hi"', "\\N")
texts = st.sampled_from(MARKERS) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=6
)
keys = st.sampled_from(("email", "phone", "ip", "page", "note", "@vault", "@@vault", "name", "custom"))
leaves = texts | st.integers(-3, 3) | st.booleans() | st.none()
objects = st.recursive(
    st.dictionaries(keys, leaves, max_size=3),
    lambda each: st.dictionaries(keys, leaves | each | st.lists(leaves | each, max_size=3), max_size=4),
    max_leaves=12,
)


def prepared(database: Database, *events: dict[str, Any]) -> list[Message]:
    frame = Incoming(1, NOON, None, [msgspec.json.encode(event) for event in events])
    with database.transaction() as conn:
        return list(Preparer(b"k" * 32, cache_entries=100).prepare(conn, [frame], SOURCES).messages.values())


def stored(message: Message) -> tuple[list[bytes], Any]:
    """The columns of its row before the body, and the body, as COPY reads them."""
    message.nodes, message.anchor = [4, 7], 4
    line = message.row(9, 3)
    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    *columns, body = line[:-1].split(b"\t")
    assert len(columns) == 10
    return columns, msgspec.json.decode(read(body))


def read(column: bytes) -> bytes:
    """What COPY makes of it."""
    special = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
    return re.sub(rb"\\(.)", lambda found: special.get(found[1], found[1]), column)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(properties=objects, traits=objects, context=objects, message_id=texts.filter(bool))
def test_what_is_stored_and_the_vault_are_what_was_sent(
    database: Database, properties: dict[str, Any], traits: dict[str, Any], context: dict[str, Any], message_id: str
) -> None:
    context.pop("traits", None)
    sent = {"properties": properties, "traits": traits, "context": context}
    wire = {"type": "identify", "messageId": message_id, "userId": "u", **sent}
    [message] = prepared(database, wire)
    vault: dict[int, Any] = {}
    for number, value in enumerate(message.personal, 100):
        value.reference[REFERENCE] = number
        vault[number] = msgspec.json.decode(value.encoded)
    columns, body = stored(message)
    assert read(columns[-1]) == message_id.encode()
    assert fill(body, vault) == {key: value for key, value in sent.items() if value}
    assert fill(dict(message.traits or {}), vault) == traits
    assert len(vault) == len(message.personal)


def test_a_message_is_prepared_once_and_names_the_strongest_first(database: Database) -> None:
    event = {"type": "track", "event": "Seen", "messageId": "m", "anonymousId": "a", "userId": "u"}
    [message] = prepared(database, event, event)
    assert [each.kind.name for each in message.found] == ["user_id", "anonymous_id"]
    assert stored(message)[0] == [
        b"9", b"4", NOON.isoformat().encode(), message.hash.hex().encode(), NOON.isoformat().encode(),
        b"3", b"1", b"0", b"{4,7}", b"m",
    ]  # fmt: skip


def test_who_names_nobody_is_refused_with_the_reason(database: Database) -> None:
    [message] = prepared(database, {"type": "track", "event": "Seen", "messageId": "m", "userId": "null"})
    assert message.refused is not None
    assert message.refused.code == "no_identifier"
    assert "blocked" in message.refused.reason
