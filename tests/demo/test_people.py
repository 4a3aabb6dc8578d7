"""The invented people."""

import re
from datetime import timedelta

import phonenumbers
from demo_shapes import START

from onevoice.demo.load import DemoPlan
from onevoice.demo.names import FEMALE, MALE, surname
from onevoice.demo.people import FAMILY, LIVELY, population
from onevoice.demo.places import SOURCES, TOWNS, till_source

CHANNELS = set("site app shop telegram whatsapp viber vk ok max instagram messenger email sms push call api".split())


class TestPopulation:
    def test_equal_seeds_give_equal_people_and_others_others(self, demo: DemoPlan):
        numbers = [index for index in demo.world.people if index < FAMILY]
        assert population(7, START, numbers) == demo.world.people
        assert population(8, START, numbers) != demo.world.people

    def test_every_household_has_somebody_with_a_card_of_their_own(self, demo: DemoPlan):
        cards = [person.card for index, person in demo.world.people.items() if index < FAMILY]
        assert len(cards) == len(set(cards)) == 2469
        assert None not in cards

    def test_addresses_and_handles_are_nobody_elses(self, demo: DemoPlan):
        for field in ("email", "user_id", "telegram", "vk"):
            values = [getattr(person, field) for person in demo.world.people.values() if getattr(person, field)]
            assert len(values) == len(set(values)), field

    def test_a_phone_is_shared_in_families_only(self, demo: DemoPlan):
        holders: dict[str, set[int]] = {}
        for index, person in demo.world.people.items():
            if person.phone:
                holders.setdefault(person.phone, set()).add(index % FAMILY)
        assert all(len(families) == 1 for families in holders.values())
        phones = [person.phone for person in demo.world.people.values() if person.phone]
        assert len(phones) - len(holders) > 50

    def test_phones_are_possible_and_in_ranges_nobody_has(self, demo: DemoPlan):
        for person in demo.world.people.values():
            if person.phone:
                assert phonenumbers.is_possible_number(phonenumbers.parse(person.phone))
                assert re.fullmatch(r"\+447700900\d{3}|\+48400\d{6}|\+7945\d{7}", person.phone)

    def test_mail_goes_to_reserved_domains_only(self, demo: DemoPlan):
        for person in demo.world.people.values():
            for address in (person.email, person.typo_email):
                assert address is None or re.fullmatch(r"[a-z0-9.'-]+@[a-z]+\.example", address)
            assert person.typo_email is None or person.typo_email != person.email

    def test_the_trouble_is_there(self, demo: DemoPlan):
        people = demo.world.people.values()
        assert sum(person.tablet is not None for person in people) > 300
        assert sum(person.typo_email is not None for person in people) > 30
        assert sum(len(person.browsers) == 3 for person in people) > 100
        assert sum(len(person.devices) == 2 for person in people) > 50
        assert sum(bool(person.skew) for person in people) > 30
        assert sum(person.lively for person in people) >= LIVELY

    def test_all_three_languages_and_sites_are_there(self, demo: DemoPlan):
        pairs = {(person.site.name, person.language) for person in demo.world.people.values()}
        assert pairs == {("pl", "pl"), ("pl", "ru"), ("en", "en"), ("ru", "ru")}

    def test_people_were_born_and_carded_in_the_past(self, demo: DemoPlan):
        for person in demo.world.people.values():
            assert person.carded_on < START - timedelta(days=370)
            assert 1948 <= person.birthday.year <= 2005

    def test_those_of_the_drawings_are_among_the_lively(self, demo: DemoPlan):
        lively = {person.name for person in demo.world.people.values() if person.lively}
        assert {"Ирина Коваленко", "Paul Kowal", "Łukasz Kowalczyk", "Zofia Dąbrowska", "Надежда Орлова"} <= lively


class TestSurname:
    def test_polish_adjectives_have_a_gender_and_nouns_do_not(self):
        assert surname("pl", "Kowalski", FEMALE) == "Kowalska"
        assert surname("pl", "Cichocki", FEMALE) == "Cichocka"
        assert surname("pl", "Nowak", FEMALE) == "Nowak"
        assert surname("pl", "Kowalski", MALE) == "Kowalski"

    def test_russian_ones_too(self):
        assert surname("ru", "Орлов", FEMALE) == "Орлова"
        assert surname("ru", "Ковалёв", FEMALE) == "Ковалёва"
        assert surname("ru", "Калинин", FEMALE) == "Калинина"
        assert surname("ru", "Ковальский", FEMALE) == "Ковальская"
        assert surname("ru", "Шевченко", FEMALE) == "Шевченко"

    def test_everybody_of_the_population_bears_theirs(self, demo: DemoPlan):
        for person in demo.world.people.values():
            if person.gender == MALE:
                assert not person.last.endswith(("ska", "cka", "ова", "ская"))
            else:
                assert not person.last.endswith(("ski", "cki", "ский", "ов", "ёв"))


class TestSources:
    def test_each_has_a_name_of_its_own_and_a_known_channel(self):
        assert len({source.name for source in SOURCES}) == len(SOURCES)
        assert {source.channel for source in SOURCES} <= CHANNELS

    def test_people_of_every_town_have_a_till(self):
        names = {source.name for source in SOURCES}
        assert {till_source(town.shop_town, number) for town in TOWNS for number in range(1, 6)} <= names
