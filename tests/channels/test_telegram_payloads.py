"""Every request we make to the Bot API, read back by aiogram's own models; and what is refused before it is sent."""

import json
import re
import string
from typing import Any

import pytest
from aiogram import methods
from aiogram.types import InputFile
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from channels.conformance import outgoing
from onevoice.channels.telegram import payloads
from onevoice.channels.telegram.markup import MAX_ENTITIES, marked, units
from onevoice.channels.telegram.payloads import Call, Manner, call, encoded
from onevoice.domains.delivery.contracts.messages import Button, Content, Media
from onevoice.domains.delivery.errors import Permanent
from onevoice.sandbox.serving import Request
from onevoice.sandbox.telegram_forms import parameters
from onevoice.sandbox.telegram_markup import parsed

JSON_FIELDS = {"reply_markup", "reply_parameters", "link_preview_options", "media"}
NUMBERS = {"chat_id", "message_id"}
FLAGS = {"protect_content"}

texts = st.text(max_size=120)
words = st.text(min_size=1, max_size=30).filter(lambda text: text.strip())
buttons = st.one_of(
    st.builds(Button, words, data=st.text(string.ascii_letters + string.digits + ":-", min_size=1, max_size=64)),
    st.builds(Button, words, url=st.from_regex(r"https://[a-z]{1,12}\.example/[a-z0-9?&=]{0,20}", fullmatch=True)),
)
rows = st.lists(st.lists(buttons, min_size=1, max_size=4).map(tuple), max_size=4).map(tuple)
tags = st.sampled_from(
    ["b", "strong", "i", "em", "u", "s", "a", "code", "pre", "blockquote", "p", "div", "br", "script"]
)
html = st.recursive(
    st.text(max_size=20),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", tags, inner),
        st.builds(lambda tag, text: f"<{tag}>{text}", tags, inner),
        st.builds(
            lambda url, text: f'<a href="{url}">{text}</a>', st.sampled_from(["https://x.example/?a=1&b", "x:y"]), inner
        ),
    ),
    max_leaves=12,
)
media = st.builds(
    Media,
    st.sampled_from(["image", "video", "audio", "file"]),
    st.text(max_size=20),
    st.sampled_from(["image/png", "application/pdf", "no type\r\nX: y", ""]),
    st.binary(min_size=1, max_size=300),
    st.text(max_size=40),
)
contents = st.builds(Content, texts, st.none() | html, st.none(), rows, st.lists(media, max_size=1).map(tuple))
references = st.none() | st.from_regex(r"[1-9][0-9]{0,9}:[1-9][0-9]{0,9}", fullmatch=True)
BOUNDARY = "boundary0123456789"


def read_back(content_type: str, body: bytes) -> dict[str, Any]:
    """The request's fields as the stand-in reads them, files as themselves."""
    given = parameters(Request("POST", "/", {}, {"content-type": content_type}, body))
    fields = given.everything()
    if content_type != "application/json":
        fields = {
            name: json.loads(value) if name in JSON_FIELDS or name in FLAGS else value for name, value in fields.items()
        }
        fields |= {name: int(value) for name, value in fields.items() if name in NUMBERS}
    return fields | dict(given.uploads)


class Sent(InputFile):
    async def read(self, bot: Any) -> Any:
        raise NotImplementedError


def require_known(model: BaseModel) -> None:
    """aiogram lets fields pass that it does not know; nothing of ours may be one of them."""
    assert not model.model_extra, (type(model), model.model_extra)
    for name in model.model_fields_set:
        value = getattr(model, name)
        for each in _flat(value):
            if isinstance(each, BaseModel):
                require_known(each)


def _flat(value: Any) -> list[Any]:
    return [part for each in value for part in _flat(each)] if isinstance(value, list) else [value]


def referee(what: Call) -> Any:
    """The method as aiogram knows it, from the bytes that go out."""
    fields = read_back(*encoded(what, BOUNDARY))
    fields = {name: Sent(value.name) if hasattr(value, "data") else value for name, value in fields.items()}
    if what.method == "editMessageMedia":
        fields.pop("file")
    model = getattr(methods, what.method[0].upper() + what.method[1:]).model_validate(fields)
    require_known(model)
    assert model.__api_method__ == what.method
    return model


