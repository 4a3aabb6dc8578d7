"""Names in three languages without the database's help: folding, alphabetical order, grams for substring search.

The embedded PostgreSQL has neither ICU nor pg_trgm, and an external one may have another collation: what is compared or
searched there is made here. `kit.spelling` adds the readings that let Latin and Cyrillic spellings find each other.
"""

import re
import unicodedata

_STROKES = str.maketrans(
    {"ł": "l", "đ": "d", "ð": "d", "ø": "o", "ħ": "h", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ə": "e"}
)
APOSTROPHES = "'’ʼ`´"
_NO_APOSTROPHES = dict.fromkeys(map(ord, APOSTROPHES), None)


def fold(text: str) -> str:
    """Lower case without marks: what is left when somebody types in a hurry. Scripts stay as they are.

    >>> fold("Łukasz Żółć"), fold("ПЁТР"), fold("Weiß")
    ('lukasz zolc', 'петр', 'weiss')
    """
    plain = text.casefold().translate(_STROKES)
    if plain.isascii():
        return plain
    # Twice: compatibility characters hide capitals and marks of their own.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", plain).casefold()).translate(_STROKES)
    return unicodedata.normalize("NFC", "".join(letter for letter in apart if not unicodedata.combining(letter)))


_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def straight(text: str) -> str:
    """Without the signs that turn what follows them around, by which a file's name can lie.

    >>> straight("invoice\u202egnp.exe")
    'invoicegnp.exe'
    """
    return _TURNING.sub("", text)


_LATIN = dict(
    zip(
        "абвгґдеєёжзиіїйклмнопрстуўфхцчшщъыьэюя",
        "a b v g g d e ye yo zh z i i yi y k l m n o p r s t u w f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)


def transliterate(text: str) -> str:
    """Cyrillic as passports and addresses write it in Latin letters; other scripts stay.

    >>> transliterate("Ирина Ковальская"), transliterate("ЩУКА")
    ('Irina Kovalskaya', 'SHCHUKA')
    """
    spelled: list[str] = []
    for at, letter in enumerate(text):
        latin = _LATIN.get(letter.lower())
        if latin is None:
            spelled.append(letter)
        elif letter.islower():
            spelled.append(latin)
        else:
            beside = text[at + 1 : at + 2] or text[at - 1 : at]
            spelled.append(latin.upper() if beside.isupper() else latin.capitalize())
    return "".join(spelled)


def _places(alphabet: str, after_all: str) -> dict[str, str]:
    """Each letter that has a place of its own, as its base letter and a character that sorts after all others."""
    places: dict[str, str] = {}
    base = ""
    extra = 0
    for letter in alphabet:
        stem = "" if letter in "ґєії" else fold(letter)
        if not base or (stem and stem != base):
            base, extra = letter, 0
        else:
            extra += 1
            places[letter] = base + after_all * extra
    return places


_OWN_PLACE = _places("aąbcćdeęfghijklłmnńoópqrsśtuvwxyzźż", "~") | _places("абвгґдеєжзиіїйклмнопрстуўфхцчшщъыьэюя", "ӿ")

_ASCII_PLACES = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord("'"): "", ord("`"): ""}


def sort_key(text: str) -> str:
    """A key whose order by code point is the alphabetical order of the text, for Polish, Russian and English alike.

    ą ć ę ł ń ó ś ź ż and й follow their base letters; ё stands with е, foreign accents with their letters. Digits come
    first, then Latin, then Cyrillic names. Hyphens count as spaces, case only between names otherwise equal.

    >>> sorted(["Ćma", "Czech", "Łukasz", "Lis", "Zając", "Maj", "Ёлкина", "Енин", "Жук"], key=sort_key)
    ['Czech', 'Ćma', 'Lis', 'Łukasz', 'Maj', 'Zając', 'Ёлкина', 'Енин', 'Жук']
    """
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_PLACES).split()) + "\x01" + text
    composed = unicodedata.normalize("NFC", text)
    placed = "".join(
        _OWN_PLACE.get(letter) or (fold(letter) if letter.isalnum() else " ")
        for letter in composed.casefold().translate(_NO_APOSTROPHES)
    )
    return " ".join(placed.split()) + "\x01" + composed


def trigrams(text: str) -> list[int]:
    """Every run of three characters as one int4, sorted, each once; a text of two characters is one gram.

    Characters of the three languages and digits never collide; others may, and every candidate is checked against the
    text anyway.

    >>> len(trigrams("anna")), set(trigrams("nna")) <= set(trigrams("anna")), len(trigrams("an"))
    (2, True, 1)
    """
    codes = text.encode() if text.isascii() else [ord(letter) & 1023 for letter in text]
    if len(codes) == 2:
        return [codes[0] << 10 | codes[1]]
    return sorted({a << 20 | b << 10 | c for a, b, c in zip(codes, codes[1:], codes[2:], strict=False)})
