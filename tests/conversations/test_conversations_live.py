"""What open pages of the desk are told: each change once, of what they look at, and of nothing else."""

from datetime import timedelta

import psycopg
import pytest

from onevoice.domains.conversations.http import live
from onevoice.domains.conversations.http.live import Conversations, Inbox
from onevoice.domains.conversations.service import acting, reading


class Page:
    """A page that listens to some topics."""

    def __init__(self, desk, *topics):
        self.publisher = Conversations(desk.post.database)
        self.topics = set(topics)
        self.publisher.look(self.topics, self.topics, woken=True)

    def told(self, *, woken=True):
        found = self.publisher.look(self.topics, set(), woken=woken)
        assert all(said["changed"] for _, said in found)
        return [topic for topic, _ in found]

    def said(self):
        """What comes with the one change."""
        ((_, said),) = self.publisher.look(self.topics, set(), woken=True)
        return said


@pytest.mark.parametrize(("kind", "topic"), [(Inbox, "inbox"), (Conversations, "conversation:7")])
def test_its_topics(desk, kind, topic):
    assert kind(desk.post.database).takes(topic)


@pytest.mark.parametrize("topic", ["live", "inboxes", "conversation", "messages:7", ""])
def test_others_are_not_its_own(desk, topic):
    assert not Conversations(desk.post.database).takes(topic)
    assert not Inbox(desk.post.database).takes(topic)


@pytest.mark.parametrize("topic", ["conversation:", "conversation:x", "conversation:-1", "conversation:" + "9" * 19])
def test_nonsense_is_nobody(desk, topic):
    assert Page(desk, topic).told() == []


def test_every_change_of_a_conversation_is_told_once(desk):
    olga = desk.colleague("Olga")
    desk.hears("Hello")
    desk.hears("Hello", address="other@n.example")
    topic = f"conversation:{desk.person().pid}"
    page = Page(desk, topic)
    assert page.told() == []
    more = {"actor": olga, "clock": desk.clock}
    number = desk.does(acting.add_note, "A note", (), **more)
    assert (page.told(), page.told()) == ([topic], [])
    desk.post.later(seconds=1)
    with desk.post.database.transaction() as conn:
        acting.edit_note(conn, number, "Another", (), **more)
    assert (page.told(), page.told()) == ([topic], [])
    with desk.post.database.transaction() as conn:
        acting.edit_note(conn, number, None, (), **more)
    assert (page.told(), page.told()) == ([topic], [])
    for act, args in ((acting.assign, (olga,)), (acting.tag, (["vip"], [])), (acting.close, ()), (acting.reopen, ())):
        desk.does(act, *args, **more)
        assert (page.told(), page.told()) == ([topic], [])
    desk.hears("And again")
    assert (page.told(), page.told()) == ([topic], [])
    desk.hears("Not hers", address="other@n.example")
    assert page.told() == []


def test_people_who_are_joined_are_told_to_whoever_looks_at_one_of_them(desk):
    desk.hears("By mail")
    desk.hears("By telegram", address="501", channel="telegram")
    one, other = desk.person().pid, desk.person("telegram:501").pid
    page = Page(desk, f"conversation:{one}", f"conversation:{other}")
    desk.merge("email:anna@n.example", "telegram:501")
    assert page.told() == [f"conversation:{one}", f"conversation:{other}"]


