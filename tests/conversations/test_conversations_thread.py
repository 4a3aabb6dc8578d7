"""The thread, the inbox and the search, as colleagues look at them."""

from datetime import timedelta

import pytest

from conversations.desk import VAULT
from delivery.post import manifest
from onevoice.domains.conversations.contracts import Draft
from onevoice.domains.conversations.errors import (
    AnsweredMeanwhileError,
    EmptySearchError,
    NotYourNoteError,
    UnknownColleagueError,
    UnknownNoteError,
)
from onevoice.domains.conversations.http import render
from onevoice.domains.conversations.rules import words
from onevoice.domains.conversations.service import acting, reading, replying, searching
from onevoice.domains.conversations.service.replying import Reply
from onevoice.domains.delivery.contracts.messages import Ask, Content
from onevoice.domains.delivery.errors import InvalidMessageError
from onevoice.domains.delivery.service import asking, files


@pytest.fixture
def olga(desk):
    return desk.colleague("Olga")


class TestThread:
    def test_pages_hold_each_thing_once_in_order(self, desk, olga):
        for number in range(7):
            desk.hears(f"Word {number}", follow=False)
            desk.post.later(seconds=1)
        desk.link()
        for number in range(5):
            desk.does(acting.add_note, f"Note {number}", (), actor=olga, clock=desk.clock)
        desk.does(acting.tag, ["vip"], [], actor=olga, clock=desk.clock)
        desk.does(acting.assign, olga, actor=olga, clock=desk.clock)
        whole = desk.thread(limit=100)
        pages, before = [], None
        while True:
            page = desk.thread(limit=3, before=before)
            pages += page.items
            before = page.before
            if before is None:
                break
        assert pages == whole.items
        assert len(whole.items) == 7 + 5 + 3  # opened, tagged, assigned

    def test_each_word_says_by_what_and_how_surely(self, desk):
        desk.hears("By mail")
        desk.hears("By telegram", address="501", channel="telegram")
        for reference, expected in {
            "email:anna@n.example": ("email", "anna@n.example", "claimed"),
            "telegram:501": ("telegram", "501", "possessed"),
        }.items():
            shown = render.thread(desk.thread(reference), {}, None).data
            (said,) = [each for each in shown if each.kind == "said"]
            assert (said.address_kind, said.address, said.assurance) == expected

    def test_an_answer_says_who_wrote_it_and_how_it_stands(self, desk, olga):
        desk.hears("Do they run small?")
        with desk.post.database.transaction() as conn:
            who = reading.person(conn, "email:anna@n.example", b"v" * 32)
            wanted = replying.Reply("k1", "Half a size.", 0)
            asked = replying.reply(
                conn, who, wanted, desk.post.channels, [], actor="olga@shop.example", account=olga, clock=desk.clock
            )
        (unsent,) = desk.thread().unsent
        assert (unsent.message.state, unsent.content["words"]["text"]) == ("queued", "Half a size.")
        desk.post.later(seconds=6)
        desk.goes()
        found = render.thread(desk.thread(), {}, None)
        said = next(each for each in found.data if each.kind == "said")
        assert (said.author, said.colleague, said.state) == ("colleague", "Olga", "sent")
        assert said.message_id == str(asked.id)
        assert found.unsent == []

    def test_of_an_erased_event_there_is_nothing(self, desk):
        desk.hears("Secret")
        with desk.post.database.transaction() as conn:
            conn.execute("delete from identity.event")
        assert desk.texts() == []


