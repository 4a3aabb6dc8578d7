"""`onevoice explain` and `onevoice verify`: why a message went or did not, in words, and whether the records hold."""

from collections.abc import Iterator, Sequence

from onevoice.bootstrap.shared import Installation
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.rules.facts import Judged, Outcome
from onevoice.domains.delivery.rules.flips import Change, Edit
from onevoice.domains.delivery.service import why

_MARKS = {"pass": "+", "exempt": "-", "defer": "~", "stop": "x"}
_FINDINGS = {
    "verified": "derived again bit for bit, and stands in its chain",
    "changed": "WAS CHANGED: its chain does not hold",
    "underivable": "DOES NOT FOLLOW from its own inputs",
    "unreadable": "was made by rules that this version does not have",
    "missing": "IS MISSING",
}


def explain(home: Installation, message_id: int) -> Iterator[str]:
    """Raises: UnknownMessageError."""
    with home.database.transaction() as conn:
        found = why.why(conn, MessageId(message_id))
    message = found.message
    yield f"Message {message.id}, {message.message_class}, {message.purpose}: {message.state}"
    if message.rule:
        yield f"  because of {message.rule}: {message.reason}"
    for each in found.moments:
        yield ""
        if each.body is None:
            yield f"Record {each.shard}/{each.number} {_FINDINGS[each.finding]}."
            continue
        body = each.body
        came_to = _outcome(body.decision.outcome)
        yield f"{body.moment} at {body.facts.at:%Y-%m-%d %H:%M:%S} UTC, policy {body.policy}: {came_to}"
        for judged in body.decision.judged:
            yield from _channel(judged, each.flips.get(judged.channel))
        if each.turn is None:
            yield "  Nothing that was known would turn this: the policy would have to change."
        else:
            yield f"  The smallest change that turns it: {_change(each.turn)}"
        yield f"  Record {each.shard}/{each.number} {each.hash.hex()[:16]} {_FINDINGS[each.finding]}."
    for tried in found.attempts:
        said = f"{tried.outcome}, {tried.code} {tried.detail}".rstrip()
        yield f"Attempt {tried.number}, {tried.at:%Y-%m-%d %H:%M:%S} UTC: {said}"


def _outcome(outcome: Outcome) -> str:
    match outcome.action:
        case "send":
            return f"goes by {outcome.channel} ({outcome.chosen_by})"
        case "defer":
            return f"waits until {outcome.until:%Y-%m-%d %H:%M:%S} UTC ({outcome.rule}: {outcome.why})"
        case _:
            return f"is not sent ({outcome.rule}: {outcome.why})"


def _channel(judged: Judged, flip: Change | None) -> Iterator[str]:
    yield f"  {judged.channel}: {judged.result}"
    for each in judged.verdicts:
        told = " ".join(
            part
            for part in (
                each.why,
                f"since {each.since:%Y-%m-%d %H:%M}" if each.since else "",
                f"until {each.until:%Y-%m-%d %H:%M}" if each.until else "",
            )
            if part
        )
        yield f"    {_MARKS[each.result]} {each.rule}{': ' + told if told else ''}"
    if flip:
        yield f"    it would turn if {_change(flip)}"


def _change(change: Sequence[Edit]) -> str:
    return " and ".join(
        f"{each.channel + '.' if each.channel else ''}{each.field} = {_value(each.to)}" for each in change
    )


def _value(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if hasattr(value, "isoformat") else "none" if value is None else str(value)


def verify(home: Installation) -> Iterator[tuple[bool, str]]:
    """Line by line: whether it is fine, and what it is. The last line is the sum."""
    records = wrong = 0
    shard = -1
    for step in why.verify(home.database):
        records += step.records
        for at, number, message, finding in step.wrong:
            wrong += 1
            about = f", message {message}" if message else ""
            yield False, f"Record {at}/{number}{about} {_FINDINGS[finding]}."
        if step.shard != shard and step.records:
            shard = step.shard
            yield True, f"shard {shard}: read up to {step.number}"
    yield wrong == 0, f"{records} records read, {wrong} do not hold."
