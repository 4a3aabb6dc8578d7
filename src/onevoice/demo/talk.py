"""What people write to the shop and what it answers, in three languages. Read by `sessions` and `live`.

A script is lines of `>` (the customer) and `<` (an operator). {item} is an article, {order} an order number, {size} a
size, {town} a town, {name} the customer's first name.
"""

import random

_SCRIPTS = {
    "en": """
> Do the {item} run small? I am between two sizes.
< Hello {name}! They do a little. We would take the larger one.
> Perfect, thank you

> Hi, where is my order {order}?
< Good news: it left {town} this morning and should be with you tomorrow.
> Great, I will be at home

> Can I change the address of order {order}?
< Of course, it has not been packed yet. Where should it go?
> 14 Mill Lane, same town please
< Done. You will get a new confirmation.

> Is the {item} in stock in {town}?
< Two left on the shelf. Shall we keep one for you until tomorrow?
> Yes please
< Kept under your name. See you!

> I would like to return the {item}, the colour is not for me
< No problem, any shop takes it back within 30 days. Shall we send a label instead?
> The shop is fine

> Are the {item} waterproof?
< Yes, they have a membrane. We still advise the spray twice a year.

> Do you have size {size}?
< We do, and it can be in {town} on Thursday.
> I will think about it

> Thanks for the quick delivery, everything fits!
< Wonderful to hear, {name}. Enjoy the walks!

> Parcel is at the locker but the code does not work
< Sorry about that! We have asked for a new one, it comes by text in a few minutes.
> Got it, works now

> Can I pay half with a gift card?
< Yes, at the till or in the cart: type its number under the total.
""",
    "pl": """
> Czy {item} wypadają małe? Jestem między dwoma rozmiarami.
< Dzień dobry! Tak, odrobinę. Radzimy wziąć większy rozmiar.
> Dziękuję, tak zrobię

> Dzień dobry, gdzie jest moje zamówienie {order}?
< Dzień dobry, wyjechało dziś rano z miasta {town}, jutro powinno być u Państwa.
> Super, będę w domu

> Czy mogę zmienić adres w zamówieniu {order}?
< Oczywiście, paczka nie jest jeszcze spakowana. Dokąd ma jechać?
> Polna 8, to samo miasto
< Gotowe, za chwilę przyjdzie nowe potwierdzenie.

> Czy {item} są dostępne w sklepie {town}?
< Zostały dwie sztuki. Odłożyć jedną do jutra?
> Poproszę
< Odłożone, do zobaczenia!

> Chcę zwrócić {item}, kolor nie dla mnie
< Żaden problem, każdy sklep przyjmie zwrot przez 30 dni. A może wysłać etykietę?
> Wystarczy sklep

> Czy {item} są wodoodporne?
< Tak, mają membranę. Dwa razy w roku warto użyć impregnatu.

> Jest rozmiar {size}?
< Jest, w czwartek może być w sklepie {town}.
> Dam znać

> Dziękuję za szybką dostawę, wszystko pasuje!
< Bardzo nas to cieszy. Udanych spacerów!

> Paczka jest w automacie, ale kod nie działa
< Przepraszamy! Poprosiliśmy o nowy, przyjdzie SMS-em za kilka minut.
> Jest, działa

> Czy jest szersza wersja tych butów?
< Sprawdzamy w magazynie i zaraz wracamy z odpowiedzią.
""",
    "ru": """
> {item} не маломерят? У меня размер между двумя.
< Здравствуйте! Немного маломерят, лучше взять больший.
> Спасибо, так и сделаю

> Здравствуйте, где мой заказ {order}?
< Здравствуйте! Сегодня утром он выехал из города {town}, завтра будет у вас.
> Отлично, буду дома

> Можно поменять адрес в заказе {order}?
< Конечно, он ещё не упакован. Куда отправить?
> Полевая, 8, город тот же
< Готово, сейчас придёт новое подтверждение.

> Есть ли {item} в магазине {town}?
< Осталось две штуки. Отложить одну до завтра?
> Да, пожалуйста
< Отложили, ждём вас!

> Хочу вернуть {item}, цвет не подошёл
< Без проблем: любой магазин примет возврат в течение 30 дней.
> Хорошо, зайду в магазин

> {item} не промокают?
< Нет, там мембрана. Но два раза в год советуем спрей.

> Есть ли {size} размер?
< Есть, к четвергу привезём в магазин {town}.
> Подумаю и напишу

> Спасибо за быструю доставку, всё подошло!
< Очень рады. Приятных прогулок!

> Посылка в постамате, а код не подходит
< Просим прощения! Запросили новый, он придёт по SMS через пару минут.
> Пришёл, работает

> Можно оплатить часть подарочной картой?
< Да, на кассе или в корзине: впишите её номер под суммой.
""",
}

SUBJECTS = {
    "receipt": {"en": "Your receipt and card", "pl": "Paragon i karta", "ru": "Ваш чек и карта"},
    "order": {"en": "Order {order} is confirmed", "pl": "Zamówienie {order} przyjęte", "ru": "Заказ {order} принят"},
    "news": {"en": "Warm for the winter walks", "pl": "Ciepło na zimowe spacery", "ru": "Тепло для зимних прогулок"},
    "cart": {"en": "Still in your cart: {item}", "pl": "W koszyku czeka: {item}", "ru": "В корзине ждёт: {item}"},
    "welcome": {"en": "Welcome to Halny", "pl": "Witamy w Halny", "ru": "Добро пожаловать в Halny"},
    "review": {"en": "How are your {item}?", "pl": "Jak się sprawdzają {item}?", "ru": "Как вам {item}?"},
}
PARCEL = {
    "en": "Your parcel {order} is at the locker",
    "pl": "Paczka {order} czeka w automacie",
    "ru": "Посылка {order} в постамате",
}
READY = {
    "en": "Your order {order} is packed and ready in {town}",
    "pl": "Zamówienie {order} spakowane, czeka w sklepie {town}",
    "ru": "Ваш заказ {order} собран и ждёт в магазине {town}",
}
CALL_TOPICS = ("delivery", "size", "return", "gift card", "opening hours")


def _parsed(text: str) -> list[list[tuple[bool, str]]]:
    """Each script as (customer speaks, what) pairs."""
    blocks = text.strip().split("\n\n")
    return [[(line[0] == ">", line[2:]) for line in block.splitlines()] for block in blocks]


SCRIPTS = {language: _parsed(text) for language, text in _SCRIPTS.items()}


def conversation(rng: random.Random, language: str, **words: str) -> list[tuple[bool, str]]:
    """A random exchange with the words filled in; sometimes it stops after the first question or answer."""
    script = rng.choice(SCRIPTS[language])
    if rng.random() < 0.15:
        script = script[: rng.randint(1, 2)]
    return [(theirs, capital(text.format(**words))) for theirs, text in script]


def capital(text: str) -> str:
    """The text with its first letter large: an article's name may stand in front."""
    return text[:1].upper() + text[1:]
