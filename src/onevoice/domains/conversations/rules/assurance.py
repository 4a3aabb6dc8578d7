"""How surely a message is of the person whose address it came from."""

from onevoice.domains.conversations.contracts import Assurance

_POSSESSED = frozenset({"telegram", "whatsapp", "viber", "vk", "ok", "max", "instagram", "messenger", "sms", "phone"})
_ANONYMOUS = frozenset({"anonymous_id", "device", "chat"})


def of_kind(kind: str) -> Assurance:
    """By the kind of identifier that a word came from. A sender of e-mail is what the letter claims.

    >>> of_kind("telegram"), of_kind("email"), of_kind("anonymous_id")
    ('possessed', 'claimed', 'anonymous')
    """
    if kind in _ANONYMOUS:
        return "anonymous"
    return "possessed" if kind in _POSSESSED else "claimed"
