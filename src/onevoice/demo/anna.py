"""Anna Kowalska's story by hand, as far as events can tell it, and A. Kowalska, who may be the same person.

Until the ninth day before the demo's start she is two: a shop card since 2024, and somebody with a phone, a laptop and
a Telegram handle. A reservation made in Telegram and handed over against the card makes them one. Days count from the
start; hours are Polish. Read by `load`.
"""

import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from onevoice.demo.catalogue import BY_SKU, CATEGORIES, Choice, basket, product, product_path
from onevoice.demo.places import MAIL, SHOPS, SITES, TELEGRAM, site_source, till_source
from onevoice.demo.visits import Visit, web_visit
from onevoice.demo.wire import Event, Outgoing, outgoing

HANDLE = "@ania_k"
CHAT = "588120447"
"""By which Telegram knows her: what is sent goes there."""
CARD = "220044710938"
PHONE = "+48400233412"
EMAIL = "a.kowalska@poczta.example"
ACCOUNT = "20817"
IPHONE, MACBOOK = "a_7f3c", "a_b91e"
CODE, RESERVATION = "K7Q-2MD", "R-8841"
OTHER_EMAIL, OTHER_ACCOUNT, OTHER_TABLET = "anna.k@firma.example", "19340", "a_44d0"

_PL = SITES["pl"]
_SHOP = SHOPS["Gdańsk"]
_TILL = till_source("Gdańsk", 2)
_TELEGRAM: Event = {"externalIds": [{"id": HANDLE, "type": "telegram"}]}
_BOOTS_38, _BOOTS_39 = Choice(BY_SKU["tatra-boots"], "38"), Choice(BY_SKU["tatra-boots"], "39")
_INSOLES = Choice(BY_SKU["merino-insoles"], "39")
_SOCKS = Choice(BY_SKU["wool-socks"], None)
_PAST_ORDERS = (
    (-988, "12:05", Choice(BY_SKU["mgla-raincoat"], "M"), "1 207"),
    (-804, "16:31", Choice(BY_SKU["rysy-boots"], "38"), "1 983"),
    (-676, "11:48", Choice(BY_SKU["runo-top"], "M"), "2 610"),
    (-402, "18:02", Choice(BY_SKU["kominek-slippers"], "38"), "3 377"),
    (-281, "13:20", Choice(BY_SKU["giewont-beanie"], None, 2), "3 846"),
    (-12, "12:40", _SOCKS, "4 398"),
)
_STROLLS = (
    # (day, hour, browser, what was looked at): she comes back to the boots, now on the phone, now on the laptop
    (-18, "12:31", IPHONE, ("tatra-boots", "brama-chelsea")),
    (-16, "21:40", MACBOOK, ("tatra-boots", "rysy-boots", "wool-socks")),
    (-14, "20:12", IPHONE, ("tatra-boots",)),
    (-11, "22:03", MACBOOK, ("wosk-balm", "spray", "tatra-boots")),
    (-7, "19:55", IPHONE, ("sarma-jacket", "polana-fleece")),
    (-5, "21:17", MACBOOK, ("sarma-jacket", "puch-vest", "wiatr-gloves")),
    (-3, "07:48", IPHONE, ("spray",)),
)
_SAID = (
    # (day, hour, by whom, text)
    (-19, "08:42", None, "Dzień dobry, to ja z czatu na stronie. Czyli lepiej 39?"),
    (-19, "08:44", "Olga Mazur", "Dzień dobry, Pani Aniu. Tak, radzę wziąć 39."),
    (-19, "08:52", None, "Dziękuję, poczekam na 39."),
    (-19, "08:53", "Olga Mazur", "Napiszemy, gdy wrócą. Koszyk zostawiam pod linkiem."),
    (-17, "19:58", None, "Otworzę koszyk na laptopie, dobrze?"),
    (-17, "20:01", "Olga Mazur", "Oczywiście, to ten sam koszyk."),
    (-10, "19:05", None, "Super! Proszę odłożyć."),
    (-10, "19:07", "Olga Mazur", "Odłożone do soboty, numer R-8841."),
    (-9, "17:40", "Olga Mazur", "Czy możemy tu zapytać, jak się sprawdzają?"),
    (-9, "17:43", None, "Tak, tutaj proszę."),
    (-6, "18:12", None, "Czy trzeba je impregnować przed zimą?"),
    (-6, "18:20", "Olga Mazur", "Warto, raz na dwa miesiące. Spray jest na stronie."),
    (-6, "18:21", None, "Dzięki!"),
    (-2, "19:24", None, "2 na 5. Obcierają lewą piętę."),
    (-2, "19:31", "Olga Mazur", "Przykro mi, Pani Anno. Wymienimy je od ręki."),
)
FIRST_NUMBER = 90_101
QUESTION = "Czy jest szersza wersja tych butów?"
ASKED_BEFORE = timedelta(minutes=12)
"""So long before the start she asks it: what the installation hears from Telegram by itself."""
_MAILS = (
    # (day, hour, subject, minutes until it was opened or None, clicked)
    (-17, "20:06", "We will tell you about size 39", 789, True),
    (-10, "19:01", "Your 39 is back", None, False),
    (-9, "20:42", "Your receipt and card", 13, False),
    (-8, "09:30", "How to look after your boots", 64, True),
    (-4, "09:30", "Your points, November", 31, False),
)


