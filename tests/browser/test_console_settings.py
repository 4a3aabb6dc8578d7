"""Settings in Chromium: one's own account and the code at login, people, roles, the audit log."""

import contextlib
import itertools
import re
from datetime import UTC, datetime

import pytest
from browser_tools import LOOKS, axe_violations, keep, owner, settle_account
from playwright.sync_api import Error, expect
from pyotp.totp import TOTP

PASSWORD = "correct horse battery"
PARTS = ("me", "people", "roles", "identity", "sites", "audit")

SITES = re.compile(r"/api/sites(\?|$)")

_numbers = itertools.count()


def dialog(page):
    return page.get_by_role("dialog")


@pytest.fixture
def somebody(live_server):
    """Makes an account over the API, as an owner would."""

    def make(role="operator", name="Ola Petrova"):
        login = f"{role}{next(_numbers)}@shop.example"
        with owner(live_server) as client:
            create = {"login": login, "name": name, "password": PASSWORD, "role": role}
            assert client.post("/api/users", json=create).status_code == 201
        return login

    return make


def enter(page, live_server, login, password=PASSWORD):
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")


@pytest.fixture
def signed_in(open_page, live_server, somebody):
    """A page of somebody with a role of their own."""

    def make(path, role="operator", **options):
        page = open_page("/roles", **options)
        enter(page, live_server, somebody(role))
        page.wait_for_url(lambda url: "/login" not in url)
        settle_account(page, options.get("language", "en"))
        page.goto(path)
        return page

    return make


class TestOutsider:
    @pytest.mark.parametrize(("role", "more"), [("seller", []), ("operator", ["Channels", "Sending"])])
    def test_sees_neither_data_nor_what_is_for_others(self, signed_in, role, more):
        page = signed_in("/settings", role)
        expect(page.get_by_role("navigation", name="Settings").get_by_role("link")).to_have_text(
            ["My account", "Roles", "Consent", *more]
        )
        expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Data")).to_have_count(0)

    @pytest.mark.parametrize("path", ["/settings/people", "/settings/audit", "/data/keys"])
    def test_is_told_so_at_the_address_itself(self, signed_in, path):
        page = signed_in(path)
        expect(page.get_by_role("alert")).to_contain_text("Your role does not allow this.")


class TestCodeAtLogin:
    def test_from_the_picture_to_the_next_login_and_off_again(self, signed_in, live_server):
        page = signed_in("/settings/me")
        login = page.locator(".part-head p").inner_text().split(",")[0]
        page.get_by_role("button", name="Ask for a code").click()
        dialog(page).get_by_label("Present password").fill("a guess at it")
        dialog(page).get_by_role("button", name="Continue").click()
        expect(dialog(page)).to_contain_text("This is not your present password.")
        dialog(page).get_by_label("Present password").fill(PASSWORD)
        dialog(page).get_by_role("button", name="Continue").click()
        expect(page.get_by_role("img", name="QR code for an authenticator app")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "settings-code")
        secret = page.get_by_role("region", name="Secret").inner_text().strip()
        dialog(page).get_by_label("Code", exact=True).fill("000000")
        dialog(page).get_by_role("button", name="Confirm").click()
        expect(dialog(page)).to_contain_text("Not the code of this secret.")
        dialog(page).get_by_label("Code", exact=True).fill(TOTP(secret).at(datetime.now(UTC)))
        dialog(page).get_by_role("button", name="Confirm").click()
        codes = page.get_by_role("region", name="Recovery codes").inner_text().split()
        assert len(codes) == 10
        dialog(page).get_by_role("button", name="I have kept them").click()
        expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()

        enter(page, live_server, login)
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "login-code")
        page.get_by_label("Code").fill("123456")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("This code is wrong or was used already.")
        page.get_by_label("Code").fill(codes[0])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/live")

        page.goto("/settings/me")
        expect(page.get_by_text("9 recovery codes are left.")).to_be_visible()
        page.get_by_role("button", name="Stop asking for a code").click()
        dialog(page).get_by_label("Present password").fill(PASSWORD)
        dialog(page).get_by_label("Code", exact=True).fill(codes[1])
        dialog(page).get_by_role("button", name="Stop asking for a code").click()
        expect(page.get_by_role("button", name="Ask for a code")).to_be_visible()


