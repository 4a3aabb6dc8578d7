"""The root of every error that a person may see. `web.problems` renders it as RFC 9457 problem details."""

from typing import Any, Literal

Kind = Literal[
    "not_found", "conflict", "invalid", "forbidden", "unauthenticated", "too_many", "too_large", "unavailable"
]


class DomainError(Exception):
    """Something went wrong."""

    code: str = "error"
    kind: Kind = "invalid"

    def __init__(self, detail: str, **extra: Any) -> None:
        """`detail` tells a person what was wrong, where, and what to do; `extra` is shown beside it as is."""
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    @property
    def title(self) -> str:
        return (type(self).__doc__ or "Error").strip().splitlines()[0]
