"""Problems, headers, limits and guards, on routes made to fail."""

import json

import psycopg
import pytest
import structlog
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse

from onevoice.web.edge import BODY_MAX_BYTES, CONTENT_SECURITY_POLICY, protect, told
from onevoice.web.guards import Insider
from onevoice.web.settings import WebSettings
from web.asgi_client import AsgiClient


def problem(response):
    assert response.headers["content-type"] == "application/problem+json"
    members = response.json()
    assert members["status"] == response.status_code
    assert members["type"] == f"urn:onevoice:problem:{members['code']}"
    assert members["title"]
    assert members["detail"]
    return members


class TestProblems:
    def test_a_domain_error_keeps_its_own_members(self, site):
        response = site.stranger().get("/api/fail/domain")
        members = problem(response)
        assert (response.status_code, members["code"], members["title"]) == (
            422,
            "teapot",
            "The teapot is short and stout.",
        )
        assert (members["detail"], members["handle"]) == ("Tip me over.", 1)

    def test_too_many_says_when_to_come_again(self, site):
        response = site.stranger().get("/api/fail/locked")
        assert (response.status_code, response.headers["retry-after"]) == (429, "9")

    def test_a_bug_tells_nothing(self, site):
        response = site.stranger().get("/api/fail/bug")
        assert problem(response)["code"] == "internal"
        assert "hunter2" not in response.text
        assert "RuntimeError" not in response.text

    def test_a_bug_is_logged_with_its_place_but_without_values(self, site):
        with structlog.testing.capture_logs() as logs:
            site.stranger().get("/api/fail/bug?token=hunter2", headers={"Authorization": "Bearer hunter3"})
        [line] = logs
        assert (line["error"], line["path"]) == ("RuntimeError", "/api/fail/bug")
        assert "in fail" in line["where"]
        assert "hunter3" not in str(line)
        assert "token" not in str(line)

    def test_a_database_error_is_logged_without_the_row_it_refused(self, database):
        name = "hunter" + "2"  # not whole in the source, which a trace quotes
        with database.transaction() as conn, pytest.raises(psycopg.Error) as caught:
            conn.execute("insert into access.source (name, channel, created_at) values (%s, null, now())", (name,))
        assert "hunter2" in str(caught.value)
        assert "hunter2" not in str(told(caught.value))
        assert "null value" in told(caught.value)["said"]

    def test_a_dead_database_is_503_and_tells_nothing(self, site):
        response = site.stranger().get("/api/fail/database")
        assert problem(response)["code"] == "database_unavailable"
        assert response.headers["retry-after"] == "1"
        assert "10.0.0.1" not in response.text

    def test_an_unknown_address(self, site):
        response = site.stranger().get("/api/nothing")
        assert (response.status_code, problem(response)["code"]) == (404, "not_found")

    def test_a_wrong_method_names_the_right_ones(self, site):
        response = site.stranger().request("DELETE", "/api/things")
        assert (response.status_code, problem(response)["code"]) == (405, "method_not_allowed")
        assert response.headers["allow"] == "POST"

    @pytest.mark.parametrize("address", ["/api/things", "/api/things/1"])
    def test_the_console_does_not_answer_for_the_api(self, site, address):
        methods = {"/api/things": ("GET", "POST"), "/api/things/1": ("POST", "GET, HEAD")}[address]
        response = site.person().request(methods[0], address, headers={"Accept": "text/html"})
        assert (response.status_code, response.headers["allow"]) == (405, methods[1])

    @pytest.mark.parametrize("address", ["/api/things/1", "/login", "/icon.svg", "/api/nothing"])
    def test_head_is_get_without_a_body(self, site, address):
        get, head = (site.stranger().request(method, address) for method in ("GET", "HEAD"))
        assert head.status_code == get.status_code
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"]

    def test_a_wrong_value_says_where_and_not_what(self, site):
        response = site.stranger().post("/api/things", json={"name": ["hunter2"], "secret": "hunter2"})
        members = problem(response)
        assert members["code"] == "invalid_request"
        assert [error["where"] for error in members["errors"]] == [["body", "name"], ["body", "secret"]]
        assert "hunter2" not in response.text

    @pytest.mark.parametrize(
        "content",
        [
            b"{",
            b"\xff",
            b"\xff\xfe{\x00}\x00",
            b'{"name": NaN}',
            b"[" * 100_000,
            b'{"name":"x","secret":' + b"9" * 5000 + b"}",
            b'{"name":"\\u0000"}',
            b'{"name":"\\ud800"}',
            b'{"name":"x","more":1}',
            b'"name"',
            b"",
        ],
    )
    def test_hostile_json_is_refused(self, site, content):
        response = site.stranger().post("/api/things", content=content, headers={"Content-Type": "application/json"})
        assert response.status_code in {400, 422}
        problem(response)

    @pytest.mark.parametrize("address", ["/api/things/1?q=%00", "/api/things/%00", "/api/things/1?%00=1"])
    def test_u0000_in_the_address(self, site, address):
        assert problem(site.stranger().get(address))["code"] == "bad_text"

    @pytest.mark.parametrize("address", ["/api/things/0", "/api/things/9223372036854775808", "/api/things/x"])
    def test_a_number_no_row_can_have(self, site, address):
        assert problem(site.stranger().get(address))["status"] == 422

    @pytest.mark.parametrize("limit", ["0", "-1", "201", "1e3", ""])
    def test_a_limit_out_of_range(self, site, limit):
        assert site.stranger().get("/api/things/1", params={"limit": limit}).status_code == 422

    def test_an_answer_half_sent_is_broken_off(self):
        app = FastAPI()

        @app.get("/api/half")
        def half() -> StreamingResponse:
            def parts():
                yield b"half"
                raise RuntimeError("broken")

            return StreamingResponse(parts())

        protect(app, WebSettings())
        with pytest.raises(RuntimeError, match="broken"):
            AsgiClient(app).get("/api/half")


