"""What messages are called and numbered by."""

from typing import Literal, NewType

MessageId = NewType("MessageId", int)
AccountId = NewType("AccountId", int)

MessageClass = Literal["transactional", "conversational", "marketing"]
"""What may be asked for."""
AnyClass = Literal["transactional", "conversational", "marketing", "test"]
CLASSES: tuple[AnyClass, ...] = ("transactional", "conversational", "marketing", "test")
"""By the number they are stored under. Append only. test: a draft that somebody of ours tries out."""

TYPED = 0
"""In place of an identifier: an address that one of us typed for a test, and that nobody is known by."""

State = Literal[
    "planned", "queued", "sending", "sent", "delivered", "read", "clicked",
    "suppressed", "cancelled", "failed", "bounced", "uncertain",
]  # fmt: skip
STATES: tuple[State, ...] = (
    "planned", "queued", "sending", "sent", "delivered", "read", "clicked",
    "suppressed", "cancelled", "failed", "bounced", "uncertain",
)  # fmt: skip
"""By the number they are stored under. Append only."""

# Events of the log, named as people and Segment's clients would name them.
SENT = "Message Sent"
RECEIVED = "Message Received"
PRESSED = "Button Pressed"
