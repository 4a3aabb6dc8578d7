"""What can be wrong with a webhook or a request to one. What a mapping cannot make is a `Problem`, not an error."""

from onevoice.kit.errors import DomainError


class WebhooksError(DomainError):
    """The webhook cannot be used so."""


class UnknownWebhookError(WebhooksError):
    """There is no such webhook."""

    code = "unknown_webhook"
    kind = "not_found"


class UnknownDeliveryError(WebhooksError):
    """There is no such delivery."""

    code = "unknown_delivery"
    kind = "not_found"


class UnknownMappingError(WebhooksError):
    """There is no such version of the mapping."""

    code = "unknown_mapping"
    kind = "not_found"


class InvalidSignatureError(WebhooksError):
    """The delivery is not signed as it must be."""

    code = "invalid_signature"
    kind = "unauthenticated"


class UnreadablePayloadError(WebhooksError):
    """The payload cannot be read."""

    code = "unreadable_payload"


class UnusableSecretError(WebhooksError):
    """The secret cannot be used."""

    code = "unusable_secret"


class MappingChangedError(WebhooksError):
    """Somebody else changed the mapping meanwhile."""

    code = "mapping_changed"
    kind = "conflict"
