"""Blocks to MJML: what a marketer puts together without knowing any."""

import re
from collections.abc import Callable
from typing import Final

from onevoice.domains.delivery.contracts.templates import (
    EmailBlock,
    EmailParts,
    Footer,
    Heading,
    LinkButton,
    Paragraphs,
    Picture,
    Product,
    Products,
)
from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules.lexing import Piece, pieces
from onevoice.domains.delivery.rules.markup import entities
from onevoice.domains.delivery.rules.values import Source

BLOCKS_MAX: Final = 100
_FONT: Final = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_SIZES: Final = {1: "26px", 2: "20px", 3: "16px"}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_LIST = re.compile(r"[A-Za-z_][\w.]{0,100}")
_QUOTE_FREE: Final = {'"': "&quot;", "<": "&lt;", ">": "&gt;"}

_P: Final = '<p style="margin:0 0 12px">'
_WIDEST: Final = 600

WAYS_OUT: Final = {
    "en": ("Unsubscribe", "Choose what you receive"),
    "ru": ("Отписаться", "Настроить рассылки"),
    "pl": ("Zrezygnuj z subskrypcji", "Ustawienia wiadomości"),
}


def mjml(parts: EmailParts, language: str) -> list[Piece]:
    """As `lexing` would give it, each field with its own place. language: of the links in the footer.

    Raises: TemplateError, whose part is the block's field: `blocks[2].url`.
    """
    blocks = parts.blocks or ()
    if len(blocks) > BLOCKS_MAX:
        raise TemplateError("too_large", f"At most {BLOCKS_MAX} blocks are taken.", "blocks")
    if _COLOUR.fullmatch(parts.accent) is None:
        raise TemplateError("bad_value", "A colour is written #1f1f1f.", "accent")
    writer = _Writer(parts.accent, language)
    writer.fixed(
        f'<mjml><mj-head><mj-attributes><mj-all font-family="{_FONT}" />'
        '<mj-text font-size="16px" line-height="24px" color="#1f1f1f" padding="8px 24px" />'
        '<mj-section padding="0" background-color="#ffffff" /></mj-attributes></mj-head>'
        '<mj-body background-color="#f4f4f2">\n'
    )
    for number, block in enumerate(blocks):
        writer.block(block, f"blocks[{number}]")
        writer.fixed("\n")
    writer.fixed("</mj-body></mjml>")
    return writer.pieces


