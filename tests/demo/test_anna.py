"""Anna's story: what the customer page is to show."""

from datetime import UTC, datetime, timedelta

import pytest
from demo_shapes import START, faults, has_identifier, leaks

from onevoice.demo import anna
from onevoice.demo.wire import Outgoing


@pytest.fixture(scope="module")
def story() -> list[Outgoing]:
    return anna.story(7, START)


def hers(story: list[Outgoing]) -> list[Outgoing]:
    return [item for item in story if item.client != anna.OTHER_TABLET]


def named(story: list[Outgoing], name: str) -> list[Outgoing]:
    return [item for item in story if item.event.get("event") == name]


def values(event: dict) -> set[str]:
    """Every identifier an event carries."""
    context, properties = event["context"], event.get("properties", {})
    said = {**context.get("traits", {}), **event.get("traits", {})}
    found = {event.get("userId"), event.get("anonymousId"), properties.get("loyalty_card")}
    found |= {said.get(key) for key in ("email", "phone", "loyalty_card")}
    found |= {external["id"] for external in context.get("externalIds", ())}
    return found - {None}


def joined(story: list[Outgoing], *starts: str) -> set[str]:
    """All identifiers that events tie to these."""
    reached = set(starts)
    while True:
        more = {value for item in story if reached & values(item.event) for value in values(item.event)} - reached
        if not more:
            return reached
        reached |= more


class TestStory:
    def test_every_event_is_well_formed(self, story):
        for item in story:
            assert faults(item.event) == []
            assert leaks(item.event) == []
            assert has_identifier(item.event)

    @pytest.mark.parametrize("clock", [(0, 3), (9, 30), (22, 59), (23, 40)])
    def test_nothing_lies_after_the_start_whatever_its_hour(self, clock):
        start = datetime(2027, 3, 1, *clock, tzinfo=UTC)
        made = anna.story(7, start)
        assert all(item.at <= item.received_at <= start for item in made)

    def test_it_is_the_same_every_time(self, story):
        assert anna.story(7, START) == story

    def test_eight_identifiers_become_hers(self, story):
        assert joined(story, anna.CARD) == {
            anna.CARD, anna.PHONE, anna.HANDLE, anna.CHAT, anna.EMAIL, anna.ACCOUNT, anna.IPHONE, anna.MACBOOK,
        }  # fmt: skip

    def test_until_the_hand_over_the_card_is_a_stranger(self, story):
        hand_over = START - timedelta(days=9, hours=-2)
        before = [item for item in story if item.at < hand_over]
        assert joined(before, anna.CARD) == {anna.CARD, anna.PHONE}
        assert joined(before, anna.HANDLE) == {anna.HANDLE, anna.CHAT, anna.IPHONE, anna.MACBOOK, anna.EMAIL}

    def test_a_kowalska_is_joined_to_her_by_nothing(self, story):
        assert joined(story, anna.OTHER_ACCOUNT) == {anna.OTHER_ACCOUNT, anna.OTHER_EMAIL, anna.OTHER_TABLET}

    def test_seven_orders_of_1862_zloty(self, story):
        orders = named(hers(story), "Order Completed")
        assert len(orders) == 7
        assert sum(item.event["properties"]["total_minor"] for item in orders) == 186_200
        assert {item.event["properties"]["currency"] for item in orders} == {"PLN"}

    def test_the_other_bought_a_rain_cover(self, story):
        (order,) = (item for item in named(story, "Order Completed") if item.client == anna.OTHER_TABLET)
        assert order.event["properties"]["total_minor"] == 12_900
        assert order.event["properties"]["order_id"] == "10442"

    def test_the_card_is_known_since_9_march_2024_and_the_birthday_two_days_later(self, story):
        assert min(item.at for item in story).date().isoformat() == "2024-03-09"
        (paper,) = (item for item in story if "birthday" in item.event.get("traits", {}))
        assert paper.event["traits"]["birthday"] == "1991-05-17"
        assert paper.received_at - paper.at == timedelta(days=2)

    def test_the_name_she_gave_last_is_the_one_of_the_account(self, story):
        names = [item.event["traits"]["name"] for item in hers(story) if "name" in item.event.get("traits", {})]
        assert names == ["Anna Kowalska", "Ania K.", "Anna Kowalska"]

    def test_her_last_word_before_the_demo_is_answered(self):
        number, at, author, _ = anna.said(START)[-1]
        assert author == "Olga Mazur"
        assert START - at > anna.ASKED_BEFORE
        assert number == max(each[0] for each in anna.said(START))

    def test_answers_stand_in_the_conversation_which_she_begins(self):
        said = anna.said(START)
        assert [each[1] for each in said] == sorted(each[1] for each in said)
        heard = None
        for _, at, author, _ in said:
            heard = at if author is None else heard
            assert heard is not None
            assert at - heard < timedelta(hours=24)

    def test_no_event_tells_of_what_is_said_in_telegram_itself(self, story):
        texts = {each.event["properties"].get("text") for name in ("Message Received", "Message Sent")
                 for each in named(story, name)}  # fmt: skip
        assert not texts & {anna.QUESTION, *(each[3] for each in anna.said(START))}

    def test_about_as_many_events_as_drawn(self, story):
        assert 115 <= len(hers(story)) + len(anna.said(START)) <= 135
