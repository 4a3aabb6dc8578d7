from datetime import UTC, datetime, timedelta
from itertools import combinations

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from delivery.facts_making import START, ZONES, day_hours, facts, moments, near, policies
from onevoice.domains.delivery.contracts.messages import CHAIN_START, Record
from onevoice.domains.delivery.rules import flips, gate, hours, records
from onevoice.domains.delivery.rules.facts import FIRST_POLICY, Budget, Candidate, Cap, Contact, Decision, Facts, Policy

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
EMAIL = Candidate("email", account=1, node=7, consent="granted")


def told(**change):
    return msgspec.structs.replace(
        Facts(NOON, "marketing", "promotions", "normal", "UTC", (EMAIL,)),
        **change,
    )


def email(**change):
    return told(candidates=(msgspec.structs.replace(EMAIL, **change),))


def outcome(policy, found):
    made = gate.decide(policy, found).outcome
    return made.action, made.rule, made.why


class TestConsent:
    @pytest.mark.parametrize(
        ("state", "why"), [("none", "never_asked"), ("requested", "requested"), ("withdrawn", "withdrawn")]
    )
    def test_marketing_without_it_is_not_sent(self, state, why):
        assert outcome(Policy(), email(consent=state)) == ("suppress", "consent", why)

    def test_what_a_purchase_needs_asks_for_none(self):
        found = msgspec.structs.replace(email(consent="withdrawn"), message_class="transactional")
        assert outcome(Policy(), found)[0] == "send"

    def test_an_answer_needs_none_while_the_conversation_lasts(self):
        found = msgspec.structs.replace(email(consent="withdrawn"), message_class="conversational")
        assert outcome(Policy(), msgspec.structs.replace(found, heard_at=NOON - timedelta(hours=167)))[0] == "send"
        late = msgspec.structs.replace(found, heard_at=NOON - timedelta(hours=168))
        assert outcome(Policy(), late) == ("suppress", "consent", "no_conversation")

    def test_calling_an_offer_an_answer_does_not_make_it_one(self):
        found = msgspec.structs.replace(email(consent="granted"), message_class="conversational")
        assert outcome(Policy(), found) == ("suppress", "consent", "no_conversation")


class TestBlockList:
    def test_a_dead_address_gets_nothing_at_all(self):
        found = msgspec.structs.replace(email(suppressed="hard_bounce"), message_class="transactional")
        assert outcome(Policy(), found) == ("suppress", "block_list", "hard_bounce")

    def test_who_complained_still_gets_the_receipt(self):
        complained = email(suppressed="complaint")
        assert outcome(Policy(), complained)[0] == "suppress"
        assert outcome(Policy(), msgspec.structs.replace(complained, message_class="transactional"))[0] == "send"


class TestReachable:
    def test_a_bot_cannot_begin(self):
        assert outcome(Policy(), email(needs_contact=True)) == ("suppress", "reachable", "never_wrote")
        assert outcome(Policy(), email(needs_contact=True, reach="open"))[0] == "send"

    def test_who_shut_the_door_gets_nothing_through_it(self):
        assert outcome(Policy(), email(reach="shut")) == ("suppress", "reachable", "shut")

    def test_nothing_to_send_by(self):
        assert outcome(Policy(), told(candidates=())) == ("suppress", "reachable", "no_channel")


class TestWindow:
    def test_it_closes(self):
        late = email(window_hours=24, last_heard=NOON - timedelta(hours=24))
        assert outcome(Policy(), late) == ("suppress", "window", "closed")
        assert outcome(Policy(), email(window_hours=24, last_heard=NOON - timedelta(hours=23)))[0] == "send"


class TestQuietHours:
    def test_it_waits_for_the_morning_there(self):
        night = told(at=datetime(2026, 11, 27, 20, 30, tzinfo=UTC), zone="Europe/Warsaw")
        made = gate.decide(Policy(), night).outcome
        assert (made.action, made.until) == ("defer", datetime(2026, 11, 28, 8, tzinfo=UTC))

    def test_the_persons_own_hours_go_before_the_brands(self):
        found = told(at=NOON, hours=(18 * 60, 20 * 60))
        made = gate.decide(Policy(), found).outcome
        assert (made.action, made.why, made.until) == ("defer", "wished", NOON.replace(hour=18))

    @given(near, st.sampled_from(ZONES), day_hours)
    def test_the_first_allowed_moment(self, at, zone, allowed):
        found = hours.next_allowed(at, zone, allowed)
        assert hours.allows(found, zone, allowed)
        assert found >= at
        minute = at.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        while minute < found:
            assert not hours.allows(minute, zone, allowed)
            minute += timedelta(minutes=1)

    def test_a_start_that_the_clock_leaps_over(self):
        at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 in Warsaw; there is no 02:30 on that night
        assert hours.next_allowed(at, "Europe/Warsaw", (150, 1260)) == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_an_hour_that_comes_twice(self):
        at = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)  # the first 02:15 in Warsaw
        assert hours.allows(at, "Europe/Warsaw", (120, 180))
        assert hours.allows(at + timedelta(hours=1), "Europe/Warsaw", (120, 180))


