"""Colleagues, the follower and the clock at once; the follower killed in the middle."""

import itertools
import threading

from onevoice.domains.conversations.service import acting, following, reading
from onevoice.domains.identity.service import reading as identity

VAULT = b"v" * 32


def in_threads(*works):
    faults = []

    def one(work):
        try:
            work()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []


def test_closing_while_they_write_loses_no_word(desk):
    """Whatever comes first, a word that was learnt after the closing opens it again."""
    olga = desk.colleague("Olga")
    addresses = [f"p{number}@n.example" for number in range(6)]
    for address in addresses:
        desk.hears("Hello", address=address, follow=False)
    desk.link()
    for turn in range(8):
        for address in addresses:
            desk.hears(f"Word {turn}", address=address, follow=False)
        desk.post.later(seconds=1)

        def close():
            for address in addresses:
                with desk.post.database.transaction() as conn:
                    who = reading.person(conn, f"email:{address}", VAULT)
                    acting.close(conn, who, actor=olga, clock=desk.clock)

        in_threads(close, desk.link)
    for address in addresses:
        desk.hears("The last word", address=address, follow=False)
    desk.link()
    assert len(desk.inbox()) == len(addresses)
    for address in addresses:
        assert len(desk.texts(f"email:{address}")) == 10
        assert desk.episode(f"email:{address}").state == "open"


def test_two_who_change_the_same_wait_for_each_other(desk):
    olga = desk.colleague("Olga")
    desk.hears("By mail")
    desk.hears("By telegram", address="501", channel="telegram")
    desk.merge("email:anna@n.example", "telegram:501")

    def tagging(name):
        def work():
            for number in range(5):
                desk.does(acting.tag, [f"{name}{number}"], [], actor=olga, clock=desk.clock)

        return work

    in_threads(*(tagging(name) for name in "abc"))
    for episode in desk.episodes():
        assert sorted(episode.tags) == sorted(f"{name}{number}" for name in "abc" for number in range(5))


def test_two_followers_take_nothing_twice(desk):
    for number in range(40):
        desk.hears(f"Word {number}", address=f"p{number % 7}@n.example", follow=False)
    desk.link_only()
    in_threads(desk.follow, desk.follow, desk.follow)
    with desk.post.database.transaction() as conn:
        rows = conn.execute("select count(*), count(distinct seq) from conversations.said").fetchone()
        assert rows == (40, 40)
        assert conn.execute("select count(*) from conversations.episode").fetchone() == (7,)


def test_however_it_is_cut_into_batches_it_comes_to_the_same(desk, monkeypatch):
    texts = itertools.cycle(["Hello", "STOP", "One more", "Thanks"])
    for number in range(24):
        desk.hears(next(texts), address=f"p{number % 5}@n.example", follow=False)
        desk.post.later(hours=number * 7)
    desk.link_only()
    found = []
    for size in (1, 3, 1000):
        monkeypatch.setattr(following, "SAID_AT_ONCE", size)
        with desk.post.database.transaction() as conn:
            conn.execute("delete from conversations.mark")
            conn.execute("delete from conversations.said")
            conn.execute("delete from conversations.episode")
            conn.execute("update conversations.follower set seq = 0")
        desk.follow()
        with desk.post.database.transaction() as conn:
            episodes = conn.execute(
                "select nid, opened_at, state, waiting_since, closed_at, last_at, last_seq, heard_seq"
                " from conversations.episode order by nid, opened_at"
            ).fetchall()
            said = conn.execute(
                "select s.seq, e.opened_at from conversations.said s left join conversations.episode e"
                " on e.id = s.episode order by 1"
            ).fetchall()
            marks = conn.execute("select act, at from conversations.mark order by 2, 1").fetchall()
        found.append((episodes, said, marks))
    assert len(found[0][1]) == 24
    assert found[0] == found[1] == found[2]


def test_killed_in_the_middle_it_goes_on_where_it_was(desk):
    for number in range(10):
        desk.hears(f"Word {number}", follow=False)
    desk.link_only()
    with desk.post.database.transaction() as conn:
        assert following.follow(conn, clock=desk.clock).said == 10
        conn.rollback()
    assert desk.texts() == []
    desk.follow()
    assert len(desk.texts()) == 10
    with desk.post.database.transaction() as conn:
        assert following.follow(conn, clock=desk.clock).seq == identity.last_seq(conn)
