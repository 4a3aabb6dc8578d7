"""What pages that show messages are told: each change once, of what they look at, and of nothing else."""

import pytest

from delivery.post import Post
from onevoice.domains.delivery.errors import Permanent
from onevoice.domains.delivery.http.live import Messages
from onevoice.domains.delivery.service import asking
from onevoice.domains.delivery.store import hearing


class Page:
    """A page that listens to some topics."""

    def __init__(self, post: Post, *topics: str) -> None:
        self.publisher = Messages(post.database)
        self.topics = set(topics)
        self.publisher.look(self.topics, self.topics, woken=True)

    def told(self, *, woken: bool = True) -> list[str]:
        found = self.publisher.look(self.topics, set(), woken=woken)
        assert all(said == {"changed": True} for _, said in found)
        return [topic for topic, _ in found]


class TestTopics:
    @pytest.mark.parametrize("topic", ["messages", "messages:7", "message:7"])
    def test_are_the_list_a_person_and_a_message(self, post: Post, topic: str) -> None:
        assert Messages(post.database).takes(topic)

    @pytest.mark.parametrize("topic", ["live", "profile:7", "messagesx", "message", ""])
    def test_others_are_not_its_own(self, post: Post, topic: str) -> None:
        assert not Messages(post.database).takes(topic)

    @pytest.mark.parametrize("topic", ["messages:", "messages:x", "message:-1", "message:" + "9" * 19, "message:٣"])
    def test_nonsense_is_nobody(self, post: Post, topic: str) -> None:
        page = Page(post, topic)
        assert page.told() == []


class TestOneMessage:
    def test_every_step_of_it_is_told_once(self, post: Post) -> None:
        account, (nid,) = post.account(), post.willing()
        number = post.send(nid).id
        page = Page(post, f"message:{number}")
        assert page.told() == []
        claim = post.claim(account)
        assert page.told() == [f"message:{number}"]
        assert page.told() == []
        post.settle(account, claim)
        assert page.told() == [f"message:{number}"]
        with post.database.transaction() as conn:
            hearing.move_on(conn, number, "delivered", post.clock.now(), "")
        assert page.told(woken=False) == [f"message:{number}"]
        assert page.told() == []

    def test_of_others_it_hears_nothing(self, post: Post) -> None:
        account, (nid,), (other,) = post.account(), post.willing(), post.willing()
        number = post.send(nid).id
        post.goes(account)
        page = Page(post, f"message:{number}")
        post.send(other)
        post.goes(account)
        assert page.told() == []


class TestPerson:
    def test_what_is_asked_for_sent_refused_or_cancelled_is_told(self, post: Post) -> None:
        account, (nid,) = post.account(), post.willing()
        page = Page(post, f"messages:{nid}")
        topic = [f"messages:{nid}"]
        post.send(nid)
        assert page.told() == topic
        post.goes(account, Permanent("gone", "No such mailbox", gone=True))
        assert page.told() == topic
        silent = post.send(nid, "Again")
        assert silent.state == "suppressed"
        assert page.told() == topic
        assert page.told() == []

    def test_a_message_that_is_cancelled_is_told(self, post: Post) -> None:
        post.account()
        (nid,) = post.willing()
        number = post.send(nid).id
        page = Page(post, f"messages:{nid}")
        with post.database.transaction() as conn:
            asking.cancel(conn, number, actor="owner", clock=post.clock)
        assert page.told() == [f"messages:{nid}"]

    def test_it_counts_by_whatever_identifier_they_were_written_to(self, post: Post) -> None:
        email, phone = post.willing("email", "phone")
        page = Page(post, f"messages:{email}", f"messages:{post.person()[0]}")
        post.send(phone)
        assert page.told() == [f"messages:{email}"]

    def test_and_of_a_profile_that_was_joined_to_another(self, post: Post) -> None:
        account, (one,), (other,) = post.account(), post.willing(), post.willing()
        post.join(one, other)
        page = Page(post, f"messages:{other}")
        post.send(one)
        assert page.told() == [f"messages:{other}"]
        post.goes(account)
        assert page.told() == [f"messages:{other}"]


class TestEverything:
    def test_the_list_is_told_when_it_was_woken_and_not_by_the_clock(self, post: Post) -> None:
        page = Page(post, "messages")
        assert page.told(woken=False) == []
        assert page.told(woken=True) == ["messages"]

    def test_a_batch_of_a_campaign_is_told_once(self, post: Post) -> None:
        account = post.account()
        post.ask(*(post.wanted(post.willing()[0]) for _ in range(20)))
        page = Page(post, "messages")
        post.goes(account)
        assert page.told() == ["messages"]


class TestNewcomer:
    def test_is_told_at_once_since_what_happened_before_is_not_known(self, post: Post) -> None:
        (nid,) = post.willing()
        number = post.send(nid).id
        publisher = Messages(post.database)
        topics = {"messages", f"messages:{nid}", f"message:{number}"}
        assert {topic for topic, _ in publisher.look(topics, topics, woken=False)} == topics
        newcomer = {f"messages:{nid}"}
        assert {topic for topic, _ in publisher.look(topics, newcomer, woken=False)} == newcomer

    def test_while_nobody_listens_nothing_is_looked_for(self, post: Post) -> None:
        publisher = Messages(post.database)
        post.database.close()
        assert publisher.look(set(), set(), woken=True) == []
        assert publisher.look({"messages"}, set(), woken=True) == [("messages", {"changed": True})]