class TestNews:
    """What comes with a change of one conversation."""

    def test_a_word_comes_with_it(self, desk):
        desk.hears("Hello")
        page = Page(desk, f"conversation:{desk.person().pid}")
        desk.post.later(seconds=1)
        desk.hears("And this")
        said = page.said()
        assert [each["text"] for each in said["items"] if each["kind"] == "said"] == ["And this", "Hello"]
        assert (said["current"]["state"], said["read"]) == ("open", [])

    def test_who_has_read_it_is_said(self, desk):
        olga = desk.colleague("Olga")
        desk.hears("Hello")
        page = Page(desk, f"conversation:{desk.person().pid}")
        with desk.post.database.transaction() as conn:
            acting.see(conn, desk.person(), reading.last_said(conn), actor=olga)
        desk.does(acting.tag, ["vip"], [], actor=olga, clock=desk.clock)
        assert page.said()["read"] == [str(olga)]
        desk.hears("And this")
        assert page.said()["read"] == []

    def test_another_is_not_told_of(self, desk):
        desk.hears("Hello")
        desk.hears("Hello", address="other@n.example")
        page = Page(
            desk, f"conversation:{desk.person().pid}", f"conversation:{desk.person('email:other@n.example').pid}"
        )
        desk.hears("Hers", address="other@n.example")
        assert "Hers" in str(page.said())
        desk.hears("Mine")
        assert "Hers" not in str(page.said())

    def test_what_has_changed_further_up_is_asked_for(self, desk):
        olga = desk.colleague("Olga")
        desk.hears("Hello")
        number = desk.does(acting.add_note, "A note", (), actor=olga, clock=desk.clock)
        page = Page(desk, f"conversation:{desk.person().pid}")
        with desk.post.database.transaction() as conn:
            acting.edit_note(conn, number, "Another", (), actor=olga, clock=desk.clock)
        assert page.said() == {"changed": True}

    def test_a_word_that_comes_late_is_asked_for(self, desk):
        for number in range(live.NEWS_ITEMS + 1):
            desk.post.later(seconds=1)
            desk.hears(f"Word {number}")
        page = Page(desk, f"conversation:{desk.person().pid}")
        desk.hears("From before", at=desk.clock.now() - timedelta(minutes=1))
        assert page.said() == {"changed": True}
        desk.post.later(seconds=1)
        desk.hears("Now")
        assert page.said()["items"][0]["text"] == "Now"

    def test_people_who_are_joined_are_asked_for(self, desk):
        desk.hears("By mail")
        desk.hears("By telegram", address="501", channel="telegram")
        page = Page(desk, f"conversation:{desk.person().pid}")
        desk.merge("email:anna@n.example", "telegram:501")
        assert page.said() == {"changed": True}

    def test_after_a_look_that_failed_all_are_asked_for(self, desk, monkeypatch):
        desk.hears("Hello")
        page = Page(desk, f"conversation:{desk.person().pid}")
        desk.hears("Lost")
        with monkeypatch.context() as patch:
            patch.setattr(reading, "news", failing)
            with pytest.raises(psycopg.OperationalError):
                page.told()
        assert page.said() == {"changed": True}


def failing(*_):
    raise psycopg.OperationalError("gone")


class Lines:
    """A page that listens to the inbox from now on."""

    def __init__(self, desk):
        self.publisher = Inbox(desk.post.database)
        assert self.look({"inbox"}, woken=False) == [{"changed": True, "fresh": True}, {"changed": True}]

    def look(self, fresh=frozenset(), *, woken=True):
        return [said for _, said in self.publisher.look({"inbox"}, set(fresh), woken=woken)]

    def said(self):
        (said,) = self.look()
        return said


