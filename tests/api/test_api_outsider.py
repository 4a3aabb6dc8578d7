"""Every operation of the description, tried by everybody who must not. A new operation is tried by being described."""

import re

import httpx
import pytest

from api.snapshot import described
from onevoice.domains.access.contracts import FOR_KEYS, MATRIX, PERMISSIONS, ROLES, USUAL_FOR_KEYS

DESCRIPTION = described()
OPERATIONS = [
    (method.upper(), path) for path, item in DESCRIPTION["paths"].items() for method in item if path.startswith("/api/")
]
INTAKE = [
    (method.upper(), path) for path, item in DESCRIPTION["paths"].items() for method in item if path.startswith("/v1/")
]

# Written down, not derived: a guard that was forgotten would be derived along with its route.
PEOPLE = "for people only"
INSIDERS = "for whoever is known"
TAKES = {
    ("GET", "/api/audit"): "audit.read",
    ("GET", "/api/keys"): "keys.manage",
    ("POST", "/api/keys"): "keys.manage",
    ("DELETE", "/api/keys/{key_id}"): "keys.manage",
    ("GET", "/api/users"): "users.manage",
    ("POST", "/api/users"): "users.manage",
    ("PATCH", "/api/users/{user_id}"): "users.manage",
    ("PUT", "/api/users/{user_id}/password"): "users.manage",
    ("DELETE", "/api/users/{user_id}/second-factor"): "users.manage",
    ("GET", "/api/me"): PEOPLE,
    ("PATCH", "/api/me"): PEOPLE,
    ("PUT", "/api/me/password"): PEOPLE,
    ("POST", "/api/me/second-factor"): PEOPLE,
    ("POST", "/api/me/second-factor/confirm"): PEOPLE,
    ("POST", "/api/me/second-factor/end"): PEOPLE,
    ("GET", "/api/sessions"): PEOPLE,
    ("DELETE", "/api/sessions"): PEOPLE,
    ("DELETE", "/api/sessions/{session_id}"): PEOPLE,
    ("GET", "/api/sources"): INSIDERS,
    ("GET", "/api/sites"): INSIDERS,
    ("GET", "/api/site-choices"): INSIDERS,
    ("POST", "/api/sites"): "sites.edit",
    ("PATCH", "/api/sites/{name}"): "sites.edit",
    ("DELETE", "/api/sites/{name}"): "sites.edit",
    ("GET", "/api/roles"): INSIDERS,
    ("GET", "/api/dead-letters"): "events.read",
    ("GET", "/api/dead-letters/{letter_id}"): "events.read",
    ("POST", "/api/dead-letters/{letter_id}/replay"): "events.replay",
    ("POST", "/api/dead-letter-replays"): "events.replay",
    ("GET", "/api/imports"): "events.read",
    ("POST", "/api/imports"): "events.import",
    ("GET", "/api/imports/{import_id}"): "events.read",
    ("DELETE", "/api/imports/{import_id}"): "events.import",
    ("PUT", "/api/imports/{import_id}/pieces"): "events.import",
    ("POST", "/api/imports/{import_id}/preview"): "events.import",
    ("POST", "/api/imports/{import_id}/rehearse"): "events.import",
    ("GET", "/api/imports/{import_id}/refused.csv"): "events.read",
    ("POST", "/api/imports/{import_id}/start"): "events.import",
    ("POST", "/api/imports/{import_id}/stop"): "events.import",
    ("POST", "/api/imports/{import_id}/undo"): "events.import",
    ("GET", "/api/plan/events"): "events.read",
    ("POST", "/api/plan/events"): "plan.edit",
    ("GET", "/api/plan/events/{event_id}"): "events.read",
    ("PATCH", "/api/plan/events/{event_id}"): "plan.edit",
    ("POST", "/api/plan/events/{event_id}/accept"): "plan.edit",
    ("POST", "/api/plan/events/{event_id}/archive"): "plan.edit",
    ("POST", "/api/plan/accept"): "plan.edit",
    ("GET", "/api/plan/sources"): "events.read",
    ("GET", "/api/plan/alarms"): "events.read",
    ("GET", "/api/plan/sealing"): "events.read",
    ("POST", "/api/plan/alarms/{alarm_id}/acknowledge"): "plan.edit",
    ("GET", "/api/setup"): "events.read",
    ("GET", "/api/webhooks"): "events.read",
    ("POST", "/api/webhooks"): "webhooks.edit",
    ("GET", "/api/webhooks/{hook_id}"): "events.read",
    ("PATCH", "/api/webhooks/{hook_id}"): "webhooks.edit",
    ("DELETE", "/api/webhooks/{hook_id}"): "webhooks.edit",
    ("POST", "/api/webhooks/{hook_id}/secret"): "webhooks.edit",
    ("GET", "/api/webhooks/{hook_id}/mappings"): "events.read",
    ("PUT", "/api/webhooks/{hook_id}/mapping"): "webhooks.edit",
    ("POST", "/api/webhooks/{hook_id}/rehearsals"): "events.read",
    ("GET", "/api/webhooks/{hook_id}/deliveries"): "events.read",
    ("GET", "/api/webhooks/{hook_id}/deliveries/{delivery_id}"): "events.read",
    ("POST", "/api/webhooks/{hook_id}/suggestions"): "events.read",
    ("POST", "/api/webhooks/{hook_id}/retry"): "webhooks.edit",
    ("GET", "/api/live"): "customers.read",
    ("GET", "/api/profiles"): "customers.read",
    ("GET", "/api/profiles/{ref}"): "customers.read",
    ("GET", "/api/profiles/{ref}/events"): "customers.read",
    ("GET", "/api/profiles/{ref}/identity"): "customers.read",
    ("GET", "/api/profiles/{ref}/ruler"): "customers.read",
    ("GET", "/api/profiles/{ref}/traits"): "customers.read",
    ("GET", "/api/profiles/{ref}/traits/{name}/history"): "customers.read",
    ("GET", "/api/identity/merges/{merge_id}"): "customers.read",
    ("POST", "/api/identity/merges"): "customers.merge",
    ("POST", "/api/identity/merges/{merge_id}/undo"): "customers.merge",
    ("POST", "/api/identity/splits"): "customers.merge",
    ("GET", "/api/identity/kinds"): "customers.read",
    ("GET", "/api/identity/limits/changes"): "identity.edit",
    ("POST", "/api/identity/limits/changes"): "identity.edit",
    ("GET", "/api/identity/limits/changes/{change_id}"): "identity.edit",
    ("POST", "/api/identity/limits/changes/{change_id}/applications"): "identity.edit",
    ("DELETE", "/api/identity/limits/changes/{change_id}"): "identity.edit",
    ("GET", "/api/identity/blocked"): "identity.edit",
    ("POST", "/api/identity/blocked"): "identity.edit",
    ("POST", "/api/identity/blocked/rehearsals"): "identity.edit",
    ("POST", "/api/identity/blocked/removals"): "identity.edit",
    ("POST", "/api/links"): "links.create",
    ("GET", "/api/messages"): "messages.read",
    ("POST", "/api/messages"): "messages.send",
    ("POST", "/api/message-considerations"): "messages.send",
    ("POST", "/api/message-previews"): "messages.send",
    ("GET", "/api/message-costs"): "messages.read",
    ("GET", "/api/messages/{message_id}"): "messages.read",
    ("GET", "/api/messages/{message_id}/why"): "messages.read",
    ("POST", "/api/messages/{message_id}/what-if"): "messages.read",
    ("POST", "/api/messages/{message_id}/cancel"): "messages.send",
    ("GET", "/api/channels"): "messages.read",
    ("GET", "/api/accounts"): "messages.read",
    ("POST", "/api/accounts"): "channels.edit",
    ("POST", "/api/account-probes"): "channels.edit",
    ("PATCH", "/api/accounts/{account_id}"): "channels.edit",
    ("DELETE", "/api/accounts/{account_id}"): "channels.edit",
    ("POST", "/api/accounts/{account_id}/pause"): "channels.edit",
    ("POST", "/api/accounts/{account_id}/resume"): "channels.edit",
    ("GET", "/api/policy"): "messages.read",
    ("PUT", "/api/policy"): "policy.edit",
    ("GET", "/api/policy/versions"): "messages.read",
    ("GET", "/api/switches"): "messages.read",
    ("PUT", "/api/switches/{scope}"): "policy.edit",
    ("DELETE", "/api/switches/{scope}"): "policy.edit",
    ("GET", "/api/profiles/{ref}/consents"): "customers.read",
    ("GET", "/api/profiles/{ref}/consents/history"): "customers.read",
    ("POST", "/api/profiles/{ref}/consents"): "consent.edit",
    ("POST", "/api/profiles/{ref}/preferences-links"): "consent.edit",
    ("GET", "/api/purposes"): "customers.read",
    ("GET", "/api/purposes/{purpose}/texts"): "customers.read",
    ("PUT", "/api/purposes/{purpose}"): "purposes.edit",
    ("GET", "/api/suppressions"): "customers.read",
    ("POST", "/api/suppressions"): "suppressions.edit",
    ("POST", "/api/suppressions/{suppression_id}/lift"): "suppressions.edit",
    ("GET", "/api/templates"): "templates.read",
    ("POST", "/api/templates"): "templates.edit",
    ("GET", "/api/templates/{template_id}"): "templates.read",
    ("PUT", "/api/templates/{template_id}/draft"): "templates.edit",
    ("PUT", "/api/templates/{template_id}/archived"): "templates.edit",
    ("POST", "/api/templates/{template_id}/checks"): "templates.read",
    ("POST", "/api/templates/{template_id}/previews"): "templates.read",
    ("GET", "/api/templates/{template_id}/variables"): "templates.read",
    ("POST", "/api/templates/{template_id}/tests"): "templates.edit",
    ("GET", "/api/templates/{template_id}/versions"): "templates.read",
    ("POST", "/api/templates/{template_id}/versions"): "templates.publish",
    ("GET", "/api/templates/{template_id}/versions/{version}"): "templates.read",
    ("GET", "/api/templates/{template_id}/changes"): "templates.read",
    ("GET", "/api/conversations"): "conversations.read",
    ("GET", "/api/conversations/counts"): "conversations.read",
    ("GET", "/api/conversations/search"): "conversations.read",
    ("GET", "/api/conversations/{ref}"): "conversations.read",
    ("GET", "/api/conversations/{ref}/thread"): "conversations.read",
    ("PUT", "/api/conversations/{ref}/assignee"): "conversations.answer",
    ("POST", "/api/conversations/{ref}/close"): "conversations.answer",
    ("POST", "/api/conversations/{ref}/reopen"): "conversations.answer",
    ("PUT", "/api/conversations/{ref}/snooze"): "conversations.answer",
    ("PUT", "/api/conversations/{ref}/spam"): "conversations.answer",
    ("POST", "/api/conversations/{ref}/blocks"): "conversations.answer",
    ("DELETE", "/api/conversations/{ref}/blocks/{block_id}"): "conversations.answer",
    ("POST", "/api/conversations/{ref}/tags"): "conversations.answer",
    ("PUT", "/api/conversations/{ref}/seen"): "conversations.answer",
    ("PUT", "/api/conversations/{ref}/draft"): "conversations.answer",
    ("POST", "/api/conversations/{ref}/notes"): "conversations.answer",
    ("POST", "/api/conversations/{ref}/replies"): "conversations.answer",
    ("POST", "/api/conversations/{ref}/filled-replies/{reply_id}"): "conversations.answer",
    ("PUT", "/api/desk/notes/{note_id}"): "conversations.answer",
    ("DELETE", "/api/desk/notes/{note_id}"): "conversations.answer",
    ("GET", "/api/desk/files"): "conversations.read",
    ("POST", "/api/desk/files"): "conversations.answer",
    ("PUT", "/api/desk/files/{file_id}/pieces"): "conversations.answer",
    ("DELETE", "/api/desk/files/{file_id}"): "conversations.answer",
    ("GET", "/api/desk/files/{file_id}"): "conversations.read",
    ("GET", "/api/desk/files/{file_id}/data"): "conversations.read",
    ("GET", "/api/desk/team"): "conversations.read",
    ("PUT", "/api/desk/me"): "conversations.answer",
    ("GET", "/api/desk/views"): "conversations.answer",
    ("POST", "/api/desk/views"): "conversations.answer",
    ("PUT", "/api/desk/views/{view_id}"): "conversations.answer",
    ("DELETE", "/api/desk/views/{view_id}"): "conversations.answer",
    ("GET", "/api/desk/replies"): "conversations.read",
    ("POST", "/api/desk/replies"): "replies.edit",
    ("PUT", "/api/desk/replies/{reply_id}"): "replies.edit",
    ("DELETE", "/api/desk/replies/{reply_id}"): "replies.edit",
}
EXAMPLES = {
    "file_id": "1",
    "ref": "user_id:u1",
    "name": "email",
    "letter_id": "1",
    "import_id": "1",
    "event_id": "1",
    "change_id": "1",
    "alarm_id": "1",
    "merge_id": "1",
    "key_id": "1",
    "user_id": "1",
    "session_id": "00",
    "key": "ov_write_unknown",
    "hook_id": "1",
    "delivery_id": "1",
    "public_id": "wh_unknown",
    "message_id": "1",
    "account_id": "1",
    "scope": "class:marketing",
    "suppression_id": "1",
    "purpose": "reviews",
    "template_id": "1",
    "version": "1",
    "note_id": "1",
    "reply_id": "1",
    "view_id": "1",
    "block_id": "1",
}
EVENT = {"type": "track", "event": "Forged", "userId": "u1"}
BODIES = {
    "/v1/batch": {"batch": [EVENT]},
    "/v1/import": {"batch": [EVENT]},
    "/api/me/password": {"present": "a guess at it", "new": "another password"},
    "/api/keys": {"name": "mine", "scope": "secret"},
    "/api/templates": {
        "site": "main",
        "name": "mine",
        "message_class": "marketing",
        "purpose": "news",
        "draft": {"default_language": "en"},
    },
    "/api/templates/{template_id}/draft": {"draft": {"default_language": "en"}, "revision": 1},
    "/api/templates/{template_id}/archived": {"archived": True},
    "/api/templates/{template_id}/previews": {"channel": "email", "language": "en"},
    "/api/templates/{template_id}/tests": {"channel": "sandbox", "language": "en", "to": "user_id:u1"},
    "/api/templates/{template_id}/versions": {"revision": 1},
    "/api/conversations/{ref}/spam": {"spam": True},
    "/api/conversations/{ref}/blocks": {"address": "user_id:u1", "reason": "mine"},
    "/api/conversations/{ref}/notes": {"text": "mine"},
    "/api/conversations/{ref}/draft": {"kind": "note", "text": "mine"},
    "/api/conversations/{ref}/replies": {"key": "mine", "text": "mine", "knows": 0},
    "/api/desk/files": {"name": "mine.pdf", "size_bytes": 2},
    "/api/desk/me": {"available": True},
    "/api/desk/views": {"name": "mine"},
    "/api/desk/views/{view_id}": {"name": "mine"},
    "/api/desk/replies": {"shortcut": "mine", "texts": {"en": "mine"}},
    "/api/desk/replies/{reply_id}": {"shortcut": "mine", "texts": {"en": "mine"}},
    "/api/webhooks": {"name": "mine", "channel": "shop"},
    "/api/webhooks/{hook_id}": {"name": "mine"},
    "/api/webhooks/{hook_id}/mapping": {"mapping": {"rules": [{"make": "ignore"}]}, "based_on": 0},
    "/api/webhooks/{hook_id}/rehearsals": {"mapping": {"rules": [{"make": "ignore"}]}},
    "/api/messages": {"to": "user_id:u1", "class": "marketing", "purpose": "promotions", "words": {"text": "Hello"}},
    "/api/switches/{scope}": {"reason": "mine"},
    "/api/users": {"login": "mine", "name": "Mine", "password": "correct horse battery", "role": "owner"},
    "/api/users/{user_id}/password": {"password": "correct horse battery"},
    "/api/profiles/{ref}/consents": {"act": "withdraw", "purpose": "*", "channel": "*", "how": "mine"},
    "/api/suppressions": {"address": "user_id:u1"},
    "/api/suppressions/{suppression_id}/lift": {"reason": "mine"},
    "/api/identity/merges": {"from": "user_id:u2", "into": "user_id:u3", "reason": "mine"},
    "/api/identity/splits": {"profile": "user_id:u4", "identifiers": ["email:anna4@shop.example"], "reason": "mine"},
}


