"""What the shop's pages say, in its three languages."""

from collections.abc import Mapping

LANGUAGES = ("en", "ru", "pl")
NBSP = "\N{NO-BREAK SPACE}"

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "skip": "Skip to the content",
        "all": "Boots and shoes",
        "lead": "Made to be mended. Worn in the mountains, and on the way to the baker’s.",
        "categories": "Categories",
        "language": "Language",
        "login": "Log in",
        "logout": "Log out",
        "cart": "Cart",
        "size": "Size",
        "sold_out": "{sizes} sold out in this shop.",
        "sold": "sold out",
        "add": "Add to cart",
        "added": "In your cart: {name}.",
        "to_cart": "Go to the cart",
        "collect": "Collect at {place}",
        "collect_when": "Today",
        "delivery": "Delivery tomorrow",
        "delivery_price": "14.00 zł",
        "return": "Return in any of our shops",
        "return_days": "30 days",
        "views": "Views",
        "view_side": "From the side",
        "view_other": "From the other side",
        "view_near": "Close up",
        "empty": "Your cart is empty.",
        "look": "Look at the boots",
        "remove": "Remove",
        "total": "Total",
        "email": "E-mail",
        "account_text": "This shop is a demo: the address is enough, there is no password.",
        "hello": "You are logged in as {name}.",
        "gone": "There is no such page",
        "gone_text": "The address may have a mistake in it.",
        "demo": "An invented shop, shown by the demo of Onevoice. Nothing is sold here.",
        "counted": "Visits are counted: this browser has said that it agrees.",
    },
    "ru": {
        "skip": "К содержанию",
        "all": "Ботинки и туфли",
        "lead": "Сделаны так, чтобы их можно было починить. Для гор и для дороги в булочную.",
        "categories": "Разделы",
        "language": "Язык",
        "login": "Войти",
        "logout": "Выйти",
        "cart": "Корзина",
        "size": "Размер",
        "sold_out": "{sizes} в этом магазине закончился.",
        "sold": "нет в наличии",
        "add": "Добавить в корзину",
        "added": "В корзине: {name}.",
        "to_cart": "Перейти в корзину",
        "collect": "Самовывоз: {place}",
        "collect_when": "Сегодня",
        "delivery": "Доставка завтра",
        "delivery_price": "14,00 zł",
        "return": "Возврат в любом магазине",
        "return_days": "30 дней",
        "views": "Ракурсы",
        "view_side": "Сбоку",
        "view_other": "С другой стороны",
        "view_near": "Крупно",
        "empty": "В корзине пусто.",
        "look": "Посмотреть обувь",
        "remove": "Убрать",
        "total": "Итого",
        "email": "Электронная почта",
        "account_text": "Это магазин-пример: достаточно адреса, пароля нет.",
        "hello": "Вы вошли как {name}.",
        "gone": "Такой страницы нет",
        "gone_text": "Возможно, в адресе ошибка.",
        "demo": "Вымышленный магазин, его показывает демо Onevoice. Здесь ничего не продаётся.",
        "counted": "Посещения учитываются: в этом браузере на это согласились.",
    },
    "pl": {
        "skip": "Przejdź do treści",
        "all": "Buty",
        "lead": "Robione tak, żeby dało się je naprawić. W góry i po bułki.",
        "categories": "Działy",
        "language": "Język",
        "login": "Zaloguj się",
        "logout": "Wyloguj się",
        "cart": "Koszyk",
        "size": "Rozmiar",
        "sold_out": "{sizes} wyprzedany w tym sklepie.",
        "sold": "wyprzedany",
        "add": "Dodaj do koszyka",
        "added": "W koszyku: {name}.",
        "to_cart": "Przejdź do koszyka",
        "collect": "Odbiór: {place}",
        "collect_when": "Dzisiaj",
        "delivery": "Dostawa jutro",
        "delivery_price": "14,00 zł",
        "return": "Zwrot w dowolnym sklepie",
        "return_days": "30 dni",
        "views": "Ujęcia",
        "view_side": "Z boku",
        "view_other": "Z drugiej strony",
        "view_near": "Z bliska",
        "empty": "Koszyk jest pusty.",
        "look": "Zobacz buty",
        "remove": "Usuń",
        "total": "Razem",
        "email": "E-mail",
        "account_text": "Ten sklep to demo: wystarczy adres, hasła nie ma.",
        "hello": "Zalogowano: {name}.",
        "gone": "Nie ma takiej strony",
        "gone_text": "W adresie może być błąd.",
        "demo": "Sklep zmyślony, pokazuje go demo Onevoice. Niczego się tu nie sprzedaje.",
        "counted": "Wizyty są liczone: w tej przeglądarce jest na to zgoda.",
    },
}

ABOUT: Mapping[str, Mapping[str, str]] = {
    "tatra-boots": {
        "en": "Greased leather, a sole that grips",
        "ru": "Промасленная кожа, цепкая подошва",
        "pl": "Skóra natłuszczana, trzymająca podeszwa",
    },
    "rysy-boots": {
        "en": "Lined with wool, warm to minus twenty",
        "ru": "На шерсти, тепло до минус двадцати",
        "pl": "Ocieplane wełną, ciepłe do minus dwudziestu",
    },
    "brama-chelsea": {
        "en": "Smooth leather, a stitched sole",
        "ru": "Гладкая кожа, прошитая подошва",
        "pl": "Z licowej skóry, podeszwa szyta",
    },
    "molo-trainers": {
        "en": "Recycled canvas, a sole of natural rubber",
        "ru": "Переработанный холст, подошва из каучука",
        "pl": "Płótno z odzysku, podeszwa z kauczuku",
    },
    "hel-sandals": {
        "en": "Two straps, a footbed of cork",
        "ru": "Два ремешка, пробковая стелька",
        "pl": "Dwa paski, wkładka z korka",
    },
    "kominek-slippers": {
        "en": "Wool felt, a sole for the stairs too",
        "ru": "Шерстяной войлок, подошва и для лестницы",
        "pl": "Filc wełniany, podeszwa też na schody",
    },
}
"""A line about each product."""


def price(minor: int, language: str) -> str:
    r"""In złoty, as it is written in that language.

    >>> price(48900, "pl")
    '489,00\xa0zł'
    """
    text = f"{minor // 100}.{minor % 100:02d}"
    return (text if language == "en" else text.replace(".", ",")) + f"{NBSP}zł"
