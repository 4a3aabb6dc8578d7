"""Who shops at Halny: one invented person (or a family of two) for every household of the purchases.

A `Person` is what the simulator knows and the platform has to find out: several devices, addresses and cards that are
one human being, and things that are shared and are not.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from onevoice.demo.catalogue import CLOTH_SIZES, SHOE_SIZES
from onevoice.demo.names import FEMALE, MALE, full_name, latin, surname
from onevoice.demo.places import SITES, TOWNS, Site, Town

FAMILY = 3000
"""Added to a household's number: the second person of that household."""
LIVELY = 420
"""How many households come by every few days; the first look at the demo is about them."""
TRAFFIC_DAYS = 90
EMAIL_DOMAINS = {
    "pl": ("poczta.example", "firma.example", "skrzynka.example"),
    "en": ("mail.example", "post.example", "office.example"),
    "ru": ("pochta.example", "yashchik.example", "kontora.example"),
}
_TOWNS = {town.name: town for town in TOWNS}
_BY_SITE = {site: [town for town in TOWNS if town.site == site] for site in SITES}


@dataclass(frozen=True)
class Person:
    """One human being. Days count from the demo's start (0 is that day, -1 the day before); None: never.

    lively: comes by every few days. browsers: anonymous ids of this person's own browsers, the phone's first. tablet:
    one shared with the family. devices: ids of phones with the app. skew: how far the clock of the first browser and
    device runs ahead. account_by_card: the account knows the card. on_card_form: what the paper form told.
    """

    index: int
    site: Site
    language: str
    gender: str
    first: str
    last: str
    town: Town
    birthday: date
    card: str | None
    carded_on: datetime
    phone: str | None
    email: str | None
    typo_email: str | None
    user_id: str | None
    account_day: int
    account_by_card: bool
    telegram: str | None
    telegram_day: int
    whatsapp: str | None
    vk: str | None
    browsers: tuple[str, ...]
    tablet: str | None
    devices: tuple[str, ...]
    shoe: str
    cloth: str
    sessions_a_day: float
    skew: timedelta
    promotions: bool
    lively: bool
    on_card_form: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def has_account(self, day: int) -> bool:
        return self.user_id is not None and day >= self.account_day


@dataclass(frozen=True)
class _Cast:
    """Somebody the drawings of the console show: given by hand, the rest is drawn like everybody's."""

    site: str
    language: str
    gender: str
    first: str
    last: str
    town: str
    email: str | None = None
    telegram: str | None = None
    card: str | None = None


_CAST = (
    _Cast("pl", "ru", FEMALE, "Ирина", "Коваленко", "Kraków", email="i.kovalenko@poczta.example"),
    _Cast("pl", "pl", FEMALE, "Joanna", "Kowalska", "Warszawa", email="joanna.k@firma.example"),
    _Cast("pl", "pl", MALE, "Piotr", "Kowalski", "Poznań"),
    _Cast("pl", "ru", FEMALE, "Дарья", "Ковальская", "Wrocław", telegram="@dasha_kov"),
    _Cast("en", "en", MALE, "Paul", "Kowal", "London"),
    _Cast("pl", "pl", FEMALE, "Marta", "Lewandowska", "Sopot", email="m.kowalczyk@poczta.example"),
    _Cast("pl", "pl", MALE, "Łukasz", "Kowalczyk", "Łódź", card="220010934410"),
    _Cast("pl", "ru", MALE, "Сергей", "Ковалёв", "Gdańsk", telegram="@s_kovalyov"),
    _Cast("pl", "pl", FEMALE, "Anna", "Kowalska-Nowak", "Gdynia"),
    _Cast("en", "en", FEMALE, "Emily", "Kowalsky", "Leeds", email="emily@mail.example"),
    _Cast("pl", "pl", MALE, "Stanisław", "Kowal", "Rzeszów", card="220000071265"),
    _Cast("pl", "ru", FEMALE, "Оксана", "Коваль", "Lublin"),
    _Cast("pl", "pl", FEMALE, "Agata", "Kowalewska", "Toruń", email="agata.kow@poczta.example"),
    _Cast("pl", "pl", MALE, "Michał", "Kowalik", "Katowice", telegram="@mkowalik"),
    _Cast("pl", "pl", MALE, "Tomasz", "Zieliński", "Kraków"),
    _Cast("pl", "pl", FEMALE, "Agnieszka", "Wójcik", "Gdańsk"),
    _Cast("en", "en", MALE, "James", "Whitfield", "Bristol"),
    _Cast("ru", "ru", MALE, "Дмитрий", "Соколов", "Москва"),
    _Cast("pl", "pl", FEMALE, "Zofia", "Dąbrowska", "Łódź"),
    _Cast("pl", "pl", MALE, "Marek", "Wiśniewski", "Warszawa"),
    _Cast("en", "en", FEMALE, "Lucy", "Hargreaves", "York"),
    _Cast("en", "en", MALE, "Oliver", "Bennett", "Oxford"),
    _Cast("ru", "ru", FEMALE, "Надежда", "Орлова", "Санкт-Петербург"),
    _Cast("pl", "pl", FEMALE, "Katarzyna", "Lewandowska", "Gdańsk"),
)