class TestPassword:
    def test_is_changed_with_the_present_one_and_ends_other_sessions(self, signed_in, open_page, live_server):
        page = signed_in("/settings/me")
        login = page.locator(".part-head p").inner_text().split(",")[0]
        other = open_page("/live")
        enter(other, live_server, login)
        other.wait_for_url("**/live")
        page.reload()
        expect(page.get_by_role("table", name="Where you are signed in").get_by_role("row")).to_have_count(3)
        page.get_by_label("Present password").fill("a guess at it")
        page.get_by_label("New password").fill("another password")
        page.get_by_role("button", name="Change the password").click()
        expect(page.get_by_text("This is not your present password.")).to_be_visible()
        page.get_by_label("Present password").fill(PASSWORD)
        page.get_by_role("button", name="Change the password").click()
        expect(page.locator(".toast")).to_contain_text("The password is changed.")
        expect(page.get_by_role("table", name="Where you are signed in").get_by_role("row")).to_have_count(2)
        with contextlib.suppress(Error):  # the page may be on its way there by itself
            other.reload()
        other.wait_for_url("**/login**")


class TestSessions:
    def test_another_one_is_ended_from_here(self, signed_in, open_page, live_server):
        page = signed_in("/settings/me")
        login = page.locator(".part-head p").inner_text().split(",")[0]
        other = open_page("/live")
        enter(other, live_server, login)
        other.wait_for_url("**/live")
        page.reload()
        page.get_by_role("button", name="End", exact=True).click()
        expect(page.locator(".toast")).to_contain_text("That browser must sign in again.")
        other.reload()
        other.wait_for_url("**/login**")


class TestPeople:
    def test_an_invited_colleague_signs_in_with_what_was_handed_over(self, open_page, live_server):
        page = open_page("/settings/people")
        expect(page.get_by_role("button", name="Invite somebody")).to_be_visible()
        page.keyboard.press("n")
        login = f"new{next(_numbers)}@shop.example"
        dialog(page).get_by_label("Name").fill("Zofia Zielińska")
        dialog(page).get_by_label("Login").fill(login)
        dialog(page).get_by_label("Role").select_option("seller")
        dialog(page).get_by_role("button", name="Invite somebody").click()
        address, told, password = page.get_by_role("region", name="Access").inner_text().split()
        assert (address, told) == (f"{live_server.url}/login", login)
        dialog(page).get_by_role("button", name="Handed over").click()
        expect(page.get_by_role("row").filter(has_text=login)).to_contain_text("seller")
        guest = open_page("/live")
        enter(guest, live_server, login, password)
        guest.wait_for_url("**/live")

    def test_a_login_that_is_taken_is_said_so(self, open_page, live_server):
        page = open_page("/settings/people")
        page.get_by_role("button", name="Invite somebody").click()
        dialog(page).get_by_label("Name").fill("Twice")
        dialog(page).get_by_label("Login").fill(live_server.owner[0])
        dialog(page).get_by_role("button", name="Invite somebody").click()
        expect(dialog(page).get_by_role("alert")).to_contain_text("Somebody already has this login.")

    def test_a_role_is_changed_and_an_account_disabled(self, open_page, live_server, somebody):
        login = somebody("seller", "Sasha")
        page = open_page("/settings/people")
        row = page.get_by_role("row").filter(has_text=login)
        row.get_by_role("button", name="Actions for Sasha").click()
        page.get_by_role("menuitem", name="Change the role").click()
        dialog(page).get_by_label("Role").select_option("analyst")
        dialog(page).get_by_role("button", name="Change the role").click()
        expect(row).to_contain_text("analyst")
        row.get_by_role("button", name="Actions for Sasha").click()
        page.get_by_role("menuitem", name="Disable").click()
        expect(row).to_contain_text("disabled")
        guest = open_page("/live")
        enter(guest, live_server, login)
        expect(guest.get_by_role("alert")).to_be_visible()

    def test_what_was_done_stands_in_the_audit_log(self, open_page, live_server, somebody):
        somebody("seller", "Audited")
        page = open_page("/settings/audit")
        row = page.get_by_role("row").filter(has_text="Audited").first
        expect(row).to_contain_text("made an account")
        expect(row).to_contain_text("role: seller")
        row.get_by_role("button").first.click()
        expect(page.get_by_role("button", name="Only user:")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="Audited")).to_have_count(1)


class TestRoles:
    def test_the_own_role_is_told_apart(self, signed_in):
        page = signed_in("/settings/roles")
        expect(page.get_by_role("columnheader", name="operator your role")).to_be_visible()
        row = page.get_by_role("row").filter(has_text="customers.merge")
        expect(row.get_by_role("cell")).to_have_text(["yes", "yes", "no", "yes", "no", "no", "no"])


