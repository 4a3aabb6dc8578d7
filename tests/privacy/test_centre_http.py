"""The pages without a login: who may open them, what they say for somebody, and what they never say by being opened."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from public_pages import ANNA, MAIL, TELEGRAM, Form, Pages, minutes, texts_of, town

from onevoice.domains.privacy.service import doors
from onevoice.kit.db import Database

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture
def anna(database: Database) -> Pages:
    return town(database)


class TestOutsider:
    @pytest.mark.parametrize("page", ["preferences", "unsubscribe", "confirm"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("token", ["x", "A" * 20, "ż" * 20, "%3Cscript%3E", "a" * 3000])
    def test_anything_that_is_no_token_of_ours(self, anna: Pages, page: str, method: str, token: str) -> None:
        assert anna.reader.request(method, f"/{page}/{token}").status_code == 404

    def test_every_changed_character_is_a_404(self, anna: Pages) -> None:
        token = anna.door()
        confirmation = anna.asked(MAIL, "promotions", "email")
        for place in range(20):
            for page, whole in (("preferences", token), ("unsubscribe", token), ("confirm", confirmation)):
                sign = LETTERS[(LETTERS.index(whole[place]) + 1) % len(LETTERS)]
                changed = whole[:place] + sign + whole[place + 1 :]
                assert anna.reader.get(f"/{page}/{changed}").status_code == 404
                assert anna.reader.post(f"/{page}/{changed}").status_code == 404

    def test_a_token_of_one_kind_opens_nothing_of_another(self, anna: Pages) -> None:
        assert anna.reader.get(f"/confirm/{anna.door()}").status_code == 404
        asked = anna.asked(MAIL, "promotions", "email")
        assert anna.reader.get(f"/preferences/{asked}").status_code == 404

    def test_a_door_that_is_too_old_answers_as_an_unknown_one(self, anna: Pages) -> None:
        token = anna.door()
        anna.now(doors.LIFE.total_seconds() / 60 + 2)
        old, unknown = (anna.reader.get(f"/preferences/{each}") for each in (token, "A" * 20))
        assert (old.status_code, old.text) == (404, unknown.text)

    def test_nothing_is_cached_indexed_or_told_to_other_sites(self, anna: Pages) -> None:
        answer = anna.reader.get(f"/preferences/{anna.door()}")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        assert "script-src 'self'" in answer.headers["content-security-policy"]

    def test_addresses_are_masked(self, anna: Pages) -> None:
        page = anna.page(anna.door())
        assert "an••@kowalska.example" in page
        assert "anna@" not in page
        assert "4711042" not in page


class TestCentre:
    def test_opening_says_nothing(self, anna: Pages) -> None:
        token = anna.door()
        for page in ("preferences", "unsubscribe"):
            assert anna.reader.get(f"/{page}/{token}").status_code == 200
            assert anna.reader.request("HEAD", f"/{page}/{token}").status_code == 200
        assert anna.lines() == 0

    @pytest.mark.parametrize(
        ("language", "title"),
        [("en", "When may we write"), ("ru", "Когда и о чём вам писать"), ("pl", "Kiedy i o czym możemy pisać")],
    )
    def test_speaks_the_readers_language(self, anna: Pages, language: str, title: str) -> None:
        page = anna.page(anna.door(), lang=language).replace("\u00a0", " ")
        assert f'<html lang="{language}"' in page
        assert title in page

    def test_a_form_sent_back_unchanged_says_nothing(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token))
        assert anna.lines() == 0

    def test_switching_a_topic_and_a_channel_on(self, anna: Pages) -> None:
        token = anna.door()
        form = anna.form(token)
        assert "channel" not in form
        anna.send(token, form | {"channel": ["email"], "topic": ["promotions", "reviews"]})
        assert anna.state(MAIL, "promotions", "email") == "granted"
        assert anna.state(MAIL, "reviews", "email") == "granted"
        assert anna.state(TELEGRAM, "reviews", "telegram") == "none"
        now = anna.form(token)
        assert (now["channel"], now["topic"]) == (["email"], ["promotions", "reviews"])

    def test_the_ledger_names_the_text_that_was_shown(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token, lang="pl") | {"channel": ["email"], "topic": ["promotions"]})
        page = texts_of(anna.page(token, lang="ru")).replace("\u00a0", " ")
        assert "Chcę otrzymywać informacje o promocjach i nowościach." in page
        assert "версия 1" in page

    def test_a_channel_switched_off_and_on_leaves_topics_as_they_were(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token) | {"channel": ["email", "telegram"], "topic": ["reviews"]})
        anna.now(2)
        anna.send(token, anna.form(token) | {"channel": ["telegram"]})
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"
        assert anna.state(TELEGRAM, "reviews", "telegram") == "granted"
        anna.now(3)
        form = anna.form(token)
        assert form["topic"] == ["reviews"]
        anna.send(token, form | {"channel": ["telegram", "email"]})
        assert anna.state(MAIL, "reviews", "email") == "granted"
        assert anna.state(MAIL, "promotions", "email") == "none"

    def test_opening_a_channel_allows_no_topic_that_was_withdrawn(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token) | {"channel": ["email"], "topic": ["reviews", "promotions"]})
        anna.now(2)
        anna.send(token, anna.form(token) | {"channel": [], "topic": ["reviews"]})
        anna.now(3)
        anna.send(token, anna.form(token) | {"channel": ["email"]})
        assert anna.state(MAIL, "promotions", "email") == "withdrawn"
        assert anna.state(MAIL, "reviews", "email") == "granted"

    def test_not_to_be_written_to_at_all(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token) | {"channel": ["email", "telegram"], "topic": ["reviews"]})
        anna.now(2)
        anna.send(token, anna.form(token) | {"all": ["withdraw"]})
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"
        assert anna.state(TELEGRAM, "back_in_stock", "telegram") == "withdrawn"
        assert anna.state(MAIL, "orders", "email") == "granted"
        assert "channel" not in anna.form(token)

    def test_a_topic_with_every_channel_off(self, anna: Pages) -> None:
        token = anna.door()
        page = anna.send(token, anna.form(token) | {"topic": ["reviews"]})
        assert "Switch on a place to write to first." in page.text
        assert anna.lines() == 0

    def test_wishes(self, anna: Pages) -> None:
        token = anna.door()
        form = anna.form(token) | {"per_week": ["2"], "from": ["540"], "until": ["1260"]}
        anna.send(token, form | {"pause": ["7"], "up": ["email"]})
        found = anna.wishes()
        assert (found.per_week, found.hours, found.order) == (2, (540, 1260), ("email", "telegram"))
        assert found.pause_until == minutes(1 + 7 * 24 * 60)
        anna.now(2)
        assert "We are silent until" in anna.page(token)
        anna.send(token, anna.form(token) | {"per_week": [""], "from": [""], "pause": ["0"]})
        found = anna.wishes()
        assert (found.per_week, found.hours, found.pause_until) == (None, None, None)

    def test_the_language_that_was_chosen_is_kept(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token))
        assert anna.wishes().language is None
        anna.send(token, anna.form(token, lang="pl"))
        assert anna.wishes().language == "pl"
        assert '<html lang="pl"' in anna.page(token)

    def test_undo_without_a_script(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token) | {"channel": ["email"], "topic": ["reviews"], "per_week": ["2"]})
        before = anna.form(token)
        anna.now(2)
        page = anna.send(token, before | {"all": ["withdraw"], "per_week": [""], "pause": ["30"]})
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"
        anna.now(3)
        anna.send(token, Form(page.text, "bar").fields)
        assert anna.state(MAIL, "reviews", "email") == "granted"
        assert (anna.wishes().per_week, anna.wishes().pause_until) == (2, None)

    def test_it_becomes_events_of_the_log(self, anna: Pages) -> None:
        token = anna.door()
        anna.send(token, anna.form(token) | {"channel": ["email"], "topic": ["reviews"], "per_week": ["2"]})
        anna.shop.send({"event": "Anything", "userId": "anna"}, at=5)
        told = anna.shop.profile(ANNA, "/events").json()["data"]
        named = {each["event"]: each for each in told}
        assert [each["event"] for each in told].count("Consent Granted") == 2
        assert named["Preferences Changed"]["properties"] == {"changed": ["per_week"]}
        assert named["Consent Granted"]["source"] == "Consents"


class TestRaces:
    def test_the_same_form_twice_says_it_once(self, anna: Pages) -> None:
        token = anna.door()
        form = anna.form(token) | {"channel": ["email"], "topic": ["reviews"]}
        anna.send(token, form)
        anna.now(2)
        anna.send(token, anna.form(token) | {"channel": []})
        said = anna.lines()
        page = anna.send(token, form)
        assert "Meanwhile something was withdrawn elsewhere" in page.text
        assert anna.lines() == said
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"

    def test_an_old_form_does_not_undo_a_withdrawal_made_elsewhere_and_what_it_withdraws_holds(
        self, anna: Pages
    ) -> None:
        token = anna.door()
        anna.send(token, anna.form(token) | {"channel": ["email"], "topic": ["reviews"]})
        old = anna.form(token)
        anna.now(2)
        anna.said("withdraw", TELEGRAM, "promotions", "*")
        anna.now(3)
        page = anna.send(token, old | {"topic": ["promotions"]})
        assert "Meanwhile something was withdrawn elsewhere" in page.text
        assert anna.state(MAIL, "promotions", "email") == "withdrawn"
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"
        page = anna.send(token, anna.form(token) | {"topic": ["promotions"], "channel": ["email"]})
        assert anna.state(MAIL, "promotions", "email") == "granted", "having seen it"

    def test_who_joined_meanwhile_was_not_shown(self, anna: Pages) -> None:
        token = anna.door()
        old = anna.form(token)
        anna.shop.person("ola", email="ola@example.com", at=1)
        anna.said("withdraw", "email:ola@example.com", "*", "*")
        body = {"from": "user_id:ola", "into": ANNA, "reason": "one and the same"}
        answer = anna.shop.post("/api/identity/merges", body, at=2)
        assert answer.status_code == 200, answer.text
        anna.send(token, old | {"channel": ["email"], "topic": ["reviews"]})
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"

    @pytest.mark.parametrize("position", ["9999999999", "-1", "x", "", "9" * 30])
    def test_a_position_that_was_never_shown(self, anna: Pages, position: str) -> None:
        token = anna.door()
        form = anna.form(token) | {"channel": ["email"], "topic": ["reviews"], "position": [position]}
        anna.said("withdraw", MAIL, "*", "*")
        page = anna.send(token, form)
        assert page.status_code == 200

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.dictionaries(
            st.sampled_from(
                ["position", "mark", "channel", "topic", "order", "up", "listed", "per_week", "from", "until", "pause",
                 "pause_until", "lang", "wished_language"]
            ),
            st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), max_size=3),
        )
    )  # fmt: skip
    def test_hostile_fields_are_nothing(self, anna: Pages, odd: dict[str, list[str]]) -> None:
        token = anna.door()
        anna.send(token, anna.form(token) | odd)
        assert anna.state(MAIL, "reviews", "email") == "none"


class TestUnsubscribe:
    def test_one_click_as_mail_programs_send_it(self, anna: Pages) -> None:
        anna.said("grant", MAIL, "reviews", "email")
        anna.said("grant", MAIL, "back_in_stock", "email")
        token = anna.door(purpose="reviews", channel="email")
        anna.now(2)
        for _ in range(3):
            answer = anna.reader.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"})
            assert (answer.status_code, answer.text) == (200, "")
            assert "set-cookie" not in answer.headers
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"
        assert anna.state(MAIL, "back_in_stock", "email") == "granted"
        assert anna.lines() == 3

    def test_again_after_it_was_granted_again(self, anna: Pages) -> None:
        token = anna.door(purpose="reviews", channel="email")
        for at in (2, 4):
            anna.now(at)
            anna.said("grant", MAIL, "reviews", "email")
            anna.now(at + 1)
            anna.reader.post(f"/unsubscribe/{token}")
            assert anna.state(MAIL, "reviews", "email") == "withdrawn"

    def test_the_page_asks_first(self, anna: Pages) -> None:
        anna.said("grant", MAIL, "reviews", "email")
        token = anna.door(purpose="reviews", channel="email")
        page = anna.reader.get(f"/unsubscribe/{token}").text
        assert "Requests for a review" in page
        assert anna.state(MAIL, "reviews", "email") == "granted"
        answer = anna.reader.post(f"/unsubscribe/{token}", data=Form(page, "answer").fields)
        assert "You are unsubscribed" in answer.text
        assert anna.state(MAIL, "reviews", "email") == "withdrawn"

    def test_of_a_door_of_its_own_everything(self, anna: Pages) -> None:
        anna.said("grant", TELEGRAM, "reviews", "telegram")
        anna.now(2)
        assert anna.reader.post(f"/unsubscribe/{anna.door()}").status_code == 200
        assert anna.state(TELEGRAM, "reviews", "telegram") == "withdrawn"


class TestConfirm:
    def test_opening_confirms_nothing_and_the_button_does(self, anna: Pages) -> None:
        token = anna.asked(MAIL, "promotions", "email")
        page = anna.reader.get(f"/confirm/{token}").text
        assert "an••@kowalska.example" in page
        assert anna.state(MAIL, "promotions", "email") == "requested"
        anna.now(2)
        for _ in range(2):
            answer = anna.reader.post(f"/confirm/{token}", data=Form(page, "answer").fields)
            assert "Confirmed, thank you" in answer.text
        assert anna.state(MAIL, "promotions", "email") == "granted"
        assert anna.lines() == 2
        assert "Confirmed, thank you" in anna.reader.get(f"/confirm/{token}").text

    def test_after_a_week_it_is_as_unknown(self, anna: Pages) -> None:
        token = anna.asked(MAIL, "promotions", "email")
        anna.now(7 * 24 * 60 + 2)
        assert anna.reader.post(f"/confirm/{token}").text == anna.reader.post(f"/confirm/{'A' * 20}").text
        assert anna.state(MAIL, "promotions", "email") == "requested"

    def test_what_was_withdrawn_since_stays_so(self, anna: Pages) -> None:
        token = anna.asked(MAIL, "promotions", "email")
        anna.now(2)
        anna.said("withdraw", TELEGRAM, "*", "*")
        answer = anna.reader.post(f"/confirm/{token}")
        assert answer.status_code == 409
        assert "withdrawn meanwhile" in answer.text
        assert anna.state(MAIL, "promotions", "email") == "withdrawn"

    def test_confirmed_withdrawn_and_opened_once_more(self, anna: Pages) -> None:
        token = anna.asked(MAIL, "promotions", "email")
        anna.now(2)
        anna.reader.post(f"/confirm/{token}")
        anna.now(3)
        anna.said("withdraw", MAIL, "promotions", "*")
        assert anna.reader.post(f"/confirm/{token}").status_code == 409
        assert anna.state(MAIL, "promotions", "email") == "withdrawn"
