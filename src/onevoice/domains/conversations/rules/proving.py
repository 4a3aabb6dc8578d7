"""What a shop's server says of who is logged in: a JSON Web Token signed with HMAC-SHA256 (RFC 7519, HS256)."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

SECRET_MIN = 32
LENGTH_MAX = 2_000
LIFE_MAX = timedelta(days=1)
"""One that is good for longer is good for nothing: it would be as a password that nobody can change."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}")


class Proof(NamedTuple):
    """user: the user id. email: their address, where the shop says so. digest: by which one that was shown before is
    known.
    """

    user: str
    email: str | None
    until: datetime
    digest: bytes


def proof(token: Any, secrets: Iterable[str], now: datetime) -> Proof | None:
    """None of one that proves nothing, whatever is wrong with it."""
    if not isinstance(token, str) or len(token) > LENGTH_MAX or not _TOKEN.fullmatch(token):
        return None
    signed, _, signature = token.rpartition(".")
    head, _, body = signed.partition(".")
    fits = [
        hmac.compare_digest(_signature(secret, signed), signature) for secret in secrets if len(secret) >= SECRET_MIN
    ]
    if not any(fits):
        return None
    said, about = _part(body), _part(head)
    user, ends = said.get("sub"), said.get("exp")
    if about.get("alg") != "HS256" or not isinstance(user, str) or not 0 < len(user) <= 200 or not user.isprintable():
        return None
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not 0 < ends < 2**33:
        return None
    until = datetime.fromtimestamp(ends, UTC)
    # By the signed part: a signature's last letter has bits that mean nothing.
    if not now < until <= now + LIFE_MAX:
        return None
    email = said.get("email")
    address = email if isinstance(email, str) and 0 < len(email) <= 254 else None
    return Proof(user, address, until, hashlib.sha256(signed.encode()).digest())


def _signature(secret: str, signed: str) -> str:
    made = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _part(text: str) -> dict[str, Any]:
    try:
        said = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        return {}
    return said if isinstance(said, dict) else {}