_OTHER_VISITS = (
    (-62, "rain-cover potok-bottle"),
    (-35, "rain-cover kosy-poles"),
    (-21, "giewont-beanie"),
    (-4, "rain-cover"),
)


def moment(start: datetime, day: int, clock: str, second: int = 0) -> datetime:
    """A Polish hour of a day counted from the start."""
    hour, minute = clock.split(":")
    date = (start + timedelta(hours=_PL.utc_offset_hours)).date() + timedelta(days=day)
    local = datetime.combine(date, time(int(hour), int(minute), second), start.tzinfo)
    return local - timedelta(hours=_PL.utc_offset_hours)


def said(start: datetime) -> list[tuple[int, datetime, str | None, str]]:
    """What people said in Telegram before the demo, as (number, when, by whom of the shop or None, text), oldest first.

    Events tell of none of it: the installation hears and says it there (`voices`). Hers have that number in Telegram.
    """
    return [
        (FIRST_NUMBER + number, moment(start, day, clock), author, text)
        for number, (day, clock, author, text) in enumerate(_SAID)
    ]


def story(seed: int, start: datetime) -> list[Outgoing]:
    """Everything Anna and A. Kowalska did up to `start`, by time."""
    rng = random.Random(seed * 31 + 20_817)

    def at(day: int, clock: str) -> datetime:
        return moment(start, day, clock, rng.randrange(60))

    events = [
        *_card(rng, at),
        *_first_evening(rng, at),
        *_telegram(rng, at),
        *_laptop(rng, at),
        *_shop(rng, at),
        *_account(rng, at),
        *_mails(rng, at),
        *(event for stroll in _STROLLS for event in _stroll(rng, at, *stroll)),
        *_today(rng, start),
        *_other(rng, at),
    ]
    events.sort(key=lambda item: item.received_at)
    return events


_At = Callable[[int, str], datetime]


def _till(rng: random.Random, moment: datetime) -> Visit:
    return Visit(rng, moment, _PL, "en", _TILL, _TILL)


def _chat(rng: random.Random, moment: datetime) -> Visit:
    visit = Visit(rng, moment, _PL, "pl", TELEGRAM, HANDLE)
    visit.context = _TELEGRAM
    return visit


def _browser(rng: random.Random, moment: datetime, browser: str) -> Visit:
    look, name = ("phone", "iPhone") if browser == IPHONE else ("computer", "MacBook")
    visit = web_visit(rng, moment, _PL, "pl", browser, look)
    visit.context["device"] = {"name": name, "type": "ios" if browser == IPHONE else "desktop"}
    return visit


def _look(visit: Visit, choice: Choice, referrer: str = "") -> None:
    visit.view(choice.item.names["en"], product_path(choice), referrer=referrer)
    visit.track("Product Viewed", **product(choice, _PL, "en"))


def _receipt(choice: Choice, number: str, seller: str) -> dict[str, Any]:
    made = basket([choice], _PL, "en")
    about = {"order_id": f"T2-{number.replace(' ', '')}", "receipt": number, "store": _SHOP.name, "till": 2}
    points = made["total_minor"] // 1000
    return {**made, **about, "seller": seller, "points_earned": points, "loyalty_card": CARD}


