"""What can be wrong with what somebody allowed, wished or forbade."""

from onevoice.kit.errors import DomainError


class PrivacyError(DomainError):
    """Consents and wishes cannot be kept so."""


class UnknownPurposeError(PrivacyError):
    """There is no such purpose."""

    code = "unknown_purpose"
    kind = "not_found"


class UnknownTextError(PrivacyError):
    """There is no such text."""

    code = "unknown_text"
    kind = "not_found"


class UnknownSuppressionError(PrivacyError):
    """There is no such suppression."""

    code = "unknown_suppression"
    kind = "not_found"


class UnknownDoorError(PrivacyError):
    """The link leads nowhere."""

    code = "unknown_link"
    kind = "not_found"


class InvalidConsentError(PrivacyError):
    """The consent cannot be recorded so."""

    code = "invalid_consent"


class ConfirmationNeededError(PrivacyError):
    """The address's holder must confirm it."""

    code = "confirmation_needed"
    kind = "conflict"


class WithdrawnSinceError(PrivacyError):
    """It has been withdrawn since."""

    code = "withdrawn_since"
    kind = "conflict"


class InvalidPreferenceError(PrivacyError):
    """The wish cannot be kept so."""

    code = "invalid_preference"


class InvalidPurposeError(PrivacyError):
    """The purpose cannot be so."""

    code = "invalid_purpose"
