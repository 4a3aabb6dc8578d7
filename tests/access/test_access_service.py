import threading
from datetime import timedelta

import pytest

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import (
    PERMISSIONS,
    AccountCreate,
    AccountUpdate,
    Admission,
    Audit,
    Doer,
    Locked,
    Preferences,
    Visit,
)
from onevoice.domains.access.errors import (
    InvalidNameError,
    LastOwnerError,
    LoginTakenError,
    SourceConflictError,
    UnknownChannelError,
    UnknownKeyError,
    UnknownSessionError,
    UnknownUserError,
    WeakPasswordError,
)
from onevoice.domains.access.service import accounts, audit, keys, sessions
from onevoice.kit.chance import SeededChance

PASSWORD = "correct horse battery"
OLGA = Doer("olga", frozenset(PERMISSIONS))
VISIT = Visit(address="198.51.100.7", agent="a browser")


def log_in(house, login, password=PASSWORD, **options):
    """Admit, verify, start: as the login page does."""
    with house.database.transaction() as conn:
        admission = sessions.admit(conn, login=login, address=VISIT.address, clock=house.clock)
    if isinstance(admission, Locked) or not sessions.verify(admission, password):
        return admission
    with house.database.transaction() as conn:
        return sessions.start_session(
            conn, admission, password, visit=VISIT, clock=house.clock, chance=house.chance, **options
        )


def session(house, token):
    with house.database.transaction() as conn:
        return sessions.session(conn, token, clock=house.clock)


def stored(house, query, *values):
    with house.database.transaction() as conn:
        return conn.execute(query, values).fetchall()


class TestCreateAccount:
    def create(self, house, **fields):
        create = AccountCreate(**{"login": "anna", "name": "Anna", "password": PASSWORD, **fields})
        with house.database.transaction() as conn:
            return accounts.create_account(conn, create, clock=house.clock, chance=house.chance)

    def test_refuses_a_login_taken_in_another_spelling(self, house):
        self.create(house, login="anna@shop.example")
        with pytest.raises(LoginTakenError):
            self.create(house, login="ANNA@shop.example")

    def test_refuses_a_weak_password(self, house):
        with pytest.raises(WeakPasswordError):
            self.create(house, password="short")

    def test_refuses_an_invisible_name(self, house):
        with pytest.raises(InvalidNameError):
            self.create(house, name="\u200b")

    def test_stores_no_password(self, house):
        self.create(house)
        [(kept,)] = stored(house, "select password_hash from access.account")
        assert kept.startswith("$argon2id$")
        assert PASSWORD not in kept

    def test_leaves_a_line_without_the_password(self, house):
        self.create(house)
        assert house.audit() == [("command line", "user.created", "user:1")]
        [(kept,)] = stored(house, "select a::text from access.audit a")
        assert PASSWORD not in kept