class TestReply:
    def reply(self, desk, key, text, knows, actor, account, **more):
        with desk.post.database.transaction() as conn:
            who = reading.person(conn, "email:anna@n.example", b"v" * 32)
            wanted = replying.Reply(key, text, knows, **more)
            return replying.reply(
                conn, who, wanted, desk.post.channels, [], actor=actor, account=account, clock=desk.clock
            )

    def test_pressed_twice_it_goes_once(self, desk, olga):
        desk.hears("Do they run small?")
        first = self.reply(desk, "k1", "Yes", 0, "olga", olga)
        again = self.reply(desk, "k1", "Yes", 0, "olga", olga)
        assert (again.id, again.repeated) == (first.id, True)

    def test_it_can_be_taken_back_for_six_seconds(self, desk, olga):
        desk.hears("Do they run small?")
        asked = self.reply(desk, "k1", "Yes", 0, "olga", olga)
        desk.post.later(seconds=5)
        desk.goes()
        with desk.post.database.transaction() as conn:
            asking.cancel(conn, asked.id, actor="olga", clock=desk.clock)
        desk.post.later(seconds=5)
        desk.goes()
        assert desk.texts() == ["Do they run small?"]

    def test_when_the_window_closes_is_told_with_the_judgement(self, desk):
        desk.post.channels["email"] = manifest("email", "email", subject=True, window_hours=24)
        desk.hears("Do they run small?")
        closes = desk.clock.now() + timedelta(hours=24)

        def judged():
            with desk.post.database.transaction() as conn:
                node = reading.person(conn, "email:anna@n.example", b"v" * 32).node
                ask = Ask("k", node, "pl", "conversational", "orders", "olga", Content("Yes"))
                found = asking.consider(conn, ask, desk.post.channels, at=desk.clock.now())
            (mail,) = [each for each in found.decision.judged if each.channel == "email"]
            return next(each for each in mail.verdicts if each.rule == "window")

        desk.post.later(hours=23)
        assert (judged().result, judged().until) == ("pass", closes)
        desk.post.later(hours=1)
        assert (judged().result, judged().since) == ("stop", closes)

    def test_two_colleagues_do_not_answer_unseen(self, desk, olga):
        boris = desk.colleague("Boris")
        desk.hears("Do they run small?")
        first = self.reply(desk, "k1", "Yes", 0, "olga", olga)
        with pytest.raises(AnsweredMeanwhileError) as refused:
            self.reply(desk, "k2", "No", 0, "boris", boris)
        assert refused.value.extra == {"by": "olga", "message": str(first.id)}
        assert self.reply(desk, "k2", "No", first.id, "boris", boris).state == "queued"
        assert self.reply(desk, "k3", "Really", 0, "olga", olga, anyway=True).state == "queued"

    def test_what_was_taken_back_stands_in_nobodys_way(self, desk, olga):
        boris = desk.colleague("Boris")
        desk.hears("Do they run small?")
        first = self.reply(desk, "k1", "Yes", 0, "olga", olga)
        with desk.post.database.transaction() as conn:
            asking.cancel(conn, first.id, actor="olga", clock=desk.clock)
        assert self.reply(desk, "k2", "No", 0, "boris", boris).state == "queued"

    def test_the_draft_is_gone_with_it(self, desk, olga):
        desk.hears("Do they run small?")
        draft = Draft("reply", "Half", "email", desk.clock.now())
        desk.does(acting.save_draft, draft, actor=olga)
        with desk.post.database.transaction() as conn:
            who = reading.person(conn, "email:anna@n.example", b"v" * 32)
            assert reading.conversation(conn, who, olga).drafts == [draft]
            assert reading.conversation(conn, who, olga + 1).drafts == []
        self.reply(desk, "k1", "Half a size", 0, "olga", olga)
        with desk.post.database.transaction() as conn:
            assert reading.conversation(conn, who, olga).drafts == []


class TestDraft:
    def test_of_two_tabs_the_later_stays(self, desk, olga):
        desk.hears("Hello")
        now = desk.clock.now()
        for text, at in (("Later", now + timedelta(seconds=2)), ("Earlier", now)):
            desk.does(acting.save_draft, Draft("reply", text, None, at), actor=olga)
        with desk.post.database.transaction() as conn:
            who = reading.person(conn, "email:anna@n.example", b"v" * 32)
            (draft,) = reading.conversation(conn, who, olga).drafts
        assert draft.text == "Later"

    def test_an_empty_one_is_none(self, desk, olga):
        desk.hears("Hello")
        for text in ("Half", "  "):
            desk.does(acting.save_draft, Draft("note", text, None, desk.clock.now()), actor=olga)
        with desk.post.database.transaction() as conn:
            who = reading.person(conn, "email:anna@n.example", b"v" * 32)
            assert reading.conversation(conn, who, olga).drafts == []


