"""The API of consents, purposes and suppressions: for the people who run the shop, and for its programs."""

from typing import Any

import pytest
from public_pages import ANNA, MAIL, TELEGRAM, Pages, texts_of, town

from onevoice.domains.access.service import keys
from onevoice.kit.db import Database
from web.asgi_client import AsgiClient


@pytest.fixture
def anna(database: Database) -> Pages:
    return town(database)


def text_id(anna: Pages, purpose: str, language: str = "en") -> str:
    [found] = [each for each in anna.shop.get("/api/purposes").json()["data"] if each["name"] == purpose]
    return next(each["id"] for each in found["texts"] if each["language"] == language)


def consent(anna: Pages, **said: Any) -> dict[str, Any]:
    usual = {"act": "grant", "purpose": "reviews", "channel": "email", "address": MAIL, "how": "by phone"}
    whole = {**usual, "text_id": text_id(anna, said.get("purpose", "reviews")), **said}
    return {name: value for name, value in whole.items() if value is not None}


def program(anna: Pages) -> Any:
    """A shop's own system, allowed to record what its customers say."""
    home = anna.shop.home
    with anna.database.transaction() as conn:
        issued = keys.create_key(
            conn, scope="secret", name="till", permissions=["customers.read", "consent.edit"],
            clock=home.clock, chance=home.chance,
        )  # fmt: skip
    return AsgiClient(anna.shop.app, Authorization=f"Bearer {issued}")


