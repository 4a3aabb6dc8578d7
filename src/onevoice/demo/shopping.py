"""Visits of the site and the app, step by step: looking, searching, the cart, the checkout.

Read by `traffic` and `live`.
"""

import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from onevoice.demo.catalogue import CATEGORIES, SEARCHES, Choice, basket, choose, footwear, product, product_path
from onevoice.demo.people import Person
from onevoice.demo.places import OPERATORS, SITES
from onevoice.demo.talk import conversation
from onevoice.demo.visits import REFERRERS, Visit, app_visit, web_visit
from onevoice.demo.wire import Event, Outgoing

JUNK = ({"email": "test@test.com"}, {"phone": "0000000000"}, {"email": "test@test.com", "phone": "0000000000"})
"""What people type into a form that insists; these values never join anybody."""


class Occasion(NamedTuple):
    """When somebody comes by. day: counted from the demo's start; number: unique, orders are named by it."""

    at: datetime
    day: int
    number: str


def person_visit(rng: random.Random, person: Person, when: Occasion) -> list[Outgoing]:
    """One visit by somebody we may or may not recognise: site or app, logged in or not, or on the family's tablet."""
    if person.devices and rng.random() < 0.45:
        return _by_app(rng, person, when)
    if person.tablet and rng.random() < 0.4:
        visit = web_visit(rng, when.at, person.site, person.language, person.tablet, "tablet")
        logs_out = 0.4
    else:
        which = rng.randrange(len(person.browsers))
        look = "computer" if which == 1 else "phone"
        skew = person.skew if which == 0 else timedelta()
        visit = web_visit(rng, when.at, person.site, person.language, person.browsers[which], look, skew)
        logs_out = 0.07
    arrives = _arrival(rng, visit, person)
    if rng.random() < 0.3:
        _look(visit, person.shoe, person.cloth)
    logged_in = person.has_account(when.day) and rng.random() < 0.6
    if logged_in:
        log_in(visit, person)
    elif rng.random() < 0.02:
        visit.send("identify", traits=dict(rng.choice(JUNK)), context=arrives)
    _shop(visit, person, when, logged_in=logged_in)
    if rng.random() < 0.06:
        web_chat(visit, person, when.number)
    if logged_in and rng.random() < logs_out:
        visit.wait(5, 60)
        visit.track("Signed Out")
    return visit.events


def stranger_visit(rng: random.Random, when: Occasion) -> list[Outgoing]:
    """A visit by somebody who never says who it is."""
    site = SITES[rng.choices(("pl", "en", "ru"), (60, 24, 16))[0]]
    anonymous_id = f"a_{rng.getrandbits(48):012x}"
    visit = web_visit(rng, when.at, site, site.language, anonymous_id, rng.choice(("phone", "computer")))
    visit.view(_home(visit.language), "/", referrer=rng.choice(REFERRERS))
    for _ in range(rng.randint(1, 4)):
        _look(visit, str(rng.randint(36, 45)), rng.choice("SML"))
    if rng.random() < 0.03:
        visit.send("identify", traits=dict(rng.choice(JUNK)))
    return visit.events


def _by_app(rng: random.Random, person: Person, when: Occasion) -> list[Outgoing]:
    visit = app_visit(rng, when.at, person, rng.choice(person.devices))
    logged_in = person.has_account(when.day)
    if logged_in:
        visit.known["userId"] = person.user_id
    visit.track("Application Opened", version="4.2.0", build="420", from_background=rng.random() < 0.6)
    if rng.random() < 0.2:
        visit.track("Push Notification Tapped", campaign={"name": "winter", "source": "push"}, action="open")
    if logged_in and rng.random() < 0.15:
        log_in(visit, person)
    _shop(visit, person, when, logged_in=logged_in)
    visit.wait(3, 40)
    visit.track("Application Backgrounded")
    return visit.events


def _arrival(rng: random.Random, visit: Visit, person: Person) -> Event | None:
    """The first page; some come by a link of ours that says who clicked it. Returns the context of that link."""
    drawn = rng.random()
    if drawn < 0.06 and person.email and person.promotions:
        link: Event | None = {"traits": {"email": person.email}, "campaign": {"name": "winter", "medium": "email"}}
    elif drawn < 0.1 and person.telegram:
        link = {"externalIds": [{"id": person.telegram, "type": "telegram"}], "campaign": {"medium": "telegram"}}
    else:
        link = None
    visit.view(_home(visit.language), "/", referrer="" if link else rng.choice(REFERRERS), context=link)
    return link


