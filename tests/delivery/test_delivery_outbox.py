from datetime import timedelta

import pytest

from delivery.post import NOON
from onevoice.domains.delivery.contracts.channels import Limits
from onevoice.domains.delivery.contracts.messages import Content
from onevoice.domains.delivery.errors import (
    ActionRequired,
    InvalidMessageError,
    NotCancellableError,
    Permanent,
    Retriable,
    UnknownChannelError,
)
from onevoice.domains.delivery.rules.facts import Cap, Policy
from onevoice.domains.delivery.service import accounts, asking, claiming, policy, settling, why
from onevoice.domains.delivery.store import hearing as heard_store
from onevoice.domains.delivery.store import messages as message_store
from onevoice.domains.delivery.store.messages import ATTEMPTS_SHOWN


def writer(post, account):
    """Somebody who has written, and may be answered."""
    (nid,) = post.person()
    with post.database.transaction() as conn:
        heard_store.note_reach(conn, account.id, nid, post.clock.now(), opens=None)
    return nid


def answer(post, nid, text, **more):
    return post.send(nid, text, message_class="conversational", purpose="orders", **more)


class TestAsk:
    def test_who_agreed_is_written_to(self, post):
        account = post.account()
        (nid,) = post.willing("email")
        asked = post.send(nid)
        assert (asked.state, asked.channel) == ("queued", "email")
        claim = post.claim(account)
        assert [each.outgoing.address for each in claim.claimed] == [f"p{nid}@n.example"]
        assert claim.claimed[0].outgoing.unsubscribe_url is not None
        post.settle(account, claim)
        found = post.message(asked.id)
        assert (found.state, found.provider_id, found.attempt) == ("sent", f"p-{asked.id}", 1)

    def test_who_was_never_asked_is_not_and_the_silence_is_kept(self, post):
        account = post.account()
        (nid,) = post.person("email")
        asked = post.send(nid)
        assert (asked.state, asked.rule, asked.why) == ("suppressed", "consent", "never_asked")
        assert post.goes(account) == []

    def test_the_same_key_asks_once(self, post):
        account = post.account()
        (nid,) = post.willing()
        wanted = post.wanted(nid)
        first, again = post.ask(wanted, wanted)
        assert (again.id, again.repeated, first.repeated) == (first.id, True, False)
        assert post.ask(wanted)[0].repeated
        assert post.goes(account) == [first.id]

    def test_nothing_of_a_batch_is_kept_when_one_of_it_makes_no_sense(self, post):
        post.account()
        (nid,) = post.willing()
        with pytest.raises(UnknownChannelError):
            post.ask(post.wanted(nid), post.wanted(nid, channels=("pigeon",)))
        with pytest.raises(InvalidMessageError):
            post.ask(post.wanted(nid), post.wanted(nid, text="  "))
        with post.database.transaction() as conn:
            assert conn.execute("select count(*) from delivery.message").fetchone() == (0,)

    def test_no_account_of_the_channel(self, post):
        (nid,) = post.willing()
        assert post.send(nid).why == "no_account"

    def test_the_best_of_several(self, post):
        post.account("email")
        telegram = post.account("telegram")
        _, nid = post.willing("email", "telegram")
        with post.database.transaction() as conn:
            conn.execute("insert into delivery.reach values (%s, %s, true, %s, %s)", (telegram.id, nid, NOON, NOON))
        assert post.send(nid, channels=()).channel == "telegram"

    def test_a_time_of_its_own(self, post):
        account = post.account()
        (nid,) = post.willing()
        asked = post.send(nid, due_at=NOON + timedelta(hours=2))
        assert post.goes(account) == []
        post.later(hours=2)
        assert post.goes(account) == [asked.id]

    def test_at_night_it_waits_for_the_morning(self, post):
        account = post.account()
        (nid,) = post.willing()
        post.later(hours=11)
        asked = post.send(nid)
        assert (asked.state, asked.rule, asked.until) == ("queued", "quiet_hours", NOON + timedelta(hours=21))
        post.later(hours=5)
        assert post.goes(account) == []
        post.later(hours=5)
        assert post.goes(account) == [asked.id]

    def test_it_can_be_cancelled_while_it_waits(self, post):
        account = post.account()
        (nid,) = post.willing()
        asked = post.send(nid)
        with post.database.transaction() as conn:
            assert asking.cancel(conn, asked.id, actor="owner", clock=post.clock).state == "cancelled"
        assert post.goes(account) == []
        other = post.send(nid, "Another")
        post.claim(account)
        with post.database.transaction() as conn, pytest.raises(NotCancellableError):
            asking.cancel(conn, other.id, actor="owner", clock=post.clock)


