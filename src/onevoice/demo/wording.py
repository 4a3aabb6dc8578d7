"""The words of the demo's templates, in its three languages."""

from collections.abc import Mapping, Sequence

from onevoice.domains.delivery.contracts.names import MessageClass
from onevoice.domains.delivery.contracts.templates import (
    EmailParts,
    Footer,
    Heading,
    LinkButton,
    MessengerParts,
    Paragraphs,
    Parts,
    TemplateSource,
    Variant,
)

_RECEIPT = {
    "pl": (
        "Paragon za zamówienie {{ number }}",
        "Dziękujemy, {{ customer.first_name }}",
        (
            "Zapłacono {{ total }}.\n"
            "Punkty na karcie: +{{ points }}. Zwrot jest możliwy przez 30 dni w każdym sklepie."
        ),
    ),
    "en": (
        "Receipt for order {{ number }}",
        "Thank you, {{ customer.first_name }}",
        (
            "You paid {{ total }}.\n"
            "Points on your card: +{{ points }}. You can return it in any shop within 30 days."
        ),
    ),
    "ru": (
        "Чек по заказу {{ number }}",
        "Спасибо за покупку, {{ customer.first_name }}",
        (
            "Оплачено {{ total }}.\n"
            "Баллы на карте: +{{ points }}. Вернуть покупку можно в любом магазине в течение 30 дней."
        ),
    ),
}  # fmt: skip
_STOCK = {
    "pl": ("{{ product }} {{ size }} znów jest",
           "{{ product }}, rozmiar {{ size }}: znów w sklepie {{ shop }}. Odłożyć parę?"),
    "en": ("{{ product }} {{ size }} is back",
           "{{ product }} in {{ size }} is back at {{ shop }}. Shall we hold a pair?"),
    "ru": ("{{ product }} {{ size }} снова в наличии",
           "{{ product }}, размер {{ size }}: снова в магазине {{ shop }}. Отложить для вас пару?"),
}  # fmt: skip
_NEWS = {
    "pl": ("{{ offer }}: {{ percent }}% taniej do niedzieli",
           "Kolekcja {{ offer }} jest do niedzieli tańsza o {{ percent }}%."),
    "en": ("{{ offer }}: {{ percent }}% off until Sunday",
           "The {{ offer }} range is {{ percent }}% cheaper until Sunday."),
    "ru": ("{{ offer }}: скидка {{ percent }}% до воскресенья",
           "До воскресенья на коллекцию {{ offer }} действует скидка {{ percent }}%."),
}  # fmt: skip
_REVIEW = {
    "pl": "Jak się noszą buty {{ product }}? Proszę o ocenę od 1 do 5.",
    "en": "How do you like your {{ product }} boots? Please rate them from 1 to 5.",
    "ru": "Как вам обувь {{ product }}? Оцените её, пожалуйста, от 1 до 5.",
}
_EXCHANGE = {
    "pl": (
        "Wymiana bez kolejki: {{ number }}",
        "Wymiana bez kolejki",
        "Wystarczy podać numer {{ number }} w sklepie {{ shop }}. Druga para czeka do niedzieli, bez paragonu.",
    ),
    "en": (
        "Exchange without a queue: {{ number }}",
        "Exchange without a queue",
        "Just say {{ number }} at {{ shop }}. Another pair waits until Sunday, and you need no receipt.",
    ),
    "ru": (
        "Обмен без очереди: {{ number }}",
        "Обмен без очереди",
        "Назовите номер {{ number }} в магазине {{ shop }}. Другая пара ждёт до воскресенья, чек не нужен.",
    ),
}  # fmt: skip
_PROMISE = {
    "pl": (
        "Czy mamy pisać o promocjach?",
        "Czy możemy pisać o promocjach?",
        "Najwyżej raz w tygodniu i tylko na ten adres. Bez potwierdzenia nie napiszemy ani razu.",
        "Tak, proszę pisać",
    ),
    "en": (
        "Shall we write to you about offers?",
        "May we write to you about offers?",
        "Once a week at most, and to this address only. Unless you say yes here, we never will.",
        "Yes, write to me",
    ),
    "ru": (
        "Писать ли вам о наших акциях?",
        "Можно писать вам об акциях?",
        "Не чаще раза в неделю и только на этот адрес. Без вашего «да» не напишем ни разу.",
        "Да, пишите",
    ),
}  # fmt: skip


