"""What can be wrong about people, keys and sessions."""

from onevoice.kit.errors import DomainError


class AccessError(DomainError):
    """Access was refused."""

    code = "access"
    kind = "invalid"


class InvalidNameError(AccessError):
    """The name cannot be used."""

    code = "invalid_name"


class WeakPasswordError(AccessError):
    """The password is too easy to guess."""

    code = "weak_password"


class UnknownChannelError(AccessError):
    """There is no such channel."""

    code = "unknown_channel"


class LoginTakenError(AccessError):
    """Somebody already has this login."""

    code = "login_taken"
    kind = "conflict"


class LastOwnerError(AccessError):
    """Somebody must stay owner."""

    code = "last_owner"
    kind = "conflict"


class NotYoursError(AccessError):
    """Only an owner may do this to an owner."""

    code = "not_yours"
    kind = "forbidden"


class PermissionBeyondError(AccessError):
    """Nobody can allow more than they may do themselves."""

    code = "permission_beyond"
    kind = "forbidden"


class SourceConflictError(AccessError):
    """The source exists with another channel or site."""

    code = "source_conflict"
    kind = "conflict"


class InvalidSiteError(AccessError):
    """Something about the site cannot be so."""

    code = "invalid_site"


class SiteTakenError(AccessError):
    """There is a site of this name."""

    code = "site_taken"
    kind = "conflict"


class UnknownSiteError(AccessError):
    """There is no such site."""

    code = "unknown_site"
    kind = "not_found"


class SiteInUseError(AccessError):
    """Sources belong to the site."""

    code = "site_in_use"
    kind = "conflict"


class UnknownUserError(AccessError):
    """There is no such user."""

    code = "unknown_user"
    kind = "not_found"


class UnknownKeyError(AccessError):
    """There is no such key."""

    code = "unknown_key"
    kind = "not_found"


class UnknownSessionError(AccessError):
    """There is no such session."""

    code = "unknown_session"
    kind = "not_found"


class WrongPasswordError(AccessError):
    """The password is wrong."""

    code = "wrong_password"
    kind = "forbidden"


class WrongCodeError(AccessError):
    """The code is wrong."""

    code = "wrong_code"
    kind = "forbidden"


class NoSecondFactorError(AccessError):
    """There is no second factor."""

    code = "no_second_factor"
    kind = "not_found"


class SecondFactorStandsError(AccessError):
    """There is a second factor already."""

    code = "second_factor_stands"
    kind = "conflict"


class TooManyAttemptsError(AccessError):
    """Too many attempts."""

    code = "too_many_attempts"
    kind = "too_many"


class BusyError(AccessError):
    """Too many people are logging in at once."""

    code = "busy"
    kind = "unavailable"


class ForeignKeysError(AccessError):
    """The keys do not belong to this database."""

    code = "foreign_keys"
    kind = "conflict"
