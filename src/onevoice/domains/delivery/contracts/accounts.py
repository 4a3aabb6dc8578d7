"""Accounts of ours at providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from onevoice.domains.delivery.contracts.channels import Limits
from onevoice.domains.delivery.contracts.names import AccountId


@dataclass(frozen=True, slots=True)
class Probed:
    """Settings were tried and work. name: what the provider calls this account, such as @northfold_bot."""

    name: str
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Account:
    """An account of ours at a provider. settings: without secrets."""

    id: AccountId
    channel: str
    name: str
    site: str
    source_id: int
    settings: Mapping[str, Any]
    place: int
    paused: bool
    trouble: str | None
    trouble_at: datetime | None
    limits: Limits
    cost_minor: int
    currency: str
    made_at: datetime
    changed_at: datetime
    blocked_until: datetime | None = None
    trips: int = 0
    used_at: datetime | None = None
    """When something was last due to go through it."""
    handle: str = ""
    """What the provider calls it, such as @northfold_bot, as it told when the settings were tried."""


class Pace(NamedTuple):
    """What is left of an account's rate as of `at`; failures in a row, and how often in a row it had to rest."""

    tokens: float
    at: datetime
    blocked_until: datetime | None
    failures: int
    trips: int
