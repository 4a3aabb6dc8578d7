"""Whoever is killed while people talk, and whenever: both sides have the same thread, nothing lost, nothing twice."""

import json
import random
import threading
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from crash_arena import Arena, arena, rounds_wanted
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from onevoice import bootstrap
from onevoice.bootstrap import sending
from onevoice.domains.delivery.service import accounts
from onevoice.domains.delivery.store.messages import STATE_NUMBER
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Home
from waiting import until

SHOP = "https://shop.example"
LOGIN, PASSWORD = "owner@shop.example", "an owner's long password"
VISITORS = 10
HARMS = ("api", "worker", "sender", "server", "database", "everything")


def furnish(server: Arena) -> None:
    """A chat, and somebody who answers in it."""
    home = Home(server.home)
    installed = bootstrap.installation(server.database_url, home.secrets(SystemChance()), name="crash")
    bootstrap.create_account(installed, login=LOGIN, name="Olga", password=PASSWORD, role="owner", language="en")
    wanted = accounts.AccountCreate("chat", "chat", "main", {"brand": "Northfold", "origins": SHOP})
    with installed.database.transaction() as conn:
        accounts.create(
            conn, wanted, sending.manifests(), sending.sealer(installed),
            actor="crash", clock=installed.clock, chance=installed.chance,
        )  # fmt: skip
    installed.database.close()


