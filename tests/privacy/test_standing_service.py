"""What the ledger comes to when somebody asks: set-based, over all identifiers, and only what is there."""

import psycopg
import pytest
from ledger_factory import Town, minutes

from onevoice.domains.privacy.contracts import NO_PREFERENCES, Asked
from onevoice.domains.privacy.service import standing


class TestStandings:
    def test_of_whom_nobody_ever_asked(self, town: Town) -> None:
        [mail] = town.person("email")
        assert town.standing(mail, "promotions", "email") == ("none", None, None)

    def test_what_a_purchase_needs_is_always_granted(self, town: Town) -> None:
        [mail] = town.person("email")
        town.say(mail, "withdraw", "*", "*")
        assert town.standing(mail, "orders", "email") == ("granted", None, None)

    def test_nothing_is_granted_for_a_purpose_that_is_none(self, town: Town) -> None:
        [mail] = town.person("email")
        assert town.state(mail, "orders2", "email") == "none"

    def test_a_consent_and_its_line(self, town: Town) -> None:
        [mail] = town.person("email")
        town.say(mail, "grant", "promotions", "email", at=1)
        found = town.standing(mail, "promotions", "email")
        assert (found.state, found.since) == ("granted", minutes(1))
        assert found.entry is not None

    def test_a_consent_holds_for_its_purpose_and_channel_only(self, town: Town) -> None:
        [mail] = town.person("email")
        town.say(mail, "grant", "promotions", "email")
        assert town.state(mail, "reviews", "email") == "none"
        assert town.state(mail, "promotions", "sms") == "none"

    @pytest.mark.parametrize(
        ("purpose", "channel"), [("promotions", "email"), ("promotions", "*"), ("*", "email"), ("*", "*")]
    )
    def test_a_later_withdrawal_in_a_wider_scope(self, town: Town, purpose: str, channel: str) -> None:
        [mail] = town.person("email")
        town.say(mail, "grant", "promotions", "email", at=1)
        town.say(mail, "withdraw", purpose, channel, at=2)
        assert town.state(mail, "promotions", "email") == "withdrawn"

    def test_what_happened_last_counts_and_not_what_was_learnt_last(self, town: Town) -> None:
        [mail] = town.person("email")
        town.say(mail, "withdraw", "promotions", "email", at=2)
        town.say(mail, "grant", "promotions", "email", at=1)
        assert town.state(mail, "promotions", "email") == "withdrawn"

    def test_a_withdrawal_by_any_identifier_wins(self, town: Town) -> None:
        mail, telegram = town.person("email", "telegram")
        town.say(mail, "withdraw", "promotions", "*", at=1)
        town.say(telegram, "grant", "promotions", "telegram", at=2)
        assert town.state(telegram, "promotions", "telegram") == "withdrawn"

    def test_a_consent_for_another_address_of_the_channel_does_not_cover(self, town: Town) -> None:
        mine, other, card = town.person("email", "email", "loyalty_card")
        town.say(mine, "grant", "promotions", "email")
        assert town.state(mine, "promotions", "email") == "granted"
        assert town.state(other, "promotions", "email") == "none"
        town.say(card, "grant", "promotions", "email")
        assert town.state(other, "promotions", "email") == "granted"

    def test_a_request_neither_grants_nor_lifts_nor_undoes(self, town: Town) -> None:
        mail, telegram = town.person("email", "telegram")
        town.say(mail, "request", "promotions", "email", at=1)
        assert town.state(mail, "promotions", "email") == "requested"
        town.say(mail, "confirm", "promotions", "email", at=2)
        town.say(mail, "request", "promotions", "email", at=3)
        assert town.state(mail, "promotions", "email") == "granted"
        town.say(mail, "withdraw", "promotions", "*", at=4)
        town.say(mail, "request", "promotions", "*", at=5)
        town.say(telegram, "grant", "promotions", "email", at=6)
        assert town.state(mail, "promotions", "email") == "withdrawn"

    def test_what_was_lifted_counts_while_the_two_are_one_person(self, town: Town) -> None:
        mail, telegram = town.person("email", "telegram")
        town.say(mail, "withdraw", "promotions", "*", at=1)
        town.say(telegram, "grant", "promotions", "telegram", at=2)
        town.say(mail, "grant", "promotions", "telegram", at=2, via=telegram)
        assert town.state(telegram, "promotions", "telegram") == "granted"
        town.join(mail), town.join(telegram)
        assert town.state(mail, "promotions", "telegram") == "withdrawn"
        assert town.state(telegram, "promotions", "telegram") == "granted"

    def test_lifting_allows_nothing_by_itself(self, town: Town) -> None:
        mine, other = town.person("email", "email")
        town.say(other, "withdraw", "promotions", "*", at=1)
        town.say(mine, "grant", "promotions", "email", at=2)
        town.say(other, "grant", "promotions", "email", at=2, via=mine)
        assert town.state(mine, "promotions", "email") == "granted"
        assert town.state(other, "promotions", "email") == "none"

    def test_who_asks_with_a_profile_of_a_moment_ago_gets_the_stricter_answer(self, town: Town) -> None:
        mail, telegram = town.person("email", "telegram")
        pid = town.pid(telegram)
        town.say(telegram, "withdraw", "*", "*")
        town.join(mail), town.join(telegram)
        assert town.state(telegram, "promotions", "telegram", pid=pid) == "withdrawn"

    def test_thousands_in_a_few_statements_in_their_order(self, town: Town) -> None:
        nodes = [town.node("email") for _ in range(1_500)]
        for nid in nodes[::3]:
            town.say(nid, "grant", "promotions", "email")
        asked = [Asked(nid, nid, "email", purpose) for nid in nodes for purpose in ("promotions", "orders")]
        found = standing.standings(town.conn, asked)
        assert [each.state for each in found[::2]] == ["granted", "none", "none"] * 500
        assert {each.state for each in found[1::2]} == {"granted"}

    def test_of_nobody(self, town: Town) -> None:
        assert standing.standings(town.conn, []) == []
        assert town.state(7, "promotions", "email", pid=7) == "none"


