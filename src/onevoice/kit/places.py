"""Countries, languages, currencies, time zones and host names, as the standards write them.

Countries are those that have a numbering plan (phonenumbers' list); currencies, languages and time zones are those of
the CLDR that Babel brings, so that nothing depends on what the machine has installed.
"""

import re
from functools import cache

import idna
from babel import Locale
from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

MAX_HOST = 253
_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?((?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)")


def country(code: str) -> str | None:
    """Its ISO 3166 alpha-2 code in capitals; None where there is no such country, or nobody has a telephone there.

    >>> country("pl"), country("UK"), country("Poland")
    ('PL', None, None)
    """
    return code.upper() if code.isascii() and code.upper() in SUPPORTED_REGIONS else None


def currency(code: str) -> str | None:
    """Its ISO 4217 code in capitals; None of one that nobody pays with (any more).

    >>> currency("pln"), currency("PLZ"), currency("XXX")
    ('PLN', None, None)
    """
    return code.upper() if code.isascii() and code.upper() in _currencies() else None


def time_zone(name: str) -> str | None:
    """As the IANA database writes it; None where it has none of this name.

    >>> time_zone("europe/warsaw"), time_zone("UTC"), time_zone("CET+1")
    ('Europe/Warsaw', 'UTC', None)
    """
    return _time_zones().get(name.lower())


def language(tag: str) -> str | None:
    """The BCP 47 tag in its usual spelling; None where it is none, or no known language begins it.

    >>> language("PL"), language("pt_br"), language("zh-hant-tw"), language("qq"), language("english")
    ('pl', 'pt-BR', 'zh-Hant-TW', None, None)
    """
    found = _TAG.fullmatch(tag.strip().replace("_", "-").lower()) if tag.isascii() else None
    if found is None or found[1] not in Locale("en").languages:
        return None
    parts = [found[1], (found[2] or "").title(), (found[3] or "").upper()]
    return "-".join(part for part in parts if part) + found[4]


def hostname(text: str) -> str | None:
    """In small letters, names of other alphabets as A-labels; None of what is more, or less, than a host's name.

    >>> hostname("Sklep.Example."), hostname("żółw.example"), hostname("localhost")
    ('sklep.example', 'xn--w-uga1v8h.example', 'localhost')
    >>> hostname("https://sklep.example"), hostname("sklep.example:443"), hostname("*.example"), hostname("127.0.0.1")
    (None, None, None, None)
    """
    try:
        name = idna.encode(text.strip(), uts46=True, std3_rules=True).decode().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        return None
    if name != "localhost" and ("." not in name or name.rpartition(".")[2].isdecimal()):
        return None
    return name if len(name) <= MAX_HOST else None


def countries() -> list[str]:
    """All codes that `country` knows."""
    return sorted(SUPPORTED_REGIONS)


def currencies() -> list[str]:
    """All codes that `currency` knows."""
    return sorted(_currencies())


def time_zones() -> list[str]:
    """All names that `time_zone` knows, without those that only offset a clock."""
    return sorted(
        name for name in _time_zones().values() if not name.startswith(("Etc/", "SystemV/", "US/", "Canada/"))
    )


def languages() -> list[str]:
    """Languages with a code of two letters; `language` knows more, and their kinds."""
    return sorted(code for code in map(str, Locale("en").languages) if len(code) == 2)


@cache
def _currencies() -> frozenset[str]:
    tender = get_global("territory_currencies")
    return frozenset(code for used in tender.values() for code, _, until, legal in used if until is None and legal)


@cache
def _time_zones() -> dict[str, str]:
    names = {*get_global("zone_territories"), *get_global("zone_aliases"), *get_global("zone_aliases").values()}
    return {name.lower(): name for name in {"UTC", *(name for name in names if "/" in name)} - {"Etc/Unknown"}}
