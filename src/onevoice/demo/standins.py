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
from typing import Any, NamedTuple

import msgspec

from onevoice.demo import anna
from onevoice.demo.catalogue import CATEGORIES, ITEMS
from onevoice.demo.places import SHOPS, SITES
from onevoice.kit.chance import Chance, token
from onevoice.kit.supervisor import HomeInUseError
from onevoice.sandbox import keeping, shop
from onevoice.sandbox.keeping import About, Goods, Kept, KeptChat, KeptRoom, Persona, Range

BOT = "halny_bot"
DOMAIN = "halny.example"
FROM = f"hello@{DOMAIN}"
PROVIDERS = ("telegram", "smtp", "imap")
NAMES = ("pocket", *PROVIDERS, "shop")
ABOVE = 10
"""The pocket listens so many above the installation, its providers behind it; elsewhere where one is taken."""
READY_SECONDS = 20.0
OTHERS_MOST = 6
ANNA, ILYA = "anna", "ilya"
SOLD = ("boots", "shoes")
"""Categories of what the shop's pages show."""
SOLD_OUT = {"tatra-boots": ["39"], "brama-chelsea": ["39"], "rysy-boots": ["36"], "molo-trainers": ["40"]}
SIZES = slice(6)
"""Of all sizes these: as many as a page has room for in one row."""
NEWCOMER, NEW_CHAT = "Илья Громов", 601_778_213
"""Somebody with Telegram who has not met the bot."""
_PL = SITES["pl"]


class Other(NamedTuple):
    """A customer whose pocket may be looked at besides. account, browser: as of `Persona`."""

    name: str
    language: str
    address: str
    account: str | None = None
    browser: str | None = None


class StandIns:
    """file: of the home. start: of the demo."""

    def __init__(self, file: Path, port: int, chance: Chance, start: datetime) -> None:
        self.file = file
        kept = keeping.read(file) if file.exists() else Kept(_about(chance), room=_room(start))
        # A home of an older demo knows of no shop: it gets one.
        wanted = {name: port + ABOVE + at for at, name in enumerate(NAMES)} | kept.about.ports
        own = _people()
        people = [*own, *(each for each in kept.about.people if each.key not in {one.key for one in own})]
        self.about: About = msgspec.structs.replace(kept.about, ports=_free(wanted), people=people, range=_range())
        keeping.write(file, msgspec.structs.replace(kept, about=self.about))

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "onevoice.sandbox", str(self.file)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.about.ports['pocket']}"

    def places(self, environ: Mapping[str, str]) -> str:
        """For ONEVOICE_ALLOWED_PLACES: what stands there, and the providers."""
        own = [f"127.0.0.1:{self.about.ports[name]}" for name in PROVIDERS]
        return ",".join([*filter(None, [environ.get("ONEVOICE_ALLOWED_PLACES")]), *own])

    @property
    def shop_url(self) -> str:
        return f"http://127.0.0.1:{self.about.ports['shop']}"

    @property
    def chat_settings(self) -> dict[str, Any]:
        """Every persona sees the shop under a name of their own."""
        keys = [ANNA, ILYA, *(_other(number) for number in range(1, OTHERS_MOST + 1))]
        named = [shop.address_of(self.about, key) for key in keys]
        return {"brand": self.about.brand, "origins": "\n".join([self.shop_url, *filter(None, named)])}

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

    def show(self, others: Sequence[Other]) -> None:
        """Whose pockets besides may be looked at: the first few of them. Raises: OSError."""
        found = [
            Persona(
                _other(number), each.name, each.language, f"email:{each.address}", None, each.address, each.account,
                each.browser,
            )
            for number, each in enumerate(others[:OTHERS_MOST], 1)
        ]  # fmt: skip
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
        people=_people(),
    )


def _people() -> list[Persona]:
    """Anna's browser is her laptop's; the newcomer's has never been to the shop."""
    chat = int(anna.CHAT)
    return [
        Persona(ANNA, "Anna Kowalska", "pl", f"telegram:{chat}", chat, anna.EMAIL, anna.ACCOUNT, anna.MACBOOK),
        Persona(ILYA, NEWCOMER, "ru", f"telegram:{NEW_CHAT}", NEW_CHAT),
    ]


def _other(number: int) -> str:
    return f"mailbox-{number}"


def _range() -> Range:
    """Names and prices are those of the events."""
    goods = [
        Goods(
            item.sku, item.category, item.names, item.prices[_PL.currency], list(item.sizes[SIZES]),
            SOLD_OUT.get(item.sku, []),
        )
        for item in ITEMS
        if item.category in SOLD
    ]  # fmt: skip
    return Range(goods, {name: CATEGORIES[name] for name in SOLD}, _PL.currency, SHOPS["Gdańsk"].name)


def _room(start: datetime) -> KeptRoom:
    """What Anna said in Telegram until the demo. The answers come to lie beside it as the installation sends them."""
    username = anna.HANDLE.removeprefix("@")
    her = {"id": int(anna.CHAT), "first_name": "Ania", "last_name": "K.", "username": username}
    who, chat = {**her, "is_bot": False, "language_code": "pl"}, {**her, "type": "private"}
    said = anna.said(start)
    messages: dict[int, dict[str, Any]] = {
        number: {"message_id": number, "from": who, "chat": chat, "date": int(at.timestamp()), "text": text}
        for number, at, author, text in said
        if author is None
    }
    chats = [
        KeptChat(int(anna.CHAT), "Ania", "K.", username, "pl", started=True, messages=messages),
        KeptChat(NEW_CHAT, *NEWCOMER.split(), language="ru"),
    ]
    return KeptRoom(chats, next_message=anna.FIRST_NUMBER + len(said))


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
