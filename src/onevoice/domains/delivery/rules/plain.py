"""The text of an HTML document, for those who read without HTML: links as `text (address)`."""

import re
from typing import Final

from onevoice.domains.delivery.rules.markup import Item, scan

_BLOCKS: Final = frozenset(
    "p div table tr ul ol h1 h2 h3 h4 h5 h6 blockquote pre center section header footer hr".split()
)
_PARAGRAPHS: Final = frozenset("p ul ol h1 h2 h3 h4 h5 h6 blockquote pre".split())
_UNSEEN: Final = frozenset({"head", "title", "style", "script"})
_SPACE = re.compile(r"[ \t\r\n\f]+")
_AROUND_BREAK = re.compile(r" *\n *")
_BREAKS = re.compile(r"\n{3,}")


def plain(html: str, *, lines: bool = False) -> str:
    """Entities stay as they are. lines: line breaks of the source are meant, as messengers take them."""
    return _Writer(html, lines=lines).written()


def tidy(text: str) -> str:
    r"""What is left of conditions and loops that wrote nothing is taken away.

    >>> tidy("a \n\n\n b")
    'a\n\nb'
    """
    return _BREAKS.sub("\n\n", _AROUND_BREAK.sub("\n", text)).strip()


class _Writer:
    def __init__(self, html: str, *, lines: bool) -> None:
        self.html, self.lines = html, lines
        self.parts: list[str] = []
        self.hidden: str | None = None
        self.depth = 0
        self.links: list[tuple[str, int, str]] = []
        self.outlook = False
        self.worded = False

    def written(self) -> str:
        for item in scan(self.html):
            if item.kind == "condition":
                self.outlook = bool(item.condition) and "!mso" not in (item.condition or "")
            elif not self.outlook:
                self.take(item)
        return tidy("".join(self.parts))

    def take(self, item: Item) -> None:
        if item.kind == "open":
            if self.hidden is None:
                self.opened(item)
            elif item.name == self.hidden and not item.closed:
                self.depth += 1
        elif item.kind == "close":
            if self.hidden is None:
                self.closed(item.name)
            elif item.name == self.hidden:
                self.depth -= 1
                self.hidden = self.hidden if self.depth else None
        elif item.kind == "text" and self.hidden is None:
            text = self.html[item.start : item.end]
            self.worded = self.worded or bool(text.strip())
            self.parts.append(text if self.lines else _SPACE.sub(" ", text))

    def attribute(self, item: Item, name: str) -> str:
        return next((self.html[each.start : each.end] for each in item.attributes if each.name == name), "")

    def opened(self, item: Item) -> None:
        unseen = item.name in _UNSEEN or "display:none" in self.attribute(item, "style").replace(" ", "")
        if unseen and not item.closed:
            self.hidden, self.depth = item.name, 1
        elif item.name == "br":
            self.parts.append("\n")
        elif item.name == "li":
            self.parts.append("\n- ")
        elif item.name == "img":
            self.parts.append(self.attribute(item, "alt"))
        elif item.name == "a":
            self.links.append((self.attribute(item, "href"), len(self.parts), self.attribute(item, "rel")))
            self.worded = False
        elif item.name in ("td", "th"):
            self.parts.append(" ")
        elif item.name in _BLOCKS:
            self.parts.append("\n")

    def closed(self, name: str) -> None:
        if name == "a" and self.links:
            url, since, rel = self.links.pop()
            if rel == "nofollow" and not self.worded:  # a picture beside the link that says the same
                del self.parts[since:]
                return
            text = _SPACE.sub(" ", "".join(self.parts[since:])).strip()
            if url and url != text:
                self.parts.append(f" ({url})" if text else url)
        elif name in _BLOCKS:
            self.parts.append("\n\n" if name in _PARAGRAPHS else "\n")
