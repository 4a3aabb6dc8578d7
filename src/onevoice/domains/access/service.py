"""The door of access: accounts, sessions, keys, sources and the audit log, within the caller's transaction.

Logging in takes three steps, so that the slow verification holds no connection: `admit` (a transaction), `verify`
(none), `start_session` (another). The attempt is counted before it is tried, hence many at once cannot slip through.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from psycopg import Connection

from onevoice.domains.access import rules, store
from onevoice.domains.access.contracts import (
    CHANNELS,
    COMMAND_LINE,
    FOR_KEYS,
    USUAL_FOR_KEYS,
    Account,
    AccountCreate,
    AccountId,
    AccountUpdate,
    Admission,
    ApiKey,
    Audit,
    AuditEntry,
    Doer,
    KeyId,
    KeyIssued,
    KeyScope,
    Locked,
    Permission,
    Preferences,
    Role,
    SecretKey,
    Session,
    SessionStarted,
    Source,
    SourceId,
    Visit,
    WriteKey,
)
from onevoice.domains.access.errors import (
    ForeignKeysError,
    LastOwnerError,
    LoginTakenError,
    NotYoursError,
    PermissionBeyondError,
    SourceConflictError,
    UnknownChannelError,
    UnknownKeyError,
    UnknownSessionError,
    UnknownUserError,
)
from onevoice.kit.chance import Chance, token
from onevoice.kit.clock import Clock

_AGENT_MAX = 200


# --- accounts


def create_account(
    conn: Connection, create: AccountCreate, *, by: Doer = COMMAND_LINE, clock: Clock, chance: Chance
) -> Account:
    """Raises: InvalidNameError, WeakPasswordError, LoginTakenError, NotYoursError."""
    _owners_only(by, create.role)
    login = rules.checked_login(create.login)
    name = rules.checked_name(create.name, "A name")
    rules.check_password(create.password, login)
    account = store.insert_account(
        conn,
        login=login,
        login_key=rules.login_key(login),
        name=name,
        password_hash=rules.hash_password(create.password, chance),
        role=create.role,
        language=create.language,
        at=clock.now(),
    )
    if account is None:
        raise LoginTakenError(f"There is already a user who logs in as {login}.")
    after = {"login": account.login, "name": account.name, "role": account.role}
    record(conn, Audit(by.label, "user.created", _user(account.id), after=after), clock=clock)
    return account


def accounts(conn: Connection) -> list[Account]:
    return store.list_accounts(conn)


def account(conn: Connection, account_id: AccountId) -> Account:
    """Raises: UnknownUserError."""
    found = store.account(conn, account_id)
    if found is None:
        raise UnknownUserError(f"No user has the id {account_id}.")
    return found


def account_by_login(conn: Connection, login: str) -> Account | None:
    return store.account_by_login(conn, rules.login_key(login))


def update_account(
    conn: Connection, account_id: AccountId, update: AccountUpdate, *, by: Doer, clock: Clock
) -> Account:
    """Disabling ends the person's sessions. Raises: UnknownUserError, LastOwnerError, NotYoursError."""
    store.lock_owners(conn)  # two owners demoting each other at once must not leave none
    before = account(conn, account_id)
    _owners_only(by, before.role, update.role)
    after = store.change_account(conn, account_id, role=update.role, disabled=update.disabled, at=clock.now())
    if after is None:
        raise UnknownUserError(f"No user has the id {account_id}.")
    if after == before:
        return after
    if store.count_owners(conn) == 0:
        raise LastOwnerError("This is the only owner who can log in. Make another user owner first.")
    if after.disabled_at is not None:
        store.end_sessions_of(conn, account_id)
    old, new = ({"role": each.role, "disabled": each.disabled_at is not None} for each in (before, after))
    record(conn, Audit(by.label, "user.changed", _user(account_id), before=old, after=new), clock=clock)
    return after


def _owners_only(by: Doer, *roles: Role | None) -> None:
    if "owner" in roles and "owners.manage" not in by.permissions:
        raise NotYoursError("Owners are made, changed and given passwords by owners only. Ask one of them.")


def set_preferences(
    conn: Connection, account_id: AccountId, preferences: Preferences, *, actor: str, clock: Clock
) -> Account:
    """Raises: UnknownUserError."""
    before = account(conn, account_id)
    after = store.set_preferences(
        conn,
        account_id,
        language=preferences.language,
        theme=preferences.theme,
        single_keys=preferences.single_keys,
    )
    if after is None:
        raise UnknownUserError(f"No user has the id {account_id}.")
    if after != before:
        old, new = (
            {"language": each.language, "theme": each.theme, "single_keys": each.single_keys}
            for each in (before, after)
        )
        record(conn, Audit(actor, "preferences.changed", _user(account_id), before=old, after=new), clock=clock)
    return after


