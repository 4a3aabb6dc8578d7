"""A way into a JSON value, written `customer.addresses[0]["zip code"]`. No wildcards, no filters: one place or none."""

import json
import re
from typing import Any, Final, NamedTuple

MAX_CHARS = 300
MAX_STEPS = 32

_NAME = re.compile(r'[^.\[\]"\x00-\x1f]+')
_INDEX = re.compile(r"\[(0|[1-9][0-9]{0,5})\]")
_QUOTED = re.compile(r'\[("(?:[^"\\\x00-\x1f]|\\.)*")\]')
_ROOTS = re.compile(r"([$@])(?=[.\[]|$)")


class PathError(ValueError):
    """The text is no path. The message tells a person where it stops being one, and how it goes on."""


class Path(NamedTuple):
    """from_root: begins at the outermost value (`$`) and not at the one at hand (`@`, or nothing)."""

    from_root: bool
    steps: tuple[str | int, ...]


class Missing:
    """What is found where nothing is; JSON's own null is found as None."""


MISSING: Final = Missing()


def parse(text: str) -> Path:
    """Raises: PathError.

    >>> parse('items[0]["odd.key"].sku').steps
    ('items', 0, 'odd.key', 'sku')
    """
    if len(text) > MAX_CHARS:
        raise PathError(f"A path has at most {MAX_CHARS} characters.")
    root = _ROOTS.match(text)
    at = root.end() if root else 0
    steps: list[str | int] = []
    while at < len(text) or (at == 0 and not root):
        at = _step(text, at, steps, bare=at == 0)
        if len(steps) > MAX_STEPS:
            raise PathError(f"A path has at most {MAX_STEPS} steps.")
    return Path(root is not None and root[1] == "$", tuple(steps))


def _step(text: str, at: int, steps: list[str | int], *, bare: bool) -> int:
    """Take one step off the text at `at`; gives where the next begins. bare: a name needs no dot before it."""
    if found := _INDEX.match(text, at):
        steps.append(int(found[1]))
    elif found := _QUOTED.match(text, at):
        steps.append(_unquoted(found[1], at))
    elif (bare or text.startswith(".", at)) and (found := _NAME.match(text, at if bare else at + 1)):
        steps.append(found[0])
    else:
        raise PathError(
            f"It stops making sense at character {at + 1}. Write names parted by dots, [0] for a place in a list,"
            ' ["a.b"] for a name with dots, $ for the whole payload.'
        )
    return found.end()


def _unquoted(quoted: str, at: int) -> str:
    try:
        return json.loads(quoted)
    except ValueError as error:
        raise PathError(f"The name in quotes at character {at + 1} cannot be read.") from error


def find(path: Path, value: Any, root: Any) -> Any:
    """What stands there, MISSING where nothing does. Never raises."""
    here = root if path.from_root else value
    for step in path.steps:
        if isinstance(step, str):
            if not isinstance(here, dict) or step not in here:
                return MISSING
            here = here[step]
        else:
            if not isinstance(here, list) or step >= len(here):
                return MISSING
            here = here[step]
    return here
