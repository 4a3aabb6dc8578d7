"""Invented people's names in three languages, with the gender that Polish and Russian surnames carry.

The lists hold common first names and surnames; who bears which is drawn by the seed, so nobody in particular is meant.
"""

import random
import unicodedata

FEMALE, MALE = "f", "m"

FIRST = {
    ("pl", FEMALE): """
        Agnieszka Joanna Marta Katarzyna Zofia Magdalena Ewa Barbara Monika Aleksandra Natalia Julia Hanna
        Maria Iwona Beata Karolina Dorota Alicja Weronika Agata Paulina Kinga Sylwia Lena Oliwia Maja Izabela
    """.split(),
    ("pl", MALE): """
        Piotr Tomasz Marek Łukasz Stanisław Michał Krzysztof Paweł Jakub Wojciech Grzegorz Adam Maciej Rafał
        Andrzej Bartosz Kamil Dawid Szymon Jan Filip Mateusz Robert Sebastian Artur Przemysław Hubert Igor
    """.split(),
    ("en", FEMALE): """
        Emily Lucy Charlotte Amelia Grace Sophie Hannah Olivia Alice Eleanor Daisy Rosie Jessica Megan Holly
        Beatrice Imogen Freya Martha Phoebe Harriet Georgia Matilda Abigail
    """.split(),
    ("en", MALE): """
        James Oliver Paul Harry George Thomas William Jack Edward Henry Samuel Arthur Daniel Joseph Benjamin
        Adam Simon Callum Rory Toby Elliot Hugo Ewan Dominic
    """.split(),
    ("ru", FEMALE): """
        Ирина Дарья Надежда Оксана Анна Мария Екатерина Ольга Елена Наталья Светлана Татьяна Полина Юлия Вера
        Алина Ксения Марина Людмила Софья Евгения Галина Валерия Арина
    """.split(),
    ("ru", MALE): """
        Сергей Дмитрий Алексей Андрей Михаил Иван Николай Павел Владимир Константин Егор Максим Роман Антон
        Виктор Олег Илья Никита Денис Григорий Фёдор Тимофей Степан Юрий
    """.split(),
}

SURNAMES = {
    "pl": """
        Kowalski Wiśniewski Zieliński Lewandowski Kamiński Dąbrowski Szymański Jankowski Wojciechowski
        Kwiatkowski Piotrowski Grabowski Pawłowski Michalski Nowicki Jabłoński Wróblewski Olszewski Malinowski
        Rutkowski Sadowski Kowalewski Sokołowski Górski Rudnicki Zawadzki Cichocki Wolski Nowak Wójcik
        Kowalczyk Kowal Kowalik Mazur Krawczyk Zając Wróbel Wieczorek Stępień Pawlak Walczak Baran Duda
        Szewczyk Pietrzak Wilk Lis Kubiak Kaczmarek Sikora Bąk Czech Gajda Kurek Polak Sroka Kozioł Mróz
        Marzec Jasiński Makowski Borkowski
    """.split(),
    "en": """
        Whitfield Hargreaves Bennett Kowalsky Ashworth Barlow Caldwell Dawson Ellison Fairfax Gresham Hartley
        Ingram Jessop Kendall Langley Mercer Norwood Oakley Pemberton Quinn Radcliffe Sheldon Thornton
        Underwood Vickers Wainwright Yardley Ackroyd Birtwistle Crabtree Dunmore Entwistle Fothergill Garside
        Holroyd Illingworth Kershaw Lockwood Metcalfe Naylor Openshaw Priestley Rowntree Sutcliffe Tattersall
        Waddington Winterbottom
    """.split(),
    "ru": """
        Соколов Орлов Ковалёв Кузнецов Смирнов Попов Лебедев Новиков Морозов Волков Зайцев Павлов Семёнов
        Голубев Виноградов Богданов Воробьёв Фёдоров Михайлов Беляев Тарасов Белов Комаров Киселёв Макаров
        Андреев Ильин Гусев Титов Кузьмин Баранов Куликов Журавлёв Калинин Яковлев Поляков Сорокин Жуков
        Никитин Осипов Рябов Карпов Ковальский Вишневский Островский Раевский Дубровский Коваленко Коваль
        Шевченко Бондаренко Гончаренко Руденко
    """.split(),
}

_RUSSIAN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)
_STROKES = str.maketrans("łŁ", "lL")


def surname(language: str, base: str, gender: str) -> str:
    """`base` (the man's form) as a woman or a man bears it: Kowalski/Kowalska, Nowak/Nowak, Орлов/Орлова.

    >>> surname("pl", "Kowalski", FEMALE), surname("ru", "Ковальский", FEMALE), surname("ru", "Коваленко", FEMALE)
    ('Kowalska', 'Ковальская', 'Коваленко')
    """
    if gender == MALE or language == "en":
        return base
    if language == "pl":
        return base[:-1] + "a" if base.endswith(("ski", "cki", "dzki")) else base
    if base.endswith("ский"):
        return base[:-2] + "ая"
    return base + "а" if base.endswith(("ов", "ев", "ёв", "ин")) else base


def latin(text: str) -> str:
    """The text in small ASCII letters, for addresses and handles.

    >>> latin("Łukasz Żółć"), latin("Надежда Орлова")
    ('lukasz zolc', 'nadezhda orlova')
    """
    spelled = "".join(_RUSSIAN.get(letter, letter) for letter in text.lower().translate(_STROKES))
    return "".join(letter for letter in unicodedata.normalize("NFKD", spelled) if letter.isascii())


def full_name(rng: random.Random, language: str) -> tuple[str, str, str]:
    """A gender, a first name and the surname's base form."""
    gender = rng.choice((FEMALE, MALE))
    return gender, rng.choice(FIRST[language, gender]), rng.choice(SURNAMES[language])
