"""Senders as they run, in processes of their own: killed at any moment, many at once, providers that misbehave,
withdrawals in the middle of a batch.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from delivery.post import Post
from onevoice import bootstrap
from onevoice.domains.delivery.contracts.channels import Limits
from onevoice.domains.delivery.rules.facts import Cap, Policy
from onevoice.domains.delivery.service import accounts, asking, policy, why
from onevoice.kit import bus
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.home import Home
from onevoice.kit.sealing import Sealer
from onevoice.sandbox.provider import Fault, Provider

ROUNDS = int(os.environ.get("ONEVOICE_CRASH_ROUNDS", "4"))
ALWAYS = Policy(hours=(0, 0))


@dataclass
class Yard:
    """A post with a provider behind it, and senders that can be killed."""

    post: Post
    home: Home
    provider: Provider
    ports: list[int] = field(default_factory=list)
    senders: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def account(self, channel: str = "sandbox", name: str = "main", *, provider: Provider | None = None, **more: Any):
        post = self.post
        found = provider or self.provider
        with post.database.transaction() as conn:
            wanted = accounts.AccountCreate(
                channel, name, "pl", {"url": found.url, "token": found.token, "timeout_seconds": 2}, **more
            )
            return accounts.create(
                conn, wanted, post.channels, post.sealer, actor="owner", clock=post.clock, chance=post.chance
            )

    def start(self, count: int = 1) -> None:
        places = ",".join(f"127.0.0.1:{each}" for each in self.ports)
        environ = {**os.environ, "ONEVOICE_RUNNING_URL": self.post.database.url, "ONEVOICE_ALLOWED_PLACES": places}
        environ["PYTHONWARNINGS"] = "default"
        command = [sys.executable, "-m", "onevoice", "sender", "--home", str(self.home.path)]
        for _ in range(count):
            self.senders.append(subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL))

    def kill(self) -> None:
        for each in self.senders:
            with contextlib.suppress(ProcessLookupError):
                each.send_signal(signal.SIGKILL)
            each.wait(timeout=10)
        self.senders.clear()

    def stop(self) -> None:
        for each in self.senders:
            each.terminate()
        for each in self.senders:
            each.wait(timeout=40)
        self.senders.clear()

    def counts(self) -> dict[int, int]:
        with psycopg.connect(self.post.database.url) as conn:
            return dict(conn.execute("select state, count(*) from delivery.message group by state").fetchall())

    def told(self) -> int:
        """How many events stand in the log; what its senders did is all that happens in a yard."""
        with psycopg.connect(self.post.database.url) as conn:
            row = conn.execute("select coalesce(sum(n), 0)::int from events.log").fetchone()
        assert row is not None
        return row[0]

    def lapse(self) -> None:
        """As though the leases of the dead had run out."""
        with psycopg.connect(self.post.database.url) as conn:
            conn.execute("update delivery.message set lease_until = '2000-01-01' where state = 2")

    def settled(self, seconds: float = 60) -> None:
        """Until nothing waits and nothing is on its way."""
        until = time.monotonic() + seconds
        while any(self.counts().get(state) for state in (1, 2)):
            assert time.monotonic() < until, self.counts()
            time.sleep(0.05)


@pytest.fixture
def yard(database: Database, tmp_path) -> Iterator[Yard]:
    home = Home(tmp_path / "home")
    secrets = home.secrets(SystemChance())
    post = Post(database, clock=SystemClock(), chance=SystemChance(), channels=bootstrap.manifests())
    post.sealer = Sealer(secrets.vault_key, accounts.PURPOSE)
    bootstrap.installation(database.url, secrets, name="tests", max_connections=1).database.close()
    with post.database.transaction() as conn:
        policy.change(conn, ALWAYS, based_on=0, actor="owner", clock=post.clock)
    with Provider() as provider:
        made = Yard(post, home, provider)
        made.ports = [provider.port]
        yield made
        made.kill()


def ask(yard: Yard, people: list[int], text: str, channel: str = "sandbox", **more: Any) -> list[int]:
    return [
        each.id for each in yard.post.ask(*(yard.post.wanted(n, text, channels=(channel,), **more) for n in people))
    ]


class TestKilled:
    def test_with_a_key_nothing_is_lost_and_nothing_is_doubled(self, yard):
        """Killed between the provider's 200 and our commit, among other moments."""
        yard.account()
        people = [yard.post.willing()[0] for _ in range(40)]
        before = yard.told()
        chance = random.Random(5)
        asked: list[int] = []
        for number in range(ROUNDS):
            asked += ask(yard, people, f"Offer {number}")
            yard.provider.mix({"slow": 0.3, "silence": 0.02}, seconds=0.2)
            yard.start(2)
            time.sleep(1.2 + chance.random())
            yard.kill()
            yard.lapse()
        yard.provider.mix({})
        yard.start()
        yard.settled(60 + ROUNDS)
        yard.stop()
        assert yard.counts() == {3: len(asked)}
        assert yard.told() == before + len(asked)
        accepted = yard.provider.accepted()
        assert accepted == {f"ov-{number}": 1 for number in asked}

    def test_without_a_key_at_most_once_and_the_doubt_is_said(self, yard):
        yard.account("sandbox_keyless")
        people = [yard.post.willing()[0] for _ in range(60)]
        asked = ask(yard, people, "Once", "sandbox_keyless")
        yard.provider.mix({"slow": 0.5}, seconds=0.5)
        yard.start()
        until = time.monotonic() + 20
        while len(yard.provider.ledger) < 10:
            assert time.monotonic() < until
            time.sleep(0.02)
        yard.kill()
        yard.lapse()
        yard.provider.mix({})
        yard.start()
        yard.settled()
        yard.stop()
        counts = yard.counts()
        assert counts.get(3, 0) + counts.get(11, 0) == len(asked)
        assert counts.get(11, 0) > 0
        by_address = yard.provider.accepted()
        assert max(by_address.values()) == 1
        assert len(by_address) >= counts.get(3, 0)

    def test_stopped_in_good_order_nothing_is_in_doubt(self, yard):
        yard.account("sandbox_keyless")
        asked = ask(yard, [yard.post.willing()[0] for _ in range(60)], "Once", "sandbox_keyless")
        yard.provider.mix({"slow": 1.0}, seconds=0.3)
        yard.start()
        until = time.monotonic() + 20
        while len(yard.provider.ledger) < 10:
            assert time.monotonic() < until
            time.sleep(0.02)
        yard.stop()
        counts = yard.counts()
        assert set(counts) <= {1, 3}
        assert counts.get(3, 0) == len(yard.provider.ledger)
        assert sum(counts.values()) == len(asked)


