"""A first mapping, guessed from a payload by the names that stand in it. A person looks at it before it is kept."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from onevoice.domains.webhooks.contracts import (
    Condition,
    FieldFrom,
    IdentifierFrom,
    Mapping,
    Part,
    Rule,
    Said,
    TimeFrom,
)
from onevoice.domains.webhooks.rules import convert
from onevoice.kit import json_paths

MAX_LEAVES = 500
MAX_DEPTH = 6
LIST_NAMES = ("orders", "items", "records", "results", "events", "entries", "rows", "data")
ITEM_NAMES = ("items", "line_items", "lines", "lineItems", "products", "positions")
WRAPPERS = ("data", "order", "payload", "object", "resource", "body")
WHOLE = "@"
"""The path of the record itself."""

_BARE = re.compile(r"(?![$@]$)[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_PEOPLE = {"customer", "user", "client", "buyer", "contact", "person", "member", "account", "subscriber", "lead"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class _Leaf(NamedTuple):
    """key: the words of its name. above: of the objects that it stands in."""

    path: str
    key: str
    above: frozenset[str]
    value: Any

    def tells_of(self, word: str) -> bool:
        return word in self.key.split() or word in self.above


def suggest(payload: Any) -> Mapping:
    """Always a valid mapping: at worst a track event that copies the record and names nobody yet."""
    records, record = _record(payload)
    leaves = list(_leaves(record))
    money = _money(leaves)
    sale = bool(money) and (
        records == "orders" or _holds_items(record) or any(leaf.tells_of("order") for leaf in leaves)
    )
    fields = [each for each in (_order_id(leaves) if sale else None, *money) if each is not None]
    name = _first(leaves, {"event", "event type", "topic", "event name"})
    when: list[Condition] = []
    if sale:
        # Paid and cancelled come by the same address: what else comes waits for a rule of its own.
        state = name or _first(leaves, {"status", "payment status", "financial status", "state"})
        when = [Condition(path=state.path, values=[convert.text(state.value)])] if state else []
        event = Said(text="Order Completed")
    else:
        event = Said(path=name.path) if name else Said(text="Webhook Received")
    time = _time(leaves)
    traits = _traits(leaves)
    rule = Rule(
        when=when,
        make="track",
        event=event,
        user_id=_user_id(leaves),
        identifiers=_identifiers(leaves),
        time=TimeFrom(path=time.path) if time else None,
        properties=Part(copy_from=_wrapped(record), fields=fields),
        traits=Part(fields=traits) if traits else None,
    )
    return Mapping(records=records, rules=[rule])


def _record(payload: Any) -> tuple[str | None, Any]:
    """Where the list of records stands, None for the payload itself, and one of them."""
    if isinstance(payload, list):
        return None, payload[0] if payload else {}
    if isinstance(payload, dict):
        lists = [name for name in LIST_NAMES if _of_objects(payload.get(name))]
        # Beside a customer or a total a list is a part of the record, such as an order's items.
        if len(lists) == 1 and len(payload) <= 3:
            return lists[0], payload[lists[0]][0]
    return None, payload


def _wrapped(record: Any) -> str:
    """Where what is told stands, when around it is only what it is about."""
    inner = [name for name in WRAPPERS if isinstance(record, dict) and isinstance(record.get(name), dict)]
    return inner[0] if len(inner) == 1 else WHOLE


def _holds_items(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    wrapped = _wrapped(record)
    inner = record if wrapped == WHOLE else record[wrapped]
    return any(_of_objects(inner.get(name)) for name in ITEM_NAMES)


def _of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _leaves(record: Any) -> Iterator[_Leaf]:
    """Breadth first, so that what stands at the top counts before what stands deep inside. Lists are passed over."""
    level: list[tuple[str, frozenset[str], Any]] = [("", frozenset(), record)]
    seen = 0
    for _ in range(MAX_DEPTH):
        below: list[tuple[str, frozenset[str], Any]] = []
        for path, above, value in level:
            for key, each in value.items() if isinstance(value, dict) else ():
                seen += 1
                if seen > MAX_LEAVES:
                    return
                here = _joined(path, key)
                if len(here) > json_paths.MAX_CHARS:
                    continue
                words = " ".join(_WORDS.findall(key)).lower()
                if isinstance(each, dict):
                    below.append((here, above | frozenset(words.split()), each))
                elif each is not None and not isinstance(each, list):
                    yield _Leaf(here, words, above, each)
        level = below


def _joined(path: str, key: str) -> str:
    if not _BARE.fullmatch(key):
        return f"{path}[{_quoted(key)}]"
    return f"{path}.{key}" if path else key


def _quoted(key: str) -> str:
    escaped = "".join(c if c >= " " and c not in '"\\' else f"\\u{ord(c):04x}" for c in key)
    return f'"{escaped}"'


def _first(leaves: list[_Leaf], keys: set[str]) -> _Leaf | None:
    return next((leaf for leaf in leaves if leaf.key in keys and _said(leaf.value)), None)


def _said(value: Any) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (isinstance(value, int) and not isinstance(value, bool))


def _user_id(leaves: list[_Leaf]) -> str | None:
    found = _first(leaves, {"user id", "customer id", "client id", "userid"}) or next(
        (leaf for leaf in leaves if leaf.key == "id" and leaf.above & _PEOPLE and _said(leaf.value)), None
    )
    return found.path if found else None


def _identifiers(leaves: list[_Leaf]) -> list[IdentifierFrom]:
    found: list[IdentifierFrom] = []
    email = next(
        (
            leaf
            for leaf in leaves
            if leaf.key.replace(" ", "") in {"email", "mail", "emailaddress", "useremail", "customeremail"}
            and isinstance(leaf.value, str)
            and _EMAIL.fullmatch(leaf.value.strip())
        ),
        None,
    )
    if email:
        found.append(IdentifierFrom(kind="email", path=email.path))
    if phone := _first(leaves, {"phone", "phone number", "telephone", "tel", "mobile", "customer phone"}):
        found.append(IdentifierFrom(kind="phone", path=phone.path))
    if card := _first(leaves, {"loyalty card", "card number", "loyalty card number"}):
        found.append(IdentifierFrom(kind="loyalty_card", path=card.path))
    return found


def _money(leaves: list[_Leaf]) -> list[FieldFrom]:
    """`total` and `currency`, which is what a purchase is reckoned by."""
    fields: list[FieldFrom] = []
    plain = {"total", "total price", "grand total", "order total", "amount", "total amount", "revenue"}
    minor = {f"{name} {unit}" for name in plain for unit in ("minor", "cents")}
    for leaf in leaves:
        if leaf.key in plain | minor and _fits(leaf.value, "minor" if leaf.key in minor else "money"):
            kind = "minor" if leaf.key in minor else "money"
            fields.append(FieldFrom(name="total", path=leaf.path, type=kind, required=True))
            break
    if fields and (currency := _first(leaves, {"currency", "currency code"})):
        fields.append(FieldFrom(name="currency", path=currency.path, type="text"))
    return fields


def _fits(value: Any, kind: Any) -> bool:
    try:
        convert.convert(value, kind, digits=2, zone="UTC")
    except convert.UnfitError:
        return False
    return True


def _order_id(leaves: list[_Leaf]) -> FieldFrom | None:
    found = _first(leaves, {"order id", "order number"}) or next(
        (
            leaf
            for leaf in leaves
            if leaf.key in {"id", "number"} and leaf.above <= {"order", "data"} and _said(leaf.value)
        ),
        None,
    )
    return FieldFrom(name="order_id", path=found.path, type="text") if found else None


def _time(leaves: list[_Leaf]) -> _Leaf | None:
    for keys in (
        {"paid at", "completed at", "date paid", "occurred at", "timestamp", "event time"},
        {"created at", "created", "date created", "date", "time", "updated at"},
    ):
        for leaf in leaves:
            if leaf.key in keys and not leaf.above & _PEOPLE and _fits(leaf.value, "time"):
                return leaf
    return None


def _traits(leaves: list[_Leaf]) -> list[FieldFrom]:
    fields: list[FieldFrom] = []
    if name := next(
        (leaf for leaf in leaves if leaf.key == "name" and leaf.above & _PEOPLE and _said(leaf.value)), None
    ):
        fields.append(FieldFrom(name="name", path=name.path, type="text"))
    for trait, keys in (
        ("first_name", {"first name", "firstname"}),
        ("last_name", {"last name", "lastname", "surname"}),
    ):
        if found := _first(leaves, keys):
            fields.append(FieldFrom(name=trait, path=found.path, type="text"))
    return fields
