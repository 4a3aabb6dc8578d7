"""Templates: drafts, versions, checks; within the caller's transaction, each change with its line in the audit log."""

import re
from datetime import datetime, timedelta

import msgspec
from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit, sites
from onevoice.domains.delivery.contracts.names import MessageClass
from onevoice.domains.delivery.contracts.templates import PartChange, Problem, Template, TemplateSource, TemplateVersion
from onevoice.domains.delivery.errors import (
    ArchivedTemplateError,
    TemplateChangedError,
    TemplateError,
    TemplateProblemsError,
    TemplateTakenError,
    UnknownTemplateError,
)
from onevoice.domains.delivery.rules import checking
from onevoice.domains.delivery.store import templates as store
from onevoice.kit.clock import Clock

SOURCE_BYTES_MAX = 1_000_000
PAUSE = timedelta(minutes=30)
"""Whoever changes a draft after that long begins anew, as the audit log tells it."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def page(
    conn: Connection,
    *,
    after: str = "",
    limit: int = 50,
    site: str | None = None,
    archived: bool = False,
    text: str = "",
) -> list[Template]:
    """By name. text: a part of the name or of what it is about."""
    return store.page(conn, after=after, limit=limit, site=site, archived=archived, text=text.lower())


def template(conn: Connection, number: int) -> Template:
    """Raises: UnknownTemplateError."""
    found = store.template(conn, number)
    if found is None:
        raise UnknownTemplateError(f"There is no template {number}.")
    return found


def create(
    conn: Connection,
    site: str,
    name: str,
    message_class: MessageClass,
    purpose: str,
    draft: TemplateSource,
    *,
    actor: str,
    clock: Clock,
) -> Template:
    """Raises: UnknownSiteError, TemplateError, TemplateTakenError."""
    sites.site(conn, site)
    if _NAME.fullmatch(name) is None:
        raise TemplateError("bad_value", "A name has small letters, digits, - and _, and at most 64 of them.", "name")
    _fits(draft)
    number = store.insert(conn, site, name, message_class, purpose, draft, by=actor, at=clock.now())
    if number is None:
        raise TemplateTakenError(f"There is a template {name!r} already. Change that one, or take another name.")
    after = {"name": name, "site": site, "class": message_class, "purpose": purpose}
    audit.record(conn, Audit(actor, "template.created", f"template:{number}", None, after), clock=clock)
    return template(conn, number)


def put_draft(
    conn: Connection, number: int, draft: TemplateSource, *, revision: int, actor: str, clock: Clock
) -> Template:
    """A draft may be wrong: it is not sent. revision: of the draft that was changed. Editors keep it every few seconds:
    the audit log hears of it when somebody begins.

    Raises: UnknownTemplateError, ArchivedTemplateError, TemplateChangedError, TemplateError where it is too large.
    """
    was = _locked(conn, number, revision)
    _fits(draft)
    if draft == was.draft:
        return was
    now = clock.now()
    store.put_draft(conn, number, draft, by=actor, at=now)
    if _begins(was, actor, now):
        before, after = {"revision": was.revision}, {"revision": was.revision + 1}
        audit.record(conn, Audit(actor, "template.drafted", f"template:{number}", before, after), clock=clock)
    return template(conn, number)


def _begins(was: Template, actor: str, now: datetime) -> bool:
    """Whether a change is not one more of those that the same person is making already."""
    published = was.published_at is not None and was.published_at >= was.drafted_at
    return was.revision == 1 or published or was.drafted_by != actor or now - was.drafted_at > PAUSE


def publish(
    conn: Connection, number: int, *, revision: int, note: str = "", actor: str, clock: Clock
) -> TemplateVersion:
    """The draft becomes a version, and what is sent from now on. What was asked for before keeps its version.

    Raises: UnknownTemplateError, ArchivedTemplateError, TemplateChangedError, TemplateProblemsError.
    """
    was = _locked(conn, number, revision)
    problems = [each for each in checking.check(was.draft, was.message_class) if each.severity == "error"]
    if problems:
        first = problems[0]
        raise TemplateProblemsError(
            f"{len(problems)} things must be put right before this is published; the first: {first.detail}",
            problems=[msgspec.to_builtins(each) for each in problems[:50]],
        )
    made = TemplateVersion(number, (was.published or 0) + 1, was.draft, note.strip()[:500], clock.now(), actor)
    store.add_version(conn, made)
    old = store.these(conn, [(number, was.published)]) if was.published is not None else []
    changed = (
        [f"{each.channel}/{each.language}/{each.part}" for each in checking.diff(old[0].source, was.draft)]
        if old
        else []
    )
    before = {"version": was.published}
    after = {"version": made.version, "note": made.note, "parts": changed[:50]}
    audit.record(conn, Audit(actor, "template.published", f"template:{number}", before, after), clock=clock)
    return made


def archive(conn: Connection, number: int, *, archived: bool, actor: str, clock: Clock) -> Template:
    """Archived it is out of sight and cannot be changed; messages that were asked for are still sent."""
    was = store.template(conn, number, lock=True)
    if was is None:
        raise UnknownTemplateError(f"There is no template {number}.")
    if (was.archived_at is not None) != archived:
        store.archive(conn, number, clock.now() if archived else None)
        action = "template.archived" if archived else "template.restored"
        audit.record(conn, Audit(actor, action, f"template:{number}", None, {"name": was.name}), clock=clock)
    return template(conn, number)


def versions(conn: Connection, number: int, *, before: int | None = None, limit: int = 50) -> list[TemplateVersion]:
    """Newest first. Raises: UnknownTemplateError."""
    template(conn, number)
    return store.versions(conn, number, before=before, limit=limit)


def version(conn: Connection, number: int, wanted: int) -> TemplateVersion:
    """Raises: UnknownTemplateError."""
    found = store.these(conn, [(number, wanted)])
    if not found:
        raise UnknownTemplateError(f"Template {number} has no version {wanted}.")
    return found[0]


def source(conn: Connection, number: int, wanted: int | None) -> TemplateSource:
    """Of a version; None: the draft. Raises: UnknownTemplateError."""
    return template(conn, number).draft if wanted is None else version(conn, number, wanted).source


def diff(conn: Connection, number: int, old: int | None, new: int | None) -> list[PartChange]:
    """Between two versions; None: the draft. Raises: UnknownTemplateError."""
    return checking.diff(source(conn, number, old), source(conn, number, new))


def check(conn: Connection, number: int, draft: TemplateSource | None = None) -> list[Problem]:
    """Of the kept draft, or of one that is not kept yet. Raises: UnknownTemplateError, TemplateError."""
    found = template(conn, number)
    if draft is not None:
        _fits(draft)
    return checking.check(draft or found.draft, found.message_class)


def _locked(conn: Connection, number: int, revision: int) -> Template:
    found = store.template(conn, number, lock=True)
    if found is None:
        raise UnknownTemplateError(f"There is no template {number}.")
    if found.archived_at is not None:
        raise ArchivedTemplateError(f"Template {found.name!r} is archived. Take it back first.")
    if found.revision != revision:
        raise TemplateChangedError(
            f"{found.drafted_by} has changed the draft meanwhile (revision {found.revision}, not {revision}). Load it"
            " again, then make your change."
        )
    return found


def _fits(draft: TemplateSource) -> None:
    if len(draft.variants) > checking.VARIANTS_MAX:
        raise TemplateError("too_large", f"A template has at most {checking.VARIANTS_MAX} variants.")
    raw = msgspec.json.encode(draft)
    if len(raw) > SOURCE_BYTES_MAX:
        raise TemplateError("too_large", f"All variants together have at most {SOURCE_BYTES_MAX:,} bytes.")
    if b"\\u0000" in raw:
        raise TemplateError("bad_value", "A text holds no zero characters.")
