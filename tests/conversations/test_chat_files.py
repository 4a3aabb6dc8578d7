"""Files in the site's chat: in and out, for whoever holds its secret and nobody else, and never as a page."""

import itertools
import json
from typing import Any

import httpx
import pytest

from conversations.chatting import Browser, answer, words_of
from hostile_words import ALL
from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.delivery.contracts.files import FILE_MAX_BYTES
from web.asgi_client import ORIGIN

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x20\x00\x00\x00\x10" + bytes(range(200))
PAGE = b"<html><script>alert(1)</script>"
_keys = itertools.count()


def send(who: Browser, what: str, part: bytes = b"", **body: Any) -> httpx.Response:
    line = json.dumps({"key": who.shop.write_key, "secret": who.secret, **body}).encode()
    return who._client.post(f"/v1/chat/{what}", content=line + b"\n" + part, headers={"Content-Type": "text/plain"})


def put(who: Browser, data: bytes, name: str = "boot.png", step: int = 100) -> dict[str, Any]:
    begun = send(who, "file", name=name, size=len(data))
    assert begun.status_code == 200, begun.text
    told = begun.json()
    for offset in range(0, len(data), step):
        answer = send(who, "file", data[offset : offset + step], file=told["file"], offset=offset)
        assert answer.status_code == 200, answer.text
        told = answer.json()
    return told


def sends(who: Browser, *files: int, text: str = "") -> httpx.Response:
    told = who.say(text, key=f"with-files-{next(_keys)}", files=list(files))
    who.shop.link()
    return told


class TestAVisitorSendsOne:
    def test_it_stands_on_the_desk_and_is_given_whole(self, shop, anna, olga) -> None:
        told = put(anna, PNG)
        assert (told["whole"], told["type"], told["width"], told["height"]) == (True, "image/png", 32, 16)
        line = sends(anna, told["file"], text="It came like this").json()["line"]
        assert line["files"] == [
            {"file": told["file"], "name": "boot.png", "type": "image/png", "size": len(PNG), "width": 32, "height": 16}
        ]
        (said,) = words_of(olga, anna)
        (file,) = said["files"]
        assert (file["name"], file["type"], file["state"]) == ("boot.png", "image/png", "kept")
        given = olga.get(f"/api/desk/files/{file['id']}/data?show=true")
        assert (given.content, given.headers["content-type"]) == (PNG, "image/png")
        assert anna.lines()[-1]["files"] == line["files"]

    def test_without_a_word_and_as_the_first_thing_ever(self, shop, anna, olga) -> None:
        told = sends(anna, put(anna, b"%PDF-1.7 ...", "invoice.pdf")["file"])
        assert told.status_code == 200, told.text
        (said,) = words_of(olga, anna)
        assert (said["text"], said["files"][0]["type"]) == (None, "application/pdf")
        assert said["channel"] == "chat"
        assert (
            olga.get("/api/conversations").json()["data"][0]["profile_id"] == shop.profile(anna.reference).json()["id"]
        )

    def test_a_piece_that_comes_again_changes_nothing(self, anna) -> None:
        file = send(anna, "file", name="a.txt", size=6).json()["file"]
        for offset, part in ((0, b"abc"), (0, b"abc"), (3, b"def"), (3, b"def")):
            told = send(anna, "file", part, file=file, offset=offset)
            assert told.status_code == 200, told.text
        n = sends(anna, file).json()["line"]["n"]
        assert send(anna, "file-data", n=n, file=file).content == b"abcdef"

    def test_the_same_line_again_is_one(self, shop, anna) -> None:
        file = put(anna, PNG)["file"]
        first = anna.say("", key="line-with-file", files=[file])
        assert first.json() == anna.say("", key="line-with-file", files=[file]).json()
        shop.link()
        assert len(shop.rows("select from conversations.said")) == 1

    @pytest.mark.parametrize(
        ("body", "status", "reason"),
        [
            ({"name": "big.zip", "size": FILE_MAX_BYTES + 1}, 422, "too_large"),
            ({"name": "run.exe", "size": 5}, 422, "program"),
            ({"name": "gpj\u202eexe.scr", "size": 5}, 422, "program"),
            ({"name": "empty.txt", "size": 0}, 422, "empty"),
            ({"name": "a.txt"}, 422, None),
            ({"name": "a.txt", "size": -1}, 422, None),
            ({"name": "a.txt", "size": 5, "secret": "short"}, 422, None),
            ({"name": "a.txt", "size": 5, "key": "ov_write_nonsense"}, 401, None),
        ],
    )
    def test_what_cannot_be_sent_says_why(self, shop, anna, body, status, reason) -> None:
        told = send(anna, "file", **body)
        assert (told.status_code, told.json().get("reason")) == (status, reason)
        assert shop.rows("select * from delivery.file") == []

    def test_more_than_was_said_or_a_piece_too_large_is_refused(self, anna) -> None:
        file = send(anna, "file", name="a.txt", size=3).json()["file"]
        assert send(anna, "file", b"abcd", file=file, offset=0).status_code == 422
        assert send(anna, "file", b"x" * 600_000, file=file, offset=0).status_code == 400

    def test_one_that_is_not_whole_or_another_chats_is_not_sent(self, shop, anna) -> None:
        jan = shop.browser(device="v-2")
        theirs = put(jan, PNG)["file"]
        half = send(anna, "file", name="a.txt", size=3).json()["file"]
        for file in (theirs, half, 999_999):
            told = sends(anna, file, text="Look")
            assert (told.status_code, told.json()["code"]) == (422, "unusable_file")
        assert anna.lines() == []
        assert send(anna, "file", b"abc", file=theirs, offset=0).status_code == 404
        assert send(anna, "file-drop", file=theirs).status_code == 404

    def test_what_was_not_sent_can_be_taken_out(self, anna) -> None:
        file = put(anna, PNG)["file"]
        assert send(anna, "file-drop", file=file).status_code == 200
        assert sends(anna, file).status_code == 422

    def test_at_most_five_of_twenty_five_mib(self, shop, anna) -> None:
        assert anna.say("", files=[1, 2, 3, 4, 5, 6]).status_code == 422
        assert anna.say("", files=["1"]).status_code == 422
        whole = [put(anna, bytes(FILE_MAX_BYTES - n), f"{n}.bin", 500_000)["file"] for n in range(3)]
        told = sends(anna, *whole)
        assert (told.status_code, told.json()["reason"]) == (422, "too_much")
        assert sends(anna, *whole[:2]).status_code == 200


