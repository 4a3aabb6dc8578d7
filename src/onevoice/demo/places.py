"""The demo brand "Halny": its sites, shops and tills, the towns around them, and the sources events come from.

Read by every other module of the demo; `cli` creates one source (and its write key) per entry of SOURCES.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """One of the brand's sites. `rate` turns a dollar price of the groceries into `currency`."""

    name: str
    region: str
    language: str
    locale: str
    timezone: str
    utc_offset_hours: int
    currency: str
    rate: float
    host: str
    title: str
    legal_name: str


@dataclass(frozen=True)
class Source:
    """Where events come from. site: name of the Site (None: all of them); region: country its phones are read in."""

    name: str
    channel: str
    site: str | None
    region: str | None


@dataclass(frozen=True)
class Town:
    """A town people live in. `shop_town` is where its people go shopping."""

    name: str
    site: str
    shop_town: str
    post_code: str


@dataclass(frozen=True)
class Shop:
    name: str
    town: str
    site: str
    tills: int
    sellers: tuple[str, ...]


SITES = {
    site.name: site
    for site in (
        Site(
            "pl",
            "PL",
            "pl",
            "pl-PL",
            "Europe/Warsaw",
            1,
            "PLN",
            4.0,
            "halny.example",
            "Halny Polska",
            "Halny Polska sp. z o.o.",
        ),
        Site(
            "en",
            "GB",
            "en",
            "en-GB",
            "Europe/London",
            0,
            "GBP",
            0.8,
            "en.halny.example",
            "Halny UK",
            "Halny Britain Ltd",
        ),
        Site(
            "ru",
            "RU",
            "ru",
            "ru-RU",
            "Europe/Moscow",
            3,
            "RUB",
            90.0,
            "ru.halny.example",
            "Halny Россия",
            "ООО «Халны Рус»",
        ),
    )
}

SHOPS = {
    shop.town: shop
    for shop in (
        Shop("Gdańsk Wrzeszcz", "Gdańsk", "pl", 2, ("Marta Lis", "Paweł Gajda", "Ewa Sobczak")),
        Shop("Warszawa Złota", "Warszawa", "pl", 3, ("Iga Baran", "Konrad Maj", "Alicja Wrona")),
        Shop("Kraków Kazimierz", "Kraków", "pl", 4, ("Jacek Wilk", "Hanna Kurek")),
        Shop("Poznań Jeżyce", "Poznań", "pl", 2, ("Lena Bąk", "Adam Polak")),
        Shop("Wrocław Rynek", "Wrocław", "pl", 2, ("Oskar Duda", "Maja Kubiak")),
        Shop("Łódź Piotrkowska", "Łódź", "pl", 1, ("Nina Sikora", "Filip Marzec")),
        Shop("London Camden", "London", "en", 2, ("Grace Holloway", "Tom Bexley")),
        Shop("Leeds Briggate", "Leeds", "en", 1, ("Amy Thackray", "Jack Ormond")),
        Shop("Bristol Harbour", "Bristol", "en", 1, ("Ellie Penrose", "Sam Trevelyan")),
        Shop("Арбат", "Москва", "ru", 2, ("Вера Лапина", "Глеб Сомов")),
        Shop("Лиговский", "Санкт-Петербург", "ru", 2, ("Инна Рыкова", "Марк Беляков")),
        Shop("Кремлёвская", "Казань", "ru", 1, ("Алсу Каримова", "Тимур Валеев")),
    )
}

TOWNS = (
    Town("Gdańsk", "pl", "Gdańsk", "80-264"),
    Town("Warszawa", "pl", "Warszawa", "00-120"),
    Town("Kraków", "pl", "Kraków", "31-056"),
    Town("Poznań", "pl", "Poznań", "60-541"),
    Town("Wrocław", "pl", "Wrocław", "50-101"),
    Town("Łódź", "pl", "Łódź", "90-102"),
    Town("Gdynia", "pl", "Gdańsk", "81-364"),
    Town("Sopot", "pl", "Gdańsk", "81-704"),
    Town("Toruń", "pl", "Gdańsk", "87-100"),
    Town("Lublin", "pl", "Warszawa", "20-002"),
    Town("Rzeszów", "pl", "Kraków", "35-030"),
    Town("Katowice", "pl", "Kraków", "40-013"),
    Town("London", "en", "London", "NW1 8AB"),
    Town("Leeds", "en", "Leeds", "LS1 6HD"),
    Town("Bristol", "en", "Bristol", "BS1 4DJ"),
    Town("York", "en", "Leeds", "YO1 7HH"),
    Town("Oxford", "en", "London", "OX1 3BG"),
    Town("Bath", "en", "Bristol", "BA1 1LZ"),
    Town("Москва", "ru", "Москва", "119002"),
    Town("Санкт-Петербург", "ru", "Санкт-Петербург", "191040"),
    Town("Казань", "ru", "Казань", "420111"),
    Town("Тверь", "ru", "Москва", "170100"),
    Town("Тула", "ru", "Москва", "300041"),
    Town("Выборг", "ru", "Санкт-Петербург", "188800"),
)

STREETS = {
    "pl": ("Lipowa", "Polna", "Leśna", "Ogrodowa", "Krótka", "Słoneczna", "Morska", "Młyńska"),
    "en": ("Mill Lane", "Station Road", "Orchard Row", "Church Street", "Quarry Hill", "Ferry Lane"),
    "ru": ("ул. Садовая", "ул. Полевая", "ул. Лесная", "Набережная ул.", "ул. Мира", "Школьная ул."),
}

OPERATORS = {
    "pl": ("Olga Mazur", "Kamil Bielak"),
    "en": ("Hannah Pryce", "Owen Marlow"),
    "ru": ("Лидия Снегова", "Артём Журин"),
}

TELEGRAM = "@halny_bot"
MAIL = "mail"
APP = "app"
WHATSAPP = "whatsapp"
VK = "vk"
SMS = "sms"
CALLS = "switchboard"


def site_source(site: str) -> str:
    return f"site {site}"


def till_source(town: str, number: int) -> str:
    """The source of till `number` (counted from 1, wrapped) of the shop where people of `town` go."""
    shop = SHOPS[town]
    return f"till {(number - 1) % shop.tills + 1}, {shop.town}"


SOURCES = (
    *(Source(site_source(site.name), "site", site.name, site.region) for site in SITES.values()),
    Source(APP, "app", None, None),
    Source(TELEGRAM, "telegram", None, None),
    Source(WHATSAPP, "whatsapp", "en", "GB"),
    Source(VK, "vk", "ru", "RU"),
    Source(MAIL, "email", None, None),
    Source(SMS, "sms", None, None),
    Source(CALLS, "call", None, None),
    *(
        Source(till_source(shop.town, number), "shop", shop.site, SITES[shop.site].region)
        for shop in SHOPS.values()
        for number in range(1, shop.tills + 1)
    ),
)
CHANNEL_OF = {source.name: source.channel for source in SOURCES}