class TestClaim:
    def test_a_withdrawal_that_was_committed_before_wins(self, post):
        account = post.account()
        (nid,) = post.willing()
        asked = post.send(nid)
        post.later(seconds=1)
        post.says(nid, "withdraw")
        assert post.goes(account) == []
        found = post.message(asked.id)
        assert (found.state, found.rule, found.reason) == ("suppressed", "consent", "withdrawn")

    def test_a_merge_with_somebody_who_withdrew_wins_too(self, post):
        account = post.account()
        (nid,) = post.willing()
        (other,) = post.person("phone")
        post.says(other, "withdraw")
        asked = post.send(nid)
        post.join(nid, other)
        assert post.goes(account) == []
        assert post.states(asked.id) == ["suppressed"]

    def test_a_cap_holds_within_one_batch(self, post):
        account = post.account()
        (nid,) = post.willing()
        for number in range(5):
            post.send(nid, f"Offer {number}")
        went: list[int] = []
        for _ in range(20):
            went += post.goes(account)
            post.later(seconds=1)
        assert len(went) == 2  # the first policy's cap for a day

    def test_a_cap_holds_over_all_identifiers_of_a_person(self, post):
        account, sms = post.account(), post.account("sms")
        nid, phone = post.willing("email", "phone")
        with post.database.transaction() as conn:
            policy.change(conn, Policy(caps=(Cap(1, 24),)), based_on=0, actor="owner", clock=post.clock)
        first = post.send(nid)
        second = post.send(phone, "By phone", channels=("sms",))
        assert [*post.goes(account), *post.goes(sms)] == [first.id]
        assert post.message(second.id).rule == "pressure"

    def test_what_is_waited_for_goes_before_a_campaign(self, post):
        account = post.account()
        campaign = [post.send(post.willing()[0]).id for _ in range(5)]
        receipt = post.send(post.person("email")[0], "Paid", message_class="transactional", purpose="orders")
        claim = post.claim(account, most=1)
        assert [each.outgoing.id for each in claim.claimed] == [receipt.id]
        assert campaign[0] in [each.outgoing.id for each in post.claim(account).claimed]

    def test_a_switch_stops_what_waits(self, post):
        account = post.account()
        asked = post.send(post.willing()[0])
        with post.database.transaction() as conn:
            policy.throw(conn, "class:marketing", reason="wrong prices", actor="owner", clock=post.clock)
        assert post.goes(account) == []
        assert post.message(asked.id).rule == "kill_switch"

    def test_no_faster_to_one_address_than_its_provider_lets_us(self, post):
        account = post.account(limits=Limits(1000, 1000, 10, per_address_seconds=1.0))
        (nid,) = post.person()
        for number in range(3):
            post.send(nid, f"Receipt {number}", message_class="transactional", purpose="orders")
        assert len(post.goes(account)) == 1
        assert len(post.goes(account)) == 0
        post.later(seconds=1.1)
        assert len(post.goes(account)) == 1

    def test_answers_to_one_address_go_in_their_order(self, post):
        account = post.account()
        nid, other = writer(post, account), writer(post, account)
        first, second, third = (answer(post, nid, f"Answer {number}") for number in range(3))
        besides = answer(post, other, "Another")
        assert post.goes(account) == [first.id, besides.id]
        post.later(seconds=0.3)
        assert post.goes(account) == [second.id]
        post.later(seconds=0.3)
        assert post.goes(account) == [third.id]

    def test_an_answer_waits_for_the_one_before_that_is_tried_again(self, post):
        account = post.account()
        nid = writer(post, account)
        first = answer(post, nid, "First")
        post.goes(account, Retriable("busy", after_seconds=60))
        second = answer(post, nid, "Second")
        assert post.goes(account) == []
        post.later(seconds=61)
        assert post.goes(account) == [first.id]
        post.later(seconds=1)
        assert post.goes(account) == [second.id]

    def test_who_waits_for_its_turn_is_not_overtaken_meanwhile(self, post):
        account = post.account()
        nid = writer(post, account)
        first = answer(post, nid, "First")
        going = post.claim(account)
        second = answer(post, nid, "Second")
        assert post.goes(account) == []  # put off for a moment
        post.settle(account, going)
        third = answer(post, nid, "Third")
        assert post.goes(account) == []
        post.later(seconds=1)
        assert post.goes(account) == [second.id]
        post.later(seconds=1)
        assert post.goes(account) == [third.id]
        assert post.states(first.id) == ["sent"]

    def test_nor_where_the_one_before_is_taken_back(self, post):
        account = post.account()
        nid = writer(post, account)
        first = answer(post, nid, "First")
        post.goes(account, Retriable("busy", after_seconds=600))
        second = answer(post, nid, "Second")
        assert post.goes(account) == []
        with post.database.transaction() as conn:
            asking.cancel(conn, first.id, actor="test", clock=post.clock)
        third = answer(post, nid, "Third")
        assert post.goes(account) == []
        post.later(seconds=6)
        assert post.goes(account) == [second.id]
        post.later(seconds=1)
        assert post.goes(account) == [third.id]

    def test_an_answer_waits_for_the_one_before_whose_sender_was_killed(self, post):
        account = post.account()
        nid = writer(post, account)
        first = answer(post, nid, "First")
        post.claim(account)
        second = answer(post, nid, "Second")
        for _ in range(3):
            post.later(seconds=1)
            assert post.goes(account) == []
        post.later(seconds=120)
        with post.database.transaction() as conn:
            settling.recover(conn, post.channels, at=post.clock.now())
        assert post.states(first.id) == ["uncertain"]
        assert post.goes(account) == [second.id]

    def test_one_that_failed_stands_in_nobodys_way_nor_one_for_a_later_time(self, post):
        account = post.account()
        nid = writer(post, account)
        later = answer(post, nid, "Tomorrow", due_at=post.clock.now() + timedelta(days=1))
        failed = answer(post, nid, "First")
        second = answer(post, nid, "Second")
        post.goes(account, Permanent("refused"))
        assert post.states(failed.id, later.id) == ["failed", "queued"]
        post.later(seconds=0.3)
        assert post.goes(account) == [second.id]

    def test_an_erased_address_is_not_guessed(self, post):
        account = post.account()
        (nid,) = post.willing()
        asked = post.send(nid)
        with post.database.transaction() as conn:
            conn.execute("delete from identity.vault where nid = %s", (nid,))
        assert post.goes(account) == []
        assert post.message(asked.id).reason == "address_erased"


