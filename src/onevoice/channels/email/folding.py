"""What somebody wrote, apart from what they quoted and how they sign, in English, Russian and Polish mail.

Each line goes to exactly one of the three, so nothing is ever lost. Marks are those of Gmail, Outlook, Apple Mail,
Yandex and Thunderbird.
"""

import re
from dataclasses import dataclass
from typing import Literal

LINES_MAX = 20_000
_ATTRIBUTION_LINES = 4
_HEADER_LINES = 8
_SIGNATURE_LINES = 12
_SHORT = 90

Fate = Literal["text", "quoted", "signature"]

_ADDRESS = r"[<\[(]?[\w.+-]+@[\w.-]+[>\])]?"
_TIME = r"\d{1,2}[:.]\d{2}"
_ENDS = (
    r"(wrote|writes|пишет|писал|писала|писал\(а\)|написал|написала|написал\(а\)"
    r"|pisze|napisał|napisała|napisał\(a\)|napisał/a)"
)
_ATTRIBUTION = re.compile(
    "|".join(
        (
            rf"^(on|le|am)\b.{{4,300}}\b{_ENDS}\s*:$",
            rf"^(w dniu|dnia)\b.{{4,300}}{_ENDS}\s*:$",
            rf"^wiadomość napisana przez .{{2,200}}{_TIME}\s*:$",
            # Any date or time, then who, then that they wrote it.
            rf"^.{{0,60}}\d.{{4,260}}{_ENDS}\s*:$",
            # Gmail and Yandex in Russian: date, name, address, colon.
            rf"^.{{0,40}}\d{{1,4}}.{{4,120}}{_TIME}.{{0,160}}{_ADDRESS}\s*:$",
            rf"^.{{2,120}}{_ADDRESS}.{{0,40}}{_ENDS}\s*:$",
        )
    ),
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"^(on\b|w dniu\b|dnia\b|wiadomość napisana"
    r"|(пн|вт|ср|чт|пт|сб|вс|pon|wt|śr|czw|pt|sob|niedz|mon|tue|wed|thu|fri|sat|sun)"
    r"[a-zа-я.]*,?\s|\d{1,2}[.\s/]|\d{4}-\d{2})",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^\s*[-_*]{2,}\s*(original message|original appointment|исходное сообщение|пересылаемое сообщение ответа"
    r"|оригинальное сообщение|wiadomość oryginalna|oryginalna wiadomość|pierwotna wiadomość)\s*[-_*]{2,}\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*\*?(from|от|от кого|od|nadawca)\s*:\*?\s*\S", re.IGNORECASE)
_BESIDE = re.compile(
    r"^\s*\*?(sent|date|to|subject|отправлено|дата|кому|тема|wysłano|wysłane|data|do|temat)\s*:\*?\s*\S", re.IGNORECASE
)
_RULE = re.compile(r"^\s*_{10,}\s*$")
_DELIMITER = re.compile(r"^--\s?$")
_DEVICE = re.compile(
    r"^\s*(sent from (my|mail|outlook|yahoo|proton|gmail|the)\b.{0,60}|get outlook for .{0,40}"
    r"|отправлено (с|из|от|через) .{1,60}|(wysłane|wysłano) (z|ze|przy użyciu|za pomocą) .{1,60}"
    r"|pobierz (program|aplikację) outlook.{0,60}"
    r"|скачать outlook .{0,40})\s*$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\s*(best( regards| wishes)?|kind regards|warm regards|regards|many thanks|sincerely"
    r"|yours( sincerely| faithfully| truly)?|cheers"
    r"|с уважением|с наилучшими пожеланиями|всего (доброго|наилучшего|хорошего)|искренне ваш[аи]?|заранее спасибо"
    r"|z poważaniem|z wyrazami szacunku|pozdrawiam( serdecznie)?|serdecznie pozdrawiam|łączę pozdrowienia|pozdrowienia)"
    r"\s*[,.!]?\s*([\w.\- ]{0,40})$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Folded:
    text: str
    quoted: str
    signature: str


def fold(text: str) -> Folded:
    r"""The three together hold every line of the text.

    >>> fold("Yes, please.\n\nOn Fri, 27 Nov 2026 at 10:00, Shop <a@b.example> wrote:\n> Size 38?").text
    'Yes, please.'
    """
    lines = text.replace("\r\n", "\n").split("\n")
    body, rest = lines[:LINES_MAX], lines[LINES_MAX:]
    fates = _quotes(body)
    _signature(body, fates)
    kept: dict[Fate, list[str]] = {"text": [], "quoted": [], "signature": []}
    for line, fate in zip(body, fates, strict=True):
        kept[fate].append(line)
    kept["quoted"] += rest
    return Folded(_joined(kept["text"]), _joined(kept["quoted"]), _joined(kept["signature"]))


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def _quotes(lines: list[str]) -> list[Fate]:
    fates: list[Fate] = ["text"] * len(lines)
    at = 0
    while at < len(lines):
        if _is_quote(lines[at]):
            fates[at] = "quoted"
            at += 1
        elif _begins_original(lines, at):
            _mark(fates, at, len(lines))
            break
        elif ends := _attribution(lines, at):
            after = _next_filled(lines, ends)
            marked = after is not None and _is_quote(lines[after])
            # Marked line by line, an answer may follow below; else all that follows is the quoted message.
            until = after if marked and after is not None else len(lines)
            _mark(fates, at, until)
            at = until
        else:
            at += 1
    return fates


def _mark(fates: list[Fate], begin: int, end: int) -> None:
    for at in range(begin, end):
        fates[at] = "quoted"


def _is_quote(line: str) -> bool:
    return line.lstrip(" \t\u00a0").startswith((">", "|>"))


def _next_filled(lines: list[str], at: int) -> int | None:
    return next((n for n in range(at, min(at + 5, len(lines))) if lines[n].strip()), None)


def _begins_original(lines: list[str], at: int) -> bool:
    if _ORIGINAL.match(lines[at]):
        return True
    begin = at + 1 if _RULE.match(lines[at]) else at
    while begin < len(lines) and begin <= at + 2 and not lines[begin].strip():
        begin += 1
    if begin >= len(lines) or (begin != at and not _RULE.match(lines[at])) or not _FROM.match(lines[begin]):
        return False
    return sum(bool(_BESIDE.match(line)) for line in lines[begin + 1 : begin + _HEADER_LINES]) >= 2


def _attribution(lines: list[str], at: int) -> int:
    """The line after an attribution that begins here; 0 where none does. Mail programs break it over lines."""
    first = lines[at].strip()
    if not first or len(first) > 400:
        return 0
    joined = ""
    for number in range(at, min(at + _ATTRIBUTION_LINES, len(lines))):
        line = lines[number].strip()
        if not line or _is_quote(lines[number]):
            return 0
        joined = f"{joined} {line}".strip()
        if line.endswith(":") and len(joined) <= 400:
            found = _ATTRIBUTION.match(joined) and (number == at or _BEGINS.match(first))
            return number + 1 if found else 0
    return 0


def _signature(lines: list[str], fates: list[Fate]) -> None:
    """Marks it, where something is left beside it: a message of nothing but a greeting is a message."""
    own = [n for n, fate in enumerate(fates) if fate == "text"]
    begin = _signature_begins(lines, own)
    if begin is None or not any(lines[n].strip() for n in own if n < begin):
        return
    for n in own:
        if n < begin:
            continue
        if n != begin and fates[n - 1] == "quoted" and lines[n].strip():
            break  # a quote stood between: what is written below it is an answer
        fates[n] = "signature"


def _signature_begins(lines: list[str], own: list[int]) -> int | None:
    filled = [n for n in own if lines[n].strip()]
    for n in own:
        if _DELIMITER.match(lines[n]):
            return n
    for n in filled[-_SIGNATURE_LINES:]:
        run = [each for each in filled if each >= n]
        if _CLOSING.match(lines[n]) and all(len(lines[each].strip()) <= _SHORT for each in run):
            return n
        if _DEVICE.match(lines[n]) and len(run) <= 2:
            return n
    return None
