"""Every operation of the description, tried by everybody who must not. A new operation is tried by being described."""

import re

import httpx
import pytest

from api.snapshot import described

DESCRIPTION = described()
OPERATIONS = [
    (method.upper(), path) for path, item in DESCRIPTION["paths"].items() for method in item if path.startswith("/api/")
]
INTAKE = [
    (method.upper(), path) for path, item in DESCRIPTION["paths"].items() for method in item if path.startswith("/v1/")
]

# Written down, not derived: a guard that was forgotten would be derived along with its route.
FOR_OWNERS = {
    ("GET", "/api/audit"),
    ("GET", "/api/keys"),
    ("POST", "/api/keys"),
    ("DELETE", "/api/keys/{key_id}"),
    ("GET", "/api/users"),
    ("POST", "/api/users"),
    ("PATCH", "/api/users/{user_id}"),
    ("PUT", "/api/users/{user_id}/password"),
}
FOR_PEOPLE = FOR_OWNERS | {
    ("GET", "/api/me"),
    ("PATCH", "/api/me"),
    ("PUT", "/api/me/password"),
    ("GET", "/api/sessions"),
    ("DELETE", "/api/sessions"),
    ("DELETE", "/api/sessions/{session_id}"),
}
EXAMPLES = {
    "ref": "user_id:u1",
    "name": "email",
    "letter_id": "1",
    "merge_id": "1",
    "key_id": "1",
    "user_id": "1",
    "session_id": "00",
    "key": "ov_write_unknown",
}
EVENT = {"type": "track", "event": "Forged", "userId": "u1"}
BODIES = {
    "/v1/batch": {"batch": [EVENT]},
    "/v1/import": {"batch": [EVENT]},
    "/api/me/password": {"present": "a guess at it", "new": "another password"},
    "/api/keys": {"name": "mine", "scope": "secret"},
    "/api/users": {"login": "mine", "name": "Mine", "password": "correct horse battery", "role": "owner"},
    "/api/users/{user_id}/password": {"password": "correct horse battery"},
    "/api/identity/merges": {"from": "user_id:u2", "into": "user_id:u3", "reason": "mine"},
    "/api/identity/splits": {"profile": "user_id:u4", "identifiers": ["email:anna4@shop.example"], "reason": "mine"},
}


def each(operations):
    return pytest.mark.parametrize(("method", "path"), [pytest.param(*one, id=" ".join(one)) for one in operations])


def attempt(arena, method, path, who, **headers):
    address = re.sub(r"{(\w+)}", lambda found: EXAMPLES[found[1]], path)
    body = BODIES.get(path, {}) if method in {"POST", "PUT", "PATCH"} else None
    sent = {**arena.headers(who), **headers}
    return httpx.request(method, arena.url + address, json=body, headers=sent, timeout=30, verify=False)


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.fixture
def untouched(arena):
    """Whatever a refused caller tried has changed nothing."""

    def state():
        with arena.database.transaction() as conn:
            return conn.execute(
                "select (select count(*) from access.account), (select count(*) from access.api_key),"
                " (select count(*) from access.session), (select count(*) from access.audit),"
                " (select string_agg(password_hash, ' ' order by id) from access.account),"
                " (select count(*) from identity.evidence), (select coalesce(sum(n), 0) from events.log),"
                " (select count(*) from events.dead_letter where state = 'open')"
            ).fetchone()

    before = state()
    yield
    assert state() == before


@pytest.mark.usefixtures("untouched")
class TestOutsider:
    def test_there_is_something_to_try(self):
        assert len(OPERATIONS) > 25
        assert set(OPERATIONS) >= FOR_PEOPLE

    @each(OPERATIONS)
    def test_nobody(self, arena, method, path):
        refused(attempt(arena, method, path, "nobody"), 401, "unauthenticated")

    @each(OPERATIONS)
    def test_an_invented_key(self, arena, method, path):
        headers = {"Authorization": "Bearer ov_secret_" + "x" * 43}
        refused(attempt(arena, method, path, "nobody", **headers), 401, "invalid_key")

    @each(OPERATIONS)
    def test_an_invented_session(self, arena, method, path):
        headers = {"Cookie": "onevoice_session=" + "x" * 43, "Origin": arena.url}
        refused(attempt(arena, method, path, "nobody", **headers), 401, "session_ended")

    @each(OPERATIONS)
    def test_a_write_key(self, arena, method, path):
        refused(attempt(arena, method, path, "write"), 403, "write_key")

    @each(OPERATIONS)
    def test_a_write_key_as_clients_send_it(self, arena, method, path):
        refused(attempt(arena, method, path, "basic"), 401, "invalid_key")

    @each(sorted(FOR_PEOPLE))
    def test_a_program_where_a_person_is_needed(self, arena, method, path):
        refused(attempt(arena, method, path, "secret"), 403, "session_needed")

    @each(sorted(FOR_OWNERS))
    def test_a_member_where_an_owner_is_needed(self, arena, method, path):
        refused(attempt(arena, method, path, "member"), 403, "owner_needed")

    @each([(method, path) for method, path in OPERATIONS if method != "GET"])
    @pytest.mark.parametrize("role", ["member", "owner"])
    def test_a_change_without_the_csrf_token(self, arena, method, path, role):
        code = "csrf" if role == "owner" or (method, path) not in FOR_OWNERS else ("csrf", "owner_needed")
        response = attempt(arena, method, path, role, **{"X-Onevoice-Csrf": "x"})
        assert response.status_code == 403
        assert response.json()["code"] in code

    @each([(method, path) for method, path in OPERATIONS if method != "GET"])
    def test_a_change_from_another_site(self, arena, method, path):
        refused(attempt(arena, method, path, "owner", Origin="https://evil.example"), 403, "foreign_origin")

    @each(INTAKE)
    @pytest.mark.parametrize("who", ["nobody", "secret", "member", "owner"])
    def test_the_intake_takes_write_keys_only(self, arena, method, path, who):
        # The settings are asked for by the name of a key, and an invented name is a 404.
        wanted = {404} if path == "/v1/projects/{key}/settings" else {401, 403}
        assert attempt(arena, method, path, who).status_code in wanted


class TestInsider:
    """The other side: whoever may is not refused, so the refusals above are of the caller and not of the request."""

    @each([(method, path) for method, path in OPERATIONS if method == "GET"])
    def test_an_owner_reads_everything(self, arena, method, path):
        assert attempt(arena, method, path, "owner").status_code == 200

    @each([(method, path) for method, path in OPERATIONS if method == "GET" and (method, path) not in FOR_OWNERS])
    def test_a_member_reads_all_but_what_is_for_owners(self, arena, method, path):
        assert attempt(arena, method, path, "member").status_code == 200

    @each([(method, path) for method, path in OPERATIONS if method == "GET" and (method, path) not in FOR_PEOPLE])
    def test_a_program_reads_all_but_what_is_for_people(self, arena, method, path):
        assert attempt(arena, method, path, "secret").status_code == 200


class TestDescription:
    @each(OPERATIONS)
    def test_says_the_same(self, method, path):
        """What the description promises about keys is what the lists above hold."""
        schemes = {name for one in DESCRIPTION["paths"][path][method.lower()]["security"] for name in one}
        assert ("secretKey" not in schemes) == ((method, path) in FOR_PEOPLE)
