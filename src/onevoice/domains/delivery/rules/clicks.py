"""Who follows a link: a person, or a machine that looks before them. And how a link tells a shop where it came from.

Machines are told by what they say of themselves, by how they ask, and by what no person does. Whoever is taken for one
is led on all the same; only nothing is said of the customer.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

TOO_SOON = timedelta(seconds=2)
"""After it was sent: a mail gateway, not a person who found it, read it and decided."""
TOO_MANY = timedelta(seconds=2)
"""Between two different links of one message."""

_MACHINES = re.compile(
    r"bot\b|crawl|spider|preview|scan|barracuda|proofpoint|mimecast|symantec|trendmicro|sophos|cloudmark|ironport"
    r"|curl|wget|python|java/|go-http|okhttp|libwww|headless|phantom|facebookexternalhit|whatsapp|slack|skypeuri"
    r"|google-safety|bingpreview|outlook-?links|microsoft office",
    re.IGNORECASE,
)
_PROXIES = re.compile(r"googleimageproxy|yahoomailproxy|mail\.ru proxy|yandex.*mail|^mozilla/5\.0$", re.IGNORECASE)
_PREFETCH = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def machine(
    method: str,
    headers: Mapping[str, str],
    *,
    at: datetime,
    sent_at: datetime | None,
    other_click_at: datetime | None,
) -> str | None:
    """Why a click is no person's, or None. headers: by lower-case names. other_click_at: of another link of the same
    message, the last.
    """
    if method != "GET":
        return "method"
    if any(
        "prefetch" in headers.get(name, "").lower() or "preview" in headers.get(name, "").lower() for name in _PREFETCH
    ):
        return "prefetch"
    agent = headers.get("user-agent", "")
    if not agent or _MACHINES.search(agent):
        return "agent"
    if sent_at is not None and at - sent_at < TOO_SOON:
        return "too_soon"
    if other_click_at is not None and at - other_click_at < TOO_MANY:
        return "too_many"
    return None


def proxy(headers: Mapping[str, str]) -> str | None:
    """Why a picture that was fetched says nothing of a person who read: mail providers fetch all of them beforehand."""
    agent = headers.get("user-agent", "")
    if not agent:
        return "agent"
    if _PROXIES.search(agent):
        return "privacy_proxy"
    return "agent" if _MACHINES.search(agent) else None


def tagged(url: str, *, source: str, medium: str, campaign: str, domains: Sequence[str]) -> str:
    """With where it came from, on pages of our own; what the address says already stays, and so do others' addresses.

    >>> tagged("https://n.example/boots?a=1#top", source="n", medium="email", campaign="news", domains=["n.example"])
    'https://n.example/boots?a=1&utm_source=n&utm_medium=email&utm_campaign=news#top'
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        known = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)}
    except ValueError:
        return url
    if not is_own(host, domains):
        return url
    wanted = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign}
    more = "&".join(f"{name}={quote(value, safe='')}" for name, value in wanted.items() if name not in known)
    query = "&".join(part for part in (parts.query, more) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def is_own(host: str, domains: Sequence[str]) -> bool:
    """Whether a host is one of ours, or below one.

    >>> is_own("shop.n.example", ["n.example"]), is_own("evil-n.example", ["n.example"])
    (True, False)
    """
    return any(host == each or host.endswith(f".{each}") for each in domains)
