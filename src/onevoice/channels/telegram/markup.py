"""The few tags that Telegram knows, out of any HTML. Whatever is not one of them keeps its text and loses its tag."""

from html import escape
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

MAX_ENTITIES = 100
"""Telegram drops what is beyond that without a word; so do we, but the tags stay in pairs."""
MAX_HREF_CHARS = 2048

_NAMES = {
    "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s",
    "tg-spoiler": "tg-spoiler", "code": "code", "pre": "pre", "blockquote": "blockquote", "a": "a",
}  # fmt: skip
_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "iframe"})
_BLOCKS = frozenset({"p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section"})
_SCHEMES = frozenset({"http", "https", "tg", "mailto", "tel"})


class Marked(NamedTuple):
    html: str
    text: str
    """What is seen, by which limits are counted."""


def units(text: str) -> int:
    """Length as Telegram counts it, in UTF-16 code units.

    >>> units("żółw"), units("🐢")
    (4, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def marked(html: str) -> Marked:
    """HTML that Telegram takes, and the text in it.

    >>> marked('<p>Hi <strong>Anna &amp; <blink>Co</blink></p><script>x()</script>').html
    'Hi <b>Anna &amp; Co</b>'
    >>> marked('<a href="javascript:x">a</a> <a href="https://shop.example/?a=1&b=2">b</a>').html
    'a <a href="https://shop.example/?a=1&amp;b=2">b</a>'
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.done()


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._seen: list[str] = []
        self._open: list[str] = []
        self._silent: list[str] = []
        self._entities = 0
        self._break = False

    def done(self) -> Marked:
        self._close_to(0)
        return Marked("".join(self._pieces).strip(), "".join(self._seen).strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif self._silent:
            return
        elif tag == "br":
            self._text("\n")
        elif tag in _BLOCKS:
            self._break = bool(self._seen)
        else:
            spoiler = tag == "span" and dict(attrs).get("class") == "tg-spoiler"
            name = "tg-spoiler" if spoiler else _NAMES.get(tag)
            if name is not None and self._fits(name):
                self._begin(name, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" or tag in _BLOCKS:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag in _BLOCKS:
            self._break = bool(self._seen)
            return
        name = "tg-spoiler" if tag == "span" else _NAMES.get(tag)
        if name in self._open:
            self._close_to(len(self._open) - 1 - self._open[::-1].index(name))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text(data)

    def _fits(self, name: str) -> bool:
        """Nothing stands within code, nothing within its like, and code stands within nothing."""
        if self._entities >= MAX_ENTITIES or name in self._open:
            return False
        return not ({"code", "pre"} & {*self._open}) and not (name in {"code", "pre"} and self._open)

    def _begin(self, name: str, attributes: dict[str, str | None]) -> None:
        tag = name
        if name == "a":
            href = (attributes.get("href") or "").strip()
            if not _leads_somewhere(href):
                return
            tag = f'a href="{escape(href, quote=True)}"'
        elif name == "blockquote" and "expandable" in attributes:
            tag = "blockquote expandable"
        self._flush_break()
        self._pieces.append(f"<{tag}>")
        self._open.append(name)
        self._entities += 1

    def _close_to(self, depth: int) -> None:
        while len(self._open) > depth:
            self._pieces.append(f"</{self._open.pop()}>")

    def _flush_break(self) -> None:
        if self._break:
            self._break = False
            if not "".join(self._seen[-1:]).endswith("\n"):
                self._pieces.append("\n")
                self._seen.append("\n")

    def _text(self, text: str) -> None:
        if not text:
            return
        self._flush_break()
        self._pieces.append(escape(text, quote=False))
        self._seen.append(text)


def _leads_somewhere(href: str) -> bool:
    try:
        return len(href) <= MAX_HREF_CHARS and urlsplit(href).scheme.lower() in _SCHEMES
    except ValueError:
        return False
