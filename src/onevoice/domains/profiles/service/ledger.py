"""The identity of one person told as a story: what ties each identifier, who joined whom, what keeps apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.contracts import LINK_TIER, OPERATOR_TIER, AsOf, Member, SourceInfo
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.rules.strands import Bond, Life, Strand, strands
from onevoice.domains.profiles.service.reading import View


@dataclass(frozen=True)
class Evidence:
    """Why two identifiers are, or are not, one person."""

    a: Member
    b: Member
    tier: int
    happened: datetime
    learnt: datetime
    origin: str
    source: str | None
    event: str | None
    message_id: str | None
    refused: str | None
    action: int | None


class Join(NamedTuple):
    """Two who had both done something became one."""

    evidence: Evidence
    strand: int
    into: int | None


class Apart(NamedTuple):
    a: Member
    b: Member
    at: datetime
    action: int


@dataclass
class Story:
    evidence: dict[int, list[Evidence]] = field(default_factory=dict)
    """Node to what ties it, or was refused."""
    joins: list[Join] = field(default_factory=list)
    strands: list[Strand] = field(default_factory=list)
    apart: list[Apart] = field(default_factory=list)
    actions: dict[int, "Action"] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """What somebody did by hand."""

    id: int
    kind: str
    at: datetime
    by: str
    reason: str
    a: Member | None
    b: Member | None
    undone_at: datetime | None
    undone_by: str | None


def story(
    conn: Connection, seen: View, found: identity.Profile, as_of: AsOf, sources: Mapping[int, SourceInfo]
) -> Story:
    ledger = identity.ledger(conn, found, as_of)
    members = {**ledger.others, **{member.nid: member for member in found.members}}
    told = Story()
    for row in ledger.actions:
        told.actions[row.id] = Action(
            row.id,
            row.kind,
            row.at,
            row.actor,
            row.reason,
            members.get(row.a),
            members.get(row.b),
            row.undone_at,
            row.undone_by,
        )
    by_bond: dict[Bond, Evidence] = {}
    kinds = identity.kinds(conn)
    for tie in ledger.ties:
        a, b = members[tie.edge.a], members[tie.edge.b]
        evidence = Evidence(
            a,
            b,
            tie.edge.tier,
            tie.edge.happened,
            tie.learnt,
            _origin(tie, login=kinds[a.kind].shared and not kinds[b.kind].shared),
            sources[tie.source_id].name if tie.source_id is not None and tie.source_id in sources else None,
            tie.name or tie.type,
            tie.message_id,
            tie.refused,
            tie.action,
        )
        for end in (tie.edge.a, tie.edge.b):
            told.evidence.setdefault(end, []).append(evidence)
        if tie.refused is None:
            by_bond[Bond(tie.edge.happened, tie.edge.a, tie.edge.b)] = evidence
    lives = {nid: Life(counter.count, counter.first_at) for nid, counter in seen.per_node.items()}
    told.strands = strands(by_bond, lives, [member.nid for member in found.members])
    told.joins = [
        Join(by_bond[strand.bond], strand.index, strand.into) for strand in told.strands if strand.bond is not None
    ]
    told.apart = [Apart(members[a], members[b], at, act) for a, b, act, at in ledger.cannot]
    return told


def _origin(tie: identity.Tie, *, login: bool) -> str:
    if tie.edge.tier == OPERATOR_TIER:
        return "operator"
    if tie.edge.tier == LINK_TIER:
        return "link"
    if tie.type == "alias":
        return "alias"
    return "login" if login else "event"


def strand_of(told: Story) -> dict[int, int]:
    """Node to the index of its strand."""
    return {node: strand.index for strand in told.strands for node in strand.nodes}


def days(
    conn: Connection, found: identity.Profile, told: Story, as_of: AsOf, zone: str
) -> list[tuple[str, int, dict[str, int]]]:
    """(day, strand, channel to number of events), by day."""
    places = strand_of(told)
    table: dict[tuple[str, int], dict[str, int]] = {}
    for nid, day, channel, n in identity.days(conn, found.members, as_of, zone):
        channels = table.setdefault((day, places.get(nid, 0)), {})
        name = identity.CHANNELS_BY_NUMBER[channel]
        channels[name] = channels.get(name, 0) + n
    return [(day, strand, channels) for (day, strand), channels in sorted(table.items())]


def undoable(told: Story, evidence: Evidence) -> bool:
    """True for the living evidence of a hand merge."""
    action = told.actions.get(evidence.action) if evidence.action is not None else None
    return action is not None and action.kind == "merge" and action.undone_at is None


def sorted_evidence(told: Story, member: Member) -> Sequence[Evidence]:
    return sorted(told.evidence.get(member.nid, ()), key=lambda item: (item.refused is not None, item.happened))
