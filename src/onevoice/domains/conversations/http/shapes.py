"""What the desk's API takes and shows."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from onevoice.domains.conversations.contracts import Act, Assurance, Author, Sort, State, View
from onevoice.domains.delivery.contracts.files import SENT_MAX, FileState
from onevoice.domains.delivery.contracts.names import State as MessageState
from onevoice.web.paging import Body, Moment, Text

TEXT_MAX = 20_000
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Words = Annotated[Text, Field(min_length=1, max_length=TEXT_MAX)]
Tag = Annotated[Text, Field(min_length=1, max_length=60, pattern=r"^[^\x00\s](?:[^\x00]*[^\x00\s])?$")]

__all__ = ["Sort", "View"]


class ColleagueView(BaseModel):
    id: str
    name: str


class EpisodeView(BaseModel):
    """From a contact until it is closed. waiting_since: of the oldest word of theirs that nobody has answered."""

    id: str
    state: State
    site: str
    channel: str = Field(description="By which they wrote last.")
    opened_at: Moment
    last_at: Moment
    waiting_since: Moment | None
    snoozed_until: Moment | None
    closed_at: Moment | None
    spam: bool
    assignee: ColleagueView | None
    tags: list[str]
    revision: int = Field(description="Grows with each change.")


class LastView(BaseModel):
    at: Moment
    author: Author
    channel: str
    preview: str


class InboxLine(BaseModel):
    """A conversation: one customer, whatever the number of their addresses."""

    profile_id: str
    name: str | None
    episode: EpisodeView
    last: LastView | None
    unread: bool
    channels: list[str] = Field(description="By which the last words went, the oldest first, four at most.")


class CountView(BaseModel):
    view: View
    count: int
    exact: bool = Field(description="False: there are more than that.")


class KeptCountView(BaseModel):
    id: str
    count: int
    exact: bool


class CountsView(BaseModel):
    """People, as the lists have one line for each. kept: of the views that whoever asks keeps, or all share."""

    data: list[CountView]
    kept: list[KeptCountView]


class DraftView(BaseModel):
    kind: Literal["reply", "note"]
    text: str
    channel: str | None
    at: Moment


class ConversationView(BaseModel):
    """current: the episode that is not closed, else the last; null: they have not written yet. drafts: the asker's."""

    profile_id: str
    name: str | None
    current: EpisodeView | None
    episodes: list[EpisodeView] = Field(description="Newest first, the last hundred.")
    drafts: list[DraftView]
    unread: bool
    blocked: list["BlockView"]


class BlockView(BaseModel):
    """An address of which nothing is heard."""

    id: str
    kind: str
    address: str
    since: Moment
    by: ColleagueView
    reason: str


class FileView(BaseModel):
    """id null: nothing is kept of it but its name. state `waiting`: its provider is asked for it; `failed`: reason says
    why it is not here, `too_large`, `too_much` in one message, or a provider's code. width, height: of an image that
    may be shown.
    """

    id: str | None
    name: str
    type: str
    size_bytes: int | None
    state: FileState | None
    reason: str | None
    width: int | None
    height: int | None


class PageView(BaseModel):
    """The page of the shop on which something was written."""

    url: str | None
    title: str | None


class SaidItem(BaseModel):
    """Something that was said. assurance: how surely it was this person. state: of a message of ours, as its provider
    told.
    """

    kind: Literal["said"] = "said"
    id: str
    at: Moment
    author: Author
    channel: str
    address: str | None
    address_kind: str | None
    assurance: Assurance | None
    text: str | None
    subject: str | None
    quoted: str | None
    signature: str | None
    pressed: str | None = Field(description="What the button carries that was pressed.")
    files: list[FileView]
    page: PageView | None
    automatic: bool
    edited: bool
    colleague: str | None
    template: str | None
    message_id: str | None
    state: MessageState | None
    episode: str | None
    blocked: bool = Field(description="It came from an address that was blocked, and opened nothing.")


class NoteItem(BaseModel):
    kind: Literal["note"] = "note"
    id: str
    at: Moment
    author: ColleagueView
    text: str
    mentions: list[ColleagueView]
    edited_at: Moment | None
    deleted: bool
    episode: str | None


class MarkItem(BaseModel):
    """What became of an episode. actor: null where a rule did it; detail says which: of an assignment `why` is `knows`
    (answered this customer last) or `room` (has most room).
    """

    kind: Literal["mark"] = "mark"
    id: str
    at: Moment
    act: Act
    actor: ColleagueView | None
    to: ColleagueView | None = Field(description="Of an assignment; null: to nobody.")
    detail: dict[str, Any]
    episode: str


class UnsentView(BaseModel):
    """An answer that is on its way, or was not sent."""

    message_id: str
    at: Moment
    due_at: Moment
    state: MessageState
    channel: str | None
    rule: str | None
    why: str | None
    asked_by: str
    text: str | None
    files: list[FileView]


class ThreadView(BaseModel):
    """Newest first. unsent: on the first page only."""

    data: list[Annotated[SaidItem | NoteItem | MarkItem, Field(discriminator="kind")]]
    unsent: list[UnsentView]
    next_cursor: str | None


