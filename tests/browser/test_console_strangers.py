"""What strangers send by e-mail, Telegram and the site's chat, through the real inlets, on every page that shows it."""

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import httpx
import pytest
from browser_tools import DESK, owner, send
from playwright.sync_api import Browser, Page, Request, expect

from hostile_words import ALL, BREAKING, ELEMENTS, LETTERS
from onevoice.sandbox.mail import Mail
from onevoice.sandbox.telegram import Telegram
from support import LiveServer, serving

pytestmark = pytest.mark.browser

BRAND = "mail.n.example"
STRANGER = "stranger@evil.example"
SHOP = "https://shop.example"
FILES_SENT = 5
"""With one answer at most."""
VISITOR = "visitor<img src=x onerror=__alarm(1)>"
TRAP = """
window.__rung = [];
window.__alarm = (what) => window.__rung.push(String(what));
window.alert = window.confirm = window.prompt = window.__alarm;
window.addEventListener("securitypolicyviolation", (event) => window.__rung.push(event.violatedDirective));
"""


def letter(number: int, words: str) -> bytes:
    """With them in every place that a stranger fills."""
    message = EmailMessage(policy=SMTP)
    message.set_content(f"text {number} {words}", cte="base64")
    message.add_alternative(f"<p>{words}</p>", subtype="html", cte="base64")
    message.add_attachment(b"x", maintype="text", subtype="plain", filename="file.txt")
    told = {"From": f"{word(words)} <{STRANGER}>", "To": f"hello@{BRAND}", "Message-ID": f"<h{number}@evil.example>"}
    told["Subject"] = word(f"subject {number} {words}")
    head = "".join(f"{name}: {text}\r\n" for name, text in told.items())
    return head.encode() + message.as_bytes().replace(b'"file.txt"', name_of_file(words))


def word(text: str) -> str:
    """Whoever means harm keeps to no limit of a header."""
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def name_of_file(text: str) -> bytes:
    return (
        b'"'
        + text.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"").replace(b"\r", b"")
        + b'"'
    )


