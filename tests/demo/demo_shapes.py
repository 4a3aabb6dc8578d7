"""What a Segment-format event must look like, said independently of the generator."""

import json
import re
from datetime import UTC, datetime

START = datetime(2026, 11, 22, 13, 32, tzinfo=UTC)
REQUIRED = {"track": "event", "page": "name", "screen": "name", "identify": "traits"}
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
EMAIL = re.compile(r"[\w.+-]+@([\w.-]+)")
URL = re.compile(r"https?://([\w.-]+)")
PHONE = re.compile(r'"(?:\+|00)\d[\d ]{6,}"')
RESERVED_PHONE = re.compile(r'"(?:\+447700900\d{3}|\+48400\d{6}|\+7945\d{7})"')
RAW_CODE = re.compile(r"\b[A-Z]{3,}\b|[/&:(]| - |\b(?i:frzn|refrgratd|bkd|misc)\b")
JUNK = ("test@test.com", '"0000000000"')
"""What the simulator types in on purpose; these values are blocked."""


def faults(event: dict) -> list[str]:
    """What is wrong with one event; empty when nothing is."""
    found = []
    kind = event.get("type")
    if kind not in REQUIRED:
        return [f"type {kind}"]
    if not event.get(REQUIRED[kind]):
        found.append(f"{kind} without {REQUIRED[kind]}")
    if not isinstance(event.get("messageId"), str) or not 0 < len(event["messageId"]) < 100:
        found.append("messageId")
    if not STAMP.fullmatch(event.get("timestamp", "")):
        found.append("timestamp")
    known = set(event) - {"type", "messageId", "timestamp", "context"} - {
        "userId", "anonymousId", "event", "name", "properties", "traits",
    }  # fmt: skip
    if known:
        found.append(f"unknown fields {known}")
    if "channel" not in event.get("context", {}):
        found.append("no channel")
    if not has_identifier(event):
        found.append("nobody")
    if len(json.dumps(event, ensure_ascii=False).encode()) > 32_768:
        found.append("over 32 KB")
    return found


def has_identifier(event: dict) -> bool:
    context = event["context"]
    said = {**context.get("traits", {}), **event.get("traits", {})}
    return bool(
        event.get("userId")
        or event.get("anonymousId")
        or context.get("externalIds")
        or said.keys() & {"email", "phone", "loyalty_card"}
        or event.get("properties", {}).get("loyalty_card")
    )


def leaks(event: dict) -> list[str]:
    """Addresses, links and phone numbers that somebody real could have."""
    text = json.dumps(event, ensure_ascii=False)
    for value in JUNK:
        text = text.replace(value, '""')
    domains = [*EMAIL.findall(text), *URL.findall(text)]
    found = [domain for domain in domains if not domain.endswith(".example")]
    return found + [phone for phone in PHONE.findall(text) if not RESERVED_PHONE.fullmatch(phone)]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
