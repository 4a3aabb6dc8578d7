"""The login page: what it shows, whom it lets in, and where it sends them."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.web.guards import Refused
from onevoice.web.login import local_path
from onevoice.web.settings import WebSettings

PASSWORD = "correct horse battery"
ORIGIN = "http://onevoice.example"

XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</title></textarea><svg/onload=alert(1)>",
    "{{ 7*7 }}",
    "{% include '/etc/passwd' %}",
    "javascript:alert(1)",
    "&lt;script&gt;",
]

FOREIGN = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "/\u202e/x",
    "/login",
    "/login?next=/login",
    "/logout",
    "/api/me",
    "/v1/batch",
    "",
    "/" + "a" * 3000,
]


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def named(self, name):
        return next(attrs for _, attrs in self.found if attrs.get("name") == name)


class TestOutsider:
    @pytest.mark.parametrize("form", [{}, {"login": "anna"}, {"password": PASSWORD}, {"login": " ", "password": "x"}])
    def test_an_unfilled_form_asks_nobody(self, site, form):
        response = site.stranger().post("/login", data=form)
        assert response.status_code == 422
        assert site.authenticator.asked == []

    @pytest.mark.parametrize(
        ("login", "password"), [("anna", "a bad guess"), ("nobody", PASSWORD), ("nobody", "a bad guess")]
    )
    def test_the_answer_does_not_tell_which_of_the_two_is_wrong(self, site, login, password):
        response = site.stranger().log_in(login, password)
        assert response.status_code == 401
        assert "The login or the password is wrong" in response.text
        assert "set-cookie" not in response.headers
        assert password not in response.text

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        ],
    )
    def test_another_site_cannot_log_a_person_in(self, site, headers):
        """Else a victim would work in the attacker's account without noticing."""
        response = site.stranger().post("/login", data={"login": "anna", "password": PASSWORD}, headers=headers)
        assert response.status_code == 403
        assert "another site" in response.text
        assert site.authenticator.asked == []

    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (b'{"login":"anna","password":"correct horse battery"}', "application/json"),
            (b"login=%FF%FE&password=%00", "application/x-www-form-urlencoded"),
            (b"\xff\xfe", "application/x-www-form-urlencoded"),
            (b"&".join(b"a=b" for _ in range(1000)), "application/x-www-form-urlencoded"),
        ],
    )
    def test_a_body_that_is_no_form(self, site, content, content_type):
        response = site.stranger().post("/login", content=content, headers={"Content-Type": content_type})
        assert response.status_code in {401, 422}


class TestLogIn:
    def test_the_session_is_closed_to_scripts_and_to_other_sites(self, site):
        cookies = site.stranger().log_in("anna", PASSWORD).headers.get_list("set-cookie")
        [session] = [each for each in cookies if each.startswith("onevoice_session=")]
        [csrf] = [each for each in cookies if each.startswith("onevoice_csrf=")]
        assert "HttpOnly" in session
        assert "SameSite=lax" in session
        assert "Path=/" in session
        assert "Domain" not in session
        assert "HttpOnly" not in csrf
        assert "Secure" not in session + csrf

    def test_behind_tls_cookies_are_secure(self, build):
        client = build(WebSettings(public_url="https://onevoice.example")).stranger()
        response = client.post(
            "/login", data={"login": "anna", "password": PASSWORD}, headers={"Origin": "https://onevoice.example"}
        )
        cookies = response.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("Secure" in each for each in cookies)

    def test_a_session_planted_before_is_replaced(self, site):
        client = site.stranger()
        client.cookies.set("onevoice_session", "planted")
        client.log_in("anna", PASSWORD)
        assert site.authenticator.asked[-1]["previous"] == "planted"
        assert "planted" not in site.authenticator.sessions

    def test_goes_to_the_page_that_was_wanted(self, site):
        response = site.stranger().log_in("anna", PASSWORD, next="/customers/profile:1?tab=thread")
        assert (response.status_code, response.headers["location"]) == (303, "/customers/profile:1?tab=thread")

    @pytest.mark.parametrize("target", FOREIGN)
    def test_never_to_another_site(self, site, target):
        response = site.stranger().log_in("anna", PASSWORD, next=target)
        assert response.headers["location"] == "/"

    def test_somebody_logged_in_needs_no_form(self, site):
        response = site.person().get("/login", params={"next": "/live"})
        assert (response.status_code, response.headers["location"]) == (303, "/live")

    def test_tells_where_from(self, site):
        site.stranger(address="203.0.113.9", user_agent="a browser").log_in("anna", PASSWORD)
        assert site.authenticator.asked[-1]["address"] == "203.0.113.9"
        assert site.authenticator.asked[-1]["agent"] == "a browser"


