"""SMTP out: a few connections, each used for many messages, and for every failure the class that says what is next."""

import asyncio
import socket
import ssl
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.errors import SMTPConnectResponseError, SMTPHeloError
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from onevoice.channels.email.payloads import Letter
from onevoice.channels.email.places import place
from onevoice.channels.email.replies import Phase, detail, refusal
from onevoice.channels.email.settings import Server
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Retriable
from onevoice.domains.delivery.ports import Egress
from onevoice.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. end is long: a server may check a message before it takes it (RFC 5321 says 600), and giving up early
    makes a message uncertain that was only slow.
    """

    connect: float = 20
    command: float = 60
    data: float = 180
    end: float = 300


class _Line:
    """One connection, and since when it lies idle."""

    def __init__(self, smtp: SMTP, used_at: float) -> None:
        self.smtp = smtp
        self.used_at = used_at
        self.used = False


class Pool:
    """idle_seconds: a connection that lay longer is asked whether it still stands before a message is trusted to it."""

    def __init__(
        self,
        server: Server,
        egress: Egress,
        clock: Clock,
        *,
        hello: str,
        concurrency: int,
        timeouts: Timeouts | None = None,
        idle_seconds: float = 10,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """hello: the name we give ourselves. context: what certificates are checked by; the machine's where None."""
        self._server, self._egress, self._clock, self._hello = server, egress, clock, hello
        self._timeouts = timeouts or Timeouts()
        self._idle_seconds = idle_seconds
        self._context = context or ssl.create_default_context()
        self._places = asyncio.Semaphore(concurrency)
        self._idle: list[_Line] = []

    async def send(self, letter: Letter) -> str:
        """The server's words on taking it. Raises: Retriable, Permanent, ActionRequired."""
        async with self._places:
            line = await self._line()
            try:
                return await self._sent(line, letter)
            except _StaleError:
                # It had been closed while it lay idle; nothing of this message was taken.
                line = await self._opened()
                return await self._sent(line, letter)

    async def probe(self) -> str:
        """Connects and logs in. The server's greeting of itself."""
        async with self._places:
            line = await self._opened()
            self._keep(line)
            return detail(str(line.smtp.last_ehlo_response.message)) if line.smtp.last_ehlo_response else ""

    async def close(self) -> None:
        while self._idle:
            smtp = self._idle.pop().smtp
            try:
                await smtp.quit(timeout=2)
            except (SMTPException, OSError):
                smtp.close()

    async def _line(self) -> _Line:
        while self._idle:
            line = self._idle.pop()
            if not line.smtp.is_connected:
                continue
            if self._clock.monotonic() - line.used_at < self._idle_seconds:
                return line
            try:
                await line.smtp.noop(timeout=self._timeouts.connect)
            except (SMTPException, OSError):
                line.smtp.close()
            else:
                return line
        return await self._opened()

    def _keep(self, line: _Line) -> None:
        if line.smtp.is_connected:
            line.used, line.used_at = True, self._clock.monotonic()
            self._idle.append(line)

    async def _opened(self) -> _Line:
        server = self._server
        where = await asyncio.to_thread(place, self._egress, server)
        smtp = SMTP(
            hostname=server.host,
            local_hostname=self._hello,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "none" else self._context,
            timeout=self._timeouts.command,
            sock=await self._socket(where),
        )
        try:
            await smtp.connect(timeout=self._timeouts.connect)
            if server.username:
                await smtp.login(server.username, server.password)
            elif smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        except (SMTPException, OSError) as error:
            smtp.close()
            raise _unopened(error) from None
        except BaseException:
            smtp.close()
            raise
        return _Line(smtp, self._clock.monotonic())

    async def _socket(self, where: str) -> socket.socket:
        """Connected to the address that was judged, so that no second look-up can lead elsewhere."""
        family = socket.AF_INET6 if ":" in where else socket.AF_INET
        # The protocol is named because asyncio sends small packets at once only where it is: 40 ms for each message.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setblocking(False)
        try:
            loop = asyncio.get_running_loop()
            await asyncio.wait_for(loop.sock_connect(sock, (where, self._server.port)), self._timeouts.connect)
        except OSError as error:  # TimeoutError is one
            sock.close()
            raise Retriable("smtp_unreachable", detail(_words(error)), scope="account") from None
        except BaseException:
            sock.close()
            raise
        return sock

    async def _sent(self, line: _Line, letter: Letter) -> str:
        phase: Phase = "sender"
        smtp, timeouts = line.smtp, self._timeouts
        dotted = False
        try:
            size = [f"SIZE={len(letter.data)}"] if smtp.supports_extension("size") else []
            await smtp.mail(letter.sender, options=size, timeout=timeouts.command)
            phase = "recipient"
            await smtp.rcpt(letter.recipient, timeout=timeouts.command)
            phase = "data"
            _wanted(await smtp.execute_command(b"DATA", timeout=timeouts.data), 354)
            protocol = _protocol(smtp)
            protocol.write(_stuffed(letter.data))
            await self._written(protocol)
            dotted, phase = True, "end"
            protocol.write(b".\r\n")
            answer = _wanted(await protocol.read_response(timeout=timeouts.end), 250)
        except SMTPResponseException as error:
            await self._after_refusal(line, error.code, phase)
            if error.code == 421 and line.used and phase == "sender":
                raise _StaleError from None
            raise refusal(phase, error.code, str(error.message)) from None
        except (SMTPException, OSError) as error:
            smtp.close()
            if line.used and phase == "sender" and isinstance(error, SMTPServerDisconnected):
                raise _StaleError from None
            raise _cut(error, dotted=dotted) from None
        except BaseException:
            smtp.close()  # cancelled in the middle: what the server is waiting for is not known any more
            raise
        self._keep(line)
        return detail(f"{answer.code} {answer.message}")

    async def _written(self, protocol: SMTPProtocol) -> None:
        """Until all but the final dot has left this process: whatever fails before it, the server has no message."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._timeouts.data
        while True:
            transport = protocol.transport
            if not isinstance(transport, asyncio.Transport) or transport.is_closing():
                raise SMTPServerDisconnected("Connection lost")
            if not transport.get_write_buffer_size():
                return
            if loop.time() > ends_at:
                raise TimeoutError("the message could not be written in time")
            await asyncio.sleep(0.002)

    async def _after_refusal(self, line: _Line, code: int, phase: Phase) -> None:
        """A refusal ends the message, not the connection; 421 ends both."""
        if code == 421 or (phase == "end" and not 400 <= code < 600):
            line.smtp.close()
            return
        try:
            await line.smtp.rset(timeout=self._timeouts.command)
        except (SMTPException, OSError):
            line.smtp.close()
        else:
            self._keep(line)


class _StaleError(Exception):
    """An idle connection turned out to be closed."""


def _wanted(answer: SMTPResponse, code: int) -> SMTPResponse:
    """Any other code of the same hundred will do. Raises: SMTPResponseException."""
    if answer.code // 100 != code // 100:
        raise SMTPResponseException(answer.code, str(answer.message))
    return answer


def _protocol(smtp: SMTP) -> SMTPProtocol:
    if smtp.protocol is None:
        raise SMTPServerDisconnected("Connection lost")
    return smtp.protocol


def _stuffed(data: bytes) -> bytes:
    """With a second dot where a line begins with one (RFC 5321, 4.5.2). data has CRLF line ends and ends with one."""
    if data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\r\n.", b"\r\n..")


def _unopened(error: SMTPException | OSError) -> ChannelError:
    words = detail(_words(error))
    if isinstance(error, SMTPAuthenticationError):
        return refusal("auth", error.code, str(error.message))
    if isinstance(error, SMTPConnectResponseError | SMTPHeloError | SMTPResponseException):
        return refusal("connect", error.code, str(error.message))
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ActionRequired("smtp_certificate_invalid", words)
    if isinstance(error, OSError):  # aiosmtplib's own time-outs and disconnections among them
        return Retriable("smtp_unreachable", words, scope="account")
    # No STARTTLS, no AUTH, no way of logging in that both know.
    return ActionRequired("smtp_not_supported", words)


def _cut(error: SMTPException | OSError, *, dotted: bool) -> Retriable:
    code = "smtp_timeout" if isinstance(error, TimeoutError) else "smtp_disconnected"
    return Retriable(code, detail(_words(error)), accepted="maybe" if dotted else "no")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
