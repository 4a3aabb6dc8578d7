"""What messages say: templates put together with what is known of each person. The outbox and the preview call it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from onevoice.domains.access.contracts import Site
from onevoice.domains.access.service import sites
from onevoice.domains.delivery.contracts.messages import Ask, Content
from onevoice.domains.delivery.contracts.templates import Fault, TemplateSource, Variant
from onevoice.domains.delivery.errors import TemplateError, UnfillableWordsError
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.rules import checking
from onevoice.domains.delivery.rules.rendering import (
    Compiled,
    Preview,
    chosen,
    compile_variant,
    compile_words,
    preview,
    render,
)
from onevoice.domains.delivery.store import templates as store
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.service.context import finished
from onevoice.kit.bounded import Bounded

COMPILED_MAX = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """One message. context: as it was kept with it, personal values as references into the vault. language: wished by
    whoever asked, before the person's own. rewrite: makes of a link the one that counts clicks. draft: of a test, in
    place of the version.
    """

    message: int
    template: int
    version: int | None
    channel: str
    site: str
    context: Mapping[str, Any]
    language: str | None = None
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    rewrite: Callable[[str], str] | None = None
    draft: TemplateSource | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """reason: for programs, such as `missing_value`. detail: for those who mend the template; it names variables and
    places, never values. fault: the same, to be told in any language.
    """

    reason: str
    detail: str
    fault: Fault


@dataclass(slots=True)
class Worded:
    content: Content
    language: str


@dataclass
class Wordings:
    """Keeps what it compiled: versions never change. Not shared between threads."""

    _compiled: Bounded[tuple[int, int, str, str], Compiled] = field(
        default_factory=lambda: Bounded[tuple[int, int, str, str], Compiled](COMPILED_MAX)
    )
    _sources: Bounded[tuple[int, int], TemplateSource] = field(
        default_factory=lambda: Bounded[tuple[int, int], TemplateSource](COMPILED_MAX)
    )

    def rendered(self, conn: Connection, wanted: Sequence[Wanted]) -> dict[int, Worded | Refused]:
        """By message. Three statements at most, however many there are."""
        self._load(conn, sorted({(each.template, each.version) for each in wanted if each.version is not None}))
        opened = identity.open_values(conn, [dict(each.context) for each in wanted])
        known = {name: _site_values(sites.site(conn, name)) for name in {each.site for each in wanted}}
        found: dict[int, Worded | Refused] = {}
        for each, context in zip(wanted, opened, strict=True):
            try:
                found[each.message] = self._render(each, _whole(context, known[each.site], each))
            except TemplateError as error:
                place = f" ({error.part}, line {error.line})" if error.line is not None else ""
                found[each.message] = Refused(error.reason, f"{error.detail}{place}", _fault(error))
        return found

    def _load(self, conn: Connection, wanted: Sequence[tuple[int, int]]) -> None:
        absent = [key for key in wanted if self._sources[key] is None]
        for version in store.these(conn, absent) if absent else ():
            self._sources[version.template, version.version] = version.source

    def _render(self, wanted: Wanted, context: dict[str, Any]) -> Worded:
        version = wanted.version
        source = self._sources[wanted.template, version] if version is not None else wanted.draft
        if source is None:
            raise TemplateError("unknown_template", f"There is no version {version} of this template.")
        customer, site = context["customer"], context["site"]
        variant = _variant(source, wanted.channel, (wanted.language, customer["language"], site["language"]))
        compiled = compile_variant(variant) if version is None else self._kept(wanted.template, version, variant)
        content = render(compiled, context, time_zone=_zone(context), currency=site["currency"], rewrite=wanted.rewrite)
        return Worded(content, variant.language)

    def _kept(self, template: int, version: int, variant: Variant) -> Compiled:
        key = (template, version, variant.channel, variant.language)
        compiled = self._compiled[key]
        if compiled is None:
            compiled = self._compiled[key] = compile_variant(variant)
        return compiled


def previewed(
    conn: Connection,
    source: TemplateSource,
    *,
    channel: str,
    language: str,
    site: str,
    node: int | None,
    contexts: Sequence[ContextSource],
    extra: Mapping[str, Any],
    at: datetime,
    leaves: bool = True,
) -> Preview:
    """As the person that `node` belongs to would get it now; None: as nobody in particular. Nothing is kept. leaves:
    whether there is something to unsubscribe from.

    Raises: TemplateError; what is missing is listed instead.
    """
    variant = variant_of(source, channel, language)
    context = spoken(conn, site, node, contexts, extra, at)
    if not leaves:
        context["unsubscribe_url"] = None
    currency = context["site"]["currency"]
    return preview(compile_variant(variant), context, time_zone=_zone(context), currency=currency)


def variant_of(source: TemplateSource, channel: str, language: str) -> Variant:
    """Raises: TemplateError."""
    variant = chosen(source, channel, (language,))
    if variant is None or variant.language != language:
        raise TemplateError("no_variant", f"There is no text for {channel} in {language}.")
    return variant


class Seen(NamedTuple):
    """A message as its person would get it. found: text where it cannot be put together: why."""

    found: Preview | Refused
    language: str
    time_zone: str


def seen(
    conn: Connection,
    asked: Ask,
    said: Content | TemplateSource,
    *,
    channel: str,
    contexts: Sequence[ContextSource],
    fill: bool,
    at: datetime,
) -> Seen:
    """By that channel, now; nothing is kept. said: its own words, or the source of its template. fill: words that hold
    variables.
    """
    context = spoken(conn, asked.site, asked.person, contexts, asked.context, at)
    zone, currency = _zone(context), context["site"]["currency"]
    languages = (asked.language, context["customer"]["language"], context["site"]["language"])
    language = next((each for each in languages if each), "en")
    if isinstance(said, Content) and not fill:
        return Seen(Preview(said), language, zone)
    try:
        if isinstance(said, Content):
            compiled = compile_words(said.text, said.subject, language)
        else:
            compiled = compile_variant(_variant(said, channel, languages))
        found = preview(compiled, context, time_zone=zone, currency=currency)
    except TemplateError as error:
        return Seen(Refused(error.reason, error.detail, _fault(error)), language, zone)
    return Seen(found, compiled.language, zone)


class Filled(NamedTuple):
    """Words as one person would read them. missing: what is not known of them, and stands there as its variable."""

    text: str
    language: str
    missing: list[str]


def filled(
    conn: Connection,
    texts: Mapping[str, str],
    *,
    wished: str | None,
    site: str,
    node: int,
    contexts: Sequence[ContextSource],
    at: datetime,
) -> Filled:
    """Words that are kept to be said again, by language: in the person's own, else in the one wished, else the site's.
    Their values are put in; no way out of ours, which belongs to a message that is sent.

    Raises: UnfillableWordsError.
    """
    context = spoken(conn, site, node, contexts, {}, at)
    context["unsubscribe_url"] = context["preferences_url"] = None
    languages = (context["customer"]["language"], wished, context["site"]["language"], *texts)
    short = (each.lower().replace("_", "-").partition("-")[0] for each in languages if each)
    language = next(each for each in short if each in texts)
    try:
        compiled = compile_words(texts[language], None, language)
        found = preview(compiled, context, time_zone=_zone(context), currency=context["site"]["currency"])
    except TemplateError as error:
        raise _unfillable(error) from error
    text, missing = found.content.text, list(dict.fromkeys(each.path for each in found.missing))
    for path in missing:
        text = text.replace(f"[{path}]", f"{{{{ {path} }}}}")
    return Filled(text, language, missing)


def require_fillable(text: str, language: str) -> None:
    """Raises: UnfillableWordsError where it cannot be read, or speaks of what nobody will ever know."""
    try:
        compiled = compile_words(text, None, language)
    except TemplateError as error:
        raise _unfillable(error) from error
    for variable, told in checking.unknown(compiled.paths).items():
        fault = Fault("unknown_variable", {"variable": variable}, "text", None, None)
        raise UnfillableWordsError(told, fault=msgspec.to_builtins(fault))


def _unfillable(error: TemplateError) -> UnfillableWordsError:
    return UnfillableWordsError(error.detail, fault=msgspec.to_builtins(_fault(error)))


def _fault(error: TemplateError) -> Fault:
    return Fault(error.fault, error.values, error.part, error.line, error.column)


def _variant(source: TemplateSource, channel: str, languages: Sequence[str | None]) -> Variant:
    """Raises: TemplateError."""
    variant = chosen(source, channel, languages)
    if variant is None:
        raise TemplateError("no_variant", f"The template has no text for {channel}.")
    return variant


def _zone(context: Mapping[str, Any]) -> str:
    return context["customer"]["time_zone"] or context["site"]["time_zone"] or "UTC"


def spoken(
    conn: Connection,
    site: str,
    node: int | None,
    contexts: Sequence[ContextSource],
    extra: Mapping[str, Any],
    at: datetime,
) -> dict[str, Any]:
    """All that a template may speak of, to the person that `node` belongs to; None: to nobody in particular."""
    known: dict[str, Any] = {}
    if node is not None:
        for each in contexts:
            known[each.name] = dict(each.load(conn, [node], at).get(node, {}))
    opened: dict[str, Any] = identity.open_values(conn, [known])[0]
    wanted = Wanted(0, 0, None, "", site, {}, unsubscribe_url=SAMPLE, preferences_url=SAMPLE)
    return _whole({**opened, **extra}, _site_values(sites.site(conn, site)), wanted)


SAMPLE = "https://example.com/the-readers-own-link"
"""In place of the ways out: whoever looks at a message, or tries one out, must not act as its reader."""


def _whole(context: dict[str, Any], site: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    customer = context.get("customer")
    return {
        **context,
        "customer": finished(customer if isinstance(customer, dict) else {}),
        "site": site,
        "unsubscribe_url": wanted.unsubscribe_url,
        "preferences_url": wanted.preferences_url,
    }


def _site_values(site: Site) -> dict[str, Any]:
    told = site.details
    return {
        "name": site.name,
        "title": told.title,
        "legal_name": told.legal_name,
        "language": told.language,
        "currency": told.currency,
        "time_zone": told.time_zone,
        "domain": told.domains[0] if told.domains else None,
    }
