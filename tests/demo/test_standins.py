"""The demo's providers: where they listen, and what is still there after a stop."""

import json
import socket
import urllib.error
import urllib.request
from smtplib import SMTP

import msgspec
import pytest
from demo_shapes import START

from onevoice.demo import anna
from onevoice.demo.catalogue import BY_SKU, Choice, product
from onevoice.demo.places import SITES
from onevoice.demo.standins import ANNA, Other, StandIns
from onevoice.kit.chance import SystemChance
from onevoice.sandbox import keeping, program
from onevoice.sandbox.shop_words import ABOUT
from support import free_port


@pytest.fixture
def stands(tmp_path):
    return StandIns(tmp_path / "providers.json", free_port(), SystemChance(), START)


def letter(stands, to=anna.EMAIL, text="Hello"):
    with SMTP("127.0.0.1", stands.about.ports["smtp"]) as smtp:
        smtp.sendmail("hello@halny.example", to, f"Subject: {text}\r\n\r\n{text}\r\n")


class TestStandIns:
    def test_a_second_start_finds_the_same_ports_and_secrets(self, stands):
        again = StandIns(stands.file, 1, SystemChance(), START)
        assert again.about == stands.about

    def test_where_a_port_is_taken_another_is(self, stands):
        with socket.create_server(("127.0.0.1", stands.about.ports["smtp"])):
            again = StandIns(stands.file, 1, SystemChance(), START)
        assert again.about.ports["smtp"] != stands.about.ports["smtp"]
        assert again.about.ports["imap"] == stands.about.ports["imap"]

    def test_a_home_of_a_demo_without_a_shop_gets_one_and_keeps_the_rest(self, stands):
        kept = keeping.read(stands.file)
        ports = {name: port for name, port in kept.about.ports.items() if name != "shop"}
        people = [msgspec.structs.replace(each, account=None, browser=None) for each in kept.about.people]
        old = msgspec.structs.replace(kept.about, ports=ports, range=None, people=people, key="ov_kept")
        keeping.write(stands.file, msgspec.structs.replace(kept, about=old))
        again = StandIns(stands.file, free_port(), SystemChance(), START).about
        assert {name: port for name, port in again.ports.items() if name != "shop"} == ports
        assert (again.key, again.token) == ("ov_kept", old.token)
        assert again.range is not None
        assert again.people[0].account == anna.ACCOUNT

    def test_the_chat_may_be_shown_wherever_the_shop_is_this_time(self, stands):
        port = stands.about.ports["shop"]
        with socket.create_server(("127.0.0.1", port)):
            again = StandIns(stands.file, 1, SystemChance(), START)
        origins = again.chat_settings["origins"].split("\n")
        assert again.shop_url in origins
        assert f"http://anna.localhost:{again.about.ports['shop']}" in origins
        assert not any(origin.endswith(f":{port}") for origin in origins)

    def test_goods_are_called_and_priced_as_in_the_events(self, stands):
        for each in stands.about.range.goods:
            told = product(Choice(BY_SKU[each.sku], "38"), SITES["pl"], "ru")
            assert (told["price_minor"], told["name"]) == (each.price_minor, f"{each.names['ru']} 38")
        assert {each.category for each in stands.about.range.goods} == set(stands.about.range.categories)
        assert {each.sku for each in stands.about.range.goods} == set(ABOUT)

    def test_her_phone_has_what_she_said_and_waits_for_the_answers(self, stands):
        room = keeping.read(stands.file).room
        chat = next(each for each in room.chats if each.id == int(anna.CHAT))
        hers = {number: text for number, _, author, text in anna.said(START) if author is None}
        assert {number: each["text"] for number, each in chat.messages.items()} == hers
        assert room.updates == []
        assert max(each[0] for each in anna.said(START)) < room.next_message

    def test_others_are_shown_besides_anna_and_the_newcomer(self, stands):
        running = program.StandIns(stands.file)
        running.start()
        try:
            stands.show([Other(f"Person {number}", "pl", f"p{number}@x.example") for number in range(9)])
            assert [each.key for each in running.about.people][:3] == ["anna", "ilya", "mailbox-1"]
            assert len(running.about.people) == 8
        finally:
            running.stop()

    def test_the_file_is_its_owners_alone(self, stands):
        assert stands.file.stat().st_mode & 0o077 == 0

    def test_what_stands_in_the_environment_stays_allowed(self, stands):
        places = stands.places({"ONEVOICE_ALLOWED_PLACES": "mail.lan:25"}).split(",")
        assert places[0] == "mail.lan:25"
        assert len(places) == 4


class TestProgram:
    @pytest.fixture
    def running(self, stands):
        made = program.StandIns(stands.file)
        made.start()
        yield made
        made.stop()

    def test_letters_and_chats_are_there_after_a_stop(self, stands):
        first = program.StandIns(stands.file)
        first.start()
        letter(stands)
        chat = first.telegram.chats[int(anna.CHAT)]
        first.telegram.say(chat, "Jest?")
        first.telegram.block(chat)
        first.stop()
        second = program.StandIns(stands.file)
        second.start()
        try:
            assert len(second.mail.letters(anna.EMAIL)) == 1
            assert second.mail.ledger[0].recipient == anna.EMAIL
            again = second.telegram.chats[int(anna.CHAT)]
            assert again.blocked
            assert next(reversed(again.messages.values()))["text"] == "Jest?"
            assert len(second.telegram.waiting()) == 2
            letter(stands, text="Again")
            assert [one.number for one in second.mail.ledger] == [1, 2]
        finally:
            second.stop()

    def test_what_comes_while_the_past_is_laid_came_then(self, stands, running):
        stands.tell("/time", at="2026-01-02T03:04:05+00:00")
        letter(stands)
        stands.tell("/time", at=None)
        letter(stands)
        first, second = running.mail.ledger
        assert first.at.isoformat() == "2026-01-02T03:04:05+00:00"
        assert second.at > first.at

    def test_what_anna_asks_last_waits_to_be_heard(self, stands, running):
        asked = START - anna.ASKED_BEFORE
        stands.tell("/time", at=asked.isoformat())
        stands.tell("/pocket/act", do="say", person=ANNA, text=anna.QUESTION)
        stands.tell("/time", at=None)
        (update,) = running.telegram.waiting()
        assert (update["message"]["text"], update["message"]["date"]) == (anna.QUESTION, int(asked.timestamp()))
        assert update["message"]["chat"]["id"] == int(anna.CHAT)

    @pytest.mark.parametrize("headers", [{}, {"X-Pocket": "1", "Host": "evil.example"}])
    def test_other_places_change_nothing(self, stands, running, headers):
        asked = urllib.request.Request(
            f"{stands.url}/about", json.dumps({"address": "x", "key": "x"}).encode(), headers
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)
        refused.value.close()
        assert refused.value.code == 404
        assert running.about.key == ""
