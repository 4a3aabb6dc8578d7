"""Where bounces go: a return address of its own for each message (VERP), and the ids that our mail is known by."""

import base64
import hashlib
import hmac
import re

from onevoice.channels.email.headers import Address
from onevoice.domains.delivery.contracts import MessageId

_MAC_BYTES = 10
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ID_DIGITS = 19


def return_address(returns: Address, message: MessageId, key: bytes) -> Address:
    """`bounce+ID-mac@domain`."""
    return Address(f"{returns.local}+{message}-{_mac(message, key)}", returns.domain)


def returned(text: str, returns: Address, key: bytes) -> MessageId | None:
    """Which message of ours an address takes bounces for; None where it takes none, or where it is forged."""
    local, _, domain = text.strip().strip("<>").rpartition("@")
    start = f"{returns.local}+".lower()
    number, _, mac = local.lower().removeprefix(start).partition("-")
    known = local.lower().startswith(start) and domain.lower() == returns.domain
    if not known or not number.isascii() or not number.isdigit() or len(number) > _ID_DIGITS:
        return None
    message = MessageId(int(number))
    if str(message) != number or not hmac.compare_digest(mac.encode("utf-8", "replace"), _mac(message, key).encode()):
        return None
    return message


def _mac(message: MessageId, key: bytes) -> str:
    mac = hmac.digest(key, f"bounce {message}".encode(), hashlib.sha256)
    return base64.b32encode(mac[:_MAC_BYTES]).decode().lower()


def message_id(message: MessageId, key: str, domain: str) -> str:
    """The same over all attempts."""
    known = key if _KEY.fullmatch(key) else hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    return f"<m-{message}.{known}@{domain}>"


def is_ours(text: str, domain: str) -> bool:
    """Whether a Message-ID has the form that `message_id` gives."""
    return re.fullmatch(rf"<m-\d{{1,{_ID_DIGITS}}}\.[\w-]{{1,64}}@{re.escape(domain)}>", text, re.ASCII) is not None