class _Writer:
    def __init__(self, accent: str, language: str) -> None:
        self.accent, self.language = accent, language
        self.pieces: list[Piece] = []

    def fixed(self, text: str) -> None:
        """What no author wrote."""
        self.pieces += pieces(Source(text, "blocks"))

    def field(self, text: str, part: str, ready: Callable[[str], str]) -> None:
        """ready: makes MJML of the static text; Liquid is never touched."""
        for piece in pieces(Source(text, part)):
            if piece.code:
                self.pieces.append(piece)
            else:
                self.pieces.append(piece.static(ready(piece.raw), piece.start))

    def inline(self, text: str, part: str) -> None:
        self.field(text.strip(), part, lambda found: entities(found).replace("\n", "<br />"))

    def value(self, name: str, text: str, part: str) -> None:
        self.fixed(f' {name}="')
        self.field(text.strip(), part, _value)
        self.fixed('"')

    def block(self, block: EmailBlock, part: str) -> None:
        if isinstance(block, Products):
            self.products(block, part)
            return
        self.fixed("<mj-section><mj-column>")
        if isinstance(block, Heading):
            self.heading(block, part)
        elif isinstance(block, Paragraphs):
            self.fixed(f'<mj-text align="{block.align}">{_P}')
            self.field(block.text.strip(), f"{part}.text", _paragraphs)
            self.fixed("</p></mj-text>")
        elif isinstance(block, LinkButton):
            self.button(block, part)
        elif isinstance(block, Picture):
            self.picture(block, part)
        elif isinstance(block, Footer):
            self.footer(block, part)
        else:
            self.fixed('<mj-divider border-width="1px" border-color="#e2e2de" padding="16px 24px" />')
        self.fixed("</mj-column></mj-section>")

    def heading(self, block: Heading, part: str) -> None:
        size, level = _SIZES[block.level], block.level
        self.fixed(
            f'<mj-text font-size="{size}" line-height="1.25" font-weight="700" align="{block.align}"'
            f' padding="16px 24px 8px"><h{level} style="margin:0;font-size:{size};line-height:1.25">'
        )
        self.inline(block.text, f"{part}.text")
        self.fixed(f"</h{level}></mj-text>")

    def button(self, block: LinkButton, part: str) -> None:
        self.fixed(
            f'<mj-button align="{block.align}" background-color="{self.accent}" color="#ffffff" border-radius="3px"'
            ' font-size="16px" padding="12px 24px" inner-padding="12px 20px"'
        )
        self.value("href", block.url, f"{part}.url")
        self.fixed(">")
        self.inline(block.text, f"{part}.text")
        self.fixed("</mj-button>")

    def picture(self, block: Picture, part: str) -> None:
        if block.width is not None and not 1 <= block.width <= _WIDEST:
            raise TemplateError("bad_value", f"A picture is 1 to {_WIDEST} pixels wide.", f"{part}.width")
        self.fixed('<mj-image padding="8px 24px"' + (f' width="{block.width}px"' if block.width else ""))
        self.value("src", block.src, f"{part}.src")
        self.value("alt", block.alt, f"{part}.alt")
        if block.url:
            self.value("href", block.url, f"{part}.url")
        self.fixed(" />")

    def products(self, block: Products, part: str) -> None:
        if not 1 <= len(block.products) <= 3:
            raise TemplateError("bad_value", "A row holds one to three products.", f"{part}.products")
        if block.each:
            if _LIST.fullmatch(block.each) is None or len(block.products) != 1:
                raise TemplateError(
                    "bad_value", "A list is named such as cart.items, and shown by one product.", f"{part}.each"
                )
            self.pieces += pieces(Source(f"{{% for product in {block.each} limit: 20 %}}", f"{part}.each"))
        self.fixed("<mj-section>")
        for number, product in enumerate(block.products):
            self.fixed("<mj-column>")
            self.product(product, f"{part}.products[{number}]")
            self.fixed("</mj-column>")
        self.fixed("</mj-section>" + ("{% endfor %}" if block.each else ""))

    def product(self, product: Product, part: str) -> None:
        if product.image:
            self.fixed('<mj-image padding="8px 24px"')
            self.value("src", product.image, f"{part}.image")
            self.value("alt", product.title, f"{part}.title")
            if product.url:
                # The title below is a link too: the text made of this needs it once.
                self.fixed(' rel="nofollow"')
                self.value("href", product.url, f"{part}.url")
            self.fixed(" />")
        self.fixed('<mj-text font-weight="600" padding="4px 24px">')
        if product.url:
            self.fixed("<a")
            self.value("href", product.url, f"{part}.url")
            self.fixed(f' style="color:{self.accent};text-decoration:none">')
        self.inline(product.title, f"{part}.title")
        self.fixed("</a></mj-text>" if product.url else "</mj-text>")
        if product.price:
            self.fixed('<mj-text padding="0 24px 8px">')
            self.inline(product.price, f"{part}.price")
            self.fixed("</mj-text>")

    def footer(self, block: Footer, part: str) -> None:
        leave, choose = WAYS_OUT.get(self.language.split("-")[0], WAYS_OUT["en"])
        self.fixed('<mj-text font-size="13px" line-height="20px" color="#6b6b66" padding="24px">')
        if block.text:
            self.inline(block.text, f"{part}.text")
            self.fixed("<br />")
        self.fixed(
            "{{ site.legal_name | default: site.title }}<br />"
            "{% if unsubscribe_url %}"
            f'<a href="{{{{ unsubscribe_url }}}}" style="color:#6b6b66">{leave}</a> · '
            "{% endif %}"
            f'<a href="{{{{ preferences_url }}}}" style="color:#6b6b66">{choose}</a></mj-text>'
        )


def _paragraphs(text: str) -> str:
    return _PARAGRAPH.sub(f"</p>{_P}", entities(text)).replace("\n", "<br />")


def _value(text: str) -> str:
    return "".join(_QUOTE_FREE.get(each, each) for each in entities(text))