class Person(threading.Thread):
    """Does one thing after the other, each until it is acknowledged."""

    def __init__(self, server: Arena, seed: int) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.chance = random.Random(seed)
        self.client = httpx.Client(base_url=server.url, timeout=5)
        self.stopping = threading.Event()
        self.done: list[str] = []
        self.begun: list[str] = []

    def asked(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response | None:
        """As clients ask: again, until there is an answer. None where it is time to stop."""
        while not self.stopping.is_set():
            try:
                answer = self.client.post(path, json=body, headers=headers)
                if answer.status_code == 200:
                    return answer
                assert answer.status_code in {429, 503}, answer.text
            except httpx.HTTPError:
                pass
            self.stopping.wait(0.2)
        return None


class Visitor(Person):
    """Writes from a page of the shop, and sees what is answered by its socket, whichever server that ends at."""

    def __init__(self, server: Arena, number: int) -> None:
        super().__init__(server, number)
        self.reference = f"anonymous_id:visitor-{number}"
        self.about = {"key": server.write_key, "secret": f"secret-of-visitor-{number:08}"}
        self.seen: list[dict[str, Any]] = []
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.over = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            text = f"{self.reference} {number}"
            body = {**self.about, "id": f"line-{number:06}", "text": text, "device": self.reference[13:]}
            self.begun.append(text)
            if self.asked("/v1/chat/say", body, {"Origin": SHOP}) is None:
                return
            self.done.append(text)
            if number == 1:
                self.reading.start()
            self.stopping.wait(self.chance.uniform(1.8, 2.6))  # thirty words a minute are allowed

    def _read(self) -> None:
        address = self.server.url.replace("http", "ws", 1) + "/v1/chat/socket"
        while not self.over.is_set():
            try:
                with connect(address, origin=Origin(SHOP), open_timeout=5) as socket:
                    socket.send(json.dumps({**self.about, "after": len(self.seen)}))
                    while not self.over.is_set():
                        self._see(json.loads(socket.recv(timeout=1)))
            except TimeoutError:
                continue  # nothing was said for a while: a new socket is as good
            except (WebSocketException, OSError):
                self.over.wait(0.2)

    def _see(self, frame: dict[str, Any]) -> None:
        if line := frame.get("line"):
            assert line["n"] == len(self.seen) + 1, (self.reference, line, len(self.seen))
            self.seen.append(line)

    def lines(self) -> list[dict[str, Any]]:
        """What a page that is opened now finds in its chat."""
        found: list[dict[str, Any]] = []
        while True:
            body = {**self.about, "after": len(found)}
            answer = httpx.post(f"{self.server.url}/v1/chat/open", json=body, headers={"Origin": SHOP}, timeout=30)
            assert answer.status_code == 200, answer.text
            page = answer.json()["lines"]
            if not page:
                return found
            found += page


class Colleague(Person):
    """Answers whoever has written."""

    def __init__(self, server: Arena, visitors: list[Visitor]) -> None:
        super().__init__(server, 7)
        self.visitors = visitors
        form = {"login": LOGIN, "password": PASSWORD}
        answer = self.client.post("/login", data=form, headers={"Origin": server.url})
        assert answer.status_code == 303, answer.text
        self.headers = {"Origin": server.url, "X-Onevoice-Csrf": self.client.cookies["onevoice_csrf"]}

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            who = self.chance.choice(self.visitors)
            text = f"answer {number} to {who.reference}"
            body = {"key": f"answer-{number}", "text": text, "knows": 0, "channel": "chat", "anyway": True}
            self.begun.append(text)
            answer = self.asked(f"/api/conversations/{who.reference}/replies", body, self.headers)
            if answer is None:
                return
            assert answer.json()["state"] not in {"suppressed", "failed"}, answer.text
            self.done.append(text)
            self.stopping.wait(0.2)

    def thread(self, who: Visitor) -> list[dict[str, Any]]:
        """What the desk shows, oldest first."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.client.get(f"/api/conversations/{who.reference}/thread?limit=100{cursor}", timeout=30)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [each for each in page["data"] if each["kind"] == "said"]
            if page["next_cursor"] is None:
                return found[::-1]
            cursor = f"&cursor={page['next_cursor']}"


def judge(visitors: list[Visitor], colleague: Colleague) -> int:
    """How many words there are, once both sides were found to have the same."""
    count = 0
    for who in visitors:
        lines, thread = who.lines(), colleague.thread(who)
        assert [each["n"] for each in lines] == list(range(1, len(lines) + 1))
        for ours in (False, True):
            told = [each["text"] for each in lines if each["ours"] == ours]
            assert len(told) == len(set(told)), "nothing stands twice"
            assert [each["text"] for each in thread if (each["author"] != "customer") == ours] == told, who.reference
            person = colleague if ours else who
            mine = {text for text in person.done if not ours or text.endswith(f" to {who.reference}")}
            assert mine <= set(told) <= set(person.begun), "whatever was acknowledged is there, and nothing else"
        assert [each["text"] for each in who.seen] == [each["text"] for each in lines], "an open page missed nothing"
        count += len(lines)
    return count


def talk(home: Path, *, rounds: int, seed: int) -> None:
    with arena(home, seed) as server:
        furnish(server)
        visitors = [Visitor(server, number) for number in range(VISITORS)]
        for each in visitors:
            each.start()
        until(lambda: all(each.done for each in visitors), seconds=30, what="everybody has begun")
        colleague = Colleague(server, visitors)
        until(lambda: all(colleague.thread(each) for each in visitors), seconds=30, what="the desk knows them")
        colleague.start()
        people = [*visitors, colleague]
        for _ in range(rounds):
            before = [len(each.done) for each in people]
            until(
                lambda before=before: all(len(each.done) > count for each, count in zip(people, before, strict=True)),
                seconds=60, what="everybody goes on",
            )  # fmt: skip
            server.harm(server.chance.choice(HARMS))
        for each in people:
            each.stopping.set()
        for each in people:
            each.join(30)
        until(lambda: settled(server), seconds=120, what="what was asked for has gone")
        until(lambda: all(len(each.seen) == len(each.lines()) for each in visitors), seconds=30, what="pages have it")
        for each in visitors:
            each.over.set()
            each.reading.join(30)
        count = judge(visitors, colleague)
        for each in people:
            each.client.close()
        assert count > 5 * rounds
        print(count, "words,", len(colleague.done), "of them answers")


def settled(server: Arena) -> bool:
    """Nothing waits for the sender, and the desk knows all that was said."""
    try:
        with psycopg.connect(server.database_url) as conn:
            row = conn.execute(
                "select not exists (select from delivery.message where state = any(%s))"
                " and (select seq from conversations.follower) >= (select max(seq_to) from identity.batch)",
                ([STATE_NUMBER["queued"], STATE_NUMBER["sending"]],),
            ).fetchone()
    except psycopg.OperationalError:
        return False
    return bool(row and row[0]) and server.linked_all()


@pytest.mark.long
def test_both_sides_have_the_same_thread_whoever_is_killed(tmp_path: Path) -> None:
    talk(tmp_path / "home", rounds=max(4, rounds_wanted() // 10), seed=11)
