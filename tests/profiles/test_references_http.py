"""People named by a phone number as it is written in their country, wherever the API takes a reference."""

from collections.abc import Iterator

import pytest
from linked_shop import Shop, lasting_shop

from onevoice.kit.db import Database
from onevoice.kit.postgres import Cluster

PARTS = ("", "/traits", "/traits/name/history", "/events", "/identity", "/ruler")
# The same nine digits are somebody's number in Poland and somebody else's in Spain.
NUMBER, POLISH, SPANISH = "600 123 456", "+48600123456", "+34600123456"


SITES = ("main", "pl", "es", "ru")


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database, *SITES)


def add_two(shop: Shop) -> None:
    shop.person("anna", site="pl", name="Anna", phone=NUMBER)
    shop.person("luisa", site="es", at=10, name="Luisa", phone=NUMBER)


@pytest.fixture
def two(shop: Shop) -> Shop:
    """Anna in Poland from noon on, Luisa in Spain from 10 minutes later."""
    add_two(shop)
    return shop


@pytest.fixture(scope="module")
def lasting_two(cluster: Cluster) -> Iterator[Shop]:
    """The same, to be read only."""
    with lasting_shop(cluster, "two", *SITES) as shop:
        add_two(shop)
        yield shop


@pytest.fixture(scope="module")
def lasting_one(cluster: Cluster) -> Iterator[Shop]:
    """Anna alone, to be read only."""
    with lasting_shop(cluster, "one", *SITES) as shop:
        shop.person("anna", site="pl", name="Anna", phone=NUMBER)
        yield shop


def ambiguous(answer) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "ambiguous_reference")
    assert answer.headers["content-type"] == "application/problem+json"


class TestOutsider:
    @pytest.mark.parametrize("part", PARTS)
    def test_learns_nothing_by_any_spelling(self, lasting_two: Shop, part: str) -> None:
        for value in (NUMBER, POLISH, "%2B48600123456", "8 (912) 123-45-67"):
            answer = lasting_two.stranger().get(f"/api/profiles/phone:{value}{part}")
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
            assert "600123456" not in answer.text


class TestReading:
    @pytest.mark.parametrize(
        "written", [NUMBER, "600123456", "(600) 123-456", POLISH, "+48 600 123 456", "0048600123456"]
    )
    @pytest.mark.parametrize("part", PARTS)
    def test_a_number_is_found_however_it_is_written(self, lasting_one: Shop, written: str, part: str) -> None:
        assert lasting_one.profile(f"phone:{written}", part).status_code == 200

    def test_each_in_its_own_country(self, shop: Shop) -> None:
        shop.person("anna", site="pl", name="Anna", phone=NUMBER)
        shop.person("igor", site="ru", name="Igor", phone="8 912 123-45-67")
        assert shop.profile("phone:8 (912) 123-45-67").json()["name"] == "Igor"
        assert shop.profile("phone:600-123-456").json()["name"] == "Anna"

    def test_one_that_is_nobodys_is_unknown_in_every_country(self, shop: Shop) -> None:
        answer = shop.profile("phone:600 999 999")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_profile")
        assert "choices" not in answer.json()

    def test_one_that_is_none_tells_how_to_write_it(self, shop: Shop) -> None:
        answer = shop.profile("phone:12")
        assert answer.status_code == 404
        assert "country code" in answer.json()["detail"]

    def test_countries_without_a_source_are_not_tried(self, database: Database) -> None:
        shop = Shop(database, "main")
        shop.person("anna", name="Anna", phone=POLISH)
        assert shop.profile(f"phone:{NUMBER}").status_code == 404
        assert shop.profile(f"phone:{POLISH}").status_code == 200

    def test_other_kinds_are_read_as_before(self, shop: Shop) -> None:
        shop.person("600123456", site="pl", name="Anna", phone=NUMBER)
        shop.person("luisa", site="es", name="Luisa", phone=NUMBER)
        assert shop.profile("user_id:600123456").json()["name"] == "Anna"


