"""Files that were sent, either way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

FileState = Literal["coming", "waiting", "kept", "failed"]

FILE_MAX_BYTES = 10 * 2**20
FILES_MAX = 20
"""Of one message that comes in; what is beyond is named, and not kept."""
MESSAGE_MAX_BYTES = 25 * 2**20
SENT_MAX = 5
"""Files of one message of ours."""
HELD_MAX = 50
"""Files that somebody has put in and not sent."""
PROGRAMS = frozenset("app bat cmd com cpl dll exe hta iso jar js jse lnk msi ps1 reg scr sh vb vbe vbs wsf".split())
"""Endings of what runs when it is opened: mail servers refuse them, and nobody should be sent one."""


class Sniffed(NamedTuple):
    """width, height: of an image that a browser shows, where its header tells."""

    type: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file, without its bytes. type: by its sender, until it is here. reason: why it is not here; `too_large`,
    `too_much`, or a provider's code. width, height: of an image that may be shown. put_by: who put
    it in: an account, a key as its negative, or somebody else by a number of their domain's.
    """

    id: int
    name: str
    type: str
    size_bytes: int
    state: FileState
    reason: str | None = None
    width: int | None = None
    height: int | None = None
    put_by: int | None = None


class Wanted(NamedTuple):
    """A file that its provider has still."""

    id: int
    account_id: int
    reference: str
    tries: int


class Bytes(NamedTuple):
    file: File
    data: bytes
    at: datetime
