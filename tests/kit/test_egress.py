"""The one way out. Behind it stands a real server on loopback that must never be reached."""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.kit.egress import (
    BrokenOffError,
    Egress,
    EgressError,
    ForbiddenAddressError,
    TimedOutError,
    TooLargeError,
    UnreachableError,
    UnusableRequestError,
    host_and_port,
    is_public,
    judged,
)

PUBLIC = "93.184.216.34"
OWN = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "100.127.255.255", "168.63.129.16", "192.0.0.9", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
]  # fmt: skip
OWN_V6 = [
    "::", "::1", "fe80::1", "fe80::1%lo", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "100::1", "2001:db8::1",
    "3fff::1", "64:ff9b:1::1", "::ffff:0:127.0.0.1", "5f00::1", "2001:10::1", "2001:20::1",
]  # fmt: skip


async def never_answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@asynccontextmanager
async def server(handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = never_answer):
    """A port of loopback, and the list of who came."""
    came: list[object] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("peername"))
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], came
    finally:
        listening.close()


def saying(raw: bytes):
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        writer.write(raw)
        await writer.drain()

    return handler


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def egress(*ports: int, resolver=None, **more):
    given = {} if resolver is None else {"resolver": resolver}
    made = Egress(allowed=frozenset(f"127.0.0.1:{port}" for port in ports), **given, **more)
    try:
        yield made
    finally:
        await made.close()


async def error_of(out: Egress, url: str, method: str = "GET", **more) -> EgressError:
    with pytest.raises(EgressError) as caught:
        await out.request(method, url, timeout_seconds=more.pop("timeout_seconds", 5), **more)
    return caught.value


class TestIsPublic:
    @pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "1.1.1.1", "2606:4700::1111", f"::ffff:{PUBLIC}"])
    def test_the_open_internet_is(self, address):
        assert is_public(address)

    @pytest.mark.parametrize("address", [*OWN, *OWN_V6])
    def test_own_networks_are_not(self, address):
        assert not is_public(address)

    @pytest.mark.parametrize("inner", OWN)
    def test_nor_are_they_in_the_dress_of_ipv6(self, inner):
        high, low = (f"{int.from_bytes(bytes(map(int, inner.split('.')))[at : at + 2], 'big'):x}" for at in (0, 2))
        assert not is_public(f"::ffff:{inner}")
        assert not is_public(f"::{inner}")
        assert not is_public(f"64:ff9b::{inner}")
        assert not is_public(f"2002:{high}:{low}::1")
        assert not is_public(f"2001:0:4136:e378:8000:63bf:{int(high, 16) ^ 0xFFFF:x}:{int(low, 16) ^ 0xFFFF:x}")

    @given(st.ip_addresses(v=4))
    def test_a_mapped_address_is_judged_as_itself(self, address):
        assert is_public(f"::ffff:{address}") == is_public(f"64:ff9b::{address}") == is_public(str(address))

    @given(st.ip_addresses())
    def test_what_the_library_calls_private_never_is(self, address):
        if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
            assert not is_public(str(address)) or getattr(address, "ipv4_mapped", None) is not None


class TestJudged:
    def test_one_own_address_among_several_is_enough(self):
        with pytest.raises(ForbiddenAddressError):
            judged("mixed.example", 80, frozenset(), lambda *_: [PUBLIC, "10.0.0.1"])

    def test_what_the_owner_opened_may_be_reached_on_that_port_only(self):
        allowed = frozenset({"localhost:8025"})
        assert judged("LOCALHOST", 8025, allowed, lambda *_: ["127.0.0.1"]) == "127.0.0.1"
        with pytest.raises(ForbiddenAddressError):
            judged("localhost", 8026, allowed, lambda *_: ["127.0.0.1"])

    def test_a_name_without_an_address_is_unreachable(self):
        with pytest.raises(UnreachableError):
            judged("nowhere.example", 80, frozenset(), lambda *_: [])

    def test_a_name_that_cannot_be_one_is_unreachable(self):
        with pytest.raises(UnreachableError):
            judged("a" * 70 + ".example", 80, frozenset())

    def test_ipv6_is_named_in_brackets(self):
        assert judged("::1", 80, frozenset({host_and_port("::1", 80)})) == "::1"