class TestInbox:
    """Lines that are not what they were."""

    def test_a_word_brings_its_line_alone(self, desk):
        desk.hears("Hello")
        desk.hears("Hello", address="other@n.example")
        page = Lines(desk)
        assert page.look(woken=False) == []
        desk.hears("And this")
        said = page.said()
        (line,) = said["lines"]
        assert (line["profile_id"], line["last"]["preview"]) == (str(desk.person().pid), "And this")
        assert (line["read"], line["several"], "unread" in line) == ([], False, False)
        assert (said["moved"], said["others"], said["cut"]) == (False, [], None)
        assert page.said()["lines"] == []

    def test_it_is_the_line_of_the_list(self, desk):
        olga = desk.colleague("Olga")
        desk.hears("Hello")
        page = Lines(desk)
        acts = ((acting.assign, (olga,)), (acting.tag, (["vip"], [])), (acting.close, ()), (acting.reopen, ()))
        for act, args in acts:
            desk.does(act, *args, actor=olga, clock=desk.clock)
            said = page.said()
            (line,) = said["lines"]
            with desk.post.database.transaction() as conn:
                episode = reading.conversation(conn, desk.person(), olga).current
            assert episode is not None
            shown = (line["episode"]["state"], line["episode"]["revision"], line["episode"]["tags"])
            assert shown == (episode.state, episode.revision, list(episode.tags))
            assert said["moved"]

    def test_a_new_one_and_one_that_is_read(self, desk):
        olga = desk.colleague("Olga")
        page = Lines(desk)
        desk.hears("Hello")
        said = page.said()
        assert said["moved"]
        assert [line["read"] for line in said["lines"]] == [[]]
        with desk.post.database.transaction() as conn:
            acting.see(conn, desk.person(), reading.last_said(conn), actor=olga)
        desk.does(acting.tag, ["vip"], [], actor=olga, clock=desk.clock)
        assert [line["read"] for line in page.said()["lines"]] == [[str(olga)]]

    def test_beyond_the_newest_it_is_said_who(self, desk, monkeypatch):
        monkeypatch.setattr(live, "LINES_AT_ONCE", 2)
        page_of = [f"p{number}@n.example" for number in range(4)]
        for address in page_of:
            desk.hears("Hello", address=address)
        page = Lines(desk)
        for address in page_of:
            desk.post.later(seconds=1)
            desk.hears("Again", address=address)
        said = page.said()
        pids = [str(desk.person(f"email:{address}").pid) for address in page_of]
        assert [line["profile_id"] for line in said["lines"]] == [pids[3], pids[2]]
        assert said["others"] == [[pids[1], None], [pids[0], None]]
        assert said["cut"]["id"] == said["lines"][1]["episode"]["id"]

    def test_when_too_many_are_moved_all_ask(self, desk, monkeypatch):
        monkeypatch.setattr(live, "LINES_AT_ONCE", 1)
        page = Lines(desk)
        for number in range(2):
            desk.hears("Hello", address=f"p{number}@n.example")
        assert page.said() == {"changed": True}
        desk.hears("Again", address="p1@n.example")
        assert len(page.said()["lines"]) == 1

    def test_somebody_with_several_is_said_to_have_them(self, desk):
        desk.hears("By mail")
        desk.hears("By telegram", address="501", channel="telegram")
        desk.merge("email:anna@n.example", "telegram:501")
        page = Lines(desk)
        desk.hears("And this")
        assert [line["several"] for line in page.said()["lines"]] == [True]

    def test_a_mark_that_comes_after_later_ones_is_not_missed(self, desk):
        """Its number was given out before theirs."""
        olga = desk.colleague("Olga")
        desk.hears("Hello")
        desk.hears("Hello", address="other@n.example")
        page = Lines(desk)
        with desk.post.database.transaction() as slow:
            acting.tag(slow, desk.person(), ["slow"], [], actor=olga, clock=desk.clock)
            desk.does(
                acting.tag, ["quick"], [], actor=olga, clock=desk.clock, reference="email:other@n.example"
            )  # fmt: skip
            assert [line["episode"]["tags"] for line in page.said()["lines"]] == [["quick"]]
        assert [line["episode"]["tags"] for line in page.said()["lines"]] == [["slow"]]

    def test_after_a_look_that_failed_all_ask(self, desk, monkeypatch):
        page = Lines(desk)
        desk.hears("Hello")
        with monkeypatch.context() as patch:
            patch.setattr(reading, "changed", failing)
            with pytest.raises(psycopg.OperationalError):
                page.look()
        assert page.said() == {"changed": True}
        desk.hears("Again")
        assert len(page.said()["lines"]) == 1

    def test_who_comes_later_asks_alone(self, desk):
        page = Lines(desk)
        assert page.look({"inbox"}, woken=False) == [{"changed": True, "fresh": True}]
