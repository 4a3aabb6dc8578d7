"""Logging in and what comes of it, within the caller's transaction.

Logging in takes three steps, so that the slow verification holds no connection: `admit` (a transaction), `verify`
(none), `start_session` (another). The attempt is counted before it is tried, hence many at once cannot slip through.
"""

from dataclasses import replace

from psycopg import Connection

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import (
    Account,
    AccountId,
    Admission,
    Audit,
    Locked,
    Session,
    SessionStarted,
    Ticket,
    Visit,
)
from onevoice.domains.access.errors import (
    UnknownSessionError,
)
from onevoice.domains.access.service import accounts, audit
from onevoice.domains.access.store import people as store
from onevoice.kit.chance import Chance, token
from onevoice.kit.clock import Clock

_AGENT_MAX = 200


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
) -> SessionStarted | Ticket | None:
    """A session for a verified admission, or a ticket where a code is wanted too; None when the account was disabled or
    its password changed meanwhile.

    The token is always new: one brought along (`replaces`) is ended, never adopted.
    """
    locked = store.lock_account(conn, admission.account_id) if admission.account_id is not None else None
    if locked is None or locked.account.disabled_at is not None or locked.password_hash != admission.password_hash:
        return None
    store.forgive(conn, admission.attempts)
    password_hash = locked.password_hash
    if rules.outdated(password_hash):
        password_hash = rules.hash_password(password, chance)
        store.set_password(conn, locked.account.id, password_hash)
    if locked.account.second_factor:
        return Ticket(locked.account.id, rules.digest(password_hash))
    return _replace_session(conn, locked.account, visit=visit, replaces=replaces, clock=clock, chance=chance)


def redeem(
    conn: Connection,
    ticket: Ticket,
    *,
    visit: Visit,
    replaces: str | None = None,
    clock: Clock,
    chance: Chance,
) -> SessionStarted | None:
    """A session for a ticket whose code was right; None as above."""
    locked = store.lock_account(conn, ticket.account_id)
    if locked is None or locked.account.disabled_at is not None or rules.digest(locked.password_hash) != ticket.mark:
        return None
    return _replace_session(conn, locked.account, visit=visit, replaces=replaces, clock=clock, chance=chance)


def _replace_session(
    conn: Connection, account: Account, *, visit: Visit, replaces: str | None, clock: Clock, chance: Chance
) -> SessionStarted:
    now = clock.now()
    store.purge_sessions(conn, expired_before=now, idle_before=now - rules.SESSION_IDLE)
    if replaces is not None:
        store.end_session(conn, rules.digest(replaces))
    return _open_session(conn, account, visit=visit, clock=clock, chance=chance)


def forgive(conn: Connection, admission: Admission) -> None:
    """The attempt was right after all: it counts no more against the login."""
    store.forgive(conn, admission.attempts)


def restart_session(
    conn: Connection, account_id: AccountId, *, visit: Visit, clock: Clock, chance: Chance
) -> SessionStarted:
    """A session for somebody who just proved the password in another way. Raises: UnknownUserError."""
    return _open_session(conn, accounts.account(conn, account_id), visit=visit, clock=clock, chance=chance)


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
    told = Audit(account.login, "session.started", accounts.subject(account.id), after={"address": visit.address})
    audit.record(conn, told, clock=clock)
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
        told = Audit(actor, "sessions.ended", accounts.subject(current.account.id), after={"sessions_ended": ended})
        audit.record(conn, told, clock=clock)
    return ended


def _record_end(conn: Connection, ended: Session, *, actor: str, clock: Clock) -> None:
    before = {"address": ended.visit.address}
    audit.record(conn, Audit(actor, "session.ended", accounts.subject(ended.account.id), before=before), clock=clock)
