"""What the API takes and gives of webhooks."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from onevoice.domains.access.contracts import CHANNELS, Source
from onevoice.domains.webhooks.contracts import (
    Delivery,
    Mapped,
    Mapping,
    Problem,
    Receipt,
    Retried,
    SecretShown,
    Verdict,
    Version,
    Webhook,
)
from onevoice.domains.webhooks.service.deliveries import KEEP_DELIVERIES, Trial
from onevoice.web.paging import Body, Moment, Page, Text

RECORDS_SHOWN = 50
"""Of a rehearsal: enough to see what a mapping does, and little to send."""

VisibleName = Annotated[
    str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
GivenSecret = Annotated[
    Text | None,
    Field(max_length=300, description="`whsec_` and base64, where the sender gives one. Left out, one is made."),
]

DeliveryId = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$")]
SentText = Annotated[str, Field(max_length=512 * 1024, description="JSON as it would be sent.")]


class WebhookCreate(Body):
    name: VisibleName
    channel: Text = Field(description=f"The door that its events come by, one of: {', '.join(CHANNELS)}.")
    site: Text = "main"
    source: Text | None = Field(None, description="The source's name; the webhook's own when left out.")
    secret: GivenSecret = None


class WebhookChange(Body):
    name: VisibleName


class SecretRotate(Body):
    secret: GivenSecret = None
    at_once: bool = Field(False, description="End the old secret now, for one that leaked; else it holds for 24 hours.")


class MappingChange(Body):
    mapping: Mapping
    based_on: int = Field(ge=0, le=2**31 - 2, description="The version that was changed, 0 where there is none.")


class SuggestionOf(Body):
    """Of `payload`, else of `delivery`, else of the last delivery."""

    delivery: DeliveryId | None = None
    payload: SentText | None = None


class Rehearsal(Body):
    """Of `payload`, else of `deliveries`, else of the last ten deliveries."""

    mapping: Mapping
    deliveries: list[DeliveryId] = Field(default=[], max_length=10)
    payload: SentText | None = None


class RetryFrom(Body):
    after: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,17})$")] = Field(
        "0", description="`next_after` of the answer before."
    )


class WebhookView(BaseModel):
    id: str
    name: str
    address: str = Field(description="The address that deliveries are sent to.")
    source: str
    channel: str
    site: str
    version: int = Field(description="Of the mapping in force, 0 where there is none.")
    created_at: Moment
    old_secret_until: Moment | None = Field(description="So long the secret before the last rotation is taken too.")
    last_at: Moment | None = Field(description="When the last delivery came.")
    unmapped: int = Field(description="Deliveries that are kept until a mapping fits them.")


class SecretView(WebhookView):
    secret: str = Field(description="It is shown this once.")


class ProblemView(BaseModel):
    code: str
    where: list[str | int] = Field(description="The path to the part of the mapping.")
    path: str | None = Field(description="The place in the payload.")
    record: int | None
    detail: str


class VersionView(BaseModel):
    version: int
    mapping: Mapping
    made_at: Moment
    made_by: str


class DeliveryView(BaseModel):
    id: str
    webhook_id: str = Field(description="The id that the sender gave it.")
    received_at: Moment
    verdict: Verdict
    version: int = Field(description="Of the mapping that made its events, 0 for none.")
    records: int
    events: int
    size_bytes: int
    problems: list[ProblemView] = Field(description="The first of them.")
    retried_at: Moment | None
    kept_until: Moment


class DeliveryDetail(DeliveryView):
    payload: Any


class RecordView(BaseModel):
    record: int
    rule: int | None = Field(description="Which rule applied, from 0.")
    verdict: Verdict
    events: list[dict[str, Any]]
    problems: list[ProblemView]


class TrialView(BaseModel):
    delivery: str | None
    records: list[RecordView] = Field(description=f"At most {RECORDS_SHOWN} in all.")
    record_count: int
    event_count: int
    problem_count: int


class Rehearsed(Page[TrialView]):
    pass


class RetriedView(BaseModel):
    tried: int
    taken: int
    unmapped: int
    next_after: str | None = Field(description="Send it as `after` to go on; null when all have been tried.")


class Received(BaseModel):
    delivery: str
    verdict: Verdict
    events: int
    repeated: bool = Field(description="It had come before, and nothing was done.")


def webhook_view(webhook: Webhook, source: Source | None, base: str) -> WebhookView:
    return WebhookView(
        id=str(webhook.id),
        name=webhook.name,
        address=f"{base}/v1/webhooks/{webhook.public_id}",
        source=source.name if source else "unknown",
        channel=source.channel if source else "api",
        site=source.site if source else "main",
        version=webhook.version,
        created_at=webhook.created_at,
        old_secret_until=webhook.previous_until,
        last_at=webhook.last_at,
        unmapped=webhook.unmapped,
    )


def secret_view(shown: SecretShown, source: Source | None, base: str) -> SecretView:
    return SecretView(**webhook_view(shown.webhook, source, base).model_dump(), secret=shown.secret)


def version_view(version: Version) -> VersionView:
    return VersionView(
        version=version.version, mapping=version.mapping, made_at=version.made_at, made_by=version.made_by
    )


def delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        id=str(delivery.id),
        webhook_id=delivery.message_id,
        received_at=delivery.received_at,
        verdict=delivery.verdict,
        version=delivery.version,
        records=delivery.records,
        events=delivery.events,
        size_bytes=delivery.size_bytes,
        problems=[_problem_view(each) for each in delivery.problems],
        retried_at=delivery.retried_at,
        kept_until=delivery.received_at + KEEP_DELIVERIES,
    )


def delivery_detail(delivery: Delivery, payload: Any) -> DeliveryDetail:
    return DeliveryDetail(**delivery_view(delivery).model_dump(), payload=payload)


def _problem_view(problem: Problem) -> ProblemView:
    return ProblemView(
        code=problem.code,
        where=list(problem.where),
        path=problem.path,
        record=problem.record,
        detail=problem.detail,
    )


def rehearsed(trials: list[Trial]) -> Rehearsed:
    left = RECORDS_SHOWN
    views: list[TrialView] = []
    for trial in trials:
        shown = trial.records[:left]
        left -= len(shown)
        views.append(
            TrialView(
                delivery=None if trial.delivery_id is None else str(trial.delivery_id),
                records=[_record_view(each) for each in shown],
                record_count=len(trial.records),
                event_count=sum(len(each.events) for each in trial.records),
                problem_count=sum(len(each.problems) for each in trial.records),
            )
        )
    return Rehearsed(data=views)


def _record_view(mapped: Mapped) -> RecordView:
    return RecordView(
        record=mapped.record,
        rule=mapped.rule,
        verdict="not_mapped" if mapped.problems else "taken" if mapped.events else "ignored",
        events=list(mapped.events),
        problems=[_problem_view(each) for each in mapped.problems],
    )


def retried_view(retried: Retried) -> RetriedView:
    return RetriedView(
        tried=retried.tried,
        taken=retried.taken,
        unmapped=retried.unmapped,
        next_after=None if retried.next_after is None else str(retried.next_after),
    )


def received_view(receipt: Receipt) -> Received:
    return Received(
        delivery=str(receipt.delivery_id),
        verdict=receipt.verdict,
        events=receipt.events,
        repeated=receipt.repeated,
    )