class HitView(BaseModel):
    """marks: [start, end) of the words in the excerpt, by character."""

    id: str
    profile_id: str
    name: str | None
    at: Moment
    author: Author
    channel: str
    excerpt: str
    marks: list[tuple[int, int]]
    episode: str | None


class Assign(Body):
    to: Id | None = Field(description="A colleague's account; null: nobody.")


class Snooze(Body):
    until: datetime = Field(strict=False, description="With its zone, within a year.")


class Spam(Body):
    spam: bool


class BlockCreate(Body):
    address: Annotated[Text, Field(min_length=1, max_length=1200, description="`kind:value`, as their profile has it.")]
    reason: Annotated[Text, Field(min_length=1, max_length=500, pattern=r"\S")]


class Tags(Body):
    add: list[Tag] = Field([], max_length=20)
    remove: list[Tag] = Field([], max_length=20)


class Seen(Body):
    upto: int = Field(ge=0, le=2**63 - 1, description="The `id` of the newest thing that was said and is seen now.")


class NoteCreate(Body):
    text: Words
    mentions: list[Id] = Field([], max_length=50, description="Accounts of colleagues, see `GET /api/desk/team`.")


class NoteCreated(BaseModel):
    id: str


class DraftPut(Body):
    kind: Literal["reply", "note"]
    text: Annotated[Text, Field(max_length=TEXT_MAX, description="Empty: it is dropped.")]
    channel: Annotated[Text, Field(max_length=60)] | None = None


class ReplyCreate(Body):
    """key: of one press of Send; the same again sends nothing. knows: the number of the newest message of ours that
    stood in the thread, 0 of none: has a colleague written since, nothing is sent.
    """

    key: Annotated[Text, Field(min_length=1, max_length=100)]
    text: Annotated[Text, Field(max_length=TEXT_MAX, description="Empty only where files say it all.")]
    knows: int = Field(ge=0, le=2**63 - 1)
    channel: Annotated[Text, Field(max_length=60)] | None = Field(None, description="Null: the best.")
    subject: Annotated[Text, Field(max_length=200)] | None = None
    anyway: bool = Field(False, description="Send it, whoever has answered meanwhile.")
    files: list[Id] = Field([], max_length=SENT_MAX, description="Numbers of files that whoever asks has put in.")


class FileCreate(Body):
    name: Annotated[Text, Field(min_length=1, max_length=200)]
    size_bytes: int = Field(ge=1, le=2**40)


class FileLimitsView(BaseModel):
    """What a channel takes of files. caption_max: characters beside them; null: as many as without."""

    channel: str
    media: list[str]
    media_max: int
    caption_max: int | None


class FilesLimitsView(BaseModel):
    file_max_bytes: int
    files_max: int
    channels: list[FileLimitsView]


class ReplyView(BaseModel):
    """due_at: until then it can be taken back, with `POST /api/messages/{id}/cancel`."""

    message_id: str
    state: MessageState
    channel: str | None
    rule: str | None
    why: str | None
    due_at: Moment | None
    repeated: bool


class AgentView(BaseModel):
    id: str
    name: str
    login: str
    available: bool = Field(description="Whether new conversations come to them by themselves.")
    most: int
    open: int


class TeamView(BaseModel):
    data: list[AgentView]


class TakePart(Body):
    available: bool
    most: int = Field(8, ge=1, le=200, description="Conversations at once.")


class CannedPut(Body):
    shortcut: Annotated[Text, Field(min_length=1, max_length=41)]
    title: Annotated[Text, Field(max_length=120)] = ""
    texts: dict[Literal["en", "ru", "pl"], Annotated[Text, Field(max_length=4_000)]]

    @property
    def said(self) -> dict[str, str]:
        return {str(language): text for language, text in self.texts.items()}


class CannedView(BaseModel):
    id: str
    shortcut: str
    title: str
    texts: dict[str, str]
    changed_at: Moment
    changed_by: str


class FillAsk(Body):
    language: Literal["en", "ru", "pl"] | None = Field(
        None, description="Of a text, if they have told none: such as the asker's own."
    )


class FilledView(BaseModel):
    """A saved reply as one customer would read it. missing: what is not known of them; it stands in the text as its
    variable, such as `{{ customer.first_name }}`, and while it does the answer is not sent.
    """

    text: str
    language: str
    missing: list[str]


class ViewPut(Body):
    """A list of the inbox, as `GET /api/conversations` is asked for it."""

    name: Annotated[Text, Field(min_length=1, max_length=60, pattern=r"\S")]
    shared: bool = Field(False, description="All see it. Takes the permission to edit replies.")
    view: View = "open"
    sort: Sort = "newest"
    channel: Annotated[Text, Field(min_length=1, max_length=60)] | None = None
    tag: Tag | None = None
    assignee: Id | None = None


class ViewView(BaseModel):
    id: str
    name: str
    shared: bool
    view: View
    sort: Sort
    channel: str | None
    tag: str | None
    assignee: ColleagueView | None


class ViewsView(BaseModel):
    """One's own, then those that all share."""

    data: list[ViewView]
