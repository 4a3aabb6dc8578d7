"""/api/conversations and /api/desk: the inbox, threads, and what colleagues do with them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from onevoice.domains.access.contracts import AccountId
from onevoice.domains.conversations.contracts import VIEWS, Draft, KeptView
from onevoice.domains.conversations.http import render, shapes
from onevoice.domains.conversations.http.files import owner_of
from onevoice.domains.conversations.service import acting, blocking, canned, reading, replying, searching, views
from onevoice.domains.conversations.service.reading import Person
from onevoice.domains.conversations.store.episodes import Filter
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.service.gathering import Channels
from onevoice.kit import cursor as cursors
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.web.guards import Actor, allow
from onevoice.web.paging import STORABLE, Cursor, Limit, Page, RowId
from onevoice.web.problems import documented

Reader = Annotated[Actor, allow("conversations.read")]
Answerer = Annotated[Actor, allow("conversations.answer")]
Editor = Annotated[Actor, allow("replies.edit")]
Ref = Annotated[str, Path(max_length=1200, pattern=STORABLE, description="`kind:value`, such as `profile:42`.")]
Channel = Annotated[str | None, Query(max_length=60, pattern=STORABLE)]
Asked = Annotated[str, Query(max_length=200, pattern=STORABLE, description="Empty: whatever was said last.")]
Shortcut = Annotated[str, Query(max_length=100, pattern=STORABLE, description="A part of the shortcut or any text.")]

_NOBODY = {404: "Nobody is known by this identifier, or they have not written yet.", 409: "Several are known by it."}
NOBODY = documented(_NOBODY)


def router(
    database: Database, vault_key: bytes, channels: Channels, sources: Sequence[ContextSource], *, clock: Clock
) -> APIRouter:
    routes = APIRouter(prefix="/api/conversations", tags=["conversations"])
    counted = reading.Counts(clock)

    def named(conn: Connection, reference: str) -> Person:
        return reading.person(conn, reference, vault_key)

    @routes.get("")
    def inbox(
        actor: Reader,
        limit: Limit = 50,
        cursor: Cursor = None,
        view: shapes.View = "open",
        sort: shapes.Sort = "newest",
        channel: Channel = None,
        tag: Annotated[str | None, Query(max_length=60, pattern=STORABLE)] = None,
        assignee: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="A colleague's account.")] = None,
    ) -> Page[shapes.InboxLine]:
        """Conversations of a view, each customer once. `waiting` lists those whose word nobody has answered, the
        longest first; what is snoozed comes in the order in which it wakes.
        """
        after = _place(cursor)
        asked = Filter(view, _me(actor), sort, channel, tag, assignee, after)
        with database.transaction() as conn:
            found = reading.inbox(conn, asked, limit)
            names = reading.names_of(conn, render.assignees([each.episode for each in found.lines]))
        return Page(
            data=[render.line(each, names) for each in found.lines],
            next_cursor=None if found.after is None else render.place(*found.after),
        )

    @routes.get("/counts")
    def counts(actor: Reader) -> shapes.CountsView:
        """How many people each view holds, and each of one's own."""
        me = _me(actor)
        with database.transaction() as conn:
            kept = views.seen_by(conn, me)
            asked = [*(Filter(view, me) for view in VIEWS), *(_asked(each, me) for each in kept)]
            found = counted.of(conn, asked)
        return shapes.CountsView(
            data=[
                shapes.CountView(view=each.view, count=count, exact=exact)
                for each, (count, exact) in zip(asked, found[: len(VIEWS)], strict=False)
            ],
            kept=[
                shapes.KeptCountView(id=str(each.id), count=count, exact=exact)
                for each, (count, exact) in zip(kept, found[len(VIEWS) :], strict=True)
            ],
        )

    @routes.get("/search")
    def search(_: Reader, limit: Limit = 50, cursor: Cursor = None, text: Asked = "") -> Page[shapes.HitView]:
        """All that was ever said, in any form of the words, newest first. The last word may be half typed."""
        before = _place(cursor)
        with database.transaction() as conn:
            hits, more = searching.search(conn, text, before=before, limit=limit)
        return Page(
            data=[render.hit(each) for each in hits],
            next_cursor=None if more is None else render.place(*more),
        )

    @routes.get("/{ref}", responses=NOBODY)
    def conversation(actor: Reader, ref: Ref) -> shapes.ConversationView:
        with database.transaction() as conn:
            found = reading.conversation(conn, named(conn, ref), _me(actor))
            names = reading.names_of(conn, render.people_of(found))
        return render.conversation(found, names)

    @routes.get("/{ref}/thread", responses=NOBODY)
    def thread(_: Reader, ref: Ref, limit: Limit = 50, cursor: Cursor = None) -> shapes.ThreadView:
        """What was said by every channel, with notes and what became of it, newest first."""
        before = None
        if cursor:
            at, kind, number = cursors.decode(cursor, str, int, int)
            before = (_moment(at), _small(kind, 2), _small(number, 2**63 - 1))
        with database.transaction() as conn:
            found = reading.thread(conn, named(conn, ref), before, limit)
            names = reading.names_of(conn, render.people_in(found))
        more = None if found.before is None else cursors.encode(found.before[0].isoformat(), *found.before[1:])
        return render.thread(found, names, more)

    def shown(conn: Connection, who: Person, actor: Actor) -> shapes.ConversationView:
        found = reading.conversation(conn, who, _me(actor))
        return render.conversation(found, reading.names_of(conn, render.people_of(found)))

    @routes.put("/{ref}/assignee", responses=NOBODY)
    def assign(actor: Answerer, ref: Ref, body: shapes.Assign) -> shapes.ConversationView:
        with database.transaction() as conn:
            who = named(conn, ref)
            acting.assign(conn, who, body.to, actor=actor.id, clock=clock)
            return shown(conn, who, actor)

    @routes.post("/{ref}/close", responses=NOBODY)
    def close(actor: Answerer, ref: Ref) -> shapes.ConversationView:
        """A word of theirs within 72 hours opens it again; later ones begin anew."""
        with database.transaction() as conn:
            who = named(conn, ref)
            acting.close(conn, who, actor=actor.id, clock=clock)
            return shown(conn, who, actor)

    @routes.post("/{ref}/reopen", responses=NOBODY)
    def reopen(actor: Answerer, ref: Ref) -> shapes.ConversationView:
        with database.transaction() as conn:
            who = named(conn, ref)
            acting.reopen(conn, who, actor=actor.id, clock=clock)
            return shown(conn, who, actor)

    @routes.put("/{ref}/snooze", responses=NOBODY)
    def snooze(actor: Answerer, ref: Ref, body: shapes.Snooze) -> shapes.ConversationView:
        """Out of sight until then, or until they write."""
        until = body.until if body.until.tzinfo is not None else body.until.replace(tzinfo=UTC)
        with database.transaction() as conn:
            who = named(conn, ref)
            acting.snooze(conn, who, until, actor=actor.id, clock=clock)
            return shown(conn, who, actor)

    @routes.put("/{ref}/spam", responses=NOBODY)
    def spam(actor: Answerer, ref: Ref, body: shapes.Spam) -> shapes.ConversationView:
        """What they write from now on is kept, and opens nothing."""
        with database.transaction() as conn:
            who = named(conn, ref)
            acting.mark_spam(conn, who, body.spam, actor=actor.label, account=actor.id, clock=clock)
            return shown(conn, who, actor)

    @routes.post("/{ref}/blocks", responses=NOBODY)
    def block(actor: Answerer, ref: Ref, body: shapes.BlockCreate) -> shapes.ConversationView:
        """What comes from this address from now on is kept, and opens nothing, until the block is lifted."""
        with database.transaction() as conn:
            who = named(conn, ref)
            blocking.block(
                conn, who, body.address, body.reason.strip(), vault_key, actor=actor.label, account=actor.id,
                clock=clock,
            )  # fmt: skip
            return shown(conn, who, actor)

    @routes.delete("/{ref}/blocks/{block_id}", responses=NOBODY)
    def lift_block(actor: Answerer, ref: Ref, block_id: RowId) -> shapes.ConversationView:
        """What came meanwhile stays as it is."""
        with database.transaction() as conn:
            who = named(conn, ref)
            blocking.lift(conn, who, block_id, actor=actor.label, account=actor.id, clock=clock)
            return shown(conn, who, actor)

    @routes.post("/{ref}/tags", responses=NOBODY)
    def tags(actor: Answerer, ref: Ref, body: shapes.Tags) -> shapes.ConversationView:
        with database.transaction() as conn:
            who = named(conn, ref)
            acting.tag(conn, who, body.add, body.remove, actor=actor.id, clock=clock)
            return shown(conn, who, actor)

    @routes.put("/{ref}/seen", status_code=204, responses=NOBODY)
    def seen(actor: Answerer, ref: Ref, body: shapes.Seen) -> None:
        """How far whoever asks has read; it never goes back."""
        with database.transaction() as conn:
            acting.see(conn, named(conn, ref), body.upto, actor=actor.id)

    @routes.put("/{ref}/draft", status_code=204, responses=NOBODY)
    def draft(actor: Answerer, ref: Ref, body: shapes.DraftPut) -> None:
        """What they have begun to write, on whichever device; the later one stays."""
        found = Draft(body.kind, body.text, body.channel, clock.now())
        with database.transaction() as conn:
            acting.save_draft(conn, named(conn, ref), found, actor=actor.id)

    @routes.post("/{ref}/notes", status_code=201, responses=NOBODY)
    def add_note(actor: Answerer, ref: Ref, body: shapes.NoteCreate) -> shapes.NoteCreated:
        """For colleagues only: no customer ever sees one."""
        with database.transaction() as conn:
            number = acting.add_note(conn, named(conn, ref), body.text, body.mentions, actor=actor.id, clock=clock)
        return shapes.NoteCreated(id=str(number))

    @routes.post("/{ref}/replies", responses=documented({**_NOBODY, 409: "A colleague has answered meanwhile."}))
    def reply(actor: Answerer, ref: Ref, body: shapes.ReplyCreate) -> shapes.ReplyView:
        """Goes in six seconds, unless it is taken back. The gate judges it as every message."""
        wanted = replying.Reply(
            body.key, body.text, body.knows, body.channel, body.subject,
            anyway=body.anyway, files=body.files, owner=owner_of(actor),
        )  # fmt: skip
        with database.transaction() as conn:
            asked = replying.reply(
                conn, named(conn, ref), wanted, channels, sources, actor=actor.label, account=actor.id, clock=clock
            )
        return shapes.ReplyView(
            message_id=str(asked.id),
            state=asked.state,
            channel=asked.channel,
            rule=asked.rule,
            why=asked.why,
            due_at=asked.until,
            repeated=asked.repeated,
        )

    @routes.post("/{ref}/filled-replies/{reply_id}", responses=NOBODY)
    def filled_reply(_: Answerer, ref: Ref, reply_id: RowId, body: shapes.FillAsk) -> shapes.FilledView:
        """A saved reply with this customer's values, in their language where it has a text in it, to be looked over and
        sent with `POST .../replies`. Nothing is kept.
        """
        with database.transaction() as conn:
            found = canned.filled(conn, named(conn, ref), reply_id, body.language, sources, clock=clock)
        return shapes.FilledView(text=found.text, language=found.language, missing=found.missing)

    return routes


