"""Answers: through the gate and the outbox as all that is said, and no two colleagues unseen by each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection

from onevoice.domains.conversations.errors import AnsweredMeanwhileError, NoEpisodeError, UnfilledWordsError
from onevoice.domains.conversations.rules import filling
from onevoice.domains.conversations.service.reading import Person
from onevoice.domains.conversations.store import drafts as draft_store
from onevoice.domains.conversations.store import episodes as store
from onevoice.domains.delivery.contracts.channels import Manifest
from onevoice.domains.delivery.contracts.messages import Ask, Asked, Content
from onevoice.domains.delivery.errors import InvalidMessageError
from onevoice.domains.delivery.ports import ContextSource
from onevoice.domains.delivery.service import asking, files
from onevoice.domains.delivery.service import reading as delivery
from onevoice.domains.privacy.service import standing as privacy
from onevoice.kit.clock import Clock

UNDO = timedelta(seconds=6)
"""So long an answer can be taken back."""


@dataclass(frozen=True, slots=True)
class Reply:
    """key: of one press of Send. knows: the newest message of ours that its writer saw; anyway: send it, whoever has
    answered since. channel None: by the best. owner: of the files.
    """

    key: str
    text: str
    knows: int
    channel: str | None = None
    subject: str | None = None
    site: str | None = None
    anyway: bool = False
    files: Sequence[int] = ()
    owner: int = 0


def reply(
    conn: Connection,
    who: Person,
    wanted: Reply,
    channels: Mapping[str, Manifest],
    sources: Sequence[ContextSource],
    *,
    actor: str,
    account: int,
    clock: Clock,
) -> Asked:
    """Goes in UNDO, unless it is taken back.

    Raises: NoEpisodeError, AnsweredMeanwhileError, UnfilledWordsError, UnusableFileError, and as `asking.ask`.
    """
    if unfilled := filling.unfilled(f"{wanted.subject or ''} {wanted.text}"):
        names = ", ".join(unfilled)
        raise UnfilledWordsError(f"Nothing is known for: {names}. Write it out, or take it away.", variables=unfilled)
    found = store.of_person(conn, who.reaches, live=True, lock=True) or list(store.current(conn, who.reaches).values())
    if not found and wanted.site is None:
        raise NoEpisodeError("This customer has not written yet. Write to them from their page.")
    key = f"desk:{account}:{wanted.key}"
    if not wanted.anyway:
        _require_unanswered(conn, who, wanted.knows, actor, key)
    transactional = [each for each in privacy.purposes(conn).values() if each.message_class == "transactional"]
    purpose = next(each.name for each in transactional if each.retired_at is None)
    words = Content(wanted.text, subject=wanted.subject, media=files.to_send(conn, wanted.files, wanted.owner))
    ask = Ask(
        key=key,
        person=who.node,
        site=wanted.site or found[0].site,
        message_class="conversational",
        purpose=purpose,
        asked_by=actor,
        words=words,
        channels=_carrying(words, channels) if wanted.channel is None else (wanted.channel,),
        due_at=clock.now() + UNDO,
    )
    (asked,) = asking.ask(conn, [ask], channels, sources, clock=clock)
    draft_store.drop(conn, account, [*(each.nid for each in who.reaches), who.node], "reply")
    return asked


def _carrying(words: Content, channels: Mapping[str, Manifest]) -> tuple[str, ...]:
    """Those that take all of it; none where all do, for then the best may be any."""
    able: list[str] = []
    refusal: InvalidMessageError | None = None
    for name in sorted(channels):
        try:
            asking.require_carries(name, channels[name].capabilities, words)
            able.append(name)
        except InvalidMessageError as error:
            refusal = error
    if refusal is not None and not able:
        raise refusal
    return () if refusal is None else tuple(able)


def _require_unanswered(conn: Connection, who: Person, knows: int, actor: str, key: str) -> None:
    for shown in delivery.page(conn, delivery.Query(message_class="conversational", limit=10), who.node):
        message = shown.message
        if message.id <= knows or message.key == key:
            return
        if message.asked_by != actor and message.state not in {"cancelled", "suppressed", "failed", "bounced"}:
            raise AnsweredMeanwhileError(
                f"{message.asked_by} has answered meanwhile. Read it, then send yours if it is still needed.",
                by=message.asked_by,
                message=str(message.id),
            )
