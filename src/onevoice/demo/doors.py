"""What comes by the other doors: messengers, mail, text messages, calls, tills, card forms.

Read by `traffic` and `live`.
"""

import random
from datetime import datetime, timedelta
from typing import Any

from onevoice.demo.catalogue import CLOTH_SIZES, SHOE_SIZES, basket, choose, footwear
from onevoice.demo.people import Person
from onevoice.demo.places import (
    CALLS,
    MAIL,
    OPERATORS,
    SHOPS,
    SITES,
    SMS,
    TELEGRAM,
    VK,
    WHATSAPP,
    Shop,
    site_source,
    till_source,
)
from onevoice.demo.shopping import Occasion, account_traits
from onevoice.demo.talk import CALL_TOPICS, PARCEL, READY, SUBJECTS, conversation
from onevoice.demo.visits import Visit
from onevoice.demo.wire import Event, Outgoing, outgoing

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def messenger_address(person: Person, source: str) -> tuple[str, str] | None:
    """The identifier's kind and value by which a messenger's source knows the person."""
    known = {TELEGRAM: ("telegram", person.telegram), WHATSAPP: ("whatsapp", person.whatsapp), VK: ("vk", person.vk)}
    kind, value = known[source]
    return (kind, value) if value else None


def _visit(rng: random.Random, person: Person, at: datetime, source: str, client: str, context: Event) -> Visit:
    visit = Visit(rng, at, person.site, person.language, source, client)
    visit.context = context
    return visit


def messenger_chat(rng: random.Random, person: Person, when: Occasion, source: str) -> list[Outgoing]:
    """An exchange in a messenger. The first one in Telegram opens the chat by the code the site showed."""
    address = messenger_address(person, source)
    if address is None:
        return []
    kind, value = address
    visit = _visit(rng, person, when.at, source, f"{kind}:{value}", {"externalIds": [{"id": value, "type": kind}]})
    chat = random.Random(value).randint(10**8, 10**9)
    if kind == "telegram" and when.day == person.telegram_day:
        _open_chat(visit, person)
    elif kind == "whatsapp" and rng.random() < 0.2:
        visit.send("identify", traits={"name": person.name, "phone": f"+{value}"})
    lines = conversation(
        rng, person.language, item=footwear(rng, person.language), order=when.number, size=person.shoe,
        town=person.town.shop_town, name=person.first,
    )  # fmt: skip
    author = rng.choice(OPERATORS[person.language])
    for theirs, text in lines:
        visit.wait(20, 400)
        said: dict[str, Any] = {
            "text": text,
            "chat_id": str(chat),
            "message_id": f"{kind}:{rng.randint(10_000, 999_999)}",
            "language_code": person.language,
        }
        if theirs:
            visit.track("Message Received", **said)
        else:
            visit.track("Message Sent", **said, author=author, status="read" if rng.random() < 0.7 else "delivered")
    return visit.events


def _open_chat(visit: Visit, person: Person) -> None:
    rng = visit.rng
    code = "".join(rng.choice(LETTERS) for _ in range(6))
    visit.track("Chat Opened", via="code", code=f"{code[:3]}-{code[3:]}")
    visit.events[-1].event["anonymousId"] = person.browsers[0]
    shown = person.name if rng.random() < 0.85 else f"{person.first} {person.last[0]}."
    visit.send("identify", traits={"name": shown, "username": person.telegram, "language": person.language})
    if person.phone and rng.random() < 0.4:
        visit.wait(20, 90)
        visit.send("identify", traits={"phone": person.phone})
        visit.track("Contact Shared")


def mail(rng: random.Random, person: Person, when: Occasion, subject: str | None = None) -> list[Outgoing]:
    """A mail of ours and what became of it. A mistyped address bounces."""
    wrong = person.typo_email is not None and rng.random() < 0.1
    address = person.typo_email if wrong else person.email
    if address is None:
        return []
    kind = subject or rng.choice(("news", "news", "cart", "review", "welcome") if person.promotions else ("receipt",))
    visit = _visit(rng, person, when.at, MAIL, address, {"traits": {"email": address}})
    named = footwear(rng, person.language)
    title = SUBJECTS[kind][person.language].format(order=when.number, item=named)
    purpose = "promotion" if kind in {"news", "cart"} else "service"
    about = {"subject": title, "email_id": f"m{rng.getrandbits(40):010x}", "template": kind, "class": purpose}
    visit.track("Message Sent", **about)
    visit.wait(1, 8)
    if wrong:
        visit.track("Email Bounced", **about, reason="550 no such mailbox")
        return visit.events
    visit.track("Email Delivered", **about)
    if rng.random() < 0.55:
        visit.wait(60, 20_000)
        visit.track("Email Opened", **about)
        if rng.random() < 0.3:
            visit.wait(4, 90)
            visit.track("Email Link Clicked", **about, link_url=f"https://{person.site.host}/")
        elif rng.random() < 0.01:
            visit.wait(4, 60)
            visit.track("Unsubscribed", **about)
    return visit.events


