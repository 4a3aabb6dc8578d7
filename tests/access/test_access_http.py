"""The routes of access, through guards, headers and error handling, as a browser or a program meets them."""

from datetime import timedelta

import pytest

from onevoice.domains.access import rules
from onevoice.domains.access.contracts import FOR_KEYS, MATRIX, PERMISSIONS, ROLES, USUAL_FOR_KEYS
from onevoice.web.settings import WebSettings

PASSWORD = "correct horse battery"
ORIGIN = "http://onevoice.example"

PERSONAL = [
    ("GET", "/api/me"),
    ("PATCH", "/api/me"),
    ("PUT", "/api/me/password"),
    ("GET", "/api/sessions"),
    ("DELETE", "/api/sessions"),
    ("DELETE", "/api/sessions/00"),
    ("POST", "/api/me/second-factor"),
    ("POST", "/api/me/second-factor/confirm"),
    ("POST", "/api/me/second-factor/end"),
]
OWNERS = [
    ("GET", "/api/keys"),
    ("POST", "/api/keys"),
    ("DELETE", "/api/keys/1"),
    ("GET", "/api/users"),
    ("POST", "/api/users"),
    ("PATCH", "/api/users/1"),
    ("PUT", "/api/users/1/password"),
    ("DELETE", "/api/users/1/second-factor"),
    ("GET", "/api/audit"),
]
BODIES = {
    ("PUT", "/api/me/password"): {"present": PASSWORD, "new": "another password"},
    ("POST", "/api/keys"): {"name": "site", "scope": "write"},
    ("POST", "/api/users"): {"login": "new", "name": "New", "password": PASSWORD},
    ("PUT", "/api/users/1/password"): {"password": "another password"},
}
XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "{{7*7}}{% raw %}",
    "\u2028<b>\u202e",
]


def body(method, path):
    return BODIES.get((method, path), {} if method in {"PATCH", "PUT", "POST"} else None)


class TestOutsider:
    @pytest.mark.parametrize(("method", "path"), [*PERSONAL, *OWNERS, ("GET", "/api/sources")])
    def test_nobody_is_answered(self, house, method, path):
        response = house.stranger().change(method, path, body(method, path))
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(("method", "path"), [*PERSONAL, *OWNERS, ("GET", "/api/sources")])
    def test_a_write_key_reads_nothing(self, house, method, path):
        response = house.program(house.key("write")).change(method, path, body(method, path))
        assert (response.status_code, response.json()["code"]) == (403, "write_key")

    @pytest.mark.parametrize(("method", "path"), PERSONAL)
    def test_a_secret_key_is_no_person(self, house, method, path):
        response = house.program(house.key("secret")).change(method, path, body(method, path))
        assert (response.status_code, response.json()["code"]) == (403, "session_needed")

    @pytest.mark.parametrize(("method", "path"), OWNERS)
    def test_a_secret_key_lets_nobody_in(self, house, method, path):
        response = house.program(house.key("secret")).change(method, path, body(method, path))
        assert (response.status_code, response.json()["code"]) == (403, "not_allowed")

    @pytest.mark.parametrize(("method", "path"), OWNERS)
    def test_an_operator_manages_nothing(self, house, method, path):
        response = house.person(role="operator").change(method, path, body(method, path))
        assert (response.status_code, response.json()["code"]) == (403, "not_allowed")

    @pytest.mark.parametrize(
        "authorization",
        ["", "Bearer", "Bearer ", "Bearer x", "Basic b3Zfc2VjcmV0Og==", "ov_secret_x", "Bearer ov_secret_" + "A" * 43],
    )
    def test_a_bad_key_is_not_rescued_by_a_session(self, house, authorization):
        person = house.person()
        response = person.get("/api/sources", headers={"Authorization": authorization})
        assert (response.status_code, response.json()["code"]) == (401, "invalid_key")

    def test_a_revoked_key(self, house):
        owner, program = house.person(), house.program(house.key())
        assert program.get("/api/sources").status_code == 200
        [key] = owner.get("/api/keys").json()["data"]
        owner.change("DELETE", f"/api/keys/{key['id']}")
        assert program.get("/api/sources").status_code == 401

    @pytest.mark.parametrize("query", ["access_token", "key", "api_key", "token"])
    def test_a_key_in_the_address_is_no_key(self, house, query):
        assert house.stranger().get("/api/sources", params={query: house.key()}).status_code == 401

    def test_a_role_taken_away_is_gone_at_once(self, house):
        house.account("olga", role="owner")
        person = house.person()
        with house.database.transaction() as conn:
            conn.execute("update access.account set role = 'operator' where login = 'anna@shop.example'")
        assert person.get("/api/keys").status_code == 403


