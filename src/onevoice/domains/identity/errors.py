from onevoice.kit.errors import DomainError


class IdentityError(DomainError):
    """Identity cannot do this."""


class UnknownProfileError(IdentityError):
    """Nobody is known by this identifier."""

    code = "unknown_profile"
    kind = "not_found"


class UnknownActionError(IdentityError):
    """There is no such merge."""

    code = "unknown_merge"
    kind = "not_found"


class AlreadyUndoneError(IdentityError):
    """The merge was undone before."""

    code = "already_undone"
    kind = "conflict"


class SameProfileError(IdentityError):
    """Both identifiers belong to one profile already."""

    code = "same_profile"
    kind = "conflict"


class NothingToSplitError(IdentityError):
    """The split would move nothing."""

    code = "nothing_to_split"
    kind = "invalid"


class InvalidReferenceError(IdentityError):
    """The reference to a profile cannot be read."""

    code = "invalid_reference"
    kind = "invalid"


class InvalidAddressError(IdentityError):
    """The address cannot carry a link."""

    code = "invalid_address"
    kind = "invalid"


class AmbiguousReferenceError(IdentityError):
    """The reference names several people."""

    code = "ambiguous_reference"
    kind = "conflict"


class UnblockableError(IdentityError):
    """The value cannot be blocked."""

    code = "unblockable"
    kind = "invalid"


class AlreadyBlockedError(IdentityError):
    """The value is blocked already."""

    code = "already_blocked"
    kind = "conflict"


class NotBlockedError(IdentityError):
    """The value is not blocked."""

    code = "not_blocked"
    kind = "not_found"


class TooManyBlockedError(IdentityError):
    """Too many values are blocked."""

    code = "too_many_blocked"
    kind = "conflict"


class InvalidLimitsError(IdentityError):
    """The limits cannot be."""

    code = "invalid_limits"
    kind = "invalid"


class LimitChangeOpenError(IdentityError):
    """Another change of limits is open."""

    code = "limit_change_open"
    kind = "conflict"


class UnknownLimitChangeError(IdentityError):
    """There is no such change of limits."""

    code = "unknown_limit_change"
    kind = "not_found"


class LimitChangeNotReadyError(IdentityError):
    """The change of limits is in another state."""

    code = "limit_change_not_ready"
    kind = "conflict"