@dataclass
class Strangers:
    server: LiveServer
    mail: Mail
    telegram: Telegram
    client: Any
    sent: str = ""
    person: str = ""

    def connect(self) -> None:
        secret = {"smtp_password": "pocket", "imap_password": "pocket"}
        letters = {
            "from_address": f"hello@{BRAND}", "from_name": "Northfold", "smtp_host": "127.0.0.1",
            "smtp_port": self.mail.smtp_port, "smtp_security": "none", "smtp_username": f"hello@{BRAND}",
            "imap_host": "127.0.0.1", "imap_port": self.mail.imap_port, "imap_security": "none",
            "imap_username": BRAND, **secret,
        }  # fmt: skip
        chat = {"brand": ELEMENTS[10], "origins": SHOP}
        bot = {"token": self.telegram.token, "api_url": self.telegram.url}
        for channel, settings in (("email", letters), ("telegram", bot), ("chat", chat)):
            made = {"channel": channel, "name": ELEMENTS[8], "site": "pl", "settings": settings}
            answer = self.client.post("/api/accounts", json=made)
            assert answer.status_code == 201, answer.text

    def heard(self, reference: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = self.client.get(f"/api/profiles/{reference}/events", params={"limit": 100, **more})
            if answer.status_code == 404:
                return []
            page = answer.json()
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def until(self, reference: str, count: int) -> None:
        deadline = time.monotonic() + 60
        while (there := len(self.heard(reference))) < count:
            assert time.monotonic() < deadline, there
            time.sleep(0.3)

    def write(self) -> None:
        """All of it by e-mail, and all of it by Telegram."""
        first = 0
        while not self.heard(f"email:{STRANGER}"):  # what came before the first look into a mailbox is not taken
            self.mail.put(f"hello@{BRAND}", letter(1_000 + first, "hello"))
            first += 1
            time.sleep(0.3)
        for number, words in enumerate(ALL):
            self.mail.put(f"hello@{BRAND}", letter(number, words))
        chat = self.telegram.person("x")
        self.telegram.start_bot(chat, ELEMENTS[0])
        for number, words in enumerate(ALL):
            chat.first_name, chat.last_name, chat.username = words, words, words
            self.telegram.say(chat, f"said {number} {words}")
            self.telegram.send_file(chat, "document", b"x", caption=f"caption {number} {words}", file_name=words)
            self.telegram.tell(
                {"callback_query": {
                    "id": f"q{number}", "from": chat.user(), "chat_instance": "1", "data": words[:64],
                    "message": next(iter(chat.messages.values())) | {"reply_markup": {"inline_keyboard": [
                        [{"text": words, "callback_data": words[:64]}]
                    ]}},
                }}
            )  # fmt: skip
        self.chat()
        self.until(f"telegram:{chat.id}", 3 * len(ALL))
        self.until(f"email:{STRANGER}", len(ALL))
        traits = {"name": ELEMENTS[9], "email": STRANGER, "city": LETTERS[0]}
        context = {"externalIds": [{"type": "telegram", "id": str(chat.id)}]}
        told = {"userId": "stranger", "anonymousId": VISITOR, "traits": traits, "context": context}
        send(self.server, {"type": "identify", **told})
        self.person = self.client.get("/api/profiles/user_id:stranger").json()["id"]

    def chat(self) -> None:
        """As many chats as it takes to say all of it: each says so much a minute."""
        with httpx.Client(base_url=self.server.url, headers={"Origin": SHOP}, timeout=30) as site:
            for number, words in enumerate(ALL):
                self.says(site, number, words)

    def says(self, site: httpx.Client, number: int, words: str) -> None:
        body = {
            "key": self.server.write_key, "secret": f"a-secret-of-a-stranger-{number // 25}",
            "id": f"hostile-{number:04}", "text": f"chatted {number} {words}"[:4_000], "device": VISITOR,
            "page": {"url": f"{self.server.url}/boots?{number}", "title": words}, "language": words,
        }  # fmt: skip
        answer = site.post("/v1/chat/say", content=json.dumps(body))
        assert answer.status_code == 200, answer.text

    def sends(self) -> None:
        """Files of ours to them, put in and sent from the desk, as many with each answer as go."""
        for first in range(0, len(ALL), FILES_SENT):
            files = [self.put_in(words[:200].replace("\0", "0")) for words in ALL[first : first + FILES_SENT]]
            body = {"key": f"f{first}", "text": f"sent {first}", "knows": 0, "anyway": True, "files": files}
            answer = self.client.post(f"/api/conversations/profile:{self.person}/replies", json=body)
            assert answer.is_success, answer.text

    def put_in(self, name: str) -> int:
        made = self.client.post("/api/desk/files", json={"name": name, "size_bytes": 1})
        assert made.status_code == 201, made.text
        number = int(made.json()["id"])
        answer = self.client.put(f"/api/desk/files/{number}/pieces", params={"offset": 0}, content=b"x")
        assert answer.is_success, answer.text
        return number

    def answer(self) -> None:
        """A message of ours to them, with their words in it."""
        body = {
            "to": f"email:{STRANGER}", "class": "transactional", "purpose": "orders", "site": "pl",
            "channels": ["email"], "words": {"subject": ELEMENTS[4], "text": ELEMENTS[5]},
        }  # fmt: skip
        answer = self.client.post("/api/messages", json=body)
        assert answer.is_success, answer.text
        self.sent = answer.json()["id"]


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strangers]:
    with Mail(password="pocket") as mail, Telegram() as telegram, pytest.MonkeyPatch.context() as patch:
        mail.brand(BRAND)
        places = f"127.0.0.1:{mail.smtp_port},127.0.0.1:{mail.imap_port},127.0.0.1:{telegram.port}"
        patch.setenv("ONEVOICE_ALLOWED_PLACES", places)
        with serving(tmp_path_factory.mktemp("strangers") / "home") as server, owner(server) as client:
            made = Strangers(server, mail, telegram, client)
            made.connect()
            made.write()
            made.answer()
            made.sends()
            yield made


@pytest.fixture(scope="module")
def live_server(strangers: Strangers) -> LiveServer:
    return strangers.server


