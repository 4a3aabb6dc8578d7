"""The policy of the gate and its switches. Every version stays: records name the one they were judged by."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.delivery.errors import InvalidPolicyError, PolicyChangedError, UnknownSwitchError
from onevoice.domains.delivery.rules.facts import FIRST_POLICY, Policy
from onevoice.domains.delivery.store import facts as store
from onevoice.kit.clock import Clock

Switch = store.Switch
PolicyRow = store.PolicyRow
MAX_CAPS = 20


class InForce(NamedTuple):
    """version 0: the one that comes with the program, which nobody made."""

    version: int
    policy: Policy
    made_at: datetime | None = None
    made_by: str | None = None


def current(conn: Connection) -> InForce:
    row = store.policy(conn)
    return (
        InForce(0, FIRST_POLICY)
        if row is None
        else InForce(row.version, msgspec.convert(row.body, Policy), row.made_at, row.made_by)
    )


def of_versions(conn: Connection, versions: Sequence[int]) -> dict[int, Policy]:
    found = {0: FIRST_POLICY}
    for version in set(versions) - {0}:
        row = store.policy(conn, version)
        if row is not None:
            found[version] = msgspec.convert(row.body, Policy)
    return found


def versions(conn: Connection, *, before: int | None = None, limit: int = 50) -> list[InForce]:
    """Newest first; the last is the one that comes with the program."""
    rows = store.policies(conn, before, limit)
    found = [InForce(row.version, msgspec.convert(row.body, Policy), row.made_at, row.made_by) for row in rows]
    if len(found) < limit and before != 0:
        found.append(InForce(0, FIRST_POLICY))
    return found


def change(conn: Connection, policy: Policy, *, based_on: int, actor: str, clock: Clock) -> InForce:
    """A new version. What waits is judged by it when its time comes.

    Raises: InvalidPolicyError, PolicyChangedError where another version is in force than the one that was changed.
    """
    _check(policy)
    was = current(conn)
    row = store.PolicyRow(based_on + 1, msgspec.to_builtins(policy), clock.now(), actor)
    if was.version != based_on or not store.add_policy(conn, row):
        raise PolicyChangedError(
            f"Version {was.version} is in force, not {based_on}. Look at it, then change that one."
        )
    told = Audit(actor, "policy.changed", f"policy:{row.version}", msgspec.to_builtins(was.policy), row.body)
    audit.record(conn, told, clock=clock)
    return InForce(row.version, policy, row.made_at, actor)


def _check(policy: Policy) -> None:
    minutes = policy.hours
    if not all(0 <= minute <= 24 * 60 for minute in minutes):
        raise InvalidPolicyError("Hours are minutes of the day, from 0 to 1440.", field="hours")
    if len(policy.caps) > MAX_CAPS:
        raise InvalidPolicyError(f"There can be at most {MAX_CAPS} caps.", field="caps")
    for cap in policy.caps:
        if cap.count < 0 or not 0 < cap.hours <= 30 * 24:
            raise InvalidPolicyError("A cap counts from 0 up, over 1 to 720 hours.", field="caps")
    budget = policy.budget
    if budget is not None and (budget.limit < 0 or not 0 < budget.hours <= 30 * 24):
        raise InvalidPolicyError("A budget has 0 points or more, over 1 to 720 hours.", field="budget")
    if budget is not None and any(points < 0 for points in (*budget.points.values(), *budget.reserve.values())):
        raise InvalidPolicyError("Points are 0 or more.", field="budget")
    if min(policy.duplicate_hours, policy.answer_hours) < 0 or any(minor < 0 for minor in policy.most_minor.values()):
        raise InvalidPolicyError("Hours and costs are 0 or more.")


# Switches


def switches(conn: Connection) -> list[Switch]:
    return store.switch_rows(conn)


def throw(conn: Connection, scope: str, *, reason: str, actor: str, clock: Clock) -> None:
    """From the next claim on nothing of this scope is sent: `all`, `class:<name>`, `channel:<kind>`, `account:<id>`.

    Raises: UnknownSwitchError.
    """
    kind, _, name = scope.partition(":")
    if not (scope == "all" or (kind in {"class", "channel", "account"} and name)):
        raise UnknownSwitchError("A switch is `all`, `class:<name>`, `channel:<kind>` or `account:<id>`.")
    if store.throw_switch(conn, Switch(scope, clock.now(), actor, reason)):
        audit.record(conn, Audit(actor, "switch.thrown", f"switch:{scope}", reason=reason), clock=clock)


def release(conn: Connection, scope: str, *, actor: str, clock: Clock) -> None:
    """What is asked for or due from now on is judged without it; what it stopped stays stopped."""
    if store.release_switch(conn, scope):
        audit.record(conn, Audit(actor, "switch.released", f"switch:{scope}"), clock=clock)
