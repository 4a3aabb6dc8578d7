"""What `furnish` puts on the Data and Settings pages: words and figures only, nothing that acts."""

import random
from datetime import datetime, timedelta
from typing import Any

from onevoice.demo.names import full_name, latin, surname
from onevoice.demo.places import SHOPS
from onevoice.demo.wire import iso

PEOPLE = (
    # (role, name, language): logs in as role@demo.example with the owner's password
    ("admin", "Kamil Bielak", "pl"),
    ("marketer", "Hannah Pryce", "en"),
    ("operator", "Лидия Снегова", "ru"),
    ("seller", "Marta Lis", "pl"),
    ("analyst", "Owen Marlow", "en"),
    ("developer", "Артём Журин", "ru"),
)

CLUB = "loyalty club"
REGISTER = "old register"
OLD_APP = "app, version 3.1"
REPORTS = "reports"
UNUSED = "planned: accounting"
LEFT = "agency, until October"

CLUB_MAPPING: dict[str, Any] = {
    "rules": [
        {
            "name": "Points spent",
            "when": [{"path": "type", "values": ["points.redeemed"]}],
            "make": "track",
            "event": {"text": "Points Redeemed"},
            "identifiers": [{"kind": "loyalty_card", "path": "data.card"}],
            "time": {"path": "data.at"},
            "properties": {
                "fields": [
                    {"name": "points", "path": "data.points", "type": "number", "required": True},
                    {"name": "store", "path": "data.shop"},
                    {"name": "note", "path": "data.note"},
                ]
            },
        },
        {
            "name": "Tier reached",
            "when": [{"path": "type", "values": ["tier.changed"]}],
            "make": "track",
            "event": {"text": "Tier Changed"},
            "identifiers": [{"kind": "loyalty_card", "path": "data.card"}],
            "time": {"path": "data.at"},
            "properties": {"fields": [{"name": "tier", "path": "data.tier"}]},
        },
        {"name": "Heartbeat", "when": [{"path": "type", "values": ["ping"]}], "make": "ignore"},
    ]
}

DECLARED: tuple[dict[str, Any], ...] = (
    {
        "type": "track",
        "name": "Points Redeemed",
        "description": "Points of the club were paid with, at a till or on the site. The club's service tells.",
        "sources": [CLUB],
        "properties": {
            "properties.points": {"type": "number", "required": True, "description": "How many."},
            "properties.note": {
                "type": "text",
                "personal": True,
                "description": "What the seller typed. It may name somebody, so it is kept in the vault.",
            },
        },
    },
    {
        "type": "track",
        "name": "Tier Changed",
        "description": "A card rose or fell in the club.",
        "sources": [CLUB],
        "properties": {"properties.tier": {"type": "text", "allowed": ["green", "silver", "gold"]}},
    },
)

APP_ORDER: dict[str, Any] = {
    "description": "An order that was paid for. Sums are in minor units: 12990 is 129.90.",
    "properties": {
        "properties.total_minor": {"type": "integer", "required": True, "description": "Of the whole order."},
    },
}


def club_deliveries(cards: list[str], start: datetime) -> list[tuple[str, Any]]:
    """What the club's service sends, (webhook-id, payload), oldest first. Three of them no rule of the mapping fits."""
    rng = random.Random("club")
    shops = [shop.name for shop in SHOPS.values()]
    made: list[tuple[str, Any]] = []

    def add(kind: str, **data: Any) -> None:
        at = start - timedelta(minutes=2900 - 110 * len(made))
        payload: dict[str, Any] = {"type": kind}
        if data:
            payload["data"] = {"card": rng.choice(cards), "at": iso(at), **data}
        made.append((f"club_{len(made) + 1:04d}", payload))

    for number in range(14):
        note = {"note": "Asked for a gift box"} if number % 4 == 0 else {}
        add("points.redeemed", points=10 * rng.randint(3, 40), shop=rng.choice(shops), **note)
        if number % 5 == 2:
            add("tier.changed", tier=rng.choice(("silver", "gold")))
        if number == 6:
            add("ping")
        if number in {8, 12}:
            add("card.blocked", reason="lost")
        if number == 10:
            add("points.redeemed", points="40 pkt", shop=rng.choice(shops))
    return made


REGISTER_NAME = "klienci-sklep-sopot-2019.csv"
REGISTER_COLUMNS = {
    "E-mail": "traits.email",
    "Imię": "traits.first_name",
    "Nazwisko": "traits.last_name",
    "Miasto": "traits.city",
    "Nr karty": "traits.loyalty_card",
    "Założono": "timestamp",
    "Uwagi": "",
}


def register_file() -> bytes:
    """The customers of a shop that closed in 2019, as its till wrote them out: 64 rows, five of them useless."""
    rng = random.Random("register")
    rows = ["E-mail;Imię;Nazwisko;Miasto;Nr karty;Założono;Uwagi"]
    for number in range(64):
        gender, first, base = full_name(rng, "pl")
        last = surname("pl", base, gender)
        day = datetime(2019, 1, 7) + timedelta(days=3 * number)  # noqa: DTZ001 - a day as it stands in a file
        email = f"{latin(first)}.{latin(last)}{number}@poczta.example" if rng.random() < 0.8 else ""
        card = f"2190{number:04d}{rng.randrange(10_000):04d}"
        if number in {11, 29, 52}:
            email = card = ""
        row = [email, first, last, rng.choice(("Sopot", "Gdynia", "Gdańsk")), card, f"{day:%d.%m.%Y}", ""]
        rows.append(";".join(row[:4] if number in {20, 41} else row))
    return ("\n".join(rows) + "\n").encode("cp1250")


def old_app_events(start: datetime) -> list[Any]:
    """What the app's version 3.1 sends, which some people never updated: a total as text, an event by its old name, and
    some that cannot be taken at all.
    """
    context = {"app": {"name": "Halny", "version": "3.1.0"}, "os": {"name": "Android", "version": "9"}}

    def event(number: int, **fields: Any) -> dict[str, Any]:
        made = iso(start - timedelta(minutes=400 - 9 * number))
        return {"messageId": f"old-app-{number:03d}", "timestamp": made, "context": context, **fields}

    def track(number: int, name: Any, **properties: Any) -> dict[str, Any]:
        return event(number, type="track", event=name, anonymousId=f"d_31{number % 4:02d}", properties=properties)

    return [
        *(track(n, "Order Completed", order_id=f"A31-{n:04d}", total_minor="129,90", currency="PLN") for n in range(6)),
        *(track(n, "Basket Opened", items=n % 3 + 1) for n in range(6, 15)),
        track(15, ""),
        track(16, "   "),
        event(17, type="track", event="Product Viewed", properties={"sku": "tatra-boots"}),
        event(18, type="track", event="Product Viewed", properties={"sku": "wool-socks"}),
        event(19, type="tap", anonymousId="d_3101"),
        event(20, type="track", event="Cart Viewed", anonymousId="d_3102", properties="[2 items]"),
        event(21, type="identify", userId={"id": 7}, traits={"language": "pl"}),
        event(22, type="group", userId="d_3103"),
    ]
