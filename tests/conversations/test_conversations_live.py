"""What open pages of the desk are told: each change once, of what they look at, and of nothing else."""

import pytest

from onevoice.domains.conversations.http.live import Conversations
from onevoice.domains.conversations.service import acting


class Page:
    """A page that listens to some topics."""

    def __init__(self, desk, *topics):
        self.publisher = Conversations(desk.post.database)
        self.topics = set(topics)
        self.publisher.look(self.topics, self.topics, woken=True)

    def told(self, *, woken=True):
        found = self.publisher.look(self.topics, set(), woken=woken)
        assert all(said == {"changed": True} for _, said in found)
        return [topic for topic, _ in found]


@pytest.mark.parametrize("topic", ["inbox", "conversation:7"])
def test_its_topics(desk, topic):
    assert Conversations(desk.post.database).takes(topic)


@pytest.mark.parametrize("topic", ["live", "inboxes", "conversation", "messages:7", ""])
def test_others_are_not_its_own(desk, topic):
    assert not Conversations(desk.post.database).takes(topic)


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


def test_the_inbox_is_told_when_it_is_woken(desk):
    page = Page(desk, "inbox")
    assert page.told() == ["inbox"]
    assert page.told(woken=False) == []


def test_people_who_are_joined_are_told_to_whoever_looks_at_one_of_them(desk):
    desk.hears("By mail")
    desk.hears("By telegram", address="501", channel="telegram")
    one, other = desk.person().pid, desk.person("telegram:501").pid
    page = Page(desk, f"conversation:{one}", f"conversation:{other}")
    desk.merge("email:anna@n.example", "telegram:501")
    assert page.told() == [f"conversation:{one}", f"conversation:{other}"]
