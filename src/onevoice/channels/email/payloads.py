"""Outgoing messages as they go over the wire: MIME, list headers, return address, signature. Pure."""

import base64
import binascii
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from onevoice.channels.email.headers import (
    UnusableAddressError,
    address,
    clean,
    identifiers,
    mailbox,
    parameter,
    unstructured,
)
from onevoice.channels.email.returns import message_id, return_address
from onevoice.channels.email.settings import MANIFEST, EmailSettings
from onevoice.domains.delivery.contracts.messages import Button, Media, Outgoing
from onevoice.domains.delivery.errors import Permanent

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}")
_URL = re.compile(r"https?://[!-;=?-~]{1,2000}")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_URL_LINE_MAX = 900
_REFERENCES_MAX = 20


@dataclass(frozen=True, slots=True)
class Letter:
    sender: str
    recipient: str
    message_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Part:
    """A MIME part: its header lines, and its body with CRLF line ends, without the last."""

    headers: tuple[str, ...]
    body: bytes


def letter(message: Outgoing, settings: EmailSettings, now: datetime) -> Letter:
    """now: the Date where the message does not say when it was decided.

    Raises: Permanent where the address or the unsubscribe address cannot be written, or the text is too long.
    """
    try:
        to = address(message.address)
    except UnusableAddressError as error:
        raise Permanent("address_invalid", str(error), gone=True) from None
    longest = MANIFEST.capabilities.text_max
    if len(message.content.text) > longest:
        raise Permanent("too_long", f"the text has more than {longest} characters")
    at = message.at or now
    named = message_id(message.id, settings.return_key, settings.sender.domain)
    part = _whole(message)
    headers = [
        mailbox("From", settings.sender, settings.sender_name),
        mailbox("To", to),
        unstructured("Subject", message.content.subject or ""),
        f"Date: {format_datetime(at)}",
        f"Message-ID: {named}",
        *_optional(message, settings),
        "MIME-Version: 1.0",
        *part.headers,
    ]
    body = part.body + b"\r\n"
    if settings.signer:
        headers.insert(0, settings.signer.header(headers, body, at))
    data = "\r\n".join(headers).encode("ascii") + b"\r\n\r\n" + body
    return Letter(str(return_address(settings.returns, message.id, settings.return_key)), str(to), named, data)


def _optional(message: Outgoing, settings: EmailSettings) -> list[str]:
    found: list[str | None] = []
    if settings.reply_to:
        found.append(mailbox("Reply-To", settings.reply_to))
    if message.answers:
        found.append(identifiers("In-Reply-To", [message.answers]))
        before = [each for each in message.thread if each != message.answers][-_REFERENCES_MAX:]
        found.append(identifiers("References", [*before, message.answers]))
    elif message.thread:
        found.append(identifiers("References", message.thread[-_REFERENCES_MAX:]))
    if message.marketing:
        found.append(f"List-Id: <news.{settings.sender.domain}>")
        if message.unsubscribe_url:
            if not _URL.fullmatch(message.unsubscribe_url) or len(message.unsubscribe_url) > _URL_LINE_MAX:
                raise Permanent("unsubscribe_url_invalid", "it is not an http(s) address that fits one line")
            found.append(f"List-Unsubscribe:\r\n <{message.unsubscribe_url}>")
            found.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    if not message.answers:
        # No person answered a person, so no out-of-office note should answer this (RFC 3834).
        found.append("Auto-Submitted: auto-generated")
    return [each for each in found if each]


# Parts


def _whole(message: Outgoing) -> _Part:
    """mixed(related(alternative(text, html), inline images), attachments), each only where it is needed."""
    content, boundaries = message.content, _Boundaries(message)
    document = content.html
    buttons = [button for row in content.buttons for button in row if button.url]
    inline = [media for media in content.media if document and media.kind == "image" and _cid(media) in document]
    files = [media for media in content.media if media not in inline]
    part = _text("plain", _with_buttons(content.text, buttons), message.language)
    if document:
        shown = _text("html", _with_html_buttons(document, buttons), message.language)
        if inline:
            shown = _multipart("related", [shown, *map(_inline, inline)], boundaries, '; type="text/html"')
        part = _multipart("alternative", [part, shown], boundaries)
    return _multipart("mixed", [part, *map(_attached, files)], boundaries) if files else part


