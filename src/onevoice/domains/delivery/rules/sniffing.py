"""What a file is, by how it begins. Nothing is decoded or unpacked: an image's size is read from its header alone."""

from onevoice.domains.delivery.contracts.files import Sniffed

UNKNOWN = "application/octet-stream"
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Images that every browser shows and that hold no program."""
PIXELS_MAX = 40_000_000
"""A larger image is not shown by itself: a few bytes can stand for more pixels than a browser has memory for."""

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)


def shown(found: Sniffed) -> bool:
    """Whether it may be shown as an image.

    >>> shown(Sniffed("image/png", 800, 600)), shown(Sniffed("image/png", 1, 10**9)), shown(Sniffed("image/svg+xml"))
    (True, False, False)
    """
    if found.type not in SHOWN or not found.width or not found.height:
        return False
    return found.width * found.height <= PIXELS_MAX


def sniff(data: bytes) -> Sniffed:
    r"""What is not known by its beginning is bytes, whatever its sender called it.

    >>> sniff(b"<svg onload='x()'>").type, sniff(b"%PDF-1.7").type, sniff(b"GIF89a\x02\x00\x01\x00")
    ('application/octet-stream', 'application/pdf', Sniffed(type='image/gif', width=2, height=1))
    """
    kind = next((name for start, name in _STARTS if data.startswith(start)), UNKNOWN)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if data[4:8] == b"ftyp":
        kind = "video/mp4"
    measure = {"image/png": _png, "image/jpeg": _jpeg, "image/gif": _gif, "image/webp": _webp}.get(kind)
    size = measure(data) if measure else None
    return Sniffed(kind) if size is None else Sniffed(kind, *size)


def _number(data: bytes, at: int, length: int, order: str = "big") -> int:
    return int.from_bytes(data[at : at + length], "big" if order == "big" else "little")


def _png(data: bytes) -> tuple[int, int] | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    width, height = _number(data, 16, 4), _number(data, 20, 4)
    return (width, height) if max(width, height) < 2**31 else None


def _gif(data: bytes) -> tuple[int, int] | None:
    return (_number(data, 6, 2, "little"), _number(data, 8, 2, "little")) if len(data) >= 10 else None


def _webp(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return _number(data, 24, 3, "little") + 1, _number(data, 27, 3, "little") + 1
        case b"VP8 ":
            return _number(data, 26, 2, "little") & 0x3FFF, _number(data, 28, 2, "little") & 0x3FFF
        case b"VP8L":
            bits = _number(data, 21, 4, "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """By the frame's header, some segments in; each says how long it is."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
        elif 0xC0 <= mark <= 0xCF and mark not in {0xC4, 0xC8, 0xCC}:
            return _number(data, at + 7, 2), _number(data, at + 5, 2)
        else:
            at += 2 + max(2, _number(data, at + 2, 2))
    return None