class TestPreferences:
    def test_who_never_said_anything(self, town: Town) -> None:
        [mail] = town.person("email")
        assert standing.preferences(town.conn, [mail]) == {mail: NO_PREFERENCES}

    def test_the_longest_pause_the_fewest_messages_and_the_last_word(self, town: Town) -> None:
        mail, telegram = town.person("email", "telegram")
        town.wish(mail, "pause_until", "2026-06-01T00:00:00+00:00", at=1)
        town.wish(telegram, "pause_until", "2026-05-10T00:00:00+00:00", at=2)
        town.wish(mail, "per_week", 2, at=1)
        town.wish(telegram, "per_week", 5, at=2)
        town.wish(mail, "hours", [540, 1260], at=3)
        town.wish(telegram, "hours", [0, 600], at=2)
        town.wish(telegram, "order", ["telegram", "email"], at=3)
        town.wish(mail, "language", "pl", at=1)
        town.wish(mail, "language", "ru", at=0)
        found = standing.preferences(town.conn, [town.pid(mail)])[town.pid(mail)]
        assert found.pause_until is not None
        assert found.pause_until.isoformat() == "2026-06-01T00:00:00+00:00"
        assert (found.per_week, found.hours, found.language) == (2, (540, 1260), "pl")
        assert found.order == ("telegram", "email")

    def test_a_wish_taken_back(self, town: Town) -> None:
        mail, telegram = town.person("email", "telegram")
        town.wish(mail, "per_week", 2, at=1)
        town.wish(telegram, "per_week", None, at=2)
        town.wish(mail, "per_week", None, at=2, via=telegram)
        assert standing.preferences(town.conn, [mail])[mail].per_week is None
        town.join(mail), town.join(telegram)
        assert standing.preferences(town.conn, [mail])[mail].per_week == 2


class TestSuppressions:
    def test_the_oldest_that_stands(self, town: Town) -> None:
        one, two = town.node("email"), town.node("email")
        add = "insert into privacy.suppression (nid, reason, source, since, lifted_at) values (%s, %s, 't', %s, %s)"
        town.conn.execute(add, (one, "complaint", minutes(2), None))
        town.conn.execute(add, (one, "manual", minutes(1), None))
        town.conn.execute(add, (one, "blocked", minutes(0), minutes(3)))
        town.conn.execute(add, (two, "blocked", minutes(0), minutes(3)))
        assert standing.suppressions(town.conn, [one, two]) == {one: (one, "manual", minutes(1))}


class TestPurposes:
    def test_come_in_order_with_titles_in_every_language(self, town: Town) -> None:
        found = standing.purposes(town.conn)
        assert list(found) == ["orders", "back_in_stock", "promotions", "reviews"]
        assert all(set(each.titles) == set(each.descriptions) == {"en", "ru", "pl"} for each in found.values())
        assert [name for name, each in found.items() if each.double_opt_in] == ["promotions"]


class TestAppendOnly:
    @pytest.mark.parametrize("table", ["consent", "preference", "text"])
    @pytest.mark.parametrize("statement", ["delete from {}", "update {} set key = '1'", "truncate {} cascade"])
    def test_nothing_said_is_ever_changed(self, town: Town, table: str, statement: str) -> None:
        if table == "text":
            statement = statement.replace("key = '1'", "body = '1'")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            town.conn.execute(statement.format(f"privacy.{table}"))
