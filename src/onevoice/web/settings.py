"""What the web needs to know about where it stands."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class WebSettings:
    """Read once, at the start.

    public_url: the address people type, such as `https://hello.example`. Its scheme decides whether cookies are
    marked Secure and HSTS is sent; state-changing requests must come from its origin; browser libraries are told to
    send there. Default: none, for a machine that is reached directly, where the request's own Host is used.
    trusted_proxies: addresses of balancers whose `X-Forwarded-For`, `-Proto` and `-Host` are believed. Default: none,
    because anybody can send those headers, and the limit of login attempts counts addresses.
    """

    public_url: str | None = None
    trusted_proxies: frozenset[str] = frozenset()

    @property
    def tls(self) -> bool:
        return self.public_url is not None and urlsplit(self.public_url).scheme == "https"

    @property
    def origin(self) -> str | None:
        """As browsers write it: lower case, no path, no port that goes without saying."""
        if self.public_url is None:
            return None
        parts = urlsplit(self.public_url)
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        port = "" if parts.port in {None, usual} else f":{parts.port}"
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}{port}"

    @property
    def base(self) -> str | None:
        """The origin, with the path that the proxy serves us below where there is one. No slash at its end."""
        if self.public_url is None:
            return None
        return f"{self.origin}{urlsplit(self.public_url).path.rstrip('/')}"
