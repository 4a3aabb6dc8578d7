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
