"""From what delivery knows to what the API shows."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.domains.delivery.contracts.messages import Asked, Content, Message
from onevoice.domains.delivery.contracts.names import TYPED
from onevoice.domains.delivery.contracts.templates import Fault
from onevoice.domains.delivery.http import shapes
from onevoice.domains.delivery.rules.facts import Decision, Facts
from onevoice.domains.delivery.rules.flips import Change
from onevoice.domains.delivery.service.why import Moment
from onevoice.domains.delivery.service.wording import Refused, Seen
from onevoice.domains.delivery.store.messages import PRIORITY_NAMES

PREVIEW_CHARS = 160


def edits(change: Change | None) -> list[shapes.EditView] | None:
    if change is None:
        return None
    return [shapes.EditView(field=each.field, to=msgspec.to_builtins(each.to), channel=each.channel) for each in change]


def decision(
    policy: int,
    facts: Facts,
    made: Decision,
    flips: Mapping[str, Change | None],
    turn: Change | None,
    names: Mapping[int, str],
) -> shapes.DecisionView:
    by_channel = {each.channel: each for each in facts.candidates}
    outcome = made.outcome
    candidates: list[shapes.CandidateView] = []
    for each in made.judged:
        known = by_channel[each.channel]
        candidates.append(
            shapes.CandidateView(
                channel=each.channel,
                account=None if known.account is None else names.get(known.account),
                node_id=None if known.node is None else str(known.node),
                result=each.result,
                verdicts=[
                    shapes.VerdictView(rule=one.rule, result=one.result, why=one.why, since=one.since, until=one.until)
                    for one in each.verdicts
                ],
                last_heard_at=known.last_heard,
                cost_minor=known.cost_minor,
                flip=edits(flips.get(each.channel)),
            )
        )
    return shapes.DecisionView(
        policy=policy,
        at=facts.at,
        zone=facts.zone,
        candidates=candidates,
        outcome=shapes.OutcomeView(
            action=outcome.action,  # pyright: ignore[reportArgumentType] - one of the three
            channel=outcome.channel,
            chosen_by=outcome.chosen_by,
            until=outcome.until,
            rule=outcome.rule or None,
            why=outcome.why or None,
            propensity=outcome.propensity,
        ),
        turn=edits(turn),
        inputs=msgspec.to_builtins(facts),
    )


def moment(found: Moment, names: Mapping[int, str]) -> shapes.MomentView:
    body = found.body
    return shapes.MomentView(
        moment="asked" if body is None else body.moment,
        shard=found.shard,
        number=found.number,
        hash=found.hash.hex(),
        recorded_at=found.at,
        finding=found.finding,
        decision=None
        if body is None
        else decision(body.policy, body.facts, body.decision, found.flips, found.turn, names),
    )


def preview(content: Mapping[str, Any] | None) -> str | None:
    if content is None:
        return None
    words = content.get("words")
    if not words:
        return None
    text = " ".join(str(words.get("subject") or words["text"]).split())
    return text if len(text) <= PREVIEW_CHARS else text[: PREVIEW_CHARS - 1].rstrip() + "…"


def preview_of(channel: str, seen: Seen, most: int) -> shapes.MessagePreviewView:
    found = seen.found
    content = None if isinstance(found, Refused) else found.content
    return shapes.MessagePreviewView(
        channel=channel,
        language=seen.language,
        subject=None if content is None else content.subject,
        text=None if content is None else content.text,
        html=None if content is None else content.html,
        buttons=[] if content is None else [[each.text for each in row] for row in content.buttons],
        missing=[]
        if isinstance(found, Refused)
        else [shapes.MissingView(path=m.path, part=m.part, line=m.line, column=m.column) for m in found.missing],
        refused=found.reason if isinstance(found, Refused) else None,
        fault=fault(found.fault) if isinstance(found, Refused) else None,
        detail=found.detail if isinstance(found, Refused) else None,
        characters=0 if content is None else len(content.text),
        characters_max=most,
        time_zone=seen.time_zone,
    )


def fault(found: Fault) -> shapes.FaultView:
    return shapes.FaultView(
        code=found.code, values=dict(found.values), part=found.part, line=found.line, column=found.column
    )


def message(
    found: Message,
    *,
    pid: int,
    name: str | None,
    account: Account | None,
    content: Mapping[str, Any] | None,
    template: str | None,
    author: str | None,
) -> shapes.MessageView:
    return shapes.MessageView(
        id=str(found.id),
        key=found.key,
        profile_id=None if found.person == TYPED else str(pid),
        name=name,
        channel=found.channel,
        account=None if account is None else account.name,
        site=found.site,
        message_class=found.message_class,
        purpose=found.purpose,
        priority="normal" if found.message_class != "marketing" else PRIORITY_NAMES[found.priority - 2],  # pyright: ignore[reportArgumentType] - one of the three
        state=found.state,
        rule=found.rule,
        why=found.reason,
        asked_by=found.asked_by,
        asked_by_name=author,
        asked_at=found.asked_at,
        due_at=found.due_at,
        sent_at=found.sent_at,
        ended_at=found.ended_at,
        attempts=found.attempt,
        cost_minor=found.cost_minor,
        currency=None if account is None else account.currency,
        template=template,
        preview=preview(content),
        erased=content is None,
    )


def words(found: Content | str | None) -> shapes.ContentView:
    if isinstance(found, Content):
        return shapes.ContentView(subject=found.subject, text=found.text, refused=None)
    return shapes.ContentView(subject=None, text=None, refused=found)


def asked(found: Asked) -> shapes.AskedView:
    return shapes.AskedView(
        id=str(found.id),
        state=found.state,
        channel=found.channel,
        rule=found.rule,
        why=found.why,
        until=found.until,
        repeated=found.repeated,
    )


def account_names(accounts: Sequence[Account]) -> dict[int, str]:
    return {int(each.id): each.name for each in accounts}
