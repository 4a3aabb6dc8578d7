"""The whole way, as it runs: a sender's process, a mail server and a Bot API on loopback, the linker, the API.

What a customer does on the other side comes back, and the next message knows it.
"""

import re
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest

from delivery.street import ANNA, BASE, Street, open_street
from onevoice import bootstrap
from onevoice.domains.delivery.contracts.messages import Content
from onevoice.domains.delivery.contracts.templates import EmailParts, Footer, LinkButton, TemplateSource, Variant
from onevoice.domains.delivery.service import templates
from onevoice.kit.db import Database
from onevoice.kit.home import Home
from onevoice.sandbox import mail_letters


@pytest.fixture
def street(database: Database, tmp_path) -> Iterator[Street]:
    with open_street(database, Home(tmp_path / "home")) as made:
        yield made


class TestEmail:
    def test_a_letter_goes_out_and_its_answer_comes_back(self, street):
        street.know(email=ANNA, first_name="Anna")
        street.agrees()
        asked = street.say("Your size is here.")
        street.until(lambda: street.mail.ledger)
        taken = street.mail.ledger[0]
        letter = message_from_bytes(taken.raw, policy=policy.default)
        assert (taken.recipient, letter["From"].addresses[0].display_name) == (ANNA, "Northfold")
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        street.until(lambda: street.state(asked.id) == "sent")
        assert street.heard() == [
            (
                "Message Sent",
                {
                    "message": asked.id, "text": "Your size is here.", "subject": "News", "class": "marketing",
                    "purpose": "promotions",
                },
            )
        ]  # fmt: skip
        street.mail.reply(taken, "Yes, please hold them.")
        street.until(lambda: [name for name, _ in street.heard() if name == "Message Received"])
        told = dict(street.heard())["Message Received"]
        assert (told["text"], told["answers"]) == ("Yes, please hold them.", asked.id)

    def test_one_click_ends_it(self, street):
        street.know(email=ANNA)
        street.agrees()
        street.say("An offer")
        street.until(lambda: street.mail.ledger)
        letter = message_from_bytes(street.mail.ledger[0].raw, policy=policy.default)
        address = urlsplit(re.search(r"<(https://[^>]+)>", letter["List-Unsubscribe"])[1])
        assert f"{address.scheme}://{address.netloc}" == BASE
        assert street.web.get(address.path).status_code == 200
        assert street.say("Looking ends nothing", words=Content("B", subject="B")).state == "queued"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = street.web.request("POST", address.path, content=b"List-Unsubscribe=One-Click", headers=form)
        assert answer.status_code == 200
        silence = street.say("Another offer", words=Content("C", subject="C"))
        assert (silence.state, silence.rule, silence.why) == ("suppressed", "consent", "withdrawn")
        receipt = street.say("Paid", message_class="transactional", purpose="orders")
        assert receipt.state == "queued"

    def test_a_bounce_closes_the_address_and_a_complaint_ends_marketing(self, street):
        street.know(email=ANNA)
        street.agrees()
        asked = street.say("An offer")
        street.until(lambda: street.mail.ledger)
        street.mail.complain(street.mail.ledger[0])
        street.until(lambda: dict(street.heard()).get("Message Complained"))
        assert street.say("Again", words=Content("D", subject="D")).why == "complaint"
        receipt = street.say("Paid", message_class="transactional", purpose="orders")
        street.until(lambda: len(street.mail.ledger) == 2)
        street.mail.bounce(street.mail.ledger[1])
        street.until(lambda: street.state(receipt.id) == "bounced")
        assert street.state(asked.id) == "delivered"  # who complains has it
        assert street.say("Paid 2", message_class="transactional", purpose="orders").why == "hard_bounce"

    def test_of_a_letter_in_doubt_the_bounce_tells_by_its_message_id(self, street):
        """The line was cut after the letter was taken; the report comes to the brand, without the return address."""
        street.know(email=ANNA)
        street.agrees()
        street.mail.misbehave("reset", address=ANNA)
        asked = street.say("An offer")
        street.until(lambda: street.state(asked.id) == "uncertain")
        taken = street.mail.ledger[0]
        raw = re.sub(rb"(?im)^return-path:.*\r?\n", b"", taken.raw)
        report = mail_letters.failure(
            raw, ANNA, "hello@mail.n.example", "5.1.1", "No such user", street.clock.now(), "<r1@provider.example>"
        )
        street.mail.put("hello@mail.n.example", report)
        street.until(lambda: street.state(asked.id) == "bounced")

    def test_who_answers_a_letter_in_doubt_has_it(self, street):
        street.know(email=ANNA)
        street.agrees()
        street.mail.misbehave("reset", address=ANNA)
        asked = street.say("An offer")
        street.until(lambda: street.state(asked.id) == "uncertain")
        street.mail.reply(street.mail.ledger[0], "Yes, please.")
        street.until(lambda: street.state(asked.id) == "delivered")
        heard = dict(street.heard())
        assert heard["Message Received"]["answers"] == asked.id
        assert heard["Message Sent"]["text"] == "An offer"

    def test_an_unknown_mailbox_at_once(self, street):
        street.know(email=ANNA)
        street.agrees()
        street.mail.misbehave("unknown", address=ANNA)
        asked = street.say("An offer")
        street.until(lambda: street.state(asked.id) == "bounced")
        assert street.say("Again", words=Content("E", subject="E")).rule == "block_list"
        ((name, told),) = street.heard()
        assert (name, told["message"], told["gone"]) == ("Message Bounced", asked.id, True)

    def test_a_template_with_a_link_that_is_followed(self, street):
        street.know(email=ANNA, first_name="Anna")
        street.agrees()
        parts = EmailParts(
            "{{ customer.first_name }}, your size",
            blocks=(LinkButton("See them", "https://shop.n.example/b"), Footer()),
        )
        with street.home.database.transaction() as conn:
            source = TemplateSource("en", (Variant("email", "en", parts),))
            made = templates.create(
                conn, "pl", "size", "marketing", "promotions", source, actor="owner", clock=street.clock
            )
            templates.publish(conn, made.id, revision=1, actor="owner", clock=street.clock)
        asked = street.say("", words=None, template=made.id, version=1)
        street.until(lambda: street.state(asked.id) == "sent")
        letter = message_from_bytes(street.mail.ledger[0].raw, policy=policy.default)
        assert letter["Subject"] == "Anna, your size"
        # The text carries addresses that are its reader's alone: the thread, which colleagues read, has none of it.
        sent = {"message": asked.id, "template": "size", "class": "marketing", "purpose": "promotions"}
        assert street.heard() == [("Message Sent", {**sent, "subject": "Anna, your size"})]
        html = letter.get_body(("html",)).get_content()
        path = urlsplit(re.search(rf"{re.escape(BASE)}/l/[\w-]+", html)[0]).path
        time.sleep(2.1)  # whoever follows at once is a gateway
        agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0"}
        answer = street.web.get(path, headers=agent)
        assert answer.headers["location"].startswith("https://shop.n.example/b?utm_source=pl")
        assert street.state(asked.id) == "clicked"


