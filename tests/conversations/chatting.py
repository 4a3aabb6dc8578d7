"""A shop's page with the chat in it, and the sender that lays answers there."""

import asyncio
import json
from datetime import timedelta
from typing import Any, cast

import httpx

from onevoice import bootstrap
from onevoice.bootstrap import sending
from onevoice.channels.chat.adaptor import CHANNEL
from onevoice.domains.conversations.service import chatting, following
from onevoice.domains.delivery.contracts.channels import Said
from onevoice.domains.delivery.ports import Tools
from onevoice.domains.delivery.service import accounts, claiming, hearing, rendering, saying, settling
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer
from profiles.linked_shop import Shop
from web.asgi_client import AsgiClient

SHOP = "https://shop.example"
VAULT = b"v" * 32


class ChatShop(Shop):
    """A brand whose site has a chat. Nothing runs by itself: `link` and `goes` do what worker and sender do."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "main")
        self.write_key = bootstrap.create_key(self.home, scope="write", name="site", channel="site", site="main")
        self.account = self.connect("chat", {"brand": "Northfold", "origins": SHOP, "names": True})
        self.rooms = chatting.Rooms(database, self.home.clock)
        self.adaptor = CHANNEL.open(
            {"origins": SHOP},
            Tools(self.home.clock, self.home.chance, cast("Any", None), self.rooms),
        )

    def connect(self, channel: str, settings: dict[str, Any], site: str = "main") -> Any:
        sealer = Sealer(VAULT, accounts.PURPOSE)
        wanted = accounts.AccountCreate(channel, channel, site, settings)
        with self.home.database.transaction() as conn:
            return accounts.create(
                conn, wanted, sending.manifests(), sealer, actor="owner", clock=self.home.clock, chance=self.home.chance
            )

    def browser(self, secret: str | None = None, *, origin: str | None = SHOP, device: str | None = "v-1") -> "Browser":
        return Browser(self, secret or f"secret-of-{device or 'nobody'}".ljust(24, "-"), origin, device)

    def link(self) -> None:
        with bootstrap.linking_steps(self.home) as step:
            while step():
                pass
        with self.home.database.transaction() as conn:
            hearing.follow(conn)
            following.follow(conn, clock=self.home.clock)

    def goes(self, *, lose: bool = False) -> int:
        """What is due goes into the chats. lose: the sender dies before it can write down that it did."""
        database, clock, manifests = self.home.database, self.home.clock, sending.manifests()
        renderer = rendering.Renderer(sending.doors(self.home, "https://ov.example"))
        with database.transaction() as conn:
            claim = claiming.claim(conn, self.account, 100, manifests, renderer, at=clock.now())
        results = []
        for each in claim.claimed:
            answer = asyncio.run(self.adaptor.send(each.outgoing))
            results.append(settling.Result(each.outgoing, each.attempt, answer))
        if not lose:
            with database.transaction() as conn:
                ended = settling.settle(conn, self.account, results, manifests, clock=clock, chance=self.home.chance)
                saying.tell(conn, self.account, ended, "chat", clock.now())
        self.link()
        return len(results)

    def hears(self, account: Any, key: str, text: str, address: str, **more: Any) -> None:
        """Somebody writes by another channel."""
        said = Said(key, address, text, self.home.clock.now(), key, **more)
        with self.home.database.transaction() as conn:
            hearing.hear(
                conn, account, [said], sending.manifests()[account.channel], vault_key=VAULT, clock=self.home.clock
            )
        self.link()

    def rows(self, query: str, *values: Any) -> list[Any]:
        with self.home.database.transaction() as conn:
            return conn.execute(query, values).fetchall()


class Browser:
    """One browser on a page of the shop, as its chat speaks."""

    def __init__(self, shop: ChatShop, secret: str, origin: str | None, device: str | None) -> None:
        self.shop = shop
        self.secret = secret
        self.device = device
        self._client = AsgiClient(shop.app, **({"Origin": origin} if origin else {}))
        self._said = 0

    def ask(self, what: str, **body: Any) -> httpx.Response:
        whole = {"key": self.shop.write_key, "secret": self.secret, **body}
        sent = json.dumps({name: value for name, value in whole.items() if value is not None})
        return self._client.post(f"/v1/chat/{what}", content=sent, headers={"Content-Type": "text/plain"})

    def say(self, text: str, key: str | None = None, **more: Any) -> httpx.Response:
        self._said += 1
        page = {"url": f"{SHOP}/boots/brama", "title": "Brama"}
        return self.ask(
            "say", id=key or f"line-{self._said:05}", text=text, device=self.device, page=page, language="pl", **more
        )

    def says(self, text: str) -> dict[str, Any]:
        answer = self.say(text)
        assert answer.status_code == 200, answer.text
        self.shop.link()
        return answer.json()["line"]

    def lines(self, **more: Any) -> list[dict[str, Any]]:
        answer = self.ask("open", **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["lines"]

    def texts(self, **more: Any) -> list[str]:
        return [each["text"] for each in self.lines(**more)]

    @property
    def reference(self) -> str:
        return f"anonymous_id:{self.device}"


def answer(
    shop: ChatShop, olga: AsgiClient, who: Browser, text: str, key: str = "k1", **more: object
) -> dict[str, Any]:
    thread = olga.get(f"/api/conversations/{who.reference}/thread").json()["data"]
    knows = max((int(each["message_id"]) for each in thread if each.get("message_id")), default=0)
    body = {"key": key, "text": text, "knows": knows, "channel": "chat", **more}
    told = olga.change("POST", f"/api/conversations/{who.reference}/replies", body)
    assert told.status_code == 200, told.text
    shop.home.clock.advance(timedelta(seconds=7))
    return told.json()


def words_of(olga: AsgiClient, who: Browser) -> list[dict[str, Any]]:
    """What was said, newest first, as the desk shows it."""
    thread = olga.get(f"/api/conversations/{who.reference}/thread").json()["data"]
    return [each for each in thread if each["kind"] == "said"]