class TestSettle:
    def one(self, post, channel="email", **more):
        account = post.account(channel)
        (nid,) = post.willing("phone" if channel == "sms" else "email")
        return account, nid, post.send(nid, channels=(channel,), **more)

    def test_what_may_be_tried_again_waits_and_counts_for_nothing(self, post):
        account, _, asked = self.one(post)
        post.goes(account, Retriable("busy"))
        found = post.message(asked.id)
        assert (found.state, found.reason, found.contacted_at) == ("queued", "busy", None)
        assert NOON + timedelta(seconds=2.5) <= found.due_at <= NOON + timedelta(seconds=5)
        post.later(seconds=5)
        assert post.goes(account) == [asked.id]

    def test_when_the_provider_says_how_long_that_holds(self, post):
        account, _, asked = self.one(post)
        post.goes(account, Retriable("slow_down", after_seconds=77))
        assert post.message(asked.id).due_at == NOON + timedelta(seconds=77)

    def test_for_a_day_and_then_no_more(self, post):
        account, _, asked = self.one(post, message_class="transactional", purpose="orders")
        for hour in range(25):
            assert post.message(asked.id).state == "queued"
            post.goes(account, Retriable("busy"))
            assert post.message(asked.id).attempt == hour + 1
            post.later(hours=1)
        found = post.message(asked.id)
        assert (found.state, found.reason) == ("failed", "busy")
        assert post.goes(account) == []

    def test_a_provider_that_always_says_soon_is_asked_once_a_minute_in_the_end(self, post):
        account, _, asked = self.one(post, message_class="transactional", purpose="orders")
        for _ in range(12):
            at = post.clock.now()
            post.goes(account, Retriable("slow_down", after_seconds=1))
            wait = (post.message(asked.id).due_at - at).total_seconds()
            post.later(seconds=wait)
        assert 50 <= wait <= 60

    def test_the_last_answers_are_told(self, post):
        account, _, asked = self.one(post, message_class="transactional", purpose="orders")
        for _ in range(ATTEMPTS_SHOWN + 3):
            post.goes(account, Retriable("busy", after_seconds=1))
            post.later(minutes=1)
        with post.database.transaction() as conn:
            told = [each.number for each in message_store.attempts(conn, asked.id)]
        assert told == list(range(4, ATTEMPTS_SHOWN + 4))

    def test_perhaps_accepted_is_uncertain_and_never_sent_again(self, post):
        account, _, asked = self.one(post)
        post.goes(account, Retriable("timeout", accepted="maybe"))
        assert post.message(asked.id).state == "uncertain"
        post.later(days=2)
        assert post.goes(account) == []

    def test_perhaps_accepted_is_sent_again_where_the_provider_knows_the_key(self, post):
        account, _, asked = self.one(post, "sms")
        claim = post.claim(account)
        post.settle(account, claim, Retriable("timeout", accepted="maybe"))
        post.later(seconds=10)
        again = post.claim(account)
        assert [each.outgoing.id for each in again.claimed] == [asked.id]
        assert again.claimed[0].outgoing.key == claim.claimed[0].outgoing.key

    def test_an_address_that_is_gone_is_written_to_no_more(self, post):
        account, nid, asked = self.one(post)
        post.goes(account, Permanent("5.1.1", gone=True))
        assert post.message(asked.id).state == "bounced"
        assert post.suppressed(nid).reason == "hard_bounce"
        assert post.send(nid, "Again").rule == "block_list"

    def test_a_refusal_of_one_message_says_nothing_of_the_address(self, post):
        account, nid, asked = self.one(post)
        post.goes(account, Permanent("too_long"))
        assert post.message(asked.id).state == "failed"
        assert post.suppressed(nid) is None

    def test_trouble_with_the_account_keeps_the_message(self, post):
        account, _, asked = self.one(post)
        post.goes(account, ActionRequired("unauthorized", "the token was revoked"))
        found = post.message(asked.id)
        assert (found.state, found.attempt, found.contacted_at) == ("queued", 0, None)
        with post.database.transaction() as conn:
            assert accounts.account(conn, account.id).trouble == "unauthorized: the token was revoked"
            accounts.pause(conn, account.id, paused=False, actor="owner", clock=post.clock)
            assert accounts.account(conn, account.id).trouble is None
        post.later(seconds=10)
        assert post.goes(account) == [asked.id]

    def test_who_comes_too_late_changes_nothing(self, post):
        account, _, asked = self.one(post, "sms")
        late = post.claim(account)
        post.later(seconds=200)
        with post.database.transaction() as conn:
            settling.recover(conn, post.channels, at=post.clock.now())
        assert post.goes(account) == [asked.id]
        post.settle(account, late, Permanent("wrong"))
        assert post.message(asked.id).state == "sent"

    def test_what_failed_costs_nothing(self, post):
        account = post.account(cost_minor=7)
        good, bad = post.send(post.willing()[0]), post.send(post.willing()[0], "Other")
        post.goes(account, lambda each: Permanent("no") if each.outgoing.id == bad.id else None)
        assert post.message(good.id).cost_minor == 7
        assert post.message(bad.id).cost_minor is None
        with post.database.transaction() as conn:
            assert conn.execute("select site, minor from delivery.spent").fetchall() == [("pl", 7)]