def _promise(subject: str, heading: str, text: str, button: str) -> EmailParts:
    """What somebody has to confirm: it sells nothing, so there is nothing to unsubscribe from."""
    blocks = (Heading(heading), Paragraphs(text), LinkButton(button, "{{ confirm_url }}"))
    return EmailParts(subject, blocks=blocks, accent="#0b6e4f")


def _receipt(subject: str, heading: str, text: str) -> EmailParts:
    """Without a footer: there is nothing to unsubscribe from."""
    return EmailParts(subject, blocks=(Heading(heading), Paragraphs(text)), accent="#0b6e4f")


def _letter(title: str, text: str) -> EmailParts:
    return EmailParts(title, blocks=(Heading(title), Paragraphs(text), Footer()), accent="#0b6e4f")


def _source(*parts: tuple[str, dict[str, Parts]]) -> TemplateSource:
    return TemplateSource(
        "pl", tuple(Variant(channel, language, said) for channel, each in parts for language, said in each.items())
    )


TEMPLATES: dict[str, tuple[tuple[MessageClass, str], TemplateSource]] = {
    "order-receipt": (
        ("transactional", "orders"),
        _source(("email", {language: _receipt(*said) for language, said in _RECEIPT.items()})),
    ),
    "back-in-stock": (
        ("marketing", "back_in_stock"),
        _source(
            ("email", {language: _letter(title, text) for language, (title, text) in _STOCK.items()}),
            ("telegram", {language: MessengerParts(text) for language, (_, text) in _STOCK.items()}),
        ),
    ),
    "promotion": (
        ("marketing", "promotions"),
        _source(
            ("email", {language: _letter(title, text) for language, (title, text) in _NEWS.items()}),
            ("telegram", {language: MessengerParts(text) for language, (_, text) in _NEWS.items()}),
        ),
    ),
    "exchange": (
        ("transactional", "orders"),
        _source(("email", {language: _receipt(*said) for language, said in _EXCHANGE.items()})),
    ),
    "promise": (
        ("transactional", "orders"),
        _source(("email", {language: _promise(*said) for language, said in _PROMISE.items()})),
    ),
    "review": (
        ("marketing", "reviews"),
        _source(("telegram", {language: MessengerParts(text) for language, text in _REVIEW.items()})),
    ),
}

LETTERS: Mapping[str, Sequence[tuple[str, str]]] = {
    "en": (
        ("Sizes", "Hello, do the Tatra boots run small? I am between a 41 and a 42."),
        ("Parcel", "The parcel says delivered, but it is not here. What now?"),
        ("Return", "The jacket is lovely but too short. How do I send it back?"),
        ("Thank you", "Everything came in time, the socks are warm. Thank you!"),
    ),
    "pl": (
        ("Rozmiar", "Dzień dobry, czy buty Polana są węższe od Tatr? Zwykle noszę 39."),
        ("Faktura", "Proszę o fakturę na firmę, NIP podam w następnej wiadomości."),
        ("Odbiór", "Czy mogę odebrać zamówienie jutro na Złotej?"),
        ("Podeszwa", "Po dwóch tygodniach odkleja się podeszwa. Czy to można zareklamować?"),
    ),
    "ru": (
        ("Размер", "Здравствуйте! Ботинки маломерят? У меня между 38 и 39."),
        ("Обмен", "Куртка мала, можно поменять на L? Бирки на месте."),
        ("Посылка", "Когда приедет посылка? Обещали вчера."),
        ("Спасибо", "Всё пришло, спасибо! Носки очень тёплые."),
    ),
}
"""Subjects and texts of what customers write, by language."""
