"""The pages of the demo's shop, as HTML. All that is put into them is escaped here."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from onevoice.sandbox.keeping import About, Goods, Persona, Range
from onevoice.sandbox.shop_words import ABOUT, LANGUAGES, NBSP, WORDS, price

FIRST_LINE = "window.onevoice = window.onevoice || []"
FIRST_LINE_HASH = f"sha256-{base64.b64encode(hashlib.sha256(FIRST_LINE.encode()).digest()).decode()}"
_RANGES = {
    "latin": "U+0000-00FF, U+0131, U+0152-0153, U+02DA, U+02DC, U+2000-206F, U+20AC, U+2122",
    "latin-ext": "U+0100-02BA, U+1E00-1E9F, U+2113, U+2C60-2C7F",
    "cyrillic": "U+0301, U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116",
}
_LETTER = re.compile(r"\b([aiouwzвикосуя]) ", re.IGNORECASE)
_FIRST_SIZE = "38"
_BAG_LINE = "M3 5.5h10l.8 8.5H2.2zM5.5 5.5V4a2.5 2.5 0 0 1 5 0v1.5"
_BAG = f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{_BAG_LINE}"/></svg>'


@dataclass(frozen=True)
class View:
    """Who looks at what. path: below the language."""

    about: About
    sold: Range
    language: str
    visitor: Persona | None
    path: str

    def say(self, name: str, **values: str) -> str:
        """Escaped."""
        return bound(WORDS[self.language][name].format(**values))

    def href(self, path: str = "", language: str | None = None) -> str:
        return escape(f"/{language or self.language}/{path}")

    def name(self, goods: Goods) -> str:
        return escape(goods.names[self.language])

    def category(self, name: str) -> str:
        return escape(self.sold.categories[name][self.language])

    def price(self, goods: Goods) -> str:
        return escape(price(goods.price_minor, self.language))


def bound(text: str) -> str:
    """Escaped, and no line ends with a word of one letter."""
    return escape(_LETTER.sub(rf"\1{NBSP}", text))


def faces(folder: Path) -> str:
    """The family's fonts, as the pocket's page has them; where it is not built the pages stand in the system's own."""
    return "".join(
        f'@font-face{{font-family:"Golos Text";font-weight:400 900;font-display:swap;'
        f"src:url(/fonts/{file.name}) format('woff2');unicode-range:{letters}}}\n"
        for script, letters in _RANGES.items()
        for file in folder.glob(f"golos-text-{script}-wght-normal-*.woff2")
    )


def drawing(goods: Goods) -> str:
    """It says nothing that the name beside it does not: those who do not see it skip it."""
    return f'<svg aria-hidden="true" focusable="false"><use href="/shop.svg#{escape(goods.sku)}"/></svg>'


def listed(view: View, category: str | None) -> str:
    shown = [each for each in view.sold.goods if category in {None, each.category}]
    title = view.say("all") if category is None else view.category(category)
    tiles = "".join(
        f'<li><a class="tile" href="{view.href(f"{each.category}/{each.sku}")}">'
        f'<span class="picture">{drawing(each)}</span><b>{view.name(each)}</b>'
        f'<span class="quiet">{_line(view, each)}</span><span>{view.price(each)}</span></a></li>'
        for each in shown
    )
    body = f'<h1>{title}</h1><p class="lead quiet">{view.say("lead")}</p><ul class="tiles">{tiles}</ul>'
    told = {"list_id": category or "all", "category": view.sold.categories[category][view.language] if category else ""}
    return _page(view, title, body, {"page": "list", "list": told, "shown": [each.sku for each in shown]})


def product(view: View, goods: Goods) -> str:
    first = _FIRST_SIZE if _FIRST_SIZE in goods.sizes and _FIRST_SIZE not in goods.sold_out else None
    sizes = "".join(_size(view, goods, each, first) for each in goods.sizes)
    sold_out = _sold_out(view, goods) if goods.sold_out else ""
    views = "".join(
        f'<button type="button" data-view="{name}" aria-pressed="{"true" if name == "side" else "false"}"'
        f' aria-label="{view.say(f"view_{name}")}"><span class="picture">{drawing(goods)}</span></button>'
        for name in ("side", "other", "near")
    )
    free = view.say("collect", place=view.sold.place)
    body = f"""<div class="product">
<div class="gallery"><div class="picture" id="picture" data-view="side">{drawing(goods)}</div>
<div class="views" role="group" aria-label="{view.say("views")}">{views}</div></div>
<div class="buy">
<p class="crumbs quiet"><a href="{view.href()}">{view.say("all")}</a> / <a href="{view.href(goods.category)}">\
{view.category(goods.category)}</a></p>
<h1>{view.name(goods)}</h1>
<p class="lead quiet">{_line(view, goods)}</p>
<p class="price">{view.price(goods)}</p>
<form id="buy">
<fieldset><legend>{view.say("size")}</legend><div class="sizes">{sizes}</div></fieldset>
{sold_out}
<button class="main" type="submit">{view.say("add")}</button>
</form>
<p id="added" role="status"></p>
<dl><div><dt>{free}</dt><dd>{view.say("collect_when")}</dd></div>
<div><dt>{view.say("delivery")}</dt><dd>{view.say("delivery_price")}</dd></div>
<div><dt>{view.say("return")}</dt><dd>{view.say("return_days")}</dd></div></dl>
</div></div>"""
    return _page(view, view.name(goods), body, {"page": "product", "sku": goods.sku})