class TestAmbiguous:
    @pytest.mark.parametrize("part", PARTS)
    def test_a_number_of_two_people_names_its_forms_and_nothing_else(self, lasting_two: Shop, part: str) -> None:
        answer = lasting_two.profile(f"phone:{NUMBER}", part)
        ambiguous(answer)
        told = answer.json()
        assert told.pop("choices") == [f"phone:{SPANISH}", f"phone:{POLISH}"]
        assert told.pop("detail") == (
            f"'{NUMBER}' is a number in more than one country. Write which one is meant: {SPANISH}, {POLISH}."
        )
        assert told.keys() == {"type", "title", "status", "code"}

    def test_each_choice_opens_one_of_them(self, lasting_two: Shop) -> None:
        choices = lasting_two.profile(f"phone:{NUMBER}").json()["choices"]
        assert [lasting_two.profile(choice).json()["name"] for choice in choices] == ["Luisa", "Anna"]

    def test_both_numbers_of_one_person_are_that_person(self, shop: Shop) -> None:
        shop.person("anna", site="pl", name="Anna", phone=NUMBER)
        shop.person("anna", site="es", name="Anna", phone=NUMBER)
        assert shop.profile(f"phone:{NUMBER}").json()["name"] == "Anna"


class TestPast:
    def test_who_was_known_then_decides(self, two: Shop) -> None:
        assert two.profile(f"phone:{NUMBER}", known_at=5).json()["name"] == "Anna"
        ambiguous(two.profile(f"phone:{NUMBER}", known_at=15))
        assert two.profile(f"phone:{NUMBER}", known_at=-5).status_code == 404

    def test_what_had_happened_by_then_decides_nothing(self, two: Shop) -> None:
        ambiguous(two.profile(f"phone:{NUMBER}", as_of=5))

    def test_two_who_were_joined_later_were_two(self, two: Shop) -> None:
        merge = {"from": "user_id:anna", "into": "user_id:luisa", "reason": "one person"}
        assert two.post("/api/identity/merges", merge, at=60).status_code == 200
        assert two.profile(f"phone:{NUMBER}").status_code == 200
        ambiguous(two.profile(f"phone:{NUMBER}", known_at=30))
        assert two.profile(f"phone:{NUMBER}", known_at=90).status_code == 200


class TestByHand:
    def test_a_merge_takes_numbers_as_they_are_written(self, shop: Shop) -> None:
        shop.person("anna", site="pl", name="Anna", phone=NUMBER)
        shop.person("igor", site="ru", name="Igor", phone="8 912 123-45-67")
        merge = {"from": "phone:8 (912) 123-45-67", "into": "phone:600-123-456", "reason": "one person"}
        assert shop.post("/api/identity/merges", merge).status_code == 200
        assert shop.profile("user_id:igor").json()["id"] == shop.profile("user_id:anna").json()["id"]

    @pytest.mark.parametrize("end", ["from", "into"])
    def test_a_merge_of_nobody_certain_changes_nothing(self, two: Shop, end: str) -> None:
        two.person("igor", name="Igor")
        merge = {"from": "user_id:igor", "into": "user_id:igor", "reason": "one person", end: f"phone:{NUMBER}"}
        ambiguous(two.post("/api/identity/merges", merge))

    def test_a_split_takes_them_for_the_person_and_for_what_goes(self, shop: Shop) -> None:
        shop.person("anna", site="pl", name="Anna", phone=NUMBER)
        split = {"profile": f"phone:{NUMBER}", "identifiers": ["phone:(600) 123 456"], "reason": "her son's"}
        assert shop.post("/api/identity/splits", split).status_code == 200
        assert [one["value"] for one in shop.profile(f"phone:{NUMBER}").json()["identifiers"]] == [POLISH]

    def test_what_goes_is_looked_for_among_the_persons_own_numbers(self, two: Shop) -> None:
        split = {"profile": "user_id:anna", "identifiers": [f"phone:{NUMBER}"], "reason": "her son's"}
        assert two.post("/api/identity/splits", split).status_code == 200
        assert [one["kind"] for one in two.profile("user_id:anna").json()["identifiers"]] == ["user_id"]
        assert [one["kind"] for one in two.profile("user_id:luisa").json()["identifiers"]] == ["user_id", "phone"]

    def test_a_person_with_both_numbers_must_be_told_which(self, shop: Shop) -> None:
        shop.person("anna", site="pl", name="Anna", phone=NUMBER)
        shop.person("anna", site="es", name="Anna", phone=NUMBER)
        split = {"profile": "user_id:anna", "identifiers": [f"phone:{NUMBER}"], "reason": "an old one"}
        ambiguous(shop.post("/api/identity/splits", split))

    def test_a_number_of_nobodys_splits_nothing(self, shop: Shop) -> None:
        shop.person("anna", site="pl", name="Anna", phone=NUMBER)
        split = {"profile": "user_id:anna", "identifiers": ["phone:600 999 999"], "reason": "an old one"}
        answer = shop.post("/api/identity/splits", split)
        assert (answer.status_code, answer.json()["code"]) == (422, "nothing_to_split")
