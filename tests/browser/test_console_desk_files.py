"""Files at the desk, in a real browser and by a real bot: what customers send, and what is sent to them."""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser_tools import LOOKS, axe_violations, keep
from desk_tools import Desk, chosen, settled, shop
from playwright.sync_api import Page, expect

from support import LiveServer

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def png(width: int, height: int) -> bytes:
    """An image of a sunset, more or less."""
    rows = b"".join(
        b"\0" + bytes(part for x in range(width) for part in (200 - y * 99 // height, 90 + x * 60 // width, 60))
        for y in range(height)
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with shop(tmp_path_factory.mktemp("files")) as made:
        chat = made.person("Ewa Zając", "Zdjęcie podeszwy w załączniku")
        sent: list[tuple[str, bytes, dict[str, Any]]] = [
            ("photo", png(320, 240), {"caption": "Podeszwa"}),
            ("document", b"<script>document.title = 'x'</script>", {"file_name": "faktura.html"}),
            ("voice", b"OggS" + bytes(2000), {"mime_type": "audio/ogg"}),
            ("document", b"", {"file_name": "film.mov", "file_size": 30 * 2**20}),
        ]
        for kind, data, more in sent:
            before = made.count(chat)
            made.telegram.send_file(chat, kind, data, **more)
            made.until(lambda before=before: made.count(chat) > before)
        before = made.count(chat)
        made.telegram.say(chat, "", document={"file_id": "no-such", "file_unique_id": "u", "file_name": "gone.pdf"})
        made.until(lambda: made.count(chat) > before)
        yield made


@pytest.fixture(scope="module")
def live_server(desk: Desk) -> LiveServer:
    return desk.server


class TestComing:
    def test_an_image_is_shown_and_anything_else_saved(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.people["Ewa Zając"])
        image = page.locator(".dk-picture img")
        expect(image).to_be_visible()
        expect(image).to_have_js_property("naturalWidth", 320)
        for name, data in (
            ("faktura.html", b"<script>document.title = 'x'</script>"),
            ("voice.ogg", b"OggS" + bytes(2000)),
        ):
            with page.expect_download() as saved:
                page.get_by_role("link", name=f"Save {name}").click()
            assert saved.value.suggested_filename == name
            assert saved.value.path().read_bytes() == data
        title = page.title()
        with page.expect_popup() as opened:
            page.get_by_role("link", name="Open photo.jpg").click()
        assert "image" in opened.value.evaluate("document.contentType")
        assert page.title() == title

    def test_what_is_not_here_says_why(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.people["Ewa Zając"])
        expect(page.locator(".dk-file", has_text="film.mov")).to_contain_text("Larger than 10 MB")
        expect(page.locator(".dk-file", has_text="gone.pdf")).to_contain_text("could not be fetched")

    def test_a_file_comes_into_the_open_thread(self, open_page: OpenPage, desk: Desk) -> None:
        chat = desk.person("Ola Late", "One moment")
        page = chosen(open_page, desk, chat)
        desk.telegram.send_file(chat, "photo", png(40, 30))
        expect(page.locator(".dk-picture img")).to_be_visible(timeout=15_000)


class TestGoing:
    """By the button, by a drop and by a paste; to Telegram as one photo, and as an album."""

    @staticmethod
    def pick(page: Page, *files: tuple[str, bytes]) -> None:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Attach files").click()
        chooser.value.set_files(
            [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
        )

    @staticmethod
    def there(page: Page, name: str) -> None:
        expect(page.locator(".dk-attached li", has_text=name)).to_be_visible()
        expect(page.locator(".dk-attached progress")).to_have_count(0)

    def test_a_photo_arrives_with_its_words(self, open_page: OpenPage, desk: Desk) -> None:
        chat = desk.person("Kim Photo", "What colour is it?")
        page = chosen(open_page, desk, chat)
        self.pick(page, ("boots.png", png(64, 48)))
        self.there(page, "boots.png")
        page.locator(".dk-composer textarea").fill("Like this.")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".dk-going")).to_be_visible()
        expect(page.locator(".dk-attached")).to_have_count(0)
        desk.until(
            lambda: any("photo" in each and each.get("caption") == "Like this." for each in chat.messages.values())
        )
        message = next(each for each in chat.messages.values() if "photo" in each)
        assert desk.telegram.files[message["photo"][0]["file_id"]][1] == png(64, 48)
        ours = page.locator(".dk-item.dk-ours", has_text="Like this.")
        expect(ours).to_contain_text("Sent")
        expect(ours.locator(".dk-picture img")).to_be_visible()

    def test_several_go_as_one_and_words_are_not_needed(self, open_page: OpenPage, desk: Desk) -> None:
        chat = desk.person("Lea Album", "The invoices, please")
        page = chosen(open_page, desk, chat)
        expect(page.get_by_role("button", name="Send")).to_be_disabled()
        self.pick(page, ("one.pdf", b"%PDF-1"), ("two.pdf", b"%PDF-2" + bytes(1_200_000)))
        self.there(page, "two.pdf")
        page.get_by_role("button", name="Send").click()
        desk.until(lambda: sum("document" in each for each in chat.messages.values()) == 2)
        sent = [each for each in chat.messages.values() if "document" in each]
        assert [each["document"]["file_name"] for each in sent] == ["one.pdf", "two.pdf"]
        assert len({each["media_group_id"] for each in sent}) == 1
        assert desk.telegram.files[sent[1]["document"]["file_id"]][1] == b"%PDF-2" + bytes(1_200_000)

    def test_dropped_and_pasted(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.person("Dan Drop", "Hi"))
        for kind, name in (("drop", "dropped.txt"), ("paste", "pasted.txt")):
            page.locator(".dk-composer textarea").evaluate(
                """(field, [kind, name]) => {
                    const held = new DataTransfer();
                    held.items.add(new File(["hello"], name));
                    const Made = kind === "drop" ? DragEvent : ClipboardEvent;
                    const how = { bubbles: true, cancelable: true };
                    how[kind === "drop" ? "dataTransfer" : "clipboardData"] = held;
                    field.dispatchEvent(new Made(kind, how));
                }""",
                [kind, name],
            )
            self.there(page, name)
        page.get_by_role("button", name="Take out dropped.txt").click()
        expect(page.locator(".dk-attached li")).to_have_count(1)

    def test_what_cannot_go_says_why(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.person("Rex Refused", "Hi"))
        self.pick(page, ("large.bin", bytes(10 * 2**20 + 1)), ("empty.txt", b""), ("virus.EXE", b"MZ"))
        for name, why in (("large.bin", "Larger than"), ("empty.txt", "nothing in it"), ("virus.EXE", "Programs")):
            expect(page.locator(".dk-attached li", has_text=name)).to_contain_text(why)
        expect(page.get_by_role("button", name="Send")).to_be_disabled()
        self.pick(page, *((f"{number}.txt", b"x") for number in range(3)))
        expect(page.locator(".dk-fault")).to_contain_text("5 files are the most")
        expect(page.locator(".dk-attached li")).to_have_count(5)
        assert axe_violations(page) == []
        page.locator(".dk-composer textarea").fill("x" * 1025)
        expect(page.get_by_role("radio", name="Telegram")).to_be_disabled()
        expect(page.get_by_role("radio", name="Telegram")).to_contain_text("1,024 characters are the most")

    def test_one_that_is_on_its_way_is_stopped(self, open_page: OpenPage, desk: Desk) -> None:
        page = chosen(open_page, desk, desk.person("Sam Slow", "Hi"))
        page.route("**/pieces?*", lambda _: None)
        self.pick(page, ("slow.bin", bytes(100)))
        expect(page.get_by_role("progressbar", name="Uploading slow.bin")).to_be_visible()
        expect(page.get_by_role("button", name="Send")).to_be_disabled()
        page.get_by_role("button", name="Cancel slow.bin").click()
        expect(page.locator(".dk-attached")).to_have_count(0)
        expect(page.locator(".dk-fault")).to_have_count(0)

    def test_taken_back_it_is_there_again(self, open_page: OpenPage, desk: Desk) -> None:
        chat = desk.person("Uwe Undo", "Hi")
        page = chosen(open_page, desk, chat)
        self.pick(page, ("again.pdf", b"%PDF-3"))
        self.there(page, "again.pdf")
        page.locator(".dk-composer textarea").fill("Here")
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="Take back and edit").click()
        self.there(page, "again.pdf")
        expect(page.locator(".dk-composer textarea")).to_have_value("Here")
        page.get_by_role("button", name="Send").click()
        desk.until(lambda: any("document" in each for each in chat.messages.values()))


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_no_rule_is_broken_and_nothing_is_cut(
        self, open_page: OpenPage, desk: Desk, language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        page = chosen(open_page, desk, desk.people["Ewa Zając"], size, language, scheme)
        expect(page.locator(".dk-picture img")).to_be_visible()
        page.locator(".dk-composer input[type=file]").set_input_files(
            [
                {"name": "Faktura VAT 11-2026.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1"},
                {"name": "program.exe", "mimeType": "x/y", "buffer": b"MZ"},
            ]
        )
        expect(page.locator(".dk-attached-fault")).to_be_visible()
        expect(page.locator(".dk-attached li")).to_have_count(2)
        expect(page.locator(".dk-attached progress")).to_have_count(0)
        settled(page)
        keep(page, f"desk-files-{language}-{scheme}-{size[0]}")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
