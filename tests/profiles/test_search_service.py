"""Finding people: in any script, by parts, in pages, and what is offered when nobody is found."""

from collections.abc import Iterator

import psycopg
import pytest
from card_people import People, minutes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from onevoice.domains.identity.contracts import CHANNEL_NUMBER
from onevoice.domains.profiles.rules.search import Match, SlowSearchError
from onevoice.domains.profiles.service import cards
from onevoice.domains.profiles.service.cards import Found, Suggestion
from onevoice.kit.clock import SystemClock
from onevoice.kit.cursor import InvalidCursorError
from onevoice.kit.postgres import Cluster
from onevoice.kit.spelling import lines
from support import fresh_database

IRINA, ANNA, DARYA, PIOTR, MARTA, STANISLAW, VISITOR = "Ирина Анна Дарья Piotr Marta Stanisław visitor".split()


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with fresh_database(cluster, "search") as url:
        yield url


@pytest.fixture
def conn(url: str) -> Iterator[Connection]:
    with psycopg.connect(url) as conn, conn.transaction(force_rollback=True):
        yield conn


@pytest.fixture
def known(conn: Connection) -> dict[str, int]:
    """The people of the drawing, last seen in this order."""
    people = People(conn)
    added = {
        IRINA: people.add(
            "email:i.kovalenko@poczta.example", traits={"name": "Ирина Коваленко"}, events=[("site", 90)]
        ),
        ANNA: people.add(
            "email:a.kowalska@poczta.example",
            "phone:+48601233998",
            "loyalty_card:220010930938",
            "telegram:77123",
            traits={"name": "Anna Kowalska", "city": "Gdańsk"},
            events=[("telegram", 80), ("site", 10)],
            spent={"PLN": (7, 186_200)},
        ),
        DARYA: people.add("telegram:88123", traits={"name": "Дарья Ковальская"}, events=[("telegram", 70)]),
        PIOTR: people.add("phone:+48512340118", traits={"name": "Piotr Kowalski"}, events=[("shop", 60)]),
        MARTA: people.add(
            "email:m.kowalczyk@poczta.example", traits={"name": "Marta Lewandowska"}, events=[("email", 50)]
        ),
        STANISLAW: people.add("loyalty_card:220000071265", traits={"name": "Stanisław Kowal"}, events=[("shop", 40)]),
        VISITOR: people.add("anonymous_id:a_90aa", events=[("site", 30)]),
    }
    cards.refresh(conn, list(added.values()))
    return added


def ask(conn: Connection, query: str, **options: object) -> Found:
    return cards.search(conn, query, clock=SystemClock(), **options)  # type: ignore[arg-type]


def found(conn: Connection, known: dict[str, int], query: str, **options: object) -> list[str]:
    who = {pid: name for name, pid in known.items()}
    return [who[customer.id] for customer in ask(conn, query, **options).customers]