def set_password(
    conn: Connection, account_id: AccountId, password: str, *, actor: str, clock: Clock, chance: Chance
) -> None:
    """Every session of the account ends, the caller's own too. Raises: UnknownUserError, WeakPasswordError."""
    locked = store.lock_account(conn, account_id)
    if locked is None:
        raise UnknownUserError(f"No user has the id {account_id}.")
    rules.check_password(password, locked.account.login)
    store.set_password(conn, account_id, rules.hash_password(password, chance))
    ended = store.end_sessions_of(conn, account_id)
    record(conn, Audit(actor, "password.changed", _user(account_id), after={"sessions_ended": ended}), clock=clock)


def reset_password(
    conn: Connection, account_id: AccountId, password: str, *, by: Doer, clock: Clock, chance: Chance
) -> None:
    """For somebody who forgot it. Raises: UnknownUserError, WeakPasswordError, NotYoursError."""
    _owners_only(by, account(conn, account_id).role)
    set_password(conn, account_id, password, actor=by.label, clock=clock, chance=chance)


def _user(account_id: AccountId) -> str:
    return f"user:{account_id}"


# --- sessions


def admit(conn: Connection, *, login: str, address: str, clock: Clock) -> Admission | Locked:
    """Counts the attempt, or says for how long no further one is taken.

    Neither the answer nor its time tells whether the login exists. The caller commits before verifying.
    """
    now = clock.now()
    limits = rules.buckets(login, address)
    store.lock_buckets(conn, limits)
    waits = [rules.locked_for(store.attempts(conn, bucket, limit), limit, now) for bucket, limit in limits.items()]
    if shut := [wait for wait in waits if wait is not None]:
        return Locked(max(shut))
    store.purge_attempts(conn, now - rules.ATTEMPT_WINDOW)
    attempts = tuple(store.insert_attempt(conn, bucket, now) for bucket in sorted(limits))
    account_id, password_hash = store.credentials(conn, rules.login_key(login)) or (None, rules.NOBODY)
    return Admission(account_id=account_id, password_hash=password_hash, attempts=attempts)


def verify(admission: Admission, password: str) -> bool:
    """Whether the password is right. Takes some 75 ms and 46 MiB, whoever is asked about."""
    fits = rules.password_fits(admission.password_hash, password[: rules.PASSWORD_MAX + 1])
    return fits and admission.account_id is not None


def start_session(
    conn: Connection,
    admission: Admission,
    password: str,
    *,
    visit: Visit,
    replaces: str | None = None,
    clock: Clock,
    chance: Chance,
) -> SessionStarted | None:
    """A session for a verified admission; None when the account was disabled or its password changed meanwhile.

    The token is always new: one brought along (`replaces`) is ended, never adopted.
    """
    locked = store.lock_account(conn, admission.account_id) if admission.account_id is not None else None
    if locked is None or locked.account.disabled_at is not None or locked.password_hash != admission.password_hash:
        return None
    now = clock.now()
    store.forgive(conn, admission.attempts)
    store.purge_sessions(conn, expired_before=now, idle_before=now - rules.SESSION_IDLE)
    if rules.outdated(admission.password_hash):
        store.set_password(conn, locked.account.id, rules.hash_password(password, chance))
    if replaces is not None:
        store.end_session(conn, rules.digest(replaces))
    return _open_session(conn, locked.account, visit=visit, clock=clock, chance=chance)


def forgive(conn: Connection, admission: Admission) -> None:
    """The attempt was right after all: it counts no more against the login."""
    store.forgive(conn, admission.attempts)


def restart_session(
    conn: Connection, account_id: AccountId, *, visit: Visit, clock: Clock, chance: Chance
) -> SessionStarted:
    """A session for somebody who just proved the password in another way. Raises: UnknownUserError."""
    return _open_session(conn, account(conn, account_id), visit=visit, clock=clock, chance=chance)


def _open_session(conn: Connection, account: Account, *, visit: Visit, clock: Clock, chance: Chance) -> SessionStarted:
    now = clock.now()
    started = SessionStarted(token=token(chance, 32), csrf=token(chance, 32), account=account)
    store.insert_session(
        conn,
        started,
        digest=rules.digest(started.token),
        visit=replace(visit, agent=_printable(visit.agent)),
        at=now,
        expires_at=now + rules.SESSION_LIFE,
    )
    audit = Audit(account.login, "session.started", _user(account.id), after={"address": visit.address})
    record(conn, audit, clock=clock)
    return started


