"""Codes as a second factor: begun, confirmed, asked for, used once, and never guessed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyotp.totp import TOTP

from onevoice.domains.access import rules
from onevoice.kit.chance import SeededChance

PASSWORD = "correct horse battery"
LOGIN = "anna@shop.example"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def moment(unix):
    return datetime.fromtimestamp(unix, UTC)


def digits(secret, clock):
    return TOTP(secret).at(clock.now())


def begun(person):
    return person.change("POST", "/api/me/second-factor", {"password": PASSWORD}).json()["secret"]


@pytest.fixture
def guarded(house):
    """Anna, whose login asks for codes: her browser, the secret, the recovery codes."""
    anna = house.person()
    secret = begun(anna)
    confirmed = anna.change("POST", "/api/me/second-factor/confirm", {"code": digits(secret, house.clock)})
    house.clock.advance(timedelta(minutes=1))
    return anna, secret, confirmed.json()["recovery_codes"]


def ticket_of(page):
    return re.search(r'name="ticket" value="([^"]+)"', page.text)[1]


def first_step(house, client):
    page = client.log_in(LOGIN, PASSWORD)
    assert page.status_code == 200
    assert "onevoice_session" not in client.cookies
    return ticket_of(page)


def second_step(client, ticket, code):
    fields = {"ticket": ticket, "code": code, "next": "/customers"}
    return client.post("/login/code", data=fields, headers={"Origin": "http://onevoice.example"})


class TestRules:
    @pytest.mark.parametrize(
        ("unix", "code"),
        [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
    )
    def test_the_codes_are_those_of_rfc_6238(self, unix, code):
        """Appendix B, the last six digits of its SHA-1 column."""
        assert rules.totp_step(SECRET, code, moment(unix), after=0) == unix // 30

    @given(st.text(max_size=30))
    def test_nothing_else_passes(self, text):
        now = moment(1234567890)
        step = rules.totp_step(SECRET, text, now, after=0)
        wanted = {TOTP(SECRET).generate_otp(1234567890 // 30 + shift) for shift in (-1, 0, 1)}
        typed = "".join(char for char in text if char.isdecimal())
        assert (step is not None) == (typed in wanted)

    @given(st.integers(10**9, 2**32), st.integers(-3, 3))
    def test_a_neighbouring_half_minute_passes_and_no_further_one(self, unix, shift):
        step = unix // 30 + shift
        code = TOTP(SECRET).generate_otp(step)
        found = rules.totp_step(SECRET, code, moment(unix), after=-1)
        if abs(shift) <= 1:
            assert found is not None
        elif found is not None:
            assert TOTP(SECRET).generate_otp(found) == code

    def test_a_used_half_minute_does_not_pass_again(self):
        now = moment(1234567890)
        code = TOTP(SECRET).at(now)
        assert rules.totp_step(SECRET, code, now, after=1234567890 // 30) is None

    def test_a_recovery_code_is_found_however_it_is_typed(self):
        code = rules.new_recovery_code(SeededChance(1))
        assert rules.recovery_digest(f" {code.upper().replace('-', ' ')} ") == rules.recovery_digest(code)


class TestBegin:
    def test_takes_the_password_once_more(self, house):
        response = house.person().change("POST", "/api/me/second-factor", {"password": "a guess at it"})
        assert (response.status_code, response.json()["code"]) == (403, "wrong_password")

    def test_changes_nothing_until_it_is_confirmed(self, house):
        begun(house.person())
        assert house.stranger().log_in(LOGIN, PASSWORD).status_code == 303

    def test_gives_what_an_authenticator_reads(self, house):
        answer = house.person().change("POST", "/api/me/second-factor", {"password": PASSWORD}).json()
        assert answer["uri"].startswith("otpauth://totp/Onevoice:anna%40shop.example?secret=")
        assert answer["secret"] in answer["uri"]
        assert answer["qr"].startswith("M")

    def test_the_secret_is_not_in_the_database(self, house):
        secret = begun(house.person())
        with house.database.transaction() as conn:
            [(sealed,)] = conn.execute("select sealed from access.second_factor").fetchall()
        assert secret.encode() not in bytes(sealed)

    def test_begun_again_the_older_secret_is_void(self, house):
        anna = house.person()
        older = begun(anna)
        begun(anna)
        response = anna.change("POST", "/api/me/second-factor/confirm", {"code": digits(older, house.clock)})
        assert (response.status_code, response.json()["code"]) == (403, "wrong_code")

    def test_not_where_one_stands(self, guarded):
        response = guarded[0].change("POST", "/api/me/second-factor", {"password": PASSWORD})
        assert (response.status_code, response.json()["code"]) == (409, "second_factor_stands")


class TestConfirm:
    def test_needs_a_beginning(self, house):
        response = house.person().change("POST", "/api/me/second-factor/confirm", {"code": "123456"})
        assert (response.status_code, response.json()["code"]) == (404, "no_second_factor")

    def test_ends_all_other_sessions(self, house):
        thief, anna = house.person(), house.stranger()
        anna.log_in(LOGIN, PASSWORD)
        secret = begun(anna)
        code = {"code": digits(secret, house.clock)}
        assert anna.change("POST", "/api/me/second-factor/confirm", code).status_code == 200
        assert (anna.get("/api/me").status_code, thief.get("/api/me").status_code) == (200, 401)

    def test_gives_ten_recovery_codes_and_tells_in_me(self, house, guarded):
        anna, _, codes = guarded
        assert len(set(codes)) == 10
        me = anna.get("/api/me").json()
        assert (me["second_factor"], me["recovery_codes_left"]) == (True, 10)
        assert house.audit()[-1] == (LOGIN, "second_factor.on", "user:1")


@pytest.mark.usefixtures("guarded")
class TestLogin:
    def test_the_password_alone_gives_no_session(self, house):
        first_step(house, house.stranger())

    def test_password_and_code(self, house, guarded):
        client = house.stranger()
        response = second_step(client, first_step(house, client), digits(guarded[1], house.clock))
        assert (response.status_code, response.headers["location"]) == (303, "/customers")
        assert client.get("/api/me").status_code == 200

    def test_a_code_without_a_ticket(self, house, guarded):
        for ticket in ("", "x", "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4", "é"):
            client = house.stranger()
            assert second_step(client, ticket, digits(guarded[1], house.clock)).status_code == 401
            assert "onevoice_session" not in client.cookies

    def test_a_wrong_code_keeps_the_ticket(self, house, guarded):
        client = house.stranger()
        ticket = first_step(house, client)
        refused = second_step(client, ticket, "000000")
        assert (refused.status_code, ticket_of(refused)) == (401, ticket)
        assert second_step(client, ticket, digits(guarded[1], house.clock)).status_code == 303

    def test_the_same_code_twice(self, house, guarded):
        client, code = house.stranger(), digits(guarded[1], house.clock)
        assert second_step(client, first_step(house, client), code).status_code == 303
        thief = house.stranger()
        assert second_step(thief, first_step(house, thief), code).status_code == 401

    def test_a_recovery_code_once(self, house, guarded):
        client = house.stranger()
        assert second_step(client, first_step(house, client), guarded[2][3]).status_code == 303
        assert client.get("/api/me").json()["recovery_codes_left"] == 9
        again = house.stranger()
        assert second_step(again, first_step(house, again), guarded[2][3]).status_code == 401

    def test_too_late(self, house, guarded):
        client = house.stranger()
        ticket = first_step(house, client)
        house.clock.advance(timedelta(minutes=10))
        assert second_step(client, ticket, digits(guarded[1], house.clock)).status_code == 401

    def test_a_password_changed_in_between(self, house, guarded):
        client = house.stranger()
        ticket = first_step(house, client)
        change = {"present": PASSWORD, "new": "another password"}
        assert guarded[0].change("PUT", "/api/me/password", change).status_code == 204
        assert second_step(client, ticket, digits(guarded[1], house.clock)).status_code == 401

    def test_an_account_disabled_in_between(self, house, guarded):
        client = house.stranger()
        ticket = first_step(house, client)
        owner = house.person("olga")
        assert owner.change("PATCH", "/api/users/1", {"disabled": True}).status_code == 200
        assert second_step(client, ticket, digits(guarded[1], house.clock)).status_code == 401

    def test_ten_wrong_codes_shut_the_door_for_a_right_one_too(self, house, guarded):
        client = house.stranger()
        ticket = first_step(house, client)
        for number in range(10):
            assert second_step(client, ticket, f"00000{number}").status_code == 401
        shut = second_step(client, ticket, digits(guarded[1], house.clock))
        assert shut.status_code == 429
        assert int(shut.headers["retry-after"]) > 0
        house.clock.advance(timedelta(minutes=16))
        assert second_step(client, first_step(house, client), digits(guarded[1], house.clock)).status_code == 303

    def test_from_another_site(self, house, guarded):
        client = house.stranger()
        ticket = first_step(house, client)
        fields = {"ticket": ticket, "code": digits(guarded[1], house.clock)}
        response = client.post("/login/code", data=fields, headers={"Origin": "https://evil.example"})
        assert response.status_code == 403


def end(person, password=PASSWORD, code="000000"):
    return person.change("POST", "/api/me/second-factor/end", {"password": password, "code": code})


class TestEnd:
    def test_takes_the_password(self, house, guarded):
        code = digits(guarded[1], house.clock)
        assert end(guarded[0], "a guess at it", code).json()["code"] == "wrong_password"

    def test_and_a_code(self, guarded):
        assert end(guarded[0]).json()["code"] == "wrong_code"

    def test_ten_wrong_codes_shut_it(self, house, guarded):
        for number in range(10):
            assert end(guarded[0], code=f"00000{number}").json()["code"] == "wrong_code"
        shut = end(guarded[0], code=digits(guarded[1], house.clock))
        assert (shut.status_code, shut.json()["code"]) == (429, "too_many_attempts")

    def test_a_recovery_code_will_do(self, guarded):
        assert end(guarded[0], code=guarded[2][0]).status_code == 204

    def test_then_the_password_is_enough(self, house, guarded):
        response = end(guarded[0], code=digits(guarded[1], house.clock))
        assert response.status_code == 204
        assert house.stranger().log_in(LOGIN, PASSWORD).status_code == 303
        with house.database.transaction() as conn:
            assert conn.execute("select count(*) from access.recovery_code").fetchone() == (0,)

    def test_an_owner_helps_whoever_lost_everything(self, house, guarded):
        olga = house.person("olga")
        assert olga.change("DELETE", "/api/users/1/second-factor").status_code == 204
        assert house.stranger().log_in(LOGIN, PASSWORD).status_code == 303
        assert house.audit()[-2][1:] == ("second_factor.off", "user:1")

    def test_an_admin_does_not_help_an_owner(self, house, guarded):
        response = house.person("adam", role="admin").change("DELETE", "/api/users/1/second-factor")
        assert (response.status_code, response.json()["code"]) == (403, "not_yours")

    def test_where_there_is_none(self, house):
        owner = house.person()
        house.account("max", role="seller")
        assert owner.change("DELETE", "/api/users/2/second-factor").json()["code"] == "no_second_factor"
        assert owner.change("DELETE", "/api/users/99/second-factor").json()["code"] == "unknown_user"
        assert owner.change("DELETE", "/api/users/1/second-factor").status_code == 404