class TestFinding:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("kowal", [IRINA, ANNA, DARYA, PIOTR, MARTA, STANISLAW]),
            ("Коваль", [IRINA, ANNA, DARYA, PIOTR, MARTA, STANISLAW]),
            ("Kowalska", [ANNA, DARYA]),
            ("Ковальская", [ANNA, DARYA]),
            ("kovalskaya", [ANNA, DARYA]),
            ("анна ковальская", [ANNA]),
            ("kowalska anna", [ANNA]),
            ("601 233", [ANNA]),
            ("0601 233 998", [ANNA]),
            ("+48 (601) 233-998", [ANNA]),
            ("0938", [ANNA]),
            ("m.kow", [MARTA]),
            ("@poczta", [IRINA, ANNA, MARTA]),
            ("a_90", [VISITOR]),
            ("stanislaw", [STANISLAW]),
            ("ko 2200", [ANNA, STANISLAW]),
            ("k", [IRINA, ANNA, DARYA, PIOTR, MARTA, STANISLAW]),
            ("kowalska 512", []),
            ("%", [IRINA, ANNA, DARYA, PIOTR, MARTA, STANISLAW, VISITOR]),
            ("' or true --", []),
        ],
    )
    def test_finds(self, conn: Connection, known: dict[str, int], query: str, names: list[str]) -> None:
        assert found(conn, known, query) == names

    def test_without_a_query_everybody_last_seen_first(self, conn: Connection, known: dict[str, int]) -> None:
        page = ask(conn, "")
        assert [customer.id for customer in page.customers] == list(known.values())
        assert (page.total, page.total_is_exact, page.people) == (7, True, 7)

    def test_nobody_is_seen_by_what_was_sent_to_them(self, conn: Connection, known: dict[str, int]) -> None:
        conn.execute(
            "insert into identity.name (id, type, name) overriding system value values (2, 'track', 'Message Sent')"
        )
        for who, minute in ((PIOTR, 95), (VISITOR, 96)):
            conn.execute(
                "insert into profiles.counter values (%s, 2, %s, 1, %s, %s)",
                (known[who], CHANNEL_NUMBER["email"], minutes(minute), minutes(minute)),
            )
        conn.execute("delete from profiles.counter where nid = %s and name_id = 1", (known[VISITOR],))
        cards.refresh(conn, [known[PIOTR], known[VISITOR]])
        page = ask(conn, "")
        seen = {customer.id: (customer.last_at, customer.last_channel) for customer in page.customers}
        assert seen[known[PIOTR]] == (minutes(60), "shop")
        assert seen[known[VISITOR]] == (minutes(96), "email")
        assert [customer.id for customer in page.customers[:2]] == [known[VISITOR], known[IRINA]]

    def test_by_name_in_the_order_of_alphabets_those_without_one_last(
        self, conn: Connection, known: dict[str, int]
    ) -> None:
        assert found(conn, known, "", sort="name") == [ANNA, MARTA, PIOTR, STANISLAW, DARYA, IRINA, VISITOR]
        assert found(conn, known, "kowal", sort="name") == [ANNA, MARTA, PIOTR, STANISLAW, DARYA, IRINA]

    def test_a_row_holds_what_the_list_shows(self, conn: Connection, known: dict[str, int]) -> None:
        (anna,) = ask(conn, "anna").customers
        assert anna.contact == ("email", "a.kowalska@poczta.example")
        assert anna.doors == ["site", "telegram", "email"]
        assert (anna.last_at, anna.last_channel) == (minutes(80), "telegram")
        assert (anna.city, anna.orders, anna.spent_minor, anna.currency) == ("Gdańsk", 7, 186_200, "PLN")

    def test_a_visitor_has_no_name_but_the_browsers_id(self, conn: Connection, known: dict[str, int]) -> None:
        (visitor,) = ask(conn, "a_90aa").customers
        assert (visitor.name, visitor.contact) == (None, ("anonymous_id", "a_90aa"))


class TestMatch:
    @pytest.mark.parametrize(
        ("query", "match"),
        [
            ("ирина", Match("name", "Ирина Коваленко", 0, 5)),
            ("irina koval", Match("name", "Ирина Коваленко", 0, 5)),
            ("marta kowalcz", Match("email", "m.kowalczyk@poczta.example", 2, 9)),
            ("anna 601", Match("phone", "+48601233998", 3, 6)),
            ("a_90", Match("anonymous_id", "a_90aa", 0, 4)),
        ],
    )
    def test_says_where_it_was_found(self, conn: Connection, known: dict[str, int], query: str, match: Match) -> None:
        (customer,) = ask(conn, query).customers
        assert customer.match == match

    def test_each_part_has_its_place(self, conn: Connection, known: dict[str, int]) -> None:
        (anna,) = ask(conn, "kowal 0938").customers
        assert [(match.field, match.text[match.start : match.end]) for match in anna.matches] == [
            ("name", "Kowal"),
            ("loyalty_card", "0938"),
        ]

    def test_without_a_query_nothing_matched(self, conn: Connection, known: dict[str, int]) -> None:
        assert all(customer.match is None for customer in ask(conn, "").customers)


class TestPages:
    @pytest.mark.parametrize("sort", ["last_seen", "name"])
    @pytest.mark.parametrize("query", ["", "kowal", "o"])
    def test_one_after_the_other_give_the_whole(
        self, conn: Connection, known: dict[str, int], sort: str, query: str
    ) -> None:
        whole = found(conn, known, query, sort=sort)
        walked: list[str] = []
        after = None
        while True:
            page = ask(conn, query, sort=sort, limit=2, after=after)
            walked += found(conn, known, query, sort=sort, limit=2, after=after)
            assert page.total == len(whole)
            after = page.next_cursor
            if after is None:
                break
        assert walked == whole

    def test_people_seen_in_the_same_moment_come_once(self, conn: Connection) -> None:
        people = People(conn)
        added = [people.add(f"email:a{number}@b.example") for number in range(7)]
        cards.refresh(conn, added)
        first = ask(conn, "", limit=4)
        second = ask(conn, "", limit=4, after=first.next_cursor)
        assert [one.id for one in first.customers + second.customers] == added[::-1]
        assert second.next_cursor is None

    @pytest.mark.parametrize("cursor", ["x", "e30", "WyJuYW1lIiwgImEiLCAxXQ", "WyJsYXN0X3NlZW4iLCAibm93IiwgMV0"])
    def test_a_cursor_of_another_list_is_refused(self, conn: Connection, cursor: str) -> None:
        with pytest.raises(InvalidCursorError):
            ask(conn, "", after=cursor)


