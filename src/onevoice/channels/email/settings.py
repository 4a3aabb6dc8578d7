"""The settings of an e-mail account, read once and judged before anything is sent."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from onevoice.channels.email import signing
from onevoice.channels.email.headers import Address, UnusableAddressError, address
from onevoice.domains.delivery.errors import ActionRequired
from onevoice.domains.delivery.ports import read_manifest

MANIFEST = read_manifest(Path(__file__).parent)

Security = Literal["starttls", "tls", "none"]
_SECRET_LEAST = 16


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    from_address: str
    smtp_host: str
    from_name: str = ""
    reply_to: str = ""
    return_address: str = ""
    smtp_port: int = 587
    smtp_security: Security = "starttls"
    smtp_username: str = ""
    smtp_password: str = ""
    imap_host: str = ""
    imap_port: int = 993
    imap_security: Security = "tls"
    imap_username: str = ""
    imap_password: str = ""
    imap_folder: str = "INBOX"
    mark_seen: bool = False
    dkim_selector: str = ""
    dkim_private_key: str = ""
    return_secret: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    security: Security
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class EmailSettings:
    sender: Address
    sender_name: str
    reply_to: Address | None
    returns: Address
    return_key: bytes
    smtp: Server
    imap: Server | None
    folder: str
    mark_seen: bool
    signer: signing.Signer | None


def read(given: Mapping[str, Any]) -> EmailSettings:
    """Raises: ActionRequired that names the setting that cannot be right."""
    try:
        raw = msgspec.convert(dict(given), _Given)
    except msgspec.ValidationError as error:
        raise ActionRequired("settings_invalid", str(error)) from None
    sender = _address("from_address", raw.from_address)
    return EmailSettings(
        sender=sender,
        sender_name=raw.from_name,
        reply_to=_address("reply_to", raw.reply_to) if raw.reply_to else None,
        returns=_address("return_address", raw.return_address or f"bounce@{sender.domain}"),
        return_key=_return_key(raw, sender),
        smtp=_server("smtp", raw.smtp_host, raw.smtp_port, raw.smtp_security, raw.smtp_username, raw.smtp_password),
        imap=_imap(raw),
        folder=raw.imap_folder,
        mark_seen=raw.mark_seen,
        signer=_signer(raw, sender),
    )


def _address(name: str, text: str) -> Address:
    try:
        return address(text)
    except UnusableAddressError as error:
        raise ActionRequired("settings_invalid", f"{name}: {error}") from None


def _server(kind: str, host: str, port: int, security: Security, username: str, password: str) -> Server:
    if not host or not host.isprintable() or " " in host:
        raise ActionRequired("settings_invalid", f"{kind}_host is not the name of a server")
    if not 0 < port < 65536:
        raise ActionRequired("settings_invalid", f"{kind}_port is not between 1 and 65535")
    if any(not letter.isprintable() for letter in username + password):
        raise ActionRequired("settings_invalid", f"{kind}_username or {kind}_password holds a control character")
    return Server(host, port, security, username, password)


def _imap(raw: _Given) -> Server | None:
    if not raw.imap_host:
        return None
    username, password = raw.imap_username or raw.smtp_username, raw.imap_password or raw.smtp_password
    if not username or not password:
        raise ActionRequired("settings_invalid", "imap_username and imap_password are needed to read the mailbox")
    if not raw.imap_folder or any(not letter.isprintable() for letter in raw.imap_folder):
        raise ActionRequired("settings_invalid", "imap_folder is not the name of a folder")
    return _server("imap", raw.imap_host, raw.imap_port, raw.imap_security, username, password)


def _signer(raw: _Given, sender: Address) -> signing.Signer | None:
    if not raw.dkim_private_key:
        return None
    try:
        return signing.Signer(sender.domain, raw.dkim_selector, raw.dkim_private_key)
    except signing.UnusableKeyError as error:
        raise ActionRequired("dkim_key_invalid", str(error)) from None


def _return_key(raw: _Given, sender: Address) -> bytes:
    if raw.return_secret:
        if len(raw.return_secret) < _SECRET_LEAST:
            raise ActionRequired("settings_invalid", f"return_secret has fewer than {_SECRET_LEAST} characters")
        secrets = (raw.return_secret,)
    else:
        secrets = (raw.smtp_password, raw.imap_password, raw.dkim_private_key)
    if not any(secrets):
        raise ActionRequired(
            "settings_invalid",
            "return_secret is needed where there is neither a password nor a DKIM key: without it anybody could bounce",
        )
    return hashlib.sha256("\0".join(("return", sender.domain, *secrets)).encode()).digest()
