"""A sender's process, a mail server and a Bot API on loopback, the linker, the API."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from onevoice import bootstrap
from onevoice.domains.access.contracts import SiteDetails
from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.messages import Ask, Content
from onevoice.domains.delivery.rules.facts import Policy
from onevoice.domains.delivery.service import accounts, asking, hearing
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
        self.until(self.listening)  # what came before the first look into a mailbox is not taken

    def listening(self) -> bool:
        with self.home.database.transaction() as conn:
            return all(hearing.position(conn, each.id) is not None for each in accounts.accounts(conn))

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


@contextlib.contextmanager
def open_street(database: Database, home: Home) -> Iterator[Street]:
    with contextlib.ExitStack() as stack:
        mail = stack.enter_context(Mail(password="pocket"))
        telegram = stack.enter_context(Telegram())
        made = Street(database, home, mail, telegram)
        stack.callback(made.close)
        yield made