def population(seed: int, start: datetime, households: Iterable[int]) -> dict[int, Person]:
    """Everybody by index: households keep their number, second persons of families have FAMILY added."""
    numbers = sorted(households)
    lively = random.Random(seed).sample(numbers, min(LIVELY, len(numbers)))
    cast = dict(zip(lively, _CAST, strict=False))
    often = set(lively)
    registry = _Registry()
    people: dict[int, Person] = {}
    for number in numbers:
        rng = random.Random(seed * 1_000_003 + number)
        person = _draw(rng, number, start, cast.get(number), registry, lively=number in often)
        if number not in cast and rng.random() < 0.12:
            person = replace(person, tablet=_anonymous(rng))
            people[number + FAMILY] = _spouse(rng, person, start, registry)
        people[number] = person
    return people


class _Registry:
    """Hands out what must be unique: addresses, handles, phone numbers."""

    def __init__(self) -> None:
        self._taken: set[str] = {cast.email or "" for cast in _CAST} | {cast.telegram or "" for cast in _CAST}
        self._taken |= {"a.kowalska@poczta.example", "anna.k@firma.example", "@ania_k"}
        self._drama_numbers = 0

    def unique(self, stem: str, rest: str = "") -> str:
        value, number = stem + rest, 1
        while value in self._taken:
            number += 1
            value = f"{stem}{number}{rest}"
        self._taken.add(value)
        return value

    def phone(self, site: str, index: int) -> str:
        """A number nobody has: Ofcom's range for drama; codes 400 (Poland) and 945 (Russia) are not given out."""
        if site == "en":
            self._drama_numbers += 1
            return f"+447700900{self._drama_numbers % 1000:03d}"
        spread = index * 7919 % 900_000 + 100_000
        return f"+48400{spread}" if site == "pl" else f"+7945{spread * 11 % 10_000_000:07d}"


def _anonymous(rng: random.Random) -> str:
    return f"a_{rng.getrandbits(48):012x}"


