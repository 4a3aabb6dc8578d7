"""What every channel must do, asked of e-mail beside the sandbox's mail provider."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any, ClassVar

import pytest

from channels.conformance import HOSTILE_TEXTS, SECONDS, Bench, Conformance, Gap, Outbound, Seen, never, outgoing, send
from channels.email_making import BRAND, PASSWORD, given, written
from onevoice.channels.email.adaptor import CHANNEL, EmailAdaptor
from onevoice.channels.email.settings import read
from onevoice.channels.email.smtp import Timeouts
from onevoice.domains.delivery.contracts.messages import Content, Media
from onevoice.domains.delivery.ports import Channel
from onevoice.sandbox.mail import Mail

BOX = f"hello@{BRAND}"
TROUBLES = {
    "broken": "full", "silence": "hang", "unheard": "unheard", "reset": "reset", "cut": "reset", "garbage": "garbage",
    "refused": "policy",
}  # fmt: skip
NO_WEBHOOK = never("mail comes by IMAP")


def _hasty(settings, tools):
    return EmailAdaptor(read(settings), tools, Timeouts(SECONDS * 5, SECONDS * 5, SECONDS * 5, SECONDS))


class EmailBench(Outbound):
    channel = Channel(CHANNEL.manifest, _hasty)

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.allowed = frozenset({f"127.0.0.1:{mail.smtp_port}", f"127.0.0.1:{mail.imap_port}"})
        self._people = iter(range(10**6))

    def settings(self) -> dict[str, Any]:
        return given(self.mail.smtp_port, self.mail.imap_port, smtp_username=BOX, smtp_password=PASSWORD)

    def refused_settings(self) -> list[dict[str, Any]]:
        return [
            self.settings() | {"smtp_password": "another"},
            self.settings() | {"imap_password": "another"},
            self.settings() | {"imap_folder": "Nowhere"},
            self.settings() | {"smtp_security": "starttls"},
            self.settings() | {"smtp_host": "10.0.0.1"},
            self.settings() | {"from_address": "nobody"},
        ]

    def address(self) -> str:
        return f"anna{next(self._people)}@people.example"

    def gone_address(self) -> str:
        address = self.address()
        self.mail.misbehave("unknown", address=address)
        return address

    def seen(self) -> list[Seen]:
        return [self._seen(taken.recipient, taken.raw) for taken in self.mail.ledger]

    def _seen(self, recipient: str, raw: bytes) -> Seen:
        message = message_from_bytes(raw, policy=policy.default)
        body = message.get_body(("plain",))
        text = body.get_payload(decode=True).decode().replace("\r\n", "\n")
        files = tuple(("file", part.get_payload(decode=True)) for part in message.iter_attachments())
        alone = not message.is_multipart()
        return Seen(
            str(message["Message-ID"]),
            recipient,
            text.removesuffix("\n") if alone else text,
            media=files,
            answers=message["In-Reply-To"] and str(message["In-Reply-To"]),
        )

    def trouble(self, kind: str) -> None:
        if kind == "too_many":
            self.mail.misbehave("greylist", seconds=7)
        elif kind == "revoked":
            self.mail.change_password("another")
        else:
            self.mail.misbehave(TROUBLES[kind])

    def write(self, address: str, text: str) -> None:
        self.mail.put(BOX, written(text, From=address, Message_ID=f"<{text.replace(' ', '-')}.{address}>").as_bytes())

    def stop(self) -> None:
        self.mail.stop_listening()


class TestEmail(Conformance):
    gaps: ClassVar[dict[str, Gap]] = {
        **dict.fromkeys(
            [
                "test_a_webhook_says_who_said_what",
                "test_a_repeat_is_known_by_its_key",
                "test_a_forged_webhook_is_refused",
                "test_an_old_signature_is_refused",
                "test_without_a_secret_no_webhook_is_taken",
                "test_a_hostile_body_says_nothing",
            ],
            NO_WEBHOOK,
        ),
        "test_the_same_key_is_taken_once": never("SMTP knows no idempotency key"),
        "test_a_secret_that_is_empty_cannot_be_used": never("a server of one's own may ask for no login"),
        "test_buttons_arrive_in_their_order": never("a letter has links, and nothing in it can be pressed"),
        "test_a_button_that_was_pressed_comes_back": never("a letter has links, and nothing in it can be pressed"),
        "test_an_edit_changes_what_was_said": never("a letter that was sent is sent"),
        "test_a_date_says_how_long_to_wait": never("SMTP names no dates"),
        "test_a_redirect_is_no_success": never("SMTP knows no redirects that a client follows"),
        "test_who_blocks_us_is_told": never("nobody is told when a mailbox blocks a sender"),
    }

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with Mail(password=PASSWORD) as mail:
            mail.brand(BRAND)
            yield EmailBench(mail)

    @pytest.mark.parametrize("text", HOSTILE_TEXTS)
    def test_a_text_arrives_as_it_is(self, bench: Bench, text: str) -> None:
        """But for its line ends, which are all one in mail."""
        super().test_a_text_arrives_as_it_is(bench, text.replace("\r\n", "\n"))

    def test_files_arrive_byte_for_byte(self, bench: Bench) -> None:
        """Of whatever kind, as a file with its own name."""
        for kind in bench.channel.manifest.capabilities.media:
            data = bytes(range(256)) * 40 + b"\r\n--boundary--\r\n.\r\n" + kind.encode()
            media = Media(kind, 'na"me\r\nż.bin', "application/octet-stream", data)  # type: ignore[arg-type]
            send(bench, outgoing(bench.address(), content=Content(f"Here: {kind}", media=(media,))))
            seen = bench.seen()[-1]
            assert (seen.text, seen.media) == (f"Here: {kind}", (("file", data),))