class TestTelling:
    def test_pages_are_woken_a_few_times_a_second_however_many_go(self, yard):
        yard.account()
        asked = ask(yard, [yard.post.willing()[0] for _ in range(300)], "Offer")
        with psycopg.connect(yard.post.database.url, autocommit=True) as ear:
            bus.listen(ear, asking.CHANGED)
            began = time.monotonic()
            yard.start()
            yard.settled()
            woken = sum(1 for _ in ear.notifies(timeout=0.5))
            took = time.monotonic() - began
        yard.stop()
        assert yard.counts() == {3: len(asked)}
        assert 1 <= woken <= took / 0.2 + 2


class TestTrouble:
    @pytest.mark.parametrize("channel", ["sandbox", "sandbox_keyless"])
    def test_whatever_the_provider_does_the_books_agree(self, yard, channel):
        yard.account(channel, limits=Limits(1000, 1000, 10))
        asked = ask(yard, [yard.post.willing()[0] for _ in range(60)], "Trouble", channel)
        kinds = ["error", "unavailable", "reset", "torn", "cut", "garbage", "slow", "refused", "unheard"]
        yard.provider.script(Fault(kinds[n % len(kinds)], 0.05) for n in range(45))
        yard.start(2)
        self.hurry(yard)
        yard.stop()
        counts = yard.counts()
        accepted = yard.provider.accepted()
        assert max(accepted.values()) == 1
        assert sum(counts.values()) == len(asked)
        assert set(counts) <= ({3, 9} if channel == "sandbox" else {3, 9, 11})
        assert len(accepted) >= counts[3]
        assert len(accepted) <= counts[3] + counts.get(11, 0)

    def hurry(self, yard: Yard) -> None:
        """Waits between attempts are for providers, not for tests."""
        until = time.monotonic() + 60
        while any(yard.counts().get(state) for state in (1, 2)):
            assert time.monotonic() < until, yard.counts()
            with psycopg.connect(yard.post.database.url) as conn:
                conn.execute("update delivery.message set due_at = '2026-01-01' where state = 1 and attempt > 0")
                conn.execute("update delivery.pace set blocked_until = null, failures = 0, trips = 0")
            time.sleep(0.2)

    @pytest.mark.parametrize("kind", ["too_many", "too_many_date"])
    def test_retry_after_in_both_forms_is_obeyed_by_all(self, yard, kind):
        yard.account()
        asked = ask(yard, [yard.post.willing()[0] for _ in range(4)], "Later")
        yard.provider.script([Fault(kind, 4)] * 4)
        yard.start(2)
        until = time.monotonic() + 20
        while not yard.provider.done[kind]:
            assert time.monotonic() < until
            time.sleep(0.01)
        refused = time.monotonic()
        while not yard.provider.ledger:
            assert time.monotonic() < until + 20
            time.sleep(0.01)
        assert time.monotonic() - refused > 2.5  # a date has whole seconds only
        yard.settled(20)
        assert sorted(each.key for each in yard.provider.ledger) == sorted(f"ov-{number}" for number in asked)

    def test_another_account_takes_over_and_nothing_is_doubled(self, yard):
        with Provider() as second:
            yard.ports.append(second.port)
            yard.account()
            yard.account(name="second", provider=second)
            yard.provider.mix({"unavailable": 1.0})
            asked = ask(yard, [yard.post.willing()[0] for _ in range(30)], "Over")
            yard.start(2)
            until = time.monotonic() + 60
            while yard.counts().get(3, 0) < len(asked):
                assert time.monotonic() < until, yard.counts()
                with psycopg.connect(yard.post.database.url) as conn:
                    conn.execute("update delivery.message set due_at = '2026-01-01' where state = 1 and attempt > 0")
                    conn.execute(
                        "update delivery.pace set trips = 2, blocked_until = '2100-01-01' where account_id = 1"
                    )
                time.sleep(0.2)
            yard.stop()
            assert yard.provider.ledger == []
            assert second.accepted() == {f"ov-{number}": 1 for number in asked}