class TestTelegram:
    def test_a_bot_writes_to_nobody_who_did_not_start_it(self, street):
        chat = street.telegram.person("Anna")
        street.know(email=ANNA, telegram=str(chat.id))
        street.telegram.start_bot(chat, "boots")
        street.until(street.heard)
        told = dict(street.heard())
        assert told["Message Received"]["start"] == "boots"
        reference = f"telegram:{chat.id}"
        street.agrees(reference)
        asked = street.say("Your 39 is in. Hold a pair?", reference, channels=("telegram",))
        street.until(lambda: street.state(asked.id) == "sent")
        assert list(chat.messages.values())[-1]["text"] == "Your 39 is in. Hold a pair?"
        street.telegram.block(chat)
        street.until(lambda: dict(street.heard()).get("Channel Closed") is not None)
        silence = street.say("Again", reference, channels=("telegram",), words=Content("Again"))
        assert (silence.rule, silence.why) == ("reachable", "shut")

    def test_stop_in_one_channel_is_stop_in_all(self, street):
        chat = street.telegram.person("Anna")
        street.telegram.start_bot(chat)
        street.until(street.heard)
        street.know(email=ANNA)
        now = street.clock.now()
        both = {
            "type": "identify", "userId": "anna", "timestamp": now.isoformat(),
            "context": {"externalIds": [{"type": "telegram", "id": str(chat.id)}]},
        }  # fmt: skip
        bootstrap.append_events(street.home, [(street.sources["shop"], [both], now, now)])
        street.link()
        street.agrees()
        assert street.say("An offer").state == "queued"
        street.telegram.say(chat, "СТОП")
        street.until(lambda: [one for name, one in street.heard() if one.get("text") == "СТОП"])
        silence = street.say("Another", words=Content("F", subject="F"))
        assert (silence.rule, silence.why) == ("consent", "withdrawn")
