"""Taking a request apart: what of it is appended, and what is laid aside."""

from datetime import datetime
from typing import Any

from onevoice.domains.events.contracts import Frame, Rejection
from onevoice.domains.events.rules import door as rules
from onevoice.kit import jsons
from onevoice.kit.times import parse_time


def frame_of(opened: rules.Opened, kind: str | None, source_id: int, received_at: datetime, mint: rules.Mint) -> Frame:
    """Judge each event of a request by itself."""
    sent_at = parse_time(opened.sent_at)
    events: list[Any] = []
    rejections: list[Rejection] = []
    for event in opened.events:
        flags: tuple[str, ...] = ()
        if opened.suspect:
            event, flags = jsons.mend(event)  # noqa: PLW2901 - the mended one takes its place
        fault = rules.settle(event, kind, mint, flags)
        if fault is None:
            events.append(event)
        else:
            rejections.append(_rejection(source_id, received_at, fault, event, sent_at))
    encoded = jsons.encode(events)
    if len(encoded) > rules.MAX_EVENT_BYTES:
        small = []
        for event in events:
            raw = jsons.encode(event)
            if len(raw) <= rules.MAX_EVENT_BYTES:
                small.append(raw)
            else:
                rejections.append(_rejection(source_id, received_at, rules.EVENT_TOO_LARGE, event, sent_at))
        encoded = b"[%s]" % b",".join(small)
        return Frame(source_id, received_at, sent_at, len(small), encoded, tuple(rejections))
    return Frame(source_id, received_at, sent_at, len(events), encoded, tuple(rejections))


def _rejection(
    source_id: int, received_at: datetime, fault: rules.Fault, event: Any, sent_at: datetime | None
) -> Rejection:
    message_id = rules.message_id(event)
    return Rejection(source_id, received_at, fault.code, fault.reason, message_id, rules.preserved(event, sent_at))
