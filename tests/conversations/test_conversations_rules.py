"""What holds of episodes whatever is said, in whatever order it is learnt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domains.conversations.contracts import Agent, Episode, Heard
from onevoice.domains.conversations.rules import assigning, episodes, words

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@st.composite
def heard(draw):
    """One thing that was said; `close`: a colleague closes what is open just before it."""
    author = draw(st.sampled_from(["customer", "customer", "colleague", "program"]))
    at = NOON + timedelta(minutes=draw(st.integers(0, 60 * 24 * 40)))
    return (
        Heard(
            0, 1, at, at + timedelta(minutes=draw(st.integers(0, 600))), author, "email", 1, "pl",
            wants=author == "customer" and draw(st.booleans()),
            answers=author != "customer" and draw(st.booleans()),
        ),
        draw(st.sampled_from([None, None, None, "close", "snooze", "spam"])),
    )  # fmt: skip


stories = st.lists(heard(), max_size=25)


def told(story):
    """Of each word (what stood before, it, its episode, what became of that), and all episodes at the end."""
    known: dict[int, Episode] = {}
    current: Episode | None = None
    kept = []
    for seq, (said, act) in enumerate(story, 1):
        word = said._replace(seq=seq)
        if current is not None and act is not None:
            current = known[current.id] = done(current, act, word.at)
        before = current
        after, acts = episodes.hear(current, word)
        if after is not None:
            if after.id == 0:
                if current is not None and current.state == "open":
                    known[current.id] = replace(current, state="closed", closed_at=current.last_at + episodes.LAPSES)
                after = replace(after, id=len(known) + 1)
            current = known[after.id] = after
        kept.append((before, word, after, acts))
    return kept, known


def done(episode, act, at):
    if act == "close":
        return replace(episode, state="closed", closed_at=at, waiting_since=None, snoozed_until=None)
    if act == "snooze":
        return replace(episode, state="snoozed", snoozed_until=at + timedelta(days=1), closed_at=None)
    return replace(episode, spam=True, state="closed", closed_at=at, waiting_since=None)


class TestEpisodes:
    @given(stories)
    def test_whoever_wants_an_answer_is_waiting_in_an_open_one(self, story):
        for _, word, after, _ in told(story)[0]:
            if word.wants:
                assert after is not None
                if not after.spam:
                    assert after.state == "open"
                    assert after.waiting_since is not None
                    assert after.waiting_since <= word.at

    @given(stories)
    def test_no_more_than_one_is_not_closed(self, story):
        _, known = told(story)
        assert sum(each.state != "closed" for each in known.values()) <= 1

    @given(stories)
    def test_what_wants_nothing_begins_and_wakes_nothing(self, story):
        for _, word, _, acts in told(story)[0]:
            if not word.wants:
                assert acts == ()

    @given(stories)
    def test_nobody_is_answered_by_what_was_said_before_their_word(self, story):
        for before, word, after, _ in told(story)[0]:
            if word.author != "customer" and before is not None and after is not None and before.id == after.id:
                waited = before.waiting_since
                assert after.waiting_since == (waited if waited is not None and waited > word.at else None)

    @given(stories)
    def test_clocks_go_forward_only(self, story):
        last: dict[int, Episode] = {}
        for _, _, after, _ in told(story)[0]:
            if after is not None:
                before = last.get(after.id)
                if before is not None:
                    assert after.last_at >= before.last_at
                    assert after.last_seq >= before.last_seq
                    assert (after.nid, after.opened_at) == (before.nid, before.opened_at)
                last[after.id] = after


agents = st.lists(
    st.builds(Agent, st.integers(1, 30), st.booleans(), st.integers(1, 9), st.integers(0, 9)),
    unique_by=lambda each: each.account_id,
    max_size=8,
)


class TestAssigning:
    @given(agents, st.none() | st.integers(1, 30))
    def test_never_to_who_is_away_or_full_and_always_to_somebody_else(self, there, last):
        choice = assigning.choose(there, last)
        free = {each.account_id for each in there if each.available and each.open < each.most}
        assert (choice.account_id in free) if free else choice.account_id is None
        if last in free:
            assert (choice.account_id, choice.why) == (last, "knows")

    @given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 40))
    def test_shares_stay_even(self, most, count):
        """After any number of episodes nobody could give one to another without making that one the fuller."""
        there = [Agent(number, available=True, most=each) for number, each in enumerate(most, 1)]
        for _ in range(min(count, sum(most))):
            choice = assigning.choose(there, None)
            there = [replace(each, open=each.open + (each.account_id == choice.account_id)) for each in there]
        for one in there:
            for other in there:
                if one.open and other.open < other.most:
                    assert (one.open - 1) / one.most <= other.open / other.most


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200)


class TestWords:
    @given(TEXT)
    def test_whatever_is_written_finds_itself(self, text):
        asked = words.query(text)
        kept = set(words.lexemes([text]))
        if asked is None:
            assert kept == set()
        else:
            first = text[slice(*words.found_in(text, text)[0])]
            assert set(words.lexemes([first])) <= kept

    @given(TEXT, TEXT)
    def test_marks_are_words_of_the_text(self, text, asked):
        part, marks = words.excerpt(text, asked)
        assert len(part) <= words.EXCERPT
        assert all(0 <= start < end <= len(part) for start, end in marks)
        assert sorted(marks) == marks

    @pytest.mark.parametrize(
        ("one", "other"),
        [("butów", "buty"), ("ботинок", "ботинками"), ("boots", "boot"), ("sandałek", "sandałki"), ("Łódź", "lodz")],
    )
    def test_forms_of_a_word_meet(self, one, other):
        assert set(words.lexemes([one])) & set(words.lexemes([other]))