class TestRecover:
    def test_a_dead_senders_messages_are_uncertain(self, post):
        account = post.account()
        asked = post.send(post.willing()[0])
        post.claim(account)
        post.later(seconds=60)
        with post.database.transaction() as conn:
            assert settling.recover(conn, post.channels, at=post.clock.now()) == 0
        post.later(seconds=61)
        with post.database.transaction() as conn:
            assert settling.recover(conn, post.channels, at=post.clock.now()) == 1
        assert post.states(asked.id) == ["uncertain"]

    def test_where_the_provider_knows_the_key_they_are_sent_again(self, post):
        account = post.account("sms")
        asked = post.send(post.willing("phone")[0], channels=("sms",))
        first = post.claim(account)
        post.later(seconds=121)
        with post.database.transaction() as conn:
            settling.recover(conn, post.channels, at=post.clock.now())
        again = post.claim(account)
        assert [each.outgoing.key for each in again.claimed] == [each.outgoing.key for each in first.claimed]
        assert again.claimed[0].outgoing.id == asked.id


class TestPace:
    def test_all_senders_share_one_rate(self, post):
        account = post.account(limits=Limits(10, 5, 10))
        taken = []
        for _ in range(3):
            with post.database.transaction() as conn:
                taken.append(claiming.take(conn, account, 100, post.clock.now())[0])
        assert taken == [5, 0, 0]
        post.later(seconds=0.3)
        with post.database.transaction() as conn:
            assert claiming.take(conn, account, 100, post.clock.now()) == (3, 0.0)

    def test_a_provider_that_asks_for_time_is_left_alone(self, post):
        account = post.account()
        post.send(post.willing()[0])
        post.goes(account, Retriable("too_many", after_seconds=30, scope="account"))
        with post.database.transaction() as conn:
            given, wait = claiming.take(conn, account, 100, post.clock.now())
        assert (given, round(wait)) == (0, 30)

    def test_after_five_failures_it_rests_and_then_one_goes_to_see(self, post):
        account = post.account()
        for number in range(6):
            post.send(post.willing()[0], f"Offer {number}")
        post.goes(account, Retriable("down"))
        with post.database.transaction() as conn:
            assert claiming.take(conn, account, 100, post.clock.now())[0] == 0
        post.later(seconds=11)
        with post.database.transaction() as conn:
            assert claiming.take(conn, account, 100, post.clock.now())[0] == 1

    def test_another_account_takes_over(self, post):
        first, second = post.account(), post.account(name="second")
        asked = post.send(post.willing()[0])
        assert post.message(asked.id).account_id == first.id
        with post.database.transaction() as conn:
            accounts.note_trouble(conn, first.id, ActionRequired("unauthorized", "no"), post.clock)
            claiming.reroute(conn, accounts.accounts(conn), post.channels)
        assert post.goes(second) == [asked.id]


