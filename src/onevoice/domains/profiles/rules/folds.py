"""Folds: commutative monoids per node. A profile is their merge over its nodes, whatever order events came in."""

from collections.abc import Iterable, Mapping

from onevoice.domains.identity.contracts import Folded
from onevoice.domains.profiles.contracts import CounterKey, Folds, Span, TraitFold, TraitRank

OURS = frozenset((
    "Message Sent", "Message Delivered", "Message Bounced", "Message Failed", "Email Sent", "Email Delivered",
    "Email Bounced", "SMS Sent", "SMS Delivered", "Push Notification Sent", "Push Notification Received",
    "Order Shipped", "Order Delivered", "Order Refunded", "Receipt Sent",
))  # fmt: skip
"""What a brand does to a customer. It stands in the thread; nobody is seen by it."""


def fold(events: Iterable[Folded], priorities: Mapping[int, int]) -> Folds:
    """Aggregate a batch. priorities: source id to its priority, larger is better; 50 where unknown."""
    counters: dict[CounterKey, Span] = {}
    traits: dict[tuple[int, str], TraitFold] = {}
    spend: dict[tuple[int, str], tuple[int, int]] = {}
    for event in events:
        key = (event.nid, event.name_id, event.channel)
        happened = event.happened
        span = counters.get(key)
        if span is None:
            counters[key] = Span(1, happened, happened)
        else:
            span.n += 1
            if happened < span.first_at:
                span.first_at = happened
            elif happened > span.last_at:
                span.last_at = happened
        if event.traits:
            rank = TraitRank(happened, priorities.get(event.source_id, 50), event.hash)
            for name, value in event.traits.items():
                known = traits.get((event.nid, name))
                if known is None or rank > known.rank:
                    traits[event.nid, name] = TraitFold(rank, event.learnt, event.source_id, value)
        if event.spend:
            currency, minor = event.spend
            orders, sum_minor = spend.get((event.nid, currency), (0, 0))
            spend[event.nid, currency] = (orders + 1, sum_minor + minor)
    return Folds(counters, traits, spend)
