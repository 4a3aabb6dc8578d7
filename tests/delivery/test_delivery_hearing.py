import itertools
import threading
from datetime import timedelta

import psycopg
import pytest

from delivery.post import NOON
from onevoice import bootstrap
from onevoice.domains.delivery.contracts.channels import Attachment, Reach, Receipt, Said
from onevoice.domains.delivery.contracts.messages import Accepted
from onevoice.domains.delivery.jobs import follow
from onevoice.domains.delivery.service import hearing, saying, settling
from onevoice.domains.delivery.store import accounts as account_store
from onevoice.domains.privacy.contracts import Asked
from onevoice.domains.privacy.service import standing
from onevoice.kit import following as keeping
from onevoice.kit.home import Secrets

VAULT = b"v" * 32


def said(key="u1", text="Hello", address="anna@n.example", **more):
    return Said(key, address, text, NOON, f"<{key}@n.example>", **more)


@pytest.fixture
def hear(post):
    def take(account, *items, position=None):
        with post.database.transaction() as conn:
            return hearing.hear(
                conn,
                account,
                items,
                post.channels[account.channel],
                vault_key=VAULT,
                clock=post.clock,
                position=position,
            )

    return take


def uncertain(post, account):
    """A message whose sender died before it wrote down what the provider said."""
    number = post.send(post.willing()[0]).id
    post.claim(account)
    post.later(seconds=200)
    with post.database.transaction() as conn:
        settling.recover(conn, post.channels, at=post.clock.now())
    assert post.states(number) == ["uncertain"]
    return number


def linked(post):
    home = bootstrap.Installation(post.database, Secrets(VAULT, b"s" * 32, b"l" * 32), post.clock, post.chance)
    with bootstrap.linking_steps(home) as step:
        while step():
            pass


def link(post):
    linked(post)
    with post.database.transaction() as conn:
        return hearing.follow(conn)


def stored(post):
    with post.database.transaction() as conn:
        rows = conn.execute(
            "select n.name, e.body from identity.event e join identity.name n on n.id = e.name_id order by e.seq"
        ).fetchall()
    return [(name, body.get("properties", {})) for name, body in rows]


class TestSaid:
    def test_it_is_an_event_of_the_person(self, post, hear):
        account = post.account()
        file = Attachment("boots.jpg", "image/jpeg", 10)
        assert hear(account, said(subject="Boots", attachments=(file,), quoted="> yes")) == 1
        link(post)
        ((name, told),) = stored(post)
        assert name == "Message Received"
        assert (told["text"], told["subject"], told["quoted"]) == ("Hello", "Boots", "> yes")
        assert told["files"] == [{"name": "boots.jpg", "type": "image/jpeg", "size_bytes": 10, "file": 1}]

    def test_a_repeat_changes_nothing(self, post, hear):
        account = post.account()
        assert [hear(account, said()), hear(account, said()), hear(account, said(), said())] == [1, 0, 0]
        link(post)
        assert len(stored(post)) == 1

    def test_two_accounts_may_have_equal_keys(self, post, hear):
        one, other = post.account(), post.account(name="second")
        assert hear(one, said()) + hear(other, said()) == 2
        link(post)
        assert len(stored(post)) == 2

    def test_how_far_it_was_heard_moves_in_the_same_transaction(self, post, hear):
        account = post.account()
        hear(account, said(), position="7")
        with post.database.transaction() as conn:
            hearing.hear(
                conn, account, [said("u2")], post.channels["email"], vault_key=VAULT, clock=post.clock, position="8"
            )
            conn.rollback()
        with post.database.transaction() as conn:
            assert account_store.position(conn, account.id) == "7"
        assert hear(account, said("u2"), position="8") == 1

    def test_a_time_to_come_is_now(self, post, hear):
        account = post.account()
        item = said()
        late = Said(item.key, item.address, item.text, NOON + timedelta(days=9), item.provider_id)
        hear(account, late)
        link(post)
        with post.database.transaction() as conn:
            assert conn.execute("select happened from identity.event").fetchone() == (NOON,)

    def test_whoever_writes_opens_the_door(self, post, hear):
        telegram = post.account("telegram")
        hear(telegram, said(address="501"))
        link(post)
        with post.database.transaction() as conn:
            (row,) = conn.execute("select open, heard_at from delivery.reach").fetchall()
        assert row == (True, NOON)


