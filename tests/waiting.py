"""Waiting for what happens in another process, never longer than said."""

import time
from collections.abc import Callable


def until(ready: Callable[[], object], *, seconds: float = 10.0, what: str = "") -> None:
    """Raises: AssertionError when it does not become true in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or ready}"
        time.sleep(0.05)