def _card(rng: random.Random, at: _At) -> list[Outgoing]:
    """A card since 2024. The birthday stood on the paper form and was typed in two days later."""
    events: list[Outgoing] = []
    for day, clock, choice, number in _PAST_ORDERS:
        visit = _till(rng, at(day, clock))
        visit.track("Order Completed", **_receipt(choice, number, rng.choice(_SHOP.sellers)))
        events += visit.events
    visit = _till(rng, at(-988, "12:14"))
    form = {"loyalty_card": CARD, "phone": PHONE, "name": "Anna Kowalska", "firstName": "Anna", "lastName": "Kowalska"}
    visit.send("identify", traits={**form, "city": "Gdańsk"})
    paper = {"loyalty_card": CARD, "birthday": "1991-05-17"}
    events += visit.events
    events.append(outgoing("identify", visit.at, _TILL, _TILL, rng, lag=timedelta(days=2), traits=paper))
    return events


def _first_evening(rng: random.Random, at: _At) -> list[Outgoing]:
    """Boots on the phone, a question in the web chat, a code for Telegram, and away."""
    visit = _browser(rng, at(-20, "21:14"), IPHONE)
    visit.view(CATEGORIES["boots"]["en"], "/boots", referrer="https://search.example/?q=buty+trekkingowe")
    visit.wait(20, 40)
    _look(visit, _BOOTS_38)
    visit.send("identify", traits={"language": "pl"})
    visit.at = at(-20, "21:17")
    visit.track("Product Added", **product(_BOOTS_38, _PL, "en"))
    visit.send("identify", traits={"shoe_size": "38"})
    visit.at = at(-20, "21:19")
    said = {"text": "Czy wypadają małe? Noszę 38 lub 39.", "chat": "web chat", "language_code": "pl"}
    visit.track("Message Received", **said)
    visit.at = at(-20, "21:21")
    visit.track("Chat Code Shown", code=CODE, to="telegram")
    return visit.events


def _telegram(rng: random.Random, at: _At) -> list[Outgoing]:
    """The chat opened by the code of the web chat, and what came of it. What was said in it is in `said`."""
    visit = _chat(rng, at(-19, "08:41"))
    visit.track("Chat Opened", via="code", code=CODE)
    visit.events[-1].event["anonymousId"] = IPHONE
    both: Event = {"externalIds": [*_TELEGRAM["externalIds"], {"id": CHAT, "type": "telegram"}]}
    visit.send("identify", context=both, traits={"name": "Ania K.", "username": HANDLE})
    visit.at = at(-10, "19:06")
    visit.track("Product Reserved", reservation=RESERVATION, store=_SHOP.name, **product(_BOOTS_39, _PL, "en"))
    return visit.events


def _laptop(rng: random.Random, at: _At) -> list[Outgoing]:
    """The cart on the laptop, by the link sent in Telegram, and an address for news of size 39."""
    visit = _browser(rng, at(-17, "20:03"), MACBOOK)
    visit.view("Cart", "/cart", context=_TELEGRAM)
    visit.track("Cart Viewed", _TELEGRAM, via="link from Telegram", **basket([_BOOTS_38], _PL, "en"))
    visit.wait(20, 40)
    _look(visit, _BOOTS_39)
    form = Visit(rng, at(-17, "20:05"), _PL, "pl", site_source("pl"), "form")
    form.context = {**_TELEGRAM, "device": {"name": "MacBook", "type": "desktop"}}
    form.send("identify", traits={"email": EMAIL, "waits_for": "size 39"})
    form.track("Back In Stock Requested", promotions=False, wording=3, **product(_BOOTS_39, _PL, "en"))
    return [*visit.events, *form.events]


def _shop(rng: random.Random, at: _At) -> list[Outgoing]:
    """The reservation handed over against the card: the card's holder is @ania_k."""
    visit = _till(rng, at(-9, "17:22"))
    visit.track("Order Completed", _TELEGRAM, reservation=RESERVATION, **_receipt(_BOOTS_39, "4 412", "Marta Lis"))
    visit.wait(1, 2)
    visit.send("identify", traits={"loyalty_card": CARD, "shoe_size": "39"})
    return visit.events