# A secret key as it is usually made, and one allowed all that keys can be.
KEYS = {"secret": USUAL_FOR_KEYS, "mighty": FOR_KEYS}


def may(who, operation):
    """Whether a role, or one of the keys, is let in."""
    takes = TAKES[operation]
    if takes in {PEOPLE, INSIDERS}:
        return takes == INSIDERS or who in MATRIX
    return takes in {**MATRIX, **KEYS}[who]


def allowed(wanted):
    return [
        (who, *operation)
        for who in (*ROLES, *KEYS)
        for operation in OPERATIONS
        if wanted(operation[0]) and may(who, operation)
    ]


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
                " (select count(*) from events.dead_letter where state = 'open'),"
                " (select array_agg(w::text) from webhooks.webhook w), (select count(*) from webhooks.delivery),"
                " (select count(*) from conversations.note), (select count(*) from conversations.draft),"
                " (select count(*) from conversations.canned), (select count(*) from conversations.agent),"
                " (select count(*) from conversations.view), (select count(*) from conversations.block)"
            ).fetchone()

    before = state()
    yield
    assert state() == before


@pytest.mark.usefixtures("untouched")
class TestOutsider:
    def test_there_is_something_to_try(self):
        """A new operation says here what it takes."""
        assert set(OPERATIONS) == set(TAKES)

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

    @pytest.mark.parametrize(
        ("who", "method", "path"),
        [(who, *operation) for who in (*ROLES, *KEYS) for operation in OPERATIONS if not may(who, operation)],
    )
    def test_a_role_or_a_key_that_does_not_allow_it(self, arena, who, method, path):
        code = "session_needed" if TAKES[method, path] == PEOPLE else "not_allowed"
        refused(attempt(arena, method, path, who), 403, code)

    @each([(method, path) for method, path in OPERATIONS if method != "GET"])
    @pytest.mark.parametrize("role", ["operator", "owner"])
    def test_a_change_without_the_csrf_token(self, arena, method, path, role):
        refused(attempt(arena, method, path, role, **{"X-Onevoice-Csrf": "x"}), 403, "csrf")

    @each([(method, path) for method, path in OPERATIONS if method != "GET"])
    def test_a_change_from_another_site(self, arena, method, path):
        refused(attempt(arena, method, path, "owner", Origin="https://evil.example"), 403, "foreign_origin")

    @each(INTAKE)
    @pytest.mark.parametrize("who", ["nobody", "secret", "operator", "owner"])
    def test_the_intake_takes_write_keys_only(self, arena, method, path, who):
        # Some are asked for by the name of a key or a webhook, and an invented name is a 404.
        wanted = {404} if "{" in path else {401, 403}
        assert attempt(arena, method, path, who).status_code in wanted


