from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domains.access import rules
from onevoice.domains.access.errors import InvalidNameError, WeakPasswordError
from onevoice.kit.chance import SeededChance

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def as_for_users(thrifty: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "HASHER", thrifty)


class TestLoginKey:
    @pytest.mark.parametrize(
        "typed", ["Anna@Shop.Example", " anna@shop.example ", "ANNA@SHOP.EXAMPLE", "ａnna@shop.example"]
    )
    def test_one_person_however_it_is_typed(self, typed):
        assert rules.login_key(typed) == "anna@shop.example"

    def test_composed_and_decomposed_letters_are_the_same(self):
        assert rules.login_key("zo\u0308e") == rules.login_key("z\u00f6e")

    @given(st.text())
    def test_folding_twice_changes_nothing(self, text):
        assert rules.login_key(rules.login_key(text)) == rules.login_key(text)


class TestCheckedLogin:
    @pytest.mark.parametrize("login", ["", "   ", "a b", "a\nb", "a\x00b", "a\u202eb", "a" * 121, "a\ud800"])
    def test_refuses_what_people_cannot_see_or_type(self, login):
        with pytest.raises(InvalidNameError):
            rules.checked_login(login)

    @pytest.mark.parametrize("login", ["anna", "anna@shop.example", "анна@магазин.example", "żółw"])
    def test_takes_the_names_of_our_markets(self, login):
        assert rules.checked_login(f" {login} ") == login


class TestPassword:
    @pytest.mark.parametrize(
        "password", ["", "short", "a" * 257, "aaaaaaaaaaaa", "anna@shop.example", "ANNA@shop.example"]
    )
    def test_refuses_the_guessable(self, password):
        with pytest.raises(WeakPasswordError):
            rules.check_password(password, "anna@shop.example")

    @pytest.mark.parametrize("password", ["correct horse", "пароль из слов", "zażółć gęślą", "🐴🔋📎🐎🌲🐴🔋📎🐎🌲"])
    def test_asks_for_no_kinds_of_characters(self, password):
        rules.check_password(password, "anna@shop.example")

    def test_only_the_password_itself_fits(self):
        hashed = rules.hash_password("correct horse", SeededChance(1))
        assert rules.password_fits(hashed, "correct horse")
        assert not rules.password_fits(hashed, "Correct horse")
        assert not rules.password_fits(hashed, "")

    def test_a_keyboard_that_composes_letters_otherwise_fits_too(self):
        hashed = rules.hash_password("za\u017c\u00f3\u0142\u0107 haslo", SeededChance(1))
        assert rules.password_fits(hashed, "zaz\u0307o\u0301\u0142c\u0301 haslo")

    def test_each_hash_has_its_own_salt(self):
        chance = SeededChance(1)
        assert rules.hash_password("correct horse", chance) != rules.hash_password("correct horse", chance)

    @pytest.mark.parametrize("broken", ["", "plain text", "$argon2id$v=19$", "$2b$12$abcdefghijklmnopqrstuv"])
    def test_a_broken_hash_fits_nothing(self, broken):
        assert not rules.password_fits(broken, "correct horse")


class TestNobody:
    def test_costs_as_much_as_a_real_hash(self):
        assert not rules.outdated(rules.NOBODY)
        assert rules.NOBODY.split("$")[:4] == rules.hash_password("correct horse", SeededChance(1)).split("$")[:4]

    @pytest.mark.parametrize("password", ["", "nobody", "onevoice"])
    def test_fits_nothing(self, password):
        assert not rules.password_fits(rules.NOBODY, password)


class TestLockedFor:
    def test_open_below_the_limit(self):
        assert rules.locked_for([NOON] * 9, 10, NOON) is None

    def test_shut_until_the_oldest_of_the_limit_leaves_the_window(self):
        attempts = [NOON - timedelta(minutes=n) for n in range(10)]
        assert rules.locked_for(attempts, 10, NOON) == timedelta(minutes=6)

    def test_what_left_the_window_counts_no_more(self):
        attempts = [NOON] * 9 + [NOON - rules.ATTEMPT_WINDOW]
        assert rules.locked_for(attempts, 10, NOON) is None

    @given(st.lists(st.integers(0, 2000), max_size=30), st.integers(1, 12))
    def test_is_open_again_when_the_wait_is_over(self, ages, limit):
        attempts = sorted((NOON - timedelta(seconds=age) for age in ages), reverse=True)
        wait = rules.locked_for(attempts, limit, NOON)
        if wait is not None:
            assert timedelta() < wait <= rules.ATTEMPT_WINDOW
            assert rules.locked_for(attempts, limit, NOON + wait) is None
            assert rules.locked_for(attempts, limit, NOON + wait - timedelta(seconds=1)) is not None


class TestBuckets:
    def test_a_password_typed_as_login_is_not_stored(self):
        assert not [bucket for bucket in rules.buckets("my secret", "198.51.100.7") if "secret" in bucket]

    def test_the_same_login_is_one_bucket_however_typed(self):
        assert rules.buckets(" ANNA", "198.51.100.7").keys() == rules.buckets("anna", "198.51.100.7").keys()

    @pytest.mark.parametrize(
        ("address", "neighbourhood"),
        [
            ("198.51.100.7", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::1", "::/64"),
            ("unix:", "unknown"),
            ("", "unknown"),
        ],
    )
    def test_counts_a_neighbourhood(self, address, neighbourhood):
        assert rules.neighbourhood(address) == neighbourhood


class TestSessionLives:
    EXPIRES = NOON + timedelta(days=30)

    @pytest.mark.parametrize(
        ("idle", "alive"), [(timedelta(), True), (timedelta(hours=11, minutes=59), True), (timedelta(hours=12), False)]
    )
    def test_ends_when_idle(self, idle, alive):
        assert rules.session_lives(NOON, self.EXPIRES, NOON + idle) is alive

    def test_ends_after_thirty_days_however_busy(self):
        assert rules.session_lives(self.EXPIRES - timedelta(seconds=1), self.EXPIRES, self.EXPIRES) is False


class TestNewKey:
    def test_says_what_it_is_for(self):
        assert rules.new_key("write", SeededChance(1)).startswith("ov_write_")
        assert rules.new_key("secret", SeededChance(1)).startswith("ov_secret_")

    def test_holds_256_bits_of_chance(self):
        assert len(rules.new_key("write", SeededChance(1))) == len("ov_write_") + 43