FORMS = [
    "127.0.0.1", "0177.0.0.1", "0177.0.0.01", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.1",
    "127.0.1", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]",
    "①②⑦.⓪.⓪.①", "127。0。0。1", "loca%6chost", "%31%32%37.0.0.1", "[fe80::1]", "[::ffff:0:127.0.0.1]",
    "[::1%25lo]", "127.0.0.1%00.example", "ⓛocalhost",
]  # fmt: skip


class TestForms:
    @pytest.mark.parametrize("host", FORMS)
    def test_no_way_of_writing_it_leads_inside(self, host):
        async def run():
            async with server() as (port, came), egress() as out:
                error = await error_of(out, f"http://{host}:{port}/secret")
                assert isinstance(error, ForbiddenAddressError | UnusableRequestError | UnreachableError)
                assert not error.sent
                assert "secret" not in str(error)
                assert came == []

        asyncio.run(run())

    @pytest.mark.parametrize(
        "url",
        [
            "http://good.example@127.0.0.1:{}/", "http://good.example:pw@127.0.0.1:{}/", "http://127.0.0.1:{}@good.example/",
            "http:\\\\127.0.0.1:{}\\", "http://127.0.0.1:{}\\@good.example/", "//127.0.0.1:{}/", "127.0.0.1:{}",
            "ftp://127.0.0.1:{}/", "file:///etc/passwd", "gopher://127.0.0.1:{}/_x", "unix:///var/run/x.sock",
            "http+unix://%2Fvar%2Frun%2Fx.sock/", "http://", "http:///path", "http://127.0.0.1:{}/\r\nX: y", "",
            "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://[::1/", "http://\x00/", "data:,x",
            "javascript:0",
        ],
    )  # fmt: skip
    def test_no_trick_with_the_address_leads_inside(self, url):
        async def run():
            async with server() as (port, came), egress(resolver=lambda *_: ["127.0.0.1"]) as out:
                error = await error_of(out, url.format(port))
                assert isinstance(error, ForbiddenAddressError | UnusableRequestError)
                assert not error.sent
                assert came == []

        asyncio.run(run())

    def test_a_name_and_password_are_refused_even_where_the_host_is_open(self):
        async def run():
            async with server(saying(OK)) as (port, came), egress(port) as out:
                assert isinstance(await error_of(out, f"http://a:b@127.0.0.1:{port}/"), UnusableRequestError)
                assert came == []

        asyncio.run(run())


class TestConnection:
    def test_the_address_that_was_judged_is_the_one_connected_to(self, monkeypatch):
        """A name that answers otherwise at each look-up: the first look decides, and a later one is judged anew."""
        looks: list[str] = []
        dialled: list[str] = []
        plain = httpcore.AnyIOBackend.connect_tcp

        def turning(host: str, port: int) -> list[str]:
            looks.append(host)
            return [PUBLIC] if len(looks) == 1 else ["127.0.0.1"]

        async def run():
            async with server(saying(OK.replace(b"200 OK\r\n", b"200 OK\r\nConnection: close\r\n"))) as (port, came):

                async def dial(self, host, _port, *rest, **more):
                    dialled.append(host)
                    return await plain(self, "127.0.0.1", port, *rest, **more)

                monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", dial)
                async with egress(resolver=turning) as out:
                    assert (await out.request("GET", "http://turning.example/")).body == b"ok"
                    assert looks == ["turning.example"]
                    assert dialled == [PUBLIC]
                    assert isinstance(await error_of(out, "http://turning.example/"), ForbiddenAddressError)
                assert len(came) == 1
                assert dialled == [PUBLIC]

        asyncio.run(run())

    def test_certificates_are_judged_by_the_name_not_the_address(self, monkeypatch):
        names: list[str] = []

        class Stream(httpcore.AsyncNetworkStream):
            async def start_tls(self, ssl_context, server_hostname=None, timeout=None):  # noqa: ASYNC109
                names.append(server_hostname)
                assert ssl_context.check_hostname
                raise httpcore.ConnectError("enough")

            async def aclose(self):
                pass

        async def dial(self, *_, **__):
            return Stream()

        async def run():
            monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", dial)
            async with egress(resolver=lambda *_: [PUBLIC]) as out:
                assert isinstance(await error_of(out, "https://shop.example/"), UnreachableError)

        asyncio.run(run())
        assert names == ["shop.example"]

    def test_a_redirect_is_an_answer_and_never_followed(self):
        async def run():
            async with server() as (inside, came):
                raw = b"HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n"
                for status in (301, 302, 303, 307, 308):
                    async with server(saying(raw % (status, inside))) as (port, _), egress(port) as out:
                        answer = await out.request("POST", f"http://127.0.0.1:{port}/", content=b"x")
                        assert answer.status == status
                assert came == []

        asyncio.run(run())

    def test_proxies_of_the_environment_are_not_taken(self, monkeypatch):
        async def run():
            async with server() as (inside, came), server(saying(OK)) as (port, _):
                for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                    monkeypatch.setenv(name, f"http://127.0.0.1:{inside}")
                async with egress(port) as out:
                    assert (await out.request("GET", f"http://127.0.0.1:{port}/")).status == 200
                assert came == []

        asyncio.run(run())

    def test_sockets_of_this_machine_cannot_be_asked_for(self):
        out = Egress()

        async def run():
            with pytest.raises(NotImplementedError):
                await out._pool._network_backend.connect_unix_socket("/run/x.sock")
            await out.close()

        asyncio.run(run())

    def test_cookies_are_not_kept(self):
        seen: list[bytes] = []

        async def handler(reader, writer):
            for _ in range(2):
                seen.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(OK.replace(b"200 OK\r\n", b"200 OK\r\nSet-Cookie: a=b\r\n"))
                await writer.drain()

        async def run():
            async with server(handler) as (port, came), egress(port) as out:
                for _ in range(2):
                    await out.request("GET", f"http://127.0.0.1:{port}/")
                assert len(came) == 1

        asyncio.run(run())
        assert b"cookie" not in seen[1].lower()