class TestPressure:
    def contacts(self, *ago_hours, channel="email"):
        return tuple(Contact(NOON - timedelta(hours=each), channel) for each in sorted(ago_hours, reverse=True))

    def test_a_cap_waits_until_the_oldest_leaves(self):
        policy = Policy(caps=(Cap(2, 24),), hours=(0, 0))
        made = gate.decide(policy, told(contacts=self.contacts(1, 20, 30))).outcome
        assert (made.action, made.why, made.until) == ("defer", "cap", NOON + timedelta(hours=4))

    def test_the_important_may_use_what_the_rest_must_leave(self):
        policy = Policy(budget=Budget(3, 168, {}, {"normal": 1}), hours=(0, 0))
        found = told(contacts=self.contacts(1, 2))
        assert outcome(policy, found) == ("defer", "pressure", "budget")
        assert outcome(policy, msgspec.structs.replace(found, priority="high"))[0] == "send"

    def test_dear_channels_take_more(self):
        policy = Policy(budget=Budget(3, 168, {"sms": 2}, {}), hours=(0, 0))
        assert outcome(policy, told(contacts=self.contacts(1, channel="sms")))[0] == "send"
        assert outcome(policy, told(contacts=self.contacts(1, 2, channel="sms")))[0] == "defer"

    def test_a_pause(self):
        made = gate.decide(Policy(), told(pause_until=NOON + timedelta(days=7))).outcome
        assert (made.action, made.why, made.until) == ("defer", "paused", NOON + timedelta(days=7))

    def test_none_a_week_is_none(self):
        assert outcome(Policy(), told(per_week=0)) == ("suppress", "pressure", "per_week")


class TestDuplicate:
    def test_the_same_is_not_said_twice(self):
        assert outcome(Policy(), told(same_content_at=NOON - timedelta(days=6))) == (
            "suppress",
            "duplicate",
            "same_content",
        )
        assert outcome(Policy(), told(same_content_at=NOON - timedelta(days=7)))[0] == "send"


class TestCost:
    def test_too_dear(self):
        assert outcome(Policy(most_minor={"marketing": 5}), email(cost_minor=6)) == ("suppress", "cost", "too_dear")

    def test_the_month_is_spent(self):
        policy = Policy(month_minor=100)
        dear = email(cost_minor=6)
        assert outcome(policy, msgspec.structs.replace(dear, month_minor=95)) == ("suppress", "cost", "month_spent")
        assert outcome(policy, msgspec.structs.replace(dear, month_minor=94))[0] == "send"


class TestKillSwitch:
    @pytest.mark.parametrize("scope", ["all", "class:marketing", "channel:email", "account:1"])
    def test_it_stops(self, scope):
        assert outcome(Policy(), told(killed=(scope,))) == ("suppress", "kill_switch", scope)

    @pytest.mark.parametrize("scope", ["class:transactional", "channel:sms", "account:2"])
    def test_it_stops_nothing_else(self, scope):
        assert outcome(Policy(), told(killed=(scope,)))[0] == "send"


class TestChoice:
    TELEGRAM = Candidate(
        "telegram", account=2, node=8, consent="granted", reach="open", last_heard=NOON - timedelta(hours=2)
    )

    def test_the_wish_goes_first(self):
        made = gate.decide(FIRST_POLICY, told(candidates=(self.TELEGRAM, EMAIL), order=("email",))).outcome
        assert (made.channel, made.chosen_by) == ("email", "preferred")

    def test_then_where_they_answered(self):
        made = gate.decide(Policy(order=("email",)), told(candidates=(EMAIL, self.TELEGRAM))).outcome
        assert (made.channel, made.chosen_by) == ("telegram", "answered")

    def test_then_the_brands_order(self):
        silent = msgspec.structs.replace(self.TELEGRAM, last_heard=None)
        made = gate.decide(FIRST_POLICY, told(candidates=(EMAIL, silent))).outcome
        assert (made.channel, made.chosen_by) == ("telegram", "usual")

    def test_what_is_shut_is_passed_over(self):
        shut = msgspec.structs.replace(self.TELEGRAM, reach="shut")
        assert gate.decide(FIRST_POLICY, told(candidates=(shut, EMAIL))).outcome.channel == "email"


@settings(max_examples=200)
@given(policies, facts)
def test_a_deferral_ends_and_nothing_is_sent_without_consent(policy, found):
    made = gate.decide(policy, found)
    if made.outcome.action == "send":
        chosen = next(each for each in found.candidates if each.channel == made.outcome.channel)
        assert chosen.node is not None
        assert found.message_class != "marketing" or chosen.consent == "granted"
        assert found.message_class != "marketing" or chosen.suppressed is None
    if made.outcome.action == "defer":
        assert made.outcome.until > found.at
        assert found.message_class == "marketing"