class TestManyMatches:
    """Where too many match to sort them all, the list is walked; both ways give the same."""

    @pytest.fixture
    def crowd(self, conn: Connection) -> list[int]:
        people = People(conn)
        added = [
            people.add(f"email:p{number}@b.example", traits={"name": name}, events=[("site", number * 7 % 31)])
            for number, name in enumerate(["Anna Nowak", "Жанна Новак", "Jan Kot"] * 12)
        ]
        cards.refresh(conn, added)
        return added

    @pytest.mark.parametrize("sort", ["last_seen", "name"])
    def test_walking_and_sorting_agree(
        self, conn: Connection, crowd: list[int], monkeypatch: pytest.MonkeyPatch, sort: str
    ) -> None:
        sorted_all = ask(conn, "nowak", sort=sort, limit=10)
        assert (sorted_all.total, sorted_all.total_is_exact) == (24, True)
        monkeypatch.setattr(cards, "COUNTED", 5)
        walked = ask(conn, "nowak", sort=sort, limit=10)
        assert (walked.total, walked.total_is_exact) == (5, False)
        assert walked.customers == sorted_all.customers
        assert walked.next_cursor == sorted_all.next_cursor

    def test_a_walk_that_finds_too_few_in_time_sorts_after_all(
        self, conn: Connection, crowd: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sorted_all = ask(conn, "nowak", limit=10)
        monkeypatch.setattr(cards, "COUNTED", 5)
        monkeypatch.setattr(cards, "_DEPTH", 3)
        assert ask(conn, "nowak", limit=10).customers == sorted_all.customers

    def test_a_search_that_takes_too_long_says_so(
        self, conn: Connection, crowd: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def slow(conn: Connection, *_: object, **__: object) -> None:
            conn.execute("select pg_sleep(5)")

        monkeypatch.setattr(cards, "_SEARCH_MS", 30)
        monkeypatch.setattr(cards.store, "hits", slow)
        with pytest.raises(SlowSearchError):
            ask(conn, "nowak")


class TestNobody:
    def test_each_part_alone_and_numbers_close_to_it(self, conn: Connection, known: dict[str, int]) -> None:
        page = ask(conn, "kowalska 0601 233 999")
        assert page.total == 0
        assert page.suggestions == [
            Suggestion("only", "kowalska", 2),
            Suggestion("only", "0601 233 999", 0),
            Suggestion("close", "kowalska 601 233 998", 1),
        ]

    def test_a_number_alone_has_close_ones(self, conn: Connection, known: dict[str, int]) -> None:
        assert ask(conn, "601 233 997").suggestions == [Suggestion("close", "601 233 998", 1)]

    def test_an_offer_finds_whom_it_counts(self, conn: Connection, known: dict[str, int]) -> None:
        for suggestion in ask(conn, "kowalska 0601 233 999").suggestions:
            assert ask(conn, suggestion.query).total == suggestion.count

    def test_one_unknown_word_has_none(self, conn: Connection, known: dict[str, int]) -> None:
        page = ask(conn, "nobodyknows")
        assert (page.customers, page.total, page.total_is_exact, page.suggestions) == ([], 0, True, [])

    def test_offers_that_take_too_long_are_not_made(
        self, conn: Connection, known: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def slow(conn: Connection, *_: object, **__: object) -> None:
            conn.execute("select pg_sleep(5)")

        monkeypatch.setattr(cards, "_SUGGESTIONS_MS", 30)
        monkeypatch.setattr(cards.store, "haystacks", slow)
        page = ask(conn, "kowalska 0601 233 999")
        assert [suggestion.kind for suggestion in page.suggestions] == ["only", "only"]
        assert ask(conn, "kowalska").total == 2


class TestWhateverIsStored:
    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(name=st.text(min_size=1, max_size=30), query=st.text(max_size=20))
    def test_a_query_finds_exactly_those_in_whose_lines_it_stands(
        self, conn: Connection, name: str, query: str
    ) -> None:
        clean = name.replace("\x00", "").encode("utf-8", "ignore").decode()
        with conn.transaction(force_rollback=True):
            people = People(conn)
            pid = people.add("user_id:1", traits={"name": clean or "x"})
            cards.refresh(conn, [pid])
            parts = cards.asked.parse(query)
            hay = "\n".join(line for text in (" ".join((clean or "x").split()), "1") for line in lines(text))
            expected = all(any(phrase in hay for phrase in part.phrases) for part in parts)
            assert bool(ask(conn, query).customers) == expected
