"""What the web's guards ask, and what the login page tries. Bound in bootstrap."""

import base64
import threading
from collections.abc import Generator
from contextlib import contextmanager

import structlog

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import FOR_KEYS, MATRIX, Account, AccountId, Locked, Ticket, Visit
from onevoice.domains.access.errors import (
    BusyError,
    NoSecondFactorError,
    TooManyAttemptsError,
    WrongCodeError,
    WrongPasswordError,
)
from onevoice.domains.access.service import keys, sessions, two_factor
from onevoice.kit.chance import Chance
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer
from onevoice.web.guards import Actor, CodeWanted, LoggedIn, Refused, Visitor

# A verification takes 46 MiB and a core for 75 ms. Two run at once, a few wait, and the rest are told to come again:
# a flood of logins must not take the threads that everybody else's requests need.
_AT_WORK = 2
_IN_LINE = 8
_BUSY_SECONDS = 2
_TICKET = "login"

_log = structlog.get_logger(__name__)


class AccessAuthenticator:
    """The web's `Authenticator`, on our accounts and keys."""

    def __init__(self, database: Database, session_key: bytes, *, clock: Clock, chance: Chance) -> None:
        self.sealer = Sealer(session_key, two_factor.PURPOSE)
        self._tickets = Sealer(session_key, "login ticket")
        self._database = database
        self._clock = clock
        self._chance = chance
        self._line = threading.BoundedSemaphore(_IN_LINE)
        self._work = threading.BoundedSemaphore(_AT_WORK)

    def by_key(self, key: str) -> Actor | None:
        with self._database.transaction() as conn:
            found = keys.resolve_secret_key(conn, key, clock=self._clock)
        if found is None:
            return None
        permissions = frozenset[str](FOR_KEYS.intersection(found.permissions))
        return Actor(kind="key", id=found.key_id, label=f"key:{found.key_id} {found.name}", permissions=permissions)

    def by_session(self, token: str, *, used: bool = True) -> Visitor | None:
        with self._database.transaction() as conn:
            found = sessions.session(conn, token, used=used, clock=self._clock)
        if found is None:
            return None
        account = found.account
        actor = Actor(
            kind="account",
            id=account.id,
            label=account.login,
            permissions=frozenset[str](MATRIX[account.role]),
            role=account.role,
            session=found.digest.hex(),
        )
        return Visitor(actor=actor, csrf=found.csrf)

    def log_in(
        self, login: str, password: str, *, address: str, agent: str, previous: str | None
    ) -> LoggedIn | CodeWanted | Refused:
        try:
            return self._log_in(login, password, visit=Visit(address=address, agent=agent), previous=previous)
        except BusyError:
            return Refused("busy", retry_after_seconds=_BUSY_SECONDS)

    def log_in_by_code(
        self, ticket: str, code: str, *, address: str, agent: str, previous: str | None
    ) -> LoggedIn | Refused:
        opened = self._opened(ticket)
        if opened is None:
            return Refused("late")
        visit = Visit(address=address, agent=agent)
        with self._database.transaction() as conn:
            locked = two_factor.count_attempt(conn, opened.account_id, clock=self._clock)
        if locked is not None:
            _log.warning("code_locked", account=opened.account_id, address=address)
            return Refused("locked", retry_after_seconds=_whole_seconds(locked))
        with self._database.transaction() as conn:
            if not two_factor.use_code(conn, opened.account_id, code, sealer=self.sealer, clock=self._clock):
                _log.warning("code_refused", account=opened.account_id, address=address)
                return Refused("code")
            started = sessions.redeem(
                conn, opened, visit=visit, replaces=previous, clock=self._clock, chance=self._chance
            )
        return Refused("late") if started is None else LoggedIn(token=started.token, csrf=started.csrf)

    def _sealed(self, ticket: Ticket) -> CodeWanted:
        expires = int((self._clock.now() + rules.TICKET_LIFE).timestamp())
        plain = f"{ticket.account_id}:{expires}:{ticket.mark.hex()}".encode()
        return CodeWanted(base64.urlsafe_b64encode(self._tickets.seal(plain, _TICKET, self._chance)).decode())

    def _opened(self, text: str) -> Ticket | None:
        try:
            plain = self._tickets.unseal(base64.urlsafe_b64decode(text.encode()), _TICKET).decode()
        except ValueError:
            return None
        account_id, expires, mark = plain.split(":")
        if self._clock.now().timestamp() >= int(expires):
            return None
        return Ticket(AccountId(int(account_id)), bytes.fromhex(mark))

    def log_out(self, token: str) -> None:
        with self._database.transaction() as conn:
            sessions.end_session(conn, token, clock=self._clock)

    def prove(self, account: Account, password: str, *, address: str) -> None:
        """That whoever sits at this session knows the account's password, within the limits of logging in.

        Raises: WrongPasswordError, TooManyAttemptsError, BusyError.
        """
        with self._turn():
            with self._database.transaction() as conn:
                admission = sessions.admit(conn, login=account.login, address=address, clock=self._clock)
            if isinstance(admission, Locked):
                seconds = _whole_seconds(admission)
                raise TooManyAttemptsError(f"Wait {seconds} seconds and try again.", retry_after_seconds=seconds)
            if not sessions.verify(admission, password):
                _log.warning("password_refused", account=account.id, address=address)
                raise WrongPasswordError("The present password is another one.")
            with self._database.transaction() as conn:
                sessions.forgive(conn, admission)

    def prove_code(self, account_id: AccountId, code: str, *, address: str) -> None:
        """That whoever sits at this session has the second factor too. A code is used up by it.

        Raises: NoSecondFactorError, TooManyAttemptsError, WrongCodeError.
        """
        with self._database.transaction() as conn:
            if not two_factor.needed(conn, account_id):
                raise NoSecondFactorError("No codes are asked for at this login.")
            locked = two_factor.count_attempt(conn, account_id, clock=self._clock)
        if locked is not None:
            seconds = _whole_seconds(locked)
            raise TooManyAttemptsError(f"Wait {seconds} seconds and try again.", retry_after_seconds=seconds)
        with self._database.transaction() as conn:
            fits = two_factor.use_code(conn, account_id, code, sealer=self.sealer, clock=self._clock)
        if not fits:
            _log.warning("code_refused", account=account_id, address=address)
            raise WrongCodeError("Type the six digits that the authenticator shows now, or a recovery code.")

    def _log_in(
        self, login: str, password: str, *, visit: Visit, previous: str | None
    ) -> LoggedIn | CodeWanted | Refused:
        with self._turn():
            with self._database.transaction() as conn:
                admission = sessions.admit(conn, login=login, address=visit.address, clock=self._clock)
            if isinstance(admission, Locked):
                _log.warning("login_locked", address=visit.address)
                return Refused("locked", retry_after_seconds=_whole_seconds(admission))
            fits = sessions.verify(admission, password)
        started = None
        if fits:
            with self._database.transaction() as conn:
                started = sessions.start_session(
                    conn, admission, password, visit=visit, replaces=previous, clock=self._clock, chance=self._chance
                )
        if started is None:
            _log.warning("login_refused", address=visit.address)
            return Refused("wrong")
        if isinstance(started, Ticket):
            return self._sealed(started)
        return LoggedIn(token=started.token, csrf=started.csrf)

    @contextmanager
    def _turn(self) -> Generator[None]:
        if not self._line.acquire(blocking=False):
            raise BusyError("Try again in a few seconds.", retry_after_seconds=_BUSY_SECONDS)
        try:
            with self._work:
                yield
        finally:
            self._line.release()


def _whole_seconds(locked: Locked) -> int:
    return max(1, int(locked.retry_after.total_seconds()) + 1)