def desk(database: Database, *, clock: Clock) -> APIRouter:
    """What belongs to nobody's conversation: notes by number, the team, replies that are kept."""
    routes = APIRouter(prefix="/api/desk", tags=["conversations"])
    no_note = documented({404: "No such note, or it was taken back."})
    no_view = documented({404: "No such view.", 403: "Only who may edit replies changes what all see."})
    no_reply = documented({404: "No such reply.", 409: "Another reply has this shortcut."})

    @routes.put("/notes/{note_id}", status_code=204, responses=no_note)
    def edit_note(actor: Answerer, note_id: RowId, body: shapes.NoteCreate) -> None:
        """One's own only; that it was changed is shown."""
        with database.transaction() as conn:
            acting.edit_note(conn, note_id, body.text, body.mentions, actor=actor.id, clock=clock)

    @routes.delete("/notes/{note_id}", status_code=204, responses=no_note)
    def drop_note(actor: Answerer, note_id: RowId) -> None:
        """One's own only; that there was one is shown."""
        with database.transaction() as conn:
            acting.edit_note(conn, note_id, None, (), actor=actor.id, clock=clock)

    @routes.get("/team")
    def team(_: Reader) -> shapes.TeamView:
        """Everybody who may answer."""
        with database.transaction() as conn:
            found = acting.team(conn)
        return shapes.TeamView(
            data=[
                shapes.AgentView(
                    id=str(account.id), name=account.name, login=account.login, available=agent.available,
                    most=agent.most, open=agent.open,
                )
                for account, agent in found
            ]
        )  # fmt: skip

    @routes.put("/me", status_code=204)
    def take_part(actor: Answerer, body: shapes.TakePart) -> None:
        """Whether new conversations come to whoever asks, and how many at once."""
        with database.transaction() as conn:
            acting.take_part(conn, actor.id, body.available, body.most, clock=clock)

    def shown_view(conn: Connection, found: KeptView) -> shapes.ViewView:
        names = reading.names_of(conn, [] if found.assignee is None else [found.assignee])
        return render.kept_view(found, names)

    @routes.get("/views")
    def list_views(actor: Answerer) -> shapes.ViewsView:
        """Lists that whoever asks keeps, and those that all share. Their counts: `GET /api/conversations/counts`."""
        with database.transaction() as conn:
            found = views.seen_by(conn, actor.id)
            names = reading.names_of(conn, [each.assignee for each in found if each.assignee is not None])
        return shapes.ViewsView(data=[render.kept_view(each, names) for each in found])

    @routes.post("/views", status_code=201, responses=documented({403: "Only who may edit replies shares views."}))
    def create_view(actor: Answerer, body: shapes.ViewPut) -> shapes.ViewView:
        with database.transaction() as conn:
            made = views.create(conn, _kept(body, actor), may_share=_may_share(actor), clock=clock)
            return shown_view(conn, made)

    @routes.put("/views/{view_id}", responses=no_view)
    def change_view(actor: Answerer, view_id: RowId, body: shapes.ViewPut) -> shapes.ViewView:
        with database.transaction() as conn:
            return shown_view(conn, views.change(conn, view_id, _kept(body, actor), may_share=_may_share(actor)))

    @routes.delete("/views/{view_id}", status_code=204, responses=no_view)
    def drop_view(actor: Answerer, view_id: RowId) -> None:
        with database.transaction() as conn:
            views.drop(conn, view_id, actor.id, may_share=_may_share(actor))

    @routes.get("/replies")
    def replies(_: Reader, limit: Limit = 50, cursor: Cursor = None, text: Shortcut = "") -> Page[shapes.CannedView]:
        """By shortcut."""
        (after,) = cursors.decode(cursor, str) if cursor else ("",)
        if after != after.encode(errors="ignore").decode().replace("\x00", ""):
            raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
        with database.transaction() as conn:
            found = canned.page(conn, text, after, limit + 1)
        more = cursors.encode(found[limit - 1].shortcut) if len(found) > limit else None
        return Page(data=[render.canned(each) for each in found[:limit]], next_cursor=more)

    @routes.post("/replies", status_code=201, responses=documented({409: "Another reply has this shortcut."}))
    def create_reply(actor: Editor, body: shapes.CannedPut) -> shapes.CannedView:
        with database.transaction() as conn:
            made = canned.create(conn, body.shortcut, body.title, body.said, actor=actor.label, clock=clock)
        return render.canned(made)

    @routes.put("/replies/{reply_id}", responses=no_reply)
    def change_reply(actor: Editor, reply_id: RowId, body: shapes.CannedPut) -> shapes.CannedView:
        with database.transaction() as conn:
            made = canned.change(conn, reply_id, body.shortcut, body.title, body.said, actor=actor.label, clock=clock)
        return render.canned(made)

    @routes.delete("/replies/{reply_id}", status_code=204, responses=no_reply)
    def drop_reply(actor: Editor, reply_id: RowId) -> None:
        with database.transaction() as conn:
            canned.drop(conn, reply_id, actor=actor.label, clock=clock)

    return routes


def _me(actor: Actor) -> AccountId:
    """A key has no conversations of its own."""
    return AccountId(actor.id if actor.kind == "account" else 0)


def _may_share(actor: Actor) -> bool:
    return "replies.edit" in actor.permissions


def _kept(body: shapes.ViewPut, actor: Actor) -> KeptView:
    name = " ".join(body.name.split())
    return KeptView(0, actor.id, body.shared, name, body.view, body.sort, body.channel, body.tag, body.assignee)


def _asked(view: KeptView, me: int) -> Filter:
    return Filter(view.view, me, view.sort, view.channel, view.tag, view.assignee)


def _place(cursor: str | None) -> tuple[datetime, int] | None:
    if not cursor:
        return None
    at, number = cursors.decode(cursor, str, int)
    return _moment(at), _small(number, 2**63 - 1)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before.") from error
    if at.tzinfo is None:
        raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
    return at


def _small(number: int, most: int) -> int:
    if not 0 <= number <= most:
        raise cursors.InvalidCursorError("Take the cursor from `next_cursor` of the page before, unchanged.")
    return number