class TestReferee:
    @settings(max_examples=400, deadline=None)
    @given(contents, st.booleans(), st.booleans(), references, references)
    def test_aiogram_knows_every_request(self, content, previews, protect, answers, edits) -> None:
        message = outgoing("5000001", content=content, answers=answers, edits=edits)
        try:
            what = call(message, Manner(link_previews=previews, protect=protect))
        except Permanent as error:
            assume(error.code not in {"empty", "too_long"})
            raise
        model = referee(what)
        assert model.chat_id == 5_000_001
        said = [button for row in content.buttons for button in row]
        keyboard = model.reply_markup.inline_keyboard if model.reply_markup else []
        assert [(each.url, each.callback_data) for row in keyboard for each in row] == [(b.url, b.data) for b in said]
        if edits:
            assert model.message_id == int(edits.partition(":")[2])
        elif answers:
            assert model.reply_parameters.message_id == int(answers.partition(":")[2])

    @given(st.sampled_from(["getMe", "getWebhookInfo", "deleteWebhook"]))
    def test_aiogram_knows_what_has_no_fields(self, method: str) -> None:
        referee(Call(method, {}, {}))

    def test_a_field_that_is_unknown_would_be_seen(self) -> None:
        with pytest.raises(AssertionError):
            referee(Call("sendMessage", {"chat_id": 1, "text": "x", "not_a_field": 1}, {}))
        with pytest.raises(AssertionError):
            referee(
                Call("sendMessage", {"chat_id": 1, "text": "x", "reply_parameters": {"message_id": 1, "no": 1}}, {})
            )
        with pytest.raises(ValueError, match="text"):
            referee(Call("sendMessage", {"chat_id": 1}, {}))