class TestCsrf:
    def test_a_change_needs_the_token(self, house):
        person = house.person()
        response = person.request("PATCH", "/api/me", json={"theme": "dark"}, headers={"Origin": ORIGIN})
        assert (response.status_code, response.json()["code"]) == (403, "csrf")

    @pytest.mark.parametrize("token", ["", "wrong", "é"])
    def test_a_wrong_token(self, house, token):
        person = house.person()
        headers = {"X-Onevoice-Csrf": token.encode()}
        response = person.request("PATCH", "/api/me", json={"theme": "dark"}, headers=headers)
        assert response.json()["code"] == "csrf"

    def test_another_sessions_token(self, house):
        first, second = house.person(), house.stranger()
        second.log_in("anna@shop.example", PASSWORD)
        response = first.change(
            "PATCH", "/api/me", {"theme": "dark"}, **{"X-Onevoice-Csrf": second.cookies["onevoice_csrf"]}
        )
        assert response.json()["code"] == "csrf"

    def test_a_pair_of_header_and_cookie_made_up_by_an_attacker(self, house):
        person = house.person()
        person.cookies.set("onevoice_csrf", "mine", domain="onevoice.example")
        response = person.change("PATCH", "/api/me", {"theme": "dark"}, **{"X-Onevoice-Csrf": "mine"})
        assert response.json()["code"] == "csrf"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://onevoice.example.evil.example"},
            {"Origin": "http://onevoice.example:81"},
            {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
            {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        ],
    )
    def test_another_site_with_the_right_token(self, house, headers):
        response = house.person().change("PATCH", "/api/me", {"theme": "dark"}, **headers)
        assert (response.status_code, response.json()["code"]) == (403, "foreign_origin")

    def test_behind_a_public_address_only_its_origin_counts(self, build):
        person = build(WebSettings(public_url="http://onevoice.example:80/")).person()
        assert person.change("PATCH", "/api/me", {"theme": "dark"}).status_code == 200
        response = person.change("PATCH", "/api/me", {"theme": "dark"}, Origin="https://onevoice.example")
        assert response.json()["code"] == "foreign_origin"

    def test_reading_needs_no_token(self, house):
        assert house.person().get("/api/me", headers={"Origin": "https://evil.example"}).status_code == 200

    def test_a_key_needs_no_token(self, house):
        assert house.program(house.key()).get("/api/sources").status_code == 200


class TestMe:
    def test_tells_who_one_is(self, house):
        assert house.person().get("/api/me").json() == {
            "id": "1",
            "login": "anna@shop.example",
            "name": "Anna",
            "role": "owner",
            "language": "en",
            "theme": "system",
            "single_keys": True,
            "permissions": list(PERMISSIONS),
            "second_factor": False,
            "recovery_codes_left": 0,
            "demo_since": None,
            "demo_pocket": None,
        }

    def test_keeps_what_is_set(self, house):
        person = house.person()
        person.change("PATCH", "/api/me", {"language": "pl", "theme": "dark", "single_keys": False})
        me = person.get("/api/me").json()
        assert (me["language"], me["theme"], me["single_keys"]) == ("pl", "dark", False)

    @pytest.mark.parametrize("field", [{"role": "owner"}, {"id": "2"}, {"login": "x"}, {"language": "de"}])
    def test_nobody_writes_what_is_not_theirs_to_write(self, house, field):
        response = house.person(role="operator").change("PATCH", "/api/me", field)
        assert (response.status_code, response.json()["code"]) == (422, "invalid_request")

    @pytest.mark.parametrize("name", XSS[:-1])
    def test_a_hostile_name_stays_text(self, house, name):
        house.account("anna", name=name)
        person = house.stranger()
        person.log_in("anna", PASSWORD)
        response = person.get("/api/me")
        assert response.json()["name"] == name
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"


