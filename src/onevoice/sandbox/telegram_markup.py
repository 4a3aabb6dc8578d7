"""Text with entities, read and refused as the Bot API does it. Positions are counted in UTF-16 code units."""

import re
from html import unescape
from typing import Any

_TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s[^<>]*)?)>|&(?:[a-z]+|#[0-9]+|#x[0-9a-fA-F]+);|<", re.ASCII)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*\"([^\"]*)\")?")
_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "a": "text_link",
}  # fmt: skip
_ESCAPES = frozenset({"&lt;", "&gt;", "&amp;", "&quot;"})


class UnparsableError(Exception):
    """As the Bot API describes it."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parsed(text: str, mode: str) -> tuple[str, list[dict[str, Any]]]:
    """What is seen, and the entities in it. Raises: UnparsableError."""
    if not mode:
        return text.strip(), []
    if mode.lower() != "html":
        raise UnparsableError("unsupported parse_mode")
    seen, entities = _html(text)
    return _trimmed(seen, entities)


def _html(text: str) -> tuple[str, list[dict[str, Any]]]:
    seen = ""
    entities: list[dict[str, Any]] = []
    opened: list[tuple[str, dict[str, Any]]] = []
    at = 0
    for token in _TOKEN.finditer(text):
        seen += text[at : token.start()]
        at = token.end()
        offset = len(text[: token.start()].encode())
        if token[0] == "<":
            raise UnparsableError(f'Unsupported start tag "" at byte offset {offset}')
        if token[0].startswith("&"):
            seen += unescape(token[0]) if token[0] in _ESCAPES or token[0].startswith("&#") else token[0]
        elif not token[1]:
            opened.append((token[2].lower(), _entity(token[2].lower(), token[3], units(seen), offset)))
        else:
            if not opened or opened[-1][0] != token[2].lower():
                raise UnparsableError(f'Unexpected end tag "</{token[2]}>" at byte offset {offset}')
            _, entity = opened.pop()
            entity["length"] = units(seen) - entity["offset"]
            if entity["length"]:
                entities.append(entity)
    if opened:
        raise UnparsableError(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return seen + text[at:], sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _entity(tag: str, rest: str, offset: int, byte: int) -> dict[str, Any]:
    attributes = dict(_ATTRIBUTE.findall(rest))
    kind = _KINDS.get(tag)
    if tag == "span" and attributes.get("class") == "tg-spoiler":
        kind = "spoiler"
    if kind is None:
        raise UnparsableError(f'Unsupported start tag "{tag}" at byte offset {byte}')
    entity: dict[str, Any] = {"type": kind, "offset": offset}
    if kind == "text_link":
        entity["url"] = unescape(attributes.get("href", ""))
    elif kind == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    return entity


def _trimmed(seen: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    left = units(seen) - units(seen.lstrip())
    text = seen.strip()
    end = units(text)
    kept: list[dict[str, Any]] = []
    for entity in entities:
        start = max(entity["offset"] - left, 0)
        length = min(entity["offset"] - left + entity["length"], end) - start
        if length > 0:
            kept.append({**entity, "offset": start, "length": length})
    return text, kept
