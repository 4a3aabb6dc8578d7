"""HTML that others sent, made harmless to show, and read as text."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3

HTML_MAX = 1_000_000
DEPTH_MAX = 200
_BREAKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr", "pre"}
_SILENT = {"script", "style", "head", "title", "template", "noscript"}
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "*": {"dir"}}
_IMAGE = re.compile(r"<(?:img|image|input|video|audio|source|picture|embed|object|iframe)\b[^>]{0,2000}", re.IGNORECASE)
_REMOTE = re.compile(r"""(?:src|srcset|data|poster|background)\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)
_STYLED = re.compile(r"""url\(\s*["']?\s*(?:https?:)?//|\bbackground\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)


_TAG = re.compile(r"<(/?)([a-z][a-z0-9]{0,20})", re.IGNORECASE)
_ENDED_BY_OTHERS = {
    "p", "li", "td", "th", "tr", "dt", "dd", "tbody", "thead", "tfoot", "colgroup", "option", "html", "head", "body",
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
}  # fmt: skip
_LINK = re.compile(r"(https?://|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """remote: how many pictures or other things from elsewhere were taken out. cut: whether its end was left out."""

    html: str
    remote: int
    cut: bool


def cleaned(whole: str) -> Cleaned:
    document = _shallow(whole[:HTML_MAX])
    remote = sum(bool(_REMOTE.search(found[0])) for found in _IMAGE.finditer(document)) + len(_STYLED.findall(document))
    shown = nh3.clean(
        document,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        clean_content_tags=_SILENT,
        strip_comments=True,
        attribute_filter=_kept,
    )
    return Cleaned(shown.strip(), remote, len(document) < len(whole))


def _kept(_tag: str, name: str, value: str) -> str | None:
    """No link without a scheme: here it would lead into the console."""
    return None if name == "href" and not _LINK.match(value.strip()) else value


def _shallow(document: str) -> str:
    """Up to where too many elements stand open: the parser's time grows with the square of its depth."""
    opened: dict[str, int] = {}
    depth = 0
    for found in _TAG.finditer(document):
        name = found[2].lower()
        if name in _ENDED_BY_OTHERS:
            continue
        if not found[1]:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
        elif opened.get(name):
            opened[name] -= 1
            depth -= 1
        if depth > DEPTH_MAX:
            return document[: found.start()]
    return document


def as_text(shown: str) -> str:
    """Lines of what `cleaned` gave, as they are seen; what stands in quotations begins with `> `."""
    reader = _Reader()
    reader.feed(shown)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its base class' own
        if tag == "blockquote":
            self._break()
            self._depth = min(self._depth + 1, 20)
        elif tag in _BREAKS:
            self._break(tag == "p")
        elif tag in {"td", "th"} and self._line:
            self._line += " "

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote":
            self._break()
            self._depth = max(0, self._depth - 1)
        elif tag in _BREAKS - {"br", "hr"}:
            self._break(tag == "p")

    def handle_data(self, data: str) -> None:
        self._line += re.sub(r"[ \t\r\n\f]+", " ", data)

    def _break(self, gap: bool = False) -> None:
        line = self._line.strip(" ")
        self._line = ""
        if line:
            self._lines.append("> " * self._depth + line)
        if (gap or not line) and self._lines and self._lines[-1].strip("> "):
            self._lines.append(("> " * self._depth).rstrip())

    def text(self) -> str:
        self._break()
        return "\n".join(self._lines).strip("\n")