class TestPassword:
    def change(self, person, present=PASSWORD, new="another password"):
        return person.change("PUT", "/api/me/password", {"present": present, "new": new})

    def test_a_wrong_present_one_is_refused_and_repeats_nothing(self, house):
        response = self.change(house.person(), present="my old secret")
        assert (response.status_code, response.json()["code"]) == (403, "wrong_password")
        assert "secret" not in response.text

    def test_a_weak_new_one_is_refused_and_changes_nothing(self, house):
        person = house.person()
        assert self.change(person, new="short").json()["code"] == "weak_password"
        assert person.get("/api/me").status_code == 200

    def test_ends_every_other_session_and_renews_this_one(self, house):
        person, elsewhere = house.person(), house.stranger()
        elsewhere.log_in("anna@shop.example", PASSWORD)
        before = person.cookies["onevoice_session"]
        assert self.change(person).status_code == 204
        assert elsewhere.get("/api/me").json()["code"] == "session_ended"
        assert person.get("/api/me").status_code == 200
        assert person.cookies["onevoice_session"] != before
        assert person.change("PATCH", "/api/me", {"theme": "dark"}).status_code == 200
        house.stranger().log_in("anna@shop.example", PASSWORD)
        assert house.stranger().log_in("anna@shop.example", "another password").status_code == 303

    def test_guessing_the_present_one_is_limited(self, house):
        person = house.person()
        for _ in range(rules.ATTEMPTS_PER_LOGIN):
            assert self.change(person, present="a guess").status_code == 403
        response = self.change(person)
        assert (response.status_code, response.json()["code"]) == (429, "too_many_attempts")
        assert int(response.headers["retry-after"]) > 800

    def test_changing_it_often_locks_nobody_out(self, house):
        person = house.person()
        for n in range(rules.ATTEMPTS_PER_LOGIN + 2):
            assert self.change(person, present=PASSWORD, new=PASSWORD).status_code == 204, n

    def test_a_validation_error_does_not_repeat_it(self, house):
        response = house.person().change("PUT", "/api/me/password", {"present": ["hunter2"], "new": "x" * 2000})
        assert response.status_code == 422
        assert "hunter2" not in response.text
        assert "xxxx" not in response.text


class TestSessions:
    def test_lists_ones_own_only(self, house):
        first, second = house.person(), house.stranger(user_agent="a phone")
        second.log_in("anna@shop.example", PASSWORD)
        house.person("max", role="operator")
        listed = first.get("/api/sessions").json()["data"]
        assert sorted(each["current"] for each in listed) == [False, True]
        assert {each["agent"] for each in listed} >= {"a phone"}

    def test_the_list_cannot_be_used_to_log_in(self, house):
        person = house.person()
        [session] = person.get("/api/sessions").json()["data"]
        thief = house.stranger()
        thief.cookies.set("onevoice_session", session["id"])
        assert thief.get("/api/me").status_code == 401

    def test_ends_another_of_ones_own(self, house):
        first, second = house.person(), house.stranger()
        second.log_in("anna@shop.example", PASSWORD)
        [other] = [each for each in first.get("/api/sessions").json()["data"] if not each["current"]]
        assert first.change("DELETE", f"/api/sessions/{other['id']}").status_code == 204
        assert second.get("/api/me").status_code == 401

    @pytest.mark.parametrize("owner_role", ["owner", "operator"])
    def test_not_somebody_elses(self, house, owner_role):
        victim, other = house.person("victim"), house.person("other", role=owner_role)
        [session] = victim.get("/api/sessions").json()["data"]
        assert other.change("DELETE", f"/api/sessions/{session['id']}").status_code == 404
        assert victim.get("/api/me").status_code == 200

    @pytest.mark.parametrize("session_id", ["zz", "0", "00" * 16, "%00"])
    def test_unknown(self, house, session_id):
        assert house.person().change("DELETE", f"/api/sessions/{session_id}").status_code in {400, 404}

    def test_ends_all_others(self, house):
        first, second = house.person(), house.stranger()
        second.log_in("anna@shop.example", PASSWORD)
        assert first.change("DELETE", "/api/sessions").status_code == 204
        assert (first.get("/api/me").status_code, second.get("/api/me").status_code) == (200, 401)