class TestHeaders:
    @pytest.mark.parametrize("path", ["/login", "/api/things/1", "/api/fail/bug", "/api/nothing", "/", "/icon.svg"])
    def test_stand_on_every_answer(self, site, path):
        headers = site.stranger().get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "strict-transport-security" not in headers

    def test_the_policy_has_no_way_around(self):
        assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")
        for hole in ("unsafe", "*", "http", "blob:", "script-src 'self' "):
            assert hole not in CONTENT_SECURITY_POLICY

    def test_hsts_behind_tls_only(self, build):
        headers = build(WebSettings(public_url="https://onevoice.example")).stranger().get("/login").headers
        assert headers["strict-transport-security"] == "max-age=31536000"

    def test_data_is_not_stored_by_caches(self, site):
        assert site.stranger().get("/api/things/1").headers["cache-control"] == "no-store"
        assert site.stranger().get("/api/nothing").headers["cache-control"] == "no-store"

    def test_the_intake_has_headers_of_its_own(self, site):
        assert "cross-origin-resource-policy" not in site.stranger().post("/v1/batch", content=b"x").headers


class TestBodyLimit:
    def test_a_declared_length_is_believed_before_reading(self, site):
        response = site.stranger().post(
            "/api/things", content=b"x", headers={"Content-Length": str(BODY_MAX_BYTES + 1)}
        )
        assert problem(response)["code"] == "too_large"

    @pytest.mark.parametrize("length", ["9" * 30, "-1", "1e9", "x", "١"])
    def test_a_length_that_is_none(self, site, length):
        response = site.stranger().post("/api/things", content=b"x", headers={"Content-Length": length.encode()})
        assert response.status_code == 413

    def test_an_undeclared_one_is_counted(self, site):
        def endless():
            for _ in range(40):
                yield b" " * 65_536

        async def parts():
            for part in endless():
                yield part

        response = site.stranger().post("/api/things", content=parts(), headers={"Content-Type": "application/json"})
        assert response.status_code == 413

    def test_up_to_the_limit_it_passes(self, site):
        content = json.dumps({"name": "x"}).encode().ljust(BODY_MAX_BYTES)
        response = site.stranger().post("/api/things", content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == 200

    def test_the_login_is_limited_too(self, site):
        response = site.stranger().post("/login", content=b"login=" + b"a" * BODY_MAX_BYTES)
        assert response.status_code == 413

    def test_the_intake_has_a_limit_of_its_own(self, site):
        response = site.stranger().post("/v1/batch", content=b" " * (BODY_MAX_BYTES + 1))
        assert response.json() == BODY_MAX_BYTES + 1


class TestGuards:
    def test_an_app_where_binding_was_forgotten_answers_nobody(self):
        app = FastAPI()

        @app.get("/api/insider")
        def insider(actor: Insider) -> str:
            return actor.label

        protect(app, WebSettings())
        assert AsgiClient(app).get("/api/insider").status_code == 500

    @pytest.mark.parametrize(
        ("who", "expected"),
        [
            ("stranger", (401, 401, 401, 401)),
            ("write", (403, 403, 403, 403)),
            ("secret", (200, 200, 403, 403)),
            ("max", (200, 200, 200, 403)),
            ("anna", (200, 200, 200, 200)),
        ],
    )
    def test_who_may_what(self, site, who, expected):
        key = {"write": "ov_write_x", "secret": "ov_secret_good"}.get(who)
        if key is not None:
            client = site.stranger(Authorization=f"Bearer {key}")
        else:
            client = site.stranger() if who == "stranger" else site.person(who)
        routes = ("insider", "reader", "person", "breaker")
        assert tuple(client.get(f"/api/{route}").status_code for route in routes) == expected

    def test_a_refusal_names_the_permission_and_whose_it_is_not(self, site):
        refused = site.person("max").get("/api/breaker").json()
        assert (refused["code"], refused["detail"]) == (
            "not_allowed",
            "The role operator does not allow `things.break`. Ask an owner or an admin.",
        )

    def test_the_description_says_what_each_takes(self, site):
        paths = site.app.openapi()["paths"]
        assert paths["/api/breaker"]["get"]["security"] == [
            {"secretKey": ["things.break"]},
            {"session": ["things.break"]},
        ]


class TestSocketGuard:
    def ask(self, site, **headers):
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "headers": raw, "method": "GET", "path": "/", "query_string": b""}
        return site.guards.socket(Request(scope), "things.read")

    def cookie(self, site):
        return f"onevoice_session={site.person().cookies['onevoice_session']}"

    def test_a_stranger(self, site):
        assert self.ask(site, host="onevoice.example", origin="http://onevoice.example") is None

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
    def test_another_site_with_our_cookie(self, site, origin):
        assert self.ask(site, host="onevoice.example", origin=origin, cookie=self.cookie(site)) is None

    def test_a_cookie_without_an_origin(self, site):
        assert self.ask(site, host="onevoice.example", cookie=self.cookie(site)) is None

    def test_a_role_that_may_not(self, site):
        headers = {"host": "onevoice.example", "origin": "http://onevoice.example", "cookie": self.cookie(site)}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "headers": raw, "method": "GET", "path": "/", "query_string": b""}
        assert site.guards.socket(Request(scope), "things.unknown") is None

    def test_our_own_page(self, site):
        headers = {"host": "onevoice.example", "origin": "http://onevoice.example", "cookie": self.cookie(site)}
        assert self.ask(site, **headers).label == "anna"


