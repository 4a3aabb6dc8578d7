"""What a browser may say in the site's chat."""

import base64
import hashlib
import re
from statistics import median
from typing import Any, NamedTuple

from onevoice.domains.conversations.errors import UnusableChatError
from onevoice.domains.delivery.contracts.files import SENT_MAX
from onevoice.kit.text import straight

TEXT_MAX = 4_000
NAME_MAX = 200
_SECRET = re.compile(r"[A-Za-z0-9_-]{22,64}")
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_URL = re.compile(r"https?://[^\s\x00-\x1f\x7f\ud800-\udfff]+")
LANGUAGES = ("en", "ru", "pl")


class Words(NamedTuple):
    """key: the browser's own, the same over all its tries."""

    key: str
    text: str


def address_of(secret: Any) -> str:
    """What a chat is known by here. Only its browser holds the secret: nobody learns it from us.

    Raises: UnusableChatError.
    """
    if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
        raise UnusableChatError("`secret` has 22 to 64 letters, digits, - and _, drawn by chance.")
    return base64.urlsafe_b64encode(hashlib.sha256(b"chat:" + secret.encode()).digest()[:18]).decode()


def words(key: Any, text: Any, *, files: bool = False) -> Words:
    """files: whether some come with them, so that they may be empty. Raises: UnusableChatError."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise UnusableChatError("`id` has 8 to 64 letters, digits, - and _, drawn by chance.")
    if not isinstance(text, str):
        raise UnusableChatError("`text` is what the visitor wrote.")
    said = _UNSEEN.sub("", text).strip()
    if not said and not files:
        raise UnusableChatError("`text` is empty.")
    if len(said) > TEXT_MAX:
        raise UnusableChatError(f"`text` has {len(said)} characters. {TEXT_MAX} are possible.")
    return Words(key, said)


def files(value: Any) -> list[int]:
    """Numbers of what was put in, each once. Raises: UnusableChatError."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > SENT_MAX or not all(is_number(each) for each in value):
        raise UnusableChatError(f"`files` are the numbers of up to {SENT_MAX} files.")
    return list(dict.fromkeys(value))


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def file_name(value: Any) -> str:
    r"""What a file is called, as it can be shown and saved: one name, of one line, without what turns it around.

    >>> file_name("C:\\photos\\boot.png"), file_name("../../etc/passwd"), file_name("invoice\u202egnp.exe")
    ('boot.png', 'passwd', 'invoicegnp.exe')
    >>> file_name(" "), file_name(7)
    ('file', 'file')
    """
    name = _UNSEEN.sub("", value).replace("\n", " ").replace("\t", " ") if isinstance(value, str) else ""
    name = straight(re.split(r"[/\\]", name)[-1]).strip().strip(".")
    if len(name) > NAME_MAX:
        stem, _, ending = name.rpartition(".")
        name = f"{stem[: NAME_MAX - len(ending) - 1]}.{ending}" if 0 < len(ending) < 20 else name[:NAME_MAX]
    return name or "file"


def device(value: Any) -> str | None:
    """A visitor id, where the page may keep one."""
    return (
        value if isinstance(value, str) and 0 < len(value.strip()) <= NAME_MAX and not _UNSEEN.search(value) else None
    )


def language(value: Any) -> str:
    """The one of ours that a browser's is nearest to.

    >>> language("pl-PL"), language("de"), language(None)
    ('pl', 'en', 'en')
    """
    first = value[:2].lower() if isinstance(value, str) else ""
    return first if first in LANGUAGES else LANGUAGES[0]


def page(value: Any) -> dict[str, str]:
    """`url` without its fragment and `title` of the page it was written on; what is anything else is left out."""
    if not isinstance(value, dict):
        return {}
    found: dict[str, str] = {}
    url, title = value.get("url"), value.get("title")
    if isinstance(url, str) and _URL.fullmatch(url):
        found["url"] = url.partition("#")[0][:2_000]
    if isinstance(title, str) and (seen := _UNSEEN.sub("", title).strip()):
        found["title"] = seen[:NAME_MAX]
    return found


def first_name(name: str) -> str | None:
    """What a visitor is told of who answers. Whoever gave no name is called by their address, which is not told.

    >>> first_name("Olga Nowak"), first_name("olga@shop.example"), first_name("")
    ('Olga', None, None)
    """
    first = name.split()[:1]
    return first[0][:60] if first and "@" not in first[0] else None


def usual_minutes(seconds: list[float]) -> int | None:
    """How soon an answer usually comes, as people say it: 1, 2, 5, 10, 15, 30, 60 minutes; None where that is unknown
    or longer than an hour.

    >>> usual_minutes([30, 40, 500]), usual_minutes([]), usual_minutes([9000])
    (1, None, None)
    """
    if not seconds:
        return None
    usual = median(seconds) / 60
    return next((step for step in (1, 2, 5, 10, 15, 30, 60) if usual <= step), None)