class TestWhy:
    def test_each_judgement_derives_again(self, post):
        account = post.account()
        asked = post.send(post.willing()[0])
        post.goes(account)
        with post.database.transaction() as conn:
            told = why.why(conn, asked.id)
        assert [(each.body.moment, each.finding) for each in told.moments] == [
            ("asked", "verified"),
            ("claimed", "verified"),
        ]

    def test_a_silence_names_the_smallest_change(self, post):
        post.account()
        asked = post.send(post.person("email")[0])
        with post.database.transaction() as conn:
            told = why.why(conn, asked.id).moments[-1]
        assert [(each.field, each.to, each.channel) for each in told.turn] == [("consent", "granted", "email")]

    def test_a_changed_input_is_found(self, post):
        post.account()
        asked = post.send(post.person("email")[0])
        with post.database.transaction() as conn:
            conn.execute("alter table delivery.decision disable trigger all")
            conn.execute(
                "update delivery.decision set"
                " body = convert_to(replace(convert_from(body, 'UTF8'), 'UTC', 'GMT'), 'UTF8')"
            )
            assert why.why(conn, asked.id).moments[0].finding == "changed"
        steps = [each for step in why.verify(post.database) for each in step.wrong]
        assert [(message, finding) for _, _, message, finding in steps] == [(asked.id, "changed")]

    def test_records_are_only_added_to(self, post):
        post.account()
        post.send(post.person("email")[0])
        with post.database.transaction() as conn, pytest.raises(Exception, match="only added to"):
            conn.execute("delete from delivery.decision")

    @pytest.mark.parametrize("last", [True, False])
    def test_a_record_that_was_taken_away_is_missed(self, post, last):
        post.account()
        for _ in range(3):
            post.ask(*[post.wanted(post.person("email")[0])])
        with post.database.transaction() as conn:
            conn.execute("alter table delivery.decision disable trigger all")
            shard, top = conn.execute(
                "select shard, max(number) from delivery.decision group by shard order by 2 desc, 1"
            ).fetchone()
            conn.execute("delete from delivery.decision where shard = %s and number = %s", (shard, top if last else 1))
        found = [finding for step in why.verify(post.database) for *_, finding in step.wrong]
        assert "missing" in found

    def test_a_whole_ledger_is_verified_in_steps(self, post):
        post.account()
        post.ask(*(post.wanted(post.person("email")[0]) for _ in range(20)))
        steps = list(why.verify(post.database))
        assert sum(step.records for step in steps) == 20
        assert not [each for step in steps for each in step.wrong]


