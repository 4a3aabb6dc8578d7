"""/api/messages: asking for a message, looking at messages and silences, and why each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BeforeValidator

from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.contracts.messages import Ask, Button, Content
from onevoice.domains.delivery.contracts.names import STATES, MessageId, State
from onevoice.domains.delivery.contracts.templates import Fault
from onevoice.domains.delivery.errors import InvalidMessageError, UnfillableWordsError, UnknownChannelError
from onevoice.domains.delivery.http import render, shapes
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.rules import facts as fact_rules
from onevoice.domains.delivery.rules import flips
from onevoice.domains.delivery.service import accounts, asking, reading, templates, why, wording
from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.privacy.service import standing as privacy
from onevoice.domains.profiles.service import reading as profiles
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit import cursor as cursors
from onevoice.kit.chance import Chance, token
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import STORABLE, Cursor, Limit, Page, RowId
from onevoice.web.problems import documented

Reader = Annotated[Actor, allow("messages.read")]
Sender = Annotated[Actor, allow("messages.send")]


def _written(value: Any) -> Any:
    """A bare number is no moment, whatever it could be counted from."""
    if isinstance(value, str) and not re.match(r"\d{4}-", value):
        raise ValueError("Write it as 2026-11-27T19:00:00Z.")
    return value


Day = Annotated[datetime | None, BeforeValidator(_written), Query()]

_NOBODY = {404: "Nobody is known by this identifier.", 409: "A phone number without a country belongs to several."}
_NO_MESSAGE = {404: "There is no such message."}
_EDITABLE = {field.name for field in msgspec.structs.fields(fact_rules.Facts)} - {"candidates"}
_EDITABLE_OF_CANDIDATE = {field.name for field in msgspec.structs.fields(fact_rules.Candidate)} - {"channel"}


def router(
    database: Database,
    vault_key: bytes,
    channels: Mapping[str, Manifest],
    sources: Sequence[ContextSource],
    *,
    clock: Clock,
    chance: Chance,
) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["messages"])

    def person(conn: Connection, reference: str) -> int:
        found = profiles.find(conn, reference, vault_key=vault_key, as_of=AsOf(), sources=source_infos(conn))
        return found.asked_node

    def wanted(conn: Connection, actor: Actor, body: shapes.MessageAsk) -> Ask:
        purpose = privacy.purposes(conn).get(body.purpose)
        if purpose is None or purpose.retired_at is not None:
            raise InvalidMessageError(f"There is no purpose {body.purpose!r}. `GET /api/purposes` lists them.")
        if body.message_class == "transactional" and purpose.message_class != "transactional":
            raise InvalidMessageError(
                f"{body.purpose} is marketing. What is transactional is asked for with a purpose that is."
            )
        used = _used(conn, body)
        return Ask(
            key=f"api:{actor.label}:{body.key}"[:200] if body.key else f"api:{token(chance, 12)}",
            person=person(conn, body.to),
            site=body.site,
            message_class=body.message_class,
            purpose=body.purpose,
            asked_by=actor.label,
            words=None if body.words is None else _words(body.words),
            template=used.number,
            version=used.version,
            context={} if body.template is None else dict(body.template.variables),
            language=body.language,
            channels=tuple(body.channels),
            priority=body.priority,
            due_at=_aware(body.due_at),
        )

    def filled(conn: Connection, actor: Actor, body: shapes.MessageAsk) -> Ask:
        """With the person's values in the words."""
        asked = wanted(conn, actor, body)
        if asked.words is None or body.words is None or not body.words.fill:
            return asked
        found = wording.seen(conn, asked, asked.words, channel="", contexts=sources, fill=True, at=clock.now()).found
        if isinstance(found, wording.Refused):
            raise UnfillableWordsError(found.detail, fault=render.fault(found.fault).model_dump())
        if found.missing:
            missing = ", ".join(each.path for each in found.missing)
            first = found.missing[0]
            fault = Fault("missing_value", {"variables": missing}, first.part, first.line, first.column)
            raise UnfillableWordsError(
                f"Of this person it is not known: {missing}. Write it without.", fault=render.fault(fault).model_dump()
            )
        return replace(asked, words=replace(asked.words, text=found.content.text, subject=found.content.subject))

    @routes.post("/messages", responses=documented(_NOBODY))
    def ask_for_message(actor: Sender, body: shapes.MessageAsk) -> shapes.AskedView:
        """Ask for a message. It is judged at once, and again before it goes; a silence is kept with its reason."""
        with database.transaction() as conn:
            found = asking.ask(conn, [filled(conn, actor, body)], channels, sources, clock=clock)
        return render.asked(found[0])

    @routes.post("/message-considerations", responses=documented(_NOBODY))
    def consider_message(actor: Sender, body: shapes.MessageAsk) -> shapes.DecisionView:
        """What would come of a message, and why. Nothing is kept and nothing is sent."""
        with database.transaction() as conn:
            asked = filled(conn, actor, body)
            found = asking.consider(conn, asked, channels, at=max(asked.due_at or clock.now(), clock.now()))
            names = render.account_names(accounts.accounts(conn))
        turns = why.turns_of(found.policy, found.facts, found.decision)
        turn = flips.turns(found.policy, found.facts, found.decision)
        return render.decision(found.policy_version, found.facts, found.decision, turns, turn, names)

    @routes.post("/message-previews", responses=documented(_NOBODY))
    def preview_message(actor: Sender, body: shapes.MessagePreviewAsk) -> shapes.MessagePreviewView:
        """What the person would get by a channel. What is not known of them is named. Nothing is kept or sent."""
        if body.channel not in channels:
            raise UnknownChannelError(
                f"There is no channel {body.channel!r}; there are: {', '.join(sorted(channels))}."
            )
        with database.transaction() as conn:
            asked = wanted(conn, actor, body)
            if asked.words is not None:
                said = asked.words
            elif asked.template is not None:
                said = templates.source(conn, asked.template, asked.version)
            else:
                raise InvalidMessageError("A message has words or a template, one of the two.")
            fill = body.words is not None and body.words.fill
            found = wording.seen(conn, asked, said, channel=body.channel, contexts=sources, fill=fill, at=clock.now())
        return render.preview_of(body.channel, found, channels[body.channel].capabilities.text_max)

    @routes.get("/messages", responses=documented(_NOBODY))
    def list_messages(
        _: Reader,
        limit: Limit = 50,
        cursor: Cursor = None,
        to: Annotated[str | None, Query(max_length=1200, pattern=STORABLE, description="`kind:value`")] = None,
        state: Annotated[str | None, Query(max_length=200, description="States, with commas between.")] = None,
        channel: Annotated[str | None, Query(max_length=60, pattern=STORABLE)] = None,
        purpose: Annotated[str | None, Query(max_length=60, pattern=STORABLE)] = None,
        message_class: Annotated[shapes.AnyClass | None, Query(alias="class")] = None,
        rule: Annotated[
            str | None, Query(max_length=60, pattern=STORABLE, description="Which gate stood against it.")
        ] = None,
        since: Day = None,
        until: Day = None,
    ) -> Page[shapes.MessageView]:
        """Every message and every silence, newest first."""
        query = reading.Query(
            states=_states(state),
            channel=channel,
            purpose=purpose,
            message_class=message_class,
            rule=rule,
            since=_aware(since),
            until=_aware(until),
            before=cursors.decode_id(cursor),
            limit=limit + 1,
        )
        with database.transaction() as conn:
            found = reading.page(conn, query, None if to is None else person(conn, to))
        return Page(
            data=[_view(each) for each in found[:limit]],
            next_cursor=cursors.encode(found[limit - 1].message.id) if len(found) > limit else None,
        )

    @routes.get("/message-costs")
    def costs_of_month(
        _: Reader,
        month: Annotated[str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Such as 2026-11.")] = None,
    ) -> shapes.Costs:
        """What was sent in a month, and what it cost, by channel and account. Money is in minor units."""
        now = clock.now()
        year, number = (int(part) for part in month.split("-")) if month else (now.year, now.month)
        since = datetime(max(year, 1), number, 1, tzinfo=UTC)
        until = (since + timedelta(days=32)).replace(day=1) if year < 9999 else since
        with database.transaction() as conn:
            names = render.account_names(accounts.accounts(conn))
            found = reading.costs(conn, since, until)
        return shapes.Costs(
            month=f"{since:%Y-%m}",
            data=[
                shapes.CostView(
                    channel=each.channel,
                    account_id=None if each.account_id is None else str(each.account_id),
                    account=None if each.account_id is None else names.get(each.account_id, f"#{each.account_id}"),
                    currency=each.currency,
                    sent=each.sent,
                    silences=each.silences,
                    minor=each.minor,
                )
                for each in found
            ],
        )

    @routes.get("/messages/{message_id}", responses=documented(_NO_MESSAGE))
    def get_message(_: Reader, message_id: RowId) -> shapes.MessageDetail:
        """With what was said, and what its provider answered."""
        with database.transaction() as conn:
            found, attempts = reading.one(conn, message_id)
            words = reading.words(conn, found)
        return shapes.MessageDetail(
            **_view(found).model_dump(),
            content=render.words(words),
            provider_id=found.message.provider_id,
            tries=[
                shapes.AttemptView(
                    number=each.number, at=each.at, outcome=each.outcome, code=each.code, detail=each.detail
                )
                for each in attempts
            ],
        )

    @routes.get("/messages/{message_id}/why", responses=documented(_NO_MESSAGE))
    def why_message(_: Reader, message_id: RowId) -> shapes.WhyView:
        """Every judgement of it, oldest first, derived again just now; and the smallest change that would turn it."""
        with database.transaction() as conn:
            found, _attempts = reading.one(conn, message_id)
            told = why.why(conn, MessageId(message_id))
            names = render.account_names(accounts.accounts(conn))
        return shapes.WhyView(message=_view(found), moments=[render.moment(each, names) for each in told.moments])

    @routes.post("/messages/{message_id}/what-if", responses=documented(_NO_MESSAGE))
    def what_if(_: Reader, message_id: RowId, body: shapes.WhatIf) -> shapes.DecisionView:
        """The same judgement with other facts. Nothing is kept and nothing is sent."""
        with database.transaction() as conn:
            found = why.what_if(conn, MessageId(message_id), body.judgement, _edits(body))
            names = render.account_names(accounts.accounts(conn))
        turns = why.turns_of(found.policy, found.facts, found.decision)
        turn = flips.turns(found.policy, found.facts, found.decision)
        return render.decision(found.policy_version, found.facts, found.decision, turns, turn, names)

    @routes.post(
        "/messages/{message_id}/cancel",
        responses=documented({**_NO_MESSAGE, 409: "It is on its way already, or has ended."}),
    )
    def cancel_message(actor: Sender, message_id: RowId) -> shapes.MessageView:
        with database.transaction() as conn:
            asking.cancel(conn, MessageId(message_id), actor=actor.label, clock=clock)
            found, _ = reading.one(conn, message_id)
        return _view(found)

    return routes


class _Used(NamedTuple):
    number: int | None
    version: int | None


def _used(conn: Connection, body: shapes.MessageAsk) -> _Used:
    """The template's version that is meant. What a template is about was settled with it.

    Raises: UnknownTemplateError, InvalidMessageError.
    """
    if body.template is None:
        return _Used(None, None)
    found = templates.template(conn, int(body.template.id))
    version = body.template.version or found.published
    if version is None:
        raise InvalidMessageError(f"The template {found.name!r} is not published yet. Publish it, or name a version.")
    templates.version(conn, found.id, version)
    if (found.message_class, found.purpose, found.site) != (body.message_class, body.purpose, body.site):
        raise InvalidMessageError(
            f"The template {found.name!r} is {found.message_class}, about {found.purpose}, of {found.site}."
        )
    return _Used(found.id, version)


def _words(sent: shapes.Words) -> Content:
    buttons = tuple(tuple(Button(each.text, each.url) for each in row) for row in sent.buttons)
    return Content(sent.text, subject=sent.subject, buttons=buttons)


def _view(found: reading.Shown) -> shapes.MessageView:
    return render.message(
        found.message,
        pid=found.pid,
        name=found.name,
        account=found.account,
        content=found.content,
        template=found.template,
        author=found.author,
    )


def _states(text: str | None) -> tuple[State, ...]:
    asked = tuple(part for part in (text or "").split(",") if part)
    for each in asked:
        if each not in STATES:
            raise InvalidMessageError(f"There is no state {each[:40]!r}; there are: {', '.join(STATES)}.")
    return asked  # pyright: ignore[reportReturnType] - each is one


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _edits(body: shapes.WhatIf) -> list[flips.Edit]:
    """Raises: InvalidMessageError."""
    found: list[flips.Edit] = []
    for each in body.edits:
        owner = fact_rules.Facts if each.channel is None else fact_rules.Candidate
        known = _EDITABLE if each.channel is None else _EDITABLE_OF_CANDIDATE
        if each.field not in known:
            raise InvalidMessageError(f"There is no input {each.field!r}; there are: {', '.join(sorted(known))}.")
        kind = next(field.type for field in msgspec.structs.fields(owner) if field.name == each.field)
        found.append(flips.Edit(each.field, _fitting(each.to, kind, each.field), each.channel))
    return found


def _fitting(value: Any, kind: Any, name: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidMessageError(f"{name}: {error}") from error