class TestIdentity:
    def test_a_value_is_looked_at_blocked_and_taken_off_again(self, open_page, live_server):
        value = f"desk{next(_numbers)}@shop.example"
        for user in ("a", "b"):
            live_server.send(
                {
                    "type": "identify",
                    "userId": f"{user}-{value}",
                    "traits": {"email": value},
                    "messageId": f"{user}-{value}",
                }
            )
        page = open_page("/settings/identity")
        form = page.locator(".settings-block")
        form.get_by_label("Value").fill(value.upper())
        form.get_by_role("button", name="See what it holds together").click()
        expect(form.get_by_role("status")).to_contain_text(f"{value} is known now:")
        expect(form.get_by_role("status")).to_contain_text("tied to 2 other identifiers")
        keep(page, "settings-identity-rehearsal")
        assert axe_violations(page) == []
        form.get_by_role("button", name="Block it").click()
        page.get_by_label("Part of a value").fill(value)
        row = page.get_by_role("table", name="Values that name nobody").get_by_role("row").filter(has_text=value)
        expect(row).to_contain_text(f"by {live_server.owner[0]}")
        row.get_by_role("button", name=f"Take off: {value}").click()
        expect(row).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(row).to_have_count(1)


class TestSites:
    def test_one_is_added_given_another_country_and_removed(self, open_page, live_server):
        site = f"site{next(_numbers)}"
        page = open_page("/settings/sites")
        expect(page.get_by_role("heading", name="Sites", level=1)).to_be_visible()
        page.keyboard.press("n")
        window = dialog(page)
        expect(window.get_by_label("Title")).to_be_focused()
        window.get_by_label("Title").fill(f"Kedy {site}")
        window.get_by_label("Name", exact=True).fill("No Name")
        expect(window).to_contain_text("Only small letters, digits and hyphens")
        expect(window.get_by_role("button", name="Save")).to_be_disabled()
        window.get_by_label("Name", exact=True).fill(site)
        window.get_by_label("Country").fill("Atlantis")
        window.get_by_label("Language").fill("pt-BR")
        expect(window).to_contain_text("Not in the list.")
        window.get_by_label("Country").fill("portugal (pt)")
        window.get_by_label("Currency").fill("EUR")
        window.get_by_label("Time zone").fill("Europe/Lisbon")
        window.get_by_label("Domains").fill("https://kedy.example/")
        expect(window).to_contain_text("Not a host name: https://kedy.example/")
        window.get_by_label("Domains").fill("Kedy.Example\nżółw.example")
        window.get_by_label("Legal name").fill("Kedy Lda.")
        assert axe_violations(page) == []
        keep(page, "settings-sites-new")
        window.get_by_role("button", name="Save").click()
        row = page.get_by_role("row").filter(has_text=f"Kedy {site}")
        expect(row).to_contain_text("xn--w-uga1v8h.example")
        expect(row).to_contain_text("PortugalBrazilian Portuguese")
        expect(row).to_contain_text("EuroEurope/Lisbon")

        row.get_by_role("button", name=f"Actions for Kedy {site}").click()
        page.get_by_role("menuitem", name="Remove").click()
        expect(row).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(row).to_contain_text("Kedy Lda.")

    def test_another_country_says_first_what_it_means(self, open_page, live_server):
        site = f"site{next(_numbers)}"
        with owner(live_server) as client:
            for till in ("one", "two"):
                key = {"name": f"till {till} {site}", "scope": "write", "channel": "shop", "site": site}
                assert client.post("/api/keys", json=key).status_code == 201
            client.patch(f"/api/sites/{site}", json={"country": "PL"})
        page = open_page("/settings/sites")
        row = page.get_by_role("row").filter(has_text=site)
        expect(row).to_contain_text(f"till one {site}")
        expect(row).to_contain_text("no events yet")
        row.get_by_role("button", name=f"Actions for {site}").click()
        expect(page.get_by_role("menuitem", name="Remove")).to_have_count(0)
        page.get_by_role("menuitem", name="Change").click()
        window = dialog(page)
        expect(window.get_by_label("Country")).to_have_value("Poland (PL)")
        expect(window.get_by_role("status").first).to_have_text("")
        window.get_by_label("Country").fill("es")
        expect(window.get_by_role("status").first).to_contain_text("come from 2 sources")
        expect(window.get_by_role("status").first).to_contain_text("Poland → Spain")
        expect(window.get_by_role("status").first).to_contain_text("is not linked anew")
        assert axe_violations(page) == []
        keep(page, "settings-sites-country")
        window.get_by_label("Country").press("Enter")
        expect(row).to_contain_text("Spain")
        with owner(live_server) as client:
            [line, *_] = client.get("/api/audit", params={"subject": f"site:{site}"}).json()["data"]
        assert (line["before"], line["after"]) == ({"country": "PL"}, {"country": "ES"})

    def test_a_key_is_made_for_one_of_them(self, open_page, live_server):
        site = f"site{next(_numbers)}"
        with owner(live_server) as client:
            client.post("/api/sites", json={"name": site, "title": f"Outlet {site}"})
        page = open_page("/data/keys")
        page.get_by_role("button", name="New key").first.click()
        window = dialog(page)
        window.get_by_label("Name", exact=True).fill(f"key {site}")
        # Typed before the list is there, it is one of the list all the same.
        window.get_by_label("Site", exact=True).fill(f"Outlet {site} ({site})")
        expect(window.locator(f"option[value='Outlet {site} ({site})']")).to_be_attached()
        window.get_by_role("button", name="Make the key").click()
        expect(window.get_by_role("region")).to_contain_text("ov_write_")
        with owner(live_server) as client:
            sites = client.get("/api/sites", params={"limit": "200"}).json()["data"]
        assert {each["name"]: each["sources"] for each in sites}[site] == 1

    def test_a_fault_is_told_and_tried_again(self, open_page, live_server):
        page = open_page("/settings/roles")
        page.route(SITES, lambda route: route.fulfill(status=500, json={"code": "x", "title": "Broken."}))
        page.goto("/settings/sites")
        expect(page.get_by_role("alert")).to_contain_text("Broken.")
        page.route(SITES, lambda route: route.fulfill(json={"data": [], "next_cursor": None}))
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name="No site yet")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "settings-sites-empty")


