"""Why not: the smallest change of what was known that would turn a decision.

A change is a set of assignments to the facts. It turns the verdict when it is applied, and no part of it would
(tests/delivery hold both). Of changes of equal size the one is named that people would do first.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import msgspec

from onevoice.domains.delivery.rules import gate
from onevoice.domains.delivery.rules.facts import Candidate, Decision, Facts, Judged, Policy, Shape, Verdict

ROUNDS = 6


class Edit(Shape, frozen=True):
    """What would be otherwise. channel: of the candidate it is about; None: of the person or the moment.

    to: as JSON would carry it.
    """

    field: str
    to: Any
    channel: str | None = None


Change = tuple[Edit, ...]


def applied(facts: Facts, change: Sequence[Edit]) -> Facts:
    """The facts as they would be."""
    own: dict[str, Any] = {}
    candidates = {each.channel: each for each in facts.candidates}
    for edit in change:
        if edit.channel is None:
            own[edit.field] = edit.to
        else:
            candidates[edit.channel] = msgspec.structs.replace(candidates[edit.channel], **{edit.field: edit.to})
    return msgspec.structs.replace(facts, candidates=tuple(candidates.values()), **own)


def opens(policy: Policy, facts: Facts, channel: str) -> Change | None:
    """The smallest change by which this channel would be possible at once; None where the policy alone forbids it.

    Empty: it is possible now.
    """
    change: Change = ()
    for _ in range(ROUNDS):
        now = applied(facts, change)
        judged = _judged(policy, now, channel)
        if judged.result == "pass":
            return _smallest(policy, facts, channel, change)
        more = list(_mends(policy, now, _candidate(now, channel), judged))
        if not more:
            return None
        change = _joined(change, more)
    return None


def shuts(policy: Policy, facts: Facts, channel: str) -> Change:
    """The smallest change by which this channel, possible now, would not be: always a single one."""
    for edit in _harms(facts, channel):
        if _judged(policy, applied(facts, (edit,)), channel).result != "pass":
            return (edit,)
    return ()


def turns(policy: Policy, facts: Facts, decision: Decision) -> Change | None:
    """The smallest change by which something would be sent instead of nothing, or nothing instead of something."""
    if decision.outcome.action == "send":
        for edits in _silences(facts):
            if gate.decide(policy, applied(facts, edits)).outcome.action != "send":
                return edits
        return None
    ways = [way for each in decision.judged if (way := opens(policy, facts, each.channel)) is not None]
    return min(ways, key=lambda way: (len(way), _effort(way)), default=None)


def _judged(policy: Policy, facts: Facts, channel: str) -> Judged:
    return gate.judge(policy, facts, _candidate(facts, channel))


def _candidate(facts: Facts, channel: str) -> Candidate:
    return next(each for each in facts.candidates if each.channel == channel)


def _joined(change: Change, more: Sequence[Edit]) -> Change:
    kept = {(edit.channel, edit.field): edit for edit in (*change, *more)}
    return tuple(kept.values())


def _smallest(policy: Policy, facts: Facts, channel: str, change: Change) -> Change:
    """The smallest part of a change that does it as well: what was needed for one gate may have opened another."""
    for size in range(len(change)):
        for part in combinations(change, size):
            if _judged(policy, applied(facts, part), channel).result == "pass":
                return part
    return change


def _mends(policy: Policy, facts: Facts, candidate: Candidate, judged: Judged) -> Iterator[Edit]:
    """For each gate that is shut what would open it. Waiting opens several at once."""
    channel = candidate.channel
    for verdict in judged.verdicts:
        if verdict.result == "stop":
            yield from _mend(policy, facts, candidate, verdict)
    waits = [each.until for each in judged.verdicts if each.result == "defer" and each.until is not None]
    if waits:
        until = max(waits)
        yield Edit("at", until)
        if candidate.window_hours is not None and candidate.last_heard is not None and until > facts.at:
            closes = candidate.last_heard + timedelta(hours=candidate.window_hours)
            if closes <= until:
                yield Edit("last_heard", until, channel)


def _mend(policy: Policy, facts: Facts, candidate: Candidate, verdict: Verdict) -> Iterator[Edit]:
    channel = candidate.channel
    match verdict.rule, verdict.why:
        case "kill_switch", scope:
            yield Edit("killed", tuple(each for each in facts.killed if each != scope))
        case "consent", "no_conversation":
            yield Edit("heard_at", facts.at)
        case "consent", _:
            yield Edit("consent", "granted", channel)
        case "block_list", _:
            yield Edit("suppressed", None, channel)
        case "reachable", "no_address":
            yield Edit("node", 0, channel)
        case "reachable", "no_account":
            yield Edit("account", 0, channel)
        case "reachable", _:
            yield Edit("reach", "open", channel)
        case "window", _:
            yield Edit("last_heard", facts.at, channel)
        case "pressure", "per_week":
            yield Edit("per_week", None)
        case "duplicate", _:
            yield Edit("same_content_at", None)
        case "cost", "month_spent" if policy.month_minor is not None and candidate.cost_minor <= policy.month_minor:
            yield Edit("month_minor", policy.month_minor - candidate.cost_minor)
        case "cost", "too_dear":
            yield Edit("cost_minor", policy.most_minor[facts.message_class], channel)
        case _:
            return


def _harms(facts: Facts, channel: str) -> Iterator[Edit]:
    if facts.message_class == "marketing":
        yield Edit("consent", "withdrawn", channel)
    yield Edit("suppressed", "hard_bounce", channel)


def _silences(facts: Facts) -> Iterator[Change]:
    """What would leave nothing possible, the likely first."""
    possible = [each.channel for each in facts.candidates]
    if facts.message_class == "marketing":
        if len(possible) == 1:
            yield (Edit("consent", "withdrawn", possible[0]),)
        yield (Edit("pause_until", _later(facts.at)),)
    elif len(possible) == 1:
        yield (Edit("suppressed", "hard_bounce", possible[0]),)
    yield (Edit("killed", (*facts.killed, "all")),)


def _later(at: datetime) -> datetime:
    return at + timedelta(days=7)


_EFFORT = (
    "at", "last_heard", "heard_at", "consent", "per_week", "node", "reach", "same_content_at", "month_minor",
    "suppressed",
)  # fmt: skip


def _effort(change: Change) -> tuple[int, ...]:
    return tuple(_EFFORT.index(each.field) if each.field in _EFFORT else len(_EFFORT) for each in change)
