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
        page.wait_for_function("document.querySelector('.dk-picture img').naturalWidth === 320")
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


class TestLooks:
    @pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
    def test_no_rule_is_broken_and_nothing_is_cut(
        self, open_page: OpenPage, desk: Desk, language: str, scheme: str, size: tuple[int, int]
    ) -> None:
        page = chosen(open_page, desk, desk.people["Ewa Zając"], size, language, scheme)
        expect(page.locator(".dk-picture img")).to_be_visible()
        settled(page)
        keep(page, f"desk-files-{language}-{scheme}-{size[0]}")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