class TestFlips:
    @settings(max_examples=200)
    @given(policies, facts)
    def test_the_change_turns_the_decision_and_no_part_of_it_does(self, policy, found):
        made = gate.decide(policy, found)
        change = flips.turns(policy, found, made)
        sends = made.outcome.action == "send"
        if change is None:
            assert not sends
            assert all(flips.opens(policy, found, each.channel) is None for each in found.candidates)
            return
        assert (gate.decide(policy, flips.applied(found, change)).outcome.action == "send") is not sends
        for size in range(len(change)):
            for part in combinations(change, size):
                assert (gate.decide(policy, flips.applied(found, part)).outcome.action == "send") is sends

    @settings(max_examples=200)
    @given(policies, facts)
    def test_each_channel_has_its_own(self, policy, found):
        for each in gate.decide(policy, found).judged:
            if each.result == "pass":
                change = flips.shuts(policy, found, each.channel)
                assert len(change) == 1
            else:
                change = flips.opens(policy, found, each.channel)
            if change is None:
                continue
            again = gate.decide(policy, flips.applied(found, change)).judged
            now = next(one for one in again if one.channel == each.channel)
            assert (now.result == "pass") is (each.result != "pass")

    def test_what_only_the_policy_forbids_has_none(self):
        assert flips.turns(Policy(caps=(Cap(0, 24),)), told(), gate.decide(Policy(caps=(Cap(0, 24),)), told())) is None

    def test_two_things_in_the_way_need_two_changes(self):
        found = email(consent="withdrawn", suppressed="complaint")
        change = flips.turns(Policy(), found, gate.decide(Policy(), found))
        assert {each.field for each in change} == {"consent", "suppressed"}

    def test_waiting_is_one_change_however_many_gates_wait(self):
        policy = Policy(caps=(Cap(1, 24),))
        found = told(
            at=datetime(2026, 11, 27, 23, tzinfo=UTC),
            pause_until=NOON + timedelta(days=2),
            contacts=(Contact(NOON, "email"),),
        )
        change = flips.turns(policy, found, gate.decide(policy, found))
        assert [each.field for each in change] == ["at"]


class TestRecords:
    def record(self, policy, found, previous=CHAIN_START):
        body = records.encode(records.Body(gate.RULES, 1, 5, "asked", found, gate.decide(policy, found)))
        return Record(0, 1, 5, found.at, records.link(previous, body), body)

    @settings(max_examples=200)
    @given(policies, facts)
    def test_it_derives_again_bit_for_bit(self, policy, found):
        kept = msgspec.json.decode(msgspec.json.encode(policy), type=Policy)
        assert records.examine(self.record(policy, found), CHAIN_START, {1: kept}) == "verified"

    @settings(max_examples=200)
    @given(policies, facts, st.data())
    def test_any_changed_byte_is_found(self, policy, found, data):
        record = self.record(policy, found)
        place = data.draw(st.integers(0, len(record.body) - 1))
        changed = bytearray(record.body)
        changed[place] ^= data.draw(st.integers(1, 255))
        assert records.examine(record._replace(body=bytes(changed)), CHAIN_START, {1: policy}) == "changed"

    @settings(max_examples=150)
    @given(policies, facts, moments)
    def test_an_input_changed_with_the_chain_mended_does_not_derive(self, policy, found, moment):
        """Whoever rewrites the whole chain must still invent a decision that follows from the inputs."""
        made = gate.decide(policy, found)
        change = flips.turns(policy, found, made)
        assume(change)
        body = records.encode(records.Body(gate.RULES, 1, 5, "asked", flips.applied(found, change), made))
        forged = Record(0, 1, 5, moment, records.link(CHAIN_START, body), body)
        assert records.examine(forged, CHAIN_START, {1: policy}) == "underivable"

    def test_a_record_of_a_decision_nobody_made(self):
        body = records.encode(
            records.Body(gate.RULES, 1, 5, "asked", told(), Decision((), gate.decide(Policy(), told()).outcome))
        )
        record = Record(0, 1, 5, NOON, records.link(CHAIN_START, body), body)
        assert records.examine(record, CHAIN_START, {1: Policy()}) == "underivable"

    def test_a_record_moved_to_another_place_is_found(self):
        record = self.record(Policy(), told(), previous=bytes(31) + b"\1")
        assert records.examine(record, CHAIN_START, {1: Policy()}) == "changed"

    def test_records_of_unknown_rules_are_said_to_be_so(self):
        body = records.encode(records.Body(99, 1, 5, "asked", told(at=START), gate.decide(Policy(), told(at=START))))
        record = Record(0, 1, 5, NOON, records.link(CHAIN_START, body), body)
        assert records.examine(record, CHAIN_START, {1: Policy()}) == "unreadable"
