"""The one client for addresses that others have named: webhooks, providers' hosts from settings, files to fetch.

Whatever name was given, the address that is really connected to is judged, at every connection: what leads into the
machine's own networks is refused (server-side request forgery). Redirects are never followed, proxies of the
environment never taken, cookies never kept, and an answer is never unpacked: what is small on the wire stays small.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import httpcore
import httpx

MAX_BODY_BYTES = 20 * 2**20
RESOLVING_THREADS = 16
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
# What the standard library takes for open, or takes so in some releases only.
_CLOSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carriers' shared space, which clouds use for their own services
        "168.63.129.16/32",  # a public address, but within one large cloud it is the machine's own host
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/3",
        "2001::/23",  # Teredo and other wrappings of IPv4
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)

Resolve = Callable[[str, int], Sequence[str]]


class EgressError(Exception):
    """A request came to nothing.

    sent: whether the other side may have got it. detail never holds the path, which may be secret.
    """

    code = "egress"

    def __init__(self, detail: str, *, sent: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.sent = sent


class ForbiddenAddressError(EgressError):
    """The address lies in a network that may not be reached from here."""

    code = "forbidden_address"


class UnusableRequestError(EgressError):
    """The address is none, or the headers cannot be sent."""

    code = "unusable_request"


class UnreachableError(EgressError):
    """No connection: the name is unknown, nobody listens, or the certificate is not right."""

    code = "unreachable"


class TimedOutError(EgressError):
    """There was no whole answer in time."""

    code = "timed_out"


class BrokenOffError(EgressError):
    """The connection broke, or what came was no HTTP."""

    code = "broken_off"


class TooLargeError(EgressError):
    """The answer is larger than it may be. status: the other side has answered, and this was how."""

    code = "too_large"

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(detail, sent=True)
        self.status = status


def is_public(address: str) -> bool:
    """Whether an IP address is on the open internet. IPv4 inside IPv6 is judged as itself where that is in use (mapped,
    NAT64), and refused where it is a thing of the past (compatible, 6to4, Teredo).

    >>> [is_public(each) for each in ("8.8.8.8", "10.0.0.1", "100.64.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None or ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _GLOBAL_V6:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _CLOSED)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host. Raises: OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def judged(host: str, port: int, allowed: frozenset[str], resolver: Resolve = resolve) -> str:
    """The address to connect to, resolved once. allowed: `host:port` that the installation's owner has opened.

    Raises: ForbiddenAddressError, UnreachableError.
    """
    try:
        addresses = resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(f"{host} is not known: {error}") from error
    if not addresses:
        raise UnreachableError(f"{host} has no address.")
    # One private address among several is enough to refuse: which one is taken would be chance.
    if host_and_port(host, port) not in allowed and not all(is_public(address) for address in addresses):
        raise ForbiddenAddressError(f"{host} leads into a network that may not be reached from here.")
    return addresses[0]


def host_and_port(host: str, port: int) -> str:
    """As `allowed` names it.

    >>> host_and_port("127.0.0.1", 8080), host_and_port("::1", 8080)
    ('127.0.0.1:8080', '[::1]:8080')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    """As it came: where the other side packed it without being asked to, `content-encoding` says so."""


class _Stream(httpcore.AsyncNetworkStream):
    """Closes its socket when a handshake is given up, which httpcore leaves to the garbage collector."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's own
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's own
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to the address that was judged, so that a second resolution cannot lead elsewhere.

    Sockets of this machine are refused by the class it extends.
    """

    def __init__(self, allowed: frozenset[str], resolver: Resolve) -> None:
        # Threads of its own: names that are answered slowly, perhaps on purpose, hold up nothing but other look-ups.
        self._looking_up = ThreadPoolExecutor(RESOLVING_THREADS, "resolve")
        # httpcore has a stand-in of that name for where anyio is missing, which hides its type.
        self._inner = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
        self._allowed = allowed
        self._resolver = resolver

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await asyncio.get_running_loop().run_in_executor(
            self._looking_up, judged, host, port, self._allowed, self._resolver
        )
        return _Stream(await self._inner.connect_tcp(address, port, timeout, local_address, socket_options))

    def close(self) -> None:
        self._looking_up.shutdown(wait=False, cancel_futures=True)


class Egress:
    """Belongs to one event loop.

    allowed: `host:port` inside our own networks that the owner of the installation has opened, such as a demo's
    stand-ins. resolver: for tests.
    """

    def __init__(
        self, *, allowed: frozenset[str] = frozenset(), resolver: Resolve = resolve, max_connections: int = 200
    ) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._backend = _Backend(allowed, resolver)
        self._pool = httpcore.AsyncConnectionPool(
            # Certificates are judged by the name in the address, and by those whom the machine trusts.
            ssl_context=httpx.create_ssl_context(),
            max_connections=max_connections,
            max_keepalive_connections=max_connections // 4,
            keepalive_expiry=30,
            retries=0,
            network_backend=self._backend,
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout_seconds: float = 30,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """timeout_seconds: from now to the end of the answer. Any status is an answer, redirects too.

        Raises: EgressError.
        """
        sent = False

        async def trace(event: str, _: Mapping[str, Any]) -> None:
            nonlocal sent
            sent = sent or event.endswith(".send_request_headers.started")

        request = _request(method, url, headers or {}, content)
        request.extensions["trace"] = trace
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._answer(request, max_bytes)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise TimedOutError(f"No whole answer within {timeout_seconds:g} s.", sent=sent) from error
        except httpcore.ConnectError as error:
            raise UnreachableError(str(error)) from error
        except httpcore.LocalProtocolError as error:
            raise UnusableRequestError(str(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise BrokenOffError(str(error) or "The connection broke.", sent=sent) from error

    async def _answer(self, request: httpcore.Request, max_bytes: int) -> Answer:
        answer = await self._pool.handle_async_request(request)
        try:
            body = bytearray()
            async for piece in answer.aiter_stream():
                body += piece
                if len(body) > max_bytes:
                    raise TooLargeError(f"The answer is larger than {max_bytes} bytes.", answer.status)
        finally:
            await answer.aclose()
        headers: dict[str, str] = {}
        for raw_name, raw_value in answer.headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Answer(answer.status, headers, bytes(body))

    def address(self, host: str, port: int) -> str:
        """Where to connect for a protocol that is not HTTP. Blocks while a name is looked up.

        Raises: ForbiddenAddressError, UnreachableError.
        """
        return judged(host, port, self._allowed, self._resolver)

    async def close(self) -> None:
        await self._pool.aclose()
        self._backend.close()


def _request(method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> httpcore.Request:
    """Raises: UnusableRequestError."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UnusableRequestError("This is no address.") from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise UnusableRequestError("Only http and https addresses can be reached.")
    if parts.userinfo:
        # A name before an @ makes one host look like another; whoever needs a password sends it as a header.
        raise UnusableRequestError("An address may hold no name or password before the host.")
    own = sorted(_OWN_HEADERS.intersection(name.lower() for name in headers))
    if own:
        raise UnusableRequestError(f"These headers are not for others to set: {', '.join(own)}.")
    sent = {"Host": parts.netloc.decode("ascii"), "Accept-Encoding": "identity", **headers}
    if content is not None or method in {"POST", "PUT", "PATCH"}:
        sent["Content-Length"] = str(len(content or b""))
    try:
        return httpcore.Request(
            method.encode("ascii"),
            httpcore.URL(scheme=parts.raw_scheme, host=parts.raw_host, port=parts.port, target=parts.raw_path),
            headers=[(name.encode("ascii"), value.encode("utf-8")) for name, value in sent.items()],
            content=content or b"",
            extensions={},
        )
    except UnicodeError as error:
        raise UnusableRequestError("Names of headers and methods are plain letters.") from error
