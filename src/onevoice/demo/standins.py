"""The demo's providers: where they listen, what they know at the start, and how the installation is pointed to them.

They run in a process of their own, `python -m onevoice.sandbox`, and keep what they hold in a file of the home.
"""

import json
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from onevoice.demo import anna
from onevoice.demo.places import SITES
from onevoice.kit.chance import Chance, token
from onevoice.kit.supervisor import HomeInUseError
from onevoice.sandbox import keeping
from onevoice.sandbox.keeping import About, Kept, KeptChat, KeptRoom

BOT = "halny_bot"
DOMAIN = "halny.example"
FROM = f"hello@{DOMAIN}"
NAMES = ("pocket", "telegram", "smtp", "imap")
ABOVE = 10
"""The pocket listens so many above the installation, its providers behind it; elsewhere where one is taken."""
READY_SECONDS = 20.0
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
        chat=int(anna.CHAT),
        mailbox=anna.EMAIL,
    )


def _room(start: datetime) -> KeptRoom:
    """What was said in Telegram before the installation spoke there itself."""
    me = {"id": 7_000_001, "is_bot": True, "first_name": "Halny", "username": BOT}
    username = anna.HANDLE.removeprefix("@")
    her = {"id": int(anna.CHAT), "first_name": "Ania", "last_name": "K.", "username": username}
    messages: dict[int, dict[str, Any]] = {}
    for number, (at, author, text) in enumerate(anna.said(start), 101):
        who = {**her, "is_bot": False, "language_code": "pl"} if author is None else me
        chat = {**her, "type": "private"}
        messages[number] = {"message_id": number, "from": who, "chat": chat, "date": int(at.timestamp()), "text": text}
    chat = KeptChat(int(anna.CHAT), "Ania", "K.", username, "pl", started=True, messages=messages)
    return KeptRoom([chat], next_message=101 + len(messages))


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
