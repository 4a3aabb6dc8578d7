"""What each page of the console costs a browser that has nothing yet: bytes, time to its largest part, jumps."""

import gzip
import re
import statistics
import time
from pathlib import Path

import pytest
from browser_tools import owner, send

ROUTER = Path(__file__).parents[2] / "console" / "src" / "router.tsx"
PAGES = (
    "/desk",
    "/live",
    "/customers",
    "/customers/$ref",
    "/messages",
    "/messages/$message",
    "/content/templates",
    "/content/templates/$template",
    "/data/setup",
    "/data/keys",
    "/data/snippet",
    "/data/plan",
    "/data/plan/$event",
    "/data/webhooks",
    "/data/webhooks/$hook",
    "/data/imports",
    "/data/imports/$id",
    "/data/rejected",
    "/settings/me",
    "/settings/people",
    "/settings/roles",
    "/settings/identity",
    "/settings/sites",
    "/settings/consent",
    "/settings/channels",
    "/settings/channels/$account",
    "/settings/sending",
    "/settings/audit",
)
KIB = {"script": 200, "stylesheet": 20, "font": 80}
LARGEST_MS = 1_200
SHIFTED = 0.02
TRIES = 3
"""A busy machine makes a page slower, never faster: the best of so many counts. Answers come in any order: of the jumps
the one in the middle counts, as for the visitors of a site.
"""
WATCH = """
window.shifted = 0;
window.largest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.largest = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
"""


def test_every_page_of_the_router_has_its_budget():
    text = ROUTER.read_text()
    whole = set(re.findall(r'path: "(/[a-z][^"]*)"', text)) - {"/data", "/settings", "/content"}
    parts = {f"/{section}/{path}" for section, path in re.findall(r'part\((\w+), "([^"]+)"', text)}
    assert whole | parts == set(PAGES)


@pytest.fixture(scope="module")
def addresses(live_server):
    """Something real for every page that shows one thing."""
    send(live_server, *({"type": "track", "event": "Budgeted", "userId": "budget"} for _ in range(30)))
    with owner(live_server) as client:
        hook = client.post("/api/webhooks", json={"name": "budget", "channel": "api"}).json()["id"]
        taken = client.post("/api/imports", json={"name": "budget.csv", "size_bytes": 10}).json()["id"]
        deadline = time.monotonic() + 30
        while not (learnt := client.get("/api/plan/events", params={"text": "budgeted"}).json()["data"]):
            assert time.monotonic() < deadline, "the plan learns what comes"
            time.sleep(0.2)
        words = {
            "to": "user_id:budget",
            "class": "marketing",
            "purpose": "promotions",
            "site": "pl",
            "words": {"text": "x"},
        }
        silence = client.post("/api/messages", json=words).json()["id"]
        draft = {"default_language": "en", "variants": []}
        kept = {"site": "pl", "name": "budget", "message_class": "marketing", "purpose": "promotions", "draft": draft}
        template = client.post("/api/templates", json=kept).json()["id"]
    return {
        "$template": template, "$message": silence, "$ref": "user_id:budget", "$hook": hook, "$id": taken,
        "$event": learnt[0]["id"], "$account": "new?channel=email",
    }  # fmt: skip


@pytest.mark.parametrize("route", PAGES)
def test_a_page_keeps_to_its_budget(open_page, addresses, route):
    page = open_page("/healthz")  # signed in, and nothing of the console is there yet
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.add_init_script(WATCH)
    sizes: dict[str, float] = {}

    def weigh(answer):
        kind = answer.request.resource_type
        if kind in KIB:
            body = answer.body()
            sizes[kind] += (len(body) if kind == "font" else len(gzip.compress(body, 9))) / 1024

    path = re.sub(r"\$\w+", lambda name: str(addresses[name[0]]), route)
    page.goto("about:blank")
    page.on("response", weigh)
    found = []
    for _ in range(TRIES):
        sizes = dict.fromkeys(KIB, 0.0)
        page.goto(path)
        page.locator("main h1").first.wait_for()
        page.wait_for_timeout(700)
        found.append((page.evaluate("window.largest"), page.evaluate("window.shifted")))
        if all(largest <= LARGEST_MS and shifted <= SHIFTED for largest, shifted in found):
            break
        page.goto("about:blank")
    print(f"budget {route}: {sizes} {found}")
    assert all(sizes[kind] <= KIB[kind] for kind in KIB), sizes
    assert 0 < min(largest for largest, _ in found) <= LARGEST_MS, found
    assert statistics.median(shifted for _, shifted in found) <= SHIFTED, found
