"""Letters and files made to fill a disk or a memory, through the running listener: named, weighed, never opened."""

import base64
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from delivery.street import Street, open_street
from onevoice.kit.home import Home

TO = "hello@mail.n.example"
MEGABYTE = 2**20


def zeros(count: int, wrap: int = zlib.MAX_WBITS) -> bytes:
    """So many, deflated a thousandfold, without ever being there."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wrap)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(count // MEGABYTE)) + packer.flush()


def zipped(name: str, data: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return kept.getvalue()


def nested_zip() -> bytes:
    data = zipped("0", bytes(64 * MEGABYTE))
    for depth in range(20):
        data = zipped(f"{depth}.zip", data)
    return data


def overlapping_zip() -> bytes:
    """One body that a thousand names in the directory share."""
    body = zeros(64 * MEGABYTE, -15)
    check = zlib.crc32(bytes(64 * MEGABYTE))
    local = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 8, 0, 33, check, len(body), 64 * MEGABYTE, 1, 0) + b"a"
    entry = struct.pack(
        "<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, 20, 0, 8, 0, 33, check, len(body), 64 * MEGABYTE, 1, 0, 0, 0, 0, 0, 0
    )
    directory = (entry + b"a") * 1_000
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1_000, 1_000, len(directory), len(local) + len(body), 0)
    return local + body + directory + end


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def wide_png() -> bytes:
    size = struct.pack(">LLBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zeros(298 * MEGABYTE)) + chunk(b"IEND", b"")


def long_gif() -> bytes:
    frame = (
        b"\x21\xf9\x04\x00\x00\x00\x00\x00\x2c"
        + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0)
        + b"\x02\x02\x44\x01\x00"
    )
    return b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6) + frame * 60_000 + b"\x3b"


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nested.zip": ("application/zip", nested_zip),
    "overlapping.zip": ("application/zip", overlapping_zip),
    "zeros.gz": ("application/gzip", lambda: zeros(512 * MEGABYTE, 31)),
    "twice.gz": ("application/gzip", lambda: gzip.compress(zeros(512 * MEGABYTE, 31))),
    "wide.png": ("image/png", wide_png),
    "long.gif": ("image/gif", long_gif),
    "lies.svg": ("image/svg+xml", lambda: b"<!DOCTYPE s [" + b"".join(
        b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 20)) + b"]><svg>&e19;</svg>"),
    "heavy.bin": ("application/octet-stream", lambda: bytes(16 * MEGABYTE)),
}  # fmt: skip


def plain(number: int) -> bytes:
    return f"From: a@b.example\r\nTo: {TO}\r\nMessage-ID: <p{number}@b.example>\r\n\r\nletter {number}".encode()


def attached(name: str, kind: str, data: bytes) -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Message-ID"] = "a@b.example", TO, f"<{name}@b.example>"
    letter.set_content(f"with {name}")
    main, sub = kind.split("/")
    letter.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return letter.as_bytes()


def nested_parts(depth: int) -> str:
    return "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))


def nested_letters(depth: int) -> str:
    return "Content-Type: message/rfc822\r\n\r\n" * depth


SHAPES: dict[str, Callable[[], str]] = {
    "parts in each other": lambda: nested_parts(1_000) + "Content-Type: text/plain\r\n\r\ndeep",
    "parts beside each other": lambda: (
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\nx\r\n" * 100_000
    ),
    "a megabyte of headers": lambda: "".join(f"X-{n}: {'y' * 90}\r\n" for n in range(10_000)) + "\r\nbody",
    "base64 that is none": lambda: "Content-Transfer-Encoding: base64\r\n\r\n" + "=+/\x7f!" * 1_600_000,
    "base64 of base64": lambda: (
        "Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(base64.b64encode(bytes(6 * MEGABYTE))).decode()
    ),
    "letters in letters": lambda: nested_letters(1_000) + "Content-Type: text/plain\r\n\r\ndeep",
}  # fmt: skip


def memory(process: int, name: str) -> int:
    """Of a process, in megabytes. VmHWM: the most that it ever took."""
    told = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith(name)) // 1024


class TestBombs:
    @pytest.fixture
    def street(self, database, tmp_path):
        with open_street(database, Home(tmp_path / "home")) as made:
            yield made

    def files(self, street: Street) -> dict[str, dict]:
        return {each["name"]: each for _, told in street.heard() for each in told.get("files", ())}

    def test_letters_and_files_are_named_and_weighed_and_never_opened(self, street):
        street.mail.put(TO, plain(0))
        chat = street.telegram.person("Anna")
        street.telegram.start_bot(chat)
        street.until(lambda: len(street.heard()) >= 3)
        before = memory(street.sender.pid, "VmHWM")
        sizes: dict[str, int] = {}
        for name, (kind, make) in FILES.items():
            data = make()
            sizes[name] = len(data)
            street.mail.put(TO, attached(name, kind, data))
            if len(data) < 10 * MEGABYTE:
                street.telegram.send_file(chat, "document", data, file_name=f"t-{name}", mime_type=kind)
                sizes[f"t-{name}"] = len(data)
        for number, (name, shape) in enumerate(SHAPES.items()):
            head = f"From: a@b.example\r\nTo: {TO}\r\nMessage-ID: <s{number}@b.example>\r\nSubject: {name}\r\n"
            street.mail.put(TO, (head + "MIME-Version: 1.0\r\n" + shape()).encode())
        street.mail.put(TO, plain(1))
        street.until(lambda: [1 for _, told in street.heard() if told.get("text") == "letter 1"], 240)
        files = self.files(street)
        assert files.pop("message.rfc822")["size_bytes"] > 30_000  # the letters in a letter, as one file
        assert {name: each["size_bytes"] for name, each in files.items()} == sizes
        subjects = {told.get("subject") for _, told in street.heard()}
        assert set(SHAPES) <= subjects
        notes = {told.get("subject") or told.get("text"): told.get("notes") for _, told in street.heard()}
        assert notes["with heavy.bin"] == ["attachment_too_large"]
        assert notes["parts in each other"] == ["too_deep"]
        assert notes["parts beside each other"] == ["too_many_parts"]
        assert notes["a megabyte of headers"] == ["headers_cut"]
        # Each is fetched once, as bytes, and opened by nobody.
        assert street.telegram.done["getFile"] <= len([name for name in sizes if name.startswith("t-")])
        assert memory(street.sender.pid, "VmHWM") - before < 150
