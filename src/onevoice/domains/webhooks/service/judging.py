"""From a payload to what becomes of it: the mapping, then the door of the log. Touches no database."""

from datetime import datetime
from typing import Any, NamedTuple

from onevoice.domains.events.contracts import Frame
from onevoice.domains.events.service import log as events
from onevoice.domains.webhooks import store
from onevoice.domains.webhooks.contracts import Mapped, Mapping, Problem, Verdict
from onevoice.domains.webhooks.errors import UnreadablePayloadError
from onevoice.domains.webhooks.rules import mapping as rules
from onevoice.kit import jsons

MAX_MADE_BYTES = 8 * 2**20
"""So much JSON one delivery may become: a mapping that copies the payload into each of its records must not fill the
disk."""
PROBLEMS_KEPT = 20

NO_MAPPING = Problem("no_mapping", ("rules",), "The webhook has no mapping yet.")


def read(body: bytes) -> Any:
    try:
        value, suspect = jsons.read(body)
    except jsons.UnreadableError as error:
        raise UnreadablePayloadError(str(error)) from error
    if suspect:
        value = jsons.mend(value).value
    if not isinstance(value, dict | list):
        raise UnreadablePayloadError("The payload must be a JSON object, or a list of them.")
    return value


class Judged(NamedTuple):
    outcome: store.Outcome
    frame: Frame


def judge(public_id: str, door: store.Door, kept: store.Kept, payload: Any, now: datetime) -> Judged:
    mapping = None if door.mapping is None else Mapping.model_validate(door.mapping)
    results = attempt(mapping, public_id, door.source_id, kept, payload, now)
    problems = [problem for each in results for problem in each.mapped.problems]
    good = [each.frame for each in results if each.frame is not None]
    count = sum(frame.count for frame in good)
    verdict: Verdict = "not_mapped" if problems else "taken" if count else "ignored"
    inner = b",".join(frame.events[1:-1] for frame in good)
    outcome = store.Outcome(verdict, door.version, len(results), count, problems[:PROBLEMS_KEPT])
    return Judged(outcome, Frame(door.source_id, now, None, count, b"[%s]" % inner))


class Tried(NamedTuple):
    """A record's outcome, after the door of the log has judged its events as it judges everybody's."""

    mapped: Mapped
    frame: Frame | None


def attempt(
    mapping: Mapping | None, public_id: str, source_id: int, kept: store.Kept, payload: Any, now: datetime
) -> list[Tried]:
    if mapping is None:
        return [Tried(Mapped(0, None, (), (NO_MAPPING,)), None)]
    made_bytes = 0
    tried: list[Tried] = []
    for each in rules.apply(mapping, payload):
        frame = None
        if each.events:
            _stamp(each, public_id, kept)
            frame = events.judged(list(each.events), source_id, now)
            made_bytes += len(frame.events)
            problem = _refused(each, frame, made_bytes)
            if problem is not None:
                each, frame = Mapped(each.record, each.rule, (), (problem,)), None  # noqa: PLW2901 - it takes its place
        tried.append(Tried(each, frame))
    return tried


def _stamp(mapped: Mapped, public_id: str, kept: store.Kept) -> None:
    """Ids that are the same whenever the record comes again; and the time of coming, where it says none of its own."""
    for event in mapped.events:
        suffix = "" if event is mapped.events[-1] else "-traits"
        event["messageId"] = f"{public_id}-{kept.message_id}-{mapped.record}{suffix}"
        event.setdefault("timestamp", kept.received_at.isoformat())


def _refused(mapped: Mapped, frame: Frame, made_bytes: int) -> Problem | None:
    where = ("rules", mapped.rule or 0)
    if frame.rejections:
        refused = frame.rejections[0]
        return Problem(refused.code, where, refused.reason, None, mapped.record)
    if made_bytes > MAX_MADE_BYTES:
        detail = f"The delivery becomes more than {MAX_MADE_BYTES // 2**20} MiB of events. Copy less into each."
        return Problem("too_much_made", where, detail, None, mapped.record)
    return None
