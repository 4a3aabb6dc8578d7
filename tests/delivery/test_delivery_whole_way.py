"""The whole way, as it runs: a sender's process, a mail server and a Bot API on loopback, the linker, the API.

What a customer does on the other side comes back, and the next message knows it.
"""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest

from onevoice import bootstrap
from onevoice.domains.access.contracts import SiteDetails
from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts import Ask, Content, EmailParts, Footer, LinkButton, TemplateSource, Variant
from onevoice.domains.delivery.rules.facts import Policy
from onevoice.domains.delivery.service import accounts, asking, hearing, templates
from onevoice.domains.delivery.service import policy as policies
from onevoice.domains.delivery.store import messages as store
from onevoice.domains.identity.service import references
from onevoice.domains.privacy.contracts import Said as Consented
from onevoice.domains.privacy.service import ledger
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.home import Home
from onevoice.sandbox.mail import Mail
from onevoice.sandbox.telegram import Telegram
from onevoice.web.settings import WebSettings
from web.asgi_client import AsgiClient

BASE = "https://hello.n.example"
ANNA = "anna@kowalska.example"


class Street:
    def __init__(self, database: Database, home: Home, mail: Mail, telegram: Telegram) -> None:
        self.mail, self.telegram = mail, telegram
        self.home = bootstrap.installation(database.url, home.secrets(SystemChance()), name="tests")
        self.channels = bootstrap.manifests()
        clock, chance = SystemClock(), SystemChance()
        self.clock = clock
        mail.brand("mail.n.example")
        with database.transaction() as conn:
            details = SiteDetails(
                "Northfold", currency="PLN", domains=("n.example",), legal_name="Northfold sp. z o.o."
            )
            sites.create(conn, "pl", details, actor="owner", clock=clock)
            policies.change(
                conn, Policy(hours=(0, 0), order=("telegram", "email")), based_on=0, actor="owner", clock=clock
            )
            letters = {
                "from_address": "hello@mail.n.example", "from_name": "Northfold", "smtp_host": "127.0.0.1",
                "smtp_port": mail.smtp_port, "smtp_security": "none", "smtp_username": "hello@mail.n.example",
                "smtp_password": "pocket", "imap_host": "127.0.0.1",
                "imap_port": mail.imap_port, "imap_security": "none", "imap_username": "mail.n.example",
                "imap_password": "pocket",
            }  # fmt: skip
            bot = {"token": telegram.token, "api_url": telegram.url}
            for channel, settings in (("email", letters), ("telegram", bot)):
                wanted = accounts.AccountCreate(channel, "main", "pl", settings)
                sealer = bootstrap.sealer(self.home)
                accounts.create(conn, wanted, self.channels, sealer, actor="owner", clock=clock, chance=chance)
        self.sources = bootstrap.ensure_sources(self.home, [("shop", "site", "pl")])
        self.web = AsgiClient(bootstrap.api(self.home, WebSettings(public_url=BASE)))
        places = f"127.0.0.1:{mail.smtp_port},127.0.0.1:{mail.imap_port},127.0.0.1:{telegram.port}"
        environ = {
            **os.environ, "ONEVOICE_RUNNING_URL": database.url, "ONEVOICE_ALLOWED_PLACES": places,
            "ONEVOICE_PUBLIC_URL": BASE,
        }  # fmt: skip
        command = [sys.executable, "-m", "onevoice", "sender", "--home", str(home.path)]
        self.sender = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE)
        self.asked = 0

    def close(self) -> None:
        self.sender.terminate()
        _, told = self.sender.communicate(timeout=40)
        assert b"Traceback" not in told, told.decode()
        self.home.database.close()

    def know(self, **traits: str) -> None:
        """Somebody who told the shop who they are."""
        now = self.clock.now()
        event = {"type": "identify", "userId": "anna", "traits": traits, "timestamp": now.isoformat()}
        bootstrap.append_events(self.home, [(self.sources["shop"], [event], now, now)])
        self.link()

    def link(self) -> None:
        with bootstrap.linking_steps(self.home) as step:
            while step():
                pass
        with self.home.database.transaction() as conn:
            hearing.follow(conn)

    def node(self, reference: str) -> int:
        with self.home.database.transaction() as conn:
            return references.locate(conn, reference, self.home.secrets.vault_key)[0]

    def agrees(self, reference: str = f"email:{ANNA}") -> None:
        with self.home.database.transaction() as conn:
            how = Consented("operator", f"k{self.asked}", actor="owner", proven=True)
            ledger.grant(conn, self.node(reference), "promotions", "*", how, clock=self.clock)

    def say(self, text: str, reference: str = f"email:{ANNA}", **more):
        self.asked += 1
        fields = {
            "key": f"w{self.asked}", "person": self.node(reference), "site": "pl", "message_class": "marketing",
            "purpose": "promotions", "asked_by": "test", "words": Content(text, subject="News"),
            "channels": ("email",),
        }  # fmt: skip
        with self.home.database.transaction() as conn:
            asks = [Ask(**{**fields, **more})]
            return asking.ask(conn, asks, self.channels, bootstrap.SOURCES, clock=self.clock)[0]

    def state(self, number: int) -> str:
        with self.home.database.transaction() as conn:
            found = store.message(conn, number)
        assert found is not None
        return found.state

    def until(self, came: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not came():
            assert time.monotonic() < deadline, self.troubles()
            assert self.sender.poll() is None
            time.sleep(0.05)

    def troubles(self) -> list[str | None]:
        with self.home.database.transaction() as conn:
            return [each.trouble for each in accounts.accounts(conn)]

    def heard(self) -> list[tuple[str, dict]]:
        """Of the customer's events those that came by a channel."""
        self.link()
        with self.home.database.transaction() as conn:
            rows = conn.execute(
                "select n.name, e.body from identity.event e join identity.name n on n.id = e.name_id"
                " join access.source s on s.id = e.source_id where s.name like 'main (%' order by e.seq"
            ).fetchall()
        return [(name, body.get("properties", {})) for name, body in rows]


@pytest.fixture
def street(database: Database, tmp_path) -> Iterator[Street]:
    with contextlib.ExitStack() as stack:
        mail = stack.enter_context(Mail(password="pocket"))
        telegram = stack.enter_context(Telegram())
        made = Street(database, Home(tmp_path / "home"), mail, telegram)
        stack.callback(made.close)
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
        assert street.state(asked.id) == "sent"
        assert street.say("Paid 2", message_class="transactional", purpose="orders").why == "hard_bounce"

    def test_an_unknown_mailbox_at_once(self, street):
        street.know(email=ANNA)
        street.agrees()
        street.mail.misbehave("unknown", address=ANNA)
        asked = street.say("An offer")
        street.until(lambda: street.state(asked.id) == "bounced")
        assert street.say("Again", words=Content("E", subject="E")).rule == "block_list"

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
        assert chat.messages[-1]["text"] == "Your 39 is in. Hold a pair?"
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
