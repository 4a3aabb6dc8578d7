"""A shop with one customer, and somebody who reads its public pages as a browser without a script would."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx

from onevoice.domains.identity.service import references
from onevoice.domains.privacy.contracts import Asked, Said
from onevoice.domains.privacy.service import doors, ledger, standing
from onevoice.kit import tokens
from onevoice.kit.db import Database
from profiles.linked_shop import NOON, Shop, minutes

ANNA, MAIL, TELEGRAM = "user_id:anna", "email:anna@kowalska.example", "telegram:4711042"


class Form(HTMLParser):
    """The fields of the first form of a page that has the class, as they would be sent."""

    def __init__(self, page: str, name: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.buttons: list[tuple[str, str]] = []
        self.found = False
        self._name = name
        self._inside = False
        self._select: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = not self.found and self._name in told.get("class", "").split()
            self.found = self.found or self._inside
        if not self._inside:
            return
        if tag == "input" and (told.get("type") not in {"checkbox", "radio"} or "checked" in told):
            self.fields.setdefault(told["name"], []).append(told.get("value", ""))
        if tag == "button" and "name" in told:
            self.buttons.append((told["name"], told["value"]))
        if tag == "select":
            self._select = told["name"]
            self.fields[self._select] = [""]
        if tag == "option" and "selected" in told and self._select:
            self.fields[self._select] = [told["value"]]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


@dataclass
class Pages:
    shop: Shop
    database: Database

    def __post_init__(self) -> None:
        self.reader = self.shop.stranger()

    def now(self, at: float) -> None:
        self.shop.home.clock.advance(minutes(at) - self.shop.home.clock.now())

    def nid(self, reference: str) -> int:
        with self.database.transaction() as conn:
            return references.locate(conn, reference, self.shop.home.secrets.vault_key)[0]

    def key(self, use: str) -> bytes:
        return tokens.key_of(self.shop.home.secrets.link_key, use)

    def door(self, reference: str = MAIL, *, purpose: str | None = None, channel: str | None = None) -> str:
        home = self.shop.home
        with self.database.transaction() as conn:
            nid = references.locate(conn, reference, home.secrets.vault_key)[0]
            made = doors.make(
                conn, nid, purpose=purpose, channel=channel, actor="test", key=self.key(doors.USE),
                clock=home.clock, chance=home.chance,
            )  # fmt: skip
        return made.token

    def asked(self, reference: str, purpose: str, channel: str) -> str:
        home = self.shop.home
        with self.database.transaction() as conn:
            nid = references.locate(conn, reference, home.secrets.vault_key)[0]
            how = Said("api", f"r:{purpose}:{channel}:{home.clock.now()}")
            found = ledger.request(
                conn,
                nid,
                purpose,
                channel,
                how,
                clock=home.clock,
                chance=home.chance,
                key=self.key(ledger.CONFIRMATION),
            )
        assert found.token is not None
        return found.token

    def said(self, act: str, reference: str, purpose: str, channel: str) -> None:
        home = self.shop.home
        with self.database.transaction() as conn:
            nid = references.locate(conn, reference, home.secrets.vault_key)[0]
            how = Said("api", f"{act}:{purpose}:{channel}:{home.clock.now()}", proven=True)
            getattr(ledger, act)(conn, nid, purpose, channel, how, clock=home.clock)

    def state(self, reference: str, purpose: str, channel: str) -> str:
        with self.database.transaction() as conn:
            nid, pid = references.locate(conn, reference, self.shop.home.secrets.vault_key)
            return standing.standings(conn, [Asked(pid, nid, channel, purpose)])[0].state

    def wishes(self) -> Any:
        with self.database.transaction() as conn:
            _, pid = references.locate(conn, ANNA, self.shop.home.secrets.vault_key)
            return standing.preferences(conn, [pid])[pid]

    def lines(self) -> int:
        with self.database.transaction() as conn:
            row = conn.execute(
                "select (select count(*) from privacy.consent) + (select count(*) from privacy.preference)"
            )
            return row.fetchone()[0]

    def page(self, token: str, **params: str) -> str:
        answer = self.reader.get(f"/preferences/{token}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.text

    def form(self, token: str, **params: str) -> dict[str, list[str]]:
        return Form(self.page(token, **params), "centre").fields

    def send(self, token: str, fields: dict[str, list[str]]) -> httpx.Response:
        """The page that follows, as a browser shows it."""
        answer = self.reader.post(f"/preferences/{token}", data=fields)
        assert answer.status_code == 303, answer.text
        return self.reader.get(answer.headers["location"])


def town(database: Database) -> Pages:
    shop = Shop(database)
    shop.person("anna", email="anna@kowalska.example", name="Anna")
    shop.send(
        {"event": "Started", "userId": "anna", "context": {"externalIds": [{"type": "telegram", "id": "4711042"}]}}
    )
    found = Pages(shop, database)
    found.now(1)
    return found


def texts_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


__all__ = ["ANNA", "MAIL", "NOON", "TELEGRAM", "Form", "Pages", "minutes", "texts_of", "town"]
