"""From what the services give to what the API answers."""

from datetime import datetime

from onevoice.domains.identity.contracts import BEGINNING, END, AsOf, Member, SourceInfo, StoredEvent
from onevoice.domains.profiles.http import shapes
from onevoice.domains.profiles.service import ledger, operations
from onevoice.domains.profiles.service.reading import ADDRESS_CHANNELS, Counter, TraitValue, View


def identifier(member: Member) -> shapes.Identifier:
    return shapes.Identifier(kind=member.kind, value=member.value, node_id=str(member.nid))


def seen(member: Member, view: View) -> dict[str, object]:
    counter = view.per_node.get(member.nid)
    bounded = member.from_at != BEGINNING or member.until_at != END
    return {
        "kind": member.kind,
        "value": member.value,
        "node_id": str(member.nid),
        "known_since": member.learnt,
        "first_seen_at": counter.first_at if counter else None,
        "last_seen_at": view.acted.get(member.nid, counter.last_at) if counter else None,
        "events": counter.count if counter else 0,
        "epoch_from": member.from_at if bounded and member.from_at != BEGINNING else None,
        "epoch_until": member.until_at if bounded and member.until_at != END else None,
    }


def trait(value: TraitValue) -> shapes.Trait:
    return shapes.Trait(**value._asdict())


def _counter(counter: Counter) -> shapes.Counter:
    return shapes.Counter(count=counter.count, first_at=counter.first_at, last_at=counter.last_at)


def spend(view: View) -> list[shapes.Spend]:
    return [
        shapes.Spend(currency=currency, orders=orders, minor=minor)
        for currency, (orders, minor) in sorted(view.spend.items())
    ]


def profile(view: View, as_of: AsOf) -> shapes.Profile:
    bases: set[int] = set()
    identifiers: list[shapes.IdentifierSeen] = []
    for member in view.members:
        identifiers.append(shapes.IdentifierSeen.model_validate(seen(member, view)))
        bases.add(member.base)
    latest = view.last_seen
    return shapes.Profile(
        id=str(view.id),
        name=view.name,
        asked_node_id=str(view.asked_node),
        identifiers=identifiers,
        addresses=[
            shapes.Address(
                channel=ADDRESS_CHANNELS[member.kind],
                address=member.value,
                kind=member.kind,
                known_since=member.learnt,
            )
            for member in view.members
            if member.kind in ADDRESS_CHANNELS
        ]
        + [
            shapes.Address(channel="push", address=each.token, kind=each.platform, known_since=each.learnt)
            for each in view.devices
        ],
        traits={name: trait(value) for name, value in view.current.items()},
        counters={name: _counter(counter) for name, counter in sorted(view.counters.items())},
        channels={name: _counter(counter) for name, counter in sorted(view.channels.items())},
        spend=spend(view),
        event_count=view.events,
        first_seen_at=min((counter.first_at for counter in view.channels.values()), default=None),
        last_seen_at=latest[1] if latest else None,
        last_channel=latest[0] if latest else None,
        as_of=as_of.happened,
        known_at=as_of.learnt,
    )


RULE = "latest"
"""How the values of a trait are ranked: by when they happened, then by source, then by the event's hash."""


def traits(view: View) -> shapes.Traits:
    return shapes.Traits(
        data=[
            shapes.TraitDetail(
                **values[0]._asdict(), name=name, rule=RULE, losing=[trait(value) for value in values[1:]]
            )
            for name, values in view.traits.items()
            if values[0].value is not None
        ]
    )


def event(stored: StoredEvent, member: Member, sources: dict[int, SourceInfo]) -> shapes.Event:
    source = sources.get(stored.source_id)
    return shapes.Event(
        seq=stored.seq,
        message_id=stored.message_id,
        type=stored.type,
        event=stored.name or None,
        occurred_at=stored.happened,
        received_at=stored.learnt,
        linked_at=stored.linked_at,
        properties=stored.body.get("properties", {}),
        traits=stored.body.get("traits", {}),
        context=stored.body.get("context", {}),
        identifier=identifier(member),
        channel=stored.channel,
        source=source.name if source else "unknown",
        node_id=str(member.nid),
    )


