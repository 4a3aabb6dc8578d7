"""The second factor: six digits that change every half minute (TOTP, RFC 6238), and codes for when the phone is gone.

Within the caller's transaction. Whoever begins or ends it has proved the password just before.
"""

from psycopg import Connection

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import (
    AccountId,
    Audit,
    Doer,
    Locked,
    SecondFactorBegun,
)
from onevoice.domains.access.errors import (
    NoSecondFactorError,
    SecondFactorStandsError,
    WrongCodeError,
)
from onevoice.domains.access.service import accounts, audit
from onevoice.domains.access.store import people as store
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.sealing import Sealer

PURPOSE = "second factor"


def begin(
    conn: Connection, account_id: AccountId, *, sealer: Sealer, clock: Clock, chance: Chance
) -> SecondFactorBegun:
    """A secret for the person's authenticator, which counts once a code of it was shown.

    Raises: SecondFactorStandsError.
    """
    account = accounts.account(conn, account_id)
    kept = store.second_factor(conn, account_id)
    if kept is not None and kept.confirmed_at is not None:
        raise SecondFactorStandsError("Codes are asked for at login already. Switch them off before you begin anew.")
    secret = rules.new_totp_secret(chance)
    store.put_second_factor(conn, account_id, sealer.seal(secret.encode(), _place(account_id), chance), clock.now())
    return SecondFactorBegun(secret=secret, uri=rules.totp_uri(secret, account.login))


def confirm(
    conn: Connection,
    account_id: AccountId,
    code: str,
    *,
    session: bytes,
    actor: str,
    sealer: Sealer,
    clock: Clock,
    chance: Chance,
) -> list[str]:
    """From now on codes are asked for, and all sessions but this one end: whoever had the password has no more than it.
    Returns: the recovery codes, which are kept as digests only.

    Raises: NoSecondFactorError, SecondFactorStandsError, WrongCodeError.
    """
    kept = store.second_factor(conn, account_id, lock=True)
    if kept is None:
        raise NoSecondFactorError("Begin it first, to get a secret for the authenticator.")
    if kept.confirmed_at is not None:
        raise SecondFactorStandsError("Codes are asked for at login already.")
    step = _matching_step(kept, account_id, code, sealer, clock)
    if step is None:
        raise WrongCodeError("Type the six digits that the authenticator shows now, for the secret shown last.")
    now = clock.now()
    store.confirm_second_factor(conn, account_id, now, step)
    codes = [rules.new_recovery_code(chance) for _ in range(rules.RECOVERY_CODES)]
    store.put_recovery_codes(conn, account_id, [rules.recovery_digest(each) for each in codes])
    ended = store.end_sessions_of(conn, account_id, keep=session)
    told = Audit(actor, "second_factor.on", accounts.subject(account_id), after={"sessions_ended": ended})
    audit.record(conn, told, clock=clock)
    return codes


def end(conn: Connection, account_id: AccountId, *, by: Doer, clock: Clock) -> None:
    """Codes are asked for no more: the person's own wish, or somebody lost the phone and every code.

    Raises: UnknownUserError, NoSecondFactorError, NotYoursError.
    """
    accounts.owners_only(by, accounts.account(conn, account_id).role)
    stop(conn, account_id, actor=by.label, clock=clock)


def stop(conn: Connection, account_id: AccountId, *, actor: str, clock: Clock) -> None:
    """The same, by the person. Raises: NoSecondFactorError."""
    if not store.delete_second_factor(conn, account_id):
        raise NoSecondFactorError("No codes are asked for at this login.")
    audit.record(conn, Audit(actor, "second_factor.off", accounts.subject(account_id)), clock=clock)


def needed(conn: Connection, account_id: AccountId) -> bool:
    kept = store.second_factor(conn, account_id)
    return kept is not None and kept.confirmed_at is not None


def recovery_codes_left(conn: Connection, account_id: AccountId) -> int:
    return store.recovery_codes_left(conn, account_id)


def count_attempt(conn: Connection, account_id: AccountId, *, clock: Clock) -> Locked | None:
    """Before a code is looked at: ten wrong ones in a quarter of an hour shut the door. Whoever has the password must
    not have the codes by trying them all.
    """
    now = clock.now()
    bucket = rules.code_bucket(account_id)
    store.lock_buckets(conn, [bucket])
    wait = rules.locked_for(store.attempts(conn, bucket, rules.ATTEMPTS_PER_LOGIN), rules.ATTEMPTS_PER_LOGIN, now)
    if wait is not None:
        return Locked(wait)
    store.insert_attempt(conn, bucket, now)
    return None


def use_code(conn: Connection, account_id: AccountId, code: str, *, sealer: Sealer, clock: Clock) -> bool:
    """Whether the code is right. Each is good once: a recovery code for ever, six digits within their minute."""
    kept = store.second_factor(conn, account_id, lock=True)
    if kept is None or kept.confirmed_at is None:
        return False
    step = _matching_step(kept, account_id, code, sealer, clock)
    if step is not None:
        store.use_step(conn, account_id, step)
    elif store.use_recovery_code(conn, account_id, rules.recovery_digest(code)):
        left = {"codes_left": store.recovery_codes_left(conn, account_id)}
        subject = accounts.subject(account_id)
        told = Audit(accounts.account(conn, account_id).login, "recovery_code.used", subject, after=left)
        audit.record(conn, told, clock=clock)
    else:
        return False
    store.forget_attempts(conn, rules.code_bucket(account_id))
    return True


def _matching_step(
    kept: store.SecondFactor, account_id: AccountId, code: str, sealer: Sealer, clock: Clock
) -> int | None:
    secret = sealer.unseal(kept.sealed, _place(account_id)).decode()
    return rules.totp_step(secret, code, clock.now(), after=kept.last_step)


def _place(account_id: AccountId) -> str:
    return f"account:{account_id}"
