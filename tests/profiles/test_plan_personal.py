"""What is declared personal goes into the vault from the very next batch on, and stands nowhere else."""

import threading
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest
from linked_shop import Shop

from onevoice.domains.events.contracts import Declared, Frame, PlanChange
from onevoice.domains.events.service import log, plan
from onevoice.domains.events.service.learning import Learner
from onevoice.domains.identity.service import sealing as identity_sealing
from onevoice.domains.profiles.jobs import link, seal, turns
from onevoice.domains.profiles.jobs.link import LinkingJob
from onevoice.domains.profiles.service import sealing
from onevoice.kit import db
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from waiting import until

CANARY = "canary-4711-value"
VAULT_KEY = b"v" * 32
PERSONAL = Declared(personal=True)
# Where it may stand: the log and the dead letters keep what came for a time, as documented; the vault for good.
ALLOWED = {"identity.vault", "events.log", "events.dead_letter"}


def declare(database: Database, type_: str, name: str, *paths: str, declared: Declared = PERSONAL) -> None:
    with database.transaction() as conn:
        change = PlanChange(properties=dict.fromkeys(paths, declared))
        plan.declare(conn, (type_, name), change, actor="dev", clock=SystemClock())


def standing_in(database: Database, text: str) -> set[str]:
    """Every table of which a row, as text, holds `text`. Partitions count as the table they belong to."""
    found: set[str] = set()
    with database.transaction() as conn:
        tables = conn.execute(
            "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'"
        ).fetchall()
        assert len(tables) > 25
        for (table,) in tables:
            if conn.execute(f"select 1 from {table} t where t::text like %s limit 1", (f"%{text}%",)).fetchone():
                found.add(table)
    return found


def learn(database: Database) -> None:
    learner = Learner(database.transaction)
    while learner.step(1_000, datetime(2026, 5, 3, tzinfo=UTC)).events:
        pass


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