def cart(view: View) -> str:
    title = view.say("cart")
    body = f"""<h1>{title}</h1>
<p id="empty" hidden>{view.say("empty")} <a href="{view.href()}">{view.say("look")}</a></p>
<ul id="lines" class="lines" aria-label="{title}"></ul>
<p id="total" class="total" hidden><span>{view.say("total")}</span> <b></b></p>"""
    return _page(view, title, body, {"page": "cart"})


def account(view: View) -> str:
    """The browser remembers the address of whoever sits before it."""
    title = view.say("login")
    known = escape((view.visitor.mailbox or "") if view.visitor else "")
    body = f"""<h1>{title}</h1>
<form id="login" class="narrow"><p class="quiet">{view.say("account_text")}</p>
<label>{view.say("email")}
<input type="email" name="email" required autocomplete="email" maxlength="200" value="{known}"></label>
<button class="main" type="submit">{title}</button></form>
<div id="inside" class="narrow" hidden><p></p>
<button class="main" type="button" id="logout">{view.say("logout")}</button></div>"""
    return _page(view, title, body, {"page": "account"})


def missing(view: View) -> str:
    title = view.say("gone")
    body = f'<h1>{title}</h1><p>{view.say("gone_text")} <a href="{view.href()}">{view.say("look")}</a></p>'
    return _page(view, title, body, {"page": "missing"})


def _line(view: View, goods: Goods) -> str:
    return bound(ABOUT.get(goods.sku, {}).get(view.language, ""))


def _sold_out(view: View, goods: Goods) -> str:
    said = view.say("sold_out", sizes=", ".join(goods.sold_out))
    return f'<p class="quiet">{said} <button type="button" class="link" id="ask">{view.say("ask")}</button></p>'


def _size(view: View, goods: Goods, size: str, first: str | None) -> str:
    gone, said = size in goods.sold_out, escape(size)
    more = " disabled" if gone else " checked" if size == first else ""
    told = f'<s aria-hidden="true">{said}</s><span class="unseen">{said}, {view.say("sold")}</span>' if gone else said
    return f'<label><input type="radio" name="size" value="{said}" required{more}><span>{told}</span></label>'


def _page(view: View, title: str, body: str, told: Mapping[str, Any]) -> str:
    brand = escape(view.about.brand)
    shelves = "".join(_entry(view, name, view.category(name)) for name in view.sold.categories)
    languages = "".join(
        f'<a href="{view.href(view.path, each)}" lang="{each}" hreflang="{each}"'
        f"{_current(each == view.language)}>{each.upper()}</a>"
        for each in LANGUAGES
    )
    return f"""<!doctype html>
<html lang="{view.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · {brand}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/shop.css">
<script type="application/json" id="told">{_inside(_told(view, told))}</script>
<script src="/shop.js"></script>
{_snippet(view)}
</head>
<body>
<a class="skip" href="#content">{view.say("skip")}</a>
<header>
<p class="invented quiet">{view.say("invented")}</p>
<a class="brand" href="{view.href()}">{brand}</a>
<nav class="shelves" aria-label="{view.say("categories")}">{_entry(view, "", view.say("all"))}{shelves}</nav>
<p class="own"><a id="who" href="{view.href("account")}"{_current(view.path == "account")}>{view.say("login")}</a>
<a href="{view.href("cart")}"{_current(view.path == "cart")}>{_BAG}{view.say("cart")}<span id="count"></span></a></p>
</header>
<main id="content" tabindex="-1">{body}</main>
<footer><nav class="languages" aria-label="{view.say("language")}">{languages}</nav>
<p class="quiet">{view.say("demo")} {view.say("counted")}</p></footer>
</body>
</html>
"""


def _entry(view: View, path: str, name: str) -> str:
    return f'<a href="{view.href(path)}"{_current(view.path.partition("/")[0] == path)}>{name}</a>'


def _current(here: bool) -> str:
    return ' aria-current="page"' if here else ""


def _snippet(view: View) -> str:
    """The two lines, as docs/how-to/connect-a-site.md has them; nothing before the demo has made its key.

    Without `data-consent`: in this shop everybody has agreed, and the foot of the page says so.
    """
    about = view.about
    if not about.address or not about.write_key:
        return ""
    return (
        f"<script>{FIRST_LINE}</script>\n"
        f'<script async src="{escape(about.address)}/onevoice.js" data-key="{escape(about.write_key)}" data-chat>'
        "</script>"
    )


def _told(view: View, told: Mapping[str, Any]) -> dict[str, Any]:
    """What the page's script works with."""
    words = WORDS[view.language]
    visitor = view.visitor
    return {
        **told,
        "language": view.language,
        "brand": view.about.brand,
        "currency": view.sold.currency,
        "goods": {
            each.sku: {
                "name": each.names[view.language],
                "category": view.sold.categories[each.category][view.language],
                "path": f"/{view.language}/{each.category}/{each.sku}",
                "price_minor": each.price_minor,
            }
            for each in view.sold.goods
        },
        "words": {name: words[name] for name in ("added", "to_cart", "remove", "login", "hello")},
        "accounts": {visitor.mailbox: [visitor.account, visitor.name]}
        if visitor and visitor.mailbox and visitor.account
        else {},
        "before": visitor.browser if visitor else None,
        "pockets": [f"http://{host}:{view.about.ports['pocket']}" for host in ("127.0.0.1", "localhost")],
    }


def _inside(value: Any) -> str:
    """JSON within a page's script: nothing in it can end the script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
