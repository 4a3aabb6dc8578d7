from onevoice.kit.errors import DomainError


class EventsError(DomainError):
    """Events cannot be taken."""


class UnreadableBodyError(EventsError):
    """The body cannot be read."""

    code = "unreadable"
    kind = "invalid"


class TooLargeError(EventsError):
    """The body is too large."""

    code = "too_large"
    kind = "too_large"


class OverloadedError(EventsError):
    """Events come faster than they can be stored."""

    code = "overloaded"
    kind = "unavailable"


class UnknownDeadLetterError(EventsError):
    """There is no such dead letter."""

    code = "unknown_dead_letter"
    kind = "not_found"
