"""The login page in a real Chromium, against a real server."""

import pytest
from browser_tools import DESK, LANGUAGES, PHONE, SCHEMES, axe_violations

from support import serving

pytestmark = pytest.mark.browser

HOSTILE = "\"><img src=x onerror=alert(1)><script>alert(2)</script>'{{7*7}}"


@pytest.fixture(scope="module")
def live_server(tmp_path_factory):
    """Of this file alone: whoever guesses shuts others out for a while."""
    with serving(tmp_path_factory.mktemp("own") / "home") as server:
        yield server


@pytest.fixture
def open_login(chromium, live_server):
    """A fresh visitor at the login page. A dialog or an error in the console, the policy's too, fails the test."""
    contexts, faults = [], []

    def make(path="/login", *, size=DESK, language="en", scheme="light", scripts=True):
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            base_url=live_server.url,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.goto(path)
        return page

    make.faults = faults
    yield make
    for context in contexts:
        context.close()
    assert faults == []


def fill(page, login, password):
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("button")


class TestOutsider:
    def test_a_wrong_password_is_said_and_the_field_waits(self, open_login, live_server):
        page = open_login("/live")
        fill(page, live_server.owner[0], "not the password")
        assert "is wrong" in page.inner_text("[role=alert]")
        assert page.input_value("#login") == live_server.owner[0]
        assert page.input_value("#password") == ""
        assert page.evaluate("document.activeElement.id") == "password"

    def test_hostile_text_stays_text(self, open_login):
        page = open_login(f"/login?next=/{HOSTILE}&ended={HOSTILE}&lang={HOSTILE}")
        fill(page, HOSTILE, HOSTILE)
        assert page.input_value("#login") == HOSTILE
        assert page.locator("img, script").count() == 0

    def test_a_script_that_got_in_would_not_run(self, open_login):
        """The policy is the second wall: it holds even where the first one, escaping, were broken."""
        page = open_login()
        tried = page.evaluate(
            """() => {
                window.ran = false;
                const script = document.createElement('script');
                script.textContent = 'window.ran = true';
                document.body.append(script);
                return window.ran;
            }"""
        )
        assert tried is False
        assert "Content Security Policy" in open_login.faults.pop()

    def test_guessing_ends_in_a_wait(self, open_login):
        page = open_login(language="ru")
        for _ in range(11):
            fill(page, "nobody-at-all@shop.example", "a guess")
        assert "Слишком много попыток" in page.inner_text("[role=alert]")
        assert "15 минут" in page.inner_text("[role=alert]").replace("\u00a0", " ")


class TestLogIn:
    def test_without_scripts(self, open_login, live_server):
        page = open_login("/login?next=/api/me", scripts=False)
        fill(page, *live_server.member)
        page.wait_for_url(lambda url: "/login" not in url)

    def test_leads_to_the_page_that_was_wanted(self, open_login, live_server):
        page = open_login("/customers?q=anna")
        assert "/login?next=" in page.url
        fill(page, *live_server.owner)
        page.wait_for_url("**/customers?q=anna")

    def test_by_keyboard_alone(self, open_login, live_server):
        page = open_login()
        page.wait_for_function("document.activeElement && document.activeElement.name === 'login'")
        page.keyboard.type(live_server.owner[0])
        page.keyboard.press("Tab")
        page.keyboard.type(live_server.owner[1])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)

    def test_the_session_is_hidden_from_scripts(self, open_login, live_server):
        page = open_login()
        fill(page, *live_server.owner)
        page.wait_for_url(lambda url: "/login" not in url)
        seen = page.evaluate("document.cookie")
        assert "onevoice_csrf=" in seen
        assert "onevoice_session" not in seen


class TestLooks:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_no_rule_of_accessibility_is_broken(self, open_login, language, scheme):
        page = open_login("/login?ended=1", language=language, scheme=scheme)
        assert page.evaluate("document.documentElement.lang") == language
        assert axe_violations(page) == []
        page.click("nav a:last-child")
        fill(page, "nobody@shop.example", "a guess")
        assert axe_violations(page) == []

    def test_the_switch_changes_the_language_and_stays(self, open_login):
        page = open_login("/login?next=/live")
        page.click("text=Polski")
        assert page.inner_text("h1") == "Logowanie"
        page.goto("/login")
        assert page.inner_text("h1") == "Logowanie"

    def test_the_house_font_is_used(self, open_login):
        page = open_login()
        page.evaluate("document.fonts.ready.then(() => null)")
        assert page.evaluate("document.fonts.check('14px \"Golos Text Variable\"', 'Log in')")
        assert page.evaluate("[...document.fonts].some(font => font.status === 'loaded')")

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_phone_needs_no_sideways_scrolling_and_has_large_targets(self, open_login, language):
        page = open_login("/login?ended=1", size=PHONE, language=language)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        heights = [
            box["height"]
            for box in (each.bounding_box() for each in page.locator("input:visible, button, nav a").all())
        ]
        assert min(heights) >= 44
