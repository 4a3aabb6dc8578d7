"""What must be right before a template is published, and how two versions of it differ."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Literal, cast

import msgspec

from onevoice.domains.delivery.contracts.names import MessageClass
from onevoice.domains.delivery.contracts.templates import (
    EmailParts,
    MessengerParts,
    PartChange,
    Problem,
    TemplateSource,
    Variant,
)
from onevoice.domains.delivery.errors import TemplateError
from onevoice.domains.delivery.rules.rendering import Compiled, compile_variant, preview
from onevoice.kit import places

Line = tuple[Literal["same", "gone", "new"], str]
VARIANTS_MAX: Final = 60
ROOTS: Final[Mapping[str, frozenset[str] | None]] = {
    "customer": frozenset({"name", "first_name", "language", "time_zone", "traits"}),
    "site": frozenset({"name", "title", "legal_name", "language", "currency", "time_zone", "domain"}),
    "unsubscribe_url": None,
    "preferences_url": None,
}
"""What every message may speak of, and what is known of each. Whoever asks for a message may add roots of its own."""
_DIFF_LINES_MAX: Final = 4_000
_VARIABLES_MAX: Final = 200
_PATH_MAX: Final = 120
_EXAMPLE_MAX: Final = 80
_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")


def check(source: TemplateSource, message_class: MessageClass) -> list[Problem]:
    """Errors keep it from being published, warnings do not. In the order of the variants; at the end each variable that
    nobody knows, once.
    """
    found: list[Problem] = []
    if not source.variants:
        found.append(Problem("error", "empty", "There is nothing to send yet: add a channel and a language."))
    if len(source.variants) > VARIANTS_MAX:
        return [Problem("error", "too_large", f"A template has at most {VARIANTS_MAX} variants.")]
    there = {(variant.channel, variant.language) for variant in source.variants}
    for channel in dict.fromkeys(variant.channel for variant in source.variants):
        if (channel, source.default_language) not in there:
            text = f"{channel} has no text in {source.default_language}, the language for everybody without their own."
            found.append(Problem("error", "no_default", text, channel))
    seen: set[tuple[str, str]] = set()
    unknown: dict[str, Problem] = {}
    for variant in source.variants:
        if (variant.channel, variant.language) in seen:
            found.append(_problem(variant, "error", "duplicate", "There are two of this channel and language."))
        seen.add((variant.channel, variant.language))
        for each in _variant(variant, message_class):
            if each.variable is None:
                found.append(each)
            elif each.variable in unknown:
                unknown[each.variable] = replace(unknown[each.variable], more=unknown[each.variable].more + 1)
            else:
                unknown[each.variable] = each
    return [*found, *unknown.values()]


def _variant(variant: Variant, message_class: MessageClass) -> Iterator[Problem]:
    if places.language(variant.language) != variant.language:
        yield _problem(variant, "error", "language", f"There is no language {variant.language!r}: write pl, or pt-BR.")
    if (variant.channel == "email") != isinstance(variant.parts, EmailParts):
        yield _problem(variant, "error", "channel", "These are not the parts that this channel is made of.")
    try:
        compiled = compile_variant(variant)
    except TemplateError as error:
        place = (error.part, error.line, error.column)
        yield Problem("error", error.reason, error.detail, variant.channel, variant.language, *place)
        return
    if message_class != "marketing":
        yield from _nothing_to_leave(variant, compiled)
    elif isinstance(variant.parts, EmailParts):
        yield from _ways_out(variant, compiled)
    yield from _unknown(variant, compiled)


def _ways_out(variant: Variant, compiled: Compiled) -> Iterator[Problem]:
    for name, what in (("unsubscribe_url", "the link to unsubscribe"), ("preferences_url", "the preference centre")):
        if not any(name in link.url for link in compiled.links):
            text = f"A marketing e-mail needs {what}: add the footer, or a link to {{{{ {name} }}}}."
            yield _problem(variant, "error", "no_way_out", text)


def _nothing_to_leave(variant: Variant, compiled: Compiled) -> Iterator[Problem]:
    """Of what a purchase or a conversation needs nobody can unsubscribe. The footer knows that. Any other text that
    speaks of it would stop the message or, where it asks first, leave something out.
    """
    if "unsubscribe_url" not in msgspec.json.encode(variant.parts).decode():
        return
    text = "Only marketing can be unsubscribed from: unsubscribe_url is empty here. "
    try:
        missing = preview(compiled, {"preferences_url": "https://example.com/"}).missing
    except TemplateError:  # it can make nothing of values that are not there, which says nothing of this one
        missing = []
    found = [each for each in missing if each.path == "unsubscribe_url"]
    for each in found:
        what = f"{text}The message would not be sent. Take it out, or link to {{{{ preferences_url }}}}."
        place = (each.part, each.line, each.column)
        yield Problem("error", "no_unsubscribing", what, variant.channel, variant.language, *place)
    if not found:
        what = f"{text}What needs it is left out, or stops the message."
        yield _problem(variant, "warning", "no_unsubscribing", what)


def _unknown(variant: Variant, compiled: Compiled) -> Iterator[Problem]:
    for variable, text in unknown(compiled.paths).items():
        yield replace(_problem(variant, "warning", "unknown_variable", text), variable=variable)


def unknown(paths: Iterable[str]) -> dict[str, str]:
    """Variables of these that not every message may speak of, each with why."""
    told: dict[str, str] = {}
    for path in sorted(paths):
        root, _, rest = path.partition(".")
        name = rest.split(".")[0]
        known = ROOTS.get(root)
        if root not in ROOTS:
            told[root] = f"{root} is known only where the sender supplies it with the message."
        elif known is not None and name and name not in known:
            told[f"{root}.{name}"] = f"{root} has no {name}: it has {', '.join(sorted(known))}."
    return told


def variables(context: Mapping[str, Any]) -> dict[str, str | None]:
    """What a context holds, by path, in a few words each: what its author may write, with examples."""
    found: dict[str, str | None] = {}

    def walk(value: Any, path: str) -> None:
        if len(found) >= _VARIABLES_MAX or len(path) > _PATH_MAX:
            return
        if not isinstance(value, Mapping):
            found[path] = None if value in (None, "") else " ".join(_said(value).split())[:_EXAMPLE_MAX]
            return
        inside = cast("Mapping[str, Any]", value)
        # A person and the site before the ways out; of a person the name before forty traits.
        for name in sorted(inside, key=lambda each: isinstance(inside[each], Mapping) == bool(path)):
            if _WORD.fullmatch(name):
                walk(inside[name], f"{path}.{name}" if path else name)

    walk(context, "")
    return found


def _said(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _problem(variant: Variant, severity: Literal["error", "warning"], reason: str, detail: str) -> Problem:
    return Problem(severity, reason, detail, variant.channel, variant.language)


def diff(old: TemplateSource, new: TemplateSource) -> list[PartChange]:
    """The parts that differ, line by line."""
    before, after = _parts(old), _parts(new)
    return [
        PartChange(*key, _lines(before.get(key, ""), after.get(key, "")))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]


def _parts(source: TemplateSource) -> dict[tuple[str, str, str], str]:
    found = {("", "", "default_language"): source.default_language}
    for variant in source.variants:
        for name, text in _texts(variant).items():
            found[variant.channel, variant.language, name] = text
    return found


def _texts(variant: Variant) -> dict[str, str]:
    parts = variant.parts
    if isinstance(parts, EmailParts):
        blocks = "\n".join(_written(block) for block in parts.blocks or ())
        texts = {"subject": parts.subject, "preheader": parts.preheader, "mjml": parts.mjml or "", "blocks": blocks}
        return {
            name: text for name, text in (texts | {"text": parts.text or "", "accent": parts.accent}).items() if text
        }
    if isinstance(parts, MessengerParts):
        buttons = "\n".join(_written(button) for row in parts.buttons for button in row)
        return {"text": parts.text} | ({"buttons": buttons} if buttons else {})
    return {"text": parts.text}


def _written(block: object) -> str:
    """One field a line, so that a change of one shows as that."""
    fields = msgspec.to_builtins(block)
    return "\n".join(f"{name}: {value}" for name, value in fields.items() if value not in (None, "")) + "\n"


def _lines(old: str, new: str) -> tuple[Line, ...]:
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > _DIFF_LINES_MAX:
        return (*(("gone", line) for line in before), *(("new", line) for line in after))
    found: list[Line] = []
    for name, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if name == "equal":
            found.extend(("same", line) for line in before[a:b])
        else:
            found.extend(("gone", line) for line in before[a:b])
            found.extend(("new", line) for line in after[c:d])
    return tuple(found)