class TestRequest:
    def test_what_is_sent_is_what_was_asked(self):
        seen: list[bytes] = []

        async def handler(reader, writer):
            seen.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(4))
            writer.write(OK)
            await writer.drain()

        async def run():
            async with server(handler) as (port, _), egress(port) as out:
                answer = await out.request(
                    "POST", f"http://127.0.0.1:{port}/a%2Fb?c=d#e", headers={"X-One": "ż"}, content=b"\x00\r\n!"
                )
                assert (answer.status, answer.headers, answer.body) == (200, {"content-length": "2"}, b"ok")
                return port

        port = asyncio.run(run())
        assert seen[0].startswith(b"POST /a%2Fb?c=d HTTP/1.1\r\n")
        assert f"\r\nHost: 127.0.0.1:{port}\r\n".encode() in seen[0]
        assert "\r\nX-One: ż\r\n".encode() in seen[0]
        assert b"\r\nAccept-Encoding: identity\r\n" in seen[0]
        assert seen[0].endswith(b"\x00\r\n!")

    @pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Connection"])
    def test_headers_that_change_the_frame_are_refused(self, name):
        async def run():
            async with server() as (port, came), egress(port) as out:
                error = await error_of(out, f"http://127.0.0.1:{port}/", headers={name: "other.example"})
                assert isinstance(error, UnusableRequestError)
                assert came == []

        asyncio.run(run())

    @pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\r\nY": "b"}, {"X Y": "b"}, {"Ż": "b"}, {"X": "a\0"}])
    def test_no_header_is_smuggled_in(self, headers):
        async def run():
            async with server(saying(OK)) as (port, _), egress(port) as out:
                error = await error_of(out, f"http://127.0.0.1:{port}/", headers=headers)
                assert isinstance(error, UnusableRequestError)
                assert not error.sent

        asyncio.run(run())

    def test_a_packed_answer_is_left_packed(self):
        bomb = gzip.compress(bytes(50_000_000))
        raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb

        async def run():
            async with server(saying(raw)) as (port, _), egress(port) as out:
                answer = await out.request("GET", f"http://127.0.0.1:{port}/")
                assert answer.body == bomb
                assert answer.headers["content-encoding"] == "gzip"

        asyncio.run(run())

    @pytest.mark.parametrize("head", [b"Content-Length: 9000000000\r\n", b"Transfer-Encoding: chunked\r\n"])
    def test_too_large_an_answer_is_not_read_to_its_end(self, head):
        async def endless(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 202 Accepted\r\n" + head + b"\r\n")
            while not writer.is_closing():
                writer.write(b"1000\r\n" + bytes(4096) + b"\r\n")
                await writer.drain()

        async def run():
            async with server(endless) as (port, _), egress(port) as out:
                error = await error_of(out, f"http://127.0.0.1:{port}/", max_bytes=100_000)
                assert isinstance(error, TooLargeError)
                assert (error.sent, error.status) == (True, 202)

        asyncio.run(run())

    def test_endless_headers_are_not_read_to_their_end(self):
        async def endless(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while not writer.is_closing():
                writer.write(b"X: " + bytes([120]) * 4096 + b"\r\n")
                await writer.drain()

        async def run():
            async with server(endless) as (port, _), egress(port) as out:
                assert isinstance(await error_of(out, f"http://127.0.0.1:{port}/"), BrokenOffError)

        asyncio.run(run())

    def test_an_answer_by_drops_ends_in_time(self):
        async def drops(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.02)

        async def run():
            async with server(drops) as (port, _), egress(port) as out:
                begun = time.monotonic()
                error = await error_of(out, f"http://127.0.0.1:{port}/", timeout_seconds=0.3)
                assert isinstance(error, TimedOutError)
                assert error.sent
                assert time.monotonic() - begun < 2

        asyncio.run(run())


class TestSent:
    """Whether the other side may have got it decides whether it may be sent again."""

    def test_not_where_nobody_listens(self):
        async def run():
            async with server() as (port, _):
                pass
            async with egress(port) as out:
                error = await error_of(out, f"http://127.0.0.1:{port}/")
                assert (type(error), error.sent) == (UnreachableError, False)

        asyncio.run(run())

    def test_not_where_the_name_is_looked_up_for_too_long(self):
        def slow(host: str, port: int) -> list[str]:
            time.sleep(0.5)
            return [PUBLIC]

        async def run():
            async with egress(resolver=slow) as out:
                error = await error_of(out, "http://slow.example/", timeout_seconds=0.1)
                assert (type(error), error.sent) == (TimedOutError, False)

        asyncio.run(run())

    def test_not_where_a_handshake_never_ends_and_its_socket_is_closed(self):
        async def run():
            ended = asyncio.Event()

            async def silent(reader, _):
                while await reader.read(1000):
                    pass
                ended.set()

            async with server(silent) as (port, came), egress(port) as out:
                error = await error_of(out, f"https://127.0.0.1:{port}/", timeout_seconds=0.5)
                assert (type(error), error.sent, len(came)) == (TimedOutError, False, 1)
                await asyncio.wait_for(ended.wait(), 2)

        asyncio.run(run())

    def test_not_where_the_certificate_is_wrong(self):
        async def run():
            async with server(saying(OK)) as (port, _), egress(port) as out:
                error = await error_of(out, f"https://127.0.0.1:{port}/", timeout_seconds=1)
                assert isinstance(error, UnreachableError | TimedOutError)
                assert not error.sent

        asyncio.run(run())

    def test_maybe_where_no_answer_came(self):
        async def silent(reader, _):
            await reader.read()

        async def run():
            async with server(silent) as (port, _), egress(port) as out:
                error = await error_of(out, f"http://127.0.0.1:{port}/", "POST", content=b"x", timeout_seconds=0.2)
                assert (type(error), error.sent) == (TimedOutError, True)

        asyncio.run(run())

    @pytest.mark.parametrize(
        "raw", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", b"\x16\x03nonsense\r\n\r\n", b"HTTP/1.1 2"]
    )
    def test_maybe_where_the_answer_broke_off_or_is_none(self, raw):
        async def run():
            async with server(saying(raw)) as (port, _), egress(port) as out:
                error = await error_of(out, f"http://127.0.0.1:{port}/", "POST", content=b"x")
                assert (type(error), error.sent) == (BrokenOffError, True)

        asyncio.run(run())


class TestAddress:
    def test_other_protocols_are_judged_alike(self):
        out = Egress(allowed=frozenset({"127.0.0.1:25"}))
        assert out.address("127.0.0.1", 25) == "127.0.0.1"
        with pytest.raises(ForbiddenAddressError):
            out.address("127.0.0.1", 143)
        asyncio.run(out.close())
