"""What can be wrong with a request to the desk."""

from onevoice.kit.errors import DomainError


class ConversationsError(DomainError):
    """That cannot be done with the conversation."""

    code = "conversation"
    kind = "invalid"


class NoEpisodeError(ConversationsError):
    """The customer has said nothing yet."""

    code = "no_episode"
    kind = "not_found"


class AnsweredMeanwhileError(ConversationsError):
    """Somebody else has answered meanwhile."""

    code = "answered_meanwhile"
    kind = "conflict"


class UnfilledWordsError(ConversationsError):
    """A variable stands in the answer."""

    code = "unfilled_words"


class UnknownAddressError(ConversationsError):
    """The customer has no such address."""

    code = "unknown_address"
    kind = "not_found"


class UnknownBlockError(ConversationsError):
    """There is no such block."""

    code = "unknown_block"
    kind = "not_found"


class UnknownNoteError(ConversationsError):
    """There is no such note."""

    code = "unknown_note"
    kind = "not_found"


class NotYourNoteError(ConversationsError):
    """The note is somebody else's."""

    code = "not_your_note"
    kind = "forbidden"


class UnknownColleagueError(ConversationsError):
    """There is no such colleague."""

    code = "unknown_colleague"
    kind = "not_found"


class UnknownReplyError(ConversationsError):
    """There is no such saved reply."""

    code = "unknown_reply"
    kind = "not_found"


class ShortcutTakenError(ConversationsError):
    """Another reply has this shortcut."""

    code = "shortcut_taken"
    kind = "conflict"


class UnknownViewError(ConversationsError):
    """There is no such view."""

    code = "unknown_view"
    kind = "not_found"


class SharedViewError(ConversationsError):
    """What all see is changed by those who may edit replies."""

    code = "shared_view"
    kind = "forbidden"


class EmptySearchError(ConversationsError):
    """There is no word in the query."""

    code = "empty_search"


class UnusableChatError(ConversationsError):
    """That cannot be taken from a chat."""

    code = "unusable_chat"


class NoChatError(ConversationsError):
    """There is no chat here."""

    code = "no_chat"
    kind = "not_found"


class UnknownPageKeyError(ConversationsError):
    """No site is known by this key."""

    code = "unknown_key"
    kind = "unauthenticated"


class ForeignPageError(ConversationsError):
    """The page may not show the chat."""

    code = "foreign_page"
    kind = "forbidden"


class OtherVisitorError(ConversationsError):
    """Another visitor began this chat."""

    code = "other_visitor"
    kind = "conflict"


class TooFastError(ConversationsError):
    """Too much at once."""

    code = "too_fast"
    kind = "too_many"


class NoHopError(ConversationsError):
    """The chat cannot go on there."""

    code = "no_hop"
    kind = "conflict"
