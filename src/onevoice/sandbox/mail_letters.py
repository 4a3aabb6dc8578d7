"""Letters that people and mail servers send back: answers, complaints (RFC 5965), delivery reports (RFC 3464)."""

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

_ATTRIBUTION = {
    "en": "On {at:%d %b %Y}, at {at:%H:%M}, {whom} wrote:",
    "ru": "{at:%d.%m.%Y, %H:%M}, {whom} пишет:",
    "pl": "W dniu {at:%d.%m.%Y} o {at:%H:%M}, {whom} pisze:",
}
_AWAY = {
    "en": ("Automatic reply", "I am away until Monday and will answer then."),
    "ru": ("Автоответ", "Меня нет на месте до понедельника, отвечу, когда вернусь."),
    "pl": ("Odpowiedź automatyczna", "Jestem nieobecny do poniedziałku, odpiszę po powrocie."),
}


def opened(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    return message


def plain_text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""


def header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


def answer(raw: bytes, address: str, text: str, at: datetime, identifier: str, language: str, name: str = "") -> bytes:
    """A person's reply with what it answers quoted below."""
    before = opened(raw)
    message = _reply(before, address, at, identifier, name)
    whom = header(before, "From")
    quoted = "\n".join(f"> {line}".rstrip() for line in plain_text(before).splitlines())
    message.set_content(f"{text}\n\n{_ATTRIBUTION[language].format(at=at, whom=whom)}\n{quoted}\n")
    return message.as_bytes()


def away(raw: bytes, address: str, at: datetime, identifier: str, language: str) -> bytes:
    """What a mailbox answers by itself (RFC 3834)."""
    before = opened(raw)
    message = _reply(before, address, at, identifier, "")
    subject, text = _AWAY[language]
    del message["Subject"]
    message["Subject"] = f"{subject}: {header(before, 'Subject')}"
    message["Auto-Submitted"] = "auto-replied"
    message.set_content(text)
    return message.as_bytes()


def _reply(before: EmailMessage, address: str, at: datetime, identifier: str, name: str) -> EmailMessage:
    answered = header(before, "Message-ID").strip()
    subject = header(before, "Subject")
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f'"{name}" <{address}>' if name else address
    message["To"] = parseaddr(header(before, "Reply-To") or header(before, "From"))[1]
    message["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    message["Date"] = format_datetime(at)
    message["Message-ID"] = identifier
    if answered:
        message["In-Reply-To"] = answered
        message["References"] = f"{header(before, 'References')} {answered}".strip()
    return message


def complaint(raw: bytes, sender: str, recipient: str, to: str, at: datetime, identifier: str) -> bytes:
    """What a provider sends when somebody presses "spam"."""
    report = (
        "Feedback-Type: abuse\r\nUser-Agent: Sandbox/1\r\nVersion: 1\r\n"
        f"Original-Mail-From: <{sender}>\r\nOriginal-Rcpt-To: <{recipient}>\r\n"
        f"Arrival-Date: {format_datetime(at)}\r\nSource-IP: 127.0.0.1\r\n"
    )
    words = "This is a complaint about a message that was sent from your domain."
    return _report(
        "feedback-report",
        words,
        "message/feedback-report",
        report,
        raw,
        "feedback@provider.example",
        to,
        at,
        identifier,
    )


def failure(raw: bytes, recipient: str, to: str, code: str, said: str, at: datetime, identifier: str) -> bytes:
    """What a mail server sends when it has to give up on what it had taken."""
    report = (
        "Reporting-MTA: dns; mx.provider.example\r\n"
        f"Arrival-Date: {format_datetime(at)}\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {code}\r\n"
        f"Diagnostic-Code: smtp; 550 {code} {said}\r\n"
    )
    words = f"The message could not be delivered to {recipient}: {said}"
    return _report(
        "delivery-status",
        words,
        "message/delivery-status",
        report,
        raw,
        "MAILER-DAEMON@provider.example",
        to,
        at,
        identifier,
    )


def _report(
    kind: str, words: str, part: str, report: str, raw: bytes, sender: str, to: str, at: datetime, identifier: str
) -> bytes:
    boundary = "report=_1"
    head = raw.partition(b"\r\n\r\n")[0]
    return (
        f"Return-Path: <>\r\nFrom: {sender}\r\nTo: {to}\r\nSubject: {kind}\r\nDate: {format_datetime(at)}\r\n"
        f"Message-ID: {identifier}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
        f"--{boundary}\r\nContent-Type: {part}\r\n\r\n{report}\r\n"
        f"--{boundary}\r\nContent-Type: text/rfc822-headers\r\n\r\n"
    ).encode() + head + f"\r\n\r\n--{boundary}--\r\n".encode()  # fmt: skip
