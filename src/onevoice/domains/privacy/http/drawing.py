"""How the pages are drawn: what the templates are given, in the reader's language."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from onevoice.domains.privacy.contracts import EVERY, Centre, ChannelShown, Entry, Preferences, TopicShown
from onevoice.domains.privacy.http import forms, texts
from onevoice.domains.privacy.service.centre import Brand
from onevoice.kit.i18n import LANGUAGES, OWN_NAMES, Language, Phrase, bound, moment
from onevoice.web import plain

TEMPLATES = Path(__file__).parent / "templates"
USUAL_PER_WEEK = 2

_FRAME: Final = {"language": texts.LANGUAGE, "preferences": texts.PREFERENCES}
_PAGE: Final = {
    **_FRAME,
    "intro": texts.INTRO,
    "where": texts.WHERE,
    "where_hint": texts.WHERE_HINT,
    "no_channel": texts.NO_CHANNEL,
    "first": texts.FIRST,
    "off": texts.OFF,
    "higher": texts.HIGHER,
    "topics": texts.TOPICS,
    "always": texts.ALWAYS,
    "frequency": texts.FREQUENCY,
    "hours": texts.HOURS,
    "hours_hint": texts.HOURS_HINT,
    "any_time": texts.ANY_TIME,
    "pause": texts.PAUSE,
    "pause_hint": texts.PAUSE_HINT,
    "week": texts.WEEK,
    "month": texts.MONTH,
    "resume": texts.RESUME,
    "save": texts.SAVE,
    "undo": texts.UNDO,
    "record": texts.RECORD,
    "nothing_on_record": texts.NOTHING_ON_RECORD,
    "agreed": texts.AGREED,
    "details": texts.DETAILS,
    "no_text": texts.NO_TEXT,
    "none_at_all": texts.NONE_AT_ALL,
    "none_hint": texts.NONE_HINT,
}
_ACTS: Final = {"grant": texts.YES, "confirm": texts.CONFIRMED, "withdraw": texts.NO, "request": texts.ASKED}
_SOURCES: Final = {
    "page": texts.BY_PAGE,
    "unsubscribe": texts.BY_CLICK,
    "confirmation": texts.BY_LINK,
    "operator": texts.BY_STAFF,
    "message": texts.BY_MESSAGE,
}


class Drawing:
    def __init__(self, console: Path) -> None:
        environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
        self._preferences = environment.get_template("preferences.html")
        self._notice = environment.get_template("notice.html")
        css = plain.font_faces(console) + (TEMPLATES / "preferences.css").read_text(encoding="utf-8")
        self._style = plain.Asset("preferences", "css", css)
        self._script = plain.Asset("preferences", "js", (TEMPLATES / "preferences.js").read_text(encoding="utf-8"))

    @property
    def assets(self) -> tuple[plain.Asset, ...]:
        return self._style, self._script

    def notice(
        self,
        language: Language,
        brand: str,
        title: str,
        lines: Sequence[str],
        *,
        quote: str | None = None,
        button: str | None = None,
        hint: str | None = None,
        onward: str | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        """A page that says one thing, with a button where something can be done about it."""
        content = self._notice.render(
            **self._frame(language, brand, title, _FRAME),
            script=None,
            lines=lines,
            quote=quote,
            button=button,
            hint=hint,
            onward=onward,
        )
        return _answer(content, language, status)

    def preferences(
        self,
        language: Language,
        brand: Brand,
        token: str,
        shown: Centre,
        before: Centre | None,
        entries: Iterable[Entry],
        *,
        notice: Phrase | None,
        chosen: bool,
        now: datetime,
    ) -> HTMLResponse:
        """before: what can be gone back to. chosen: the reader asked for this language."""
        pause = shown.wishes.pause_until
        first = next((each for each in shown.channels if each.on), None)
        paused = pause if pause is not None and pause > now else None
        titles = {each.purpose.name: each.purpose.titles[language] for each in shown.topics}
        content = self._preferences.render(
            **self._frame(language, brand.name, texts.TITLE.to(language), _PAGE),
            script=self._script.address,
            action=f"/preferences/{token}",
            shown=shown,
            chosen=chosen,
            notice=notice.to(language) if notice else None,
            pause_until=pause.isoformat() if pause else "",
            wished_language=shown.wishes.language or "",
            paused=_timed(texts.PAUSED.to(language), "{until}", paused.astimezone(brand.zone)) if paused else None,
            moment=partial(moment, language=language),
            channels=[_channel(each, each == first, language) for each in shown.channels],
            topics=[_topic(each, language) for each in shown.topics],
            frequencies=_frequencies(shown.wishes, language),
            hours=_hours(shown.wishes, language),
            entries=[_entry(each, titles, brand, language) for each in entries],
            undo=forms.undo_of(before, shown) if before else None,
            saved=_timed(texts.SAVED.to(language), "{time}", now.astimezone(brand.zone)),
        )
        return _answer(content, language, 200)

    def _frame(self, language: Language, brand: str, title: str, said: dict[str, Phrase]) -> dict[str, Any]:
        return {
            "language": language,
            "brand": brand,
            "title": title,
            "stylesheet": self._style.address,
            "text": {name: phrase.to(language) for name, phrase in said.items()},
            "languages": [{"code": each, "name": OWN_NAMES[each]} for each in LANGUAGES],
        }


def _answer(content: str, language: Language, status: int) -> HTMLResponse:
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Vary": "Accept-Language, Cookie",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(content, status_code=status, headers=headers)


def channel_title(name: str, language: Language) -> str:
    if name == EVERY:
        return texts.EVERYWHERE.to(language)
    phrase = texts.CHANNELS.get(name)
    return phrase.to(language) if phrase else texts.PLAIN_CHANNELS.get(name, name)


def _channel(shown: ChannelShown, first: bool, language: Language) -> dict[str, Any]:
    said = texts.OFF if not shown.on else texts.FIRST if first else None
    return {
        "name": shown.name,
        "title": channel_title(shown.name, language),
        "about": " · ".join([shown.address, *([said.to(language)] if said else [])]),
        "on": shown.on,
        "first": first,
    }


def _topic(shown: TopicShown, language: Language) -> dict[str, Any]:
    where = "" if shown.locked else ", ".join(channel_title(each, language) for each in shown.where)
    return {
        "name": shown.purpose.name,
        "title": bound(shown.purpose.titles[language], language),
        "about": shown.text.body if shown.text else bound(shown.purpose.descriptions[language], language),
        "where": "" if shown.locked else _whole(where) or texts.NOT_SENT.to(language),
        "locked": shown.locked,
        "on": shown.on,
    }


def _frequencies(wishes: Preferences, language: Language) -> list[dict[str, Any]]:
    counts: list[int] = sorted({USUAL_PER_WEEK, wishes.per_week or USUAL_PER_WEEK})
    found = [(0, texts.NECESSARY.to(language)), *((n, texts.PER_WEEK.to(language, n)) for n in counts)]
    choices = [{"value": str(n), "title": title, "chosen": wishes.per_week == n} for n, title in found]
    return [*choices, {"value": "", "title": texts.NO_LIMIT.to(language), "chosen": wishes.per_week is None}]


def _hours(wishes: Preferences, language: Language) -> list[dict[str, Any]]:
    chosen = wishes.hours or (None, None)
    return [
        {"name": name, "title": title.to(language), "options": _times(at)}
        for name, title, at in (("from", texts.FROM, chosen[0]), ("until", texts.UNTIL, chosen[1]))
    ]


def _times(chosen: int | None) -> list[dict[str, Any]]:
    times: list[int] = sorted({*range(0, 24 * 60 + 1, 60), chosen or 0})
    return [{"value": str(at), "title": f"{at // 60}:{at % 60:02d}", "chosen": at == chosen} for at in times]


def _timed(phrase: str, field: str, at: datetime) -> dict[str, Any]:
    before, _, after = phrase.partition(field)
    return {"before": before, "at": at, "after": after}


def _whole(text: str) -> str:
    """The word keeps together at the end of a line."""
    return text.replace("E-mail", "E-\u2060mail")


def _entry(entry: Entry, titles: dict[str, str], brand: Brand, language: Language) -> dict[str, Any]:
    return {
        "at": entry.happened.astimezone(brand.zone),
        "said": _whole(bound(_said(entry, titles, language), language)),
        "how": _SOURCES.get(entry.source, texts.BY_SYSTEM).to(language),
        "version": texts.TEXT_SHOWN.to(language).format(version=entry.version) if entry.body else None,
        "body": entry.body,
        "language": entry.language,
    }


def _said(entry: Entry, titles: dict[str, str], language: Language) -> str:
    channel = channel_title(entry.channel, language)
    if entry.purpose != EVERY:
        return f"{titles.get(entry.purpose, entry.purpose)}: {_ACTS[entry.act].to(language)}, {channel}"
    if entry.channel == EVERY and entry.act == "withdraw":
        return texts.EVERYTHING_NO.to(language)
    state = texts.CHANNEL_OFF if entry.act == "withdraw" else texts.CHANNEL_ON
    return f"{channel}: {state.to(language)}"
