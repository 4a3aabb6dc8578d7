"""Files that people send: what they are is seen by their bytes, and each is kept, fetched, or told why it is not."""

import struct
import zlib

import pytest

from delivery.post import Post
from onevoice.domains.delivery.contracts.channels import Attachment, Said
from onevoice.domains.delivery.contracts.files import FILE_MAX_BYTES, FILES_MAX, HELD_MAX, MESSAGE_MAX_BYTES, Sniffed
from onevoice.domains.delivery.contracts.messages import Content
from onevoice.domains.delivery.errors import (
    ActionRequired,
    Permanent,
    Retriable,
    TooManyFilesError,
    UnknownFileError,
    UnusableFileError,
)
from onevoice.domains.delivery.rules.sniffing import PIXELS_MAX, shown, sniff
from onevoice.domains.delivery.service import asking, files


def png(width, height):
    """Its header is true; it never holds so many pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + bytes(100)


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + b"\xff\xff\xc0\x00\x11\x08\x01\x40\x02\x80" + bytes(20)


class TestSniff:
    @pytest.mark.parametrize(
        ("data", "found"),
        [
            (png(800, 600), Sniffed("image/png", 800, 600)),
            (JPEG, Sniffed("image/jpeg", 640, 320)),
            (b"GIF87a\x02\x00\x03\x00", Sniffed("image/gif", 2, 3)),
            (b"RIFF0000WEBPVP8X" + bytes(8) + b"\x01\x00\x00\x02\x00\x00", Sniffed("image/webp", 2, 3)),
            (b"RIFF0000WEBPVP8 " + bytes(10) + b"\x02\x00\x03\x00", Sniffed("image/webp", 2, 3)),
            (b"RIFF0000WEBPVP8L" + bytes(5) + b"\x01\x80\x00\x00" + bytes(9), Sniffed("image/webp", 2, 3)),
            (b"%PDF-1.7", Sniffed("application/pdf")),
            (b"0000ftypisom", Sniffed("video/mp4")),
            (b"OggS", Sniffed("audio/ogg")),
            (b"PK\x03\x04", Sniffed("application/zip")),
        ],
    )
    def test_knows_what_it_is(self, data, found):
        assert sniff(data) == found

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"<html><script>x()</script>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            b"<?xml version='1.0'?><svg/>", b"#!/bin/sh", b"MZ", b"  GIF89a", b"RIFF0000WAVE", b"\x89PN",
        ],
    )  # fmt: skip
    def test_what_it_does_not_know_is_bytes(self, data):
        assert sniff(data) == Sniffed("application/octet-stream")

    @pytest.mark.parametrize(
        "data",
        [
            png(1, 10**9), png(10**9, 1), png(0, 5), png(2**31, 1), png(8000, PIXELS_MAX // 8000 + 1), png(5, 5)[:20],
            JPEG[:20], b"\xff\xd8\xff" * 50_000, b"\xff\xd8" + b"\xff\xe0\x00\x00" * 100_000, b"GIF89a\x01",
            b"RIFF0000WEBPVP8X", b"RIFF0000WEBPALPH" + bytes(40),
        ],
        ids=range(12),
    )  # fmt: skip
    def test_bombs_and_torn_images_are_not_shown(self, data):
        assert not shown(sniff(data))


@pytest.fixture
def post(database):
    return Post(database)


def take(post, *attachments):
    account = post.account("telegram")
    said = Said("u1", "501", "Look", post.clock.now(), "501:1", attachments=attachments)
    with post.database.transaction() as conn:
        told = files.take(conn, account, said, post.clock.now())
        return told, files.files(conn, [each["file"] for each in told])


def fetch(post, came):
    """The next one that is due comes so."""
    with post.database.transaction() as conn:
        (wanted,) = files.claim(conn, post.clock.now())
        files.fetched(conn, wanted, came, post.clock.now())
        return wanted, files.files(conn, [wanted.id])[wanted.id]


def blobs(post):
    with post.database.transaction() as conn:
        return conn.execute("select count(*) from delivery.blob").fetchone()[0]


class TestTake:
    def test_what_comes_along_is_kept_and_is_what_its_bytes_say(self, post):
        evil = Attachment("x.png", "image/png", 10, b"<script>x()</script>")
        good = Attachment("boots.html", "text/html", 10, png(80, 60))
        told, found = take(post, evil, good)
        assert [each["name"] for each in told] == ["x.png", "boots.html"]
        one, other = (found[each["file"]] for each in told)
        assert (one.type, one.state, one.width) == ("application/octet-stream", "kept", None)
        assert (other.type, other.state, other.width, other.height) == ("image/png", "kept", 80, 60)
        with post.database.transaction() as conn:
            assert files.data(conn, one.id).data == b"<script>x()</script>"

    def test_the_same_content_is_kept_once(self, post):
        told, found = take(post, *(Attachment(f"{n}.pdf", "application/pdf", 5, b"%PDF-") for n in range(3)))
        assert len(found) == len(told) == 3
        assert blobs(post) == 1

    def test_what_is_too_large_is_named_and_not_kept(self, post):
        large = Attachment("film.mov", "video/quicktime", 99, bytes(FILE_MAX_BYTES + 1))
        cut = Attachment("cut.zip", "application/zip", 16 * 2**20, None)
        there = Attachment("there.mp4", "video/mp4", FILE_MAX_BYTES + 1, reference="f1")
        _, found = take(post, large, cut, there)
        assert {(each.state, each.reason) for each in found.values()} == {("failed", "too_large")}
        assert blobs(post) == 0

    def test_of_one_message_only_so_much(self, post):
        full = Attachment("a.bin", "x/y", FILE_MAX_BYTES, reference="f1")
        _, found = take(
            post, full, full, full, Attachment("b.bin", "x/y", MESSAGE_MAX_BYTES - 2 * FILE_MAX_BYTES, b"b")
        )
        assert [found[number].reason for number in sorted(found)] == [None, None, "too_much", None]

    def test_and_only_so_many(self, post):
        told, _ = take(post, *(Attachment("a", "x/y", 1, b"a") for _ in range(FILES_MAX + 5)))
        assert len(told) == FILES_MAX

    def test_a_file_that_is_not_here_is_no_file(self, post):
        _, found = take(post, Attachment("a.pdf", "application/pdf", 5, reference="f1"))
        with post.database.transaction() as conn, pytest.raises(UnknownFileError):
            files.data(conn, next(iter(found)))


class TestFetched:
    @pytest.fixture(autouse=True)
    def _waits(self, post):
        take(post, Attachment("photo.jpg", "image/jpeg", 0, reference="f1"))

    def test_is_kept_as_what_it_is(self, post):
        wanted, found = fetch(post, png(8, 6))
        assert wanted.reference == "f1"
        assert (found.state, found.type, found.width, found.size_bytes) == ("kept", "image/png", 8, len(png(8, 6)))

    def test_is_asked_for_by_one_and_again_once_that_one_has_died(self, post):
        with post.database.transaction() as conn:
            assert len(files.claim(conn, post.clock.now())) == 1
            assert files.claim(conn, post.clock.now()) == []
        post.later(seconds=181)
        with post.database.transaction() as conn:
            assert len(files.claim(conn, post.clock.now())) == 1

    def test_that_is_larger_than_was_said_is_not_kept(self, post):
        _, found = fetch(post, bytes(FILE_MAX_BYTES + 1))
        assert (found.state, found.reason) == ("failed", "too_large")
        assert blobs(post) == 0

    def test_that_is_there_no_more_says_so(self, post):
        _, found = fetch(post, Permanent("status_404", "Gone."))
        assert (found.state, found.reason) == ("failed", "status_404")

    @pytest.mark.parametrize("error", [Retriable("no_answer"), ActionRequired("revoked", "No.")])
    def test_that_does_not_come_is_asked_for_some_times_more(self, post, error):
        for number in range(1, files.TRIES + 1):
            wanted, found = fetch(post, error)
            assert wanted.tries == number
            with post.database.transaction() as conn:
                assert files.claim(conn, post.clock.now()) == []
            post.later(hours=3)
        assert (found.state, found.reason) == ("failed", error.code)

    def test_comes_in_the_end(self, post):
        fetch(post, Retriable("no_answer"))
        post.later(minutes=1)
        assert fetch(post, b"%PDF-")[1].state == "kept"


OLGA, MAREK = 7, 8


def put_in(post, name="a.pdf", data=b"%PDF-1", by=OLGA):
    with post.database.transaction() as conn:
        made = files.begin(conn, name, len(data), by, post.clock.now())
        return files.piece(conn, made.id, 0, data, by)


class TestPutIn:
    def test_it_comes_in_pieces_and_each_may_come_twice(self, post):
        data = png(300, 200) + bytes(1000)
        with post.database.transaction() as conn:
            made = files.begin(conn, "boots.png", len(data), OLGA, post.clock.now())
            assert files.piece(conn, made.id, 0, data[:500], OLGA).state == "coming"
            assert files.piece(conn, made.id, 0, data[:500], OLGA).state == "coming"
            whole = files.piece(conn, made.id, 500, data[500:], OLGA)
            assert (whole.state, whole.type, whole.width) == ("kept", "image/png", 300)
            assert files.piece(conn, made.id, 500, data[500:], OLGA) == whole
            assert files.data(conn, made.id).data == data
            (media,) = files.to_send(conn, [made.id], OLGA)
        assert (media.kind, media.name, media.data, media.file) == ("image", "boots.png", b"", made.id)

    @pytest.mark.parametrize(("offset", "part"), [(5, b"x"), (0, b""), (0, b"x" * 11), (11, b"x")])
    def test_a_piece_that_does_not_fit_is_refused(self, post, offset, part):
        with post.database.transaction() as conn:
            made = files.begin(conn, "a.bin", 10, OLGA, post.clock.now())
            with pytest.raises(UnusableFileError):
                files.piece(conn, made.id, offset, part, OLGA)

    @pytest.mark.parametrize("name", ["x.exe", "x.pdf.JS", "a.b.Lnk", "\u202efdp.exe", "x.exe\u202c ", "x.exe "])
    def test_programs_are_refused(self, post, name):
        with post.database.transaction() as conn, pytest.raises(UnusableFileError, match="program"):
            files.begin(conn, name, 10, OLGA, post.clock.now())

    @pytest.mark.parametrize(
        ("name", "kept"), [("gnp.\u202eexe\u2069.txt", "gnp.exe.txt"), ("\u2066\u2069", "file"), ("ż.pdf", "ż.pdf")]
    )
    def test_no_name_is_read_as_another(self, post, name, kept):
        with post.database.transaction() as conn:
            made = files.begin(conn, name, 10, OLGA, post.clock.now())
            assert files.files(conn, [made.id])[made.id].name == kept
        (told,), found = take(post, Attachment(name, "text/plain", 10, reference="f1"))
        assert (told["name"], found[told["file"]].name) == (kept, kept)

    def test_what_is_too_large_or_too_many_is_refused(self, post):
        with post.database.transaction() as conn:
            with pytest.raises(UnusableFileError, match="10 MiB"):
                files.begin(conn, "a.bin", FILE_MAX_BYTES + 1, OLGA, post.clock.now())
            for _ in range(HELD_MAX):
                files.begin(conn, "js", 10, OLGA, post.clock.now())
            with pytest.raises(TooManyFilesError):
                files.begin(conn, "a.bin", 10, OLGA, post.clock.now())
            assert files.begin(conn, "a.bin", 10, MAREK, post.clock.now()).state == "coming"

    def test_nobody_sends_fills_or_drops_what_is_anothers(self, post):
        made = put_in(post)
        with post.database.transaction() as conn:
            with pytest.raises(UnusableFileError):
                files.to_send(conn, [made.id], MAREK)
            with pytest.raises(UnknownFileError):
                files.piece(conn, made.id, 0, b"x", MAREK)
            with pytest.raises(UnknownFileError):
                files.drop(conn, made.id, MAREK)
            half = files.begin(conn, "half.pdf", 10, OLGA, post.clock.now())
            with pytest.raises(UnusableFileError):
                files.to_send(conn, [half.id], OLGA)

    def test_nor_what_a_customer_sent(self, post):
        (told,), _ = take(post, Attachment("a.pdf", "application/pdf", 5, b"%PDF-"))
        with post.database.transaction() as conn, pytest.raises(UnusableFileError):
            files.to_send(conn, [told["file"]], OLGA)

    def test_what_is_not_sent_within_a_day_is_forgotten_with_what_is_in_it(self, post):
        sent, other = put_in(post, data=b"%PDF-sent"), put_in(post, data=b"%PDF-other")
        with post.database.transaction() as conn:
            files.begin(conn, "half.pdf", 10, OLGA, post.clock.now())
            files.to_send(conn, [sent.id], OLGA)
            files.housekeep(conn, post.clock.now())
            assert set(files.files(conn, [sent.id, other.id])) == {sent.id, other.id}
        post.later(hours=25)
        with post.database.transaction() as conn:
            assert files.housekeep(conn, post.clock.now()) == 2
            assert set(files.files(conn, [sent.id, other.id])) == {sent.id}
        assert blobs(post) == 1

    @staticmethod
    def send(post, *numbers):
        """A message with them: its number."""
        post.account(name=f"box {next(post.numbers)}")
        (nid,) = post.willing()
        with post.database.transaction() as conn:
            ask = post.wanted(nid, words=Content("Look", media=files.to_send(conn, numbers, OLGA)))
            (asked,) = asking.ask(conn, [ask], post.channels, [], clock=post.clock)
        return asked.id

    @staticmethod
    def cancel(post, number):
        with post.database.transaction() as conn:
            asking.cancel(conn, number, actor="olga", clock=post.clock)

    @staticmethod
    def there(post, *made):
        """After a day: which are there yet."""
        post.later(hours=25)
        with post.database.transaction() as conn:
            files.housekeep(conn, post.clock.now())
            return set(files.files(conn, [each.id for each in made]))

    def test_what_was_taken_back_is_kept_for_a_day_and_forgotten(self, post):
        back, sent = put_in(post, data=b"%PDF-back"), put_in(post, data=b"%PDF-sent")
        post.later(hours=20)
        self.cancel(post, self.send(post, back.id))
        self.send(post, sent.id)
        post.later(hours=20)
        with post.database.transaction() as conn:
            assert files.housekeep(conn, post.clock.now()) == 0
        assert self.there(post, back, sent) == {sent.id}
        assert blobs(post) == 1

    def test_what_was_taken_back_and_sent_again_stays(self, post):
        made = put_in(post)
        self.cancel(post, self.send(post, made.id))
        self.send(post, made.id)
        assert self.there(post, made) == {made.id}

    def test_what_goes_with_another_message_stays(self, post):
        made = put_in(post)
        one, _ = self.send(post, made.id), self.send(post, made.id)
        self.cancel(post, one)
        assert self.there(post, made) == {made.id}

    def test_what_was_taken_back_can_be_taken_out(self, post):
        made = put_in(post)
        self.cancel(post, self.send(post, made.id))
        with post.database.transaction() as conn:
            files.drop(conn, made.id, OLGA)
            assert files.files(conn, [made.id]) == {}

    def test_what_waits_to_be_fetched_is_not_forgotten(self, post):
        (told,), _ = take(post, Attachment("photo.jpg", "image/jpeg", 0, reference="f1"))
        post.later(hours=25)
        with post.database.transaction() as conn:
            assert files.housekeep(conn, post.clock.now()) == 0
            assert told["file"] in files.files(conn, [told["file"]])

    @pytest.mark.parametrize(
        ("width", "height", "kind"), [(8000, 2001, "file"), (2100, 100, "file"), (2000, 100, "image")]
    )
    def test_an_image_of_a_strange_shape_goes_as_a_file(self, post, width, height, kind):
        made = put_in(post, "a.png", png(width, height))
        with post.database.transaction() as conn:
            assert [each.kind for each in files.to_send(conn, [made.id], OLGA)] == [kind]