class TestRoles:
    def test_the_matrix_is_told_to_whoever_is_known(self, house):
        told = house.person(role="seller").get("/api/roles").json()
        assert [each["role"] for each in told["data"]] == list(ROLES)
        assert {each["role"]: set(each["permissions"]) for each in told["data"]} == {
            role: set(permissions) for role, permissions in MATRIX.items()
        }

    def test_what_the_role_allows_stands_in_me(self, house):
        assert house.person(role="operator").get("/api/me").json()["permissions"] == [
            "customers.read",
            "customers.merge",
            "messages.read",
            "messages.send",
            "conversations.read",
            "conversations.answer",
            "replies.edit",
            "consent.edit",
            "suppressions.edit",
            "templates.read",
        ]


class TestAdmin:
    """May do everything but touch owners."""

    @pytest.fixture
    def admin(self, house):
        house.account("olga")
        house.account("max", role="operator")
        return house.person("adam", role="admin")

    def test_changes_everybody_else(self, admin):
        assert admin.change("PATCH", "/api/users/2", {"role": "developer"}).json()["role"] == "developer"
        assert admin.change("PUT", "/api/users/2/password", {"password": "a fresh start"}).status_code == 204

    @pytest.mark.parametrize(
        ("method", "path", "change"),
        [
            ("PATCH", "/api/users/1", {"disabled": True}),
            ("PATCH", "/api/users/1", {"role": "seller"}),
            ("PATCH", "/api/users/2", {"role": "owner"}),
            ("PATCH", "/api/users/3", {"role": "owner"}),
            ("PUT", "/api/users/1/password", {"password": "a fresh start"}),
            ("POST", "/api/users", {"login": "new", "name": "New", "password": PASSWORD, "role": "owner"}),
        ],
    )
    def test_but_no_owner_and_makes_none(self, house, admin, method, path, change):
        response = admin.change(method, path, change)
        assert (response.status_code, response.json()["code"]) == (403, "not_yours")
        assert house.stranger().log_in("olga", PASSWORD).status_code == 303


class TestKeys:
    def test_a_secret_key_may_what_was_said(self, house):
        owner = house.person()
        made = owner.change("POST", "/api/keys", {"name": "x", "scope": "secret", "permissions": ["events.read"]})
        assert made.json()["permissions"] == ["events.read"]

    def test_and_what_is_usual_when_nothing_was(self, house):
        made = house.person().change("POST", "/api/keys", {"name": "x", "scope": "secret"})
        assert set(made.json()["permissions"]) == USUAL_FOR_KEYS

    def test_but_never_more_than_its_maker(self, house):
        developer = house.person(role="developer")
        create = {"name": "x", "scope": "secret", "permissions": ["customers.merge"]}
        response = developer.change("POST", "/api/keys", create)
        assert (response.status_code, response.json()["code"]) == (403, "permission_beyond")
        usual = developer.change("POST", "/api/keys", {"name": "x", "scope": "secret"})
        assert "customers.merge" not in usual.json()["permissions"]

    @pytest.mark.parametrize("permission", sorted({*PERMISSIONS} - FOR_KEYS))
    def test_nor_what_is_for_people(self, house, permission):
        create = {"name": "x", "scope": "secret", "permissions": [permission]}
        assert house.person().change("POST", "/api/keys", create).json()["code"] == "permission_beyond"

    def test_tell_who_made_them(self, house):
        owner = house.person()
        house.key()
        owner.change("POST", "/api/keys", {"name": "mine", "scope": "secret"})
        made = [each["made_by"] for each in owner.get("/api/keys").json()["data"]]
        assert made == ["anna@shop.example", "command line"]

    def test_are_listed_page_by_page_newest_first(self, house):
        owner = house.person()
        for number in range(5):
            house.key(name=f"key {number}")
        owner.change("DELETE", "/api/keys/4")
        first = owner.get("/api/keys", params={"limit": "2", "revoked": "false"}).json()
        rest = owner.get("/api/keys", params={"limit": "2", "revoked": "false", "cursor": first["next_cursor"]}).json()
        assert [each["name"] for each in first["data"] + rest["data"]] == ["key 4", "key 2", "key 1", "key 0"]
        assert rest["next_cursor"] is None
        assert [each["id"] for each in owner.get("/api/keys", params={"revoked": "true"}).json()["data"]] == ["4"]

    def test_the_key_is_shown_once(self, house):
        owner = house.person()
        made = owner.change("POST", "/api/keys", {"name": "site", "scope": "write", "channel": "site"})
        assert made.status_code == 201
        key = made.json()["key"]
        listed = owner.get("/api/keys")
        assert key not in listed.text
        assert listed.json()["data"][0]["hint"] == key[-4:]

    @pytest.mark.parametrize(
        "create",
        [
            {"name": "x"},
            {"name": "", "scope": "write"},
            {"name": "x", "scope": "admin"},
            {"name": "x", "scope": "write", "channel": "pigeon"},
            {"name": "x", "scope": "write", "id": 1},
            {"name": "a\u0000b", "scope": "write"},
            {"name": "x", "scope": "write", "site": "\u0000"},
        ],
    )
    def test_a_bad_request_is_refused(self, house, create):
        assert house.person().change("POST", "/api/keys", create).status_code == 422

    @pytest.mark.parametrize("key_id", ["0", "-1", "9223372036854775808", "x", "1.5", "١"])
    def test_a_number_that_is_none(self, house, key_id):
        assert house.person().change("DELETE", f"/api/keys/{key_id}").status_code == 422

    def test_unknown(self, house):
        assert house.person().change("DELETE", "/api/keys/9223372036854775807").json()["code"] == "unknown_key"