class TestAColleagueSendsOne:
    def attach(self, olga, data: bytes, name: str) -> int:
        begun = olga.change("POST", "/api/desk/files", {"name": name, "size_bytes": len(data)})
        number = int(begun.json()["id"])
        headers = {"Origin": ORIGIN, "X-Onevoice-Csrf": olga.cookies["onevoice_csrf"]}
        done = olga.request("PUT", f"/api/desk/files/{number}/pieces?offset=0", content=data, headers=headers)
        assert done.status_code == 200, done.text
        return number

    def test_the_browser_is_given_it(self, shop, anna, olga) -> None:
        anna.says("Do you have a photo?")
        number = self.attach(olga, PNG, "brama.png")
        answer(shop, olga, anna, "Here", files=[number])
        assert shop.goes() == 1
        line = anna.lines()[-1]
        assert (line["text"], line["ours"], line["files"][0]["name"]) == ("Here", True, "brama.png")
        given = send(anna, "file-data", n=line["n"], file=number)
        assert given.content == PNG


class TestWhoeverHasTheSecretAlone:
    @pytest.fixture
    def file(self, anna) -> tuple[int, int]:
        told = sends(anna, put(anna, PAGE, "page.html")["file"]).json()["line"]
        return told["n"], told["files"][0]["file"]

    def test_it_is_to_be_saved_and_never_a_page(self, anna, file) -> None:
        given = send(anna, "file-data", n=file[0], file=file[1])
        assert given.content == PAGE
        assert given.headers["content-type"] == "application/octet-stream"
        assert given.headers["content-disposition"] == "attachment; filename*=UTF-8''page.html"
        assert given.headers["x-content-type-options"] == "nosniff"
        assert given.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert given.headers["cache-control"] == "no-store"

    def test_another_chat_is_given_nothing(self, shop, anna, file) -> None:
        jan = shop.browser(device="v-2")
        jan.says("Hello")
        assert send(jan, "file-data", n=file[0], file=file[1]).status_code == 404
        nobody = shop.browser("a-secret-that-nobody-has", device=None)
        assert send(nobody, "file-data", n=file[0], file=file[1]).status_code == 404

    def test_nor_by_another_line_or_from_another_page(self, shop, anna, file) -> None:
        anna.says("Second")
        assert send(anna, "file-data", n=2, file=file[1]).status_code == 404
        assert send(anna, "file-data", n=file[0], file=file[1] + 1).status_code == 404
        foreign = shop.browser(origin="https://evil.example")
        assert send(foreign, "file-data", n=file[0], file=file[1]).status_code == 403

    def test_what_somebody_else_has_put_in_by_another_channel_is_not_given(self, shop, anna, olga, file) -> None:
        begun = olga.change("POST", "/api/desk/files", {"name": "secret.txt", "size_bytes": 3}).json()
        assert send(anna, "file-data", n=file[0], file=int(begun["id"])).status_code == 404

    def test_by_no_other_method(self, anna, file) -> None:
        for path in ("file", "file-data", "file-drop"):
            assert anna._client.get(f"/v1/chat/{path}?n={file[0]}&file={file[1]}").status_code == 405


class TestNames:
    @pytest.mark.parametrize(
        "name", [*ALL, "a\r\nSet-Cookie: x=1", "../../etc/passwd", "C:\\x\\y.png", "", ".", "a/\x00b", "x" * 999]
    )
    def test_a_name_is_one_name_and_breaks_out_of_nothing(self, name) -> None:
        found = rules.file_name(name)
        assert 0 < len(found) <= 200
        assert not set("/\\\r\n\x00\u202e\u2066") & set(found)

    def test_hostile_ones_stand_in_headers_and_answers_as_they_are(self, shop, anna) -> None:
        for name in ALL[:12]:
            told = sends(anna, put(anna, b"x", name)["file"]).json()["line"]
            given = send(anna, "file-data", n=told["n"], file=told["files"][0]["file"])
            assert given.status_code == 200
            assert given.headers["content-disposition"].isascii()
            assert not set('<>"\r\n;') & set(given.headers["content-disposition"].partition("''")[2])
