"""A template's source to what renders it, once for a version; and that to a message's content, for each message.

Called by the outbox, the preview and the check before publishing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from liquid.token import Token

from onevoice.domains.delivery.contracts.messages import Button, Content
from onevoice.domains.delivery.contracts.templates import (
    ButtonParts,
    EmailParts,
    MessengerParts,
    TemplateSource,
    Variant,
)
from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules import blocks, markup, mjml, plain
from onevoice.domains.delivery.rules.lexing import Piece, pieces
from onevoice.domains.delivery.rules.liquid import program
from onevoice.domains.delivery.rules.markup import Balance, Link, MarkupError, Veil
from onevoice.domains.delivery.rules.sandbox import Hole, Program, Rendering
from onevoice.domains.delivery.rules.values import Reader, Source, Spot

SUBJECT_MAX: Final = 255
BUTTON_TEXT_MAX: Final = 64
BUTTON_DATA_MAX: Final = 64
MESSENGER_TAGS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys("b strong i em u ins s strike del code pre blockquote tg-spoiler".split(), frozenset()),
    "a": frozenset({"href"}),
    "span": frozenset({"class"}),
}
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Compiled:
    """One variant, ready."""

    channel: str
    language: str
    text: Program
    html: Program | None = None
    subject: Program | None = None
    buttons: tuple[tuple["CompiledButton", ...], ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """What it speaks of, such as `customer.name`."""
        parts = [self.subject, self.html, self.text]
        for button in (button for row in self.buttons for button in row):
            parts += [button.text, button.data, button.url.html if button.url else None]
        return frozenset(path for part in parts if part is not None for path in part.paths)


@dataclass(frozen=True, slots=True)
class CompiledButton:
    text: Program
    url: Hole | None
    data: Program | None
    spot: Spot


@dataclass(frozen=True, slots=True)
class Missed:
    """A value that was not there, and where it was wanted."""

    path: str
    part: str
    line: int
    column: int


@dataclass(slots=True)
class Preview:
    content: Content
    missing: list[Missed] = field(default_factory=list[Missed])


def compile_variant(variant: Variant) -> Compiled:
    """Raises: TemplateError with the part and the place in it."""
    parts = variant.parts
    if isinstance(parts, EmailParts):
        return _email(variant.channel, variant.language, parts)
    if isinstance(parts, MessengerParts):
        return _messenger(variant.channel, variant.language, parts)
    return Compiled(variant.channel, variant.language, _text(Source(parts.text, "text")))


def compile_words(text: str, subject: str | None, language: str) -> Compiled:
    """Of what somebody typed, for any channel. Raises: TemplateError with the part and the place in it."""
    head = None if subject is None else _text(Source(subject, "subject"))
    return Compiled("", language, _text(Source(text, "text")), subject=head)


def chosen(source: TemplateSource, channel: str, languages: Iterable[str | None]) -> Variant | None:
    """languages: the person's first, then the site's; the template's own comes last. `pt-BR` is content with `pt`."""
    there = {variant.language.lower(): variant for variant in source.variants if variant.channel == channel}
    for wanted in (*languages, source.default_language):
        if not wanted:
            continue
        tag = wanted.lower()
        while tag:
            if tag in there:
                return there[tag]
            tag = tag.rpartition("-")[0]
    return None


def render(
    compiled: Compiled,
    context: Mapping[str, Any],
    *,
    time_zone: str = "UTC",
    currency: str | None = None,
    rewrite: Callable[[str], str] | None = None,
) -> Content:
    """context: plain values only. time_zone: the person's. currency: of amounts that name none. rewrite: makes of each
    link that may be counted the one that counts.

    Raises: TemplateError; its reason is `missing_value` where the context does not hold what the text needs.
    """
    return _rendered(compiled, Rendering(context, Reader(compiled.language, time_zone, currency), rewrite))


