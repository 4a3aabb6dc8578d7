"""Origins of web pages, as browsers name them: scheme, host, and a port that is not the usual one."""

import re
from urllib.parse import urlsplit

ORIGINS_MAX = 50

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_USUAL = {"http": 80, "https": 443}


def read_origins(text: str) -> frozenset[str]:
    r"""One address per line or between commas. Raises: ValueError that says which cannot be used.

    >>> sorted(read_origins("https://shop.example/ \nhttp://127.0.0.1:8700"))
    ['http://127.0.0.1:8700', 'https://shop.example']
    """
    found = frozenset(origin_of(part.strip()) for part in re.split(r"[\n,]", text) if part.strip())
    if len(found) > ORIGINS_MAX:
        raise ValueError(f"There are {len(found)} addresses. {ORIGINS_MAX} are possible.")
    return found


def origin_of(text: str) -> str:
    """Raises: ValueError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text[:100]!r} is no address of a site.") from error
    host = _ascii(parts.hostname or "")
    if parts.scheme not in _USUAL or not host or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{text[:100]!r} is no address of a site. Write it as https://shop.example.")
    if parts.path not in {"", "/"}:
        raise ValueError(f"{text[:100]!r} names a page. Write the site alone, as https://shop.example.")
    host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(host):
        raise ValueError(f"{text[:100]!r} is no address of a site. Write it as https://shop.example.")
    return f"{parts.scheme}://{host}" + ("" if port is None or port == _USUAL[parts.scheme] else f":{port}")


def _ascii(host: str) -> str:
    """As browsers write a name with letters of its own: in Punycode."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return ""
