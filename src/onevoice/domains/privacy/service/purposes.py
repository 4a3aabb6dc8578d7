"""Purposes and the texts that people agree to: what marketers change, and never in what was agreed to already."""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from psycopg import Connection

from onevoice.domains.access.contracts import Audit
from onevoice.domains.access.service import audit
from onevoice.domains.privacy.contracts import Purpose, PurposeChange, Text
from onevoice.domains.privacy.errors import InvalidPurposeError, UnknownPurposeError, UnknownTextError
from onevoice.domains.privacy.service.standing import purposes
from onevoice.domains.privacy.store import purposes as store
from onevoice.kit.clock import Clock
from onevoice.kit.i18n import LANGUAGES

TITLE_MOST = 120
TEXT_MOST = 4_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def texts(conn: Connection) -> dict[tuple[str, str], Text]:
    """What is shown now, by purpose and language."""
    return {(each.purpose, each.language): each for each in store.texts(conn)}


def versions(conn: Connection, purpose: str, *, before: int | None = None, limit: int = 50) -> list[Text]:
    """Newest first. Raises: UnknownPurposeError."""
    _there(conn, purpose)
    return store.versions(conn, purpose, before=before, limit=limit)


def text(conn: Connection, text_id: int, purpose: str) -> Text:
    """Raises: UnknownTextError, also for the text of another purpose."""
    found = store.text(conn, text_id)
    if found is None or found.purpose != purpose:
        raise UnknownTextError(f"{purpose} has no text {text_id}. `GET /api/purposes/{purpose}/texts` lists them.")
    return found


def put(conn: Connection, name: str, change: PurposeChange, *, actor: str, clock: Clock) -> Purpose:
    """Change a purpose, or make one. Consents stay with the text they were given to.

    Raises: InvalidPurposeError.
    """
    store.lock(conn)
    known = purposes(conn)
    before = known.get(name)
    if before is None:
        if not _NAME.fullmatch(name):
            raise InvalidPurposeError("A purpose's name has small letters, digits and underscores: back_in_stock.")
        last = max((each.position for each in known.values()), default=-1)
        before = Purpose(name, change.message_class, {}, {}, double_opt_in=False, position=last + 1)
    retired_at = before.retired_at
    if change.retired is not None and change.retired != (retired_at is not None):
        retired_at = clock.now() if change.retired else None
    after = replace(
        before,
        titles=_worded(change.titles, before.titles, TITLE_MOST, "title"),
        descriptions=_worded(change.descriptions, before.descriptions, TITLE_MOST, "description"),
        double_opt_in=before.double_opt_in if change.double_opt_in is None else change.double_opt_in,
        position=before.position if change.position is None else change.position,
        retired_at=retired_at,
    )
    store.put(conn, after)
    added = _add_texts(conn, after, change.texts, actor, clock)
    old, new = _told(before if name in known else None), _told(after)
    changed = [each for each in new if old.get(each) != new[each]]
    if changed or added:
        told = Audit(
            actor,
            "purpose.changed",
            f"purpose:{name}",
            before={each: old.get(each) for each in changed},
            after={**{each: new[each] for each in changed}, **({"texts": added} if added else {})},
        )
        audit.record(conn, told, clock=clock)
    return after


def _there(conn: Connection, name: str) -> Purpose:
    found = purposes(conn).get(name)
    if found is None:
        raise UnknownPurposeError(f"There is no purpose {name[:80]!r}. `GET /api/purposes` lists them.")
    return found


def _worded(said: Mapping[str, str] | None, known: Mapping[str, str], most: int, what: str) -> dict[str, str]:
    whole = {**known, **{language: text.strip() for language, text in (said or {}).items()}}
    if set(whole) != set(LANGUAGES) or not all(0 < len(text) <= most for text in whole.values()):
        raise InvalidPurposeError(
            f"A {what} is said in every language ({', '.join(LANGUAGES)}), in at most {most} characters."
        )
    return whole


def _add_texts(conn: Connection, purpose: Purpose, wanted: Mapping[str, str], actor: str, clock: Clock) -> list[str]:
    """Returns: the languages whose text became another one."""
    if wanted and purpose.message_class == "transactional":
        raise InvalidPurposeError(f"{purpose.name} is what a purchase needs: nobody is asked to agree to it.")
    if not set(wanted) <= set(LANGUAGES):
        raise InvalidPurposeError(f"The languages are {', '.join(LANGUAGES)}.")
    now = texts(conn)
    added: list[str] = []
    for language, body in wanted.items():
        body = body.strip()  # noqa: PLW2901 - what stands around it is no part of the text
        if not 0 < len(body) <= TEXT_MOST:
            raise InvalidPurposeError(f"A text has between 1 and {TEXT_MOST} characters.")
        known = now.get((purpose.name, language))
        if known is None or known.body != body:
            store.add_text(conn, purpose.name, language, body, clock.now(), actor)
            added.append(language)
    return sorted(added)


def _told(purpose: Purpose | None) -> dict[str, Any]:
    if purpose is None:
        return {}
    told = asdict(purpose)
    return {**told, "retired_at": purpose.retired_at.isoformat() if purpose.retired_at else None}