class TestStop:
    @pytest.mark.parametrize("word", ["STOP", "стоп", " Wypisz mnie. ", "/stop"])
    def test_it_withdraws_everything_at_once(self, post, hear, word):
        account = post.account()
        nid, phone = post.willing("email", "phone")
        asked = post.send(nid)
        post.goes(account)
        later = post.send(nid, "Another")
        post.later(seconds=5)
        hear(account, said(text=word, address=f"p{nid}@n.example", answers=f"p-{asked.id}"))
        assert post.goes(account) == []
        assert post.message(later.id).reason == "withdrawn"
        with post.database.transaction() as conn:
            (found,) = standing.standings(conn, [Asked(nid, phone, "sms", "promotions")])
        assert found.state == "withdrawn"

    @pytest.mark.parametrize("text", ["Please stop by", "stop it, where are my boots?"])
    def test_only_when_it_stands_alone(self, post, hear, text):
        account = post.account()
        (nid,) = post.willing()
        asked = post.send(nid)
        post.goes(account)
        hear(account, said(text=text, address=f"p{nid}@n.example", answers=f"p-{asked.id}"))
        with post.database.transaction() as conn:
            assert standing.standings(conn, [Asked(nid, nid, "email", "promotions")])[0].state == "granted"

    def test_a_machine_says_nothing(self, post, hear):
        account = post.account()
        (nid,) = post.willing()
        asked = post.send(nid)
        post.goes(account)
        hear(account, said(text="stop", answers=f"p-{asked.id}", automatic=True))
        with post.database.transaction() as conn:
            assert standing.standings(conn, [Asked(nid, nid, "email", "promotions")])[0].state == "granted"

    def test_of_a_stranger_there_is_nothing_to_withdraw(self, post, hear):
        assert hear(post.account(), said(text="stop", address="nobody@n.example")) == 1


