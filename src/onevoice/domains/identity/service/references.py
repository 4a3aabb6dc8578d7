"""Whom a reference such as `email:anna@example.com` names: the one place that reads `kind:value`."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from psycopg import Connection

from onevoice.domains.identity.errors import AmbiguousReferenceError, InvalidReferenceError, UnknownProfileError
from onevoice.domains.identity.rules.normalise import readings
from onevoice.domains.identity.rules.observe import digest_of
from onevoice.domains.identity.store import reading


class Reference(NamedTuple):
    kind: str
    value: str


class Named(NamedTuple):
    """A node that a reference may mean, the profile it is in now, and the form in which the value names it."""

    nid: int
    pid: int
    form: str


def parse_reference(text: str) -> Reference:
    """`kind:value`, as it stands in a URL after decoding. A kind `external:<source>` holds a colon of its own."""
    kind, colon, value = text.partition(":")
    if kind == "external" and colon:
        source, colon, value = value.partition(":")
        kind = f"external:{source}"
    if not colon or not kind or not value:
        raise InvalidReferenceError(
            f"{text[:80]!r} is no reference. Write kind:value, such as email:anna@example.com or profile:42."
        )
    return Reference(kind, value)


def locate(conn: Connection, text: str, vault_key: bytes, regions: Iterable[str] = ()) -> tuple[int, int]:
    """(nid, pid) of a reference, as things are now. regions: where a national phone number may be from.

    Raises: UnknownProfileError, InvalidReferenceError, AmbiguousReferenceError.
    """
    named = candidates(conn, text, vault_key, regions)
    found = [each for each in named if reading.is_known(conn, each.nid, each.pid, whole=text.startswith("profile:"))]
    if not found:
        raise UnknownProfileError(f"Nobody is known by {text[:80]} any more: an import that spoke of it was undone.")
    require_one_profile(text, {named.form: named.pid for named in found})
    return found[0].nid, found[0].pid


def candidates(conn: Connection, text: str, vault_key: bytes, regions: Iterable[str]) -> list[Named]:
    """All that a reference may mean: one node, but for a national phone number. Never none.

    Raises: UnknownProfileError, InvalidReferenceError.
    """
    kind, value = parse_reference(text)
    if kind == "profile":
        if not value.isdecimal() or len(value) > 18:
            raise InvalidReferenceError("A profile's id is a whole number: profile:42.")
        nodes = {value: reading.node_at(conn, int(value))}
    else:
        forms = readings(kind, value, regions)
        if not forms:
            raise UnknownProfileError(_unreadable(kind, value))
        nodes = {form: reading.latest_node(conn, digest_of(vault_key, kind, form)) for form in forms}
    found = [Named(*node, form) for form, node in nodes.items() if node is not None]
    if not found:
        raise UnknownProfileError(f"Nobody is known by {kind}:{value[:80]}.")
    return found


def require_one_profile(text: str, profiles: Mapping[str, int]) -> None:
    """profiles: forms of the reference's value, each with whose it is. Raises: AmbiguousReferenceError."""
    if len(set(profiles.values())) > 1:
        raise _ambiguous(text, profiles)


def identifier_among(text: str, members: Collection[tuple[str, str]], regions: Iterable[str]) -> tuple[str, str]:
    """(kind, value) of the identifier that a reference names, one of `members` if it can be; else as it was given.

    Raises: InvalidReferenceError, AmbiguousReferenceError.
    """
    kind, value = parse_reference(text)
    forms = readings(kind, value, regions)
    theirs = [form for form in forms if (kind, form) in members]
    if len(theirs) > 1:
        raise _ambiguous(text, theirs)
    return kind, next(iter([*theirs, *forms]), value)


def _ambiguous(text: str, forms: Iterable[str]) -> AmbiguousReferenceError:
    kind, value = parse_reference(text)
    choices = sorted(forms)
    return AmbiguousReferenceError(
        f"{value[:80]!r} is a number in more than one country. Write which one is meant: {', '.join(choices)}.",
        choices=[f"{kind}:{form}" for form in choices],
    )


def _unreadable(kind: str, value: str) -> str:
    if kind == "phone":
        return (
            f"{value[:80]!r} is no phone number, nor one of a country that a source's site is in. "
            "Write it with its country code, such as +48600123456."
        )
    return f"{value[:80]!r} is not in the form of a {kind}. Nobody is known by it."