class TestOpenSocket:
    def lives(self, site, cookie, permission="things.read"):
        scope = {"type": "http", "headers": [(b"cookie", cookie.encode())], "method": "GET", "path": "/"}
        return site.guards.still(Request(scope), permission)

    def test_lives_as_long_as_its_session(self, site):
        person = site.person()
        cookie = f"onevoice_session={person.cookies['onevoice_session']}"
        assert self.lives(site, cookie)
        assert not self.lives(site, cookie, "things.unknown")
        site.authenticator.sessions.clear()
        assert not self.lives(site, cookie)
        assert not self.lives(site, "")

    def test_does_not_keep_it_alive(self, site):
        cookie = f"onevoice_session={site.person().cookies['onevoice_session']}"
        self.lives(site, cookie)
        assert site.authenticator.used[-1] is False


class TestClientAddress:
    def ask(self, build, proxies, peer, forwarded):
        client = build(WebSettings(trusted_proxies=frozenset(proxies))).stranger(address=peer)
        return client.get("/api/address", headers={"X-Forwarded-For": forwarded}).json()

    def test_a_header_from_anybody_is_ignored(self, build):
        assert self.ask(build, [], "198.51.100.7", "203.0.113.9") == "198.51.100.7"

    def test_a_trusted_proxy_is_believed_for_one_step(self, build):
        assert self.ask(build, ["10.0.0.1"], "10.0.0.1", "6.6.6.6, 203.0.113.9") == "203.0.113.9"

    def test_two_proxies_in_a_row(self, build):
        assert self.ask(build, ["10.0.0.1", "10.0.0.2"], "10.0.0.1", "203.0.113.9, 10.0.0.2") == "203.0.113.9"

    def test_a_proxy_that_says_nothing(self, build):
        assert self.ask(build, ["10.0.0.1"], "10.0.0.1", "") == "10.0.0.1"

    def test_a_second_line_of_the_header_is_its_end(self, build):
        client = build(WebSettings(trusted_proxies=frozenset(["10.0.0.1"]))).stranger(address="10.0.0.1")
        lines = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "203.0.113.9")]
        assert client.get("/api/address", headers=lines).json() == "203.0.113.9"