class TestUsers:
    def test_an_owner_invites_and_the_invited_logs_in(self, house):
        owner = house.person()
        create = {"login": "max", "name": "Max", "password": PASSWORD, "language": "ru"}
        assert owner.change("POST", "/api/users", create).status_code == 201
        guest = house.stranger()
        guest.log_in("max", PASSWORD)
        assert (guest.get("/api/me").json()["role"], guest.get("/api/me").json()["language"]) == ("operator", "ru")

    def test_are_listed_page_by_page(self, house):
        owner = house.person()
        for number in range(4):
            house.account(f"max{number}", role="seller")
        first = owner.get("/api/users", params={"limit": "3"}).json()
        rest = owner.get("/api/users", params={"limit": "3", "cursor": first["next_cursor"]}).json()
        logins = [each["login"] for each in first["data"] + rest["data"]]
        assert (logins, rest["next_cursor"]) == (["anna@shop.example", "max0", "max1", "max2", "max3"], None)

    def test_no_password_comes_out(self, house):
        owner = house.person()
        assert "argon2" not in owner.get("/api/users").text
        assert "password" not in owner.get("/api/users").text

    def test_a_taken_login(self, house):
        create = {"login": "ANNA@shop.example", "name": "A", "password": PASSWORD}
        response = house.person().change("POST", "/api/users", create)
        assert (response.status_code, response.json()["code"]) == (409, "login_taken")

    def test_disabling_throws_out(self, house):
        owner, member = house.person(), house.person("max", role="operator")
        assert owner.change("PATCH", "/api/users/2", {"disabled": True}).status_code == 200
        assert member.get("/api/me").status_code == 401

    def test_the_last_owner_cannot_leave(self, house):
        response = house.person().change("PATCH", "/api/users/1", {"role": "operator"})
        assert (response.status_code, response.json()["code"]) == (409, "last_owner")

    def test_an_owner_sets_a_forgotten_password(self, house):
        owner, member = house.person(), house.person("max", role="operator")
        assert owner.change("PUT", "/api/users/2/password", {"password": "a fresh start"}).status_code == 204
        assert member.get("/api/me").status_code == 401
        assert house.stranger().log_in("max", "a fresh start").status_code == 303

    def test_but_never_the_own_one_without_the_present_one(self, house):
        response = house.person().change("PUT", "/api/users/1/password", {"password": "a fresh start"})
        assert response.status_code == 404

    def test_unknown(self, house):
        owner = house.person()
        assert owner.change("PATCH", "/api/users/99", {"disabled": True}).json()["code"] == "unknown_user"
        assert owner.change("PUT", "/api/users/99/password", {"password": PASSWORD}).status_code == 404


