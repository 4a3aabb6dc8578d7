"""Shapes that every list and every route of the API shares."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

Item = TypeVar("Item")

# PostgreSQL's text holds no U+0000, so none comes in.
STORABLE = r"^[^\x00]*$"

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before.")]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Text = Annotated[str, Field(pattern=STORABLE)]


def rfc3339(at: datetime) -> str:
    """UTC, to the millisecond.

    >>> rfc3339(datetime(2026, 5, 3, 14, 3, tzinfo=UTC))
    '2026-05-03T14:03:00.000Z'
    """
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


Moment = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Body(BaseModel):
    """A request's body. Whatever it does not name is refused, so that nobody writes what is not theirs to write."""

    # Strict: 0 is not false, and "1" is not 1. What a program sends by mistake is told, not guessed.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Page(BaseModel, Generic[Item]):
    data: list[Item]
    next_cursor: str | None = None