class TestPublicBase:
    PROXY = "10.0.0.1"

    def ask(self, build, settings, peer="198.51.100.7", **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return build(settings, built=False).stranger(address=peer).get("/api/base", headers=sent).json()

    def behind(self, build, peer=PROXY, **headers):
        settings = WebSettings(trusted_proxies=frozenset([self.PROXY, "10.0.0.2"]))
        return self.ask(build, settings, peer, **headers)

    def test_a_stranger_cannot_say_what_it_is(self, build):
        forged = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.example"}
        assert self.ask(build, WebSettings(), **forged) == "http://onevoice.example"
        assert self.behind(build, peer="198.51.100.7", **forged) == "http://onevoice.example"

    def test_nobody_can_where_it_is_set(self, build):
        forged = {"X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil.example", "Host": "evil.example"}
        settings = WebSettings(public_url="https://hello.example", trusted_proxies=frozenset([self.PROXY]))
        assert self.ask(build, settings, self.PROXY, **forged) == "https://hello.example"

    def test_without_a_proxy_it_is_what_the_request_says(self, build):
        assert self.ask(build, WebSettings(), Host="shop.example:8600") == "http://shop.example:8600"

    @pytest.mark.parametrize("host", ["hello.example", "hello.example:8443", "[2001:db8::1]:8443"])
    def test_a_trusted_proxy_says_it(self, build, host):
        told = self.behind(build, X_Forwarded_Proto="HTTPS", X_Forwarded_Host=host)
        assert told == f"https://{host}"

    def test_a_proxy_that_passes_the_host_on_says_the_protocol_alone(self, build):
        assert self.behind(build, Host="hello.example", X_Forwarded_Proto="https") == "https://hello.example"

    def test_of_a_list_the_part_counts_that_the_outermost_trusted_proxy_wrote(self, build):
        proto, host = "https, https, http", "evil.example, hello.example, inner.example"
        one = self.behind(build, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto=proto, X_Forwarded_Host=host)
        way = "6.6.6.6, 203.0.113.9, 10.0.0.2"
        two = self.behind(build, X_Forwarded_For=way, X_Forwarded_Proto=proto, X_Forwarded_Host=host)
        assert (one, two) == ("http://inner.example", "https://hello.example")

    @pytest.mark.parametrize(
        ("proto", "host"), [("ftp", "evil.example/path?"), ("", ""), ("javascript", "a b"), ("https:", "@evil.example")]
    )
    def test_nonsense_is_passed_over(self, build, proto, host):
        told = self.behind(build, X_Forwarded_Proto=proto, X_Forwarded_Host=host)
        assert told == "http://onevoice.example"


class TestSettings:
    @pytest.mark.parametrize(
        ("url", "origin", "tls"),
        [
            ("https://Hello.Example/", "https://hello.example", True),
            ("https://hello.example:443", "https://hello.example", True),
            ("http://127.0.0.1:8080/console", "http://127.0.0.1:8080", False),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", True),
            (None, None, False),
        ],
    )
    def test_the_origin_as_browsers_write_it(self, url, origin, tls):
        settings = WebSettings(public_url=url)
        assert (settings.origin, settings.tls) == (origin, tls)

    @pytest.mark.parametrize(
        ("url", "base"),
        [
            ("https://Hello.Example", "https://hello.example"),
            ("https://hello.example:443/", "https://hello.example"),
            ("https://hello.example:8443/Shop/events//", "https://hello.example:8443/Shop/events"),
            (None, None),
        ],
    )
    def test_the_base_keeps_the_path_below_which_we_are_served(self, url, base):
        assert WebSettings(public_url=url).base == base


class TestOpenApi:
    def test_every_operation_tells_of_its_problems(self, site):
        schema = site.stranger().get("/api/openapi.json").json()
        assert "HTTPValidationError" not in json.dumps(schema)
        assert "Problem" in schema["components"]["schemas"]
        assert "FieldProblem" in schema["components"]["schemas"]
        guarded = schema["paths"]["/api/reader"]["get"]["responses"]
        assert {"200", "400", "401", "403", "422", "503"} == set(guarded)
        assert {"401", "403"}.isdisjoint(schema["paths"]["/api/things"]["post"]["responses"])
        assert "413" in schema["paths"]["/api/things"]["post"]["responses"]

    def test_pages_are_no_part_of_it(self, site):
        paths = site.stranger().get("/api/openapi.json").json()["paths"]
        assert not [path for path in paths if not path.startswith(("/api/", "/v1/"))]