TALL = (1440, 12_000)
"""All rows of a list that draws only those in sight."""
PAGES = {
    "/live?door=telegram": ("said 41 ", "caption 41 "),
    "/live?door=email": ("text 41 ", "text 70 "),
    "/customers": (ELEMENTS[9],),
    "/customers/user_id:stranger?door=telegram": (ELEMENTS[9], "said 80 "),
    "/customers/user_id:stranger?door=email": ("text 80 ",),
    "/customers/user_id:stranger?door=chat": ("chatted 80 ",),
    "/desk?c={person}": (ELEMENTS[9], f"chatted {len(ALL) - 1} "),
    "/desk?q=chatted&c={person}": (ELEMENTS[9], f"chatted {len(ALL) - 1} "),
    "/messages": (ELEMENTS[9],),
    "/messages/{sent}": (ELEMENTS[4], ELEMENTS[5]),
    "/settings/audit": ("connected an account",),
}
"""What must stand there, or the page has not shown what it is tried for."""
FOUND = """
() => ({
    rung: window.__rung,
    elements: [...document.querySelectorAll("[data-evil], iframe, object, embed, base")].map((each) => each.outerHTML),
    links: [...document.querySelectorAll("[href], [src], [action]")]
        .map((each) => each.href || each.src || each.action).map(String)
        .filter((each) => !each.startsWith(location.origin) && !each.startsWith("data:")),
    turned: [...document.querySelectorAll(".live-what, .cu-told, .dk-text, .dk-page, .dk-file, .dk-attached-name")]
        .map((each) => each.innerText).filter((each) => /[\\u202a-\\u202e\\u2066-\\u2069]/.test(each)),
    wide: document.documentElement.scrollWidth > innerWidth,
})
"""
SEEN = """
() => [...document.querySelectorAll(".dk-thread .dk-file")].map((each) => "file " + each.textContent)
    .concat([...document.querySelectorAll(".dk-thread .dk-text")].map((each) => each.textContent))
"""
KINDS = ("said", "caption", "text", "chatted")
"""The first words of what they say, by each way."""
UP = """
async () => {
    const box = document.querySelector(".dk-thread");
    const first = () => box.querySelector("li[data-row]")?.dataset.row;
    const before = first();
    for (const ends = performance.now() + 20_000; performance.now() < ends; ) {
        box.scrollTop = 0;
        await new Promise(requestAnimationFrame);
        if (first() !== before) return true;
        if (!box.querySelector(".dk-older:not(.dk-gone)")) return false;
    }
    throw new Error("What is earlier does not come");
}
"""
"""Whether there was something earlier, which stands there now."""
NOTHING: dict[str, Any] = {"rung": [], "elements": [], "links": [], "turned": [], "wide": False}


class TestTrap:
    def test_it_springs_where_words_are_taken_for_markup(self, chromium: Browser) -> None:
        with chromium.new_context() as context:
            page = context.new_page()
            page.add_init_script(TRAP)
            page.goto("about:blank")
            page.set_content(f"<main>{ELEMENTS[5]}{ELEMENTS[34]}</main>")
            page.wait_for_function("window.__rung.length > 0")
            found = page.evaluate(FOUND)
            assert (len(found["elements"]), found["rung"]) == (2, ["1"])


@pytest.fixture
def watched(open_page: Callable[..., Page], strangers: Strangers) -> Iterator[Page]:
    """Whatever runs, asks somebody else or opens a window on it fails the test."""
    page = open_page("/live", TALL)
    alarms: list[str] = []
    page.add_init_script(TRAP)
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: alarms.append(request.url) if foreign(request, strangers) else None)
    yield page
    assert alarms == []


class TestStrangers:
    def test_what_they_write_is_only_ever_text(self, watched: Page, strangers: Strangers) -> None:
        for path, shown in PAGES.items():
            watched.goto(path.format(sent=strangers.sent, person=strangers.person))
            for text in shown:
                expect(watched.locator("main")).to_contain_text(text)
            if "user_id" in path:
                watched.keyboard.press("j")
                watched.keyboard.press("Enter")
                expect(watched.locator(".cu-inspector")).to_be_visible()
                for _ in range(25):
                    watched.keyboard.press("j")
            assert watched.evaluate(FOUND) == NOTHING, path

    def test_nor_are_names_of_files_anything_else_however_far_up(self, watched: Page, strangers: Strangers) -> None:
        watched.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        watched.goto(f"/desk?c={strangers.person}")
        picked = (ELEMENTS[5], ELEMENTS[8], BREAKING[0], BREAKING[3], LETTERS[0])
        image = {"mimeType": "image/svg+xml", "buffer": f"<svg onload='{ELEMENTS[0]}'/>".encode()}
        watched.locator(".dk-composer input[type=file]").set_input_files(
            [{"name": words.replace("/", "_"), **image} for words in picked]
        )
        expect(watched.locator(".dk-attached li")).to_have_count(5)
        expect(watched.locator(".dk-attached progress")).to_have_count(0)
        seen: set[str] = set()
        thread = watched.locator(".dk-thread")
        expect(thread.locator(".dk-item").first).to_be_visible()
        while True:
            assert watched.evaluate(FOUND) == NOTHING
            seen |= set(watched.evaluate(SEEN))
            if not watched.evaluate(UP):
                break
        said = Counter(text.partition(" ")[0] for text in seen)
        assert min(said[kind] for kind in KINDS) >= len(ALL), said
        assert said["file"] > len(ALL)


def foreign(request: Request, strangers: Strangers) -> bool:
    return not request.url.startswith((strangers.server.url, "data:", "blob:"))
