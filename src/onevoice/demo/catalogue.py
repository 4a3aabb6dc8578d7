"""The invented footwear and clothing range, named and priced for each site. Read by people, sessions, Anna's story."""

import random
from dataclasses import dataclass
from typing import Any

from onevoice.demo.places import Site

SHOE_SIZES = ("36", "37", "38", "39", "40", "41", "42", "43", "44", "45")
CLOTH_SIZES = ("XS", "S", "M", "L", "XL")

CATEGORIES = {
    "boots": {"en": "Hiking boots", "pl": "Buty trekkingowe", "ru": "Треккинговые ботинки"},
    "shoes": {"en": "Everyday shoes", "pl": "Buty na co dzień", "ru": "Повседневная обувь"},
    "jackets": {"en": "Jackets", "pl": "Kurtki", "ru": "Куртки"},
    "layers": {"en": "Base layers", "pl": "Bielizna termiczna", "ru": "Термобельё"},
    "accessories": {"en": "Accessories", "pl": "Akcesoria", "ru": "Аксессуары"},
    "care": {"en": "Shoe care", "pl": "Pielęgnacja", "ru": "Уход за обувью"},
}


@dataclass(frozen=True)
class Item:
    """A product of our own. `prices` are minor units by currency; sizes: shoe, cloth or none."""

    sku: str
    category: str
    names: dict[str, str]
    prices: dict[str, int]
    sizes: tuple[str, ...]


def _item(sku: str, category: str, en: str, pl: str, ru: str, zloty: int, sizes: tuple[str, ...] = ()) -> Item:
    pounds = round(zloty * 0.2) * 100 - 1
    roubles = round(zloty * 2.3) * 1000 - 1000
    names = {"en": en, "pl": pl, "ru": ru}
    return Item(sku, category, names, {"PLN": zloty * 100, "GBP": pounds, "RUB": roubles}, sizes)


ITEMS = (
    _item("tatra-boots", "boots", "Tatra boots", "Buty Tatra", "Ботинки Tatra", 389, SHOE_SIZES),
    _item("rysy-boots", "boots", "Rysy winter boots", "Buty zimowe Rysy", "Зимние ботинки Rysy", 549, SHOE_SIZES),
    _item("brama-chelsea", "shoes", "Brama Chelsea boots", "Sztyblety Brama", "Челси Brama", 489, SHOE_SIZES),
    _item("molo-trainers", "shoes", "Molo trainers", "Sneakersy Molo", "Кроссовки Molo", 279, SHOE_SIZES),
    _item("hel-sandals", "shoes", "Hel sandals", "Sandały Hel", "Сандалии Hel", 189, SHOE_SIZES),
    _item("kominek-slippers", "shoes", "Kominek slippers", "Kapcie Kominek", "Тапочки Kominek", 99, SHOE_SIZES),
    _item("sarma-jacket", "jackets", "Sarma jacket", "Kurtka Sarma", "Куртка Sarma", 749, CLOTH_SIZES),
    _item("mgla-raincoat", "jackets", "Mgła raincoat", "Płaszcz Mgła", "Плащ Mgła", 429, CLOTH_SIZES),
    _item("puch-vest", "jackets", "Puch down vest", "Kamizelka Puch", "Пуховый жилет Puch", 359, CLOTH_SIZES),
    _item("polana-fleece", "jackets", "Polana fleece", "Polar Polana", "Флисовая куртка Polana", 219, CLOTH_SIZES),
    _item("runo-top", "layers", "Runo merino top", "Koszulka merino Runo", "Футболка мерино Runo", 199, CLOTH_SIZES),
    _item("runo-leggings", "layers", "Runo leggings", "Legginsy merino Runo", "Лосины мерино Runo", 189, CLOTH_SIZES),
    _item("wool-socks", "accessories", "Wool socks", "Skarpety wełniane", "Шерстяные носки", 39),
    _item("giewont-beanie", "accessories", "Giewont beanie", "Czapka Giewont", "Шапка Giewont", 79),
    _item("wiatr-gloves", "accessories", "Wiatr gloves", "Rękawice Wiatr", "Перчатки Wiatr", 119, CLOTH_SIZES),
    _item("kosy-poles", "accessories", "Kosy trekking poles", "Kijki trekkingowe Kosy", "Треккинговые палки Kosy", 259),
    _item("potok-bottle", "accessories", "Potok bottle", "Butelka Potok", "Бутылка Potok", 69),
    _item("rain-cover", "accessories", "Rain cover", "Pokrowiec przeciwdeszczowy", "Чехол от дождя", 129),
    _item("merino-insoles", "care", "Merino insoles", "Wkładki merino", "Стельки мерино", 49, SHOE_SIZES),
    _item("wosk-balm", "care", "Wosk leather balm", "Balsam do skór Wosk", "Бальзам для кожи Wosk", 35),
    _item("laces", "care", "Round laces", "Sznurowadła okrągłe", "Круглые шнурки", 19),
    _item("spray", "care", "Waterproofing spray", "Impregnat w sprayu", "Водоотталкивающий спрей", 45),
)
BY_SKU = {item.sku: item for item in ITEMS}
_WEIGHTS = (16, 8, 9, 10, 3, 4, 9, 6, 5, 6, 4, 3, 7, 6, 3, 3, 3, 2, 6, 3, 2, 3)

