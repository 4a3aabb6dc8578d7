"""What a person had spent at any moment, by what had happened and by what was known."""

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from linked_shop import Shop, lasting_shop, minutes

from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.profiles.service import operations, reading
from onevoice.kit.db import Database
from onevoice.kit.errors import DomainError
from onevoice.kit.postgres import Cluster

INSTANT = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def scratch_shop(cluster: Cluster) -> Iterator[Shop]:
    with lasting_shop(cluster, "spend") as shop:
        yield shop


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


def order(total: object, currency: str | None = "PLN", **more: object) -> dict[str, object]:
    return {"userId": "anna", "event": "Order Completed", "properties": {"total": total, "currency": currency}, **more}


def spend(shop: Shop, reference: str = "user_id:anna", **times: float) -> list[dict[str, object]]:
    answer = shop.profile(reference, **times)
    assert answer.status_code == 200
    return answer.json()["spend"]


def sums(*currencies: tuple[str, int, int]) -> list[dict[str, object]]:
    return [{"currency": currency, "orders": orders, "minor": minor} for currency, orders, minor in currencies]


class TestSpend:
    def test_strangers_learn_nothing_of_the_past_either(self, shop: Shop) -> None:
        shop.send(order(19.99))
        answer = shop.stranger().get("/api/profiles/user_id:anna", params={"as_of": minutes(1).isoformat()})
        assert answer.status_code == 401
        assert "spend" not in answer.text

    def test_is_of_what_had_happened_by_then(self, shop: Shop) -> None:
        shop.send(order(19.99), at=0)
        shop.send(order("300"), at=10)
        shop.send(order(5, "EUR"), at=20)
        assert spend(shop, as_of=-1) == []
        assert spend(shop, as_of=0) == sums(("PLN", 1, 1999))
        assert spend(shop, as_of=15) == sums(("PLN", 2, 31_999))
        assert spend(shop, as_of=20) == spend(shop) == sums(("EUR", 1, 500), ("PLN", 2, 31_999))

    def test_and_of_what_was_known_by_then(self, shop: Shop) -> None:
        shop.send(order(19.99), at=0)
        shop.send(order(300), at=5, learnt=30)
        assert spend(shop, known_at=10) == sums(("PLN", 1, 1999))
        assert spend(shop, as_of=10) == sums(("PLN", 2, 31_999))
        assert spend(shop, as_of=10, known_at=10) == sums(("PLN", 1, 1999))
        assert spend(shop, as_of=10, known_at=30) == sums(("PLN", 2, 31_999))

    def test_counts_only_what_counts_live(self, shop: Shop) -> None:
        for number, event_ in enumerate(
            [
                {**order(7), "event": "order completed"},
                {**order(7), "event": "Order Refunded"},
                {**order(7), "type": "page", "name": "Order Completed"},
                order("a lot"),
                order(None),
                {"userId": "anna", "event": "Order Completed"},
                {"userId": "anna", "event": "Order Completed", "properties": {"revenue": 8}},
            ]
        ):
            shop.send(event_, at=number)
        assert spend(shop, as_of=60, known_at=60) == spend(shop) == sums(("XXX", 1, 800))

    def test_a_merge_and_its_undo_are_followed(self, shop: Shop) -> None:
        shop.send(order(10), at=0)
        shop.send(order(20, userId="till"), at=1)
        merge = {"from": "user_id:till", "into": "user_id:anna", "reason": "one person"}
        done = shop.post("/api/identity/merges", merge, at=10).json()
        assert shop.post(f"/api/identity/merges/{done['id']}/undo", {}, at=20).status_code == 200
        apart, together = sums(("PLN", 1, 1000)), sums(("PLN", 2, 3000))
        assert [spend(shop, known_at=at) for at in (5, 15, 25)] == [apart, together, apart]
        assert spend(shop, as_of=0, known_at=15) == apart
        assert spend(shop, "user_id:till", known_at=5) == sums(("PLN", 1, 2000))

    def test_each_who_shared_a_device_keeps_their_own(self, shop: Shop) -> None:
        tablet = {"context": {"device": {"id": "tablet"}}}
        shop.send({**order(10), **tablet}, at=0)
        shop.send({**order(1, userId=None), **tablet}, at=1)
        shop.send({"userId": "anna", "event": "Signed Out", **tablet}, at=2)
        shop.send({**order(20, userId="jan"), **tablet}, at=3)
        shop.send({**order(2, userId=None), **tablet}, at=4)
        assert spend(shop, as_of=60, known_at=60) == spend(shop) == sums(("PLN", 2, 1100))
        assert spend(shop, "user_id:jan", as_of=60, known_at=60) == sums(("PLN", 2, 2200))
        assert spend(shop, as_of=0, known_at=60) == sums(("PLN", 1, 1000))


# Property: whatever happened, in whatever order it was learnt, whoever was joined and parted.

USERS = ("anna", "jan")
SENDERS = [(user, browser) for user in (None, *USERS) for browser in (None, "tablet", "till") if user or browser]
DEEDS = ("order", "order", "logout", "merge", "merge", "undo", "split")
steps = st.tuples(
    st.sampled_from(DEEDS),
    st.sampled_from(SENDERS),
    st.integers(-500, 10_000),
    st.sampled_from(("PLN", "EUR")),
    st.integers(0, 60),
)
OPENING = [("order", (user, None), 1000, "PLN", 0) for user in USERS]
stories = st.lists(steps, min_size=2, max_size=14)