class TestUpdateAccount:
    def update(self, house, account, **change):
        with house.database.transaction() as conn:
            return accounts.update_account(conn, account.id, AccountUpdate(**change), by=OLGA, clock=house.clock)

    def test_unknown(self, house):
        with house.database.transaction() as conn, pytest.raises(UnknownUserError):
            accounts.update_account(conn, 99, AccountUpdate(disabled=True), by=OLGA, clock=house.clock)

    def test_the_last_owner_stays(self, house):
        owner = house.account("olga")
        house.account("max", role="operator")
        for change in ({"role": "operator"}, {"disabled": True}):
            with pytest.raises(LastOwnerError):
                self.update(house, owner, **change)

    def test_two_owners_demoting_each_other_leave_one(self, house):
        owners = [house.account("olga"), house.account("oleg")]
        both_ready, refused = threading.Barrier(2), []

        def demote(account):
            both_ready.wait()
            try:
                self.update(house, account, role="operator")
            except LastOwnerError:
                refused.append(account.login)

        threads = [threading.Thread(target=demote, args=(owner,)) for owner in owners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1

    def test_disabling_ends_the_sessions_and_closes_the_door(self, house):
        house.account("olga")
        max_ = house.account("max", role="operator")
        token = log_in(house, "max").token
        self.update(house, max_, disabled=True)
        assert session(house, token) is None
        assert isinstance(log_in(house, "max"), Admission)

    def test_enabling_opens_it_again(self, house):
        house.account("olga")
        max_ = house.account("max", role="operator")
        self.update(house, max_, disabled=True)
        assert self.update(house, max_, disabled=False).disabled_at is None
        assert log_in(house, "max").account.login == "max"

    def test_leaves_a_line_only_for_a_change(self, house):
        house.account("olga")
        max_ = house.account("max", role="operator")
        self.update(house, max_, role="operator")
        self.update(house, max_, role="owner")
        assert house.audit()[2:] == [("olga", "user.changed", f"user:{max_.id}")]


class TestSetPreferences:
    def test_changes_what_is_named_and_leaves_a_line(self, house):
        account = house.account()
        with house.database.transaction() as conn:
            after = accounts.set_preferences(
                conn, account.id, Preferences(language="pl"), actor="anna", clock=house.clock
            )
        assert (after.language, after.theme, after.single_keys) == ("pl", "system", True)
        assert house.audit()[-1] == ("anna", "preferences.changed", f"user:{account.id}")


class TestLogin:
    def test_a_stranger_is_refused(self, house):
        assert isinstance(log_in(house, "nobody"), Admission)

    def test_a_wrong_password_is_refused(self, house):
        house.account("anna")
        assert isinstance(log_in(house, "anna", "wrong"), Admission)

    def test_the_right_one_opens(self, house):
        house.account("anna")
        started = log_in(house, " ANNA ")
        assert session(house, started.token).account.login == "anna"

    def test_the_token_is_not_stored(self, house):
        house.account("anna")
        token = log_in(house, "anna").token
        [(digest,)] = stored(house, "select digest from access.session")
        assert digest == rules.digest(token)
        assert token not in str(stored(house, "select s::text from access.session s"))

    def test_a_token_brought_along_is_ended_never_adopted(self, house):
        house.account("anna")
        first = log_in(house, "anna").token
        second = log_in(house, "anna", replaces=first).token
        assert second != first
        assert session(house, first) is None

    def test_a_password_changed_between_the_two_steps_refuses(self, house):
        account = house.account("anna")
        with house.database.transaction() as conn:
            admission = sessions.admit(conn, login="anna", address="198.51.100.7", clock=house.clock)
        with house.database.transaction() as conn:
            accounts.set_password(
                conn, account.id, "another password", actor="anna", clock=house.clock, chance=house.chance
            )
        with house.database.transaction() as conn:
            started = sessions.start_session(
                conn, admission, PASSWORD, visit=VISIT, clock=house.clock, chance=house.chance
            )
        assert started is None

    def test_an_unknown_login_costs_one_verification_of_the_same_hash(self, house, monkeypatch, thrifty):
        monkeypatch.setattr(rules, "HASHER", thrifty)
        house.account("anna")
        asked = []
        fits = rules.password_fits
        monkeypatch.setattr(rules, "password_fits", lambda kept, given: asked.append(kept) or fits(kept, given))
        log_in(house, "nobody", "wrong password")
        log_in(house, "anna", "wrong password")
        assert len(asked) == 2
        assert [kept.split("$")[1:4] for kept in asked] == [["argon2id", "v=19", "m=47104,t=2,p=1"]] * 2

    def test_a_hash_of_older_parameters_is_renewed(self, house):
        house.account("anna")
        older = rules.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
        with house.database.transaction() as conn:
            conn.execute("update access.account set password_hash = %s", (older,))
        log_in(house, "anna")
        [(kept,)] = stored(house, "select password_hash from access.account")
        assert not rules.outdated(kept)
        assert rules.password_fits(kept, PASSWORD)


class TestLimits:
    def fail(self, house, login, times, address="198.51.100.7"):
        for _ in range(times):
            with house.database.transaction() as conn:
                outcome = sessions.admit(conn, login=login, address=address, clock=house.clock)
        return outcome

    @pytest.mark.parametrize("login", ["anna", "nobody"])
    def test_a_login_is_locked_after_ten_whether_it_exists_or_not(self, house, login):
        house.account("anna")
        assert isinstance(self.fail(house, login, 10), Admission)
        locked = self.fail(house, login, 1, address="203.0.113.9")
        assert locked == Locked(retry_after=rules.ATTEMPT_WINDOW)

    def test_the_right_password_does_not_open_a_locked_login(self, house):
        house.account("anna")
        self.fail(house, "anna", 10)
        assert isinstance(log_in(house, "anna"), Locked)

    def test_an_address_is_locked_after_fifty_over_all_logins(self, house):
        for n in range(50):
            assert isinstance(self.fail(house, f"guess{n}", 1), Admission)
        assert isinstance(self.fail(house, "another", 1), Locked)
        assert isinstance(self.fail(house, "another", 1, address="203.0.113.9"), Admission)

    def test_attempts_while_locked_do_not_lengthen_it(self, house):
        self.fail(house, "anna", 10)
        house.clock.advance(timedelta(minutes=14))
        assert self.fail(house, "anna", 20).retry_after == timedelta(minutes=1)
        house.clock.advance(timedelta(minutes=1))
        assert isinstance(self.fail(house, "anna", 1), Admission)

    def test_success_forgives_the_login_but_only_one_attempt_of_the_address(self, house):
        house.account("anna")
        self.fail(house, "anna", 9)
        log_in(house, "anna")
        assert isinstance(self.fail(house, "anna", 10), Admission)
        [(counted,)] = stored(house, "select count(*) from access.login_attempt where starts_with(bucket, 'address:')")
        assert counted == 19

    def test_many_at_once_do_not_slip_through(self, house):
        outcomes, start = [], threading.Barrier(16)

        def attempt():
            start.wait()
            outcomes.append(self.fail(house, "anna", 1))

        threads = [threading.Thread(target=attempt) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(isinstance(outcome, Admission) for outcome in outcomes) == rules.ATTEMPTS_PER_LOGIN

    def test_what_left_the_window_is_not_kept(self, house):
        self.fail(house, "anna", 5)
        house.clock.advance(rules.ATTEMPT_WINDOW + timedelta(seconds=1))
        self.fail(house, "olga", 1)
        assert stored(house, "select count(*) from access.login_attempt") == [(2,)]


class TestSession:
    def test_an_invented_token_opens_nothing(self, house):
        house.person()
        assert session(house, "invented") is None

    def test_ends_after_twelve_idle_hours(self, house):
        house.account("anna")
        token = log_in(house, "anna").token
        house.clock.advance(timedelta(hours=11))
        assert session(house, token) is not None
        house.clock.advance(timedelta(hours=11))
        assert session(house, token) is not None
        house.clock.advance(timedelta(hours=12))
        assert session(house, token) is None

    def test_ends_after_thirty_days_however_busy(self, house):
        house.account("anna")
        token = log_in(house, "anna").token
        for _ in range(60):
            house.clock.advance(timedelta(hours=12) - timedelta(minutes=1))
            assert session(house, token) is not None
        house.clock.advance(timedelta(hours=2))
        assert session(house, token) is None

    def test_last_seen_moves_at_most_once_a_minute(self, house):
        house.account("anna")
        token = log_in(house, "anna").token
        before = session(house, token).last_seen_at
        house.clock.advance(timedelta(seconds=59))
        session(house, token)
        assert session(house, token).last_seen_at == before
        house.clock.advance(timedelta(seconds=2))
        session(house, token)
        assert session(house, token).last_seen_at == house.clock.now()

    def test_watching_is_no_use(self, house):
        """An open tab that nobody sits at does not keep the session from lying idle."""
        house.account("anna")
        token = log_in(house, "anna").token
        for _ in range(12):
            with house.database.transaction() as conn:
                assert sessions.session(conn, token, used=False, clock=house.clock) is not None
            house.clock.advance(timedelta(hours=1))
        assert session(house, token) is None

    def test_a_password_change_ends_them_all(self, house):
        account = house.account("anna")
        tokens = [log_in(house, "anna").token for _ in range(3)]
        with house.database.transaction() as conn:
            accounts.set_password(
                conn, account.id, "another password", actor="anna", clock=house.clock, chance=house.chance
            )
        assert [session(house, token) for token in tokens] == [None] * 3

    def test_dead_ones_are_swept_at_the_next_login(self, house):
        house.account("anna")
        log_in(house, "anna")
        house.clock.advance(timedelta(hours=13))
        log_in(house, "anna")
        assert stored(house, "select count(*) from access.session") == [(1,)]

    def test_nobody_ends_somebody_elses(self, house):
        house.account("anna")
        olga = house.account("olga")
        token = log_in(house, "anna").token
        with house.database.transaction() as conn, pytest.raises(UnknownSessionError):
            sessions.end_session_by_digest(conn, olga.id, rules.digest(token), actor="olga", clock=house.clock)
        assert session(house, token) is not None

    def test_logging_out_ends_it_once(self, house):
        house.account("anna")
        token = log_in(house, "anna").token
        for _ in range(2):
            with house.database.transaction() as conn:
                sessions.end_session(conn, token, clock=house.clock)
        assert session(house, token) is None
        assert [action for _, action, _ in house.audit()].count("session.ended") == 1

    def test_a_browser_with_a_strange_name_logs_in_too(self, house):
        house.account("anna")
        with house.database.transaction() as conn:
            admission = sessions.admit(conn, login="anna", address="198.51.100.7", clock=house.clock)
            visit = Visit(address="198.51.100.7", agent="\x00\x1b[2J" + "a" * 1000)
            sessions.start_session(conn, admission, PASSWORD, visit=visit, clock=house.clock, chance=house.chance)
        [(agent,)] = stored(house, "select agent from access.session")
        assert agent == ("[2J" + "a" * 1000)[: len(agent)]
        assert len(agent) <= 200


class TestKeys:
    def issue(self, house, **fields):
        with house.database.transaction() as conn:
            return keys.issue_key(
                conn, **{"scope": "write", "name": "site", **fields}, clock=house.clock, chance=house.chance
            )

    def resolve(self, house, text, **options):
        with house.database.transaction() as conn:
            return (
                keys.resolve_write_key(conn, text, **options),
                keys.resolve_secret_key(conn, text, **options),
            )

    @pytest.mark.parametrize("text", ["", "ov_write_", "ov_secret_", "ov_write_" + "A" * 43, "\x00", "é", "a" * 10_000])
    def test_an_invented_key_opens_nothing(self, house, text):
        self.issue(house)
        assert self.resolve(house, text) == (None, None)

    def test_a_write_key_only_writes_and_a_secret_key_does_not(self, house):
        write, secret = self.issue(house).key, self.issue(house, scope="secret").key
        as_write, as_secret = self.resolve(house, write)
        assert as_write is not None
        assert as_secret is None
        as_write, as_secret = self.resolve(house, secret)
        assert as_write is None
        assert as_secret is not None

    def test_a_secret_key_does_not_pass_as_another_scope_by_its_prefix(self, house):
        secret = self.issue(house, scope="secret").key
        assert self.resolve(house, secret.replace("ov_secret_", "ov_write_")) == (None, None)

    def test_the_key_is_not_stored(self, house):
        key = self.issue(house).key
        [(digest, hint, row)] = stored(house, "select digest, hint, k::text from access.api_key k")
        assert digest == rules.digest(key)
        assert hint == key[-4:]
        assert key not in row
        assert key not in str(stored(house, "select a::text from access.audit a"))

    def test_a_revoked_key_is_dead_at_once_and_revoking_again_changes_nothing(self, house):
        issued = self.issue(house)
        for _ in range(2):
            with house.database.transaction() as conn:
                revoked = keys.revoke_key(conn, issued.id, actor="olga", clock=house.clock)
            assert revoked.revoked_at == house.clock.now()
        assert self.resolve(house, issued.key) == (None, None)
        assert [action for _, action, _ in house.audit()] == ["site.created", "key.created", "key.revoked"]

    def test_revoking_an_unknown_key(self, house):
        with house.database.transaction() as conn, pytest.raises(UnknownKeyError):
            keys.revoke_key(conn, 99, actor="olga", clock=house.clock)

    def test_a_write_key_knows_its_source(self, house):
        key = self.issue(house, name="shop site", channel="site", site="pl").key
        found, _ = self.resolve(house, key)
        assert (found.source_name, found.channel, found.site) == ("shop site", "site", "pl")

    def test_a_second_key_of_a_source_is_how_keys_are_changed(self, house):
        first = self.issue(house, name="old", source="shop site", channel="site")
        second = self.issue(house, name="new", source="shop site")
        assert self.resolve(house, first.key)[0].source_id == self.resolve(house, second.key)[0].source_id

    def test_a_source_keeps_its_channel(self, house):
        self.issue(house, channel="site")
        with pytest.raises(SourceConflictError):
            self.issue(house, channel="app")
        with pytest.raises(SourceConflictError):
            self.issue(house, channel="site", site="pl")

    def test_an_unknown_channel_is_refused(self, house):
        with pytest.raises(UnknownChannelError):
            self.issue(house, channel="pigeon")

    def test_a_refused_key_leaves_no_source(self, house):
        with pytest.raises(InvalidNameError):
            self.issue(house, source="shop", site="")
        assert stored(house, "select count(*) from access.source") == [(0,)]

    def test_use_is_noted_at_most_once_a_minute(self, house):
        key = self.issue(house, scope="secret").key
        used = []
        for _ in range(4):
            self.resolve(house, key, clock=house.clock)
            used.append(stored(house, "select last_used_at from access.api_key")[0][0])
            house.clock.advance(timedelta(seconds=40))
        assert used[0] == used[1]
        assert used[2] == used[3]
        assert used[0] < used[2]

    def test_events_without_the_door_count_as_use_of_the_first_living_key(self, house):
        gone = self.issue(house, name="gone", source="till", channel="shop")
        kept = self.issue(house, name="kept", source="till")
        self.issue(house, name="later", source="till")
        noon = house.clock.now()
        with house.database.transaction() as conn:
            keys.revoke_key(conn, gone.id, actor="olga", clock=house.clock)
            source = next(iter(keys.sources(conn)))
            for seconds in (0, 40, -40):
                keys.note_use(conn, source, noon + timedelta(seconds=seconds))
        used = stored(house, "select id, last_used_at from access.api_key where last_used_at is not null")
        assert used == [(kept.id, noon)]

    def test_reading_without_a_clock_notes_nothing(self, house):
        self.resolve(house, self.issue(house).key)
        assert stored(house, "select last_used_at from access.api_key") == [(None,)]

    def test_sources_by_id(self, house):
        self.issue(house, name="shop", channel="shop")
        with house.database.transaction() as conn:
            found = keys.sources(conn)
        assert [(key, source.name, source.channel) for key, source in found.items()] == [(1, "shop", "shop")]

    def test_two_keys_never_share_their_chance(self, house):
        chance = SeededChance(3)
        assert rules.new_key("write", chance) != rules.new_key("write", chance)


class TestAudit:
    def test_stands_or_falls_with_what_it_tells_about(self, house):
        with house.database.transaction() as conn:
            audit.record(conn, Audit("anna", "profile.merged", "profile:1"), clock=house.clock)
            conn.rollback()
        assert house.audit() == []

    def test_keeps_before_after_and_reason(self, house):
        entry = Audit("anna", "profile.merged", "profile:1", before={"n": 2}, after={"n": 1}, reason="ta sama osoba")
        with house.database.transaction() as conn:
            audit.record(conn, entry, clock=house.clock)
            [kept] = audit.audit_log(conn)
        assert kept.audit == entry
        assert kept.at == house.clock.now()

    def test_of_one_subject(self, house):
        with house.database.transaction() as conn:
            for n in (1, 2, 1):
                audit.record(conn, Audit("anna", "profile.merged", f"profile:{n}"), clock=house.clock)
            kept = audit.audit_log(conn, subject="profile:1")
        assert [entry.id for entry in kept] == [3, 1]