SEARCHES = {
    "en": ("hiking boots", "winter jacket", "wool socks", "waterproof", "merino", "chelsea boots", "insoles"),
    "pl": ("buty trekkingowe", "kurtka puchowa", "skarpety", "kurtki zimowe", "merino", "sztyblety", "wkładki"),
    "ru": ("треккинговые ботинки", "куртка зимняя", "шерстяные носки", "мерино", "челси", "стельки", "непромокаемые"),
}


@dataclass(frozen=True)
class Choice:
    """An item as somebody looks at it or buys it."""

    item: Item
    size: str | None
    quantity: int = 1

    def minor(self, currency: str) -> int:
        """What the whole line costs, in minor units."""
        return self.item.prices[currency] * self.quantity

    def label(self, language: str) -> str:
        name = self.item.names[language]
        return f"{name} {self.size}" if self.size else name


def choose(rng: random.Random, shoe: str, cloth: str) -> Choice:
    """A random item in the sizes of one person."""
    item = rng.choices(ITEMS, _WEIGHTS)[0]
    size = shoe if item.sizes is SHOE_SIZES else cloth if item.sizes is CLOTH_SIZES else None
    return Choice(item, size)


def footwear(rng: random.Random, language: str) -> str:
    """The name of a random pair, as it stands within a sentence; a plural in each of the languages."""
    name = rng.choice([item for item in ITEMS if item.category in {"boots", "shoes"}]).names[language]
    return name if language == "en" else name[0].lower() + name[1:]


def product(choice: Choice, site: Site, language: str) -> dict[str, Any]:
    """The choice as a product of Segment's e-commerce spec: `price` decimal, `price_minor` the same in minor units."""
    minor = choice.item.prices[site.currency]
    fields: dict[str, Any] = {
        "product_id": choice.item.sku,
        "sku": f"{choice.item.sku}-{choice.size.lower()}" if choice.size else choice.item.sku,
        "name": choice.label(language),
        "category": CATEGORIES[choice.item.category][language],
        "brand": "Halny",
        "price": minor / 100,
        "price_minor": minor,
        "quantity": choice.quantity,
        "currency": site.currency,
    }
    if choice.size:
        fields["variant"] = choice.size
    return fields


def product_path(choice: Choice) -> str:
    return f"/{choice.item.category}/{choice.item.sku}"


def basket(choices: list[Choice], site: Site, language: str) -> dict[str, Any]:
    """What the cart and order events share: products, value, currency. The total is the sum of the lines."""
    minor = sum(choice.minor(site.currency) for choice in choices)
    return {
        "products": [product(choice, site, language) for choice in choices],
        "total": minor / 100,
        "total_minor": minor,
        "currency": site.currency,
    }