def sent(name: str = "Survey Answered", **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": "u-1", **more}


class TestCanary:
    def test_the_search_finds_what_is_not_hidden(self, shop: Shop, database: Database) -> None:
        shop.send(sent(properties={"comment": CANARY}))
        assert "identity.event" in standing_in(database, CANARY)

    @pytest.mark.parametrize(
        ("path", "event"),
        [
            ("properties.comment", sent(properties={"comment": CANARY, "mark": 5})),
            ("properties.comment", sent(properties={"comment": {"text": [CANARY], "mark": True}})),
            ("properties.answers[].text", sent(properties={"answers": [{"text": CANARY}, {"text": "x"}, 3]})),
            ("properties.answers[]", sent(properties={"answers": [CANARY, "x"]})),
            ("properties.by.*", sent(properties={"by": {"4711-0815-22": CANARY}})),
            ("properties.a.b.c", sent(properties={"a": {"b": {"c": CANARY}}})),
            ("properties.buyer", sent(properties={"buyer": {"email": "a@shop.example", "note": CANARY}})),
            ("properties.address.note", sent(properties={"address": {"note": CANARY, "city": "x"}})),
        ],
    )
    def test_a_declared_property_stands_in_the_vault_only(
        self, shop: Shop, database: Database, path: str, event: dict[str, Any]
    ) -> None:
        declare(database, "track", "Survey Answered", path)
        shop.send(event)
        learn(database)
        assert standing_in(database, CANARY) <= ALLOWED
        assert "identity.vault" in standing_in(database, CANARY)
        stored = shop.profile("user_id:u-1", "/events").json()["data"][0]
        assert stored["properties"] == event["properties"]

    @pytest.mark.parametrize("path", ["traits.shoe", "context.traits.shoe"])
    @pytest.mark.parametrize("where", ["traits", "context"])
    def test_a_declared_trait_stands_in_the_vault_only(
        self, shop: Shop, database: Database, path: str, where: str
    ) -> None:
        declare(database, "identify", "", path)
        traits = {"shoe": CANARY, "plan": "gold"}
        told = {"traits": traits} if where == "traits" else {"context": {"traits": traits}}
        shop.send({"type": "identify", "userId": "u-1", **told})
        shop.send(sent(context={"traits": traits}))
        assert standing_in(database, CANARY) <= ALLOWED
        traits_now = {each["name"]: each["value"] for each in shop.profile("user_id:u-1", "/traits").json()["data"]}
        assert traits_now == traits

    def test_a_trait_of_a_group(self, shop: Shop, database: Database) -> None:
        declare(database, "group", "", "traits.owner")
        shop.send({"type": "group", "userId": "u-1", "groupId": "g", "traits": {"owner": CANARY}})
        assert standing_in(database, CANARY) <= ALLOWED

    def test_a_yes_and_a_number_are_hidden_too_and_null_stays(self, shop: Shop, database: Database) -> None:
        declare(database, "track", "Survey Answered", "properties.a", "properties.b", "properties.c")
        shop.send(sent(properties={"a": True, "b": 4711, "c": None}))
        with database.transaction() as conn:
            body = conn.execute("select body -> 'properties' from identity.event").fetchone()
        assert body is not None
        assert [set(body[0][key]) for key in "ab"] == [{"@vault"}, {"@vault"}]
        assert body[0]["c"] is None

    def test_an_archived_event_goes_on_being_hidden(self, shop: Shop, database: Database) -> None:
        declare(database, "track", "Survey Answered", "properties.comment")
        with database.transaction() as conn:
            plan.archive(conn, 1, actor="dev", clock=SystemClock())
        shop.send(sent(properties={"comment": CANARY}))
        assert standing_in(database, CANARY) <= ALLOWED

    def test_other_events_are_left_alone(self, shop: Shop, database: Database) -> None:
        declare(database, "track", "Survey Answered", "properties.comment")
        shop.send(sent("Other", properties={"comment": "plain"}))
        assert "identity.event" in standing_in(database, "plain")

    def test_no_value_is_in_the_audit_log(self, shop: Shop, database: Database) -> None:
        shop.send(sent(properties={"comment": CANARY}))
        learn(database)
        with database.transaction() as conn:
            plan.accept(conn, 1, actor="dev", clock=SystemClock())
        assert "access.audit" not in standing_in(database, CANARY)


KEY = b"k" * 32


class TestEarlier:
    """What was stored before the declaration is sealed afterwards, a little at a time."""

    NOW = datetime(2026, 5, 4, tzinfo=UTC)

    def follow(self, database: Database, known: plan.Personal | None = None) -> plan.Personal:
        with database.transaction() as conn:
            return sealing.follow(conn, known, self.NOW)

    def seal(self, database: Database) -> int:
        """All there is; gives the steps it took."""
        self.follow(database)
        for steps in range(100):
            with database.transaction() as conn:
                if sealing.step(conn, VAULT_KEY, self.NOW).idle:
                    return steps
        raise AssertionError("it never ends")

    def progress(self, database: Database) -> list[tuple[str, int, bool]]:
        with database.transaction() as conn:
            return [(each.path, each.sealed, each.finished_at is not None) for each in sealing.progress(conn)]

    @pytest.mark.parametrize(
        ("path", "properties"),
        [
            ("properties.comment", {"comment": CANARY, "mark": 5, "email": "a@shop.example"}),
            ("properties.answers[].text", {"answers": [{"text": CANARY}, {"text": "x"}]}),
            ("properties.buyer", {"buyer": {"email": "a@shop.example", "note": CANARY, "@vault": 3}}),
        ],
    )
    def test_properties(self, shop: Shop, database: Database, path: str, properties: dict[str, Any]) -> None:
        shop.send(sent(properties=properties))
        assert "identity.event" in standing_in(database, CANARY)
        declare(database, "track", "Survey Answered", path)
        assert self.seal(database) == 1
        assert standing_in(database, CANARY) <= ALLOWED
        assert shop.profile("user_id:u-1", "/events").json()["data"][0]["properties"] == properties
        assert self.progress(database) == [(path, 1, True)]

    @pytest.mark.parametrize("path", ["traits.shoe", "context.traits.shoe", "traits.size.shoe"])
    def test_traits_that_were_folded(self, shop: Shop, database: Database, path: str) -> None:
        value = {"size": {"shoe": CANARY}} if "size" in path else {"shoe": CANARY}
        shop.send({"type": "identify", "userId": "u-1", "traits": {**value, "plan": "gold"}})
        shop.send({"type": "identify", "userId": "u-2", "traits": {"shoe": "other"}})
        assert {"identity.event", "profiles.trait"} <= standing_in(database, CANARY)
        declare(database, "identify", "", path)
        self.seal(database)
        assert standing_in(database, CANARY) <= ALLOWED
        traits = {each["name"]: each["value"] for each in shop.profile("user_id:u-1", "/traits").json()["data"]}
        assert traits == {**value, "plan": "gold"}

    def test_traits_of_a_shared_device_that_has_changed_hands(self, shop: Shop, database: Database) -> None:
        shop.send({"type": "identify", "anonymousId": "a", "userId": "u-1", "traits": {"plan": "x"}})
        shop.send({"type": "identify", "anonymousId": "a", "userId": "u-2", "traits": {"plan": "y"}}, at=10)
        shop.send({"type": "identify", "anonymousId": "a", "traits": {"shoe": CANARY}}, at=20)
        declare(database, "identify", "", "traits.shoe")
        self.seal(database)
        assert standing_in(database, CANARY) <= ALLOWED

    def test_goes_on_where_it_was_and_is_idempotent(
        self, shop: Shop, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(identity_sealing, "AT_ONCE", 2)
        for number in range(5):
            shop.send(sent(properties={"comment": f"{CANARY} {number}"}))
        declare(database, "track", "Survey Answered", "properties.comment")
        self.follow(database)
        with database.transaction() as conn:
            assert sealing.step(conn, VAULT_KEY, self.NOW).events == 2
        with database.transaction() as conn:
            sealing.step(conn, VAULT_KEY, self.NOW)
            conn.rollback()
        assert self.progress(database) == [("properties.comment", 2, False)]
        self.seal(database)
        assert self.progress(database) == [("properties.comment", 5, True)]
        assert standing_in(database, CANARY) <= ALLOWED
        with database.transaction() as conn:
            conn.execute("update identity.sealing set finished_at = null, done_seq = 0, sealed = 0")
        self.seal(database)
        assert self.progress(database) == [("properties.comment", 0, True)]

    def test_what_is_declared_again_is_sealed_again(self, shop: Shop, database: Database) -> None:
        declare(database, "track", "Survey Answered", "properties.comment")
        self.seal(database)
        with database.transaction() as conn:
            change = PlanChange(properties={"properties.comment": Declared()})
            plan.change(conn, 1, 1, change, actor="dev", clock=SystemClock())
        self.seal(database)
        assert self.progress(database) == []
        shop.send(sent(properties={"comment": CANARY}))
        assert "identity.event" in standing_in(database, CANARY)
        with database.transaction() as conn:
            plan.change(
                conn, 1, 2, PlanChange(properties={"properties.comment": PERSONAL}), actor="dev", clock=SystemClock()
            )
        self.seal(database)
        assert standing_in(database, CANARY) <= ALLOWED

    def test_one_value_of_one_person_is_kept_once(self, shop: Shop, database: Database) -> None:
        for _ in range(3):
            shop.send(sent(properties={"comment": CANARY}))
        declare(database, "track", "Survey Answered", "properties.comment")
        self.seal(database)
        shop.send(sent(properties={"comment": CANARY}))
        with database.transaction() as conn:
            assert conn.execute("select count(*) from identity.vault where key = 'comment'").fetchone() == (1,)

    def test_two_never_seal_the_same(self, shop: Shop, database: Database) -> None:
        shop.send(sent(properties={"comment": CANARY}))
        declare(database, "track", "Survey Answered", "properties.comment")
        self.follow(database)
        with database.transaction() as one, database.transaction() as other:
            assert sealing.step(one, VAULT_KEY, self.NOW).events == 1
            assert sealing.step(other, VAULT_KEY, self.NOW).idle

    def test_the_job_does_it_by_itself(self, shop: Shop, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(turns, "PAUSE_SECONDS", 0.05)
        shop.send(sent(properties={"comment": CANARY}))
        stop = threading.Event()
        thread = threading.Thread(target=seal.run, args=(database, VAULT_KEY, SystemClock(), stop))
        thread.start()
        try:
            declare(database, "track", "Survey Answered", "properties.comment")
            until(lambda: standing_in(database, CANARY) <= ALLOWED, seconds=20)
        finally:
            stop.set()
            thread.join()
        answer = shop.get("/api/plan/sealing", type="track", name="Survey Answered").json()
        assert [(each["path"], each["share"], each["sealed"]) for each in answer["data"]] == [
            ("properties.comment", 1.0, 1)
        ]


class TestLinker:
    """The change is honoured by the batch that comes after it, also by one that had been prepared before."""

    @pytest.fixture
    def job(self, shop: Shop, database: Database) -> Any:
        job = LinkingJob(KEY, SystemClock(), lambda: db.dedicated(database.url, name="test-linker"))
        yield job
        job.close()

    def append(self, database: Database, count: int, start: int = 0) -> None:
        events = [{"messageId": f"m{n}", **sent(properties={"comment": CANARY})} for n in range(start, start + count)]
        with database.transaction() as conn:
            log.append(conn, [Frame(1, datetime(2026, 5, 3, tzinfo=UTC), None, count, msgspec.json.encode(events))])

    def clear(self, database: Database) -> int:
        with database.transaction() as conn:
            row = conn.execute("select count(*) from identity.event where body::text like %s", (f"%{CANARY}%",))
            return row.fetchone()[0]  # type: ignore[index]

    def test_what_was_prepared_before_the_change_is_prepared_again(
        self, database: Database, job: LinkingJob, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(link, "MAX_EVENTS", 20)
        for batch in range(3):
            self.append(database, 20, batch * 20)
        with database.transaction() as conn:
            job.step(conn)
        running = job._ahead._running
        assert running is not None
        assert running.result(timeout=20) is not None
        declare(database, "track", "Survey Answered", "properties.comment")
        for _ in range(2):
            with database.transaction() as conn:
                assert job.step(conn).linked == 20
        assert self.clear(database) == 20

    def test_a_change_waits_for_the_batch_that_is_being_linked(self, database: Database, job: LinkingJob) -> None:
        self.append(database, 5)
        done = threading.Event()

        def change() -> None:
            declare(database, "track", "Survey Answered", "properties.comment")
            done.set()

        with database.transaction() as conn:
            job.step(conn)
            thread = threading.Thread(target=change)
            thread.start()
            assert not done.wait(0.3)
        thread.join(20)
        assert done.is_set()
        self.append(database, 5, 5)
        with database.transaction() as conn:
            job.step(conn)
        assert self.clear(database) == 5

    def test_a_change_of_anything_else_waits_for_nobody(self, database: Database, job: LinkingJob) -> None:
        self.append(database, 5)
        with database.transaction() as conn:
            job.step(conn)
            declare(database, "track", "Survey Answered", "properties.comment", declared=Declared(type="text"))

    def test_the_careful_way_honours_it_too(self, database: Database, job: LinkingJob) -> None:
        declare(database, "track", "Survey Answered", "properties.comment")
        self.append(database, 5)
        with database.transaction() as conn:
            assert job.step_carefully(conn).linked == 5
        assert self.clear(database) == 0

    def test_nothing_declared_costs_two_short_questions(self, database: Database, job: LinkingJob) -> None:
        with psycopg.connect(database.url) as conn:
            first = plan.hold_personal(conn, plan.NOTHING_PERSONAL)
            assert first.paths is plan.NOTHING_PERSONAL.paths
            assert plan.hold_personal(conn, first) is first
