"""Pure decisions of access: what a login is, what a good password is, when a door is locked, when a session ends."""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import overload

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from pyotp.totp import TOTP

from onevoice.domains.access.contracts import AccountId, KeyScope, SiteDetails
from onevoice.domains.access.errors import InvalidNameError, InvalidSiteError, WeakPasswordError
from onevoice.kit import places
from onevoice.kit.chance import Chance, token

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=30)
# How stale a "last seen" may be: a write per request would make every read a write.
TOUCH_EVERY = timedelta(minutes=1)

RECOVERY_CODES = 10
# Between the password and the code.
TICKET_LIFE = timedelta(minutes=10)

ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_LOGIN = 10
ATTEMPTS_PER_ADDRESS = 50

PASSWORD_MIN = 10
PASSWORD_MAX = 256

KEY_PREFIX: dict[KeyScope, str] = {"write": "ov_write_", "secret": "ov_secret_"}

_LOGIN_MAX = 120
_NAME_MAX = 120
MAX_DOMAINS = 50
_SITE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
# Sites are often called after a language or a country; where the two differ, this is the country.
_COUNTRY_OF_NAME = {"en": "GB", "uk": "GB"}
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# About 60 ms and 46 MiB a verification: OWASP's floor for memory, twice its time.
HASHER = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1, hash_len=32, salt_len=16)

# Stands in for the hash of a login that does not exist. Its digest was drawn, not computed: no password fits it.
NOBODY = "$argon2id$v=19$m=47104,t=2,p=1$b25ldm9pY2Utbm9ib2R5IQ$Zr0yq1eDk8V5mC3sT7uWxY2bN4hJ6gLpQaRfEwKiOdU"


def login_key(login: str) -> str:
    """The form under which logins are compared: however it is typed, it is one person's."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).strip().casefold())


def checked_login(login: str) -> str:
    """Raises: InvalidNameError."""
    trimmed = unicodedata.normalize("NFC", login).strip()
    if not 1 <= len(login_key(trimmed)) <= _LOGIN_MAX or any(char.isspace() for char in trimmed) or _invisible(trimmed):
        raise InvalidNameError(
            f"A login is an e-mail address or a short name: 1 to {_LOGIN_MAX} characters, no spaces."
        )
    return trimmed


def checked_name(name: str, what: str) -> str:
    """Raises: InvalidNameError. `what` names the thing in the message."""
    trimmed = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(trimmed) <= _NAME_MAX or _invisible(trimmed):
        raise InvalidNameError(f"{what} has 1 to {_NAME_MAX} visible characters.")
    return trimmed


def checked_site_name(name: str) -> str:
    """Raises: InvalidSiteError."""
    if not _SITE_NAME.fullmatch(name):
        raise InvalidSiteError(
            f"{name[:80]!r} is no name of a site. It has 1 to 64 small letters, digits and hyphens, such as pl-shop."
        )
    return name


def country_of(site: str) -> str | None:
    """What the name of a site says of its country, where nobody has said more.

    >>> country_of("pl"), country_of("en"), country_of("main")
    ('PL', 'GB', None)
    """
    name = site.lower()
    return places.country(_COUNTRY_OF_NAME.get(name, name)) if len(name) == 2 else None


def checked_details(details: SiteDetails) -> SiteDetails:
    """In the usual spelling. Raises: InvalidNameError, InvalidSiteError."""
    domains = dict.fromkeys(
        _known(
            text,
            places.hostname,
            "no host name. Write it without https://, port, path or *, such as shop.example",
        )
        for text in details.domains
    )
    if len(domains) > MAX_DOMAINS:
        raise InvalidSiteError(f"A site has {MAX_DOMAINS} domains at most; these are {len(domains)}.")
    return SiteDetails(
        title=checked_name(details.title, "A site's title"),
        country=_known(
            details.country, places.country, "no country's code. Take two letters of ISO 3166, such as PL or GB"
        ),
        language=_known(
            details.language, places.language, "no language's tag. Take one of BCP 47, such as pl, en-GB or pt-BR"
        ),
        currency=_known(
            details.currency,
            places.currency,
            "no currency that is in use. Take three letters of ISO 4217, such as PLN or EUR",
        ),
        time_zone=_known(
            details.time_zone,
            places.time_zone,
            "no time zone. Take a name of the IANA database, such as Europe/Warsaw",
        ),
        domains=tuple(domains),
        legal_name=None if details.legal_name is None else checked_name(details.legal_name, "A legal name"),
    )


@overload
def _known(text: str, usual: Callable[[str], str | None], wrong: str) -> str: ...
@overload
def _known(text: str | None, usual: Callable[[str], str | None], wrong: str) -> str | None: ...
def _known(text: str | None, usual: Callable[[str], str | None], wrong: str) -> str | None:
    if text is None:
        return None
    found = usual(text)
    if found is None:
        raise InvalidSiteError(f"{text[:80]!r} is {wrong}.")
    return found


def _invisible(text: str) -> bool:
    return any(unicodedata.category(char) in _INVISIBLE for char in text)


def check_password(password: str, login: str) -> None:
    """Length is what counts; composition rules only make passwords worse. Raises: WeakPasswordError."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise WeakPasswordError(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters. Any will do, spaces too.")
    folded, key = password.casefold(), login_key(login)
    if folded in {key, key.split("@", maxsplit=1)[0] * 2} or len(set(folded)) < 5:
        raise WeakPasswordError("Take a password that is not the login and has at least five different characters.")