class TestMarkup:
    @settings(max_examples=400)
    @given(html)
    def test_whatever_comes_the_bot_api_reads_it_and_sees_the_same(self, text: str) -> None:
        told = marked(text)
        seen, entities = parsed(told.html, "HTML")
        assert seen == told.text
        assert len(entities) <= MAX_ENTITIES
        assert all(entity["offset"] + entity["length"] <= units(seen) for entity in entities)

    @given(st.text(max_size=80))
    def test_text_without_tags_is_seen_as_it_is(self, text: str) -> None:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        told = marked(escaped)
        assert told.text == text.replace("\r\n", "\n").strip() or "\r" in text or "\0" in text
        assert parsed(told.html, "HTML")[0] == told.text

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("<b>a<i>b</b>c", "<b>a<i>b</i></b>c"),
            ("<b>a", "<b>a</b>"),
            ("a</b>", "a"),
            ("<b><b>a</b></b>", "<b>a</b>"),
            ("<code><b>a</b></code>", "<code>a</code>"),
            ("<b><code>a</code></b>", "<b>a</b>"),
            ("<a href='javascript:x()'>a</a>", "a"),
            ("<a href='data:text/html,x'>a</a>", "a"),
            ("<a>a</a>", "a"),
            ('<a href="https://x.example/&quot;onclick=">a</a>', '<a href="https://x.example/&quot;onclick=">a</a>'),
            ("<script>x()</script>a<style>b</style>", "a"),
            ("<svg><a href='https://x.example'>a</a></svg>b", "b"),
            ("<img src=x onerror=alert(1)>a", "a"),
            ("<span class='tg-spoiler'>a</span>", "<tg-spoiler>a</tg-spoiler>"),
            ("<p>a</p><p>b</p>", "a\nb"),
            ("a<br>b<br/>c", "a\nb\nc"),
            ("<blockquote expandable>a</blockquote>", "<blockquote expandable>a</blockquote>"),
            ("<!-- a --><!DOCTYPE x>b", "b"),
            ("&lt;b&gt;", "&lt;b&gt;"),
        ],
    )
    def test_only_what_telegram_knows_is_left(self, text: str, expected: str) -> None:
        assert marked(text).html == expected

    def test_beyond_a_hundred_entities_tags_go_and_the_text_stays(self) -> None:
        told = marked("<b>a</b>" * 150)
        assert told.html.count("<b>") == told.html.count("</b>") == MAX_ENTITIES
        assert told.text == "a" * 150

    def test_a_deep_nest_ends(self) -> None:
        assert marked("<b><i>" * 20_000 + "a").text == "a"


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (Content(""), "empty"),
            (Content(" \n "), "empty"),
            (Content("", html="<p> </p>"), "empty"),
            (Content("🐢" * 2049), "too_long"),
            (Content("x", html="<b>" + "y" * 4097 + "</b>"), "too_long"),
            (Content("x" * 1025, media=(Media("image", "a", "image/png", b"x"),)), "too_long"),
            (Content("x", media=(Media("image", "a", "image/png", b""),)), "empty_media"),
            (Content("x", media=(Media("image", "a", "image/png", bytes(10 * 2**20 + 1)),)), "media_too_large"),
            (Content("x", media=(Media("file", "a", "a/b", bytes(50 * 2**20 + 1)),)), "media_too_large"),
            (Content("x", media=(Media("file", "a", "a/b", b"1"),) * 11), "too_many_media"),
            (
                Content("x", media=(Media("file", "a", "a/b", b"1"),) * 2, buttons=((Button("a", data="a"),),)),
                "too_many_media",
            ),
            (Content("x", buttons=((Button("a", data="ż" * 33),),)), "button_data_too_long"),
            (Content("x", buttons=((Button("a", data=""),),)), "button_data_too_long"),
            (Content("x", buttons=((Button(" ", data="a"),),)), "unusable_button"),
            (Content("x", buttons=((Button("a"),),)), "unusable_button"),
            (Content("x", buttons=((Button("a", url="https://x.example", data="a"),),)), "unusable_button"),
            (Content("x", buttons=((Button("a", url="javascript:x()"),),)), "unusable_button"),
            (Content("x", buttons=((Button("a", url="https://[x"),),)), "unusable_button"),
            (Content("x", buttons=(tuple(Button("a", data="a") for _ in range(9)),)), "too_many_buttons"),
            (Content("x", buttons=tuple((Button("a", data="a"),) for _ in range(101))), "too_many_buttons"),
        ],
    )
    def test_before_it_is_sent(self, content: Content, code: str) -> None:
        with pytest.raises(Permanent) as caught:
            call(outgoing("5", content=content), Manner())
        assert (caught.value.code, caught.value.gone) == (code, False)

    @pytest.mark.parametrize("length", [4096])
    def test_the_longest_is_taken(self, length: int) -> None:
        assert call(outgoing("5", "🐢" * (length // 2)), Manner()).fields["text"]

    @pytest.mark.parametrize("named", ["", "x", "5:", "5:x", "5:-1", "5:１", "5:" + "9" * 30])
    def test_a_reference_that_is_none_of_telegrams(self, named: str) -> None:
        for which in ("answers", "edits"):
            with pytest.raises(Permanent, match="unusable_reference"):
                call(outgoing("5", **{which: named}), Manner())

    def test_what_no_database_holds_is_replaced(self) -> None:
        fields = call(outgoing("5", "a\0b\ud800c"), Manner()).fields
        assert json.loads(encoded(Call("sendMessage", fields, {}), "x")[1])["text"] == "a\ufffdb\ufffdc"


class TestForm:
    @given(st.text(max_size=40), st.binary(min_size=1, max_size=100))
    def test_no_name_of_a_file_breaks_out_of_its_line(self, name: str, data: bytes) -> None:
        content = Content("x", media=(Media("file", name, "text/plain", data),))
        what = call(outgoing("5", content=content), Manner())
        _, body = encoded(what, BOUNDARY)
        head = body[: body.index(data, body.index(b"filename=")) if data in body else len(body)]
        assert len(re.findall(rb"(?m)^Content-Disposition", head)) <= 3
        given = parameters(
            Request("POST", "/", {}, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}, body)
        )
        assert {*given.uploads} == {"document"}
        assert given.uploads["document"].data == data
        assert given.uploads["document"].content_type == "text/plain"
        assert {*given.everything()} == {"chat_id", "caption"}

    def test_a_type_that_would_break_the_line_is_none(self) -> None:
        content = Content("x", media=(Media("file", "a", "text/plain\r\nX-Evil: 1", b"x"),))
        assert (
            call(outgoing("5", content=content), Manner()).files["document"].content_type == "application/octet-stream"
        )

    def test_an_empty_name_has_one(self) -> None:
        assert payloads._file_name("\x07\r\n") == "file"
        assert payloads._file_name('..\\a/"b') == ".._a__b"