class _Boundaries:
    """Stable: the same message is the same bytes at each attempt."""

    def __init__(self, message: Outgoing) -> None:
        self._seed = f"{message.id} {message.key}"
        self._given = 0

    def __call__(self) -> str:
        self._given += 1
        coded = hashlib.sha256(f"{self._seed} {self._given}".encode("utf-8", "replace")).hexdigest()[:24]
        return f"=_{coded}"  # `=_` stands in neither quoted-printable nor base64


def _multipart(kind: str, parts: Sequence[_Part], boundaries: _Boundaries, more: str = "") -> _Part:
    boundary = boundaries()
    mark = f"--{boundary}".encode()
    pieces = [mark + b"\r\n" + "\r\n".join(part.headers).encode("ascii") + b"\r\n\r\n" + part.body for part in parts]
    head = f'Content-Type: multipart/{kind}{more};\r\n boundary="{boundary}"'
    return _Part((head,), b"\r\n".join([*pieces, mark + b"--"]))


def _text(kind: str, text: str, language: str) -> _Part:
    """The shorter of quoted-printable and base64; plain where it is plain already."""
    lines = text.encode("utf-8", "replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if lines.isascii() and b"\0" not in lines and max(map(len, lines.split(b"\r\n"))) <= 900 and b"\n--=_" not in lines:
        coding, body = "7bit", lines
    else:
        # Python breaks long lines by the line end that it meets first, and by a bare LF where it meets none.
        quoted, coded = _BARE_LF.sub(b"\r\n", binascii.b2a_qp(lines)), _base64(lines)
        coding, body = ("quoted-printable", quoted) if len(quoted) <= len(coded) else ("base64", coded)
    kinds = (f"Content-Type: text/{kind}; charset=utf-8", f"Content-Transfer-Encoding: {coding}")
    return _Part((*kinds, f"Content-Language: {language}") if _LANGUAGE.fullmatch(language) else kinds, body)


def _base64(data: bytes) -> bytes:
    return b"\r\n".join(base64.b64encode(data[at : at + 57]) for at in range(0, len(data), 57))


def _file(media: Media, disposition: str, *more: str) -> _Part:
    kind = media.content_type if _TYPE.fullmatch(media.content_type) else "application/octet-stream"
    name = clean(media.name).replace("/", "_").replace("\\", "_") or "file"
    return _Part(
        (
            f"Content-Type: {kind}{parameter('name', name)}",
            "Content-Transfer-Encoding: base64",
            f"Content-Disposition: {disposition}{parameter('filename', name)}",
            *more,
        ),
        _base64(media.data),
    )


def _attached(media: Media) -> _Part:
    return _file(media, "attachment")


def _inline(media: Media) -> _Part:
    return _file(media, "inline", f"Content-ID: <{_cid(media).removeprefix('cid:')}>")


def _cid(media: Media) -> str:
    """How html names an image that goes with it: `cid:` and its name."""
    return f"cid:{media.name}" if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", media.name) else "\0"


def _with_buttons(text: str, buttons: Sequence[Button]) -> str:
    return text + "".join(f"\n\n{button.text}: {button.url}" for button in buttons)


def _with_html_buttons(document: str, buttons: Sequence[Button]) -> str:
    if not buttons:
        return document
    links = "".join(
        f'<p><a href="{html.escape(button.url or "")}">{html.escape(button.text)}</a></p>' for button in buttons
    )
    head, end, tail = document.rpartition("</body>")
    return head + links + end + tail if end else document + links
