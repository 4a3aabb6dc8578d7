"""What updates say, as aiogram's models write them and as nobody should."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiogram.types import Update as Refereed
from hypothesis import given
from hypothesis import strategies as st

from onevoice.channels.telegram import updates
from onevoice.domains.delivery.contracts.channels import Inbound, Reach, Said

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
USER = {"id": 5_000_001, "is_bot": False, "first_name": "Anna", "last_name": "Kowalska", "language_code": "pl"}
BOT = {"id": 7_000_001, "is_bot": True, "first_name": "Northfold", "username": "northfold_bot"}
CHAT = {"id": 5_000_001, "type": "private", "first_name": "Anna"}
GROUP = {"id": -100_500, "type": "supergroup", "title": "Friends"}
FILE = {"file_id": "F1", "file_unique_id": "U1", "file_size": 1234}

STICKER = {**FILE, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}


def message(**fields: Any) -> dict[str, Any]:
    return {"message_id": 11, "date": 1_790_000_000, "chat": CHAT, "from": USER, **fields}


def told(update: dict[str, Any]) -> list[Inbound]:
    """What it says; what stands in it is what Telegram sends, says aiogram."""
    value = {"update_id": 77, **update}
    Refereed.model_validate(value)
    return updates.told(updates.read(value), NOW)


def said(**fields: Any) -> Said:
    [only] = told({"message": message(**fields)})
    assert isinstance(only, Said)
    return only


class TestSaid:
    def test_a_text(self) -> None:
        one = said(text="Gdzie jest moja paczka?")
        assert (one.key, one.address, one.name, one.provider_id) == ("77", "5000001", "Anna Kowalska", "5000001:11")
        assert one.happened_at == datetime.fromtimestamp(1_790_000_000, UTC)
        assert (one.start, one.pressed, one.edited, one.attachments) == (None, None, False, ())

    def test_an_answer_names_what_it_answers(self) -> None:
        assert said(text="x", reply_to_message=message(message_id=9, text="y")).answers == "5000001:9"

    def test_an_edit_is_told_as_one(self) -> None:
        [one] = told({"edited_message": message(text="new", edit_date=1_790_000_100)})
        assert isinstance(one, Said)
        assert (one.edited, one.text, one.provider_id) == (True, "new", "5000001:11")
        assert one.happened_at == datetime.fromtimestamp(1_790_000_100, UTC)

    def test_an_edited_start_starts_nothing(self) -> None:
        assert len(told({"edited_message": message(text="/start x", edit_date=1_790_000_100)})) == 1

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"contact": {"phone_number": "+48600100200", "first_name": "Jan"}}, "Jan +48600100200"),
            ({"location": {"latitude": 52.2297, "longitude": 21.0122}}, "52.229700, 21.012200"),
            (
                {
                    "location": {"latitude": 1, "longitude": 2},
                    "venue": {"location": {"latitude": 1, "longitude": 2}, "title": "Shop", "address": "Main 1"},
                },
                "Shop\nMain 1\n1.000000, 2.000000",
            ),
            ({"dice": {"emoji": "🎲", "value": 3}}, "🎲"),
            (
                {"sticker": {**STICKER, "emoji": "👍"}},
                "👍",
            ),
            ({"photo": [{**FILE, "width": 1, "height": 1}], "caption": "Broken"}, "Broken"),
        ],
    )  # fmt: skip
    def test_what_is_no_text_is_told_as_one(self, fields: dict[str, Any], text: str) -> None:
        assert said(**fields).text == text

    @pytest.mark.parametrize(
        ("fields", "name", "kind"),
        [
            ({"document": {**FILE, "file_name": "a.pdf", "mime_type": "application/pdf"}}, "a.pdf", "application/pdf"),
            ({"video": {**FILE, "width": 1, "height": 1, "duration": 1}}, "video.mp4", "video/mp4"),
            ({"audio": {**FILE, "duration": 1, "mime_type": "audio/flac"}}, "audio.mp3", "audio/flac"),
            ({"voice": {**FILE, "duration": 1}}, "voice.ogg", "audio/ogg"),
            ({"video_note": {**FILE, "length": 1, "duration": 1}}, "video-note.mp4", "video/mp4"),
            (
                {"animation": {**FILE, "width": 1, "height": 1, "duration": 1}, "document": FILE},
                "animation.mp4",
                "video/mp4",
            ),
            (
                {"sticker": STICKER | {"is_animated": True}},
                "sticker.tgs",
                "application/gzip",
            ),
            (
                {"sticker": STICKER | {"is_video": True}},
                "sticker.webm",
                "video/webm",
            ),
        ],
    )  # fmt: skip
    def test_a_file_is_named_to_be_fetched(self, fields: dict[str, Any], name: str, kind: str) -> None:
        [attachment] = said(**fields).attachments
        assert (attachment.name, attachment.content_type) == (name, kind)
        assert (attachment.reference, attachment.size_bytes, attachment.data) == ("F1", 1234, None)

    def test_of_a_photo_the_largest_is_taken(self) -> None:
        sizes = [{**FILE, "file_id": f"F{n}", "file_size": n, "width": n, "height": n} for n in (10, 900, 90)]
        assert [each.reference for each in said(photo=sizes).attachments] == ["F900"]

    @pytest.mark.parametrize(
        ("text", "start"), [("/start", None), ("/start abc-1_2", "abc-1_2"), ("/start@bot x", "x")]
    )
    def test_a_start_opens_the_door(self, text: str, start: str | None) -> None:
        reach, one = told({"message": message(text=text)})
        assert isinstance(reach, Reach)
        assert isinstance(one, Said)
        assert (reach.open, reach.address, one.start) == (True, "5000001", start)

    @pytest.mark.parametrize("text", ["/started", "start", " /start x", "/stop"])
    def test_what_only_looks_like_one_does_not(self, text: str) -> None:
        assert said(text=text).start is None

    def test_what_is_said_in_a_group_is_not_said_to_us(self) -> None:
        assert told({"message": message(chat=GROUP, text="x")}) == []
        assert told({"edited_message": message(chat=GROUP, text="x", edit_date=1)}) == []


class TestPressed:
    MESSAGE = message(
        text="?", reply_markup={"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "U", "url": "https://x"}]]}
    )  # fmt: skip

    def test_it_tells_which_button_under_which_message(self) -> None:
        query = {"id": "Q1", "from": USER, "message": self.MESSAGE, "chat_instance": "1", "data": "y"}
        [one] = told({"callback_query": query})
        assert isinstance(one, Said)
        assert (one.pressed, one.text, one.provider_id, one.answers) == ("y", "Yes", "Q1", "5000001:11")
        assert one.happened_at == NOW

    def test_a_message_too_old_to_be_seen_is_no_hindrance(self) -> None:
        gone = {"chat": CHAT, "message_id": 11, "date": 0}
        [one] = told({"callback_query": {"id": "Q1", "from": USER, "message": gone, "chat_instance": "1", "data": "y"}})
        assert isinstance(one, Said)
        assert (one.pressed, one.text, one.address) == ("y", "", "5000001")

    def test_a_game_or_a_group_says_nothing(self) -> None:
        query = {"id": "Q1", "from": USER, "chat_instance": "1"}
        assert told({"callback_query": {**query, "game_short_name": "x"}}) == []
        assert told({"callback_query": {**query, "data": "y", "message": message(chat=GROUP, text="x")}}) == []


class TestReach:
    @pytest.mark.parametrize(("status", "is_open"), [("kicked", False), ("left", False), ("member", True)])
    def test_a_door_opens_and_shuts(self, status: str, is_open: bool) -> None:
        more = {"until_date": 0} if status == "kicked" else {}
        change = {
            "chat": CHAT, "from": USER, "date": 1_790_000_000,
            "old_chat_member": {"status": "member", "user": BOT},
            "new_chat_member": {"status": status, "user": BOT, **more},
        }  # fmt: skip
        [reach] = told({"my_chat_member": change})
        assert reach == Reach("77", "5000001", is_open, datetime.fromtimestamp(1_790_000_000, UTC))
        assert told({"my_chat_member": {**change, "chat": GROUP}}) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["message", "chat", "id", "type", "from", "text", "photo", "date", "data", "message_id", "x"]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


class TestHostile:
    @given(json_values, st.sampled_from([*updates.TAKEN, "poll"]))
    def test_whatever_comes_is_read_or_refused(self, value: Any, kind: str) -> None:
        try:
            items = updates.told(updates.read({"update_id": 1, kind: value}), NOW)
        except msgspec.ValidationError:
            return
        assert all(isinstance(each, Said | Reach) for each in items)

    @pytest.mark.parametrize("date", [0, -1, 10**18, -(10**18)])
    def test_a_time_that_is_none_loses_nothing(self, date: int) -> None:
        value = {"update_id": 1, "message": {**message(text="x"), "date": date}}
        [one] = updates.told(updates.read(value), NOW)
        assert one.happened_at.tzinfo is UTC

    def test_what_looks_like_markup_stays_text(self) -> None:
        text = '<img src=x onerror="alert(1)">'
        one = said(text=text)
        assert (one.text, one.html) == (text, None)
