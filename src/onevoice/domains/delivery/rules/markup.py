"""HTML and MJML with Liquid in them: what stands where, so that each value is escaped for its place.

Liquid is veiled first: every piece of it becomes a mark, a short word of letters and digits that markup's readers take
for text. A mark whose place in the markup is known becomes the right kind of node afterwards.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Final, Literal

from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules.lexing import Piece
from onevoice.domains.delivery.rules.liquid import program
from onevoice.domains.delivery.rules.sandbox import HOLE, Hole, Rendering, carried
from onevoice.domains.delivery.rules.values import Source, Spot

DEPTH_MAX: Final = 60
"""Of elements in each other: mrml's stack ends with the process beyond some thousands."""
VOID: Final = frozenset({"br", "hr", "img", "meta", "link", "col", "wbr", "input"})
URLS: Final = frozenset({"href", "src", "background", "action", "poster", "background-url"})
OWN_LINKS: Final = frozenset({"unsubscribe_url", "preferences_url"})
"""Links of the message itself: never counted as clicks."""
BLOCKS: Final = frozenset({"if", "unless", "case", "for", "capture"})
BRANCHES: Final = frozenset({"else", "elsif", "when"})
NOWHERE: Final = "This leads nowhere that a message may lead: https://, mailto: or tel: is needed."
_AMPERSAND = re.compile(r"&(?!#?\w{1,31};)")
_BARE = re.compile(r"<(?![a-zA-Z/!?])")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:-]*")
_ATTRIBUTE = re.compile(r"""\s+([A-Za-z_:][-A-Za-z0-9_:.]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")
_END = re.compile(r"\s*(/?)>")
_CONDITION = re.compile(r"<!--\[if ([^\]<>]{1,40})\]>(<!-->)?|(?:<!--)?<!\[endif\]-->")
_STYLE_END = re.compile(r"</style\s*>", re.IGNORECASE)
_SAFE_URL = re.compile(r"(?:https?://[^\s/]|mailto:\S|tel:[+\d]|#)", re.IGNORECASE)
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Attribute:
    """start, end: of the value without its quotes. bare: it has none."""

    name: str
    start: int
    end: int
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of markup. name: of the element, in small letters. condition: of a conditional comment's beginning, empty
    for its end.
    """

    kind: Literal["text", "open", "close", "style", "comment", "condition"]
    start: int
    end: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()
    closed: bool = False
    condition: str | None = None


class MarkupError(ValueError):
    """index: where in the text."""

    def __init__(self, detail: str, index: int) -> None:
        super().__init__(detail)
        self.detail, self.index = detail, index


def scan(text: str) -> Iterator[Item]:
    """In linear time. Raises: MarkupError."""
    position = 0
    while position < len(text):
        start = _next_tag(text, position)
        if start > position:
            yield Item("text", position, start)
        if start >= len(text):
            return
        item = _tag(text, start)
        yield item
        position = item.end
        if item.kind == "open" and item.name == "style" and not item.closed:
            ending = _STYLE_END.search(text, position)
            if ending is None:
                raise MarkupError("<style> is never closed.", start)
            yield Item("style", position, ending.start())
            position = ending.start()


def _next_tag(text: str, position: int) -> int:
    """A < that begins nothing is text."""
    while True:
        start = text.find("<", position)
        if start < 0:
            return len(text)
        after = text[start + 1 : start + 2]
        if after in ("/", "!", "?") or after.isalpha():
            return start
        position = start + 1


def _tag(text: str, start: int) -> Item:
    if text.startswith("<!", start):
        return _declaration(text, start)
    closing = text.startswith("</", start)
    name = _NAME.match(text, start + 1 + closing)
    if name is None:
        raise MarkupError("This is no tag: write &lt; for a < in the text.", start)
    attributes: list[Attribute] = []
    position = name.end()
    while not closing and (found := _ATTRIBUTE.match(text, position)):
        group = 2 if found[2] is not None else 3
        if found[group] is None:
            attributes.append(Attribute(found[1].lower(), found.start(1), found.end(1), bare=True))
        else:
            attributes.append(Attribute(found[1].lower(), found.start(group), found.end(group)))
        position = found.end()
    end = _END.match(text, position)
    if end is None:
        raise MarkupError(
            f'<{name[0]}> cannot be read from here: a tag needs name="value" pairs, and Liquid stands in values only.',
            position,
        )
    if closing:
        return Item("close", start, end.end(), name[0].lower())
    return Item("open", start, end.end(), name[0].lower(), tuple(attributes), closed=bool(end[1]))


def _declaration(text: str, start: int) -> Item:
    condition = _CONDITION.match(text, start)
    if condition is not None:
        return Item("condition", start, condition.end(), condition=condition[1] or "")
    closing = "-->" if text.startswith("<!--", start) else ">"
    end = text.find(closing, start + 4 if closing == "-->" else start)
    if end < 0:
        raise MarkupError("A comment is never closed.", start)
    return Item("comment", start, end + len(closing))


@dataclass(slots=True)
class Veil:
    """The text of a part with marks in place of Liquid, and what the marks stand for."""

    source: Source
    text: str = ""
    _prefix: str = ""
    _marks: list[tuple[Token, ...]] = field(default_factory=list[tuple[Token, ...]])
    _places: list[tuple[int, Source, int]] = field(default_factory=list[tuple[int, Source, int]])

    @classmethod
    def over(cls, found: Sequence[Piece], source: Source) -> "Veil":
        """source: to blame for what cannot be blamed on a piece."""
        veil = cls(source, _prefix=_unused("".join(piece.raw for piece in found)))
        written: list[str] = []
        length = 0
        for piece in found:
            text = veil.mark(piece.tokens) if piece.code else piece.raw
            veil._places.append((length, piece.source, piece.start))
            written.append(text)
            length += len(text)
        veil.text = "".join(written)
        return veil

    def mark(self, tokens: Sequence[Token]) -> str:
        self._marks.append(tuple(tokens))
        return f"{self._prefix}{len(self._marks) - 1}z"

    def still(self, text: str) -> str:
        """A mark for static text that must come through whatever reads the markup."""
        return self.mark((Token(TOKEN_CONTENT, text, 0, self.source),))

    def stilled(self, text: str, as_it_is: re.Pattern[str]) -> str:
        """With static text between marks as marks too, where it is more than `as_it_is`."""
        found: list[str] = []
        position = 0
        for mark in (*self.marks.finditer(text), None):
            static = text[position : mark.start() if mark else len(text)]
            found.append(static if as_it_is.fullmatch(static) else self.still(static))
            if mark:
                found.append(mark[0])
                position = mark.end()
        return "".join(found)

    def hole(self, hole: Hole) -> str:
        return self.mark(carried(hole, self.source))

    @property
    def marks(self) -> re.Pattern[str]:
        return re.compile(rf"{self._prefix}(\d+)z")

    def code(self, mark: re.Match[str]) -> tuple[Token, ...] | None:
        """What a mark stands for; None where that is static."""
        tokens = self._marks[int(mark[1])]
        return None if tokens[0].kind == TOKEN_CONTENT else tokens

    def tokens(self, text: str, *, plain: bool = False) -> list[Token]:
        """Unveiled. plain: static text is HTML and wanted as text."""
        found: list[Token] = []
        position = 0
        for mark in self.marks.finditer(text):
            self._add(found, text[position : mark.start()], plain=plain)
            tokens = self._marks[int(mark[1])]
            if tokens[0].kind == TOKEN_CONTENT:
                self._add(found, tokens[0].value, plain=plain)
            else:
                found += tokens
            position = mark.end()
        self._add(found, text[position:], plain=plain)
        return found

    def _add(self, found: list[Token], text: str, *, plain: bool) -> None:
        if not text:
            return
        text = unescape(text) if plain else text
        if found and found[-1].kind == TOKEN_CONTENT:
            text = found.pop().value + text
        found.append(Token(TOKEN_CONTENT, text, 0, self.source))

    def lost(self, text: str) -> tuple[Token, ...] | None:
        """The first piece of Liquid that is not in `text` any more."""
        there = {int(mark[1]) for mark in self.marks.finditer(text)}
        return next(
            (
                tokens
                for number, tokens in enumerate(self._marks)
                if number not in there and tokens[0].kind != TOKEN_CONTENT and tokens[0].value != HOLE
            ),
            None,
        )

    def error(self, reason: str, detail: str, index: int) -> TemplateError:
        """index: in the veiled text that the source became."""
        at, source, start = next((place for place in reversed(self._places) if place[0] <= index), (0, self.source, 0))
        return Spot(source, start + index - at).error(reason, detail)

    def spot(self, tokens: tuple[Token, ...] | None) -> Spot:
        if tokens and isinstance(tokens[0].source, Source):
            return Spot(tokens[0].source, tokens[0].start_index)
        return Spot(self.source, 0)


class Balance:
    """Whatever a condition or a loop writes must be whole markup: elements opened in it are closed in it."""

    def __init__(self, veil: Veil) -> None:
        self.veil, self.marks = veil, veil.marks
        self.open: list[int] = []

    def take(self, item: Item, text: str, depth: int) -> None:
        """text: of the item. depth: elements open there. Raises: MarkupError."""
        for mark in self.marks.finditer(text):
            tokens = self.veil.code(mark)
            if tokens is None or tokens[0].kind != TOKEN_TAG:
                continue
            name = tokens[0].value
            if name in BLOCKS:
                self.open.append(depth)
            elif name in BRANCHES or name.startswith("end"):
                opened = self.open[-1] if self.open else depth
                if opened != depth:
                    raise MarkupError(
                        "Elements opened inside a condition or a loop must be closed inside it.",
                        item.start + mark.start(),
                    )
                if name.startswith("end") and self.open:
                    self.open.pop()


def _unused(source: str) -> str:
    """Letters that the source does not hold, so that nothing can pass for a mark."""
    number = 0
    while f"ovq{number}x" in source:
        number += 1
    return f"ovq{number}x"


# Attributes


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads, as its author wrote it. tracked: clicks on it may be counted."""

    url: str
    tracked: bool


def attributes(veil: Veil, text: str, links: list[Link]) -> str:
    """`text` with each attribute that holds Liquid, and each link, as a hole. Adds links. Raises: TemplateError."""
    written: list[str] = []
    position = 0
    marks = veil.marks
    for item in scan(text):
        if item.kind == "style" and marks.search(text, item.start, item.end):
            raise _misplaced(veil, text, item, "Liquid cannot stand in a style sheet: style what it is used on.")
        for each in item.attributes:
            value = text[each.start : each.end]
            link = item.name in ("a", "area") and each.name == "href"
            if each.bare or (not link and not marks.search(value)):
                continue
            if each.name.startswith("on") or each.name == "srcdoc":
                raise _misplaced(veil, text, item, f"Liquid cannot stand in {each.name}.")
            if each.name in URLS:
                hole = _address(veil, value, links if link else None)
            else:
                hole = _value(veil, value, style=each.name == "style")
            written += (text[position : each.start], veil.hole(hole))
            position = each.end
    return "".join((*written, text[position:]))


def _misplaced(veil: Veil, text: str, item: Item, detail: str) -> TemplateError:
    mark = veil.marks.search(text, item.start, item.end)
    tokens = veil.code(mark) if mark else None
    return veil.spot(tokens).error("markup", detail)


def _address(veil: Veil, value: str, links: list[Link] | None) -> Hole:
    """links: to add it to, where it is one."""
    mark = next((found for found in veil.marks.finditer(value) if veil.code(found)), None)
    block = program(veil.tokens(value, plain=True), veil.source)
    tracked = links is not None and not block.paths & OWN_LINKS
    if links is not None:
        links.append(Link(_written(veil, value), tracked))
    return Hole(block, block, Url(veil.spot(veil.code(mark) if mark else None), tracked))


def _value(veil: Veil, value: str, *, style: bool) -> Hole:
    html = program(veil.tokens(value), veil.source, mode="style" if style else "html")
    return Hole(html, program(veil.tokens(value, plain=True), veil.source))


def _written(veil: Veil, value: str) -> str:
    """As in the source, Liquid included."""
    parts: list[str] = []
    for token in veil.tokens(value, plain=True):
        if token.kind == TOKEN_CONTENT:
            parts.append(token.value)
        elif token.kind != TOKEN_EXPRESSION:
            closing = "}}" if token.kind == TOKEN_OUTPUT else "%}"
            parts.append(token.source[token.start_index : token.source.find(closing, token.start_index) + 2])
    return "".join(parts)


def entities(text: str) -> str:
    """Bare & and < as HTML writes them; what is written so already stays."""
    return _BARE.sub("&lt;", _AMPERSAND.sub("&amp;", text))


def safe_url(text: str) -> str | None:
    """What may stand in a link or an image: an address of the web, of mail or of a telephone; None of all else."""
    found = _UNPRINTED.sub("", text.strip())
    return found.replace(" ", "%20") if _SAFE_URL.match(found) else None


@dataclass(frozen=True, slots=True)
class Url:
    """Makes of what is written an address that may stand in a message. tracked: clicks on it are counted."""

    spot: Spot
    tracked: bool = False

    def __call__(self, written: str, rendering: Rendering) -> str:
        url = safe_url(written)
        if url is None:
            if rendering.missing is not None and not written.strip():
                return ""
            raise self.spot.error("unsafe_link", NOWHERE)
        if self.tracked and rendering.rewrite is not None and url[:4].lower() == "http":
            url = rendering.rewrite(url)
        return escape(url) if rendering.mode == "html" else url
