"""What an answer of the Bot API means, and what is to be done next."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.domains.delivery.ports import Fetched
from onevoice.kit.times import MAX_WAIT_SECONDS, retry_after_seconds

TOO_MANY = "too_many_requests"
NOT_MODIFIED = "not_modified"

# By what Telegram's description holds, in small letters. The first that is found counts.
_SHUT = {
    "blocked by the user": "blocked",
    "user is deactivated": "deactivated",
    "can't initiate conversation": "not_started",
    "was kicked": "kicked",
}
_WRONG = {
    "message is not modified": NOT_MODIFIED,
    "message to edit not found": "message_not_found",
    "message can't be edited": "not_editable",
    "message is too long": "too_long",
    "caption is too long": "too_long",
    "can't parse entities": "unusable_html",
    "text is empty": "empty",
    "button_data_invalid": "button_data_too_long",
    "query is too old": "too_late",
}
_NOBODY = ("chat not found", "user not found", "peer_id_invalid", "chat_id_invalid", "chat_id is empty")
_QUOTED = re.compile(r"\"[^\"]*\"|\S{40,}")
MAX_DETAIL_CHARS = 200


def result(answer: Fetched, now: datetime) -> Any:
    """Raises: Retriable, Permanent, ActionRequired."""
    try:
        said = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("ok"), bool):
        raise _speechless(answer.status)
    if said["ok"] and 200 <= answer.status < 300 and "result" in said:
        return said["result"]
    raise _refused(said, answer, now)


def _speechless(status: int) -> ChannelError:
    """Not in the Bot API's own words: a gateway's page, or a broken answer. Nobody knows whether it was taken."""
    if 300 <= status < 400:
        return ActionRequired(f"status_{status}", "The address answers with a redirect, which is not followed.")
    if status in {401, 404}:
        return ActionRequired(f"status_{status}", "There is no Bot API at this address.")
    code = "unreadable_answer" if status < 300 else f"status_{status}"
    return Retriable(code, accepted="maybe")


def _refused(said: Mapping[str, Any], answer: Fetched, now: datetime) -> ChannelError:
    status = said.get("error_code")
    if not isinstance(status, int):
        status = answer.status
    description = str(said.get("description", ""))
    words = description.lower()
    detail = shown(description)
    parameters = said.get("parameters")
    told = parameters if isinstance(parameters, dict) else {}
    match status:
        case 401 | 404:
            return ActionRequired("token_refused", "Telegram knows no bot with this token: it was revoked or mistyped.")
        case 403:
            return Permanent(_found(_SHUT, words, "forbidden"), detail, gone=True)
        case 409:
            return ActionRequired("conflict", detail)
        case 413:
            return Permanent("media_too_large", detail)
        case 429:
            wait = _wait(told.get("retry_after"))
            header = retry_after_seconds(answer.headers.get("retry-after"), now)
            return Retriable(TOO_MANY, detail, after_seconds=wait if wait is not None else header)
        case _ if 400 <= status < 500:
            return _wrong(words, detail, told)
        case _:
            # It says no in its own words, so it was not taken.
            return Retriable(f"status_{status}", detail)


def _wrong(words: str, detail: str, told: Mapping[str, Any]) -> Permanent:
    moved = told.get("migrate_to_chat_id")
    if isinstance(moved, int):
        return Permanent("migrated", f"The group is now {moved}.", gone=True)
    if any(each in words for each in _NOBODY):
        return Permanent("chat_not_found", detail, gone=True)
    return Permanent(_found(_WRONG, words, "bad_request"), detail)


def _found(codes: Mapping[str, str], words: str, otherwise: str) -> str:
    return next((code for part, code in codes.items() if part in words), otherwise)


def _wait(seconds: Any) -> float | None:
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
        return min(float(seconds), MAX_WAIT_SECONDS)
    return None


def shown(description: str) -> str:
    """Without what it may quote of the message.

    >>> shown('Bad Request: unsupported start tag "secret" at byte offset 4')
    'Bad Request: unsupported start tag "…" at byte offset 4'
    """
    return _QUOTED.sub(lambda found: '"…"' if found[0].startswith('"') else "…", description)[:MAX_DETAIL_CHARS]
