"""From what conversations know to what their API shows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from onevoice.domains.conversations.contracts import (
    Assurance,
    Block,
    Canned,
    Draft,
    Episode,
    KeptView,
    Mark,
    Note,
    Said,
)
from onevoice.domains.conversations.http import shapes
from onevoice.domains.conversations.rules import assurance
from onevoice.domains.conversations.service.reading import Changed, Conversation, Line, News, Thread
from onevoice.domains.conversations.service.searching import Hit
from onevoice.domains.delivery.contracts.files import File
from onevoice.domains.delivery.service.reading import Shown
from onevoice.kit import cursor as cursors

PREVIEW = 140
NO_FILES: Mapping[int, File] = MappingProxyType({})
Names = Mapping[int, str]


def place(at: datetime, number: int) -> str:
    return cursors.encode(at.isoformat(), number)


def colleague(number: int | None, names: Names) -> shapes.ColleagueView | None:
    return None if number is None else shapes.ColleagueView(id=str(number), name=names.get(number, f"#{number}"))


def episode(found: Episode, names: Names) -> shapes.EpisodeView:
    return shapes.EpisodeView(
        id=str(found.id),
        state=found.state,
        site=found.site,
        channel=found.channel,
        opened_at=found.opened_at,
        last_at=found.last_at,
        waiting_since=found.waiting_since,
        snoozed_until=found.snoozed_until,
        closed_at=found.closed_at,
        spam=found.spam,
        assignee=colleague(found.assignee, names),
        tags=list(found.tags),
        revision=found.revision,
    )


def line(found: Line, names: Names) -> shapes.InboxLine:
    said = found.said
    return shapes.InboxLine(
        profile_id=str(found.pid),
        name=found.name,
        episode=episode(found.episode, names),
        last=None
        if said is None
        else shapes.LastView(at=said.at, author=said.author, channel=said.channel, preview=_preview(said.properties)),
        unread=found.unread,
        channels=list(found.channels),
    )


def changed(found: Changed, names: Names) -> dict[str, Any]:
    """As the socket tells it: lines as in the inbox, but who has read them instead of whether one has. cut: the place
    below which the others stand, and the cursor of the page that begins there.
    """
    cut = None
    if found.cut is not None:
        at, number = found.cut
        cut = {"at": at.isoformat(), "id": str(number), "cursor": place(at, number)}
    return {
        "lines": [
            line(each, names).model_dump(mode="json", exclude={"unread"})
            | {
                "read": _read(each.episode, found.read.get(each.episode.id, ())),
                "heard": str(each.episode.heard_seq),
                "several": each.pid in found.several,
            }
            for each in found.lines
        ],
        "others": [[str(pid), None if to is None else str(to)] for pid, to in found.others],
        "cut": cut,
    }


def _read(episode: Episode, accounts: Sequence[int]) -> list[str] | None:
    """Who has read all of it; None where they wrote nothing."""
    return None if episode.heard_seq == 0 else [str(each) for each in accounts]


def _preview(properties: Mapping[str, Any]) -> str:
    """The first words; of what has none its subject, its template, its files."""
    for name in ("text", "subject", "template", "data"):
        if text := _text(properties, name):
            return " ".join(text.split())[:PREVIEW]
    return ", ".join(each.name for each in _files(properties))[:PREVIEW]


def _text(properties: Mapping[str, Any], name: str) -> str | None:
    value = properties.get(name)
    return value if isinstance(value, str) and value else None


def _files(properties: Mapping[str, Any], kept: Mapping[int, File] = NO_FILES) -> list[shapes.FileView]:
    found = properties.get("files")
    return [
        file(kept[each["file"]])
        if each.get("file") in kept
        else shapes.FileView(
            id=None,
            name=str(each.get("name") or ""),
            type=str(each.get("type") or ""),
            size_bytes=each["size_bytes"] if isinstance(each.get("size_bytes"), int) else None,
            state=None,
            reason=None,
            width=None,
            height=None,
        )
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, dict)
    ]


def _page(properties: Mapping[str, Any]) -> shapes.PageView | None:
    found = properties.get("page")
    if not isinstance(found, dict):
        return None
    return shapes.PageView(url=_text(found, "url"), title=_text(found, "title"))


def file(found: File) -> shapes.FileView:
    return shapes.FileView(
        id=str(found.id),
        name=found.name,
        type=found.type,
        size_bytes=found.size_bytes,
        state=found.state,
        reason=found.reason,
        width=found.width,
        height=found.height,
    )


def conversation(found: Conversation, names: Names) -> shapes.ConversationView:
    return shapes.ConversationView(
        profile_id=str(found.pid),
        name=found.name,
        current=None if found.current is None else episode(found.current, names),
        episodes=[episode(each, names) for each in found.episodes],
        drafts=[draft(each) for each in found.drafts],
        unread=found.unread,
        blocked=[_block(*each, names) for each in found.blocked],
    )


def _block(found: Block, kind: str, address: str, names: Names) -> shapes.BlockView:
    by = colleague(found.account_id, names)
    assert by is not None  # noqa: S101 - somebody blocked it
    return shapes.BlockView(id=str(found.id), kind=kind, address=address, since=found.since, by=by, reason=found.reason)


def people_of(found: Conversation) -> list[int]:
    """Colleagues whose names a conversation needs."""
    return [*assignees(found.episodes), *(each.account_id for each, _, _ in found.blocked)]


def draft(found: Draft) -> shapes.DraftView:
    return shapes.DraftView(kind=found.kind, text=found.text, channel=found.channel, at=found.at)


def thread(found: Thread, names: Names, cursor: str | None) -> shapes.ThreadView:
    return shapes.ThreadView(
        data=[_item(each, found, names) for each in found.items],
        unsent=[_unsent(each, found.files) for each in found.unsent],
        next_cursor=cursor,
    )


def news(found: News, parts: Thread, names: Names) -> dict[str, Any]:
    """As the socket tells it: items as in a thread, for whoever may read that. read: None where they wrote nothing."""
    return {
        "items": [
            _item(each, replace(parts, theirs=found.theirs), names).model_dump(mode="json") for each in found.items
        ],
        "current": episode(found.current, names).model_dump(mode="json"),
        "read": _read(found.current, found.read),
    }


def _item(
    found: Said | Note | tuple[int, Mark], thread: Thread, names: Names
) -> shapes.SaidItem | shapes.NoteItem | shapes.MarkItem:
    if isinstance(found, Said):
        return _said(found, thread)
    if isinstance(found, Note):
        return _note(found, names)
    number, mark = found
    to = mark.detail.get("to")
    return shapes.MarkItem(
        id=str(number),
        at=mark.at,
        act=mark.act,
        actor=colleague(mark.actor, names),
        to=colleague(to, names) if isinstance(to, int) else None,
        detail={name: value for name, value in mark.detail.items() if name != "to"},
        episode=str(mark.episode),
    )


def _said(found: Said, thread: Thread) -> shapes.SaidItem:
    told = found.properties
    kind, address = thread.addresses.get(found.nid, (None, None))
    message = None if found.message is None else thread.messages.get(found.message)
    theirs = found.author == "customer"
    return shapes.SaidItem(
        id=str(found.seq),
        at=found.at,
        author=found.author,
        channel=found.channel,
        address=address,
        address_kind=kind,
        assurance=_assurance(kind, told, thread) if theirs and kind is not None else None,
        text=_text(told, "text"),
        subject=_text(told, "subject"),
        quoted=_text(told, "quoted"),
        signature=_text(told, "signature"),
        pressed=_text(told, "data"),
        files=_files(told, thread.files),
        page=_page(told),
        automatic=bool(told.get("automatic")),
        edited=bool(told.get("edited")),
        colleague=_text(told, "author"),
        template=_text(told, "template"),
        message_id=None if found.message is None else str(found.message),
        state=None if message is None else message.state,
        episode=None if found.episode is None else str(found.episode),
        blocked=found.blocked,
    )


def _assurance(kind: str, told: Mapping[str, Any], thread: Thread) -> Assurance:
    """Whoever was proven to write is somebody else, where they are this person no more."""
    return "verified" if kind == "chat" and told.get("verified") in thread.theirs else assurance.of_kind(kind)


def _note(found: Note, names: Names) -> shapes.NoteItem:
    author = colleague(found.account_id, names)
    assert author is not None  # noqa: S101 - a note has a writer
    return shapes.NoteItem(
        id=str(found.id),
        at=found.at,
        author=author,
        text=found.text,
        mentions=[each for number in found.mentions if (each := colleague(number, names)) is not None],
        edited_at=found.edited_at,
        deleted=found.deleted_at is not None,
        episode=None if found.episode is None else str(found.episode),
    )


def _unsent(found: Shown, kept: Mapping[int, File]) -> shapes.UnsentView:
    message = found.message
    words = (found.content or {}).get("words")
    return shapes.UnsentView(
        message_id=str(message.id),
        at=message.asked_at,
        due_at=message.due_at,
        state=message.state,
        channel=message.channel,
        rule=message.rule,
        why=message.reason,
        asked_by=message.asked_by,
        text=words.get("text") if isinstance(words, dict) else None,
        files=_files({"files": words.get("media")}, kept) if isinstance(words, dict) else [],
    )


def people_in(found: Thread) -> list[int]:
    """Colleagues whose names a thread needs."""
    numbers: list[int] = []
    for each in found.items:
        if isinstance(each, Note):
            numbers += [each.account_id, *each.mentions]
        elif not isinstance(each, Said):
            mark = each[1]
            numbers += [one for one in (mark.actor, mark.detail.get("to")) if isinstance(one, int)]
    return numbers


def assignees(episodes: Sequence[Episode]) -> list[int]:
    return [each.assignee for each in episodes if each.assignee is not None]


def hit(found: Hit) -> shapes.HitView:
    return shapes.HitView(
        id=str(found.said.seq),
        profile_id=str(found.pid),
        name=found.name,
        at=found.said.at,
        author=found.said.author,
        channel=found.said.channel,
        excerpt=found.excerpt,
        marks=list(found.marks),
        episode=None if found.said.episode is None else str(found.said.episode),
    )


def canned(found: Canned) -> shapes.CannedView:
    return shapes.CannedView(
        id=str(found.id),
        shortcut=found.shortcut,
        title=found.title,
        texts=dict(found.texts),
        changed_at=found.changed_at,
        changed_by=found.changed_by,
    )


def kept_view(found: KeptView, names: Names) -> shapes.ViewView:
    return shapes.ViewView(
        id=str(found.id),
        name=found.name,
        shared=found.shared,
        view=found.view,
        sort=found.sort,
        channel=found.channel,
        tag=found.tag,
        assignee=colleague(found.assignee, names),
    )