class TestLimits:
    def test_a_change_is_looked_at_applied_and_taken_back(self, open_page, live_server):
        number = next(_numbers)
        for text in ("one", "two", "three", "four"):
            live_server.send(
                {
                    "type": "identify",
                    "userId": f"limits{number}",
                    "traits": {"email": f"{text}.limits{number}@shop.example"},
                    "messageId": f"limits{number}-{text}",
                }
            )
        page = open_page("/settings/identity")
        limits = page.get_by_role("table", name="How many of each kind")
        row = limits.get_by_role("row").filter(has_text="e-mail")
        row.get_by_role("button", name="Change").click()
        form = page.locator(".limits-form")
        expect(form.get_by_label("Of one person at most")).to_be_focused()
        assert axe_violations(page) == []
        form.get_by_label("Of one person at most").fill("3")
        form.get_by_label("By a contact or device alone").fill("3")
        form.get_by_role("button", name="See what it would do").click()
        opened = page.locator(".limits-open")
        expect(opened).to_contain_text("e-mail: 5 → 3; by a contact or device alone 5 → 3")
        expect(opened.get_by_role("button", name="Apply")).to_be_visible(timeout=15_000)
        expect(opened).to_contain_text(f"limits{number}")
        facts = opened.locator(".limits-facts dd")
        expect(facts).to_have_text(["1", "2", "1", "0"])
        keep(page, "settings-limits-looked")
        assert axe_violations(page) == []
        opened.get_by_role("button", name="Apply").click()
        expect(opened).to_have_count(0, timeout=15_000)
        expect(row.get_by_role("cell").nth(1)).to_have_text("3")
        earlier = page.get_by_role("table", name="Earlier changes")
        expect(earlier).to_contain_text(f"applied by {live_server.owner[0]}")
        with owner(live_server) as client:
            path = "/api/identity/limits/changes"
            back = client.post(path, json={"kind": "email", "per_profile": 5, "per_profile_weak": 5}).json()
        page.reload()
        expect(opened).to_contain_text("e-mail: 3 → 5")
        expect(opened.get_by_role("button", name="Apply")).to_be_visible(timeout=15_000)
        expect(facts).to_have_text(["2", "1", "0", "1"])
        opened.get_by_role("button", name="Apply").click()
        expect(opened).to_have_count(0, timeout=15_000)
        with owner(live_server) as client:
            assert client.get(f"{path}/{back['id']}").json()["state"] == "applied"
        expect(row.get_by_role("cell").nth(1)).to_have_text("5")
        keep(page, "settings-limits-after")


@pytest.fixture
def looked(live_server):
    """A change of limits whose findings wait for somebody to decide."""
    path = "/api/identity/limits/changes"
    user = f"look{next(_numbers)}"
    for text in ("first.address", "second.address", "a.very.long.third.address.of.the.same.person"):
        email = f"{text}.{user}@shop.example"
        live_server.send(
            {"type": "identify", "userId": user, "traits": {"email": email}, "messageId": f"{user}-{text}"}
        )
    with owner(live_server) as client:
        asked = client.post(path, json={"kind": "email", "per_profile": 2, "per_profile_weak": 2}).json()
        yield
        assert client.delete(f"{path}/{asked['id']}").status_code == 204


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    @pytest.mark.usefixtures("looked")
    def test_every_part(self, open_page, language, scheme, size):
        page = open_page("/settings/me", size=size, language=language, scheme=scheme)
        for part in PARTS:
            page.goto(f"/settings/{part}")
            expect(page.locator(".part-head h1")).to_be_visible()
            expect(page.locator(".skeleton")).to_have_count(0)
            if part == "identity":
                expect(page.locator(".limits-examples > li").first).to_be_visible(timeout=15_000)
                page.locator(".limits-open").scroll_into_view_if_needed()
            assert axe_violations(page) == [], part
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part
            keep(page, f"settings-{part}-{language}-{scheme}-{size[0]}")
