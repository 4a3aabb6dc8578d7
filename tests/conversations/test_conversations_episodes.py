"""Episodes: when one begins, wakes, is answered, ends; whose it is when people are joined and parted."""

from datetime import timedelta

import pytest

from onevoice.domains.conversations.contracts import VIEWS
from onevoice.domains.conversations.errors import NoEpisodeError
from onevoice.domains.conversations.service import acting, reading
from onevoice.domains.conversations.store.episodes import Filter


class TestBegins:
    def test_with_a_word_of_theirs(self, desk):
        desk.hears("Do they run small?")
        found = desk.episode()
        assert (found.state, found.channel, found.site) == ("open", "email", "pl")
        assert found.waiting_since == desk.clock.now()
        assert desk.texts() == ["Do they run small?"]

    def test_the_next_word_belongs_to_it(self, desk):
        desk.hears("Do they run small?")
        began = desk.clock.now()
        desk.post.later(minutes=5)
        desk.hears("The brown ones.")
        found = desk.episode()
        assert (found.waiting_since, found.last_at) == (began, desk.clock.now())

    @pytest.mark.parametrize(
        "more",
        [{"automatic": True}, {"start": "boots"}],
        ids=["a machine's answer", "a bot that is opened"],
    )
    def test_not_with_what_wants_no_answer(self, desk, more):
        desk.hears("Out of office", **more)
        assert desk.episodes() == []
        assert desk.texts() == ["Out of office"]

    @pytest.mark.parametrize("text", ["STOP", "стоп"])
    def test_not_with_the_word_that_ends_everything(self, desk, text):
        desk.hears(text)
        assert desk.episodes() == []

    def test_not_with_an_offer_of_ours(self, desk):
        desk.hears("Hello")
        desk.does(acting.close, actor=desk.colleague("Olga"), clock=desk.clock)
        nid = desk.person().node
        desk.post.says(nid, "confirm")
        desk.post.later(days=20)
        desk.post.send(nid, "An offer")
        desk.goes()
        assert desk.texts() == ["Hello", "An offer"]
        assert desk.episode().state == "closed"


class TestAnswered:
    def test_nobody_waits_then(self, desk):
        desk.hears("Do they run small?")
        desk.post.later(minutes=1)
        desk.post.send(desk.person().node, "Half a size.", message_class="conversational", purpose="orders")
        desk.goes()
        found = desk.episode()
        assert (found.state, found.waiting_since, found.last_at) == ("open", None, desk.clock.now())
        assert desk.texts() == ["Do they run small?", "Half a size."]

    def test_a_word_that_came_while_we_wrote_still_waits(self, desk):
        """The answer left before their next word, which is linked first."""
        desk.hears("Do they run small?")
        nid = desk.person().node
        desk.post.later(minutes=1)
        desk.post.send(nid, "Half a size.", message_class="conversational", purpose="orders")
        account = desk.account()
        claim = desk.post.claim(account)
        desk.post.later(seconds=5)
        desk.hears("And in width?")
        assert claim.claimed
        assert desk.episode().waiting_since is not None

    def test_a_first_word_of_ours_waits_in_no_inbox(self, desk):
        desk.knows(userId="u1", traits={"email": "anna@n.example"})
        desk.post.send(desk.person().node, "Your parcel", message_class="transactional", purpose="orders")
        desk.goes()
        assert desk.episodes() == []
        assert desk.inbox() == []


class TestEnds:
    def close(self, desk):
        desk.does(acting.close, actor=desk.colleague("Olga"), clock=desk.clock)

    def test_a_word_soon_after_opens_it_again(self, desk):
        desk.hears("Thanks")
        self.close(desk)
        desk.post.later(hours=71)
        desk.hears("One thing more")
        found = desk.episode()
        assert (found.state, found.closed_at, found.waiting_since) == ("open", None, desk.clock.now())

    def test_later_another_begins(self, desk):
        desk.hears("Thanks")
        self.close(desk)
        desk.post.later(hours=73)
        desk.hears("Where is my parcel?")
        assert [each.state for each in desk.episodes()] == ["open", "closed"]
        (line,) = desk.inbox()
        assert line.said.properties["text"] == "Where is my parcel?"

    def test_by_itself_after_a_week_without_a_word_where_ours_was_the_last(self, desk):
        desk.hears("Do they run small?")
        desk.post.send(desk.person().node, "Half a size.", message_class="conversational", purpose="orders")
        desk.goes()
        desk.post.later(days=7, seconds=1)
        assert desk.tick() == 1
        assert desk.episode().state == "closed"

    def test_never_while_somebody_waits(self, desk):
        desk.hears("Do they run small?")
        desk.post.later(days=400)
        assert desk.tick() == 0
        assert desk.episode().state == "open"

    def test_a_snoozed_one_wakes_by_the_clock_and_by_a_word(self, desk):
        olga = desk.colleague("Olga")
        desk.hears("Call me on Monday")
        until = desk.clock.now() + timedelta(days=2)
        desk.does(acting.snooze, until, actor=olga, clock=desk.clock)
        assert (desk.inbox(), len(desk.inbox("snoozed"))) == ([], 1)
        desk.post.later(days=2, seconds=1)
        assert (desk.tick(), desk.tick()) == (1, 0)
        assert len(desk.inbox()) == 1
        desk.does(acting.snooze, desk.clock.now() + timedelta(days=2), actor=olga, clock=desk.clock)
        desk.hears("Now, please")
        assert desk.episode().state == "open"

    def test_spam_is_kept_and_opens_nothing(self, desk):
        desk.hears("Cheap watches")
        desk.does(acting.mark_spam, True, actor="olga", account=desk.colleague("Olga"), clock=desk.clock)
        desk.post.later(days=30)
        desk.hears("Cheaper watches")
        assert desk.inbox() == []
        assert len(desk.inbox("spam")) == 1
        assert desk.texts() == ["Cheap watches", "Cheaper watches"]