def _account(rng: random.Random, at: _At) -> list[Outgoing]:
    """The account opened at home with the card's number and a code sent by mail; reported by the site's server."""
    visit = Visit(rng, at(-9, "20:41"), _PL, "pl", site_source("pl"), "server")
    visit.known = {"userId": ACCOUNT}
    visit.context = {"library": {"name": "analytics-python", "version": "2.4.0"}}
    known = {"name": "Anna Kowalska", "firstName": "Anna", "lastName": "Kowalska", "city": "Gdańsk", "language": "pl"}
    visit.send("identify", traits={**known, "email": EMAIL, "loyalty_card": CARD})
    visit.track("Signed Up", method="card number and e-mailed code")
    return visit.events


def _mails(rng: random.Random, at: _At) -> list[Outgoing]:
    events: list[Outgoing] = []
    for number, (day, clock, subject, opened, clicked) in enumerate(_MAILS):
        visit = Visit(rng, at(day, clock), _PL, "pl", MAIL, EMAIL)
        visit.context = {"traits": {"email": EMAIL}}
        about = {"subject": subject, "email_id": f"m{number:03d}", "class": "service"}
        visit.track("Message Sent", **about, status="delivered")
        visit.wait(1, 4)
        visit.track("Email Delivered", **about)
        if opened is not None:
            visit.at = visit.at + timedelta(minutes=opened)
            device: Event = {"device": {"name": "MacBook" if clicked else "iPhone"}}
            visit.track("Email Opened", device, **about)
            if clicked:
                visit.wait(5, 20)
                visit.track("Email Link Clicked", device, **about)
        events += visit.events
    return events


def _stroll(rng: random.Random, at: _At, day: int, clock: str, browser: str, skus: tuple[str, ...]) -> list[Outgoing]:
    visit = _browser(rng, at(day, clock), browser)
    visit.view("Home", "/")
    for sku in skus:
        item = BY_SKU[sku]
        visit.wait(15, 60)
        visit.view(CATEGORIES[item.category]["en"], f"/{item.category}")
        visit.wait(10, 50)
        _look(visit, Choice(item, None))
    return visit.events


def _today(rng: random.Random, start: datetime) -> list[Outgoing]:
    """Insoles in the cart. The question that she asks in Telegram then is heard from there."""
    visit = _browser(rng, start - timedelta(minutes=40), IPHONE)
    visit.view("Home", "/")
    visit.wait(30, 60)
    visit.view(CATEGORIES["care"]["en"], "/care")
    visit.at = start - timedelta(minutes=37)
    _look(visit, _INSOLES)
    visit.at = start - timedelta(minutes=34)
    visit.track("Product Added", **product(_INSOLES, _PL, "en"))
    visit.track("Cart Viewed", **basket([_INSOLES], _PL, "en"))
    return visit.events


def _other(rng: random.Random, at: _At) -> list[Outgoing]:
    """A. Kowalska: another account, another address, a tablet. Only a person can tell whether it is Anna."""
    cover = Choice(BY_SKU["rain-cover"], None)
    events: list[Outgoing] = []
    for day, skus in _OTHER_VISITS:
        visit = web_visit(rng, at(day, "10:20"), _PL, "pl", OTHER_TABLET, "tablet")
        visit.known["userId"] = OTHER_ACCOUNT
        visit.view("Home", "/")
        if day == -62:
            known = {"name": "A. Kowalska", "lastName": "Kowalska", "email": OTHER_EMAIL, "language": "pl"}
            visit.send("identify", traits=known)
            visit.track("Signed Up", method="e-mail")
        for sku in skus.split():
            visit.wait(20, 80)
            visit.view(CATEGORIES[BY_SKU[sku].category]["en"], f"/{BY_SKU[sku].category}")
            visit.wait(20, 80)
            _look(visit, Choice(BY_SKU[sku], None))
        if day in {-35, -4}:
            visit.track("Product Added", **product(cover, _PL, "en"))
            visit.track("Cart Viewed", **basket([cover], _PL, "en"))
        if day == -35:
            visit.send("identify", traits={"city": "Sopot"})
            visit.track("Order Completed", **basket([cover], _PL, "en"), order_id="10442", payment="transfer")
        events += visit.events
    return events