class TestMany:
    def test_eight_senders_one_budget(self, yard):
        """Each person is asked ten messages by two channels; two a day may go."""
        with yard.post.database.transaction() as conn:
            change = Policy(hours=(0, 0), caps=(Cap(2, 24),))
            policy.change(conn, change, based_on=1, actor="owner", clock=yard.post.clock)
        yard.account()
        yard.account("sandbox_keyless")
        people = [yard.post.willing()[0] for _ in range(25)]
        for number in range(10):
            ask(yard, people, f"Offer {number}", "sandbox" if number % 2 else "sandbox_keyless")
        yard.start(8)
        until = time.monotonic() + 60
        while (counts := yard.counts()).get(3, 0) + self.waiting(yard) < 250:
            assert time.monotonic() < until, counts
            time.sleep(0.2)
        time.sleep(1)
        yard.stop()
        with psycopg.connect(yard.post.database.url) as conn:
            per_person = dict(
                conn.execute("select person, count(*) from delivery.message where state = 3 group by person").fetchall()
            )
        assert per_person == dict.fromkeys(people, 2)
        assert len(yard.provider.ledger) == 50

    def waiting(self, yard: Yard) -> int:
        """Those that were put off until tomorrow."""
        with psycopg.connect(yard.post.database.url) as conn:
            row = conn.execute("select count(*) from delivery.message where state = 1 and rule = 'pressure'").fetchone()
        return row[0] if row else 0

    def test_what_is_waited_for_is_not_behind_a_campaign(self, yard):
        yard.account(limits=Limits(150, 50, 20))
        ask(yard, [yard.post.willing()[0] for _ in range(600)], "Campaign")
        yard.start(2)
        until = time.monotonic() + 20
        while not yard.provider.ledger:
            assert time.monotonic() < until
            time.sleep(0.02)
        began = time.monotonic()
        (receipt,) = ask(yard, yard.post.person("email"), "Paid", message_class="transactional", purpose="orders")
        while yard.post.message(receipt).state != "sent":
            assert time.monotonic() < began + 3
            time.sleep(0.02)
        assert yard.counts().get(1, 0) > 0  # the campaign still goes on


class TestRacing:
    def test_no_send_without_live_consent(self, yard):
        """Withdrawals race a running batch: a claim that began after one was committed sends nothing."""
        yard.account(limits=Limits(400, 50, 20))
        people = [yard.post.willing()[0] for _ in range(400)]
        asked = ask(yard, people, "Race")
        withdrawn: dict[int, Any] = {}

        def withdraw() -> None:
            for nid in random.Random(3).sample(people, 200):
                yard.post.says(nid, "withdraw")
                withdrawn[nid] = SystemClock().now()
                time.sleep(0.004)

        yard.start(3)
        until = time.monotonic() + 20
        while not yard.provider.ledger:
            assert time.monotonic() < until
            time.sleep(0.01)
        racer = threading.Thread(target=withdraw)
        racer.start()
        racer.join()
        yard.settled()
        yard.stop()
        sent = stopped = 0
        for number in asked:
            found = yard.post.message(number)
            if found.person in withdrawn and found.state == "sent":
                with yard.post.database.transaction() as conn:
                    claimed = [each for each in why.why(conn, number).moments if each.body.moment == "claimed"]
                assert claimed[-1].body.facts.at <= withdrawn[found.person]
                sent += 1
            stopped += found.state == "suppressed"
        assert stopped > 0
        assert sent + stopped >= 200

    def test_asking_for_one_key_from_many_sides_at_once(self, yard):
        yard.account()
        (nid,) = yard.post.willing()
        wanted = yard.post.wanted(nid, channels=("sandbox",))
        found: list[Any] = []

        def one() -> None:
            with yard.post.database.transaction() as conn:
                found.extend(asking.ask(conn, [wanted], yard.post.channels, [], clock=yard.post.clock))

        threads = [threading.Thread(target=one) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len({each.id for each in found}) == 1
        assert sum(not each.repeated for each in found) == 1
