"""Where bounces go: a return address of its own for each message (VERP), and the ids that our mail is known by."""

import base64
import hashlib
import hmac
import re

from onevoice.channels.email.headers import Address
from onevoice.domains.delivery.contracts.names import MessageId

_MAC_BYTES = 10
_DIGITS = 19
_ID = re.compile(r"<m-(\d+)\.([a-z2-7]+)@([^<>@]+)>", re.ASCII)


def return_address(returns: Address, message: MessageId, key: bytes) -> Address:
    """`bounce+ID-mac@domain`."""
    return Address(f"{returns.local}+{message}-{_mac(message, 'bounce', key)}", returns.domain)


def returned(text: str, returns: Address, key: bytes) -> MessageId | None:
    """Which message of ours an address takes bounces for; None where it takes none, or where it is forged."""
    local, _, domain = text.strip().strip("<>").rpartition("@")
    start = f"{returns.local}+".lower()
    number, _, mac = local.lower().removeprefix(start).partition("-")
    if not local.lower().startswith(start) or domain.lower() != returns.domain:
        return None
    return _proved(number, mac, "bounce", key)


def message_id(message: MessageId, key: bytes, domain: str) -> str:
    """The same over all attempts; nobody can name another's."""
    return f"<m-{message}.{_mac(message, 'id', key)}@{domain}>"


def identified(text: str, domain: str, key: bytes) -> MessageId | None:
    """Of which message of ours it is the Message-ID; None where of none, or where it is forged."""
    found = _ID.fullmatch(text)
    if found is None or found[3].lower() != domain:
        return None
    return _proved(found[1], found[2], "id", key)


def _proved(number: str, mac: str, use: str, key: bytes) -> MessageId | None:
    if not number.isascii() or not number.isdigit() or len(number) > _DIGITS:
        return None
    message = MessageId(int(number))
    expected = _mac(message, use, key).encode()
    if str(message) != number or not hmac.compare_digest(mac.encode("utf-8", "replace"), expected):
        return None
    return message


def _mac(message: MessageId, use: str, key: bytes) -> str:
    mac = hmac.digest(key, f"{use} {message}".encode(), hashlib.sha256)
    return base64.b32encode(mac[:_MAC_BYTES]).decode().lower()