class TestNotes:
    def test_who_is_mentioned_finds_it(self, desk, olga):
        boris = desk.colleague("Boris")
        desk.hears("Hello")
        desk.does(acting.add_note, "Boris, please", [boris], actor=olga, clock=desk.clock)
        assert [len(desk.inbox("mentions", me)) for me in (boris, olga)] == [1, 0]

    def test_only_its_writer_changes_it(self, desk, olga):
        boris = desk.colleague("Boris")
        desk.hears("Hello")
        number = desk.does(acting.add_note, "First", (), actor=olga, clock=desk.clock)
        with desk.post.database.transaction() as conn, pytest.raises(NotYourNoteError):
            acting.edit_note(conn, number, "Mine", (), actor=boris, clock=desk.clock)
        with desk.post.database.transaction() as conn:
            acting.edit_note(conn, number, "Second", (), actor=olga, clock=desk.clock)
        assert desk.texts() == ["Hello", "Second"]
        with desk.post.database.transaction() as conn:
            acting.edit_note(conn, number, None, (), actor=olga, clock=desk.clock)
        assert desk.texts() == ["Hello", ""]
        with desk.post.database.transaction() as conn, pytest.raises(UnknownNoteError):
            acting.edit_note(conn, number, "Third", (), actor=olga, clock=desk.clock)

    def test_nobody_is_mentioned_who_is_not_there(self, desk, olga):
        desk.hears("Hello")
        with pytest.raises(UnknownColleagueError):
            desk.does(acting.add_note, "You", [10**6], actor=olga, clock=desk.clock)

    def test_one_of_somebody_who_never_wrote(self, desk, olga):
        desk.knows(userId="u1", traits={"email": "anna@n.example"})
        desk.does(acting.add_note, "Known from the fair", (), actor=olga, clock=desk.clock)
        assert desk.texts() == ["Known from the fair"]


class TestInbox:
    def many(self, desk, count=7):
        for number in range(count):
            desk.hears(f"From {number}", address=f"p{number}@n.example", follow=False)
            desk.post.later(seconds=1)
        desk.link()

    def test_pages_hold_each_customer_once(self, desk):
        self.many(desk)
        lines, after = [], None
        while True:
            with desk.post.database.transaction() as conn:
                found = reading.inbox(conn, reading.Filter("open", 0, after=after), 2)
            lines += found.lines
            after = found.after
            if after is None:
                break
        assert [each.said.properties["text"] for each in lines] == [f"From {number}" for number in range(6, -1, -1)]

    def test_the_longest_wait_first(self, desk):
        self.many(desk, 3)
        texts = [each.said.properties["text"] for each in desk.inbox(sort="waiting")]
        assert texts == ["From 0", "From 1", "From 2"]

    def test_views(self, desk, olga):
        self.many(desk, 3)
        desk.does(acting.assign, olga, actor=olga, clock=desk.clock, reference="email:p0@n.example")
        desk.does(acting.close, actor=olga, clock=desk.clock, reference="email:p1@n.example")
        sizes = {view: len(desk.inbox(view, olga)) for view in ("mine", "unassigned", "open", "closed", "snoozed")}
        assert sizes == {"mine": 1, "unassigned": 1, "open": 2, "closed": 1, "snoozed": 0}
        with desk.post.database.transaction() as conn:
            counted = reading.Counts(desk.clock).of(conn, [reading.Filter(view, olga) for view in sizes])
        assert counted == [(size, True) for size in sizes.values()]

    def test_more_than_are_counted(self, desk, olga, monkeypatch):
        self.many(desk, 3)
        monkeypatch.setattr(reading, "COUNTED", 2)
        with desk.post.database.transaction() as conn:
            assert reading.Counts(desk.clock).of(conn, [reading.Filter("open", olga)]) == [(2, False)]

    def test_by_tag_and_channel(self, desk, olga):
        self.many(desk, 2)
        desk.hears("By telegram", address="501", channel="telegram")
        desk.does(acting.tag, ["vip"], [], actor=olga, clock=desk.clock, reference="email:p0@n.example")
        assert len(desk.inbox(tag="vip")) == 1
        assert len(desk.inbox(channel="telegram")) == 1
        desk.does(acting.tag, [], ["vip"], actor=olga, clock=desk.clock, reference="email:p0@n.example")
        assert desk.inbox(tag="vip") == []

    def test_the_last_channels_the_oldest_first(self, desk, olga):
        desk.hears("By mail")
        for text in ("By telegram", "Again"):
            desk.post.later(minutes=1)
            desk.hears(text, address="501", channel="telegram")
        assert [each.channels for each in desk.inbox()] == [["telegram"], ["email"]]
        merged = desk.merge("email:anna@n.example", "telegram:501")
        desk.post.later(minutes=1)
        desk.hears("By mail again")
        (line,) = desk.inbox()
        assert line.channels == ["email", "telegram", "email"]
        desk.undo(merged)
        assert sorted(each.channels for each in desk.inbox()) == [["email"], ["telegram"]]

    def test_unread_until_seen(self, desk, olga):
        desk.hears("Hello")
        (line,) = desk.inbox(me=olga)
        assert line.unread
        desk.does(acting.see, line.episode.last_seq, actor=olga)
        desk.does(acting.see, 0, actor=olga)  # never back
        assert not desk.inbox(me=olga)[0].unread
        assert desk.inbox(me=olga + 1)[0].unread
        desk.hears("Anybody there?")
        assert desk.inbox(me=olga)[0].unread