class TestRefusal:
    def test_locked_says_for_how_many_minutes(self, site):
        site.authenticator.answer = Refused("locked", retry_after_seconds=301)
        response = site.stranger().log_in("anna", PASSWORD)
        assert response.status_code == 429
        assert response.headers["retry-after"] == "301"
        assert "in 6 minutes" in response.text

    @pytest.mark.parametrize(
        ("seconds", "language", "said"),
        [
            (1, "en", "1 minute."),
            (60, "ru", "1 минуту"),
            (120, "ru", "2 минуты"),
            (840, "ru", "14 минут."),
            (60, "pl", "1 minutę"),
            (180, "pl", "3 minuty"),
            (840, "pl", "14 minut."),
        ],
    )
    def test_counts_as_each_language_does(self, site, seconds, language, said):
        site.authenticator.answer = Refused("locked", retry_after_seconds=seconds)
        response = site.stranger(accept_language=language).log_in("anna", PASSWORD)
        assert said in response.text.replace("\u00a0", " ")

    def test_busy(self, site):
        site.authenticator.answer = Refused("busy", retry_after_seconds=2)
        response = site.stranger().log_in("anna", PASSWORD)
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")

    def test_keeps_the_login_and_is_announced(self, site):
        response = site.stranger().log_in("olga", "wrong", next="/live")
        tags = Tags(response.text)
        assert tags.named("login")["value"] == "olga"
        assert tags.named("next")["value"] == "/live"
        assert "value" not in tags.named("password")
        assert 'role="alert"' in response.text


class TestPage:
    @pytest.mark.parametrize("text", XSS)
    def test_hostile_text_stays_text(self, site, text):
        for response in (
            site.stranger().log_in(text, "wrong", next=f"/{text}"),
            site.stranger().get("/login", params={"next": f"/{text}", "lang": text, "ended": text}),
            site.stranger(accept_language=text.encode().decode("latin-1")).get("/login"),
        ):
            tags = Tags(response.text).found
            assert {tag for tag, _ in tags} <= {
                "html", "head", "meta", "title", "link", "body", "header", "svg", "path", "p", "main", "h1", "form",
                "input", "div", "label", "button", "nav", "a",
            }  # fmt: skip
            assert not [name for _, attrs in tags for name in attrs if name.startswith("on") or name == "style"]
            assert not [attrs for _, attrs in tags if (attrs.get("href") or "/").lstrip()[:1] != "/"]
            assert "49" not in response.text

    def test_needs_no_script_and_no_inline_style(self, site):
        text = site.stranger().get("/login").text
        assert "<script" not in text
        assert "<style" not in text

    @pytest.mark.parametrize(
        ("language", "title"), [("en", "Log in"), ("ru", "Вход"), ("pl", "Logowanie"), ("de", "Log in")]
    )
    def test_speaks_the_browsers_language(self, site, language, title):
        response = site.stranger(accept_language=f"{language};q=0.9, xx").get("/login")
        assert f"<h1>{title}</h1>" in response.text
        assert response.headers["content-language"] in response.text

    def test_the_switch_is_remembered(self, site):
        client = site.stranger(accept_language="en")
        client.get("/login?lang=pl")
        assert "Hasło" in client.get("/login").text
        assert "Hasło" in client.log_in("anna", "wrong").text

    def test_the_switch_keeps_where_one_was_going(self, site):
        text = site.stranger().get("/login", params={"next": "/customers?q=a&b"}).text
        assert 'href="/login?lang=ru&amp;next=/customers%3Fq%3Da%26b"' in text

    @pytest.mark.parametrize("lang", ["de", "../x", "", "EN"])
    def test_an_unknown_language_is_not_remembered(self, site, lang):
        assert "set-cookie" not in site.stranger().get("/login", params={"lang": lang}).headers

    def test_says_that_the_session_ended(self, site):
        assert "Your session has ended" in site.stranger().get("/login?ended=1&next=/live").text

    def test_is_never_stored(self, site):
        assert site.stranger().get("/login").headers["cache-control"] == "no-store"


