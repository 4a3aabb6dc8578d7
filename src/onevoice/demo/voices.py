"""What the shop has said so far: templates, consents, messages and silences of three weeks. Read by `run`.

Days count from the demo's start, hours are Polish. In the order in which it happened, since each message is judged by
what was known then.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter

from onevoice.bootstrap import Past
from onevoice.demo import anna, wording
from onevoice.demo.people import Person
from onevoice.demo.places import SITES
from onevoice.demo.standins import ANNA as ANNAS_POCKET
from onevoice.demo.standins import StandIns
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.channels import Reach, Said
from onevoice.domains.delivery.contracts.messages import Asked, Content
from onevoice.domains.delivery.contracts.names import MessageClass
from onevoice.domains.privacy.contracts import Said as Consented

SITE = SITES["pl"].region
ANNA = f"telegram:{anna.CHAT}"
ANNAS_MAIL = f"email:{anna.EMAIL}"
_ANSWER: tuple[MessageClass, str] = ("conversational", "orders")
_ORDER: tuple[MessageClass, str] = ("transactional", "orders")
_STOCK: tuple[MessageClass, str] = ("marketing", "back_in_stock")
_NEWS: tuple[MessageClass, str] = ("marketing", "promotions")
_REVIEW: tuple[MessageClass, str] = ("marketing", "reviews")

Used = tuple[int, int]


class Voices:
    """people: customers of the site with an address, whom stage 1 has told of."""

    def __init__(self, past: Past, stands: StandIns, start: datetime, people: Sequence[Person]) -> None:
        self._past = past
        self._stands = stands
        self._start = start
        self._people = people
        self._used: dict[str, Used] = {}

    def connect(self) -> None:
        """The accounts, wherever the stand-ins listen this time. Raises: UnusableSettingsError."""
        self.mail: Account = self._past.connect("email", "Halny", SITE, self._stands.mail_settings)
        self.telegram: Account = self._past.connect("telegram", "@halny_bot", SITE, self._stands.telegram_settings)
        self._past.connect("chat", "Halny", SITE, self._stands.chat_settings)

    def tell(self, linked: Callable[[], None]) -> None:
        """All of it; begun again after a stop, nothing is said twice. linked: waits for what was appended."""
        for name, (about, source) in wording.TEMPLATES.items():
            self._used[name] = self._past.publish(SITE, name, *about, source, self._at(-30, "11:00"))
        try:
            self._agreed()
            self._anna(linked)
            self._campaign()
            self._letters()
            self._question()
        finally:
            self._stands.tell("/time", at=None)

    def _at(self, day: int, clock: str) -> datetime:
        return anna.moment(self._start, day, clock)

    def _agreed(self) -> None:
        agreed = self._past.consent
        waits = Consented("message", "demo:anna:stock", door="telegram", happened=self._at(-19, "08:52"))
        agreed(ANNA, "back_in_stock", "telegram", "pl", waits, twice=False)
        form = Consented("page", "demo:anna:form", door="email", happened=self._at(-17, "20:05"))
        agreed(ANNAS_MAIL, "back_in_stock", "email", "pl", form, twice=True)
        asked = Consented("message", "demo:anna:review", door="telegram", happened=self._at(-9, "17:43"))
        agreed(ANNA, "reviews", "telegram", "pl", asked, twice=False)
        for number, person in enumerate(self._people):
            who, at = f"email:{person.email}", self._at(-16, f"10:{number:02d}")
            said = Consented("page", f"demo:news:{number}", door="email", happened=at)
            if number != 6:
                agreed(who, "promotions", "email", person.language, said, twice=True)
            self._otherwise(number, who, at + timedelta(hours=2))

    def _otherwise(self, number: int, who: str, at: datetime) -> None:
        """What some of them want besides, or what became of their address."""
        page = Consented("page", f"demo:wish:{number}", door="email", happened=at)
        match number:
            case 1:
                self._past.wish(who, {"per_week": 1}, page)
            case 2:
                self._past.wish(who, {"hours": [17 * 60, 20 * 60]}, page)
            case 3:
                self._past.suppress(who, "hard_bounce", "demo", at)
            case 4:
                self._past.suppress(who, "complaint", "demo", at)
            case 5:
                self._past.withdraw(who, "promotions", "email", page)
            case _:
                pass

    def _say(
        self, who: str, key: str, about: tuple[MessageClass, str], name: str, at: datetime, *channels: str, **more: str
    ) -> Asked:
        self._stands.tell("/time", at=at.isoformat())
        return self._past.say(
            who, f"demo:{key}", SITE, about, self._used[name], at, variables=more, channels_wanted=channels
        )

    def _anna(self, linked: Callable[[], None]) -> None:
        """What she said in Telegram, then what was said to her. All of hers first: the desk holds a conversation to be
        over that is answered and a week old, and what it reads meanwhile looks so.
        """
        opened = self._at(-19, "08:41")
        self._past.hear(self.telegram, [Reach("demo:start", anna.CHAT, True, opened)], opened)
        answers: list[tuple[datetime, Callable[[], object]]] = []
        for number, at, author, text in anna.said(self._start):
            key = f"demo:said:{number}"
            if author is None:
                self._past.hear(self.telegram, [Said(key, anna.CHAT, text, at, f"{anna.CHAT}:{number}")], at)
            else:
                answers.append((at, partial(self._answer, key, text, at)))
        linked()
        for _, say in sorted([*answers, *self._sent_to_her()], key=itemgetter(0)):
            say()

    def _answer(self, key: str, text: str, at: datetime) -> None:
        self._stands.tell("/time", at=at.isoformat())
        self._past.say(ANNA, key, SITE, _ANSWER, Content(text), at, channels_wanted=("telegram",))

    def _sent_to_her(self) -> list[tuple[datetime, Callable[[], object]]]:
        def to(
            who: str, day: int, clock: str, key: str, about: tuple[MessageClass, str], name: str, *by: str, **more: str
        ) -> tuple[datetime, Callable[[], object]]:
            at = self._at(day, clock)
            return at, partial(self._say, who, f"anna:{key}", about, name, at, *by, **more)

        stock = {"product": "Tatra", "size": "39", "shop": "Gdańsk Wrzeszcz"}
        receipt = {"number": "T2-4412", "total": "489,00 zł", "points": "48"}
        pair = {"number": "W-2291", "shop": "Gdańsk Wrzeszcz"}
        return [
            to(ANNA, -10, "19:00", "stock", _STOCK, "back-in-stock", **stock),
            to(ANNAS_MAIL, -9, "17:23", "receipt", _ORDER, "order-receipt", "email", **receipt),
            to(ANNA, -8, "12:00", "autumn", _NEWS, "promotion", offer="Puch", percent="20"),
            to(ANNA, -2, "19:20", "review", _REVIEW, "review", product="Tatra"),
            to(ANNAS_MAIL, -2, "20:05", "exchange", _ORDER, "exchange", "email", **pair),
        ]

    def _question(self) -> None:
        """What she asks last, on her phone: it has to be heard after all the rest, or its answer would seem given."""
        self._stands.tell("/time", at=(self._start - anna.ASKED_BEFORE).isoformat())
        self._stands.tell("/pocket/act", do="say", person=ANNAS_POCKET, text=anna.QUESTION)

    def _campaign(self) -> None:
        """One offer to everybody: some have it, and each of the others knows why not."""
        at = self._at(-1, "10:00")
        for number, person in enumerate(self._people):
            who = f"email:{person.email}"
            self._say(who, f"winter:{number}", _NEWS, "promotion", at, "email", offer="Polana", percent="15")
            at += timedelta(seconds=5)
        self._say(ANNA, "anna:winter", _NEWS, "promotion", at, offer="Polana", percent="15")

    def _letters(self) -> None:
        """What some of them have written since, and nobody has answered: what the desk begins with."""
        for number, person in enumerate(self._people):
            texts = wording.LETTERS[person.language]
            subject, text = texts[number % len(texts)]
            at = self._start - timedelta(minutes=11 + 23 * number)
            address, name = person.email or "", f"<letter-{number}@demo.example>"
            self._past.hear(self.mail, [Said(f"demo:letter:{number}", address, text, at, name, subject=subject)], at)
