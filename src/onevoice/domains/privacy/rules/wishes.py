"""What may be wished, and which of two wishes leaves more peace."""

from datetime import datetime
from typing import Any

from onevoice.domains.identity.contracts import CHANNELS
from onevoice.domains.privacy.errors import InvalidPreferenceError

PER_WEEK_MAX = 100
DAY_MINUTES = 24 * 60
LANGUAGES = ("en", "ru", "pl")


def checked(name: str, value: Any) -> Any:
    """The wish as JSON holds it. Raises: InvalidPreferenceError."""
    if name not in {"pause_until", "per_week", "hours", "order", "language"}:
        raise InvalidPreferenceError(f"Nobody can wish for {name[:80]!r}.")
    if value is None:
        return None
    right = {
        "pause_until": lambda: isinstance(value, datetime) and value.tzinfo is not None,
        "per_week": lambda: type(value) is int and 0 <= value <= PER_WEEK_MAX,
        "hours": lambda: len(value) == 2 and all(type(m) is int and 0 <= m <= DAY_MINUTES for m in value),
        "order": lambda: len(set(value)) == len(value) and set(value) <= set(CHANNELS),
        "language": lambda: value in LANGUAGES,
    }[name]
    try:
        fits = right()
    except TypeError:
        fits = False
    if not fits:
        raise InvalidPreferenceError(f"{str(value)[:80]!r} cannot be wished as {name}.")
    if name == "pause_until":
        return value.isoformat()
    return list(value) if name in {"hours", "order"} else value


def is_stricter(name: str, old: Any, new: Any) -> bool:
    """Whether the old wish, of another identifier, would still win over the new one."""
    if name == "pause_until":
        return new is None or datetime.fromisoformat(old) > datetime.fromisoformat(new)
    if name == "per_week":
        return new is None or old < new
    return new is None