def text_message(rng: random.Random, person: Person, when: Occasion) -> list[Outgoing]:
    if person.phone is None:
        return []
    visit = _visit(rng, person, when.at, SMS, person.phone, {"traits": {"phone": person.phone}})
    template = rng.choice((PARCEL, READY))[person.language]
    text = template.format(order=when.number, town=person.town.shop_town)
    visit.track("Message Sent", text=text, segments=1 + len(text) // 70, status="delivered")
    return visit.events


def call(rng: random.Random, person: Person, when: Occasion) -> list[Outgoing]:
    if person.phone is None:
        return []
    visit = _visit(rng, person, when.at, CALLS, person.phone, {"traits": {"phone": person.phone}})
    operator = rng.choice(OPERATORS[person.language])
    visit.track(
        "Call Completed", direction="in", duration_seconds=rng.randint(20, 600), operator=operator,
        topic=rng.choice(CALL_TOPICS),
    )  # fmt: skip
    return visit.events


def shop_visit(rng: random.Random, person: Person, when: Occasion) -> list[Outgoing]:
    """Own range bought at a till. The receipt tells the shoe size."""
    if person.card is None:
        return []
    shop = SHOPS[person.town.shop_town]
    bought = [choose(rng, person.shoe, person.cloth) for _ in range(rng.choices((1, 2, 3), (60, 30, 10))[0])]
    visit = _till(rng, when.at, shop)
    visit.track("Order Completed", **_receipt(visit, shop, bought, when.number), loyalty_card=person.card)
    sizes = [one.size for one in bought if one.item.sizes is SHOE_SIZES]
    if sizes:
        visit.wait(1, 3)
        visit.send("identify", traits={"loyalty_card": person.card, "shoe_size": sizes[0]})
    return visit.events


def walk_in(rng: random.Random, when: Occasion) -> list[Outgoing]:
    """A purchase without a card. One in twenty-five comes with a junk phone only: such an event finds nobody."""
    shop = rng.choice(tuple(SHOPS.values()))
    visit = _till(rng, when.at, shop)
    bought = [choose(rng, rng.choice(SHOE_SIZES), rng.choice(CLOTH_SIZES))]
    if rng.random() < 0.04:
        visit.context["traits"] = {"phone": "0000000000"}
    else:
        visit.known = {"anonymousId": f"receipt-{when.number}"}
    visit.track("Order Completed", **_receipt(visit, shop, bought, when.number))
    return visit.events


def _till(rng: random.Random, at: datetime, shop: Shop) -> Visit:
    source = till_source(shop.town, rng.randint(1, shop.tills))
    site = SITES[shop.site]
    return Visit(rng, at, site, site.language, source, source)


def _receipt(visit: Visit, shop: Shop, bought: list[Any], number: str) -> dict[str, Any]:
    made = basket(bought, visit.site, visit.language)
    till = int(visit.source.removeprefix("till ").partition(",")[0])
    return {
        "order_id": number,
        "receipt": number[-6:],
        **made,
        "store": shop.name,
        "town": shop.town,
        "till": till,
        "seller": visit.rng.choice(shop.sellers),
        "points_earned": made["total_minor"] // 1000,
    }


def card_form(rng: random.Random, person: Person) -> list[Outgoing]:
    """The form filled in when the card was handed over; the birthday is typed in from paper two days later."""
    if person.card is None:
        return []
    shop = SHOPS[person.town.shop_town]
    visit = _till(rng, person.carded_on, shop)
    visit.source = visit.client = till_source(shop.town, 1)
    traits: dict[str, Any] = {
        "loyalty_card": person.card,
        "name": person.name,
        "firstName": person.first,
        "lastName": person.last,
        "city": person.town.name,
    }
    if person.phone and "phone" in person.on_card_form:
        traits["phone"] = person.phone
    if person.email and "email" in person.on_card_form:
        traits["email"] = person.email
    visit.send("identify", traits=traits)
    if "birthday" in person.on_card_form:
        paper = outgoing(
            "identify", visit.at, visit.source, visit.client, rng, lag=timedelta(days=2),
            traits={"loyalty_card": person.card, "birthday": person.birthday.isoformat()},
        )  # fmt: skip
        visit.events.append(paper)
    return visit.events


def open_account(rng: random.Random, person: Person, at: datetime) -> list[Outgoing]:
    """The shop's server reports a new account; it knows no browser."""
    source = site_source(person.site.name)
    visit = _visit(rng, person, at, source, f"server {source}", {"library": {"name": "analytics-python"}})
    visit.known = {"userId": person.user_id}
    visit.send("identify", traits=account_traits(person))
    visit.track("Signed Up", method="card and code" if person.account_by_card and person.card else "e-mail")
    return visit.events
