"""Telegram against its stand-in."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from channels.conformance import Bench, Conformance, Hasty, error_of, hear, never, opened, outgoing, send, using
from channels.receiver import Receiver
from channels.telegram_bench import SECRET, TelegramBench
from onevoice.channels.telegram.adaptor import TelegramAdaptor
from onevoice.domains.delivery.contracts.channels import Reach, Said
from onevoice.domains.delivery.contracts.messages import Button, Content, Media
from onevoice.domains.delivery.errors import ActionRequired, Permanent, Retriable
from onevoice.domains.delivery.ports import Tools
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import ManualClock, SystemClock
from onevoice.sandbox.telegram import Fault, Telegram

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    running = Telegram()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def bench(telegram: Telegram) -> TelegramBench:
    return TelegramBench(telegram)


class TestChannel(Conformance):
    gaps: ClassVar = {
        "test_the_same_key_is_taken_once": never("Telegram takes no key"),
        "test_a_date_says_how_long_to_wait": never("Telegram says it in seconds, in the body"),
        "test_an_old_signature_is_refused": never("Telegram's secret is the same for ever and signs nothing"),
    }

    @pytest.fixture
    def bench(self, telegram: Telegram) -> Bench:
        return TelegramBench(telegram)


class TestSend:
    def test_html_becomes_entities(self, bench: TelegramBench) -> None:
        html = '<p>Hi <strong>Anna</strong>, <a href="https://shop.example/?a=1&amp;b=2">look</a></p><p>a &lt; b</p>'
        send(bench, outgoing(bench.address(), content=Content("plain", html=html)))
        call = bench.telegram.ledger[0]
        message = bench.telegram.chats[int(call.fields["chat_id"])].messages[call.message_id]
        assert message["text"] == "Hi Anna, look\na < b"
        assert message["entities"] == [
            {"type": "bold", "offset": 3, "length": 4},
            {"type": "text_link", "offset": 9, "length": 4, "url": "https://shop.example/?a=1&b=2"},
        ]

    @pytest.mark.parametrize(
        ("edited", "method"),
        [
            (Content("new"), "editmessagetext"),
            (Content("", buttons=((Button("B", data="b"),),)), "editmessagereplymarkup"),
        ],
    )
    def test_a_text_is_edited_by_what_is_new(self, bench: TelegramBench, edited: Content, method: str) -> None:
        address = bench.address()
        [first] = send(bench, outgoing(address, "old"))
        assert send(bench, outgoing(address, content=edited, edits=first.provider_id)) == [first]
        assert bench.telegram.ledger[-1].method == method

    @pytest.mark.parametrize(("data", "method"), [(b"", "editmessagecaption"), (b"new bytes", "editmessagemedia")])
    def test_a_file_is_edited_by_what_is_new(self, bench: TelegramBench, data: bytes, method: str) -> None:
        address = bench.address()
        image = Media("image", "a.png", "image/png", PNG)
        [first] = send(bench, outgoing(address, content=Content("old", media=(image,))))
        new = Content("new", media=(Media("image", "b.png", "image/png", data),))
        assert send(bench, outgoing(address, content=new, edits=first.provider_id)) == [first]
        assert bench.telegram.ledger[-1].method == method
        assert (bench.seen()[0].text, bench.seen()[0].media) == ("new", (("image", data or PNG),))

    def test_an_edit_that_changes_nothing_is_done_already(self, bench: TelegramBench) -> None:
        address = bench.address()
        [first] = send(bench, outgoing(address, "same"))
        assert send(bench, outgoing(address, "same", edits=first.provider_id)) == [first]

    def test_what_it_answers_may_be_deleted_by_now(self, bench: TelegramBench) -> None:
        address = bench.address()
        send(bench, outgoing(address, answers=f"{address}:999999"))
        assert bench.seen()[0].answers is None

    def test_previews_and_saving_are_as_set(self, bench: TelegramBench) -> None:
        settings = bench.settings() | {"link_previews": False, "protect": True}
        using(bench, lambda adaptor: adaptor.send(outgoing(bench.address())), settings)
        fields = bench.telegram.ledger[0].fields
        assert fields["link_preview_options"] == {"is_disabled": True}
        assert fields["protect_content"] is True

    @pytest.mark.parametrize(
        ("code", "description", "parameters", "expected", "gone"),
        [
            (403, "Forbidden: bot was blocked by the user", {}, "blocked", True),
            (403, "Forbidden: user is deactivated", {}, "deactivated", True),
            (403, "Forbidden: bot can't initiate conversation with a user", {}, "not_started", True),
            (403, "Forbidden: bot was kicked from the group chat", {}, "kicked", True),
            (403, "Forbidden: something new", {}, "forbidden", True),
            (400, "Bad Request: chat not found", {}, "chat_not_found", True),
            (400, "Bad Request: PEER_ID_INVALID", {}, "chat_not_found", True),
            (400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -100123}, "migrated", True),
            (400, "Bad Request: message is too long", {}, "too_long", False),
            (400, 'Bad Request: can\'t parse entities: tag "Your order"', {}, "unusable_html", False),
            (400, "Bad Request: something new", {}, "bad_request", False),
            (413, "Request Entity Too Large", {}, "media_too_large", False),
        ],
    )
    def test_a_refusal_for_ever(self, bench, code, description, parameters, expected, gone) -> None:
        chat = bench.chat()
        chat.refusal = (code, description, parameters)
        error = error_of(bench, outgoing(str(chat.id), "Your order"))
        assert isinstance(error, Permanent)
        assert (error.code, error.gone) == (expected, gone)
        assert "Your order" not in error.detail
        if parameters:
            assert "-100123" in error.detail

    @pytest.mark.parametrize(("code", "parameters"), [(401, {}), (404, {}), (409, {})])
    def test_a_refusal_that_needs_somebody(self, bench: TelegramBench, code: int, parameters: Any) -> None:
        chat = bench.chat()
        chat.refusal = (code, "Unauthorized", parameters)
        assert isinstance(error_of(bench, outgoing(str(chat.id))), ActionRequired)

    @pytest.mark.parametrize(
        ("retry_after", "seconds"), [(0, 0), (35, 35), (10**9, 86_400), ("soon", None), (-1, None)]
    )
    def test_whatever_it_says_of_waiting(self, bench: TelegramBench, retry_after: Any, seconds: Any) -> None:
        chat = bench.chat()
        chat.refusal = (429, "Too Many Requests", {"retry_after": retry_after})
        error = error_of(bench, outgoing(str(chat.id)))
        assert isinstance(error, Retriable)
        assert error.after_seconds == seconds

    def test_a_gateway_does_not_know_whether_it_was_taken(self, bench: TelegramBench) -> None:
        bench.telegram.trouble(Fault("gateway"))
        error = error_of(bench, outgoing(bench.address()))
        assert isinstance(error, Retriable)
        assert error.accepted == "maybe"

    @pytest.mark.parametrize("address", ["", "0", "@channel", "12a", "+48600100200", "1" * 30, "１２"])
    def test_an_address_that_is_none_is_gone(self, bench: TelegramBench, address: str) -> None:
        error = error_of(bench, outgoing(address))
        assert isinstance(error, Permanent)
        assert (error.code, error.gone) == ("unusable_address", True)


class TestSlowedDown:
    """Telegram does not tell whose limit it was; a second chat that is refused meanwhile does."""

    def test_one_chat_waits_alone_and_two_mean_the_bot(self, bench: TelegramBench) -> None:
        clock = ManualClock(SystemClock().now())
        one, two, three = (outgoing(bench.address()) for _ in range(3))

        async def refused(adaptor: TelegramAdaptor, message: Any) -> str:
            bench.trouble("too_many")
            with pytest.raises(Retriable) as caught:
                await adaptor.send(message)
            return caught.value.scope

        async def work() -> list[str]:
            egress = Hasty(allowed=bench.allowed)
            adaptor = TelegramAdaptor(bench.settings(), Tools(clock, SeededChance(1), egress))
            scopes = [await refused(adaptor, one), await refused(adaptor, one), await refused(adaptor, two)]
            clock.advance(timedelta(seconds=8))
            scopes.append(await refused(adaptor, three))
            await egress.close()
            return scopes

        assert asyncio.run(work()) == ["message", "message", "account", "message"]


class TestListen:
    def test_a_pressed_button_stops_waiting(self, bench: TelegramBench) -> None:
        address = bench.address()
        [sent] = send(bench, outgoing(address, content=Content("?", buttons=((Button("A", data="a"),),))))
        bench.press(sent.provider_id, "a")

        async def work(adaptor: Any) -> None:
            async with aclosing(adaptor.listen("0")) as polls:
                async for heard in polls:
                    if bench.telegram.answered:
                        return
                    assert heard.items
                    bench.write(address, "next")

        using(bench, work)
        assert len(bench.telegram.answered) == 1

    def test_a_deep_link_opens_the_door_and_tells_what_it_carried(self, bench: TelegramBench) -> None:
        chat = bench.telegram.person("Irina")
        bench.telegram.start_bot(chat, "order-77")
        [heard] = hear(bench, "0", until=2)
        reach, said = heard.items
        assert isinstance(reach, Reach)
        assert isinstance(said, Said)
        assert (reach.address, reach.open) == (str(chat.id), True)
        assert (said.start, said.text, said.name) == ("order-77", "/start order-77", "Irina")
        assert reach.key != said.key

    def test_who_comes_back_is_told(self, bench: TelegramBench) -> None:
        chat = bench.chat()
        bench.telegram.block(chat)
        bench.telegram.unblock(chat)
        reached = [item for heard in hear(bench, "0", until=2) for item in heard.items]
        assert [each.open for each in reached if isinstance(each, Reach)] == [False, True]

    def test_one_update_that_cannot_be_read_holds_up_no_other(self, bench: TelegramBench) -> None:
        bench.telegram.tell({"message": {"message_id": "none", "chat": []}})
        bench.telegram.tell({"something_new": {"a": 1}})
        bench.write(bench.address(), "after")
        [said] = [item for heard in hear(bench, "0", until=1) for item in heard.items]
        assert isinstance(said, Said)
        assert said.text == "after"

    def test_a_poll_waits_without_asking_again(self, bench: TelegramBench) -> None:
        async def work(adaptor: Any) -> list[Any]:
            async with aclosing(adaptor.listen("0")) as polls:
                task = asyncio.ensure_future(anext(polls))
                await asyncio.sleep(0.3)
                bench.write(bench.address(), "at last")
                return [*(await task).items]

        assert [said.text for said in using(bench, work)] == ["at last"]
        assert bench.telegram.done["getUpdates"] == 1

    def test_a_second_listener_is_told_of_the_first(self, bench: TelegramBench) -> None:
        async def work(adaptor: Any) -> None:
            async with aclosing(adaptor.listen("0")) as polls, aclosing(adaptor.listen("0")) as others:
                first = asyncio.ensure_future(anext(polls))
                await asyncio.sleep(0.1)
                second = asyncio.ensure_future(anext(others))
                with pytest.raises(ActionRequired, match="conflict"):
                    await first
                bench.write(bench.address(), "x")
                await second

        using(bench, work)

    def test_where_a_webhook_is_set_polling_needs_somebody(self, bench: TelegramBench) -> None:
        async def work(adaptor: Any) -> None:
            await adaptor.register("https://shop.example/hook")
            with pytest.raises(ActionRequired, match="conflict"):
                await anext(adaptor.listen("0"))
            await adaptor.unregister()
            await adaptor.register("https://shop.example/hook")

        using(bench, work)
        assert bench.telegram.webhook.secret == SECRET
        assert bench.telegram.webhook.allowed == ["message", "edited_message", "callback_query", "my_chat_member"]

    def test_a_file_that_was_sent_is_fetched(self, bench: TelegramBench) -> None:
        data = bytes(range(256)) * 100
        bench.telegram.send_file(bench.chat(), "document", data, caption="My receipt", file_name="a.pdf")
        [said] = [item for heard in hear(bench, "0", until=1) for item in heard.items]
        assert isinstance(said, Said)
        [attachment] = said.attachments
        assert (said.text, attachment.name, attachment.size_bytes) == ("My receipt", "a.pdf", len(data))
        assert using(bench, lambda adaptor: adaptor.fetch(attachment.reference)) == data
        with pytest.raises(Permanent):
            using(bench, lambda adaptor: adaptor.fetch("none"))

    def test_registering_needs_a_secret(self, bench: TelegramBench) -> None:
        with pytest.raises(ActionRequired):
            using(
                bench, lambda adaptor: adaptor.register("https://x.example"), bench.settings() | {"webhook_secret": ""}
            )

    def test_probing_tells_of_the_webhook(self, bench: TelegramBench) -> None:
        async def work(adaptor: Any) -> Any:
            await adaptor.register("https://shop.example/hook")
            return await adaptor.probe()

        probed = using(bench, work)
        assert probed.name == "@northfold_bot"
        assert probed.detail["webhook"] == "https://shop.example/hook"


class TestOpened:
    def test_a_token_that_is_none_never_reaches_the_address(self, bench: TelegramBench) -> None:
        async def work() -> None:
            async with opened(bench, bench.settings() | {"token": "1:aaaaaaaaaaaa/../../x"}):
                pass

        with pytest.raises(ActionRequired):
            asyncio.run(work())
        assert not bench.telegram.done


def test_the_receiver_is_not_telegrams() -> None:
    """An address of the Bot API at which something else answers needs somebody."""
    with Receiver().server as server:
        receiver_bench = TelegramBench.__new__(TelegramBench)
        receiver_bench.allowed = frozenset({server.url.removeprefix("http://")})
        settings = {"token": "7000001:AAsandbox_token", "api_url": server.url}
        with pytest.raises(ActionRequired):
            using(receiver_bench, lambda adaptor: adaptor.probe(), settings)