class TestAccounts:
    def test_secrets_are_sealed_and_not_shown(self, post):
        account = post.account()
        assert "token" not in account.settings
        with post.database.transaction() as conn:
            sealed = conn.execute("select secrets, settings::text from delivery.account").fetchone()
            assert b"secret-token" not in sealed[0]
            assert "secret-token" not in sealed[1]
            assert "secret-token" not in str(conn.execute("select * from access.audit").fetchall())
            assert accounts.opened(conn, account, post.sealer)["token"] == "secret-token"

    def test_a_secret_that_is_left_out_stays(self, post):
        account = post.account()
        with post.database.transaction() as conn:
            changed = accounts.update(
                conn, account.id, {"host": "h"}, None, post.channels, post.sealer, actor="owner", clock=post.clock,
                chance=post.chance,
            )  # fmt: skip
            assert accounts.opened(conn, changed, post.sealer) == {"token": "secret-token", "host": "h"}


def test_words_of_one_message_are_not_anothers(post):
    post.account()
    nid = post.willing()[0]
    one, other = post.wanted(nid, "A"), post.wanted(nid, "B")
    assert asking.fingerprint(one) != asking.fingerprint(other)
    assert asking.fingerprint(one) == asking.fingerprint(post.wanted(nid, "A"))
    assert asking.fingerprint(post.wanted(nid, words=Content("A", subject="S"))) != asking.fingerprint(one)
