from onevoice.kit.errors import DomainError


class ProfilesError(DomainError):
    """The profile cannot be shown."""


class ReasonMissingError(ProfilesError):
    """A reason is needed."""

    code = "reason_missing"
    kind = "invalid"


class UnknownZoneError(ProfilesError):
    """There is no such time zone."""

    code = "unknown_zone"
    kind = "invalid"