class TestStylesheet:
    def address(self, site):
        return re.search(r'href="(/pages/login-[0-9a-f]+\.css)"', site.stranger().get("/login").text)[1]

    def test_is_kept_for_ever(self, site):
        response = site.stranger().get(self.address(site))
        assert response.headers["content-type"].startswith("text/css")
        assert "immutable" in response.headers["cache-control"]
        assert "prefers-color-scheme: dark" in response.text

    def test_borrows_the_consoles_font(self, site):
        text = site.stranger().get(self.address(site)).text
        assert text.count("@font-face") == 3
        assert '"/assets/golos-text-cyrillic-wght-normal-Zz9.woff2"' in text

    def test_does_without_it(self, build):
        site = build(built=False)
        assert "@font-face" not in site.stranger().get(self.address(site)).text

    def test_an_old_name_is_answered_but_not_kept(self, site):
        response = site.stranger().get("/pages/login-0123456789ab.css")
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")

    @pytest.mark.parametrize("name", ["login.html", "..%2f..%2fsettings.py", "x"])
    def test_nothing_else_is_served_there(self, site, name):
        assert site.stranger().get(f"/pages/{name}").status_code == 404


class TestLogOut:
    def test_needs_the_token(self, site):
        person = site.person()
        assert person.post("/logout", headers={"Origin": ORIGIN}).status_code == 403
        assert len(site.authenticator.sessions) == 1

    def test_not_from_another_site(self, site):
        person = site.person()
        headers = {"Origin": "https://evil.example", "X-Onevoice-Csrf": person.cookies["onevoice_csrf"]}
        assert person.post("/logout", headers=headers).status_code == 403

    @pytest.mark.parametrize("by_form", [True, False])
    def test_ends_the_session_on_the_server(self, site, by_form):
        person = site.person()
        csrf = person.cookies["onevoice_csrf"]
        sent = {"data": {"csrf": csrf}} if by_form else {"headers": {"X-Onevoice-Csrf": csrf, "Origin": ORIGIN}}
        response = person.post("/logout", **sent)
        assert (response.status_code, response.headers["location"]) == (303, "/login?left=1")
        assert site.authenticator.sessions == {}
        assert "onevoice_session" not in person.cookies

    def test_twice_is_fine(self, site):
        assert site.stranger().post("/logout").status_code == 303

    def test_by_a_link_is_impossible(self, site):
        assert site.person().get("/logout", headers={"Accept": "*/*"}).status_code in {404, 405}


class TestLocalPath:
    @pytest.mark.parametrize("target", ["/", "/live", "/customers?q=anna%20k", "/customers/email%3Aa%40b.c", "/a//b"])
    def test_keeps_our_own_pages(self, target):
        assert local_path(target) == target

    @pytest.mark.parametrize("target", [None, *FOREIGN])
    def test_and_nothing_else(self, target):
        assert local_path(target) == "/"

    @given(st.text(alphabet=st.sampled_from("/\\:@?#.\t\n\r aevil%20"), max_size=12))
    def test_a_browser_stays_on_this_site(self, tail):
        """Resolves as browsers do: control characters dropped, backslashes read as slashes."""
        kept = local_path("/" + tail)
        seen = re.sub(r"[\t\n\r]", "", kept).strip().replace("\\", "/")
        assert seen.startswith("/")
        assert not seen.startswith("//")
