"""/api/templates: what messages say, worked on as a draft, published in versions."""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from onevoice.domains.delivery.contracts.names import TYPED
from onevoice.domains.delivery.contracts.templates import Template, TemplateSource
from onevoice.domains.delivery.http import render
from onevoice.domains.delivery.http import template_shapes as shapes
from onevoice.domains.delivery.http.shapes import AskedView
from onevoice.domains.delivery.http.template_shapes import SourceShape
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.rules import checking
from onevoice.domains.delivery.rules.rendering import Preview
from onevoice.domains.delivery.service import templates, trials, wording
from onevoice.domains.delivery.service.gathering import Channels
from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.errors import UnknownProfileError
from onevoice.domains.profiles.service import reading
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit import cursor as cursors
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, NotAllowedError, SessionNeededError, allow
from onevoice.web.paging import STORABLE, Cursor, Limit, Page, RowId
from onevoice.web.problems import documented

Reads = Annotated[Actor, allow("templates.read")]
Edits = Annotated[Actor, allow("templates.edit")]
Publishes = Annotated[Actor, allow("templates.publish")]
Site = Annotated[str | None, Query(max_length=120, pattern=STORABLE)]
Text = Annotated[str, Query(max_length=64, pattern=STORABLE, description="A part of the name or the purpose.")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
OfVersion = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Left out: the draft.")]

Customer = Annotated[
    str | None, Query(max_length=300, pattern=STORABLE, description="As whom; needs `customers.read`.")
]
_ADDRESS = re.compile(r"[^\s@<>,;:\"()]{1,64}@[^\s@<>,;:\"()]{1,190}\.[^\s@<>,;:\"()]{2,60}")

UNTRIED = documented({404: "No such template, or nobody is known by that.", 429: "Too many tests were sent."})
UNKNOWN = documented({404: "No such template."})
CHANGED = documented({404: "No such template.", 409: "Archived, or somebody else has changed the draft meanwhile."})


def router(
    database: Database,
    vault_key: bytes,
    channels: Channels,
    sources: Sequence[ContextSource],
    *,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    routes = APIRouter(prefix="/api/templates", tags=["templates"])

    @routes.get("")
    def page(
        _: Reads,
        limit: Limit = 50,
        cursor: Cursor = None,
        site: Site = None,
        archived: bool = False,
        text: Text = "",
    ) -> Page[shapes.TemplateLine]:
        """By name."""
        (after,) = cursors.decode(cursor, str) if cursor else ("",)
        if after != after.encode(errors="ignore").decode().replace("\x00", ""):  # no name can hold that
            raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
        with database.transaction() as conn:
            found = templates.page(conn, after=after, limit=limit + 1, site=site, archived=archived, text=text)
        more = cursors.encode(found[limit - 1].name) if len(found) > limit else None
        return Page(data=[shapes.TemplateLine.of(each) for each in found[:limit]], next_cursor=more)

    @routes.post("", status_code=201, responses=documented({404: "No such site.", 409: "The name is taken."}))
    def create(actor: Edits, wanted: shapes.TemplateCreate) -> shapes.TemplateView:
        with database.transaction() as conn:
            made = templates.create(
                conn,
                wanted.site,
                wanted.name,
                wanted.message_class,
                wanted.purpose,
                shapes.source(wanted.draft),
                actor=actor.label,
                clock=clock,
            )
        return shapes.TemplateView.of(made)

    @routes.get("/{template_id}", responses=UNKNOWN)
    def template(_: Reads, template_id: RowId) -> shapes.TemplateView:
        with database.transaction() as conn:
            return shapes.TemplateView.of(templates.template(conn, template_id))

    @routes.put("/{template_id}/draft", responses=CHANGED)
    def put_draft(actor: Edits, template_id: RowId, wanted: shapes.DraftPut) -> shapes.TemplateView:
        """A draft may have problems; it is not sent."""
        with database.transaction() as conn:
            found = templates.put_draft(
                conn,
                template_id,
                shapes.source(wanted.draft),
                revision=wanted.revision,
                actor=actor.label,
                clock=clock,
            )
        return shapes.TemplateView.of(found)

    @routes.put("/{template_id}/archived", responses=UNKNOWN)
    def archive(actor: Edits, template_id: RowId, wanted: shapes.Archiving) -> shapes.TemplateView:
        """Out of sight, or back. Messages that were asked for before are sent all the same."""
        with database.transaction() as conn:
            found = templates.archive(conn, template_id, archived=wanted.archived, actor=actor.label, clock=clock)
        return shapes.TemplateView.of(found)

    @routes.post("/{template_id}/checks", responses=UNKNOWN)
    def check(_: Reads, template_id: RowId, wanted: shapes.CheckAsk) -> shapes.Problems:
        """What keeps it from being published, and what may be meant. Nothing is kept."""
        with database.transaction() as conn:
            draft = shapes.source(wanted.draft) if wanted.draft is not None else None
            return shapes.problems(templates.check(conn, template_id, draft))

    @routes.post("/{template_id}/previews", responses=UNKNOWN)
    def preview(actor: Reads, template_id: RowId, wanted: shapes.PreviewAsk) -> shapes.PreviewView:
        """One variant as a customer would get it now; nothing is sent, nothing is kept."""
        with database.transaction() as conn:
            found = templates.template(conn, template_id)
            node = _customer(conn, actor, wanted.customer, vault_key)
            return shapes.previewed(_preview(conn, found, wanted, node, sources, clock))

    @routes.get("/{template_id}/variables", responses=UNKNOWN)
    def variables(actor: Reads, template_id: RowId, customer: Customer = None) -> shapes.Variables:
        """What the template may speak of, and what that is for a customer. Whoever asks for a message may add to it."""
        with database.transaction() as conn:
            found = templates.template(conn, template_id)
            node = _customer(conn, actor, customer, vault_key)
            context = wording.spoken(conn, found.site, node, sources, {}, clock.now())
        return shapes.variables(checking.variables(context))

    @routes.post("/{template_id}/tests", responses=UNTRIED)
    def try_out(actor: Edits, template_id: RowId, wanted: shapes.TestAsk) -> AskedView:
        """Send a draft to one address, through a real account and marked as a test. It needs messages.send too, and
        customers.read where it goes to somebody who is known, or speaks as to them.
        """
        if actor.kind != "account":
            raise SessionNeededError("Only people try templates out.")
        if "messages.send" not in actor.permissions:
            raise NotAllowedError("To send a test, you need messages.send.")
        with database.transaction() as conn:
            found = templates.template(conn, template_id)
            draft = shapes.source(wanted.draft) if wanted.draft is not None else found.draft
            person, address = _target(conn, actor, wanted, channels, vault_key)
            asked = trials.send(
                conn,
                trials.Wanted(
                    found, draft, wanted.channel, wanted.language, person, address,
                    _customer(conn, actor, wanted.customer, vault_key), wanted.context,
                ),
                channels,
                sources,
                actor=actor.label,
                clock=clock,
                chance=chance,
            )  # fmt: skip
        return render.asked(asked)

    versions_of(routes, database, clock)
    return routes


def versions_of(routes: APIRouter, database: Database, clock: Clock) -> None:
    @routes.get("/{template_id}/versions", responses=UNKNOWN)
    def versions(_: Reads, template_id: RowId, limit: Limit = 50, cursor: Cursor = None) -> Page[shapes.VersionLine]:
        """Newest first."""
        before = cursors.decode_id(cursor, 2**31 - 1)
        with database.transaction() as conn:
            found = templates.versions(conn, template_id, before=before, limit=limit + 1)
        more = cursors.encode(found[limit - 1].version) if len(found) > limit else None
        return Page(data=[shapes.version_line(each) for each in found[:limit]], next_cursor=more)

    @routes.post("/{template_id}/versions", status_code=201, responses=CHANGED)
    def publish(actor: Publishes, template_id: RowId, wanted: shapes.VersionCreate) -> shapes.VersionView:
        """The draft is sent from now on. What was asked for before keeps the version it was asked with."""
        with database.transaction() as conn:
            made = templates.publish(
                conn, template_id, revision=wanted.revision, note=wanted.note, actor=actor.label, clock=clock
            )
        return shapes.version(made)

    @routes.get("/{template_id}/versions/{version}", responses=documented({404: "No such template or version."}))
    def version(_: Reads, template_id: RowId, version: Number) -> shapes.VersionView:
        with database.transaction() as conn:
            return shapes.version(templates.version(conn, template_id, version))

    @routes.get("/{template_id}/changes", responses=documented({404: "No such template or version."}))
    def changes(_: Reads, template_id: RowId, old: OfVersion = None, new: OfVersion = None) -> shapes.Changes:
        """The parts that differ, line by line."""
        with database.transaction() as conn:
            return shapes.changes(templates.diff(conn, template_id, old, new))


def _customer(conn: Connection, actor: Actor, reference: str | None, vault_key: bytes) -> int | None:
    if reference is None:
        return None
    if "customers.read" not in actor.permissions:
        raise NotAllowedError("To see it as a customer would, you need customers.read.")
    return _node(conn, reference, vault_key)


def _target(
    conn: Connection, actor: Actor, wanted: shapes.TestAsk, channels: Channels, vault_key: bytes
) -> tuple[int, str | None]:
    """Whom a test goes to: an identifier, or an e-mail address that nobody is known by.

    Raises: UnknownProfileError for all others.
    """
    kind, _, address = wanted.to.partition(":")
    manifest = channels.get(wanted.channel)
    written = kind == "email" and manifest is not None and manifest.capabilities.address_kind == "email"
    if "customers.read" not in actor.permissions and not written:
        raise NotAllowedError("To send a test to somebody who is known, you need customers.read.")
    try:
        return _node(conn, wanted.to, vault_key), None
    except UnknownProfileError:
        if not written or _ADDRESS.fullmatch(address.strip()) is None:
            raise
        return TYPED, address.strip()


def _node(conn: Connection, reference: str, vault_key: bytes) -> int:
    sources = source_infos(conn)
    found = reading.find(conn, reference, vault_key=vault_key, as_of=AsOf(), sources=sources)
    return found.asked_node


def _preview(
    conn: Connection,
    found: Template,
    wanted: shapes.PreviewAsk,
    node: int | None,
    sources: Sequence[ContextSource],
    clock: Clock,
) -> Preview:
    return wording.previewed(
        conn,
        _source(conn, found, wanted.draft, wanted.version),
        channel=wanted.channel,
        language=wanted.language,
        site=found.site,
        node=node,
        contexts=sources,
        extra=wanted.context,
        at=clock.now(),
        leaves=found.message_class == "marketing",
    )


def _source(conn: Connection, found: Template, draft: SourceShape | None, version: int | None) -> TemplateSource:
    if draft is not None:
        return shapes.source(draft)
    return found.draft if version is None else templates.source(conn, found.id, version)