def preview(
    compiled: Compiled, context: Mapping[str, Any], *, time_zone: str = "UTC", currency: str | None = None
) -> Preview:
    """As `render`, but what is missing is listed, and named where it would stand. Raises: TemplateError of all else."""
    missing: list[tuple[Spot, str]] = []
    content = _rendered(compiled, Rendering(context, Reader(compiled.language, time_zone, currency), missing=missing))
    found: dict[Missed, None] = {}
    for spot, path in missing:
        place = spot.error("missing_value", path)
        found[Missed(path, place.part, place.line or 1, place.column or 1)] = None
    return Preview(content, list(found))


def _rendered(compiled: Compiled, state: Rendering) -> Content:
    subject = None
    if compiled.subject is not None:
        subject = _line(_run(compiled.subject, state), SUBJECT_MAX)
    html = _run(compiled.html, state) if compiled.html is not None else None
    text = _run(compiled.text, state)
    state.whole = True  # the name of a missing value would make a button too long
    buttons = tuple(tuple(_button(each, state) for each in row) for row in compiled.buttons)
    return Content(plain.tidy(text), html, subject, buttons)


def _run(part: Program | Hole, state: Rendering) -> str:
    """Parts know nothing of each other: each begins without variables of its own."""
    state.locals.clear()
    return part.render(state)


def _line(text: str, most: int) -> str:
    return _BLANKS.sub(" ", text).strip()[:most]


def _button(button: CompiledButton, state: Rendering) -> Button:
    text = _line(_run(button.text, state), BUTTON_TEXT_MAX)
    if button.url is not None:
        return Button(text, url=_run(button.url, state))
    data = _run(button.data, state) if button.data is not None else text
    if len(data.encode()) > BUTTON_DATA_MAX:
        raise button.spot.error("too_large", f"A button sends back at most {BUTTON_DATA_MAX} bytes.")
    return Button(text, data=data)


# Channels


def _email(channel: str, language: str, parts: EmailParts) -> Compiled:
    if "\n" in parts.subject or "\r" in parts.subject:
        index = parts.subject.replace("\r", "\n").index("\n")
        raise Spot(Source(parts.subject, "subject"), index).error("markup", "A subject is one line.")
    if not parts.subject.strip():
        raise TemplateError("empty", "A subject is needed.", "subject")
    if (parts.blocks is None) == (parts.mjml is None):
        raise TemplateError("empty", "An e-mail is made of blocks, or of MJML: one of the two is needed.", "blocks")
    subject = _text(Source(parts.subject, "subject"))
    source = Source(parts.mjml or "", "blocks" if parts.mjml is None else "mjml")
    found = blocks.mjml(parts, language) if parts.mjml is None else pieces(source)
    _check(found, source)
    veil = Veil.over(_with_preheader(found, parts.preheader), source)
    links: list[Link] = []
    html = _filled(veil, mjml.to_html(veil, language), links)
    body = program(veil.tokens(html), source, mode="html")
    if parts.text is None:
        text = program(veil.tokens(plain.plain(html), plain=True), source)
    else:
        text = _text(Source(parts.text, "text"))
    return Compiled(channel, language, text, body, subject, links=tuple(links))


def _with_preheader(found: Sequence[Piece], preheader: str) -> list[Piece]:
    """The line that a mailbox shows beside the subject, as MJML's own element."""
    if not preheader.strip():
        return list(found)
    line = pieces(Source(preheader, "preheader"))
    _check(line, Source(preheader, "preheader"))
    for number, piece in enumerate(found):
        for opening, before, after in (
            ("<mj-head>", "<mj-head><mj-preview>", "</mj-preview>"),
            ("<mj-body", "<mj-head><mj-preview>", "</mj-preview></mj-head><mj-body"),
        ):
            at = -1 if piece.code else piece.raw.find(opening)
            if at >= 0:
                end = at + len(opening)
                return [
                    *found[:number],
                    piece.cut(0, at),
                    *pieces(Source(before, "preheader")),
                    *(each if each.code else each.escaped() for each in line),
                    *pieces(Source(after, "preheader")),
                    piece.cut(end, len(piece.raw)),
                    *found[number + 1 :],
                ]
    return list(found)


