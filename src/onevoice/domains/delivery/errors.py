"""What can be wrong with a message or a request to send one, and what a channel may answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, Self

from onevoice.kit.errors import DomainError

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class DeliveryError(DomainError):
    """The message cannot be handled so."""


class UnknownMessageError(DeliveryError):
    """There is no such message."""

    code = "unknown_message"
    kind = "not_found"


class UnknownFileError(DeliveryError):
    """There is no such file."""

    code = "unknown_file"
    kind = "not_found"


class UnusableFileError(DeliveryError):
    """The file cannot be sent."""

    code = "unusable_file"


class TooManyFilesError(DeliveryError):
    """Too many files wait to be sent."""

    code = "too_many_files"
    kind = "conflict"


class UnknownAccountError(DeliveryError):
    """There is no such channel account."""

    code = "unknown_account"
    kind = "not_found"


class UnknownChannelError(DeliveryError):
    """There is no such channel."""

    code = "unknown_channel"
    kind = "not_found"


class UnusableSettingsError(DeliveryError):
    """The channel cannot be used with these settings."""

    code = "unusable_settings"


class NotCancellableError(DeliveryError):
    """The message is on its way already, or has ended."""

    code = "not_cancellable"
    kind = "conflict"


class InvalidMessageError(DeliveryError):
    """The message cannot be sent as it was asked."""

    code = "invalid_message"


class UnfillableWordsError(DeliveryError):
    """The words hold a variable or a tag of which nothing can be made."""

    code = "unfillable_words"


class InvalidPolicyError(DeliveryError):
    """The policy makes no sense."""

    code = "invalid_policy"


class PolicyChangedError(DeliveryError):
    """Somebody else changed the policy meanwhile."""

    code = "policy_changed"
    kind = "conflict"


class UnknownSwitchError(DeliveryError):
    """There is no such switch."""

    code = "unknown_switch"


class AccountTakenError(DeliveryError):
    """There is an account of this name already."""

    code = "account_taken"
    kind = "conflict"


# What an adaptor raises, and nothing else. The class says what is to be done next.


class ChannelError(Exception):
    """The provider did not take it.

    code: for programs and statistics, such as `mailbox_full`. detail: what the provider said, for the people who run
    the channel; never the content, nor a secret.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Retriable(ChannelError):  # noqa: N818 - the three names that the house style gives
    """Trying again may help.

    after_seconds: not sooner, where the provider said so. scope: whether this message alone waits, or all that goes
    through the account. accepted: `maybe` where the provider may have taken it all the same (time-out or reset after
    the request was sent): without an idempotency key it must not be sent again blindly.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        after_seconds: float | None = None,
        scope: Literal["message", "account"] = "message",
        accepted: Literal["no", "maybe"] = "no",
    ) -> None:
        super().__init__(code, detail)
        self.after_seconds = after_seconds
        self.scope = scope
        self.accepted = accepted


class Permanent(ChannelError):  # noqa: N818
    """No attempt will ever be taken.

    gone: nor will any other to this address: a hard bounce, or the person blocked us.
    """

    def __init__(self, code: str, detail: str = "", *, gone: bool = False) -> None:
        super().__init__(code, detail)
        self.gone = gone


class ActionRequired(ChannelError):  # noqa: N818
    """Nothing goes through this account until somebody mends it: a token revoked, a password wrong, money used up."""


# Templates


class TemplateError(DeliveryError):
    """The template cannot be used as it is.

    reason: for programs, such as `syntax` or `missing_value`. part: where in the variant, such as `subject`; line and
    column from 1, None where it is about the whole part. fault: more exactly, such as `unknown_filter`, with the values
    that telling of it takes; where there is nothing more exact, the reason.
    """

    code = "invalid_template"

    def __init__(
        self,
        reason: str,
        detail: str,
        part: str = "",
        line: int | None = None,
        column: int | None = None,
        *,
        fault: str = "",
        values: Mapping[str, str] = NOTHING,
    ) -> None:
        super().__init__(detail, reason=reason, part=part, line=line, column=column)
        self.reason = reason
        self.part = part
        self.line = line
        self.column = column
        self.fault = fault or reason
        self.values = values

    @classmethod
    def at(
        cls,
        reason: str,
        detail: str,
        part: str,
        source: str,
        index: int,
        *,
        fault: str = "",
        values: Mapping[str, str] = NOTHING,
    ) -> Self:
        """index: of the character in `source`."""
        index = max(0, min(index, len(source)))
        before = source.rfind("\n", 0, index)
        line = source.count("\n", 0, index) + 1
        return cls(reason, detail, part, line, index - before, fault=fault, values=values)


class UnknownTemplateError(DeliveryError):
    """There is no such template, or no such version of it."""

    code = "unknown_template"
    kind = "not_found"


class TemplateTakenError(DeliveryError):
    """A template has this name already."""

    code = "template_taken"
    kind = "conflict"


class TemplateChangedError(DeliveryError):
    """Somebody else has changed the draft meanwhile."""

    code = "template_changed"
    kind = "conflict"


class TemplateProblemsError(DeliveryError):
    """The draft cannot be published as it is."""

    code = "template_problems"


class TooManyTestsError(DeliveryError):
    """Too many tests were sent."""

    code = "too_many_tests"
    kind = "too_many"


class ArchivedTemplateError(DeliveryError):
    """The template is archived."""

    code = "template_archived"
    kind = "conflict"
