"""The demo's providers: where they listen, what they know at the start, and how the installation is pointed to them.

They run in a process of their own, `python -m onevoice.sandbox`, and keep what they hold in a file of the home.
"""

import json
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from onevoice.demo import anna
from onevoice.demo.places import SITES
from onevoice.kit.chance import Chance, token
from onevoice.kit.supervisor import HomeInUseError
from onevoice.sandbox import keeping
from onevoice.sandbox.keeping import About, Kept, KeptChat, KeptRoom, Persona

BOT = "halny_bot"
DOMAIN = "halny.example"
FROM = f"hello@{DOMAIN}"
NAMES = ("pocket", "telegram", "smtp", "imap")
ABOVE = 10
"""The pocket listens so many above the installation, its providers behind it; elsewhere where one is taken."""
READY_SECONDS = 20.0
OTHERS_MOST = 6
ANNA = "anna"
NEWCOMER, NEW_CHAT = "Илья Громов", 601_778_213
"""Somebody with Telegram who has not met the bot."""
_PL = SITES["pl"]


class StandIns:
    """file: of the home. start: of the demo."""

    def __init__(self, file: Path, port: int, chance: Chance, start: datetime) -> None:
        self.file = file
        kept = keeping.read(file) if file.exists() else Kept(_about(chance), room=_room(start))
        wanted = kept.about.ports or {name: port + ABOVE + at for at, name in enumerate(NAMES)}
        self.about: About = msgspec.structs.replace(kept.about, ports=_free(wanted))
        keeping.write(file, msgspec.structs.replace(kept, about=self.about))

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "onevoice.sandbox", str(self.file)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.about.ports['pocket']}"

    def places(self, environ: Mapping[str, str]) -> str:
        """For ONEVOICE_ALLOWED_PLACES: what stands there, and the providers."""
        own = [f"127.0.0.1:{self.about.ports[name]}" for name in NAMES[1:]]
        return ",".join([*filter(None, [environ.get("ONEVOICE_ALLOWED_PLACES")]), *own])

    @property
    def telegram_settings(self) -> dict[str, Any]:
        return {"token": self.about.token, "api_url": f"http://127.0.0.1:{self.about.ports['telegram']}"}

    @property
    def mail_settings(self) -> dict[str, Any]:
        here = {"smtp_host": "127.0.0.1", "smtp_port": self.about.ports["smtp"], "smtp_security": "none"}
        inbound = {"imap_host": "127.0.0.1", "imap_port": self.about.ports["imap"], "imap_security": "none"}
        login = {"imap_username": FROM, "imap_password": self.about.password, "return_secret": self.about.password}
        return {"from_address": FROM, "from_name": "Halny", **here, **inbound, **login}

    def await_ready(self) -> None:
        """Raises: HomeInUseError where they do not answer."""
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=1):  # noqa: S310 - our own address
                    return
            except (urllib.error.URLError, OSError) as error:
                if time.monotonic() > until:
                    raise HomeInUseError(f"The demo's providers did not answer in {READY_SECONDS:.0f} s.") from error
                time.sleep(0.1)

    def show(self, others: Sequence[tuple[str, str, str]]) -> None:
        """Whose pockets besides may be looked at: name, language, address of the first few. Raises: OSError."""
        found = [
            Persona(f"mailbox-{number}", name, language, f"email:{address}", None, address)
            for number, (name, language, address) in enumerate(others[:OTHERS_MOST], 1)
        ]
        own = [each for each in self.about.people if each.chat is not None]
        self.tell("/people", people=msgspec.to_builtins([*own, *found]))

    def tell(self, path: str, **given: Any) -> None:
        """Raises: OSError."""
        asked = urllib.request.Request(  # noqa: S310 - our own address
            self.url + path, json.dumps(given).encode(), {"Content-Type": "application/json", "X-Pocket": "demo"}
        )
        urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310 - our own address


def _about(chance: Chance) -> About:
    return About(
        ports={},
        token=f"7000001:AA{token(chance, 24)}",
        password=token(chance, 24),
        bot=BOT,
        brand="Halny",
        domain=DOMAIN,
        site=_PL.region,
        people=[
            Persona(ANNA, "Anna Kowalska", "pl", f"telegram:{anna.CHAT}", int(anna.CHAT), anna.EMAIL),
            Persona("ilya", NEWCOMER, "ru", f"telegram:{NEW_CHAT}", NEW_CHAT),
        ],
    )


def _room(start: datetime) -> KeptRoom:
    """What was said in Telegram before the installation spoke there itself; the last of it waits to be heard."""
    me = {"id": 7_000_001, "is_bot": True, "first_name": "Halny", "username": BOT}
    username = anna.HANDLE.removeprefix("@")
    her = {"id": int(anna.CHAT), "first_name": "Ania", "last_name": "K.", "username": username}
    messages: dict[int, dict[str, Any]] = {}
    for number, at, author, text in anna.said(start):
        who = {**her, "is_bot": False, "language_code": "pl"} if author is None else me
        chat = {**her, "type": "private"}
        messages[number] = {"message_id": number, "from": who, "chat": chat, "date": int(at.timestamp()), "text": text}
    last = max(messages)
    chats = [
        KeptChat(int(anna.CHAT), "Ania", "K.", username, "pl", started=True, messages=messages),
        KeptChat(NEW_CHAT, *NEWCOMER.split(), language="ru"),
    ]
    first = KeptRoom().next_update
    return KeptRoom(chats, [{"update_id": first, "message": messages[last]}], first + 1, last + 1)


def _free(wanted: Mapping[str, int]) -> dict[str, int]:
    """The same ports, and where somebody else listens any that is free."""
    found: dict[str, int] = {}
    for name, port in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port if port < 65_536 else 0))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            found[name] = probe.getsockname()[1]
    return found