def identity(view: View, told: ledger.Story) -> shapes.Identity:
    return shapes.Identity(
        identifiers=[
            shapes.LedgerIdentifier.model_validate(
                {
                    **seen(member, view),
                    "evidence": [_evidence(told, item, member) for item in ledger.sorted_evidence(told, member)],
                }
            )
            for member in view.members
        ],
        joins=[_join(told, join) for join in told.joins],
        cannot_links=[
            shapes.CannotLink(
                a=identifier(apart.a),
                b=identifier(apart.b),
                at=apart.at,
                reason=told.actions[apart.action].reason if apart.action in told.actions else "",
                by=told.actions[apart.action].by if apart.action in told.actions else "",
            )
            for apart in told.apart
        ],
        strands=strands(view, told),
    )


def strands(view: View, told: ledger.Story) -> list[shapes.Strand]:
    kinds = {member.nid: member.kind for member in view.members}
    return [
        shapes.Strand(
            index=strand.index,
            node_ids=[str(node) for node in strand.nodes],
            kinds=sorted({kinds[node] for node in strand.nodes if node in kinds}),
            from_at=_first(view, strand.nodes),
            joined_at=strand.joined_at,
            into=strand.into,
        )
        for strand in told.strands
    ]


def _first(view: View, nodes: list[int]) -> datetime | None:
    return min((view.per_node[node].first_at for node in nodes if node in view.per_node), default=None)


def _evidence(told: ledger.Story, item: ledger.Evidence, member: Member) -> shapes.EvidenceItem:
    other = item.b if item.a.nid == member.nid else item.a
    action = told.actions.get(item.action) if item.action is not None else None
    return shapes.EvidenceItem(
        to=identifier(other),
        tier=item.tier,
        occurred_at=item.happened,
        received_at=item.learnt,
        source=item.source,
        origin=item.origin,
        message_id=item.message_id,
        event=item.event,
        state="used" if item.refused is None else "refused",
        why=item.refused or (action.reason if action else None),
    )


def _join(told: ledger.Story, join: ledger.Join) -> shapes.Join:
    item = join.evidence
    action = told.actions.get(item.action) if item.action is not None else None
    return shapes.Join(
        id=str(action.id) if action else None,
        kind=item.origin,
        at=item.happened,
        learnt_at=item.learnt,
        a=identifier(item.a),
        b=identifier(item.b),
        reason=action.reason if action else None,
        by=action.by if action else None,
        undoable=ledger.undoable(told, item),
        event=item.event,
        source=item.source,
        strand=join.strand,
        into=join.into,
    )


def side(view: View) -> shapes.Side:
    latest = view.last_seen
    return shapes.Side(
        id=str(view.id),
        name=view.name,
        identifiers=[identifier(member) for member in view.members[:20]],
        identifier_count=len(view.members),
        events=view.events,
        first_seen_at=min((counter.first_at for counter in view.channels.values()), default=None),
        last_seen_at=latest[1] if latest else None,
        spend=spend(view),
    )


def operation(preview: operations.Preview) -> shapes.Operation:
    done = preview.operation
    pairs = [shapes.Pair(a=identifier(a), b=identifier(b)) for a, b in preview.apart]
    return shapes.Operation(
        id=str(done.id) if done.id is not None else None,
        preview=shapes.Preview(
            before=[side(view) for view in preview.before],
            after=[side(view) for view in preview.after],
            moves=[
                shapes.Moved(
                    kind=move.member.kind,
                    value=move.member.value,
                    node_id=str(move.member.nid),
                    from_=str(move.from_pid),
                    to=str(move.to_pid),
                )
                for move in done.moves[:1000]
            ],
            warnings=[
                shapes.LimitWarning(code="limit_exceeded", kind=kind, values=values[:10], limit=limit)
                for kind, values, limit in done.exceeded
            ],
            traits=[
                shapes.TraitChange(name=change.name, values=change.values, after=change.after)
                for change in preview.traits
            ],
            withdraws=pairs if done.withdrawn else [],
            parts=pairs if done.parted else [],
            held_by=[
                shapes.Holding(id=str(row.id), at=row.at, by=row.actor, reason=row.reason) for row in done.held_by
            ],
        ),
    )