def _home(language: str) -> str:
    return {"pl": "Strona główna", "ru": "Главная"}.get(language, "Home")


def log_in(visit: Visit, person: Person) -> None:
    """The account's traits come with every login; the card only where the account was opened by it."""
    visit.wait(8, 40)
    visit.known["userId"] = person.user_id
    visit.send("identify", traits=account_traits(person))
    visit.track("Signed In", method="password")


def account_traits(person: Person) -> dict[str, Any]:
    traits: dict[str, Any] = {
        "name": person.name,
        "firstName": person.first,
        "lastName": person.last,
        "email": person.email,
        "city": person.town.name,
        "language": person.language,
    }
    if person.account_by_card and person.card:
        traits["loyalty_card"] = person.card
    return traits


def _look(visit: Visit, shoe: str, cloth: str) -> Choice:
    """Find a product, by search, by category or straight away, and look at it."""
    rng, language = visit.rng, visit.language
    choice = choose(rng, shoe, cloth)
    drawn = rng.random()
    visit.wait(6, 70)
    if drawn < 0.18:
        query = rng.choice(SEARCHES[language])
        visit.track("Products Searched", query=query, results=rng.randint(0, 40))
        visit.wait(4, 25)
    elif drawn < 0.5:
        category = CATEGORIES[choice.item.category][language]
        visit.view(category, f"/{choice.item.category}")
        if rng.random() < 0.4:
            visit.track("Product List Viewed", list_id=choice.item.category, category=category)
        visit.wait(4, 30)
    visit.view(choice.label(language), product_path(choice))
    visit.track("Product Viewed", **product(choice, visit.site, language))
    return choice


def _shop(visit: Visit, person: Person, when: Occasion, *, logged_in: bool) -> None:
    """Look at some things, put some into the cart, and now and then pay."""
    rng = visit.rng
    cart: list[Choice] = []
    for _ in range(rng.choices((1, 2, 3, 4), (30, 35, 22, 13))[0]):
        choice = _look(visit, person.shoe, person.cloth)
        if rng.random() < 0.3:
            visit.wait(3, 30)
            visit.track("Product Added", **product(choice, visit.site, visit.language))
            cart.append(choice)
            if rng.random() < 0.08:
                visit.wait(10, 60)
                visit.track("Product Removed", **product(cart.pop(), visit.site, visit.language))
    if cart:
        visit.wait(5, 40)
        visit.track("Cart Viewed", cart_id=visit.client, **basket(cart, visit.site, visit.language))
        if rng.random() < 0.45:
            check_out(visit, person, cart, when, logged_in=logged_in)


def check_out(visit: Visit, person: Person, cart: list[Choice], when: Occasion, *, logged_in: bool) -> None:
    """The checkout form: guests type an address (some mistype it), card holders their card's number."""
    rng = visit.rng
    bought = basket(cart, visit.site, visit.language)
    visit.wait(5, 30)
    visit.track("Checkout Started", order_id=when.number, **bought)
    if not logged_in and person.email:
        visit.wait(15, 60)
        traits: dict[str, Any] = {"email": person.email, "name": person.name}
        if person.phone and rng.random() < 0.5:
            traits["phone"] = person.phone
        if person.typo_email and rng.random() < 0.5:
            visit.send("identify", traits={**traits, "email": person.typo_email})
            visit.wait(20, 90)
        visit.send("identify", traits=traits)
    if rng.random() < 0.35 or not (logged_in or person.email):
        return
    visit.wait(20, 120)
    extra: dict[str, Any] = {"payment": rng.choice(("card", "transfer", "pay on delivery")), "delivery": "locker"}
    if person.card and rng.random() < 0.35:
        extra["loyalty_card"] = f"{person.card[:4]} {person.card[4:8]} {person.card[8:]}"
    minor = bought["total_minor"]
    bought = {**bought, "revenue": minor / 100, "order_id": when.number}
    visit.track("Order Completed", **bought, **extra)


def web_chat(visit: Visit, person: Person, number: str) -> None:
    """A few words in the site's chat window."""
    rng = visit.rng
    lines = conversation(
        rng, visit.language, item=footwear(rng, visit.language), order=number, size=person.shoe,
        town=person.town.shop_town, name=person.first,
    )  # fmt: skip
    author = rng.choice(OPERATORS[visit.language])
    for theirs, text in lines:
        visit.wait(15, 110)
        said = {"text": text, "chat": "web chat", "language_code": visit.language}
        if theirs:
            visit.track("Message Received", **said)
        else:
            visit.track("Message Sent", **said, author=author)
