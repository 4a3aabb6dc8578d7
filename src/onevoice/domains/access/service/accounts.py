"""People: accounts, their roles and preferences, passwords. Within the caller's transaction."""

from psycopg import Connection

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import (
    COMMAND_LINE,
    Account,
    AccountCreate,
    AccountId,
    AccountUpdate,
    Audit,
    Doer,
    Preferences,
    Role,
)
from onevoice.domains.access.errors import (
    LastOwnerError,
    LoginTakenError,
    NotYoursError,
    UnknownUserError,
)
from onevoice.domains.access.service import audit
from onevoice.domains.access.store import people as store
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock


def create_account(
    conn: Connection, create: AccountCreate, *, by: Doer = COMMAND_LINE, clock: Clock, chance: Chance
) -> Account:
    """Raises: InvalidNameError, WeakPasswordError, LoginTakenError, NotYoursError."""
    owners_only(by, create.role)
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
    audit.record(conn, Audit(by.label, "user.created", subject(account.id), after=after), clock=clock)
    return account


def accounts(conn: Connection, *, after: int = 0, limit: int = 50) -> list[Account]:
    """In the order in which they were made, after the account `after`."""
    return store.list_accounts(conn, after, limit)


def count_enabled(conn: Connection) -> int:
    """How many may log in."""
    return store.count_enabled(conn)


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
    owners_only(by, before.role, update.role)
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
    audit.record(conn, Audit(by.label, "user.changed", subject(account_id), before=old, after=new), clock=clock)
    return after


def owners_only(by: Doer, *roles: Role | None) -> None:
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
        audit.record(conn, Audit(actor, "preferences.changed", subject(account_id), before=old, after=new), clock=clock)
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
    audit.record(
        conn, Audit(actor, "password.changed", subject(account_id), after={"sessions_ended": ended}), clock=clock
    )


def reset_password(
    conn: Connection, account_id: AccountId, password: str, *, by: Doer, clock: Clock, chance: Chance
) -> None:
    """For somebody who forgot it. Raises: UnknownUserError, WeakPasswordError, NotYoursError."""
    owners_only(by, account(conn, account_id).role)
    set_password(conn, account_id, password, actor=by.label, clock=clock, chance=chance)


def subject(account_id: AccountId) -> str:
    return f"user:{account_id}"