class TestAssigned:
    def test_whoever_has_most_room_takes_it(self, desk):
        olga, boris = desk.colleague("Olga", available=True, most=2), desk.colleague("Boris", available=True, most=4)
        for number in range(4):
            desk.hears("Hello", address=f"p{number}@n.example")
        taken = [desk.episode(f"email:p{number}@n.example").assignee for number in range(4)]
        assert taken == [olga, boris, boris, olga]

    def test_whoever_knew_them_takes_them_again_and_it_says_why(self, desk, olga):
        desk.colleague("Boris", available=True)
        desk.does_take_part(olga)
        desk.hears("Hello")
        desk.does(acting.assign, olga, actor=olga, clock=desk.clock)
        desk.does(acting.close, actor=olga, clock=desk.clock)
        desk.post.later(days=30)
        desk.hears("Hello again")
        newest = desk.episodes()[0]
        assert newest.assignee == olga
        marks = [item[1] for item in desk.thread().items if isinstance(item, tuple)]
        assert [(each.act, each.actor) for each in marks[:2]] == [("assigned", None), ("opened", None)]
        assert marks[0].detail["why"] == "knows"

    def test_nobody_takes_more_than_they_said(self, desk):
        desk.colleague("Olga", available=True, most=1)
        for number in range(3):
            desk.hears("Hello", address=f"p{number}@n.example")
        assert len(desk.inbox("unassigned")) == 2

    def test_what_is_read_from_an_old_log_is_given_to_nobody(self, desk):
        desk.colleague("Olga", available=True)
        desk.hears("Long ago", at=desk.clock.now() - timedelta(days=3))
        assert len(desk.inbox("unassigned")) == 1


