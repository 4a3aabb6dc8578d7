"""The gate: whether a message may go, by which channel, when; and the smallest change that would turn that.

Pure and total: the same policy and facts give the same decision, bit for bit, for ever. A change of what is computed
here is a new `RULES` number, and the old code stays for the records that were made with it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from onevoice.domains.delivery.rules import hours
from onevoice.domains.delivery.rules.facts import (
    Budget,
    Candidate,
    Decision,
    Facts,
    Judged,
    Outcome,
    Policy,
    Verdict,
)

RULES = 1
"""Of this file, as records name it."""

WEEK = timedelta(days=7)
RECENT_ANSWER = timedelta(days=90)

# Addresses that nobody may write to, whatever it is about. A complaint is about what was not asked for.
_DEAD = frozenset({"hard_bounce", "blocked", "manual"})


def decide(policy: Policy, facts: Facts) -> Decision:
    """Judge every candidate, then choose."""
    judged = tuple(judge(policy, facts, each) for each in facts.candidates)
    return Decision(judged, _choose(policy, facts, judged))


def judge(policy: Policy, facts: Facts, candidate: Candidate) -> Judged:
    """One candidate, whatever becomes of the others."""
    return Judged(candidate.channel, tuple(_verdicts(policy, facts, candidate)))


# One candidate, gate by gate. All gates are asked, so that a person sees everything that stands in the way.


def _verdicts(policy: Policy, facts: Facts, candidate: Candidate) -> Iterator[Verdict]:
    yield _killed(facts, candidate)
    yield _consent(policy, facts, candidate)
    yield _blocked(facts, candidate)
    yield _reachable(candidate)
    yield _window(facts, candidate)
    yield _quiet(policy, facts)
    yield _pressure(policy, facts, candidate)
    yield _duplicate(policy, facts)
    yield _cost(policy, facts, candidate)


def _killed(facts: Facts, candidate: Candidate) -> Verdict:
    scopes = {"all", f"class:{facts.message_class}", f"channel:{candidate.channel}", f"account:{candidate.account}"}
    hit = next((scope for scope in facts.killed if scope in scopes), None)
    return Verdict("kill_switch") if hit is None else Verdict("kill_switch", "stop", hit)


def _consent(policy: Policy, facts: Facts, candidate: Candidate) -> Verdict:
    """A conversation needs none while it lasts: whoever wrote wants an answer. What is merely called one is none. By a
    test nothing is said to anybody.
    """
    if facts.message_class in {"transactional", "test"}:
        return Verdict("consent", "exempt")
    if facts.message_class == "conversational":
        if facts.heard_at is not None and facts.at < facts.heard_at + timedelta(hours=policy.answer_hours):
            return Verdict("consent", "exempt")
        return Verdict("consent", "stop", "no_conversation", since=facts.heard_at)
    if candidate.consent == "granted":
        return Verdict("consent", since=candidate.consent_since)
    why = "never_asked" if candidate.consent == "none" else candidate.consent
    return Verdict("consent", "stop", why, since=candidate.consent_since)


def _blocked(facts: Facts, candidate: Candidate) -> Verdict:
    reason = candidate.suppressed
    if reason is None or (reason not in _DEAD and facts.message_class not in {"marketing", "test"}):
        return Verdict("block_list")
    return Verdict("block_list", "stop", reason, since=candidate.suppressed_since)


def _reachable(candidate: Candidate) -> Verdict:
    if candidate.node is None:
        return Verdict("reachable", "stop", "no_address")
    if candidate.account is None:
        return Verdict("reachable", "stop", "no_account")
    if candidate.reach == "shut":
        return Verdict("reachable", "stop", "shut", since=candidate.reach_since)
    if candidate.needs_contact and candidate.reach != "open":
        return Verdict("reachable", "stop", "never_wrote")
    return Verdict("reachable")


def _window(facts: Facts, candidate: Candidate) -> Verdict:
    if candidate.window_hours is None:
        return Verdict("window")
    until = _window_end(candidate)
    if until is None:
        return Verdict("window", "stop", "never_opened")
    return Verdict("window", until=until) if facts.at < until else Verdict("window", "stop", "closed", since=until)


def _window_end(candidate: Candidate) -> datetime | None:
    if candidate.last_heard is None or candidate.window_hours is None:
        return None
    return candidate.last_heard + timedelta(hours=candidate.window_hours)


def _quiet(policy: Policy, facts: Facts) -> Verdict:
    if facts.message_class != "marketing":
        return Verdict("quiet_hours", "exempt")
    allowed = facts.hours or policy.hours
    until = hours.next_allowed(facts.at, facts.zone, allowed)
    if until == facts.at:
        return Verdict("quiet_hours")
    return Verdict("quiet_hours", "defer", "wished" if facts.hours else "brand", until=until)


def _pressure(policy: Policy, facts: Facts, candidate: Candidate) -> Verdict:
    """Of all that stands against it, what lasts longest: when that is over, the rest is too."""
    if facts.message_class != "marketing":
        return Verdict("pressure", "exempt")
    found = [each for each in _pressures(policy, facts, candidate) if each.result != "pass"]
    if not found:
        return Verdict("pressure")
    return max(found, key=lambda each: (each.result == "stop", each.until or facts.at, each.why))


def _pressures(policy: Policy, facts: Facts, candidate: Candidate) -> Iterator[Verdict]:
    if facts.pause_until is not None and facts.at < facts.pause_until:
        yield Verdict("pressure", "defer", "paused", until=facts.pause_until)
    if facts.per_week is not None:
        yield _counted("per_week", facts, facts.per_week, WEEK, [each.at for each in facts.contacts])
    for cap in policy.caps:
        if cap.channel in {None, candidate.channel}:
            times = [each.at for each in facts.contacts if cap.channel in {None, each.channel}]
            yield _counted("cap", facts, cap.count, timedelta(hours=cap.hours), times)
    if policy.budget is not None:
        yield _budget(policy.budget, facts, candidate)


def _counted(why: str, facts: Facts, most: int, over: timedelta, times: Sequence[datetime]) -> Verdict:
    inside = sorted(at for at in times if at > facts.at - over)
    if len(inside) < most:
        return Verdict("pressure")
    if most <= 0:
        return Verdict("pressure", "stop", why)
    return Verdict("pressure", "defer", why, until=inside[-most] + over)


def _budget(budget: Budget, facts: Facts, candidate: Candidate) -> Verdict:
    """Points that all marketing of a week may take; what is less important leaves a rest for what is more."""
    over = timedelta(hours=budget.hours)
    price = budget.points.get(candidate.channel, 1)
    limit = budget.limit - budget.reserve.get(facts.priority, 0)
    if price > limit:
        return Verdict("pressure", "stop", "budget")
    inside = sorted(
        (each.at, budget.points.get(each.channel, 1)) for each in facts.contacts if each.at > facts.at - over
    )
    spent = sum(points for _, points in inside)
    until = facts.at
    for at, points in inside:
        if spent + price <= limit:
            break
        spent -= points
        until = at + over
    return Verdict("pressure") if until == facts.at else Verdict("pressure", "defer", "budget", until=until)


def _duplicate(policy: Policy, facts: Facts) -> Verdict:
    if facts.message_class != "marketing":
        return Verdict("duplicate", "exempt")
    since = facts.same_content_at
    if since is None or since <= facts.at - timedelta(hours=policy.duplicate_hours):
        return Verdict("duplicate")
    return Verdict("duplicate", "stop", "same_content", since=since)


def _cost(policy: Policy, facts: Facts, candidate: Candidate) -> Verdict:
    most = policy.most_minor.get(facts.message_class)
    if most is not None and candidate.cost_minor > most:
        return Verdict("cost", "stop", "too_dear")
    limit = policy.month_minor
    if facts.message_class == "marketing" and limit is not None and facts.month_minor + candidate.cost_minor > limit:
        return Verdict("cost", "stop", "month_spent")
    return Verdict("cost")


# The choice


def _choose(policy: Policy, facts: Facts, judged: Sequence[Judged]) -> Outcome:
    """What is possible now goes before what is possible later; then as `_rank` says."""
    ranked = sorted(range(len(judged)), key=lambda index: (*_rank(policy, facts, index)[0], index))
    for index in ranked:
        if judged[index].result == "pass":
            return _outcome("send", facts, index, _rank(policy, facts, index)[1])
    later = [(until, place, index) for place, index in enumerate(ranked) if (until := judged[index].until) is not None]
    if later:
        until, _, index = min(later)
        first = next(each for each in judged[index].verdicts if each.until == until and each.result == "defer")
        return msgspec.structs.replace(
            _outcome("defer", facts, index, _rank(policy, facts, index)[1]), until=until, rule=first.rule, why=first.why
        )
    if not ranked:
        return Outcome("suppress", rule="reachable", why="no_channel")
    index = ranked[0]
    first = next(each for each in judged[index].verdicts if each.result == "stop")
    return msgspec.structs.replace(_outcome("suppress", facts, index, ""), rule=first.rule, why=first.why)


def _outcome(action: str, facts: Facts, index: int, chosen_by: str) -> Outcome:
    candidate = facts.candidates[index]
    return Outcome(action, candidate.channel, candidate.account, candidate.node, chosen_by)


def _rank(policy: Policy, facts: Facts, index: int) -> tuple[tuple[int, float, int], str]:
    """Sorts the better first: by wish, last answer, the brand's order; and which it was."""
    candidate = facts.candidates[index]
    usual = policy.order.index(candidate.channel) if candidate.channel in policy.order else len(policy.order)
    if candidate.channel in facts.order:
        return (facts.order.index(candidate.channel), 0.0, usual), "preferred"
    heard = candidate.last_heard
    if heard is not None and heard > facts.at - RECENT_ANSWER:
        return (len(facts.order), (facts.at - heard).total_seconds(), usual), "answered"
    return (len(facts.order), RECENT_ANSWER.total_seconds(), usual), "usual" if len(facts.candidates) > 1 else "asked"
