"""The preference centre: what the ledger looks like as switches, and what a change of switches says."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from onevoice.domains.privacy.contracts import EVERY, Centre, CentreForm, Line, Preferences
from onevoice.domains.privacy.rules.standing import Address, decide

CHANNEL_ORDER = (
    "telegram", "email", "sms", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger", "push",
)  # fmt: skip
"""Channels that can be written to, in the order in which they stand while nobody wished for another."""

KIND_OF = {"sms": "phone"}
"""The kind of identifier that is an address of a channel, where it is called otherwise."""


class Reached(NamedTuple):
    """A channel and the identifier by which it reaches the person."""

    channel: str
    nid: int


class Change(NamedTuple):
    """What changed switches say. grants: (purpose, channel); opened, shut: channels; ended: purposes."""

    opened: tuple[str, ...]
    grants: tuple[tuple[str, str], ...]
    shut: tuple[str, ...]
    ended: tuple[str, ...]
    wishes: Mapping[str, Any]


def is_on(lines: Sequence[Line], kinds: Mapping[int, str], at: Reached, purposes: Iterable[str]) -> bool:
    """Whether the switch of a channel is on: something may come by it, or it was opened and not shut since."""
    if any(decide(lines, kinds, Address(at.nid, at.channel, each)).state == "granted" for each in purposes):
        return True
    of_all = [line for line in lines if line.purpose == EVERY and line.channel in {at.channel, EVERY}]
    if not of_all:
        return False
    shut = decide(of_all, kinds, Address(at.nid, at.channel, EVERY)).state == "withdrawn"
    return not shut and any(line.act == "grant" and line.via is None for line in of_all)


def is_wanted(lines: Iterable[Line], kinds: Mapping[int, str], reached: Iterable[Reached], purpose: str) -> bool:
    """Whether the switch of a topic is on: it was allowed by some channel, whether that is open or shut as a whole."""
    own = [line for line in lines if line.purpose == purpose]
    return any(decide(own, kinds, Address(nid, channel, purpose)).state == "granted" for channel, nid in reached)


def where(lines: Sequence[Line], kinds: Mapping[int, str], reached: Iterable[Reached], purpose: str) -> tuple[str, ...]:
    """Channels by which it may come."""
    return tuple(
        channel for channel, nid in reached if decide(lines, kinds, Address(nid, channel, purpose)).state == "granted"
    )


def mark_of(nids: Iterable[int]) -> str:
    """Of who was one person when a page was shown."""
    return hashlib.blake2b(",".join(map(str, sorted(nids))).encode(), digest_size=6).hexdigest()


def change(shown: Centre, form: CentreForm) -> Change:
    """What is said by somebody who was shown one and sent back the other."""
    channels = [each.name for each in shown.channels]
    was_on = {each.name for each in shown.channels if each.on}
    now_on = form.channels & set(channels)
    topics = [each.purpose.name for each in shown.topics if not each.locked]
    was_wanted = {each.purpose.name for each in shown.topics if each.on and not each.locked}
    now_wanted = form.topics & set(topics)
    where_now = {each.purpose.name: each.where for each in shown.topics}
    if form.shut:
        return Change((), (), (EVERY,), (), wished(shown.wishes, form.wishes))
    opened = [each for each in channels if each in now_on - was_on]
    grants = [
        (topic, channel)
        for topic in topics
        for channel in channels
        if topic in now_wanted
        and channel in now_on
        and (topic not in was_wanted or channel in opened)
        and channel not in where_now[topic]
    ]
    return Change(
        tuple(opened),
        tuple(grants),
        tuple(each for each in channels if each in was_on - now_on),
        tuple(each for each in topics if each in was_wanted - now_wanted),
        wished(shown.wishes, form.wishes),
    )


def wished(shown: Preferences, sent: Preferences) -> dict[str, Any]:
    """The wishes that were changed."""
    return {
        each.name: None if getattr(sent, each.name) == () else getattr(sent, each.name)
        for each in fields(Preferences)
        if getattr(sent, each.name) != getattr(shown, each.name)
    }


def in_order(reached: Iterable[Reached], order: Sequence[str]) -> list[Reached]:
    """The preferred channels first."""
    wanted = [*order, *(each for each in CHANNEL_ORDER if each not in order)]
    return sorted(reached, key=lambda each: wanted.index(each.channel))
