"""The stand-ins of a demo in one process: a mailbox server, Telegram, the shop, and the page that shows one person's
pocket.
"""

import signal
import threading
from collections.abc import Awaitable, Mapping
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from onevoice.kit.clock import SystemClock
from onevoice.sandbox import keeping
from onevoice.sandbox.keeping import About, Kept, Persona
from onevoice.sandbox.mail import Mail
from onevoice.sandbox.pocket import Pocket
from onevoice.sandbox.serving import Outcome, Reply, Request, Server, json_reply
from onevoice.sandbox.shop import Shop
from onevoice.sandbox.telegram import Telegram

LOOK_SECONDS = 1.0
HEADER = "x-pocket"
"""With every change: pages of other places cannot send it, so they can change nothing here."""


class SetClock(SystemClock):
    """The machine's, unless the demo lays its past: what comes meanwhile came then."""

    def __init__(self) -> None:
        self.then: datetime | None = None

    def now(self) -> datetime:
        return self.then or super().now()


class StandIns:
    def __init__(self, file: Path) -> None:
        """Raises: OSError, msgspec.DecodeError."""
        self._file = file
        kept = keeping.read(file)
        self.about: About = kept.about
        self.clock = SetClock()
        ports = self.about.ports
        self.mail = Mail(
            password=self.about.password, open_door=True, clock=self.clock, smtp_port=ports["smtp"],
            imap_port=ports["imap"],
        )  # fmt: skip
        self.telegram = Telegram(
            port=ports["telegram"],
            token=self.about.token,
            username=self.about.bot,
            title=self.about.brand,
            now=lambda: self.clock.now().timestamp(),
        )
        self.mail.restore(kept.mail)
        self.mail.brand(self.about.domain)
        self.telegram.restore(kept.room)
        self.pocket = Pocket(lambda: self.about, self.mail, self.telegram, self.clock)
        self._server = Server(self.answer, port=ports["pocket"])
        shop = Shop(lambda: self.about)
        self._shop = Server(shop.answer, port=ports["shop"]) if "shop" in ports else None
        self._written = b""

    def start(self) -> None:
        """Raises: OSError."""
        self.mail.start()
        self.telegram.start()
        self._server.start()
        if self._shop is not None:
            self._shop.start()
        self.pocket.start(self._server.loop)

    def stop(self) -> None:
        """What they hold is written down last."""
        self.pocket.stop()
        if self._shop is not None:
            self._shop.stop()
        self._server.stop()
        self.keep()
        self.telegram.stop()
        self.mail.stop()

    def keep(self) -> None:
        """Where anything has changed. Raises: OSError."""
        kept = Kept(self.about, self.mail.kept(), self.telegram.kept())
        mark = keeping.mark(kept)
        if mark != self._written:
            keeping.write(self._file, kept)
            self._written = mark

    def answer(self, request: Request) -> Outcome | Awaitable[Outcome]:
        if request.headers.get("host", "").partition(":")[0] not in {"127.0.0.1", "localhost"}:
            return Reply(404)  # a name of somebody else's that leads here
        if request.method == "GET" and request.path == "/healthz":
            return json_reply({"letters": len(self.mail.ledger)})
        if request.method == "POST" and HEADER not in request.headers:
            return Reply(404)
        shown = self.pocket.answer(request)
        if shown is not None:
            return shown
        if request.method != "POST":
            return Reply(404)
        try:
            given = msgspec.json.decode(request.body or b"{}", type=dict)
            return json_reply(self.told(request.path, given))
        except (msgspec.DecodeError, KeyError, ValueError, TypeError):
            return json_reply({"detail": "This is none of what can be done here."}, 400)
        except LookupError:
            return Reply(404)

    def told(self, path: str, given: Mapping[str, Any]) -> dict[str, str]:
        """Raises: LookupError, KeyError, ValueError."""
        match path:
            case "/time":
                then = given.get("at")
                self.clock.then = datetime.fromisoformat(then) if then else None
            case "/people":
                self.about = msgspec.structs.replace(self.about, people=msgspec.convert(given["people"], list[Persona]))
            case "/about":
                told = {name: given[name] for name in ("address", "key", "write_key") if given.get(name)}
                self.about = msgspec.structs.replace(self.about, **told)
            case _:
                raise LookupError(path)
        return {}


def run(file: Path) -> None:
    """Raises: OSError, msgspec.DecodeError."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    stands = StandIns(file)
    stands.start()
    try:
        while not stop.wait(LOOK_SECONDS):
            stands.keep()
    finally:
        stands.stop()