class TestReceipt:
    def sent(self, post, channel="email"):
        account = post.account(channel)
        (nid,) = post.willing("phone" if channel == "sms" else "email")
        asked = post.send(nid, channels=(channel,))
        post.goes(account)
        return account, nid, asked.id

    def receipt(self, number, state, key="r1", **more):
        return Receipt(key, state, NOON, message_id=number, **more)

    def test_it_moves_on_and_never_back(self, post, hear):
        account, _, number = self.sent(post)
        hear(account, self.receipt(number, "read", "r1"))
        hear(account, self.receipt(number, "delivered", "r2"))
        assert post.states(number) == ["read"]

    def test_by_the_providers_own_name(self, post, hear):
        account, _, number = self.sent(post)
        hear(account, Receipt("r1", "delivered", NOON, provider_id=f"p-{number}"))
        assert post.states(number) == ["delivered"]

    def test_an_address_that_is_gone_is_suppressed(self, post, hear):
        account, nid, number = self.sent(post)
        hear(account, self.receipt(number, "bounced", code="5.1.1", gone=True))
        assert (post.states(number), post.suppressed(nid).reason) == (["bounced"], "hard_bounce")
        link(post)
        assert stored(post)[0][0] == "Message Bounced"

    def test_a_full_mailbox_is_not_the_end(self, post, hear):
        account, nid, number = self.sent(post)
        hear(account, self.receipt(number, "bounced", code="4.2.2"))
        assert post.suppressed(nid) is None

    def test_a_complaint_ends_marketing(self, post, hear):
        account, nid, number = self.sent(post)
        hear(account, self.receipt(number, "complained"))
        assert post.suppressed(nid).reason == "complaint"
        assert post.send(nid, "Again").rule == "block_list"
        assert post.send(nid, "Paid", message_class="transactional", purpose="orders").state == "queued"

    def test_what_is_none_of_ours_is_let_be(self, post, hear):
        account, _, number = self.sent(post)
        assert hear(account, Receipt("r1", "bounced", NOON, message_id=number + 1000)) == 1
        assert post.states(number) == ["sent"]

    def test_an_uncertain_one_that_was_read_after_all(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        hear(account, self.receipt(number, "delivered"))
        assert post.states(number) == ["delivered"]


class TestAnswered:
    """Whoever answers a message has it, whatever its provider told, or did not."""

    def test_one_of_which_nobody_knew_whether_it_was_taken(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        went = post.message(number).contacted_at
        hear(account, said(answers="<m-7.abc@n.example>", answered=number))
        found = post.message(number)
        assert (found.state, found.sent_at, found.rule, found.reason) == ("delivered", went, None, None)
        link(post)
        assert dict(stored(post))["Message Received"]["answers"] == number

    def test_by_the_providers_own_name(self, post, hear):
        account = post.account()
        number = post.send(post.willing()[0]).id
        post.goes(account)
        hear(account, said(answers=f"p-{number}"))
        assert post.states(number) == ["delivered"]

    def test_also_by_a_machine(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        hear(account, said(answered=number, automatic=True))
        assert post.states(number) == ["delivered"]

    def test_what_was_read_stays_so(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        hear(account, Receipt("r1", "read", NOON, message_id=number), said(answered=number))
        assert post.states(number) == ["read"]

    def test_what_bounced_stays_so(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        hear(account, Receipt("r1", "bounced", NOON, message_id=number))
        hear(account, said(answered=number))
        assert post.states(number) == ["bounced"]

    def test_a_word_that_answers_nothing_moves_nothing(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        hear(account, said(answers="<m-7.abc@n.example>"))
        assert post.states(number) == ["uncertain"]

    def test_stop_holds_for_the_address_it_went_to(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        nid = post.message(number).nid
        hear(account, said(text="stop", address="other@n.example", answered=number))
        with post.database.transaction() as conn:
            assert standing.standings(conn, [Asked(nid, nid, "email", "promotions")])[0].state == "withdrawn"


class TestDoubtEnded:
    """Nobody told of it as sent when it left, for nobody knew: whatever shows that it did tells of it."""

    def told(self, post):
        link(post)
        with post.database.transaction() as conn:
            rows = conn.execute(
                "select e.happened, e.body -> 'properties' from identity.event e join identity.name n"
                " on n.id = e.name_id where n.name = 'Message Sent'"
            )
            return rows.fetchall()

    @pytest.mark.parametrize(
        "make",
        [
            lambda number: Receipt("r1", "delivered", NOON, message_id=number),
            lambda number: Receipt("r1", "read", NOON, message_id=number),
            lambda number: Receipt("r1", "bounced", NOON, message_id=number),
            lambda number: Receipt("r1", "complained", NOON, message_id=number),
            lambda number: said(answered=number),
        ],
        ids=["delivered", "read", "bounced", "complained", "answered"],
    )
    def test_its_words_stand_in_the_log_once_where_they_left(self, post, hear, make):
        account = post.account()
        number = uncertain(post, account)
        left = post.message(number).contacted_at
        assert self.told(post) == []
        hear(account, make(number))
        hear(account, make(number), Receipt("r9", "read", NOON, message_id=number), said("u9", answered=number))
        ((happened, told),) = self.told(post)
        assert happened == left
        assert told == {"message": number, "text": "Hello", "class": "marketing", "purpose": "promotions"}

    def test_a_receipt_that_is_faster_than_the_sender(self, post, hear):
        account = post.account()
        number = post.send(post.willing()[0]).id
        claim = post.claim(account)
        hear(account, Receipt("r1", "delivered", NOON, message_id=number))
        results = [settling.Result(each.outgoing, each.attempt, Accepted("p-1")) for each in claim.claimed]
        with post.database.transaction() as conn:
            ended = settling.settle(conn, account, results, post.channels, clock=post.clock, chance=post.chance)
            saying.tell(conn, account, ended, "email", post.clock.now())
        assert post.states(number) == ["delivered"]
        ((_, told),) = self.told(post)
        assert told["text"] == "Hello"

    def test_what_was_known_is_not_told_again(self, post, hear):
        account = post.account()
        number = post.send(post.willing()[0]).id
        post.goes(account)
        hear(account, Receipt("r1", "delivered", NOON, message_id=number))
        assert self.told(post) == []

    def test_of_who_was_erased_nothing(self, post, hear):
        account = post.account()
        number = uncertain(post, account)
        with post.database.transaction() as conn:
            conn.execute("delete from identity.vault")
        hear(account, Receipt("r1", "delivered", NOON, message_id=number))
        assert post.states(number) == ["delivered"]
        assert self.told(post) == []


class TestReach:
    def test_a_door_that_was_shut_and_opened_again(self, post, hear):
        telegram = post.account("telegram")
        hear(telegram, Reach("r1", "501", True, NOON), Reach("r2", "501", False, NOON + timedelta(seconds=0)))
        link(post)
        post.later(minutes=5)
        hear(telegram, Reach("r3", "501", True, post.clock.now()))
        link(post)
        with post.database.transaction() as conn:
            assert conn.execute("select open from delivery.reach").fetchall() == [(True,)]

    def test_news_that_are_older_than_what_is_known(self, post, hear):
        telegram = post.account("telegram")
        post.later(hours=1)
        hear(telegram, Reach("r2", "501", False, NOON + timedelta(minutes=30)))
        link(post)
        hear(telegram, Reach("r1", "501", True, NOON))
        link(post)
        with post.database.transaction() as conn:
            assert conn.execute("select open from delivery.reach").fetchall() == [(False,)]


def test_the_follower_goes_on_where_it_was(post, hear):
    account = post.account()
    hear(account, said())
    first = link(post)
    assert first.noted == 1
    with post.database.transaction() as conn:
        assert hearing.follow(conn) == (first.seq, 0, False)


def test_it_tells_where_its_batch_ended_before_the_log(post, hear):
    account = post.account()
    for number in range(3):
        hear(account, said(f"s{number}"))
    last = link(post).seq
    with post.database.transaction() as conn:
        conn.execute("update delivery.follower set seq = %s", (last - 2,))
        assert [hearing.follow(conn, limit=1) for _ in range(2)] == [(last - 1, 1, True), (last, 1, False)]


class TestPoison:
    """The follower's thread against an event of which no door can be told."""

    @pytest.fixture(autouse=True)
    def hasty(self, monkeypatch):
        monkeypatch.setattr(keeping, "FIRST_WAIT_SECONDS", 0.0001)

    @pytest.fixture
    def fails(self, monkeypatch):
        """So often for somebody's address, with an error; how often it was tried."""

        def make(nid, error, times=1_000_000):
            tried = []
            real = hearing.store.note_reach

            def note_reach(conn, account_id, who, at, *, opens):
                if who == nid:
                    tried.append(who)
                    if len(tried) <= times:
                        raise error
                real(conn, account_id, who, at, opens=opens)

            monkeypatch.setattr(hearing.store, "note_reach", note_reach)
            return tried

        return make

    @pytest.fixture
    def wrote(self, post, hear):
        """Three who wrote to a bot, whom nobody has followed yet."""
        telegram = post.account("telegram")
        for number in (501, 502, 503):
            hear(telegram, said(f"u{number}", address=str(number)))
        linked(post)
        with post.database.transaction() as conn:
            return [row[0] for row in conn.execute("select nid from identity.event order by seq").fetchall()]

    @staticmethod
    def runs(post, until, turns=200):
        """As the worker runs it, until something is so."""
        stop, count = threading.Event(), itertools.count()

        def wait(_: float) -> None:
            if until() or next(count) >= turns:
                stop.set()

        follow.run(post.database, post.clock, stop, wait)
        assert until()

    @staticmethod
    def rows(post, sql):
        with post.database.transaction() as conn:
            return [row[0] for row in conn.execute(sql).fetchall()]

    def noted(self, post):
        return self.rows(post, "select nid from delivery.reach order by nid")

    def aside(self, post):
        return self.rows(post, "select error from delivery.aside")

    @pytest.mark.parametrize("error", [ValueError("bad"), psycopg.errors.CheckViolation("bad")])
    def test_it_is_set_aside_and_the_others_go_on(self, post, hear, wrote, fails, error):
        tried = fails(wrote[1], error)
        before = follow.SET_ASIDE._value.get()
        self.runs(post, lambda: self.noted(post) == sorted({*wrote} - {wrote[1]}))
        assert self.aside(post) == [type(error).__name__]
        assert follow.SET_ASIDE._value.get() - before == 1
        assert len(tried) == keeping.ATTEMPTS + 1
        hear(post.account("telegram", name="second"), said("u9", address="504"))
        linked(post)
        self.runs(post, lambda: len(self.noted(post)) == 3)
        assert len(self.aside(post)) == 1

    def test_what_fails_only_twice_is_not(self, post, wrote, fails):
        fails(wrote[1], ValueError("now and then"), keeping.ATTEMPTS - 1)
        self.runs(post, lambda: self.noted(post) == sorted(wrote))
        assert self.aside(post) == []

    def test_a_database_in_trouble_condemns_nobody(self, post, wrote, fails):
        fails(wrote[1], psycopg.errors.DiskFull(), keeping.ATTEMPTS + 3)
        self.runs(post, lambda: self.noted(post) == sorted(wrote))
        assert self.aside(post) == []
