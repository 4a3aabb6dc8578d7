"""MJML to HTML by mrml, once for a version, with the Liquid left in place as marks."""

import re
from typing import Final

import mrml

from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules.markup import (
    DEPTH_MAX,
    NOWHERE,
    URLS,
    VOID,
    Attribute,
    Balance,
    Item,
    MarkupError,
    Veil,
    safe_url,
    scan,
)

HTML_MAX: Final = 500_000
INLINE: Final = frozenset(
    "a b strong i em u s small sub sup span br font code p div"
    " h1 h2 h3 h4 ul ol li blockquote img hr center pre".split()
)
TABLE: Final = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "colgroup"})
_BODY = "mj-section mj-wrapper mj-hero"
# Not those that show icons from others' servers: mj-social, mj-accordion, mj-carousel, mj-navbar.
_CONTENT = "mj-text mj-button mj-image mj-divider mj-spacer mj-table"
_CHILDREN: Final[dict[str, frozenset[str]]] = {
    name: frozenset(children.split())
    for name, children in {
        "": "mjml",
        "mjml": "mj-head mj-body",
        "mj-head": "mj-attributes mj-breakpoint mj-preview mj-style mj-title",
        "mj-attributes": f"mj-all mj-class mj-body mj-column mj-group {_BODY} {_CONTENT}",
        "mj-body": _BODY,
        "mj-wrapper": "mj-section mj-hero",
        "mj-section": "mj-column mj-group",
        "mj-group": "mj-column",
        "mj-column": _CONTENT,
        "mj-hero": _CONTENT,
    }.items()
}
_LIQUID_BETWEEN: Final = frozenset({"mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"})
_ASCII = re.compile(r"[\x00-\x7f]*")
_AS_IT_IS = re.compile(r"[A-Za-z0-9 #%.,:;/?=_()@+*-]*")


def to_html(veil: Veil, language: str) -> str:
    """Raises: TemplateError with the place in the source."""
    try:
        ready = _Reader(veil, language).read()
    except MarkupError as error:
        raise veil.error("markup", error.detail, error.index) from error
    # Its defaults load fonts from others' servers; the panics it is known for are no Exceptions.
    options = mrml.RenderOptions(disable_comments=True, fonts={})
    try:
        html = mrml.to_html(ready, render_options=options).content
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise TemplateError("markup", "This MJML cannot be read.", veil.source.part) from error
    if len(html) > HTML_MAX:
        raise TemplateError("too_large", f"The e-mail has more than {HTML_MAX:,} characters.", veil.source.part)
    lost = veil.lost(html)
    if lost is not None:
        raise veil.spot(lost).error("markup", "No variable can stand here: write a value.")
    return html


class _Reader:
    """Checks the source and makes what mrml reads safely: letters beyond ASCII veiled, no comments, void elements
    closed, Liquid kept between elements where MJML allows no text, values in letters that mrml leaves alone.
    """

    def __init__(self, veil: Veil, language: str) -> None:
        self.veil, self.text, self.language = veil, veil.text, language
        self.stack: list[tuple[str, int]] = []
        self.written: list[str] = []
        self.marks = veil.marks
        self.balance = Balance(veil)

    def read(self) -> str:
        for item in scan(self.text):
            if item.kind == "text":
                self.content(item)
            elif item.kind == "open":
                self.opened(item)
            elif item.kind == "close":
                self.closed(item)
            elif item.kind == "condition" or not self.text.startswith("<!--", item.start):
                raise MarkupError("Neither conditional comments nor declarations are taken.", item.start)
        if self.stack:
            name, start = self.stack[-1]
            raise MarkupError(f"<{name}> is never closed.", start)
        if not self.written:
            raise MarkupError("There is nothing here: begin with <mjml>.", 0)
        return "".join(self.written)

    @property
    def parent(self) -> str:
        return self.stack[-1][0] if self.stack else ""

    def content(self, item: Item) -> None:
        text = self.text[item.start : item.end]
        if self.parent == "mj-style" and self.marks.search(text):
            raise MarkupError("Liquid cannot stand in a style sheet: style what it is used on.", item.start)
        if self.parent in _CHILDREN:
            self.balance.take(item, text, len(self.stack))
            bare = self.marks.sub("", text)
            if bare.strip():
                raise MarkupError("Text cannot stand here: put it into <mj-text>.", item.start + _lead(text))
            for mark in self.marks.finditer(text):
                tokens = self.veil.code(mark)
                if self.parent not in _LIQUID_BETWEEN or tokens is None or tokens[0].kind != "tag":
                    raise MarkupError("Liquid cannot stand here: put it into <mj-text>.", item.start + mark.start())
                self.written.append(f"<mj-raw>{mark[0]}</mj-raw>")
            return
        self.balance.take(item, text, len(self.stack))
        self.written.append(self.veil.stilled(text, _ASCII))

    def opened(self, item: Item) -> None:
        name, parent = item.name, self.parent
        if parent in _CHILDREN:
            if name not in _CHILDREN[parent]:
                known = ", ".join(f"<{child}>" for child in sorted(_CHILDREN[parent]))
                raise MarkupError(f"<{name}> cannot stand here; {known} can.", item.start)
        elif name not in INLINE and name not in TABLE:
            raise MarkupError(f"<{name}> cannot stand in an e-mail's text.", item.start)
        if len(self.stack) >= DEPTH_MAX:
            raise MarkupError("This is nested too deep.", item.start)
        self.written.append(f"<{name}")
        if name == "mjml" and not any(each.name == "lang" for each in item.attributes):
            self.written.append(f' lang="{self.language}"')
        for each in item.attributes:
            self.attribute(each)
        empty = item.closed or name in VOID
        self.written.append(" />" if empty else ">")
        if not empty:
            self.stack.append((name, item.start))

    def attribute(self, each: Attribute) -> None:
        value = self.text[each.start : each.end]
        if each.bare or self.marks.search(each.name):
            raise MarkupError('An attribute is written name="value", and Liquid stands in the value only.', each.start)
        if each.name.startswith("on") or each.name in ("srcdoc", "path"):
            raise MarkupError(f"{each.name} is not taken.", each.start)
        if each.name in URLS and value.strip() and not self.marks.search(value) and safe_url(value) is None:
            raise MarkupError(NOWHERE, each.start)
        if "<" in value:
            raise MarkupError("A value cannot hold <: write &lt;.", each.start)
        # mrml writes some values as Rust shows them in a log: letters beyond ASCII would come out as their numbers.
        self.written.append(f' {each.name}="{self.veil.stilled(value, _AS_IT_IS)}"')

    def closed(self, item: Item) -> None:
        if item.name in VOID:
            return
        if self.parent != item.name:
            if any(name == item.name for name, _ in self.stack):
                raise MarkupError(f"<{self.parent}> is never closed.", self.stack[-1][1])
            raise MarkupError(
                f"</{item.name}> closes nothing here" + (f": <{self.parent}> is open." if self.stack else "."),
                item.start,
            )
        self.stack.pop()
        self.written.append(f"</{item.name}>")


def _lead(text: str) -> int:
    return len(text) - len(text.lstrip())