def hash_password(password: str, chance: Chance) -> str:
    return HASHER.hash(_password_bytes(password), salt=chance.bytes(16))


def password_fits(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, _password_bytes(password))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(password_hash)


def _password_bytes(password: str) -> bytes:
    # The same letters typed on another keyboard may arrive composed differently.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def buckets(login: str, address: str) -> dict[str, int]:
    """What is counted for one attempt, with each limit. Logins are digested: people type passwords there."""
    digest = hashlib.sha256(login_key(login).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return {f"login:{digest}": ATTEMPTS_PER_LOGIN, f"address:{neighbourhood(address)}": ATTEMPTS_PER_ADDRESS}


def neighbourhood(address: str) -> str:
    """The address whose attempts are counted together: one IPv4 address, or the /64 that one IPv6 customer gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Network((int(parsed), 64), strict=False))
    return str(parsed)


def locked_for(attempts: Sequence[datetime], limit: int, now: datetime) -> timedelta | None:
    """How long a bucket stays shut, or None when it is open. `attempts`: newest first.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> locked_for([noon, noon - timedelta(minutes=5)], 2, noon)
    datetime.timedelta(seconds=600)
    """
    recent = [at for at in attempts if at > now - ATTEMPT_WINDOW]
    return recent[limit - 1] + ATTEMPT_WINDOW - now if len(recent) >= limit else None


def session_lives(last_seen_at: datetime, expires_at: datetime, now: datetime) -> bool:
    return now < expires_at and now < last_seen_at + SESSION_IDLE


def new_totp_secret(chance: Chance) -> str:
    """160 bits, as RFC 4226 asks, in base32."""
    return base64.b32encode(chance.bytes(20)).decode()


def totp_uri(secret: str, login: str) -> str:
    """What the QR code holds, as authenticators read it."""
    return TOTP(secret).provisioning_uri(name=login, issuer_name="Onevoice")


def totp_step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The half minute whose code this is: this one, the one before or the next, since clocks differ; None for none.

    A step up to `after` was used already: whoever looked over the shoulder comes too late.
    """
    digits = "".join(char for char in code if char.isdecimal())
    totp = TOTP(secret)
    current = totp.timecode(now)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()) and step > after:
            return step
    return None


def new_recovery_code(chance: Chance) -> str:
    """80 bits in groups of four, without letters that are taken for digits.

    >>> from onevoice.kit.chance import SeededChance
    >>> len(new_recovery_code(SeededChance(1)))
    19
    """
    text = base64.b32encode(chance.bytes(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def recovery_digest(code: str) -> bytes:
    """However it was typed. It holds 80 bits of chance, so a plain digest is enough."""
    return digest("".join(char for char in code.lower() if char.isalnum()))


def code_bucket(account_id: AccountId) -> str:
    return f"code:{account_id}"


def new_key(scope: KeyScope, chance: Chance) -> str:
    return KEY_PREFIX[scope] + token(chance, 32)


def digest(secret: str) -> bytes:
    """What is stored of a key or a session's token. They hold 256 bits of chance, so a plain digest is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