class TestSearch:
    def find(self, desk, text, before=None, limit=50):
        with desk.post.database.transaction() as conn:
            return searching.search(conn, text, before=before, limit=limit)

    def texts(self, desk, text):
        return [hit.excerpt for hit in self.find(desk, text)[0]]

    @pytest.mark.parametrize(
        ("said", "asked"),
        [
            ("Do the boots run small?", "boot"),
            ("Do the boots run small?", "SMALL boots"),
            ("Do the boots run small?", "boots sma"),
            ("Czy buty są małe?", "butów"),
            ("Czy buty są małe?", "male buty"),
            ("Ищу зимние ботинки", "ботинок"),
            ("Ещё размер 39?", "еще 39"),
            ("Sandałki dla dziecka", "sandałek"),
        ],
    )
    def test_in_any_form(self, desk, said, asked):
        desk.hears(said)
        desk.hears("Something else", address="other@n.example")
        assert self.texts(desk, asked) == [said]

    def test_all_words_must_stand_in_it(self, desk):
        desk.hears("Do the boots run small?")
        assert self.texts(desk, "boots large") == []

    def test_names_of_files_and_subjects_too(self, desk):
        desk.hears("See there", subject="Invoice 4711")
        assert self.texts(desk, "4711") == ["Invoice 4711"]

    def test_marks_stand_on_the_words(self, desk):
        desk.hears("x " * 200 + "the brown boots " + "y " * 200)
        (hit,) = self.find(desk, "boots")[0]
        assert [hit.excerpt[start:end] for start, end in hit.marks] == ["boots"]

    def test_pages_newest_first_by_either_way(self, desk, monkeypatch):
        for number in range(5):
            desk.hears(f"Boots {number}", address=f"p{number}@n.example", follow=False)
            desk.post.later(seconds=1)
        desk.link()
        for near in (10_000, 1):
            monkeypatch.setattr("onevoice.domains.conversations.store.thread.NEAR", near)
            found, before = [], None
            while True:
                hits, before = self.find(desk, "boots", before, 2)
                found += [hit.excerpt for hit in hits]
                if before is None:
                    break
            assert found == [f"Boots {number}" for number in range(4, -1, -1)]

    @pytest.mark.parametrize("asked", ["...", "'", "& | !", "\\"])
    def test_nothing_to_look_for(self, desk, asked):
        with pytest.raises(EmptySearchError):
            self.find(desk, asked)

    def test_without_a_text_what_was_said_last(self, desk):
        desk.hears("First")
        desk.post.later(seconds=1)
        desk.hears("Second")
        assert self.texts(desk, " ") == ["Second", "First"]

    @pytest.mark.parametrize("asked", ["it's", "a:*b", "x' | 'y", "back\\slash", "!boots", "<-> boots"])
    def test_no_query_is_more_than_words(self, desk, asked):
        desk.hears("Nothing of the kind")
        assert self.texts(desk, asked) == []


def test_lexemes_of_a_huge_message_are_bounded():
    text = " ".join(f"word{number}" for number in range(100_000))
    assert len(words.lexemes([text, "x" * 10**6])) <= 3 * words.MOST + 10


class TestFiles:
    """They go as references through the gate and the outbox, and as bytes to the provider alone."""

    @staticmethod
    def replies(desk, text, *names, channel=None, data=b"%PDF-1"):
        olga = desk.colleague("Olga")
        with desk.post.database.transaction() as conn:
            made = [files.begin(conn, name, len(data), olga, desk.clock.now()) for name in names]
            for each in made:
                files.piece(conn, each.id, 0, data, olga)
            wanted = Reply("k1", text, 0, channel, files=[each.id for each in made], owner=olga)
            who = reading.person(conn, "email:anna@n.example", VAULT)
            return replying.reply(
                conn, who, wanted, desk.post.channels, [], actor="olga@shop.example", account=olga, clock=desk.clock
            )

    def test_a_letter_carries_them(self, desk):
        desk.hears("The invoice, please")
        asked = self.replies(desk, "", "faktura.pdf")
        with desk.post.database.transaction() as conn:
            kept = conn.execute("select content from delivery.content where message_id = %s", (asked.id,)).fetchone()
        assert "faktura.pdf" in str(kept)
        assert "JVBERi" not in str(kept)
        desk.post.later(seconds=7)
        (claimed,) = desk.post.claim(desk.account()).claimed
        assert [(each.name, each.data) for each in claimed.outgoing.content.media] == [("faktura.pdf", b"%PDF-1")]

    def test_stand_in_the_thread_before_and_after(self, desk):
        desk.hears("The invoice, please")
        self.replies(desk, "Here", "faktura.pdf")
        before = desk.thread()
        assert [each.name for each in before.files.values()] == ["faktura.pdf"]
        desk.post.later(seconds=7)
        desk.goes()
        after = desk.thread()
        ours = next(each for each in after.items if getattr(each, "author", "") == "colleague")
        assert [each["name"] for each in ours.properties["files"]] == ["faktura.pdf"]
        assert set(after.files) == set(before.files)

    def test_a_channel_that_does_not_take_them_is_refused_and_passed_over(self, desk):
        desk.hears("By mail")
        desk.hears("By telegram", address="501", channel="telegram")
        desk.merge("email:anna@n.example", "telegram:501")
        with pytest.raises(InvalidMessageError, match="1024 characters"):
            self.replies(desk, "x" * 1025, "a.pdf", channel="telegram")