class TestOrder:
    def test_the_log_is_followed_once(self, desk):
        desk.hears("One")
        desk.follow()
        desk.follow()
        assert desk.texts() == ["One"]
        assert len(desk.episodes()) == 1

    def test_words_that_come_late_stand_where_they_were_said(self, desk):
        desk.hears("Second")
        desk.hears("First", at=desk.clock.now() - timedelta(hours=3))
        assert desk.texts() == ["First", "Second"]
        assert desk.episode().waiting_since == desk.clock.now() - timedelta(hours=3)

    def test_one_that_comes_late_after_it_was_closed_is_not_lost(self, desk):
        desk.hears("Second")
        desk.does(acting.close, actor=desk.colleague("Olga"), clock=desk.clock)
        desk.post.later(minutes=5)
        desk.hears("Never seen by anybody", at=desk.clock.now() - timedelta(hours=3))
        assert desk.episode().state == "open"
        assert len(desk.inbox()) == 1


class TestPeople:
    """Two addresses, two episodes; one person, one conversation."""

    def two(self, desk):
        desk.hears("By mail")
        desk.post.later(minutes=1)
        desk.hears("By telegram", address="501", channel="telegram")

    def test_two_people_are_two_lines(self, desk):
        self.two(desk)
        assert len(desk.inbox()) == 2

    def test_joined_they_are_one_line_and_one_thread(self, desk):
        self.two(desk)
        desk.knows(userId="u1", traits={"email": "anna@n.example"})
        desk.knows(userId="u1", externalIds=[], context={"externalIds": [{"type": "telegram", "id": "501"}]})
        (line,) = desk.inbox()
        assert line.said.properties["text"] == "By telegram"
        assert desk.texts() == ["By mail", "By telegram"]
        assert desk.texts("telegram:501") == desk.texts()

    def test_joined_they_are_counted_once(self, desk):
        def counted():
            with desk.post.database.transaction() as conn:
                found = reading.Counts(desk.clock).of(conn, [Filter(view, 0) for view in VIEWS])
            return {view: each.people for view, each in zip(VIEWS, found, strict=True)}

        def listed():
            return {view: len(desk.inbox(view)) for view in VIEWS}

        self.two(desk)
        assert (counted()["open"], counted()["unassigned"]) == (2, 2)
        desk.merge("email:anna@n.example", "telegram:501")
        assert (counted()["open"], counted()["unassigned"]) == (1, 1)
        assert counted() == listed()
        desk.does(acting.close, actor=desk.colleague("Olga"), clock=desk.clock)
        assert (counted()["open"], counted()["closed"]) == (0, 1)
        desk.post.later(hours=100)
        desk.hears("Once more")
        # Something of them is open again, so they stand nowhere else, whatever was closed.
        assert (counted()["open"], counted()["closed"]) == (1, 0)
        assert counted() == listed()

    def test_joined_they_are_found_by_either_channel(self, desk):
        self.two(desk)
        desk.merge("email:anna@n.example", "telegram:501")
        assert [len(desk.inbox(channel=each)) for each in ("email", "telegram", "sms")] == [1, 1, 0]

    def test_what_is_done_is_done_to_all_of_it(self, desk):
        self.test_joined_they_are_one_line_and_one_thread(desk)
        desk.does(acting.close, actor=desk.colleague("Olga"), clock=desk.clock)
        assert [each.state for each in desk.episodes()] == ["closed", "closed"]
        assert desk.inbox() == []

    def test_parted_again_each_keeps_its_own_with_its_notes(self, desk):
        olga = desk.colleague("Olga")
        self.two(desk)
        desk.does(acting.add_note, "Of the letter", (), actor=olga, clock=desk.clock)
        merged = desk.merge("email:anna@n.example", "telegram:501")
        assert sorted(desk.texts()) == ["By mail", "By telegram", "Of the letter"]
        desk.does(acting.add_note, "Of the chat", (), actor=olga, clock=desk.clock, reference="telegram:501")
        desk.does(acting.tag, ["vip"], [], actor=olga, clock=desk.clock)
        desk.undo(merged)
        assert sorted(desk.texts()) == ["By mail", "Of the letter"]
        assert sorted(desk.texts("telegram:501")) == ["By telegram", "Of the chat"]
        assert len(desk.inbox()) == 2
        assert [desk.episode(each).tags for each in ("email:anna@n.example", "telegram:501")] == [["vip"], ["vip"]]


def test_of_who_has_not_written_there_is_nothing_to_close(desk):
    desk.knows(userId="u1", traits={"email": "anna@n.example"})
    with pytest.raises(NoEpisodeError):
        desk.does(acting.close, actor=desk.colleague("Olga"), clock=desk.clock)