def _printable(agent: str) -> str:
    return "".join(char for char in agent[:_AGENT_MAX] if char.isprintable())


def session(conn: Connection, session_token: str, *, used: bool = True, clock: Clock) -> Session | None:
    """The living session of a cookie, its "last seen" moved at most once a minute when it is `used`."""
    found = store.session(conn, rules.digest(session_token))
    now = clock.now()
    if found is None or not rules.session_lives(found.last_seen_at, found.expires_at, now):
        return None
    if used and found.last_seen_at < now - rules.TOUCH_EVERY:
        store.touch_session(conn, found.digest, at=now, stale=now - rules.TOUCH_EVERY)
    return found


def sessions(conn: Connection, account_id: AccountId, *, clock: Clock) -> list[Session]:
    """The account's living sessions, last seen first."""
    now = clock.now()
    found = store.sessions_of(conn, account_id)
    return [each for each in found if rules.session_lives(each.last_seen_at, each.expires_at, now)]


def end_session(conn: Connection, session_token: str, *, clock: Clock) -> None:
    """Log out. A token nobody knows changes nothing."""
    found = store.session(conn, rules.digest(session_token))
    if found is not None and store.end_session(conn, found.digest):
        _record_end(conn, found, actor=found.account.login, clock=clock)


def end_session_by_digest(conn: Connection, account_id: AccountId, digest: bytes, *, actor: str, clock: Clock) -> None:
    """End one session of this account. Raises: UnknownSessionError."""
    for each in store.sessions_of(conn, account_id):
        if each.digest == digest and store.end_session(conn, digest):
            _record_end(conn, each, actor=actor, clock=clock)
            return
    raise UnknownSessionError("It has ended already, or it is somebody else's.")


def end_other_sessions(conn: Connection, current: Session, *, actor: str, clock: Clock) -> int:
    """End all sessions of the account but this one. Returns: how many."""
    ended = store.end_sessions_of(conn, current.account.id, keep=current.digest)
    if ended:
        audit = Audit(actor, "sessions.ended", _user(current.account.id), after={"sessions_ended": ended})
        record(conn, audit, clock=clock)
    return ended


def _record_end(conn: Connection, ended: Session, *, actor: str, clock: Clock) -> None:
    before = {"address": ended.visit.address}
    record(conn, Audit(actor, "session.ended", _user(ended.account.id), before=before), clock=clock)


# --- keys and sources


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
        found = ensure_source(conn, name if source is None else source, channel=channel, site=site, clock=clock)
    key = rules.new_key(scope, chance)
    key_id = store.insert_key(
        conn,
        name=name,
        scope=scope,
        source_id=found.id if found else None,
        digest=rules.digest(key),
        hint=key[-4:],
        permissions=allowed,
        at=clock.now(),
    )
    after = {"name": name, "scope": scope, "source": found.name if found else None, "permissions": allowed}
    record(conn, Audit(by.label, "key.created", f"key:{key_id}", after=after), clock=clock)
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


def ensure_source(conn: Connection, name: str, *, channel: str | None, site: str, clock: Clock) -> Source:
    """The source of this name, made when there is none.

    Raises: InvalidNameError, UnknownChannelError, SourceConflictError.
    """
    name = rules.checked_name(name, "A source's name")
    if channel is not None and channel not in CHANNELS:
        raise UnknownChannelError(f"{channel} is no channel. The channels are: {', '.join(CHANNELS)}.")
    site = rules.checked_name(site, "A site's name")
    source = store.ensure_source(conn, name=name, channel=channel or "api", site=site, at=clock.now())
    if source.site != site or (channel is not None and source.channel != channel):
        raise SourceConflictError(
            f"The source {name} is of channel {source.channel} and site {source.site}. Take these, or another name."
        )
    return source


def keys(conn: Connection, *, before: int | None = None, revoked: bool | None = None, limit: int = 50) -> list[ApiKey]:
    """Newest first, older than the key `before`."""
    return store.keys(conn, before=before, revoked=revoked, limit=limit)


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
        audit = Audit(actor, "key.revoked", f"key:{key_id}", before={"name": before.name, "scope": before.scope})
        record(conn, audit, clock=clock)
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


# --- audit


def record(conn: Connection, audit: Audit, *, clock: Clock) -> None:
    """Append to the audit log, in the transaction of what it tells about: both stand or neither."""
    store.insert_audit(conn, audit, clock.now())


def audit_log(
    conn: Connection, *, before: int | None = None, subject: str | None = None, limit: int = 50
) -> list[AuditEntry]:
    """Newest first, older than the entry `before`."""
    return store.audit(conn, before=before, subject=subject, limit=limit)
