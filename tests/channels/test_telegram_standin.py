"""The stand-in for Telegram, held against two libraries that know the real one: aiogram and telegraf, unmodified."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiogram.exceptions as refusals
import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    ChatMemberUpdated,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from onevoice.sandbox.telegram import Fault, Telegram

PNG = b"\x89PNG\r\n\x1a\n\r\n--x--" + bytes(range(256))
KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="Yes", callback_data="yes"),
            InlineKeyboardButton(text="Shop", url="https://x.example"),
        ]
    ]
)


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    running = Telegram()
    running.start()
    yield running
    running.stop()


@asynccontextmanager
async def bot_of(telegram: Telegram, token: str | None = None):
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url), timeout=5)
    bot = Bot(token or telegram.token, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    try:
        yield bot
    finally:
        await session.close()
        await asyncio.sleep(0)


def with_bot(telegram: Telegram, work: Callable[[Bot], Any], token: str | None = None) -> Any:
    async def run() -> Any:
        async with bot_of(telegram, token) as bot:
            return await work(bot)

    return asyncio.run(run())


def until(true: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if got := true():
            return got
        time.sleep(0.02)
    pytest.fail("It did not come about.")


def _buttons(shown: Any) -> list[Any]:
    keyboard = shown.reply_markup if isinstance(shown, Message) else shown
    return [(each.text, each.url, each.callback_data) for row in keyboard.inline_keyboard for each in row]


class TestAiogram:
    def test_it_knows_the_bot(self, telegram: Telegram) -> None:
        me = with_bot(telegram, lambda bot: bot.get_me())
        assert (me.id, me.username, me.is_bot) == (7_000_001, "northfold_bot", True)

    def test_what_it_says_is_what_was_said(self, telegram: Telegram) -> None:
        chat = telegram.person("Anna")
        chat.started = True

        async def work(bot: Bot) -> None:
            sent = await bot.send_message(
                chat.id,
                "Hi <b>Anna</b> &amp; <i>all</i> 🐢<code>x</code>",
                reply_markup=KEYBOARD,
                protect_content=True,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            assert sent.text == "Hi Anna & all 🐢x"
            assert sent.html_text == "Hi <b>Anna</b> &amp; <i>all</i> 🐢<code>x</code>"
            assert _buttons(sent) == _buttons(KEYBOARD)
            assert sent.has_protected_content
            answer = await bot.send_message(chat.id, "x", reply_parameters=ReplyParameters(message_id=sent.message_id))
            assert answer.reply_to_message is not None
            assert answer.reply_to_message.message_id == sent.message_id
            edited = await bot.edit_message_text("<u>new</u>", chat_id=chat.id, message_id=sent.message_id)
            assert isinstance(edited, Message)
            assert (edited.html_text, edited.reply_markup, bool(edited.edit_date)) == ("<u>new</u>", None, True)
            marked = await bot.edit_message_reply_markup(
                chat_id=chat.id, message_id=sent.message_id, reply_markup=KEYBOARD
            )
            assert isinstance(marked, Message)
            assert _buttons(marked) == _buttons(KEYBOARD)

        with_bot(telegram, work)
        assert [call.method for call in telegram.ledger] == [
            "sendmessage", "sendmessage", "editmessagetext", "editmessagereplymarkup",
        ]  # fmt: skip

    def test_files_go_there_and_back(self, telegram: Telegram) -> None:
        chat = telegram.person("Anna")
        chat.started = True

        async def work(bot: Bot) -> None:
            def file() -> BufferedInputFile:
                return BufferedInputFile(PNG, "ża\"b'.png")

            photo = await bot.send_photo(chat.id, file(), caption="<b>A</b>", reply_markup=KEYBOARD)
            assert photo.photo is not None
            assert photo.html_text == "<b>A</b>"
            assert (await bot.send_video(chat.id, file())).video
            assert (await bot.send_audio(chat.id, file())).audio
            document = await bot.send_document(chat.id, file())
            assert document.document is not None
            got = await bot.download(photo.photo[-1])
            assert got is not None
            assert got.read() == PNG
            again = await bot.send_photo(chat.id, photo.photo[-1].file_id)
            assert again.photo is not None
            captioned = await bot.edit_message_caption(chat_id=chat.id, message_id=photo.message_id, caption="B")
            assert isinstance(captioned, Message)
            assert captioned.caption == "B"
            media = InputMediaPhoto(media=BufferedInputFile(b"other", "b.png"), caption="C")
            changed = await bot.edit_message_media(media, chat_id=chat.id, message_id=photo.message_id)
            assert isinstance(changed, Message)
            assert changed.caption == "C"

        with_bot(telegram, work)

    def test_its_dispatcher_hears_everything_by_polling(self, telegram: Telegram) -> None:
        chat = telegram.person("Anna", "Kowalska", language="pl")
        heard: list[Any] = []
        dispatcher = Dispatcher()
        _listening(dispatcher, heard)

        async def work(bot: Bot) -> None:
            polling = asyncio.create_task(
                dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=2)
            )
            await asyncio.to_thread(_conversation, telegram, chat, heard)
            await dispatcher.stop_polling()
            await polling

        with_bot(telegram, work)
        assert heard == [
            "start order-77", "text hello", "edited hello!", "pressed yes", "document a.pdf", "place 52.0", "kicked",
            "member",
        ]  # fmt: skip
        assert telegram.waiting() == []
        assert len(telegram.answered) == 1

    def test_its_server_takes_the_webhook_with_its_secret(self, telegram: Telegram) -> None:
        heard: list[Any] = []
        chat = telegram.person("Anna")
        telegram.webhook.duplicates = True

        async def work(bot: Bot) -> None:
            dispatcher = Dispatcher()

            @dispatcher.message()
            async def said(message: Message) -> None:
                heard.append((message.text, telegram.webhook.attempts))

            app = web.Application()
            handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token="right_secret")
            handler.register(app, "/hook")
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
            await bot.set_webhook(url, secret_token="wrong_secret")
            telegram.start_bot(chat)
            await asyncio.to_thread(until, lambda: telegram.webhook.attempts >= 2)
            info = await bot.get_webhook_info()
            assert info.last_error_message == "Wrong response from the webhook: 401"
            assert (info.pending_update_count, heard) == (1, [])
            await bot.set_webhook(url, secret_token="right_secret", allowed_updates=["message"])
            await asyncio.to_thread(until, lambda: not telegram.waiting())
            telegram.block(chat)
            await asyncio.to_thread(until, lambda: not telegram.waiting())
            await runner.cleanup()
            telegram.say(chat, "nobody is there")
            await asyncio.to_thread(until, lambda: telegram.webhook.last_error == "Connection refused")
            await bot.delete_webhook(drop_pending_updates=True)
            assert (await bot.get_webhook_info()).url == ""

        with_bot(telegram, work)
        assert [text for text, _ in heard] == ["/start", "/start"]  # each is delivered twice

    def test_it_raises_what_it_knows(self, telegram: Telegram) -> None:
        chat = telegram.person("Anna")

        async def refused(bot: Bot, kind: type[Exception], text: str = "x", *faults: Fault) -> Any:
            telegram.trouble(*faults, method="sendMessage")
            with pytest.raises(kind) as caught:
                await bot.send_message(chat.id, text)
            return caught.value

        async def work(bot: Bot) -> None:
            await refused(bot, refusals.TelegramForbiddenError)
            telegram.start_bot(chat)
            await refused(bot, refusals.TelegramBadRequest, "x" * 4097)
            await refused(bot, refusals.TelegramBadRequest, "<b>x")
            await refused(bot, refusals.TelegramBadRequest, "<x>x</x>")
            await refused(bot, refusals.TelegramBadRequest, " ")
            assert (await refused(bot, refusals.TelegramRetryAfter, "x", Fault("too_many", 9))).retry_after == 9
            await refused(bot, refusals.TelegramServerError, "x", Fault("error"))
            await refused(bot, refusals.TelegramUnauthorizedError, "x", Fault("revoked"))
            await refused(bot, refusals.TelegramAPIError, "x", Fault("not_ok"))
            await refused(bot, refusals.TelegramNetworkError, "x", Fault("reset"))
            await refused(bot, ValueError, "x", Fault("garbage"))
            chat.refusal = (
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": -1001},
            )
            assert (await refused(bot, refusals.TelegramMigrateToChat)).migrate_to_chat_id == -1001
            chat.refusal = None
            telegram.block(chat)
            await refused(bot, refusals.TelegramForbiddenError)
            with pytest.raises(refusals.TelegramBadRequest, match="chat not found"):
                await bot.send_message(1, "x")
            with pytest.raises(refusals.TelegramBadRequest, match="HTTPS"):
                await bot.set_webhook("http://shop.example/")
            with pytest.raises(refusals.TelegramNotFound):
                await bot.get_my_commands()
            await bot.set_webhook("https://shop.example/hook")
            with pytest.raises(refusals.TelegramConflictError):
                await bot.get_updates()

        with_bot(telegram, work)
        with pytest.raises(refusals.TelegramUnauthorizedError):
            with_bot(telegram, lambda bot: bot.get_me(), "7000001:AAsomebody_elses_token_12345")

    def test_updates_stay_until_they_are_confirmed(self, telegram: Telegram) -> None:
        chat = telegram.person("Anna")
        numbers = [telegram.say(chat, str(number)) for number in range(5)]

        async def work(bot: Bot) -> None:
            assert [each.update_id for each in await bot.get_updates()] == numbers
            assert [each.update_id for each in await bot.get_updates(limit=2)] == numbers[:2]
            assert [each.update_id for each in await bot.get_updates(offset=numbers[2])] == numbers[2:]
            assert [each.update_id for each in await bot.get_updates()] == numbers[2:]
            assert [each.update_id for each in await bot.get_updates(offset=-1)] == numbers[4:]
            assert [each.update_id for each in await bot.get_updates(offset=numbers[4] + 1)] == []

        with_bot(telegram, work)


def _listening(dispatcher: Dispatcher, heard: list[Any]) -> None:
    @dispatcher.message(CommandStart(deep_link=True))
    async def started(message: Message, command: CommandObject) -> None:
        heard.append(f"start {command.args}")
        await message.answer("Welcome", reply_markup=KEYBOARD)

    @dispatcher.message()
    async def said(message: Message) -> None:
        if message.document:
            heard.append(f"document {message.document.file_name}")
        elif message.location:
            heard.append(f"place {message.location.latitude}")
        else:
            heard.append(f"text {message.text}")

    @dispatcher.edited_message()
    async def edited(message: Message) -> None:
        heard.append(f"edited {message.text}")

    @dispatcher.callback_query()
    async def pressed(query: CallbackQuery) -> None:
        heard.append(f"pressed {query.data}")
        await query.answer()

    @dispatcher.my_chat_member()
    async def moved(change: ChatMemberUpdated) -> None:
        heard.append(change.new_chat_member.status)


def _conversation(telegram: Telegram, chat: Any, heard: list[Any]) -> None:
    steps: list[Callable[[], Any]] = [
        lambda: telegram.start_bot(chat, "order-77"),
        lambda: telegram.say(chat, "hello"),
        lambda: telegram.edit(
            chat, max(n for n, each in chat.messages.items() if each.get("text") == "hello"), "hello!"
        ),
        lambda: telegram.press(chat, telegram.ledger[0].message_id, "yes"),
        lambda: telegram.send_file(chat, "document", b"data", file_name="a.pdf"),
        lambda: telegram.say(chat, "", location={"latitude": 52.0, "longitude": 21.0}),
        lambda: telegram.block(chat),
        lambda: telegram.unblock(chat),
    ]
    for count, step in enumerate(steps, 1):
        step()
        until(lambda count=count: len(heard) == count and (count > 1 or telegram.ledger))
    until(lambda: not telegram.waiting())


class TestTelegraf:
    @contextmanager
    def bot(self, telegram: Telegram, node_packages: Path, mode: str) -> Iterator[Any]:
        command = ["node", "telegraf_bot.mjs", telegram.url, telegram.token, mode]
        started = subprocess.Popen(
            command,
            cwd=node_packages,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with started:
            try:
                assert started.stdout is not None
                assert started.stdout.readline().split()[:2] == ["ready", "northfold_bot"]
                yield started
            finally:
                assert started.stdin is not None
                started.stdin.close()

    @pytest.mark.parametrize("mode", ["polling", "webhook"])
    def test_it_converses(self, telegram: Telegram, node_packages: Path, mode: str) -> None:
        chat = telegram.person("Anna")

        def last() -> dict[str, Any]:
            return chat.messages[max(chat.messages)]

        def replied(text: str) -> Any:
            return until(lambda: last().get("text", last().get("caption")) == text and last())

        with self.bot(telegram, node_packages, mode) as process:
            telegram.start_bot(chat, "order-77")
            greeting = replied("Hello Anna <order-77>")
            telegram.press(chat, greeting["message_id"], "yes")
            edited = replied("Done")
            assert edited["entities"] == [{"type": "bold", "offset": 0, "length": 4}]
            assert len(until(lambda: telegram.answered)) == 1
            number = max(chat.messages) + 1
            telegram.say(chat, "Zażółć")
            replied("You said: Zażółć")
            telegram.edit(chat, number, "Zażółć!")
            replied("You changed your mind")
            telegram.say(chat, "/photo", entities=[{"type": "bot_command", "offset": 0, "length": 6}])
            photo = replied("A photo")
            assert telegram.files[photo["photo"][0]["file_id"]][1] == bytes([137, 80, 78, 71, 0, 255])
            telegram.send_file(chat, "document", bytes(5000), file_name="a.bin")
            replied("5000 bytes")
            telegram.block(chat)
            assert process.stdout.readline() == "member kicked\n"
            telegram.say(chat, "still there?")
            assert process.stdout.readline().startswith("error 403 Forbidden: bot was blocked") or mode == "webhook"
            until(lambda: not telegram.waiting())