class Story:
    """One story of many in a shop: its people are its own, and time goes on. A step takes 10 minutes; events may be
    late by more."""

    numbers = itertools.count()

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.name = f"s{next(self.numbers)}"
        with shop.home.database.transaction() as conn:
            (self.before,) = conn.execute("select coalesce(max(nid), 0) from identity.node").fetchone() or (0,)
        self.merges: list[int] = []
        self.sent: list[tuple[datetime, str, int]] = []
        self.known: set[str] = set()

    @property
    def now(self) -> datetime:
        return self.shop.home.clock.now()

    def reference(self, kind: str, name: str) -> str:
        return f"{kind}:{self.name}-{name}"

    def view(self, reference: str, as_of: AsOf) -> reading.View:
        key = self.shop.home.secrets.vault_key
        with self.shop.home.database.transaction() as conn:
            return reading.view(conn, reference, vault_key=key, as_of=as_of, sources={})

    def spends(self, as_of: AsOf) -> dict[str, dict[str, tuple[int, int]]]:
        return {reference: self.view(reference, as_of).spend for reference in sorted(self.known)}

    def everybodys(self, as_of: AsOf) -> dict[str, tuple[int, int]]:
        """The sums over all people, whom nobody can name too: somebody between two logins."""
        with self.shop.home.database.transaction() as conn:
            rows = conn.execute("select distinct pid from identity.node where nid > %s", (self.before,)).fetchall()
        found: dict[str, tuple[int, int]] = {}
        for (pid,) in rows:
            for currency, (orders, minor) in self.view(f"profile:{pid}", as_of).spend.items():
                had = found.get(currency, (0, 0))
                found[currency] = (had[0] + orders, had[1] + minor)
        return found

    def orders(self, reference: str) -> list[tuple[datetime, str, int]]:
        """From the timeline, the other way from events to people."""
        found = self.view(reference, AsOf())
        with self.shop.home.database.transaction() as conn:
            query = identity.TimelineQuery(names=("Order Completed",), limit=200)
            rows, _ = identity.timeline(conn, found.members, query)
        told = [(row.happened, row.body["properties"]) for row in rows]
        return [(at, said["currency"], round(said["total"] * 100)) for at, said in told]

    def play(self, step: tuple) -> None:
        self.shop.home.clock.advance(timedelta(minutes=10))
        what, who, minor, currency, late = step
        if what in {"order", "logout"}:
            self.send(what, who, minor, currency, late)
            return
        with suppress(DomainError):  # one that cannot be done leaves everything as it was
            self.operate(what)
            event(what)

    def send(self, what: str, who: tuple[str | None, str | None], minor: int, currency: str, late: int) -> None:
        user, browser = who
        carried = {"userId": user and f"{self.name}-{user}", "anonymousId": browser and f"{self.name}-{browser}"}
        self.known |= {self.reference("user_id", user)} if user else set()
        self.known |= {self.reference("anonymous_id", browser)} if browser else set()
        ordered = {"event": "Order Completed", "properties": {"total": minor / 100, "currency": currency}}
        at = (self.now - minutes(0)) / timedelta(minutes=1)
        if what == "order":
            self.sent.append((minutes(at - late), currency, minor))
        self.shop.send(
            {**carried, **(ordered if what == "order" else {"event": "Signed Out"})}, at=at - late, learnt=at
        )

    def operate(self, what: str) -> None:
        one, other = (self.reference("user_id", user) for user in USERS)
        key = self.shop.home.secrets.vault_key
        request = operations.Request("test", "a reason", self.now, key)
        with self.shop.home.database.transaction() as conn:
            if what == "merge":
                done = operations.merge(conn, one, other, request, {})
                assert done.operation.id is not None
                self.merges.append(done.operation.id)
            elif what == "split":
                operations.split(conn, one, [other], request, {})
            elif self.merges:
                operations.undo(conn, self.merges.pop(), request, {})


def total(orders: list[tuple[datetime, str, int]]) -> dict[str, tuple[int, int]]:
    counts, money = Counter(one[1] for one in orders), Counter()
    for _, currency, minor in orders:
        money[currency] += minor
    return {currency: (count, money[currency]) for currency, count in counts.items()}


@given(stories)
@settings(
    max_examples=int(os.environ.get("ONEVOICE_EXAMPLES", "10")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_as_of_any_moment_is_what_the_folds_said_then(scratch_shop: Shop, story: list[tuple]) -> None:
    told = Story(scratch_shop)
    then: list[tuple[datetime, dict[str, dict[str, tuple[int, int]]]]] = []
    for step in OPENING + story:
        told.play(step)
        then.append((told.now, told.spends(AsOf())))
    for moment, folded in then:
        seen = {reference: told.view(reference, AsOf(None, moment)).spend for reference in folded}
        assert seen == folded, "what was known then"
    now = told.now
    folded = told.spends(AsOf())
    for times in (AsOf(now, now), AsOf(now), AsOf(None, now)):
        assert told.spends(times) == folded, "now, worked out from events"
    for moment in {now, *(at for at, *_ in told.sent)}:
        assert told.everybodys(AsOf(moment)) == total([one for one in told.sent if one[0] <= moment]), "each order once"
    for reference, spent in folded.items():
        orders = told.orders(reference)
        assert spent == total(orders)
        if orders:
            last = max(at for at, *_ in orders)
            before = told.view(reference, AsOf(last - INSTANT)).spend
            assert before == total([one for one in orders if one[0] < last]), "less by exactly the last order"
