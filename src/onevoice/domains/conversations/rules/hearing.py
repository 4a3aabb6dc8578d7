"""What an event of the log means for a conversation."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from onevoice.domains.conversations.contracts import Author
from onevoice.domains.delivery.contracts.names import PRESSED, RECEIVED, SENT
from onevoice.kit import text as texts

NAMES = (RECEIVED, PRESSED, SENT)


class Meant(NamedTuple):
    """wants: a person's word that somebody should answer. answers: a word of ours in a conversation."""

    author: Author
    wants: bool
    answers: bool
    message: int | None


def meant(name: str, properties: Mapping[str, Any]) -> Meant:
    """A machine's answer, a word that ends everything and the opening of a bot want no answer; all else does.

    >>> meant("Message Received", {"text": "Hi"}).wants, meant("Message Received", {"text": "/start"}).wants
    (True, False)
    """
    if name == SENT:
        colleague = bool(properties.get("author"))
        number = properties.get("message")
        return Meant(
            "colleague" if colleague else "program",
            wants=False,
            answers=properties.get("class") == "conversational",
            message=number if isinstance(number, int) else None,
        )
    text = properties.get("text")
    begins = "start" in properties or (isinstance(text, str) and text.strip() == "/start")
    idle = bool(begins or properties.get("automatic") or properties.get("stop"))
    return Meant("customer", wants=not idle, answers=False, message=None)


def straight(value: Any) -> Any:
    """JSON as it is shown: all its texts straight.

    >>> straight({"files": [{"name": "invoice\u202egnp.exe"}]})
    {'files': [{'name': 'invoicegnp.exe'}]}
    """
    if isinstance(value, str):
        return texts.straight(value)
    if isinstance(value, dict):
        return {name: straight(each) for name, each in value.items()}
    return [straight(each) for each in value] if isinstance(value, list) else value


_SEARCHED = ("subject", "text", "quoted", "signature", "data")


def searched(properties: Mapping[str, Any]) -> list[str]:
    """What of it the search knows; of what is declared personal, which stands in the vault alone, nothing."""
    found = [properties[name] for name in _SEARCHED if isinstance(properties.get(name), str)]
    files = properties.get("files")
    if isinstance(files, list):
        found += [file["name"] for file in files if isinstance(file, dict) and isinstance(file.get("name"), str)]
    return found


def files(properties: Mapping[str, Any]) -> list[int]:
    """Numbers of the files that came with it."""
    found = properties.get("files")
    named = [each.get("file") for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return [each for each in named if isinstance(each, int) and 0 < each < 2**63]
