"""What can be wrong with a request to the log. What is wrong with one event is a `Rejection`, not an error."""

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


class UnknownWriteKeyError(EventsError):
    """The write key is not valid."""

    code = "invalid_write_key"
    kind = "unauthenticated"


class UnknownSettingsError(UnknownWriteKeyError):
    """The write key is not valid."""

    kind = "not_found"


class SecretKeyError(EventsError):
    """A secret key does not write."""

    code = "secret_key"
    kind = "forbidden"


class OverloadedError(EventsError):
    """Events come faster than they can be stored."""

    code = "overloaded"
    kind = "unavailable"


class UnavailableError(EventsError):
    """Events cannot be stored just now."""

    code = "unavailable"
    kind = "unavailable"


class UnknownDeadLetterError(EventsError):
    """There is no such dead letter."""

    code = "unknown_dead_letter"
    kind = "not_found"


class ForeignLogError(EventsError):
    """The log is another cluster's."""

    code = "foreign_log"
    kind = "conflict"


class UnknownSourceError(EventsError):
    """There is no such source."""

    code = "unknown_source"
    kind = "not_found"


class InvalidPlanError(EventsError):
    """It cannot be declared like this."""

    code = "invalid_plan"
    kind = "invalid"


class UnknownPlanEventError(EventsError):
    """There is no such event in the plan."""

    code = "unknown_plan_event"
    kind = "not_found"


class PlanConflictError(EventsError):
    """The plan has changed meanwhile."""

    code = "plan_conflict"
    kind = "conflict"


class UnknownAlarmError(EventsError):
    """There is no such alarm."""

    code = "unknown_alarm"
    kind = "not_found"


class AlarmClosedError(EventsError):
    """The alarm is closed."""

    code = "alarm_closed"
    kind = "conflict"


class ImportClosedError(EventsError):
    """The import that the dead letter came by is undone, or about to be."""

    code = "import_closed"
    kind = "conflict"