class TestInsider:
    """The other side: whoever may is not refused, so the refusals above are of the caller and not of the request."""

    @pytest.mark.parametrize(("who", "method", "path"), allowed(lambda method: method == "GET"))
    def test_reads(self, arena, who, method, path):
        assert attempt(arena, method, path, who).status_code == 200

    @pytest.mark.parametrize(("who", "method", "path"), allowed(lambda method: method != "GET"))
    def test_changes(self, arena, who, method, path):
        """What is not there, so that the next one finds everything in its place."""
        address = re.sub(r"{(\w+)}", lambda found: {"session_id": "00"}.get(found[1], "999999"), path)
        body = {} if method in {"POST", "PUT", "PATCH"} else None
        response = httpx.request(
            method, arena.url + address, json=body, headers=arena.headers(who), timeout=30, verify=False
        )
        assert response.status_code in {200, 204, 404, 409, 422}, response.text


class TestDescription:
    @each(OPERATIONS)
    def test_says_the_same(self, method, path):
        """What the description promises of roles and keys is what the table above holds."""
        requirements = DESCRIPTION["paths"][path][method.lower()]["security"]
        told = {scheme: scopes for one in requirements for scheme, scopes in one.items()}
        takes = TAKES[method, path]
        scopes = [] if takes in {PEOPLE, INSIDERS} else [takes]
        assert told == {"session": scopes, **({} if takes == PEOPLE else {"secretKey": scopes})}

    def test_every_permission_is_one_of_the_matrix(self):
        assert set(TAKES.values()) - {PEOPLE, INSIDERS} <= set(PERMISSIONS)
