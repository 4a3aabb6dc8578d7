"""Keys and the sources that write keys stand for, within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import (
    CHANNELS,
    COMMAND_LINE,
    FOR_KEYS,
    USUAL_FOR_KEYS,
    ApiKey,
    Audit,
    Doer,
    KeyId,
    KeyIssued,
    KeyScope,
    Permission,
    SecretKey,
    Source,
    SourceId,
    WriteKey,
)
from onevoice.domains.access.errors import (
    ForeignKeysError,
    PermissionBeyondError,
    SourceConflictError,
    UnknownChannelError,
    UnknownKeyError,
)
from onevoice.domains.access.service import audit, sites
from onevoice.domains.access.store import keys as store
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock


def create_key(
    conn: Connection,
    *,
    scope: KeyScope,
    name: str,
    channel: str | None = None,
    site: str = "main",
    permissions: Sequence[Permission] | None = None,
    clock: Clock,
    chance: Chance,
) -> str:
    """The key itself, as the command line prints it. Raises: as `issue_key`."""
    return issue_key(
        conn,
        scope=scope,
        name=name,
        channel=channel,
        site=site,
        permissions=permissions,
        clock=clock,
        chance=chance,
    ).key


def issue_key(
    conn: Connection,
    *,
    scope: KeyScope,
    name: str,
    source: str | None = None,
    channel: str | None = None,
    site: str = "main",
    permissions: Sequence[Permission] | None = None,
    by: Doer = COMMAND_LINE,
    clock: Clock,
    chance: Chance,
) -> KeyIssued:
    """A new key. A write key belongs to a source (of the key's name unless said), made when there is none. A secret key
    is allowed `permissions`; when left out, what is usual and its maker may do.

    Raises: InvalidNameError, UnknownChannelError, SourceConflictError, PermissionBeyondError.
    """
    name = rules.checked_name(name, "A key's name")
    allowed = _allowed(scope, permissions, by)
    found = None
    if scope == "write":
        found = ensure_source(
            conn, name if source is None else source, channel=channel, site=site, actor=by.label, clock=clock
        )
    key = rules.new_key(scope, chance)
    key_id = store.insert_key(
        conn,
        name=name,
        scope=scope,
        source_id=found.id if found else None,
        digest=rules.digest(key),
        hint=key[-4:],
        permissions=allowed,
        made_by=by.label,
        at=clock.now(),
    )
    after = {"name": name, "scope": scope, "source": found.name if found else None, "permissions": allowed}
    audit.record(conn, Audit(by.label, "key.created", f"key:{key_id}", after=after), clock=clock)
    return KeyIssued(id=key_id, key=key)


def _allowed(scope: KeyScope, wanted: Sequence[Permission] | None, by: Doer) -> list[Permission]:
    if scope == "write":
        return []
    if wanted is None:
        return sorted(each for each in USUAL_FOR_KEYS if each in by.permissions)
    if not FOR_KEYS.issuperset(wanted):
        people = ", ".join(sorted(set(wanted) - FOR_KEYS))
        raise PermissionBeyondError(f"A key cannot be allowed {people}: that is for people only.")
    if beyond := sorted(set(wanted) - by.permissions):
        raise PermissionBeyondError(f"Your role does not allow {', '.join(beyond)}. Leave it out, or ask an owner.")
    return sorted(set(wanted))


def ensure_source(
    conn: Connection, name: str, *, channel: str | None, site: str, actor: str = COMMAND_LINE.label, clock: Clock
) -> Source:
    """The source of this name, made when there is none; its site too.

    Raises: InvalidNameError, UnknownChannelError, SourceConflictError.
    """
    name = rules.checked_name(name, "A source's name")
    if channel is not None and channel not in CHANNELS:
        raise UnknownChannelError(f"{channel} is no channel. The channels are: {', '.join(CHANNELS)}.")
    site = rules.checked_name(site, "A site's name")
    sites.ensure(conn, site, actor=actor, clock=clock)
    source = store.ensure_source(conn, name=name, channel=channel or "api", site=site, at=clock.now())
    if source.site != site or (channel is not None and source.channel != channel):
        raise SourceConflictError(
            f"The source {name} is of channel {source.channel} and site {source.site}. Take these, or another name."
        )
    return source


def keys(conn: Connection, *, before: int | None = None, revoked: bool | None = None, limit: int = 50) -> list[ApiKey]:
    """Newest first, older than the key `before`."""
    return store.keys(conn, before=before, revoked=revoked, limit=limit)


def write_keys_in_use(conn: Connection) -> dict[SourceId, int]:
    """How many of each source."""
    return store.write_keys_in_use(conn)


def key(conn: Connection, key_id: KeyId) -> ApiKey:
    """Raises: UnknownKeyError."""
    found = store.key(conn, key_id)
    if found is None:
        raise UnknownKeyError(f"No key has the id {key_id}.")
    return found


def revoke_key(conn: Connection, key_id: KeyId, *, actor: str, clock: Clock) -> ApiKey:
    """The key stops working at once. Revoking it again changes nothing. Raises: UnknownKeyError."""
    before = key(conn, key_id)
    if store.revoke_key(conn, key_id, clock.now()):
        told = Audit(actor, "key.revoked", f"key:{key_id}", before={"name": before.name, "scope": before.scope})
        audit.record(conn, told, clock=clock)
    return key(conn, key_id)


def resolve_write_key(conn: Connection, text: str, *, clock: Clock | None = None) -> WriteKey | None:
    """Where events sent with this key come from; None unless it is a living write key.

    With a `clock` its use is noted, at most once a minute.
    """
    if not text.startswith(rules.KEY_PREFIX["write"]):
        return None
    found = store.resolve_write_key(conn, rules.digest(text))
    if found is None:
        return None
    if clock is not None:
        _touch_key(conn, found[0].key_id, found[1], clock)
    return found[0]


def resolve_secret_key(conn: Connection, text: str, *, clock: Clock | None = None) -> SecretKey | None:
    """Whose secret key this is; None unless it is a living one. As above with a `clock`."""
    if not text.startswith(rules.KEY_PREFIX["secret"]):
        return None
    found = store.resolve_secret_key(conn, rules.digest(text))
    if found is None:
        return None
    if clock is not None:
        _touch_key(conn, found[0].key_id, found[1], clock)
    return found[0]


def _touch_key(conn: Connection, key_id: KeyId, last_used_at: datetime | None, clock: Clock) -> None:
    now = clock.now()
    if last_used_at is None or last_used_at < now - rules.TOUCH_EVERY:
        store.touch_key(conn, key_id, at=now, stale=now - rules.TOUCH_EVERY)


def note_use(conn: Connection, source_id: SourceId, at: datetime) -> None:
    """Events of the source were sent at that time by what holds its first living write key, at most once a minute."""
    store.touch_source(conn, source_id, at=at, stale=at - rules.TOUCH_EVERY)


def sources(conn: Connection) -> dict[SourceId, Source]:
    return {each.id: each for each in store.sources(conn)}


def require_keys(conn: Connection, mark: bytes) -> None:
    """The database belongs to the keys it was first used with: with others nobody in it would be found, and whoever
    comes would be a stranger. Raises: ForeignKeysError.
    """
    store.set_mark(conn, mark)
    if not keys_belong(conn, mark):
        raise ForeignKeysError(
            "The database was made with other keys than this home's secrets.json holds. Put the secrets.json back that"
            " belongs to it, from a backup, or name another --home."
        )


def keys_belong(conn: Connection, mark: bytes) -> bool:
    """Also where the database has not been used with any."""
    return store.mark(conn) in {None, mark}