def _draw(
    rng: random.Random, index: int, start: datetime, cast: _Cast | None, registry: _Registry, *, lively: bool
) -> Person:
    site = SITES[cast.site if cast else rng.choices(("pl", "en", "ru"), (62, 22, 16))[0]]
    language = cast.language if cast else "ru" if site.name == "pl" and rng.random() < 0.1 else site.language
    gender, first, base = full_name(rng, language)
    last = surname(language, base, gender)
    if cast:
        gender, first, last = cast.gender, cast.first, cast.last
    town = _TOWNS[cast.town] if cast else rng.choice(_BY_SITE[site.name])
    email = cast.email if cast and cast.email else _email(rng, first, last, language, registry)
    handle = cast.telegram if cast and cast.telegram else None
    if handle is None and rng.random() < (0.45 if lively else 0.2):
        handle = registry.unique(f"@{latin(first)[:5]}_{latin(last)[:4]}")
    phone = registry.phone(site.name, index) if rng.random() < 0.85 else None
    has_account = rng.random() < (0.8 if lively else 0.5)
    on_form = {field for field, share in (("phone", 0.9), ("email", 0.45), ("birthday", 0.6)) if rng.random() < share}
    return Person(
        index=index,
        site=site,
        language=language,
        gender=gender,
        first=first,
        last=last,
        town=town,
        birthday=date(rng.randint(1948, 2005), rng.randint(1, 12), rng.randint(1, 28)),
        card=cast.card if cast and cast.card else _card(rng, index),
        carded_on=start - timedelta(days=rng.randint(380, 1400), minutes=rng.randint(0, 600)),
        phone=phone,
        email=email if has_account or rng.random() < 0.4 else None,
        typo_email=_typo(rng, email) if has_account and rng.random() < 0.08 else None,
        user_id=str(30_000 + index) if has_account else None,
        account_day=-rng.randint(3, 300) if rng.random() < 0.85 else -rng.randint(0, 20),
        account_by_card=rng.random() < 0.6,
        telegram=handle,
        telegram_day=-rng.randint(1, TRAFFIC_DAYS),
        whatsapp=phone.lstrip("+") if phone and site.name != "ru" and rng.random() < 0.22 else None,
        vk=f"id{570_000_000 + index * 1013}" if site.name == "ru" and rng.random() < 0.35 else None,
        browsers=tuple(_anonymous(rng) for _ in range(rng.choices((1, 2, 3), (40, 48, 12))[0])),
        tablet=None,
        devices=tuple(f"{rng.getrandbits(64):016X}" for _ in range(rng.choices((0, 1, 2), (62, 30, 8))[0])),
        shoe=rng.choice(SHOE_SIZES[:6] if gender == FEMALE else SHOE_SIZES[4:]),
        cloth=rng.choice(CLOTH_SIZES),
        sessions_a_day=rng.uniform(0.1, 0.62) if lively else min(0.2, rng.paretovariate(1.6) * 0.02),
        skew=timedelta(seconds=rng.choice((-7380, -420, 95, 3600, 86_412))) if rng.random() < 0.05 else timedelta(),
        promotions=rng.random() < 0.55,
        lively=lively,
        on_card_form=frozenset(on_form),
    )


def _card(rng: random.Random, index: int) -> str:
    return f"2200{rng.randint(1000, 9999)}{index:04d}"


def _email(rng: random.Random, first: str, last: str, language: str, registry: _Registry) -> str:
    given, family = latin(first), latin(last)
    stem = rng.choice((f"{given}.{family}", f"{given[0]}.{family}", f"{given}.{family[0]}", f"{family}.{given}"))
    return registry.unique(stem, "@" + rng.choice(EMAIL_DOMAINS[language]))


def _typo(rng: random.Random, email: str) -> str:
    """Two neighbouring letters of the domain's name swapped, as fingers do."""
    local, _, domain = email.partition("@")
    at = rng.randint(0, 2)
    while domain[at] == domain[at + 1]:
        at += 1
    return f"{local}@{domain[:at]}{domain[at + 1]}{domain[at]}{domain[at + 2 :]}"


def _spouse(rng: random.Random, person: Person, start: datetime, registry: _Registry) -> Person:
    """The other one of a family: an own account, the same tablet, often the same phone number."""
    index = person.index + FAMILY
    other = _draw(rng, index, start, None, registry, lively=person.lively)
    gender = MALE if person.gender == FEMALE else FEMALE
    first, last = _family_name(rng, person, gender)
    return replace(
        other,
        site=person.site,
        language=person.language,
        gender=gender,
        first=first,
        last=last,
        town=person.town,
        card=None,
        phone=person.phone if rng.random() < 0.6 else registry.phone(person.site.name, index),
        email=_email(rng, first, last, person.language, registry),
        user_id=str(30_000 + index),
        account_by_card=False,
        telegram=None,
        whatsapp=None,
        vk=None,
        tablet=person.tablet,
        sessions_a_day=person.sessions_a_day * 0.6,
    )


def _family_name(rng: random.Random, person: Person, gender: str) -> tuple[str, str]:
    """A first name, and the family's surname in the other gender."""
    while True:
        drawn, first, _ = full_name(rng, person.language)
        if drawn == gender:
            break
    return first, _turned(person.language, person.last, gender)


def _turned(language: str, last: str, gender: str) -> str:
    if gender == FEMALE:
        return surname(language, last, FEMALE)
    if language == "pl" and last.endswith(("ska", "cka", "dzka")):
        return last[:-1] + "i"
    if language == "ru" and last.endswith("ская"):
        return last[:-2] + "ий"
    return last[:-1] if language == "ru" and last.endswith(("ова", "ева", "ёва", "ина")) else last
