"""What the API takes and gives of channels, accounts, the policy and the switches."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from onevoice.domains.delivery.contracts.accounts import Account, Probed
from onevoice.domains.delivery.contracts.channels import Limits, Manifest
from onevoice.domains.delivery.rules.facts import Budget, Cap, Policy
from onevoice.domains.delivery.service.policy import InForce
from onevoice.web.paging import STORABLE, Body, Moment, Text

Name = Annotated[
    str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
Kind = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
SettingValue = Annotated[str, Field(max_length=20_000, pattern=STORABLE)] | bool | int | float
Settings = Annotated[dict[Kind, SettingValue], Field(max_length=50)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class SettingView(BaseModel):
    name: str
    type: Literal["text", "number", "boolean", "choice"]
    title: dict[str, str]
    help: dict[str, str]
    secret: bool
    required: bool
    place: bool = Field(description="When it changes, secrets have to be typed again.")
    lines: bool = Field(description="A text of several lines.")
    default: Any
    choices: list[str]
    choice_titles: dict[str, dict[str, str]] = Field(description="By choice, then by language.")


class ChannelView(BaseModel):
    """referee: what its stand-in was held against; null shows as unrefereed."""

    kind: str
    door: str
    title: dict[str, str]
    settings: list[SettingView]
    address_kind: str
    idempotent: bool
    failover: bool
    receipts: Literal["none", "sent", "delivered", "read"]
    inbound: list[str]
    subject: bool
    buttons: bool
    text_max: int
    needs_contact: bool
    window_hours: int | None
    referee: str | None
    limits: "LimitsView" = Field(description="Of an account that has none of its own.")


class LimitsSent(Body):
    per_second: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False, strict=False)]
    burst: Annotated[int, Field(ge=1, le=1_000_000)]
    concurrency: Annotated[int, Field(ge=1, le=1_000)]
    per_address_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False, strict=False)] = 0.0


class AccountTry(Body):
    channel: Kind
    settings: Settings
    account: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$")] | None = Field(
        None, description="An account of that channel, whose settings and secrets hold where none are sent."
    )


class AccountCreate(Body):
    channel: Kind
    settings: Settings
    name: Name
    site: Text = "main"
    limits: LimitsSent | None = None
    cost_minor: Count = Field(0, description="What one message costs, in minor units.")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None


class AccountChange(Body):
    """settings: those that change; a secret that is left out stays."""

    settings: Settings = Field(default={})
    limits: LimitsSent | None = None
    cost_minor: Count | None = None


class LimitsView(BaseModel):
    per_second: float
    burst: int
    concurrency: int
    per_address_seconds: float


class AccountView(BaseModel):
    id: str
    channel: str
    name: str
    site: str
    settings: dict[str, Any] = Field(description="Without secrets.")
    secrets: list[str] = Field(description="The names of those that are kept.")
    paused: bool
    trouble: str | None = Field(description="Why nothing goes through it until somebody mends it.")
    trouble_at: Moment | None
    rests_until: Moment | None = Field(description="So long its provider is left alone.")
    limits: LimitsView
    cost_minor: int
    currency: str
    made_at: Moment
    used_at: Moment | None = Field(description="When something was last due to go through it.")
    calls: str | None = Field(description="The address of ours for the provider to call, where it tells us that way.")


class ProbeView(BaseModel):
    name: str
    detail: dict[str, str]


class CapSent(Body):
    count: Annotated[int, Field(ge=0, le=1_000)]
    hours: Annotated[int, Field(ge=1, le=720)]
    channel: Kind | None = None


class BudgetSent(Body):
    limit: Annotated[int, Field(ge=0, le=10_000)]
    hours: Annotated[int, Field(ge=1, le=720)]
    points: dict[Kind, Annotated[int, Field(ge=0, le=1_000)]] = Field(default={}, max_length=50)
    reserve: dict[Literal["high", "normal", "low"], Annotated[int, Field(ge=0, le=10_000)]] = Field(default={})


class PolicySent(Body):
    hours: list[Annotated[int, Field(ge=0, le=1440)]] = Field(min_length=2, max_length=2)
    caps: list[CapSent] = Field(default=[], max_length=20)
    budget: BudgetSent | None = None
    duplicate_hours: Annotated[int, Field(ge=0, le=720)] = 168
    answer_hours: Annotated[int, Field(ge=0, le=720)] = Field(
        168, description="So long after somebody wrote an answer needs no consent."
    )
    order: list[Kind] = Field(default=[], max_length=50)
    most_minor: dict[Literal["transactional", "conversational", "marketing"], Count] = Field(default={})
    month_minor: Annotated[int, Field(ge=0, le=10**12)] | None = None


class PolicyChange(Body):
    policy: PolicySent
    based_on: Annotated[int, Field(ge=0, le=2**31 - 2)] = Field(description="The version that was changed.")


class PolicyView(BaseModel):
    """version 0: the one that comes with the program."""

    version: int
    policy: PolicySent
    made_at: Moment | None
    made_by: str | None


class SwitchThrow(Body):
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=STORABLE)]


class SwitchView(BaseModel):
    scope: str
    thrown_at: Moment
    thrown_by: str
    reason: str


def channel_view(manifest: Manifest) -> ChannelView:
    can = manifest.capabilities
    return ChannelView(
        kind=manifest.kind,
        door=manifest.door,
        title=dict(manifest.title),
        settings=[
            SettingView(
                name=each.name,
                type=each.type,
                title=dict(each.title),
                help=dict(each.help),
                secret=each.secret,
                required=each.required,
                place=each.place,
                lines=each.lines,
                default=each.default,
                choices=list(each.choices),
                choice_titles={choice: dict(titles) for choice, titles in each.choice_titles.items()},
            )
            for each in manifest.settings
        ],
        address_kind=can.address_kind,
        idempotent=can.idempotent,
        failover=can.failover,
        receipts=can.receipts,
        inbound=list(can.inbound),
        subject=can.subject,
        buttons=can.buttons,
        text_max=can.text_max,
        needs_contact=can.needs_contact,
        window_hours=can.window_hours,
        referee=manifest.referee,
        limits=limits_view(manifest.limits),
    )


def limits_view(limits: Limits) -> LimitsView:
    return LimitsView(
        per_second=limits.per_second,
        burst=limits.burst,
        concurrency=limits.concurrency,
        per_address_seconds=limits.per_address_seconds,
    )


def account_view(account: Account, manifest: Manifest | None, secrets: Sequence[str], base_url: str) -> AccountView:
    """manifest: None where its channel is not installed any more."""
    called = manifest is not None and "webhook" in manifest.capabilities.inbound
    return AccountView(
        id=str(account.id),
        channel=account.channel,
        name=account.name,
        site=account.site,
        settings=dict(account.settings),
        secrets=list(secrets),
        paused=account.paused,
        trouble=account.trouble,
        trouble_at=account.trouble_at,
        rests_until=account.blocked_until,
        limits=limits_view(account.limits),
        cost_minor=account.cost_minor,
        currency=account.currency,
        made_at=account.made_at,
        used_at=account.used_at,
        calls=f"{base_url}/v1/channels/{account.id}" if called else None,
    )


def probe_view(found: Probed) -> ProbeView:
    return ProbeView(name=found.name, detail=dict(found.detail))


def policy_of(sent: PolicySent) -> Policy:
    budget = sent.budget
    return Policy(
        hours=(sent.hours[0], sent.hours[1]),
        caps=tuple(Cap(each.count, each.hours, each.channel) for each in sent.caps),
        budget=None if budget is None else Budget(budget.limit, budget.hours, dict(budget.points), {**budget.reserve}),
        duplicate_hours=sent.duplicate_hours,
        answer_hours=sent.answer_hours,
        order=tuple(sent.order),
        most_minor={**sent.most_minor},
        month_minor=sent.month_minor,
    )


def policy_sent(policy: Policy) -> PolicySent:
    """All of it, also what is as it is without a policy."""
    budget = policy.budget
    return PolicySent(
        hours=list(policy.hours),
        caps=[CapSent(count=each.count, hours=each.hours, channel=each.channel) for each in policy.caps],
        budget=None
        if budget is None
        else BudgetSent.model_validate(
            {"limit": budget.limit, "hours": budget.hours, "points": {**budget.points}, "reserve": {**budget.reserve}}
        ),
        duplicate_hours=policy.duplicate_hours,
        answer_hours=policy.answer_hours,
        order=list(policy.order),
        most_minor={**policy.most_minor},  # pyright: ignore[reportArgumentType]
        month_minor=policy.month_minor,
    )


def policy_view(found: InForce) -> PolicyView:
    return PolicyView(
        version=found.version,
        policy=policy_sent(found.policy),
        made_at=found.made_at,
        made_by=found.made_by,
    )
