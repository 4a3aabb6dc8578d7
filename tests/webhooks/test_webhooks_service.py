"""Deliveries on a real database: kept with their events or not at all, once however often they come."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from onevoice import bootstrap
from onevoice.domains.access.errors import SourceConflictError, UnknownChannelError
from onevoice.domains.access.service import audit as audits
from onevoice.domains.access.service import keys
from onevoice.domains.events.service import log as events
from onevoice.domains.webhooks import store
from onevoice.domains.webhooks.errors import (
    InvalidSignatureError,
    MappingChangedError,
    UnknownDeliveryError,
    UnknownMappingError,
    UnknownWebhookError,
    UnreadablePayloadError,
    UnusableSecretError,
)
from onevoice.domains.webhooks.rules import signature
from onevoice.domains.webhooks.service import deliveries, manage
from onevoice.kit.chance import SystemChance
from onevoice.kit.home import Secrets
from onevoice.kit.sealing import Sealer, UnsealableError, derived
from webhooks.conftest import NOON, ORDER, PAID, Hook, mapping, random_secret


def audit(hook: Hook) -> list[tuple[str, dict[str, Any] | None, dict[str, Any] | None]]:
    with hook.database.transaction() as conn:
        entries = audits.audit_log(conn, limit=50)
    return [
        (each.audit.action, each.audit.before, each.audit.after)
        for each in reversed(entries)
        if each.audit.action.startswith("webhook.")
    ]


class TestCreate:
    def test_has_a_secret_that_the_database_does_not_give_away(self, hook):
        with hook.database.transaction() as conn:
            told = " ".join(str(row) for row in conn.execute("select w::text from webhooks.webhook w").fetchall())
            (sealed,) = conn.execute("select secret from webhooks.webhook").fetchone()
        assert hook.shown.secret.startswith("whsec_")
        assert hook.secret not in sealed
        assert hook.secret.hex() not in told
        assert hook.shown.secret not in told
        assert hook.sealer.unseal(sealed, hook.public_id) == hook.secret

    def test_leaves_an_audit_line_without_the_secret(self, hook):
        assert audit(hook) == [
            (
                "webhook.created",
                None,
                {"name": "web shop", "source": "web shop", "channel": "shop", "site": "pl"},
            )
        ]

    def test_takes_a_secret_that_the_sender_gave(self, hook):
        assert hook.made("crm", secret=random_secret(24)).secret == random_secret(24)

    @pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA"])
    def test_an_empty_or_short_secret_cannot_exist(self, hook, secret):
        with pytest.raises(UnusableSecretError):
            hook.made("crm", secret=secret)

    def test_a_source_keeps_its_channel_and_its_site(self, hook):
        assert hook.made("second", source="web shop").webhook.source_id == hook.shown.webhook.source_id
        with hook.database.transaction() as conn:
            keys.ensure_source(conn, "till", channel="shop", site="en", clock=hook.clock)
        with pytest.raises(SourceConflictError):
            hook.made("third", source="till")

    def test_an_invented_channel_is_refused(self, hook):
        with hook.database.transaction() as conn, pytest.raises(UnknownChannelError):
            keys.ensure_source(conn, "x", channel="pigeon", site="main", clock=hook.clock)


class TestSealing:
    def test_what_is_sealed_for_one_place_is_opened_in_no_other(self):
        sealer, chance = Sealer(b"k" * 32, "webhooks"), SystemChance()
        sealed = sealer.seal(b"secret", "wh_a", chance)
        assert sealer.unseal(sealed, "wh_a") == b"secret"
        assert sealed != sealer.seal(b"secret", "wh_a", chance)
        for other, place, text in (
            (sealer, "wh_b", sealed),
            (Sealer(b"l" * 32, "webhooks"), "wh_a", sealed),
            (Sealer(b"k" * 32, "else"), "wh_a", sealed),
            (sealer, "wh_a", sealed[:-1] + bytes([sealed[-1] ^ 1])),
            (sealer, "wh_a", b""),
        ):
            with pytest.raises(UnsealableError):
                other.unseal(text, place)

    def test_keys_are_derived_as_the_rfc_says(self):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        wanted = HKDF(hashes.SHA256(), 32, None, b"webhooks").derive(b"k" * 32)
        assert derived(b"k" * 32, "webhooks") == wanted


class TestRotate:
    def rotated(self, hook, *, at_once: bool = False, given: str | None = None):
        with hook.database.transaction() as conn:
            return manage.rotate(
                conn, hook.id, given=given, at_once=at_once, sealer=hook.sealer, actor="owner",
                clock=hook.clock, chance=hook.chance,
            )  # fmt: skip

    def test_both_secrets_are_taken_for_a_day_and_then_only_the_new_one(self, hook):
        hook.map()
        old, new = hook.secret, signature.read_secret(self.rotated(hook).secret)
        body = json.dumps(ORDER).encode()
        hook.clock.advance(timedelta(hours=23, minutes=59))
        assert hook.send(ORDER, "m1", hook.headers(body, "m1", old)).verdict == "taken"
        assert hook.send(ORDER, "m2", hook.headers(body, "m2", new)).verdict == "taken"
        hook.clock.advance(timedelta(minutes=1))
        with pytest.raises(InvalidSignatureError):
            hook.send(ORDER, "m3", hook.headers(body, "m3", old))
        assert hook.send(ORDER, "m4", hook.headers(body, "m4", new)).verdict == "taken"

    def test_one_that_leaked_ends_at_once(self, hook):
        old = hook.secret
        shown = self.rotated(hook, at_once=True)
        assert shown.webhook.previous_until is None
        with pytest.raises(InvalidSignatureError):
            hook.send(ORDER, "m1", hook.headers(json.dumps(ORDER).encode(), "m1", old))

    def test_an_empty_one_cannot_be_given(self, hook):
        with pytest.raises(UnusableSecretError):
            self.rotated(hook, given="whsec_")

    def test_leaves_an_audit_line_without_the_secret(self, hook):
        shown = self.rotated(hook)
        (_, (action, _, after)) = audit(hook)
        assert action == "webhook.secret_rotated"
        assert shown.secret not in json.dumps(after)


class TestReceive:
    def test_keeps_the_delivery_and_its_event(self, hook):
        hook.map()
        assert (hook.send(ORDER).verdict, hook.send(ORDER, "msg_2").events) == ("taken", 1)
        first, second = hook.log()
        assert first["messageId"] == f"{hook.public_id}-msg_1-0"
        assert first["properties"] == {"order_id": "1001", "total": 129.9, "currency": "PLN"}
        assert second["messageId"] != first["messageId"]
        assert [(each.message_id, each.verdict, each.version) for each in hook.kept()] == [
            ("msg_2", "taken", 1),
            ("msg_1", "taken", 1),
        ]

    @pytest.mark.parametrize("payload", [b"", b"no json", b"[", b"7", b'"text"', b"null", b"\xff\xfe"])
    def test_what_is_no_object_and_no_list_is_refused_and_not_kept(self, hook, payload):
        with pytest.raises(UnreadablePayloadError):
            hook.send(payload)
        assert hook.kept() == []

    def test_a_forged_one_leaves_nothing(self, hook):
        hook.map()
        other = hook.made("another")
        body = json.dumps(ORDER).encode()
        with pytest.raises(InvalidSignatureError):
            hook.send(ORDER, "msg_1", hook.headers(body, "msg_1", signature.read_secret(other.secret)))
        assert (hook.kept(), hook.log()) == ([], [])

    def test_a_replayed_one_makes_nothing_twice(self, hook):
        hook.map()
        headers = hook.headers(json.dumps(ORDER).encode())
        first, again = hook.send(ORDER, headers=headers), hook.send(ORDER, headers=headers)
        assert (again.repeated, again.delivery_id, again.events) == (True, first.delivery_id, 1)
        assert len(hook.log()) == 1
        hook.clock.advance(timedelta(minutes=6))
        with pytest.raises(InvalidSignatureError):
            hook.send(ORDER, headers=headers)

    def test_sent_anew_hours_later_it_is_the_same(self, hook):
        hook.map()
        hook.send(ORDER)
        hook.clock.advance(timedelta(hours=8))
        assert hook.send(ORDER).repeated
        assert len(hook.log()) == 1

    def test_sent_anew_after_it_was_forgotten_its_event_is_a_repeat(self, hook):
        hook.map()
        hook.send(ORDER)
        hook.clock.advance(timedelta(days=31))
        with hook.database.transaction() as conn:
            deliveries.housekeep(conn, hook.clock.now())
        assert hook.kept() == []
        hook.send(ORDER)
        first, second = hook.log()
        assert first["messageId"] == second["messageId"]

    def test_twenty_at_once_with_one_id_are_one(self, hook):
        hook.map()
        with ThreadPoolExecutor(10) as pool:
            receipts = list(pool.map(lambda _: hook.send(ORDER), range(20)))
        assert sum(not each.repeated for each in receipts) == 1
        assert len({each.delivery_id for each in receipts}) == 1
        assert len(hook.log()) == 1

    def test_a_crash_between_the_two_leaves_neither(self, hook, monkeypatch):
        hook.map()

        def broken(*_):
            raise psycopg.OperationalError("the server went away")

        with monkeypatch.context() as patched:
            patched.setattr(events, "append", broken)
            with pytest.raises(psycopg.OperationalError):
                hook.send(ORDER)
        assert (hook.kept(), hook.log()) == ([], [])
        assert hook.send(ORDER).verdict == "taken"

    def test_who_waits_for_one_that_fails_brings_its_own(self, hook):
        hook.map()
        body = json.dumps(ORDER).encode()
        with hook.database.transaction() as conn, ThreadPoolExecutor(1) as pool:
            outcome = store.Outcome("taken", 1, 1, 1, ())
            assert store.insert_delivery(conn, hook.id, "msg_1", body, outcome, NOON)
            waiting = pool.submit(hook.send, ORDER)
            threading.Event().wait(0.3)
            assert not waiting.done()
            conn.rollback()
            assert waiting.result(10).repeated is False
        assert len(hook.log()) == 1

    def test_one_that_came_before_any_mapping_is_kept(self, hook):
        assert hook.send(ORDER).verdict == "not_mapped"
        (kept,) = hook.kept()
        assert [each.code for each in kept.problems] == ["no_mapping"]
        assert hook.log() == []

    def test_one_bad_record_is_kept_and_the_others_go_on(self, hook):
        hook.map()
        receipt = hook.send([ORDER, {**ORDER, "paid_at": "yesterday"}, ORDER])
        assert (receipt.verdict, receipt.events) == ("not_mapped", 2)
        assert [each["messageId"][-2:] for each in hook.log()] == ["-0", "-2"]
        assert [(each.code, each.record) for each in hook.kept()[0].problems] == [("time_unreadable", 1)]

    def test_what_nobody_wants_is_ignored(self, hook):
        hook.map()
        assert hook.send({**ORDER, "status": "draft"}).verdict == "ignored"
        assert hook.log() == []

    def test_the_door_of_the_log_judges_too(self, hook):
        rule = {"make": "track", "event": {"text": "E"}}
        hook.map({"rules": [rule]})
        assert hook.send(ORDER).verdict == "not_mapped"
        assert [each.code for each in hook.kept()[0].problems] == ["no_identifier"]
        hook.map({"rules": [{**rule, "user_id": "id", "properties": {"copy_from": "@"}}]}, based_on=1)
        assert hook.send({"id": 1, "long": "x" * 300_000}, "m2").verdict == "not_mapped"
        assert [each.code for each in hook.kept()[0].problems] == ["event_too_large"]
        with hook.database.transaction() as conn:
            assert events.open_dead_letters(conn) == 0

    def test_of_two_events_of_a_record_none_goes_alone(self, hook):
        rule = {"make": "track", "event": {"path": "name"}, "user_id": "id", "traits": {"copy_from": "person"}}
        hook.map({"rules": [rule]})
        assert hook.send({"id": 1, "person": {"city": "Gdynia"}, "name": "x" * 300}).verdict == "not_mapped"
        assert hook.log() == []

    def test_a_mapping_that_multiplies_the_payload_does_not_fill_the_disk(self, hook):
        rule = {"make": "track", "event": {"text": "E"}, "user_id": "id", "properties": {"copy_from": "$"}}
        hook.map({"records": "all", "rules": [rule]})
        assert hook.send({"all": [{"id": 1}] * 1500, "long": "x" * 100_000}).verdict == "not_mapped"
        (kept,) = hook.kept()
        assert {each.code for each in kept.problems} == {"too_much_made"}
        assert kept.events < 100

    @pytest.mark.parametrize(
        "body",
        [
            b'{"id": 1, "x": NaN, "y": 1e400, "z": "\\u0000\\ud800"}',
            b'{"id": 1, "n": ' + b"9" * 400 + b"}",
            b'{"id": 1, "d": ' + b"[" * 500 + b"]" * 500 + b"}",
            b'{"id": 1, "id": 2, "__proto__": {"a": 1}}',
            '{"id": 1, "żółw": "żółw"}'.encode("utf-16"),
        ],
    )
    def test_odd_json_is_taken_as_the_intake_takes_it(self, hook, body):
        rule = {"make": "track", "event": {"text": "E"}, "user_id": "id", "properties": {"copy_from": "@"}}
        hook.map({"rules": [rule]})
        assert hook.send(body).verdict == "taken"
        assert len(hook.log()) == 1
        with hook.database.transaction() as conn:
            kept, payload = deliveries.delivery(conn, hook.id, hook.kept()[0].id)
        assert kept.size_bytes == len(body)
        json.dumps(payload).encode()

    def test_an_event_without_a_time_of_its_own_happens_as_it_comes(self, hook):
        hook.map({"rules": [{"make": "identify", "user_id": "id"}]})
        hook.send({"id": 1})
        assert hook.log()[0]["timestamp"] == NOON.isoformat()

    def test_it_ends_in_a_profile(self, hook):
        hook.map()
        hook.send(ORDER)
        secrets = Secrets(b"v" * 32, b"s" * 32, b"l" * 32)
        home = bootstrap.Installation(hook.database, secrets, hook.clock, hook.chance)
        with bootstrap.linking_steps(home) as step:
            assert step() == 1
        with hook.database.transaction() as conn:
            spent = conn.execute("select currency, minor from profiles.spend").fetchall()
        assert spent == [("PLN", 12990)]


class TestRetry:
    def test_sends_what_could_not_be_mapped_through_again(self, hook):
        hook.send(ORDER, "m1")
        hook.send({**ORDER, "status": "draft"}, "m2")
        hook.map()
        hook.send(ORDER, "m3")
        done = hook.retry()
        assert (done.tried, done.taken, done.unmapped, done.next_after) == (2, 2, 0, None)
        assert [(each.message_id, each.verdict, each.version) for each in hook.kept()] == [
            ("m3", "taken", 1),
            ("m2", "ignored", 1),
            ("m1", "taken", 1),
        ]
        assert sorted(each["messageId"][-4:] for each in hook.log()) == ["m1-0", "m3-0"]
        assert audit(hook)[-1] == ("webhook.retried", None, {"version": 1, "tried": 2, "taken": 2})

    def test_happened_when_it_came_and_not_when_it_was_tried_again(self, hook):
        hook.send({"id": 1})
        hook.clock.advance(timedelta(days=2))
        hook.map({"rules": [{"make": "identify", "user_id": "id"}]})
        hook.retry()
        assert hook.log()[0]["timestamp"] == NOON.isoformat()

    def test_what_still_cannot_be_mapped_stays_with_its_new_reason(self, hook):
        hook.send({"status": "new"})
        hook.map()
        assert hook.retry().unmapped == 1
        (kept,) = hook.kept()
        assert [each.code for each in kept.problems] == ["no_rule"]
        assert kept.retried_at == NOON

    def test_records_that_became_events_before_do_so_under_the_same_id(self, hook):
        hook.map()
        hook.send([ORDER, {**ORDER, "status": "packed"}])
        hook.map({"rules": [*PAID["rules"], {"make": "ignore"}]}, based_on=1)
        hook.retry()
        first, second = hook.log()
        assert first["messageId"] == second["messageId"]

    def test_goes_on_where_it_was(self, hook):
        for n in range(5):
            hook.send(ORDER, f"m{n}")
        hook.map()
        first = hook.retry(limit=3)
        assert (first.tried, first.next_after) == (3, hook.kept()[2].id)
        assert hook.retry(after=first.next_after, limit=3).tried == 2
        assert len(hook.log()) == 5

    def test_a_call_ends_after_some_megabytes(self, hook):
        for n in range(5):
            hook.send({**ORDER, "note": "x" * 900_000}, f"m{n}")
        hook.map()
        first = hook.retry()
        assert (first.tried, first.next_after) == (3, hook.kept()[2].id)
        assert hook.retry(after=first.next_after).tried == 2

    def test_two_at_once_do_it_once(self, hook):
        for n in range(10):
            hook.send(ORDER, f"m{n}")
        hook.map()
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda _: hook.retry(), range(2)))
        assert sum(each.tried for each in done) == 10
        assert len(hook.log()) == 10

    def test_nothing_to_do_leaves_no_line(self, hook):
        before = len(audit(hook))
        assert hook.retry().tried == 0
        assert len(audit(hook)) == before


class TestMappings:
    def test_each_change_is_a_version_and_the_older_stay(self, hook):
        hook.map()
        hook.map({"rules": [{"make": "ignore", "name": "all"}]}, based_on=1)
        with hook.database.transaction() as conn:
            found = manage.mappings(conn, hook.id)
            assert manage.mapping(conn, hook.id, 1).mapping == mapping()
            with pytest.raises(UnknownMappingError):
                manage.mapping(conn, hook.id, 3)
        assert [each.version for each in found] == [2, 1]
        assert audit(hook)[-1] == ("webhook.mapping_changed", {"version": 1}, {"version": 2, "rules": ["all"]})

    def test_a_change_of_what_somebody_else_changed_is_refused(self, hook):
        hook.map()
        with pytest.raises(MappingChangedError):
            hook.map(based_on=0)

    def test_two_at_once_make_one_version(self, hook):
        def attempt(_):
            try:
                hook.map()
            except MappingChangedError:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]


class TestRehearse:
    def rehearsed(self, hook, **options: Any):
        with hook.database.transaction() as conn:
            return deliveries.rehearse(conn, hook.id, mapping(options.pop("raw", None)), clock=hook.clock, **options)

    def test_tells_what_the_last_deliveries_would_become_and_changes_nothing(self, hook):
        hook.send(ORDER, "m1")
        hook.send({**ORDER, "total": "free"}, "m2")
        latest, earlier = self.rehearsed(hook)
        assert [each.code for each in latest.records[0].problems] == ["not_money"]
        assert earlier.records[0].events[0]["event"] == "Order Completed"
        assert [each.verdict for each in hook.kept()] == ["not_mapped", "not_mapped"]
        assert hook.log() == []

    def test_tells_what_the_door_would_say(self, hook):
        rule = {"make": "track", "event": {"text": "E"}}
        (trial,) = self.rehearsed(hook, raw={"rules": [rule]}, payload="{}")
        assert [each.code for each in trial.records[0].problems] == ["no_identifier"]

    def test_of_one_delivery_and_of_a_payload(self, hook):
        first = hook.send(ORDER, "m1").delivery_id
        hook.send(ORDER, "m2")
        assert [each.delivery_id for each in self.rehearsed(hook, delivery_ids=[first])] == [first]
        (trial,) = self.rehearsed(hook, payload=json.dumps(ORDER))
        assert (trial.delivery_id, len(trial.records[0].events)) == (None, 1)

    def test_what_is_not_there_or_no_json_is_told(self, hook):
        with pytest.raises(UnknownDeliveryError):
            self.rehearsed(hook, delivery_ids=[99])
        with pytest.raises(UnreadablePayloadError):
            self.rehearsed(hook, payload="{")


class TestOutsider:
    def test_a_delivery_is_seen_by_its_own_webhook_only(self, hook):
        sent = hook.send(ORDER).delivery_id
        other = hook.made("another").webhook.id
        with hook.database.transaction() as conn:
            with pytest.raises(UnknownDeliveryError):
                deliveries.delivery(conn, other, sent)
            with pytest.raises(UnknownDeliveryError):
                deliveries.suggestion(conn, other, delivery_id=sent, payload=None)
            with pytest.raises(UnknownDeliveryError):
                deliveries.rehearse(conn, other, mapping(), delivery_ids=[sent], clock=hook.clock)


class TestDelete:
    def test_takes_its_deliveries_along_and_leaves_the_events(self, hook):
        hook.map()
        hook.send(ORDER)
        with hook.database.transaction() as conn:
            manage.delete(conn, hook.id, actor="owner", clock=hook.clock)
        with pytest.raises(UnknownWebhookError):
            hook.kept()
        with pytest.raises(UnknownWebhookError):
            hook.send(ORDER, "m2")
        assert len(hook.log()) == 1
        assert audit(hook)[-1][0] == "webhook.deleted"


class TestHousekeep:
    def test_drops_what_is_older_than_thirty_days(self, hook):
        hook.send(ORDER, "old")
        hook.clock.advance(timedelta(days=29))
        hook.send(ORDER, "young")
        hook.clock.advance(timedelta(days=1, seconds=1))
        with hook.database.transaction() as conn:
            deliveries.housekeep(conn, hook.clock.now())
        assert [each.message_id for each in hook.kept()] == ["young"]
