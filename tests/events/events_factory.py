"""Events as clients send them, and frames of them."""

from datetime import UTC, datetime
from typing import Any

from onevoice.domains.events import rules, service
from onevoice.domains.events.contracts import Frame
from onevoice.kit import jsons

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


def track(message_id: str | None = "m-1", **more: Any) -> dict[str, Any]:
    event = {"type": "track", "userId": "u-1", "event": "Product Viewed", "messageId": message_id, **more}
    return {key: value for key, value in event.items() if value is not None}


def frame(*events: Any, source_id: int = 1, received_at: datetime = NOON, sent_at: str | None = None) -> Frame:
    opened = rules.open_body(jsons.encode({"batch": list(events), "sentAt": sent_at}), single=False)
    return service.frame_of(opened, None, source_id, received_at, lambda: "minted")
