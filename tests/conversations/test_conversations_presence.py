"""Who looks at a conversation and who writes: over all processes, at little cost, and gone soon after a crash."""

import pytest

from onevoice.domains.conversations.http.live import Presence
from onevoice.web.guards import Actor
from onevoice.web.hub import Present

READS = frozenset({"conversations.read"})
ANSWERS = READS | {"conversations.answer"}


class Process:
    """One of several that serve the console. Each page is its person's."""

    def __init__(self, desk):
        self.desk = desk
        self.presence = Presence(desk.post.database, clock=desk.clock, chance=desk.post.chance)
        self.topics = set()

    def keep(self, *present):
        self.presence.keep(present)

    def hears(self, *topics):
        self.topics |= set(topics)
        return self.told(fresh=set(topics))

    def told(self, fresh=frozenset()):
        found = self.presence.look(self.topics, set(fresh), woken=True)
        return {topic: [(each["name"], each["writes"]) for each in said["people"]] for topic, said in found}


def here(account, topic, writes=False, *, page=1, permissions=ANSWERS):
    return Present(page, Actor("account", account, f"{account}@shop.example", permissions), topic, writes)


@pytest.fixture
def olga(desk):
    return desk.colleague("Olga")


@pytest.fixture
def topic(desk):
    desk.hears("Hello")
    return f"present:{desk.person().pid}"


def rows(desk):
    with desk.post.database.transaction() as conn:
        return conn.execute("select process, page, at from conversations.presence order by 1, 2").fetchall()


def test_its_topics(desk):
    takes = Presence(desk.post.database, clock=desk.clock, chance=desk.post.chance).takes
    assert takes("present:7")
    assert not any(map(takes, ["conversation:7", "present", "inbox", ""]))


def test_colleagues_of_every_process_are_told_of_each_change_once(desk, olga, topic):
    one, other = Process(desk), Process(desk)
    assert other.hears(topic) == {topic: []}
    one.keep(here(olga, topic))
    assert (other.told(), other.told()) == ({topic: [("Olga", False)]}, {})
    assert one.hears(topic) == {topic: [("Olga", False)]}
    one.keep(here(olga, topic, writes=True))
    assert (other.told(), other.told()) == ({topic: [("Olga", True)]}, {})
    one.keep()
    assert (other.told(), other.told()) == ({topic: []}, {})


def test_whoever_has_several_pages_is_there_once(desk, olga, topic):
    process = Process(desk)
    process.keep(here(olga, topic), here(olga, topic, writes=True, page=2))
    assert process.hears(topic) == {topic: [("Olga", True)]}
    process.keep(here(olga, topic, page=1))
    assert process.told() == {topic: [("Olga", False)]}


def test_who_may_not_answer_never_writes(desk, olga, topic):
    process = Process(desk)
    process.keep(here(olga, topic, writes=True, permissions=READS))
    assert process.hears(topic) == {topic: [("Olga", False)]}


@pytest.mark.parametrize("name", ["present:", "present:x", "present:-1", "present:" + "9" * 19, "present:\u0661"])
def test_nonsense_is_kept_of_nobody(desk, olga, name):
    process = Process(desk)
    process.keep(here(olga, name))
    assert process.hears(name) == {}
    assert rows(desk) == []


def test_a_conversation_that_is_not_there_harms_nobody(desk, olga, topic):
    process = Process(desk)
    process.keep(here(olga, "present:999999"))
    assert process.hears(topic, "present:999999") == {topic: [], "present:999999": [("Olga", False)]}


def test_a_process_that_dies_is_forgotten_within_fifteen_seconds(desk, olga, topic):
    dies, lives = Process(desk), Process(desk)
    marek = desk.colleague("Marek")
    lives.hears(topic)
    dies.keep(here(olga, topic, writes=True))
    lives.keep(here(marek, topic))
    assert sorted(lives.told()[topic]) == [("Marek", False), ("Olga", True)]
    for _ in range(3):
        desk.post.later(seconds=5)
        lives.keep(here(marek, topic))
    assert lives.told() == {topic: [("Marek", False)]}
    assert len(rows(desk)) == 1


def test_who_stays_is_written_once_in_five_seconds(desk, olga, topic):
    process = Process(desk)
    first = here(olga, topic)
    process.keep(first)
    at = rows(desk)
    for _ in range(4):
        desk.post.later(seconds=1)
        process.keep(first, here(olga, topic, page=2))
    assert [each for each in rows(desk) if each[1] == 1] == at
    desk.post.later(seconds=1)
    process.keep(first)
    assert rows(desk)[0][2] == desk.clock.now()


def test_people_who_are_joined_are_one_conversation(desk, olga):
    desk.hears("By mail")
    desk.hears("By telegram", address="501", channel="telegram")
    one, other = f"present:{desk.person().pid}", f"present:{desk.person('telegram:501').pid}"
    process = Process(desk)
    process.keep(here(olga, other))
    assert process.hears(one, other) == {one: [], other: [("Olga", False)]}
    desk.merge("email:anna@n.example", "telegram:501")
    assert process.told() == {one: [("Olga", False)]}
