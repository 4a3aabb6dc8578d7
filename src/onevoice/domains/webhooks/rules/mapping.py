"""A payload made into events, as a mapping says. Pure and total: any JSON gives events or problems, always the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from onevoice.domains.webhooks.contracts import (
    MAX_RECORDS,
    Condition,
    FieldFrom,
    Mapped,
    Mapping,
    Part,
    Problem,
    Rule,
    Said,
    TimeFrom,
)
from onevoice.domains.webhooks.rules import convert
from onevoice.domains.webhooks.rules.convert import UnfitError
from onevoice.kit import json_paths
from onevoice.kit.json_paths import MISSING

Where = tuple[str | int, ...]

_SAYINGS = {
    "not_text": "holds neither text nor a number.",
    "not_a_number": "holds no number.",
    "not_money": "holds no sum of money.",
    "not_minor": "holds no whole number of minor units.",
    "not_a_boolean": "holds neither yes nor no.",
    "not_an_object": "holds no object.",
    "time_missing": "holds no time.",
    "time_unreadable": "holds a time that cannot be read.",
    "value_missing": "holds nothing.",
}

_compiled = lru_cache(maxsize=4096)(json_paths.parse)


class _UnmappableError(Exception):
    """The record at hand cannot be mapped: why, and what of the rule says so."""

    def __init__(self, code: str, where: Where, path: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.where = where
        self.path = path


@dataclass(frozen=True, slots=True)
class _Scope:
    """What paths are looked up in."""

    record: Any
    payload: Any

    def at(self, path: str) -> Any:
        """What stands there; MISSING also for null, which says as much."""
        found = json_paths.find(_compiled(path), self.record, self.payload)
        return MISSING if found is None else found

    def text(self, path: str, where: Where) -> str | None:
        """None where nothing stands, or only spaces."""
        found = self.at(path)
        if found is MISSING:
            return None
        try:
            return convert.text(found).strip() or None
        except UnfitError as error:
            raise _UnmappableError(str(error), where, path) from error


def apply(mapping: Mapping, payload: Any) -> list[Mapped]:
    """Each record in its order. Where there are no records to be found, one outcome with the problem of all."""
    try:
        records = _records(mapping, payload)
    except _UnmappableError as error:
        return [Mapped(0, None, (), (_problem(error, None),))]
    return [_mapped(mapping, index, _Scope(record, payload)) for index, record in enumerate(records)]


def _records(mapping: Mapping, payload: Any) -> Sequence[Any]:
    found = payload if mapping.records is None else _Scope(payload, payload).at(mapping.records)
    records = found if isinstance(found, list) else [found]
    if found is MISSING or not isinstance(found, list | dict):
        raise _UnmappableError("records_missing", ("records",), mapping.records)
    if len(records) > MAX_RECORDS:
        raise _UnmappableError("too_many_records", ("records",), mapping.records)
    return records


def _mapped(mapping: Mapping, index: int, scope: _Scope) -> Mapped:
    number = next((n for n, rule in enumerate(mapping.rules) if all(_applies(each, scope) for each in rule.when)), None)
    if number is None:
        return Mapped(index, None, (), (_problem(_UnmappableError("no_rule", ("rules",)), index),))
    rule = mapping.rules[number]
    if rule.make == "ignore":
        return Mapped(index, number, (), ())
    try:
        events = list(_events(rule, ("rules", number), scope))
    except _UnmappableError as error:
        return Mapped(index, number, (), (_problem(error, index),))
    return Mapped(index, number, events, ())


def _problem(error: _UnmappableError, record: int | None) -> Problem:
    match error.code:
        case "records_missing":
            detail = f"`{error.path or '$'}` holds no list of records and no object."
        case "too_many_records":
            detail = f"There are more than {MAX_RECORDS} records in one delivery."
        case "no_rule":
            detail = "No rule applies to it. Add one, or a last rule without conditions that ignores the rest."
        case code:
            detail = f"`{error.path}` {_SAYINGS[code]}"
    return Problem(error.code, error.where, detail, error.path, record)


def _applies(condition: Condition, scope: _Scope) -> bool:
    found = scope.at(condition.path)
    match condition.op:
        case "exists":
            return found is not MISSING
        case "missing":
            return found is MISSING
        case op:
            try:
                among = found is not MISSING and convert.text(found) in condition.values
            except UnfitError:
                among = False
            return among == (op == "is")


# One event, or two


def _events(rule: Rule, where: Where, scope: _Scope) -> Iterator[dict[str, Any]]:
    """An identify goes first where another event also brings traits: of those only an identify is remembered."""
    base = _who(rule, where, scope)
    if rule.time is not None:
        base["timestamp"] = _time(rule.time, (*where, "time"), scope)
    traits = _part(rule.traits, (*where, "traits"), scope)
    properties = _part(rule.properties, (*where, "properties"), scope)
    if traits and rule.make != "identify":
        yield {"type": "identify", **_copied(base), "traits": traits}
    event: dict[str, Any] = {"type": rule.make}
    if rule.event is not None and rule.make != "identify":
        event["event" if rule.make == "track" else "name"] = _said(rule.event, (*where, "event"), scope)
    event |= _copied(base)
    if traits and rule.make == "identify":
        event["traits"] = traits
    if properties:
        event["properties"] = properties
    yield event


def _copied(base: dict[str, Any]) -> dict[str, Any]:
    """The door writes into an event's context, so each has its own."""
    return {**base, "context": dict(base["context"])}