def _messenger(channel: str, language: str, parts: MessengerParts) -> Compiled:
    source = Source(parts.text, "text")
    if not parts.text.strip():
        raise TemplateError("empty", "A text is needed.", "text")
    found = pieces(source)
    _check(found, source)
    veil = Veil.over(found, source)
    links: list[Link] = []
    try:
        html = _filled(veil, _messenger_markup(veil), links)
    except MarkupError as error:
        raise veil.error("markup", error.detail, error.index) from error
    body = program(veil.tokens(html), source, mode="html")
    text = program(veil.tokens(plain.plain(html, lines=True), plain=True), source)
    buttons = tuple(
        tuple(_compiled_button(button, f"buttons[{y}][{x}]", links) for x, button in enumerate(row))
        for y, row in enumerate(parts.buttons)
    )
    return Compiled(channel, language, text, body, None, buttons, tuple(links))


def _compiled_button(button: ButtonParts, part: str, links: list[Link]) -> CompiledButton:
    if not button.text.strip():
        raise TemplateError("empty", "A button needs a text.", f"{part}.text")
    if (button.url is None) == (button.data is None):
        raise TemplateError("empty", "A button opens an address or sends something back: one of the two.", part)
    text = _text(Source(button.text, f"{part}.text"))
    spot = Spot(Source(button.url or button.data or "", f"{part}.{'url' if button.data is None else 'data'}"), 0)
    where = _text(spot.source)
    if button.url is None:
        return CompiledButton(text, None, where, spot)
    if where.static is not None and markup.safe_url(where.static) is None:
        raise spot.error("unsafe_link", markup.NOWHERE)
    tracked = not where.paths & markup.OWN_LINKS
    links.append(Link(button.url, tracked))
    return CompiledButton(text, Hole(where, where, markup.Url(spot, tracked)), None, spot)


def _messenger_markup(veil: Veil) -> str:
    """The text with bare & and < as HTML writes them. Raises: MarkupError."""
    text = veil.text
    written: list[str] = []
    stack: list[tuple[str, int]] = []
    balance = Balance(veil)
    for item in markup.scan(text):
        raw = text[item.start : item.end]
        if item.kind == "text":
            balance.take(item, raw, len(stack))
            written.append(markup.entities(raw))
            continue
        known = MESSENGER_TAGS.get(item.name)
        if item.kind not in ("open", "close") or known is None or item.closed:
            tags = ", ".join(f"<{name}>" for name in sorted(MESSENGER_TAGS))
            raise MarkupError(f"Messengers do not know this; they know {tags}.", item.start)
        for each in item.attributes:
            value = text[each.start : each.end]
            if each.bare or each.name not in known or (each.name == "class" and value != "tg-spoiler"):
                raise MarkupError(f"<{item.name}> takes no such {each.name}.", each.start)
            if each.name == "href" and not veil.marks.search(value) and markup.safe_url(value) is None:
                raise MarkupError(markup.NOWHERE, each.start)
        if item.kind == "open":
            if len(stack) >= markup.DEPTH_MAX:
                raise MarkupError("This is nested too deep.", item.start)
            stack.append((item.name, item.start))
        elif not stack or stack.pop()[0] != item.name:
            raise MarkupError(f"</{item.name}> closes nothing here.", item.start)
        written.append(raw)
    if stack:
        raise MarkupError(f"<{stack[-1][0]}> is never closed.", stack[-1][1])
    return "".join(written)


# Parts


def _text(source: Source) -> Program:
    return program(_tokens(pieces(source)), source)


def _tokens(found: Iterable[Piece]) -> list[Token]:
    return [token for piece in found for token in piece.tokens]


def _check(found: Sequence[Piece], source: Source) -> None:
    """As its author wrote it, so that a fault is named where it is."""
    program(_tokens(found), source)


def _filled(veil: Veil, html: str, links: list[Link]) -> str:
    try:
        return markup.attributes(veil, html, links)
    except MarkupError as error:
        raise TemplateError("markup", error.detail, veil.source.part) from error