class TestAudit:
    def test_every_change_leaves_a_line(self, house):
        owner = house.person()
        owner.change("PATCH", "/api/me", {"theme": "dark"})
        owner.change("POST", "/api/users", {"login": "max", "name": "Max", "password": PASSWORD})
        owner.change("PATCH", "/api/users/2", {"role": "owner"})
        owner.change("PUT", "/api/users/2/password", {"password": "a fresh start"})
        owner.change("POST", "/api/keys", {"name": "site", "scope": "write"})
        owner.change("DELETE", "/api/keys/1")
        owner.change("PUT", "/api/me/password", {"present": PASSWORD, "new": "another password"})
        house.stranger().log_in("anna@shop.example", "another password")
        owner.change("DELETE", "/api/sessions")
        owner.post("/logout", headers={"Origin": ORIGIN, "X-Onevoice-Csrf": owner.cookies["onevoice_csrf"]})
        assert [(action, subject) for _, action, subject in house.audit()] == [
            ("user.created", "user:1"),
            ("session.started", "user:1"),
            ("preferences.changed", "user:1"),
            ("user.created", "user:2"),
            ("user.changed", "user:2"),
            ("password.changed", "user:2"),
            ("site.created", "site:main"),
            ("key.created", "key:1"),
            ("key.revoked", "key:1"),
            ("password.changed", "user:1"),
            ("session.started", "user:1"),
            ("session.started", "user:1"),
            ("sessions.ended", "user:1"),
            ("session.ended", "user:1"),
        ]

    def test_reading_leaves_none(self, house):
        owner = house.person()
        before = house.audit()
        for path in ("/api/me", "/api/keys", "/api/users", "/api/sessions", "/api/audit", "/api/sources"):
            owner.get(path)
        assert house.audit() == before

    def test_is_paged_newest_first(self, house):
        owner = house.person()
        for theme in ("dark", "light", "system"):
            owner.change("PATCH", "/api/me", {"theme": theme})
        seen, cursor = [], None
        while True:
            page = owner.get("/api/audit", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
            seen += [int(entry["id"]) for entry in page["data"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == [5, 4, 3, 2, 1]

    def test_of_one_subject(self, house):
        owner = house.person()
        owner.change("POST", "/api/keys", {"name": "site", "scope": "secret"})
        listed = owner.get("/api/audit", params={"subject": "key:1"}).json()["data"]
        assert [entry["action"] for entry in listed] == ["key.created"]

    @pytest.mark.parametrize(
        "cursor", ["x", "W10", "WyJhIl0", "Wy0xXQ", "WzEsMl0", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTldA"]
    )
    def test_a_broken_cursor_is_refused(self, house, cursor):
        response = house.person().get("/api/audit", params={"cursor": cursor})
        assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


class TestHurry:
    def test_a_crowd_is_told_to_come_again(self, house):
        house.account("anna")
        for _ in range(8):
            house.authenticator._line.acquire()
        response = house.stranger().log_in("anna", PASSWORD)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "2"
        house.authenticator._line.release()
        assert house.stranger().log_in("anna", PASSWORD).status_code == 303


class TestOwnCode:
    def test_no_route_forgets_its_guard(self, house):
        """Every operation of access says in its description whom it serves."""
        paths = house.stranger().get("/api/openapi.json").json()["paths"]
        open_ = [(path, method) for path, item in paths.items() for method in item if "security" not in item[method]]
        assert open_ == []

    def test_what_an_expired_session_sees(self, house):
        person = house.person()
        house.clock.advance(timedelta(hours=13))
        response = person.get("/api/me")
        assert (response.status_code, response.json()["code"]) == (401, "session_ended")


class TestSources:
    def test_are_listed_page_by_page(self, house):
        for number in range(3):
            house.key("write", name=f"till {number}")
        person = house.person()
        first = person.get("/api/sources", params={"limit": "2"}).json()
        rest = person.get("/api/sources", params={"limit": "2", "cursor": first["next_cursor"]}).json()
        assert [each["name"] for each in first["data"] + rest["data"]] == ["till 0", "till 1", "till 2"]
        assert rest["next_cursor"] is None
