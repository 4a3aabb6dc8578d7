"""/api/purposes and /api/suppressions: what people are asked, and which addresses are not written to at all."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from onevoice.domains.identity.service import reading as identity
from onevoice.domains.identity.service import references
from onevoice.domains.privacy.contracts import Purpose, PurposeChange, Suppressed, Text
from onevoice.domains.privacy.http import shapes
from onevoice.domains.privacy.http.consents import name_of
from onevoice.domains.privacy.service import purposes, standing, suppressing
from onevoice.domains.profiles.service.sources import regions, source_infos
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import STORABLE, Cursor, Limit, Page, RowId
from onevoice.web.problems import documented

Reads = Annotated[Actor, allow("customers.read")]
EditsPurposes = Annotated[Actor, allow("purposes.edit")]
EditsSuppressions = Annotated[Actor, allow("suppressions.edit")]
Name = Annotated[str, Path(max_length=63, pattern=STORABLE)]


def router(database: Database, vault_key: bytes, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["privacy"])

    @routes.get("/purposes")
    def all_purposes(_: Reads) -> Page[shapes.PurposeView]:
        """What messages are about, as people choose it, in the order in which they see it; retired ones too."""
        with database.transaction() as conn:
            found, texts = standing.purposes(conn), purposes.texts(conn)
        return Page(data=[_purpose(each, texts) for each in found.values()])

    @routes.get("/purposes/{purpose}/texts", responses=documented({404: "No such purpose."}))
    def versions(_: Reads, purpose: Name, limit: Limit = 50, cursor: Cursor = None) -> Page[shapes.PurposeText]:
        """Every text that people were ever asked to agree to, newest first."""
        before = cursors.decode_id(cursor)
        with database.transaction() as conn:
            found = purposes.versions(conn, purpose, before=before, limit=limit + 1)
        more = cursors.encode(found[limit - 1].id) if len(found) > limit else None
        return Page(data=[_text(each) for each in found[:limit]], next_cursor=more)

    @routes.put("/purposes/{purpose}")
    def put(actor: EditsPurposes, purpose: Name, wanted: shapes.PurposeWrite) -> shapes.PurposeView:
        """Change a purpose, or make one. What was agreed to before stays with the text it was agreed to."""
        fields: dict[str, Any] = wanted.model_dump(exclude_unset=True)
        with database.transaction() as conn:
            made = purposes.put(conn, purpose, PurposeChange(**fields), actor=actor.label, clock=clock)
            return _purpose(made, purposes.texts(conn))

    @routes.get("/suppressions")
    def page(
        _: Reads,
        limit: Limit = 50,
        cursor: Cursor = None,
        reference: Annotated[
            str | None, Query(max_length=1200, pattern=STORABLE, description="Of this address, `kind:value`.")
        ] = None,
        lifted: Annotated[bool, Query(description="Those that were lifted too.")] = False,
    ) -> Page[shapes.SuppressionView]:
        """Addresses that nothing is sent to, newest first."""
        before = cursors.decode_id(cursor)
        with database.transaction() as conn:
            nids = None
            if reference:
                nids = [references.locate(conn, reference, vault_key, regions(source_infos(conn)))[0]]
            found = suppressing.page(conn, nids=nids, lifted=lifted, before=before, limit=limit + 1)
            data = _suppressions(conn, found[:limit])
        return Page(data=data, next_cursor=cursors.encode(found[limit - 1].id) if len(found) > limit else None)

    @routes.post(
        "/suppressions",
        status_code=201,
        responses=documented({404: "Nobody is known by it.", 409: "Several people are."}),
    )
    def add(actor: EditsSuppressions, wanted: shapes.SuppressionCreate) -> shapes.SuppressionView:
        """From now on nothing is sent to this address, whatever its holder allows. Twice is once."""
        with database.transaction() as conn:
            nid, _ = references.locate(conn, wanted.address, vault_key, regions(source_infos(conn)))
            suppressing.suppress(conn, nid, "manual", source=actor.label, clock=clock, actor=actor.label)
            found = suppressing.page(conn, nids=[nid], limit=10)
            return _suppressions(conn, [each for each in found if each.reason == "manual"])[0]

    @routes.post("/suppressions/{suppression_id}/lift", responses=documented({404: "None of this number stands."}))
    def lift(actor: EditsSuppressions, suppression_id: RowId, wanted: shapes.SuppressionLift) -> shapes.SuppressionView:
        """The address may be written to again, if its holder allows it."""
        with database.transaction() as conn:
            done = suppressing.lift(conn, suppression_id, actor=actor.label, because=wanted.reason, clock=clock)
            return _suppressions(conn, [done])[0]

    return routes


def _purpose(purpose: Purpose, texts: Mapping[tuple[str, str], Text]) -> shapes.PurposeView:
    return shapes.PurposeView(
        name=purpose.name,
        message_class=purpose.message_class,
        titles=dict(purpose.titles),
        descriptions=dict(purpose.descriptions),
        double_opt_in=purpose.double_opt_in,
        position=purpose.position,
        retired_at=purpose.retired_at,
        texts=[_text(text) for (name, _), text in texts.items() if name == purpose.name],
    )


def _text(text: Text) -> shapes.PurposeText:
    return shapes.PurposeText(
        id=str(text.id),
        language=text.language,
        version=text.version,
        text=text.body,
        made_at=text.made_at,
        made_by=text.made_by,
    )


def _suppressions(conn: Connection, found: list[Suppressed]) -> list[shapes.SuppressionView]:
    nids = sorted({each.nid for each in found})
    members = identity.members_by_nid(conn, nids)
    nodes = identity.identifiers_by_nid(conn, nids)
    return [
        shapes.SuppressionView(
            id=str(each.id),
            address=name_of(members[each.nid]),
            profile_id=str(nodes[each.nid].pid),
            reason=each.reason,
            source=each.source,
            since=each.since,
            lifted_at=each.lifted_at,
            lifted_by=each.lifted_by,
            lifted_because=each.lifted_because,
        )
        for each in found
    ]
