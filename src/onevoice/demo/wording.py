"""The words of the demo's templates, in its three languages."""

from onevoice.domains.delivery.contracts import (
    EmailParts,
    Footer,
    Heading,
    MessageClass,
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
    "review": (
        ("marketing", "reviews"),
        _source(("telegram", {language: MessengerParts(text) for language, text in _REVIEW.items()})),
    ),
}
