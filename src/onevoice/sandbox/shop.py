"""The demo's shop: a few pages about boots, in three languages, that hold the public snippet as any shop's would.

Served on loopback, under `127.0.0.1` as anybody sees it, and under a name of each persona's own, as `anna.localhost`:
another name is another origin, so each persona has a browser of their own. Such names lead to this machine without an
entry anywhere (RFC 6761), through a forwarded port too, and on systems that know no second loopback address. And they
are not the name of the console, so its cookies never come here.
"""

import re
from collections.abc import Callable
from pathlib import Path

from onevoice.sandbox import shop_page
from onevoice.sandbox.keeping import About, Goods, Persona, Range
from onevoice.sandbox.serving import Reply, Request
from onevoice.sandbox.shop_words import LANGUAGES

HERE = Path(__file__).parent
FONTS = HERE.parent / "static" / "pocket" / "assets"
_FONT = re.compile(r"/fonts/(golos-text-[a-z]+(?:-ext)?-wght-normal-[A-Za-z0-9_-]+\.woff2)")
_PLAIN = {"x-content-type-options": "nosniff", "referrer-policy": "strict-origin-when-cross-origin"}
_DEFAULT = "pl"


def address_of(about: About, key: str) -> str | None:
    """Where a persona sees the shop; None where there is none."""
    return f"http://{key}.localhost:{about.ports['shop']}" if "shop" in about.ports else None


class Shop:
    """files: what does not change while it runs."""

    def __init__(self, about: Callable[[], About]) -> None:
        self._about = about
        self._files = {
            "/shop.css": ("text/css", (shop_page.faces(FONTS) + (HERE / "shop.css").read_text()).encode()),
            "/shop.js": ("text/javascript", (HERE / "shop.js").read_bytes()),
            "/shop.svg": ("image/svg+xml", (HERE / "shop.svg").read_bytes()),
        }

    def answer(self, request: Request) -> Reply:
        host = request.headers.get("host", "").partition(":")[0]
        about = self._about()
        if about.range is None or not _ours(host):
            return Reply(404)  # a name of somebody else's that leads here
        if request.method not in {"GET", "HEAD"}:
            return Reply(405, headers={"allow": "GET, HEAD"})
        found = self._file(request.path)
        if found is None:
            found = self._page(request, about, about.range, _visitor(about, host))
        return found if request.method == "GET" else Reply(found.status, b"", found.headers)

    def _file(self, path: str) -> Reply | None:
        if path in self._files:
            kind, body = self._files[path]
            return Reply(200, body, {**_PLAIN, "content-type": f"{kind}; charset=utf-8", "cache-control": "no-cache"})
        font = _FONT.fullmatch(path)
        if font is None or not (FONTS / font[1]).is_file():
            return None
        kept = {"content-type": "font/woff2", "cache-control": "max-age=31536000, immutable"}
        return Reply(200, (FONTS / font[1]).read_bytes(), {**_PLAIN, **kept})

    def _page(self, request: Request, about: About, sold: Range, visitor: Persona | None) -> Reply:
        if request.path == "/":
            language = visitor.language if visitor else preferred(request.headers.get("accept-language", ""))
            return Reply(302, headers={**_PLAIN, "location": f"/{language}/", "cache-control": "no-store"})
        language, *parts = request.path.removeprefix("/").split("/")
        if language not in LANGUAGES:
            return self._html(404, shop_page.missing(shop_page.View(about, sold, _DEFAULT, visitor, "")), about)
        rest = "/".join(parts)
        view = shop_page.View(about, sold, language, visitor, rest)
        body = self._body(view, sold, rest)
        return self._html(404 if body is None else 200, body or shop_page.missing(view), about)

    @staticmethod
    def _body(view: "shop_page.View", sold: Range, rest: str) -> str | None:
        if rest in {"", *sold.categories}:
            return shop_page.listed(view, rest or None)
        if rest in {"cart", "account"}:
            return shop_page.cart(view) if rest == "cart" else shop_page.account(view)
        goods = next((each for each in sold.goods if rest == path_of(each)), None)
        return None if goods is None else shop_page.product(view, goods)

    @staticmethod
    def _html(status: int, body: str, about: About) -> Reply:
        headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
        return Reply(status, body.encode(), {**_PLAIN, **headers, "content-security-policy": policy(about)})


def path_of(goods: Goods) -> str:
    return f"{goods.category}/{goods.sku}"


def policy(about: About) -> str:
    """What a careful shop allows: itself, Onevoice, and here the pocket as the only one who may show it in a frame."""
    served = about.address
    pages = f" {served}" if served else ""
    live = f" {served.replace('http', 'ws', 1)}" if served else ""
    return (
        f"default-src 'none'; script-src 'self' '{shop_page.FIRST_LINE_HASH}'{pages}; style-src 'self';"
        f" font-src 'self'; img-src 'self' data:; connect-src 'self'{pages}{live}; base-uri 'none'; form-action 'self';"
        f" frame-ancestors {' '.join(pockets(about))}"
    )


def pockets(about: About) -> list[str]:
    """The origins under which the pocket is looked at."""
    return [f"http://{host}:{about.ports['pocket']}" for host in ("127.0.0.1", "localhost")]


def preferred(accepted: str) -> str:
    """The first language that a browser asks for and the shop has.

    >>> preferred("de-DE,ru;q=0.8,en;q=0.7")
    'ru'
    """
    wanted = (part.partition(";")[0].strip()[:2].lower() for part in accepted.split(","))
    return next((each for each in wanted if each in LANGUAGES), _DEFAULT)


def _ours(host: str) -> bool:
    return host in {"127.0.0.1", "localhost"} or host.endswith(".localhost")


def _visitor(about: About, host: str) -> Persona | None:
    key = host.removesuffix(".localhost")
    return next((each for each in about.people if each.key == key), None)