class TestRecord:
    @pytest.mark.parametrize("role", ["analyst", "developer"])
    def test_not_by_just_anybody(self, anna: Pages, role: str) -> None:
        client = anna.shop.signed_in(role)
        assert client.change("POST", f"/api/profiles/{MAIL}/consents", consent(anna)).status_code == 403
        assert client.change("POST", f"/api/profiles/{MAIL}/preferences-links").status_code == 403

    def test_a_seller_records_what_was_said_and_it_is_audited_without_the_address(self, anna: Pages) -> None:
        seller = anna.shop.signed_in("seller")
        answer = seller.change("POST", f"/api/profiles/{ANNA}/consents", consent(anna, how="at the till, form 12"))
        assert answer.status_code == 201, answer.text
        assert anna.state(MAIL, "reviews", "email") == "granted"
        [entry] = anna.shop.profile(ANNA, "/consents/history").json()["data"]
        assert (entry["actor"], entry["source"], entry["how"]) == (
            "seller@shop.example",
            "operator",
            "at the till, form 12",
        )
        assert (entry["text_version"], entry["text_language"]) == (1, "en")
        with anna.database.transaction() as conn:
            rows = conn.execute("select subject, after::text from access.audit where action = 'consent.recorded'")
            [(subject, after)] = rows.fetchall()
        assert subject.startswith("profile:")
        assert "anna" not in after

    def test_the_same_request_twice_is_recorded_once(self, anna: Pages) -> None:
        client = program(anna)
        first, second = (
            client.post(f"/api/profiles/{MAIL}/consents", json=consent(anna, key="till-7")).json() for _ in range(2)
        )
        assert (first["repeated"], second["repeated"]) == (False, True)
        assert first["lines"] == second["lines"]

    @pytest.mark.parametrize(
        ("odd", "status", "code"),
        [
            ({"text_id": None}, 422, "invalid_consent"),
            ({"text_id": "999"}, 404, "unknown_text"),
            ({"purpose": "orders", "text_id": None, "act": "withdraw"}, 422, "invalid_consent"),
            ({"purpose": "*", "text_id": None, "act": "grant"}, 422, "invalid_consent"),
            ({"purpose": "nonsense", "text_id": None, "act": "withdraw"}, 404, "unknown_purpose"),
            ({"happened_at": "2030-01-01T00:00:00Z"}, 422, "invalid_consent"),
            ({"channel": "pigeon"}, 422, "invalid_consent"),
            ({"how": None}, 422, "invalid_request"),
        ],
    )
    def test_what_cannot_be_recorded(self, anna: Pages, odd: dict[str, Any], status: int, code: str) -> None:
        body = {name: value for name, value in {**consent(anna), **odd}.items() if value is not None}
        answer = program(anna).post(f"/api/profiles/{MAIL}/consents", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert anna.lines() == 0

    def test_the_address_of_somebody_else(self, anna: Pages) -> None:
        anna.shop.person("ola", email="ola@example.com", at=1)
        body = consent(anna, address="email:ola@example.com")
        assert program(anna).post(f"/api/profiles/{MAIL}/consents", json=body).status_code == 422

    def test_what_asks_for_a_confirmation_takes_one_or_a_proof(self, anna: Pages) -> None:
        client = program(anna)
        body = consent(anna, purpose="promotions")
        answer = client.post(f"/api/profiles/{MAIL}/consents", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "confirmation_needed")
        asked = client.post(f"/api/profiles/{MAIL}/consents", json={**body, "act": "request"}).json()
        path = asked["confirm_url"].removeprefix("http://onevoice.example")
        assert anna.state(MAIL, "promotions", "email") == "requested"
        assert anna.reader.post(path).status_code == 200
        assert anna.state(MAIL, "promotions", "email") == "granted"
        answer = client.post(f"/api/profiles/{MAIL}/consents", json={**body, "act": "request"})
        assert answer.json() == {"lines": [], "repeated": True, "confirm_url": None, "expires_at": None}

    def test_with_a_proof(self, anna: Pages) -> None:
        body = consent(anna, purpose="promotions", proven=True, how="signed form 2026/11")
        assert program(anna).post(f"/api/profiles/{MAIL}/consents", json=body).status_code == 201
        assert anna.state(MAIL, "promotions", "email") == "granted"

    def test_the_link_to_the_preferences_opens_them(self, anna: Pages) -> None:
        for reference in (TELEGRAM, MAIL, "profile:1"):
            made = program(anna).post(f"/api/profiles/{reference}/preferences-links")
            assert made.status_code == 201, made.text
            path = made.json()["url"].removeprefix("http://onevoice.example")
            assert "an••@kowalska.example" in texts_of(anna.reader.get(path).text)


class TestStandings:
    def test_nobody(self, anna: Pages) -> None:
        assert anna.shop.stranger().get(f"/api/profiles/{MAIL}/consents").status_code == 401
        assert anna.shop.get("/api/profiles/email:nobody@example.com/consents").status_code == 404

    def test_each_address_with_the_line_that_decides(self, anna: Pages) -> None:
        program(anna).post(f"/api/profiles/{MAIL}/consents", json=consent(anna))
        told = anna.shop.profile(ANNA, "/consents").json()
        found = {(each["address"], each["purpose"]): each for each in told["data"]}
        assert set(found) == {
            (a, p) for a in (MAIL, TELEGRAM) for p in ("orders", "back_in_stock", "promotions", "reviews")
        }
        granted = found[MAIL, "reviews"]
        assert (granted["state"], granted["entry"]["text"]) == (
            "granted",
            "You may ask me what I think of what I bought.",
        )
        assert found[TELEGRAM, "reviews"]["state"] == "none"
        assert found[MAIL, "orders"]["state"] == "granted"
        assert found[MAIL, "orders"]["entry"] is None
        assert told["preferences"]["order"] == []

    def test_the_history_is_paged(self, anna: Pages) -> None:
        for at in range(5):
            anna.now(at + 2)
            anna.said("withdraw" if at % 2 else "grant", MAIL, "reviews", "email")
        first = anna.shop.profile(MAIL, "/consents/history", limit=3).json()
        rest = anna.shop.profile(MAIL, "/consents/history", limit=3, cursor=first["next_cursor"]).json()
        assert [each["act"] for each in first["data"] + rest["data"]] == ["grant", "withdraw"] * 2 + ["grant"]
        assert rest["next_cursor"] is None


class TestPurposes:
    @pytest.mark.parametrize("role", ["operator", "seller", "analyst", "developer"])
    def test_not_by_just_anybody(self, anna: Pages, role: str) -> None:
        client = anna.shop.signed_in(role)
        assert client.get("/api/purposes").status_code == 200
        assert client.change("PUT", "/api/purposes/reviews", {"double_opt_in": True}).status_code == 403

    def test_another_text_is_another_version_and_what_was_agreed_to_stays(self, anna: Pages) -> None:
        program(anna).post(f"/api/profiles/{MAIL}/consents", json=consent(anna))
        marketer = anna.shop.signed_in("marketer")
        made = marketer.change(
            "PUT", "/api/purposes/reviews", {"texts": {"en": "Ask me anything."}, "double_opt_in": True}
        )
        assert made.status_code == 200, made.text
        [english] = [each for each in made.json()["texts"] if each["language"] == "en"]
        assert (english["version"], english["text"], english["made_by"]) == (
            2,
            "Ask me anything.",
            "marketer@shop.example",
        )
        again = marketer.change("PUT", "/api/purposes/reviews", {"texts": {"en": " Ask me anything.\n"}}).json()
        assert [each["version"] for each in again["texts"] if each["language"] == "en"] == [2]
        [entry] = anna.shop.profile(MAIL, "/consents/history").json()["data"]
        assert entry["text"] == "You may ask me what I think of what I bought."
        told = anna.shop.get("/api/purposes/reviews/texts").json()["data"]
        assert next((each["language"], each["version"]) for each in told) == ("en", 2)
        assert len(told) == 4

    def test_a_new_one_is_said_in_every_language(self, anna: Pages) -> None:
        marketer = anna.shop.signed_in("marketer")
        answer = marketer.change("PUT", "/api/purposes/surveys", {"titles": {"en": "Surveys"}})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_purpose")
        words = {"en": "Surveys", "ru": "Опросы", "pl": "Ankiety"}
        answer = marketer.change(
            "PUT", "/api/purposes/surveys", {"titles": words, "descriptions": words, "texts": words}
        )
        assert answer.status_code == 200, answer.text
        names = [each["name"] for each in anna.shop.get("/api/purposes").json()["data"]]
        assert names == ["orders", "back_in_stock", "promotions", "reviews", "surveys"]
        assert "Surveys" in texts_of(anna.page(anna.door()))
        assert marketer.change("PUT", "/api/purposes/surveys", {"retired": True}).json()["retired_at"]
        assert "Surveys" not in texts_of(anna.page(anna.door()))

    @pytest.mark.parametrize("name", ["Upper", "a-b", "1st", "*", "x" * 64, "żaba"])
    def test_a_name_that_is_none(self, anna: Pages, name: str) -> None:
        words = {"en": "X", "ru": "Ы", "pl": "Ż"}
        marketer = anna.shop.signed_in("marketer")
        assert (
            marketer.change("PUT", f"/api/purposes/{name}", {"titles": words, "descriptions": words}).status_code == 422
        )

    def test_nobody_is_asked_to_agree_to_what_a_purchase_needs(self, anna: Pages) -> None:
        answer = anna.shop.signed_in("owner").change("PUT", "/api/purposes/orders", {"texts": {"en": "I agree."}})
        assert answer.json()["code"] == "invalid_purpose"


class TestSuppressions:
    def test_a_key_adds_and_lifts_none(self, anna: Pages) -> None:
        assert program(anna).post("/api/suppressions", json={"address": MAIL}).status_code == 403

    def test_added_listed_found_and_lifted(self, anna: Pages) -> None:
        operator = anna.shop.signed_in("operator")
        for _ in range(2):
            made = operator.change("POST", "/api/suppressions", {"address": MAIL})
            assert made.status_code == 201, made.text
        operator.change("POST", "/api/suppressions", {"address": TELEGRAM})
        assert [each["address"] for each in operator.get("/api/suppressions").json()["data"]] == [TELEGRAM, MAIL]
        [found] = operator.get("/api/suppressions", params={"reference": MAIL}).json()["data"]
        assert (found["reason"], found["source"]) == ("manual", "operator@shop.example")
        told = anna.shop.profile(ANNA, "/consents").json()["data"]
        assert {each["address"] for each in told if each["suppression"]} == {MAIL, TELEGRAM}
        lift = f"/api/suppressions/{found['id']}/lift"
        assert operator.change("POST", lift, {}).status_code == 422
        assert operator.change("POST", lift, {"reason": "she wrote in"}).json()["lifted_because"] == "she wrote in"
        assert operator.change("POST", lift, {"reason": "again"}).status_code == 404
        assert [each["address"] for each in operator.get("/api/suppressions").json()["data"]] == [TELEGRAM]
        assert len(operator.get("/api/suppressions", params={"lifted": "true"}).json()["data"]) == 2

    def test_nobody_known(self, anna: Pages) -> None:
        operator = anna.shop.signed_in("operator")
        assert operator.change("POST", "/api/suppressions", {"address": "email:no@example.com"}).status_code == 404
