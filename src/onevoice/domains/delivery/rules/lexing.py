"""The first look at a template's source: static text and the Liquid between it. `liquid` and `markup` go on from here.

python-liquid's own lexer is not used: on sources made for that its patterns take minutes. See adr/0015.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules.values import Source, Spot

SOURCE_MAX = 200_000
_CODE_MAX = 2_000
_CODES_MAX = 3_000
_SPACES_MAX = 100
_OPENING = re.compile(r"\{[{%]")
_TAG_NAME = re.compile(r"\w+")
_SPACES = re.compile(rf"\s{{{_SPACES_MAX}}}")


@dataclass(frozen=True, slots=True)
class Piece:
    """tokens: as python-liquid's parser takes them, with their places in the source. code: it is Liquid; tag: the name
    of what is between {% and %}.
    """

    tokens: tuple[Token, ...]
    start: int
    raw: str
    code: bool
    tag: str | None = None

    @property
    def source(self) -> Source:
        source = self.tokens[0].source
        return source if isinstance(source, Source) else Source(source, "")

    def cut(self, start: int, end: int) -> "Piece":
        """Of static text."""
        return self.static(self.raw[start:end], self.start + start)

    def escaped(self) -> "Piece":
        return self.static(escape(self.raw), self.start)

    def static(self, text: str, start: int) -> "Piece":
        return Piece((Token(TOKEN_CONTENT, text, start, self.source),), start, text, code=False)


def pieces(source: Source) -> list[Piece]:
    """Raises: TemplateError."""
    if len(source) > SOURCE_MAX:
        raise TemplateError(
            "too_large", f"This has {len(source):,} characters; at most {SOURCE_MAX:,} are taken.", source.part
        )
    found: list[Piece] = []
    depth = codes = 0
    for piece in _split(source):
        codes += piece.code
        if codes > _CODES_MAX:
            raise Spot(source, piece.start).error("too_large", f"At most {_CODES_MAX:,} tags and values are taken.")
        if piece.tag == "comment":
            depth += 1
        elif piece.tag == "endcomment" and depth:
            depth -= 1
        elif not depth:
            found.append(piece)
    if depth:
        raise Spot(source, len(source)).error(
            "syntax", "A comment is never ended: add {% endcomment %}.", "unended", tag="{% endcomment %}"
        )
    return found


def _split(source: Source) -> Iterator[Piece]:
    position, trim = 0, False
    while True:
        opening = _OPENING.search(source, position)
        start = opening.start() if opening else len(source)
        text = source[position:start]
        if trim:
            text = text.lstrip()
        if source.startswith("-", start + 2):
            text = text.rstrip()
        if text:
            yield Piece((Token(TOKEN_CONTENT, text, position, source),), position, text, code=False)
        if opening is None:
            return
        closing = "}}" if opening[0] == "{{" else "%}"
        end = source.find(closing, start + 2)
        if end < 0:
            raise Spot(source, start).error(
                "syntax",
                f"{opening[0]} is never closed: add {closing}.",
                "unclosed",
                opening=opening[0],
                closing=closing,
            )
        body_start = start + 2 + source.startswith("-", start + 2)
        trim = end > body_start and source[end - 1] == "-"
        body = source[body_start : end - trim]
        if len(body) > _CODE_MAX or _SPACES.search(body):
            raise Spot(source, start).error(
                "too_large", f"What stands between {opening[0]} and {closing} is too long: shorten it."
            )
        yield _code(source, start, body_start, body, source[start : end + 2], output=closing == "}}")
        position = end + 2


def _code(source: Source, start: int, body_start: int, body: str, raw: str, *, output: bool) -> Piece:
    lead = len(body) - len(body.lstrip())
    if output:
        if not body.strip():
            raise Spot(source, start).error(
                "syntax", "Nothing stands between {{ and }}: name a variable.", "unnamed", opening="{{", closing="}}"
            )
        expression = Token(TOKEN_EXPRESSION, body.strip(), body_start + lead, source)
        return Piece((Token(TOKEN_OUTPUT, body, start, source), expression), start, raw, code=True)
    name = _TAG_NAME.match(body, lead)
    if name is None:
        raise Spot(source, start).error(
            "syntax", "A tag needs a name: {% if … %}, {% for … %}.", "unnamed", opening="{%", closing="%}"
        )
    tag = Token(TOKEN_TAG, name[0], start, source)
    rest = body[name.end() :]
    if not rest.strip():
        return Piece((tag,), start, raw, code=True, tag=name[0])
    at = body_start + name.end() + len(rest) - len(rest.lstrip())
    return Piece((tag, Token(TOKEN_EXPRESSION, rest.strip(), at, source)), start, raw, code=True, tag=name[0])