def _who(rule: Rule, where: Where, scope: _Scope) -> dict[str, Any]:
    base: dict[str, Any] = {}
    for key, part, path in (
        ("userId", "user_id", rule.user_id),
        ("anonymousId", "anonymous_id", rule.anonymous_id),
    ):
        if path is not None and (found := scope.text(path, (*where, part))) is not None:
            base[key] = found
    traits: dict[str, str] = {}
    external: list[dict[str, str]] = []
    for n, each in enumerate(rule.identifiers):
        found = scope.text(each.path, (*where, "identifiers", n))
        if found is None:
            continue
        if each.source is not None:
            external.append({"id": found, "type": each.source})
        else:
            traits[each.kind] = found
    context: dict[str, Any] = {"library": {"name": "webhook"}}
    if traits:
        context["traits"] = traits
    if external:
        context["externalIds"] = external
    return {**base, "context": context}


def _said(said: Said, where: Where, scope: _Scope) -> str:
    if said.path is None:
        return said.text or ""
    found = scope.text(said.path, where)
    if found is None:
        raise _UnmappableError("value_missing", where, said.path)
    return found


def _time(time: TimeFrom, where: Where, scope: _Scope) -> str:
    """A time that is asked for and is not there stops the record: taken as just now it would be a lie."""
    found = scope.at(time.path)
    if found is MISSING:
        raise _UnmappableError("time_missing", where, time.path)
    try:
        return convert.moment(found, time.unit, time.zone).isoformat()
    except UnfitError as error:
        raise _UnmappableError(str(error), where, time.path) from error


def _part(part: Part | None, where: Where, scope: _Scope) -> dict[str, Any]:
    if part is None:
        return {}
    made: dict[str, Any] = {}
    if part.copy_from is not None:
        found = scope.at(part.copy_from)
        if found is not MISSING and not isinstance(found, dict):
            raise _UnmappableError("not_an_object", (*where, "copy_from"), part.copy_from)
        made.update(found if isinstance(found, dict) else {})
    for n, field in enumerate(part.fields):
        value = _field(field, (*where, "fields", n), scope)
        if value is not MISSING:
            made[field.name] = value
    return made


def _field(field: FieldFrom, where: Where, scope: _Scope) -> Any:
    if field.path is None:
        return field.constant
    found = scope.at(field.path)
    if found is MISSING:
        if field.required:
            raise _UnmappableError("value_missing", where, field.path)
        return MISSING
    try:
        return convert.convert(found, field.type, digits=field.digits, zone=field.zone)
    except UnfitError as error:
        raise _UnmappableError(str(error), where, field.path) from error
