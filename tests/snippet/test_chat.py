"""The chat in a shop's page, in real browsers: what is said arrives once and in order, whatever happens meanwhile."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browsers import Browser, Visitor
from shop import Gate, Shop
from shop_chat import CHAT, IN, Desk, Panel
from test_snippet import kill_api

from faults import proxy
from hostile_words import ALL, CANARY
from onevoice import bootstrap
from pictures import image
from waiting import until

SIZES = {"chat": 8_000, "all": 16_000, "few": 4_500}
PNG = image(32, 16, (200, 30, 30))
NUMBERS = [f"Line {n}" for n in range(20)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk.open(tmp_path_factory.mktemp("chat") / "home") as desk:
        yield desk


@pytest.fixture
def shop(desk: Desk) -> Iterator[Shop]:
    with desk.shop() as shop:
        yield shop


@pytest.fixture
def gate(desk: Desk) -> Iterator[Gate]:
    port = urlsplit(desk.server.url).port
    assert port
    gate = Gate(port)
    yield gate
    gate.close()


@pytest.fixture
def panel(visitor: Visitor, shop: Shop) -> Panel:
    return Panel(visitor.tab(), shop.url)


class TestSaying:
    def test_a_word_an_answer_and_the_same_after_a_reload(self, visitor, desk, shop, panel):
        panel.open().say("Do these run small?")
        panel.shows("Do these run small?")
        until(lambda: panel.states() == ["Delivered"])
        who = panel.visitor()
        desk.hears(who, "Do these run small?")
        desk.answers(who, "Take 38: https://shop.example/sizes.")
        both = ["Do these run small?", "Take 38: https://shop.example/sizes."]
        panel.shows(*both)
        link = f"{IN}.querySelector('.log a')"
        assert panel.tab.run(f"[{link}.href, {link}.target, {link}.rel]") == [
            "https://shop.example/sizes", "_blank", "noopener noreferrer",
        ]  # fmt: skip
        until(lambda: "read" in {each.get("state") for each in desk.thread(who)})
        panel = Panel(panel.tab, shop.url + "/another")
        panel.shows(*both)
        assert panel.tab.run("violations") == []

    def test_who_writes_and_what_was_read_is_seen_by_the_other_side(self, desk, gate, visitor):
        with desk.shop(gate.url) as shop:
            panel = Panel(visitor.tab(), shop.url)
            panel.open().say("Do these run small?")
            until(lambda: panel.states() == ["Delivered"])
            who = panel.visitor()
            with desk.looks(who) as (socket, topic):
                told = (json.loads(socket.recv(timeout=20)) for _ in iter(int, 1))
                assert next(said["customer_writes"] for said in told if "customer_writes" in said) is False
                panel.type("Or la")
                assert next(said["customer_writes"] for said in told if "customer_writes" in said) is True
                panel.type("")
                assert next(said["customer_writes"] for said in told if "customer_writes" in said) is False
                assert desk.client.put(f"/api/conversations/anonymous_id:{who}/seen", json={"upto": 2**53}).is_success
                until(lambda: panel.states() == ["Read"])
                socket.send(json.dumps({"presence": {"topic": topic, "typing": True, "channel": "chat"}}))
                until(lambda: panel.has(".typing"))
                gate.shut()  # whoever wrote may have stopped since
                until(lambda: not panel.has(".typing"))
                gate.is_open = True
                until(lambda: panel.has(".typing"), seconds=30)
            until(lambda: not panel.has(".typing"))
            panel = Panel(panel.tab, shop.url + "/another")
            until(lambda: panel.states() == ["Read"], what="it is read after a reload too")

    def test_nothing_is_asked_or_kept_before_it_is_wanted(self, visitor, desk, gate):
        with desk.shop(gate.url) as shop:
            panel = Panel(visitor.tab(), shop.url)
            time.sleep(0.7)
            assert (gate.connections, panel.kept()) == (0, [])
            panel.open()
            assert (gate.connections > 0, panel.kept()) == (True, [])
            panel.say("Hello")
            until(lambda: panel.secret() is not None)
            assert len(panel.secret()) == 24

    def test_what_is_being_written_survives_a_reload(self, shop, panel):
        panel.open().type("Half a thou")
        panel = Panel(panel.tab, shop.url + "/next")
        until(lambda: panel.has(".panel"), what="it is open as it was")
        assert panel.tab.run(f"{IN}.querySelector('textarea').value") == "Half a thou"
        panel.click(".say > button:not([type])")
        panel.shows("Half a thou")
        panel = Panel(panel.tab, shop.url + "/after")
        until(lambda: panel.has(".panel"))
        assert panel.tab.run(f"{IN}.querySelector('textarea').value") == ""

    def test_an_answer_while_it_is_closed_is_counted(self, desk, panel):
        panel.open().say("Hello")
        who = panel.visitor()
        panel.click(".icon")
        desk.answers(who, "Good day")
        until(lambda: panel.text(".count") == "1", seconds=20)
        assert panel.tab.run(f"{IN}.querySelector('.launch').getAttribute('aria-label')") == "Message us, 1 new message"
        panel.open().shows("Hello", "Good day")
        panel.click(".icon")
        until(lambda: not panel.has(".count"))

    def test_a_page_that_never_rests_has_it_all_the_same(self, visitor, shop):
        visitor.prepare("window.requestIdleCallback = (load, how) => setTimeout(load, how?.timeout ?? 1e9)")
        assert Panel(visitor.tab(), shop.url).has(".launch")

    @pytest.mark.long
    def test_older_lines_come_when_asked_for(self, desk, shop, panel):
        texts = [f"Old {n}" for n in range(28)]
        panel.open().say(*texts)
        panel.shows(*texts)
        until(lambda: set(panel.states()) == {"", "Delivered"}, seconds=30)
        more = [f"New {n}" for n in range(26)]
        panel.say(*more)  # more than a minute's worth: the rest waits for its turn
        panel.shows(*texts, *more)
        until(lambda: set(panel.states()) == {"", "Delivered"}, seconds=90, what="it waits for ever")
        panel = Panel(panel.tab, shop.url + "/later")
        panel.shows(*(texts + more)[-50:])
        panel.click(".text.small")
        panel.shows(*texts, *more)
        assert not panel.has(".text.small")


class TestTabs:
    def test_two_show_the_same_and_one_chat_is_made(self, visitor, desk, shop, panel):
        other = Panel(visitor.tab(), shop.url)
        for each in (panel, other):
            each.open()
        panel.say("One")
        other.shows("One")
        assert other.secret() == panel.secret()
        other.say("Two", "Three")
        panel.say("Four")
        for each in (panel, other):
            until(lambda each=each: len(each.lines()) == 4 and set(each.states()) == {"", "Delivered"})
        assert panel.lines() == other.lines()
        desk.hears(panel.visitor(), *panel.lines())

    def test_both_say_something_first_at_once(self, visitor, desk, shop, panel):
        other = Panel(visitor.tab(), shop.url)
        for number, each in enumerate((panel, other)):
            each.open()
            said = f"{IN}.querySelector('textarea').value = 'From {number}'"
            sent = f"{IN}.querySelector('.say > button:not([type])').click()"
            each.tab.run(f"setTimeout(() => {{ {said}; {sent} }}, 1000 - Date.now() % 1000)")
        until(lambda: sorted(panel.lines()) == sorted(other.lines()) == ["From 0", "From 1"], seconds=20)
        assert panel.secret() == other.secret()

    def test_what_one_began_to_send_another_goes_on_with(self, visitor, desk, gate):
        with desk.shop(gate.url) as shop:
            one = Panel(visitor.tab(), shop.url)
            one.open().say("First")
            until(lambda: one.states() == ["Delivered"])
            who = one.visitor()
            gate.shut()
            one.say("Second", "Third")
            time.sleep(0.5)
            other = visitor.tab()
            other.open("about:blank")
            one.tab.close()
            gate.is_open = True
            Panel(other, shop.url)
            desk.hears(who, "First", "Second", "Third")


class TestNetwork:
    def test_away_and_back(self, visitor, desk, gate):
        with desk.shop(gate.url) as shop:
            panel = Panel(visitor.tab(), shop.url)
            panel.open().say("Before")
            until(lambda: panel.states() == ["Delivered"])
            gate.shut()
            panel.say("While away", "Still away")
            until(lambda: "No connection" in panel.text(".note"))
            panel.shows("Before", "While away", "Still away")
            assert panel.states()[-1] == "Sending…"
            gate.is_open = True
            until(lambda: panel.states() == ["", "", "Delivered"], seconds=30)
            until(lambda: not panel.has(".note"))
            desk.hears(panel.visitor(), "Before", "While away", "Still away")

    @pytest.mark.parametrize("seed", [7, 8])
    def test_through_every_fault_of_the_network(self, visitor, desk, seed):
        port = urlsplit(desk.server.url).port
        assert port
        with proxy.FaultProxy(port, proxy.script(seed)) as faulty, desk.shop(faulty.url, sockets=False) as shop:
            panel = Panel(visitor.tab(), shop.url)
            panel.open().say(*NUMBERS)
            until(lambda: panel.lines() == NUMBERS and panel.states()[-1] == "Delivered", seconds=120)
            desk.hears(panel.visitor(), *NUMBERS)

    def test_without_a_socket_answers_come_all_the_same(self, visitor, desk):
        with desk.shop(sockets=False) as shop:
            panel = Panel(visitor.tab(), shop.url)
            panel.open().say("Hello")
            desk.answers(panel.visitor(), "By asking")
            panel.shows("Hello", "By asking", seconds=30)

    def test_a_key_that_is_refused(self, visitor, desk):
        with Shop(desk.server.url, desk.server.url, "ov_write_nothing", CHAT, port=desk.port).open() as shop:
            panel = Panel(visitor.tab(), shop.url)
            panel.click(".launch")
            until(lambda: panel.text(".note") == "The chat is closed just now.")
            panel.say("Hello")
            until(lambda: panel.states() == ["Not sent. Try again"])
            panel = Panel(panel.tab, shop.url + "/next")
            assert panel.states() == ["Not sent. Try again"] or panel.open().states() == ["Not sent. Try again"]


def test_a_server_that_is_killed_while_twenty_lines_go(browser: Browser, tmp_path: Path) -> None:
    visitor = browser.visitor()
    with Desk.open(tmp_path / "home") as desk, desk.shop() as shop:
        panel = Panel(visitor.tab(), shop.url).open()
        for number, text in enumerate(NUMBERS):
            panel.say(text)
            time.sleep(0.2)
            if number in {4, 15}:
                kill_api(desk.server)
        until(lambda: panel.lines() == NUMBERS and panel.states()[-1] == "Delivered", seconds=90)
        desk.hears(panel.visitor(), *NUMBERS, seconds=60)
        visitor.leave()


class TestWho:
    def test_somebody_else_begins_anew(self, desk, panel):
        panel.open().say("Mine")
        until(lambda: panel.states() == ["Delivered"])
        first = panel.secret()
        panel.type("half")
        panel.tab.run("onevoice.logout() ?? 0")
        panel.shows()
        assert panel.kept() == []
        assert panel.tab.run(f"{IN}.querySelector('textarea').value") == ""
        panel.say("Another's")
        panel.shows("Another's")
        assert panel.secret() != first
        desk.hears(panel.visitor(), "Another's")

    def test_another_account_is_somebody_else(self, panel):
        panel.tab.run("onevoice.identify('anna') ?? 0")
        panel.open().say("Mine")
        until(lambda: panel.states() == ["Delivered"])
        panel.tab.run("onevoice.identify('jan') ?? 0")
        panel.shows()

    def test_where_the_server_knows_it_for_another_visitors(self, shop, panel):
        panel.open().say("Mine")
        until(lambda: panel.states() == ["Delivered"])
        first = panel.secret()
        panel.tab.run(
            "(() => { for (const [name, value] of Object.entries(localStorage)) if (name.startsWith('onevoice.chat'))"
            " localStorage.setItem(name, JSON.stringify({...JSON.parse(value), device: null})) })()"
        )
        panel.tab.run("localStorage.setItem('onevoice.anonymous', 'somebody-else') ?? (document.cookie ="
                      " 'onevoice_id=somebody-else;Path=/;Domain=127.0.0.1') ?? 0")  # fmt: skip
        panel.say("Not mine")
        panel.shows("Not mine")
        until(lambda: panel.states() == ["Delivered"])
        assert panel.secret() != first

    def test_a_no_deletes_it(self, panel):
        panel.open().say("Mine")
        until(lambda: panel.states() == ["Delivered"])
        panel.tab.run("onevoice.consent({analytics: false}) ?? 0")
        until(lambda: panel.kept() == [])
        panel.say("Nobody's")  # a chat needs no consent, but nothing ties it to anybody
        until(lambda: panel.states() == ["Delivered"])
        assert panel.tab.run("[onevoice.ids(), document.cookie]") == [None, ""]

    def test_refused_storage(self, browser, desk, shop):
        visitor = browser.visitor()
        for place in ("localStorage", "sessionStorage"):
            visitor.prepare(f"Object.defineProperty(window, '{place}', {{ get() {{ throw new Error('no') }} }})")
        panel = Panel(visitor.tab(), shop.url)
        panel.open().say("One", "Two")
        panel.shows("One", "Two")
        until(lambda: panel.states() == ["", "Delivered"])
        desk.hears(panel.visitor(), "One", "Two")
        visitor.leave()

    def test_a_page_that_may_not_show_it(self, visitor, desk):
        with Shop(desk.server.url, desk.server.url, desk.server.write_key, CHAT).open() as foreign:
            panel = Panel(visitor.tab(), foreign.url)
            panel.click(".launch")
            until(lambda: panel.text(".note") == "The chat is closed just now.")
            panel.say("Hello")
            until(lambda: panel.states() == ["Not sent. Try again"])


class TestProof:
    def test_earlier_words_stand_there_until_they_log_out(self, visitor, desk, shop, panel):
        user = f"u-{uuid.uuid4()}"
        panel.tab.run(f"onevoice.identify({user!r}, {{}}, {desk.proof(user)!r}) ?? 0")
        panel.open().say("At home")
        until(lambda: panel.states() == ["Delivered"])
        desk.hears(panel.visitor(), "At home")
        panel.tab.run("onevoice.logout() ?? 0")
        panel.shows()
        panel.tab.run(f"onevoice.identify({user!r}, {{}}, {desk.proof(user)!r}) ?? 0")
        past = f"[...{IN}.querySelectorAll('[aria-label=\"Your earlier messages\"] p')].map((one) => one.textContent)"
        until(lambda: panel.tab.run(past) == ["At home"], seconds=30)
        assert panel.tab.run("JSON.stringify([localStorage, sessionStorage])").count("At home") == 0
        panel.tab.run("onevoice.logout() ?? 0")
        assert panel.tab.run(past) == []
        panel.tab.run(f"onevoice.identify({user!r}, {{}}, {desk.proof(user, secret='x' * 40)!r}) ?? 0")
        time.sleep(2)
        assert panel.tab.run(past) == []
        assert panel.tab.run("violations") == []


class TestFiles:
    def test_out_and_in_and_after_a_reload(self, visitor, desk, shop, panel):
        panel.open().type("It came like this")
        panel.drops(("boot.png", PNG), ("invoice.pdf", b"%PDF-1.7"))
        until(lambda: panel.attached() == ["boot.png \u2713", "invoice.pdf \u2713"])
        panel.click(".say > button:not([type])")
        panel.shows("It came like this")
        until(lambda: panel.states() == ["Delivered"])
        assert panel.attached() == []
        who = panel.visitor()
        desk.hears(who, "It came like this")
        (said,) = [each for each in desk.thread(who) if each["kind"] == "said"]
        assert [each["name"] for each in said["files"]] == ["boot.png", "invoice.pdf"]
        desk.answers_with(who, "Wear it like so", ("brama.png", PNG))
        panel.shows("It came like this", "Wear it like so")
        drawn = (
            f"[...{IN}.querySelectorAll('canvas')].map((one) => one.getContext('2d').getImageData(1, 1, 1, 1).data[0])"
        )
        until(lambda: panel.tab.run(drawn) == [200, 200], what="the images are not drawn")
        panel = Panel(panel.tab, shop.url + "/another")
        until(lambda: panel.tab.run(drawn) == [200, 200], what="the images are not drawn again", seconds=20)
        panel.tab.run("(window.saved = []) && (HTMLAnchorElement.prototype.click = function () {"
                      " saved.push([this.download, this.protocol]) }) && 0")  # fmt: skip
        for each in range(3):
            panel.tab.run(f"{IN}.querySelectorAll('.files button')[{each}].click() ?? 0")
        until(lambda: len(panel.tab.run("saved")) == 3)
        assert sorted(panel.tab.run("saved")) == [
            ["boot.png", "blob:"], ["brama.png", "blob:"], ["invoice.pdf", "blob:"],
        ]  # fmt: skip
        assert panel.tab.run("violations") == []

    def test_what_cannot_go_says_why_and_what_can_goes_on_by_itself(self, visitor, desk, gate):
        with desk.shop(gate.url) as shop:
            panel = Panel(visitor.tab(), shop.url)
            panel.open()
            panel.drops(("run.exe", b"MZ"), ("empty.txt", b""), ("a.txt", b"a"))
            until(
                lambda: (
                    panel.attached()
                    == ["run.exe Programs cannot be sent", "empty.txt The file is empty", "a.txt \u2713"]
                )
            )
            gate.shut()
            panel.drops(("b.txt", b"b"))
            panel.type("With two")
            panel.click(".say > button:not([type])")
            until(lambda: "still on their way" in panel.text(".clips > p"))
            assert panel.lines() == []
            gate.is_open = True
            until(lambda: panel.attached()[-1] == "b.txt \u2713", seconds=40)
            panel.click(".say > button:not([type])")
            panel.shows("With two")
            assert panel.attached() == ["run.exe Programs cannot be sent", "empty.txt The file is empty"]
            panel.click(".clips [aria-label='Take out run.exe']")
            panel.drops(*((f"{n}.txt", b"x") for n in range(6)))
            until(lambda: "Five files" in panel.text(".clips > p"))
            panel.tab.run("onevoice.logout() ?? 0")
            until(lambda: panel.attached() == [])

    def test_hostile_names_and_pages_are_only_text(self, desk, shop, panel):
        panel.tab.run("(window.__alarm = () => { window.rung = true }) && 0")
        names = [text.strip() for text in ALL if text.strip()][:10]
        panel.open()
        for at in (0, 5):
            panel.drops(*((name, f"<script>{name}</script>".encode()) for name in names[at : at + 5]))
            until(lambda: len(panel.attached()) == 5 and all(each.endswith("\u2713") for each in panel.attached()))
            panel.click(".say > button:not([type])")
            until(lambda: panel.attached() == [])
        until(lambda: panel.tab.run(f"{IN}.querySelectorAll('.files button').length") == 10)
        panel.drops(("photo\u202egnp.txt", b"It reads as another kind"))
        until(lambda: any(each.startswith("photognp.txt") for each in panel.attached()))
        panel = Panel(panel.tab, shop.url + "/again")
        panel.tab.run("(window.__alarm = () => { window.rung = true }) && 0")
        until(lambda: panel.tab.run(f"{IN}.querySelectorAll('.files button').length") == 10, seconds=20)
        evil = f"{IN}.querySelectorAll('[data-evil], .log script, .log img, .log iframe, .log canvas').length"
        assert panel.tab.run(f"[{evil}, window.rung ?? null]") == [0, None]
        assert panel.tab.run("violations") == []
        assert CANARY not in panel.tab.run("performance.getEntriesByType('resource').map((one) => one.name).join(' ')")


class TestHostile:
    def test_words_are_only_ever_text(self, desk, panel):
        corpus = [text.strip() for text in ALL if text.strip()][:60]
        panel.tab.run("(window.__alarm = () => { window.rung = true }) && 0")
        panel.open()
        joined = ["\n".join(corpus[n : n + 6]) for n in range(0, len(corpus), 6)]
        panel.say(*joined)
        until(lambda: panel.states()[-1] == "Delivered", seconds=30)
        who = panel.visitor()
        # A variable that nobody filled is not sent at all.
        desk.answers(who, "\n".join(corpus)[:3900].replace("{{", "{"))
        until(lambda: len(panel.lines()) == len(joined) + 1, seconds=20)
        assert panel.tab.run(f"{IN}.querySelectorAll('[data-evil], .log script, .log img, .log iframe').length") == 0
        links = panel.tab.run(f"[...{IN}.querySelectorAll('.log a')].map((one) => one.protocol)")
        assert set(links) <= {"http:", "https:"}
        assert panel.tab.run("[window.rung ?? null, violations]") == [None, []]
        assert CANARY not in panel.tab.run("performance.getEntriesByType('resource').map((one) => one.name).join(' ')")


def packed(pattern: str) -> dict[str, int]:
    return {each.name: each.stat().st_size for each in bootstrap.CONSOLE.glob(pattern)}


def test_it_is_small():
    """What one visitor loads: the snippet, the chat, one language, and what stands below the lines."""
    core, chat = packed("onevoice.js.gz"), packed("onevoice-chat.js.gz")
    parts = packed("onevoice-chat-*.js.gz")
    extras = [size for name, size in parts.items() if "-extras-" in name]
    files = [size for name, size in parts.items() if "-files-" in name]
    history = [size for name, size in parts.items() if "-history-" in name]
    words = [size for name, size in parts.items() if name.split("-")[2] in {"en", "pl", "ru"}]
    assert (len(core), len(chat), len(words), len(extras)) == (1, 1, 3, 1), parts
    # Loaded by few: with the first file, and for whoever is proven to be logged in.
    assert (len(files), len(history)) == (1, 1)
    assert sum(files) + sum(history) < SIZES["few"]
    assert sum(chat.values()) < SIZES["chat"], chat
    assert sum(core.values()) + sum(chat.values()) + max(words) + sum(extras) < SIZES["all"]
