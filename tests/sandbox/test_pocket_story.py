"""The pocket's story: numbers that stay, what is shown of it, and what is reckoned."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from onevoice.sandbox import pocket_story
from onevoice.sandbox.pocket_story import BEGINS_WITH, SHOWN_MOST, Place, Story, reckoned

START = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def place(number, *, device="phone", ours=False, key=None):
    return Place(START + timedelta(minutes=number), device, key or f"k{number}", ours)


def said(number, *, kind="theirs", door="telegram", **more):
    at = (START + timedelta(minutes=number)).isoformat()
    return {"kind": kind, "id": f"i{number}", "key": f"k{number}", "door": door, "at": at, **more}


def ours(number, *, waiting=False, **more):
    key = None if waiting else f"k{number}"
    told = said(number, kind="ours", rule=None, state="queued" if waiting else "sent", waiting=waiting, **more)
    return {**told, "key": key}


def numbers(told):
    return {each["key"]: each["n"] for each in told["knots"]}


def desk(*items):
    return {"items": list(items)}


class TestTold:
    def test_it_begins_with_the_newest_messages_numbered_from_one(self):
        told = Story(START).told([place(each) for each in range(9)], desk())
        assert [each["n"] for each in told["knots"]] == [*range(1, BEGINS_WITH + 1)]
        assert told["knots"][-1]["key"] == "k8"

    def test_the_same_message_has_the_same_number_on_both_sides(self):
        told = Story(START).told([place(1), place(2, device="mailbox")], desk(said(1), said(2, door="email")))
        assert [(each["key"], each["n"]) for each in told["items"]] == [("k1", 1), ("k2", 2)]

    def test_what_is_on_its_way_has_a_number_and_no_place(self):
        told = Story(START).told([place(1)], desk(said(1), ours(2, waiting=True)))
        assert told["knots"][-1] == {"n": 2, "key": "on its way: i2", "device": "phone", "waiting": True}
        assert told["items"][-1]["n"] == 2

    def test_what_arrives_keeps_the_number_that_it_had(self):
        story = Story(START)
        story.told([place(1)], desk(said(1), ours(2, waiting=True)))
        story.told([place(1), place(3)], desk(said(1), ours(2, waiting=True), said(3)))
        told = story.told([place(1), place(2, ours=True), place(3)], desk(said(1), ours(2), said(3)))
        assert numbers(told) == {"k1": 1, "k2": 2, "k3": 3}

    def test_it_keeps_it_too_where_the_device_tells_first(self):
        story = Story(START)
        story.told([place(1)], desk(said(1), ours(2, waiting=True)))
        early = story.told([place(1), place(2, ours=True)], desk(said(1), ours(2, waiting=True)))
        assert [each["n"] for each in early["knots"]] == [1, 2]
        assert numbers(story.told([place(1), place(2, ours=True)], desk(said(1), ours(2)))) == {"k1": 1, "k2": 2}

    def test_of_a_long_story_the_oldest_is_left_out(self):
        story = Story(START)
        story.told([], desk())
        told = story.told([place(each) for each in range(SHOWN_MOST + 3)], desk())
        assert told["hidden"] == 3
        assert [each["n"] for each in told["knots"]] == [*range(4, SHOWN_MOST + 4)]

    def test_a_silence_has_no_number_and_is_told_from_the_beginning_on(self):
        silence = {"kind": "silence", "id": "s", "key": None, "door": "telegram", "at": "2026-11-27T12:05:00Z"}
        old = {**silence, "id": "old", "at": "2026-11-26T12:05:00Z"}
        told = Story(START).told([place(1)], desk(said(1), silence, old))
        assert [(each["id"], each.get("n")) for each in told["items"]] == [("i1", 1), ("s", None)]

    def test_of_two_tellings_of_one_message_it_takes_the_one_that_knows_more(self):
        event = {**said(1, kind="ours"), "id": "event"}
        told = Story(START).told([place(1, ours=True)], desk(event, ours(1)))
        assert [each["id"] for each in told["items"]] == ["i1"]

    def test_what_was_said_on_no_device_of_these_is_left_out(self):
        assert Story(START).told([], desk(said(1)))["items"] == []

    def test_without_the_installation_the_devices_go_on(self):
        assert numbers(Story(START).told([place(1)], None)) == {"k1": 1}

    @given(st.lists(st.sampled_from(["hear", "ask", "deliver"]), max_size=25))
    def test_no_number_is_given_twice_or_changed(self, steps):
        story, places, items, given_numbers = Story(START), [], [], {}
        for at, step in enumerate(steps):
            waiting = [each for each in items if each.get("waiting")]
            if step == "hear":
                places.append(place(at))
                items.append(said(at))
            elif step == "ask":
                items.append(ours(at, waiting=True))
            elif waiting:
                number = int(waiting[0]["id"][1:])
                items[items.index(waiting[0])] = ours(number)
                places.append(Place(START + timedelta(minutes=at), "phone", f"k{number}", True))
            told = story.told(sorted(places), desk(*items))
            for each in told["items"]:
                if "n" in each:
                    assert given_numbers.setdefault(each["id"], each["n"]) == each["n"]
        assert len(set(given_numbers.values())) == len(given_numbers)


class TestReckoned:
    def test_what_was_sent_and_lies_there_is_in_order(self):
        assert reckoned([place(1, ours=True)], desk(ours(1)), START) == {"lost": 0, "twice": 0}

    def test_what_was_sent_and_lies_nowhere_is_lost(self):
        assert reckoned([], desk(ours(1)), START) == {"lost": 1, "twice": 0}

    def test_what_lies_there_unknown_was_sent_twice(self):
        there = [place(1, ours=True), place(2, ours=True)]
        assert reckoned(there, desk(ours(1)), START) == {"lost": 0, "twice": 1}

    def test_what_was_there_before_is_none_of_it(self):
        assert reckoned([place(-5, ours=True)], desk(), START) == {"lost": 0, "twice": 0}

    def test_while_something_arrives_nothing_is_called_lost(self):
        assert reckoned([], desk(ours(1), ours(2, waiting=True)), START) == {"lost": 0, "twice": 0}


def test_a_moment_is_read_once():
    assert pocket_story.moment(START) is START
    assert pocket_story.moment("2026-11-27T12:00:00.000Z") == START
