"""What a mail server's every answer and silence comes to."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest

from channels.email_making import AT, BRAND, PASSWORD, certificate, free_port, given, opened, outgoing, settings, tools
from onevoice.channels.email.payloads import letter
from onevoice.channels.email.replies import refusal, status, wait_seconds
from onevoice.channels.email.settings import Server
from onevoice.channels.email.smtp import Pool, Timeouts
from onevoice.domains.delivery.errors import ActionRequired, ChannelError, Permanent, Retriable
from onevoice.kit.egress import Egress
from onevoice.sandbox.mail import Mail

QUICK = Timeouts(connect=2, command=2, data=2, end=0.6)


@pytest.fixture
def mail():
    with Mail(slow_seconds=0.3) as found:
        found.brand(BRAND)
        yield found


def made(number=42, **more):
    return letter(outgoing(number, **more), settings(), AT)


@asynccontextmanager
async def pooled(
    port, *, concurrency=1, security="none", host="127.0.0.1", context=None, user="", password="", idle=10
):
    egress = (
        tools(port).egress
        if host == "127.0.0.1"
        else Egress(allowed=frozenset({f"{host}:{port}"}), resolver=lambda *_: ["127.0.0.1"])
    )
    pool = Pool(
        Server(host, port, security, user, password),
        egress,
        tools().clock,
        hello=BRAND,
        concurrency=concurrency,
        timeouts=QUICK,
        idle_seconds=idle,
        context=context,
    )
    try:
        yield pool
    finally:
        await pool.close()


def refused(port, **more):
    """What sending one letter raises."""

    async def go():
        async with pooled(port, **more) as pool:
            with pytest.raises(ChannelError) as caught:
                await pool.send(made())
            return caught.value

    return asyncio.run(go())


@asynccontextmanager
async def scripted(talk):
    """A server that says what `talk(reader, writer)` makes it say. Gives its port."""
    tasks = set()

    async def client(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks, return_exceptions=True)


async def answered(reader, writer, answers):
    """220, then for each command the answer by its first word, `.` for a body; None ends the connection."""
    writer.write(b"220 here\r\n")
    while line := await reader.readline():
        word = line.split()[0].decode().upper()
        answer = answers.get(word, "250 fine")
        if answer is None:
            return
        writer.write(f"{answer}\r\n".encode())
        if word == "DATA" and answer.startswith("354"):
            await reader.readuntil(b"\r\n.\r\n")
            if answers.get(".") is None:
                return
            writer.write(f"{answers['.']}\r\n".encode())


def refused_by(answers, **more):
    async def go():
        async with (
            scripted(lambda reader, writer: answered(reader, writer, answers)) as port,
            pooled(port, **more) as pool,
        ):
            with pytest.raises(ChannelError) as caught:
                await pool.send(made())
            return caught.value

    return asyncio.run(go())


class TestRefusal:
    @pytest.mark.parametrize(
        ("text", "gone"),
        [
            ("5.1.1 no such user", True),
            ("5.1.2 no such host", True),
            ("5.1.10 null MX", True),
            ("5.2.1 disabled", True),
            ("5.7.1 spam", False),
            ("5.7.26 DMARC", False),
            ("5.2.2 full", False),
            ("nobody here", False),
            ("5.4.4 unroutable", False),
        ],
    )
    def test_a_refused_recipient_is_permanent_and_gone_only_by_its_code(self, text, gone):
        error = refusal("recipient", 550, text)
        assert isinstance(error, Permanent)
        assert error.gone is gone
        assert error.code == (status(text) or "550")

    def test_a_refused_text_never_means_that_the_address_is_gone(self):
        error = refusal("end", 550, "5.1.1 odd")
        assert isinstance(error, Permanent)
        assert not error.gone

    @pytest.mark.parametrize("phase", ["sender", "recipient", "data", "end", "auth"])
    def test_400_is_tried_again(self, phase):
        error = refusal(phase, 451, "4.3.0 later")
        assert isinstance(error, Retriable)
        assert error.accepted == "no"

    @pytest.mark.parametrize("phase", ["connect", "hello", "sender", "recipient", "data", "end"])
    def test_421_stops_the_account(self, phase):
        error = refusal(phase, 421, "4.7.0 too many")
        assert isinstance(error, Retriable)
        assert error.scope == "account"

    def test_greylisting_waits_as_long_as_it_says_or_five_minutes(self):
        assert refusal("recipient", 450, "4.7.1 Greylisted, try again in 2 minutes").after_seconds == 120
        assert refusal("recipient", 450, "4.7.1 Greylisting in action").after_seconds == 300
        assert refusal("recipient", 452, "4.2.2 full").after_seconds is None

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("retry in 90 seconds", 90),
            ("wait 1 hour", 3600),
            ("try after 00 s", None),
            ("in 99999 hours", 86400),
            ("4.7.1", None),
        ],
    )
    def test_waits(self, text, seconds):
        assert wait_seconds(text) == seconds

    @pytest.mark.parametrize(("phase", "code"), [("auth", 535), ("sender", 550), ("recipient", 530), ("sender", 530)])
    def test_what_only_the_owner_can_mend(self, phase, code):
        assert isinstance(refusal(phase, code, "no"), ActionRequired)

    def test_words_of_a_server_stay_on_one_bounded_line(self):
        error = refusal("recipient", 550, "a\r\nb\x00\x1b[31m" + "x" * 5000)
        assert error.detail.isprintable()
        assert len(error.detail) <= 300


class TestSend:
    def test_the_server_has_it_as_it_was_made(self, mail):
        adaptor = opened(given(mail.smtp_port))

        async def go():
            accepted = await adaptor.send(outgoing())
            await adaptor.close()
            return accepted

        accepted = asyncio.run(go())
        (taken,) = mail.ledger
        assert accepted.provider_id == letter(outgoing(), settings(), AT).message_id
        assert taken.raw == made().data
        assert taken.sender.startswith("bounce+42-")
        assert taken.recipient == "anna@people.example"

    def test_one_connection_serves_many_and_no_more_are_opened_than_allowed(self, mail):
        async def go():
            async with pooled(mail.smtp_port, concurrency=3) as pool:
                await asyncio.gather(*(pool.send(made(number)) for number in range(40)))

        asyncio.run(go())
        assert len(mail.ledger) == 40
        assert len({taken.sender for taken in mail.ledger}) == 40
        assert mail.connections == 3

    @pytest.mark.parametrize(("trouble", "code", "gone"), [("unknown", "5.1.1", True), ("policy", "5.7.1", False)])
    def test_refused_for_ever(self, mail, trouble, code, gone):
        mail.misbehave(trouble)
        error = refused(mail.smtp_port)
        assert isinstance(error, Permanent)
        assert (error.code, error.gone) == (code, gone)
        assert not mail.ledger

    def test_greylisted(self, mail):
        mail.misbehave("greylist", address="anna@people.example")
        error = refused(mail.smtp_port)
        assert isinstance(error, Retriable)
        assert (error.after_seconds, error.scope, error.accepted) == (60, "message", "no")

    def test_full(self, mail):
        mail.misbehave("full")
        error = refused(mail.smtp_port)
        assert isinstance(error, Retriable)
        assert error.code == "4.2.2"

    def test_busy(self, mail):
        mail.misbehave("busy")
        error = refused(mail.smtp_port)
        assert isinstance(error, Retriable)
        assert (error.scope, error.accepted) == ("account", "no")

    @pytest.mark.parametrize("trouble", ["hang", "reset"])
    def test_silence_after_the_last_dot_may_mean_that_it_was_taken(self, mail, trouble):
        mail.misbehave(trouble)
        error = refused(mail.smtp_port)
        assert isinstance(error, Retriable)
        assert error.accepted == "maybe"
        assert len(mail.ledger) == 1

    def test_a_cut_before_it_means_that_it_was_not(self, mail):
        mail.misbehave("drop")
        error = refused(mail.smtp_port)
        assert isinstance(error, Retriable)
        assert error.accepted == "no"
        assert not mail.ledger

    def test_a_slow_server_is_waited_for(self, mail):
        mail.misbehave("slow")

        async def go():
            async with pooled(mail.smtp_port) as pool:
                return await pool.send(made())

        assert asyncio.run(go()) == "250 2.0.0 Taken"

    def test_a_server_that_stops_reading_in_the_middle_has_nothing(self):
        async def talk(reader, writer):
            writer.write(b"220 here\r\n")
            while not (await reader.readline()).startswith(b"DATA"):
                writer.write(b"250 fine\r\n")
            writer.write(b"354 go on\r\n")
            await asyncio.sleep(3)

        async def go():
            async with scripted(talk) as port, pooled(port) as pool:
                big = letter(outgoing(content=outgoing().content), settings(), AT)
                with pytest.raises(Retriable) as caught:
                    await pool.send(type(big)(big.sender, big.recipient, big.message_id, b"x\r\n" * 9_000_000))
                return caught.value

        assert asyncio.run(go()).accepted == "no"

    def test_after_a_refusal_the_connection_goes_on(self, mail):
        async def go():
            async with pooled(mail.smtp_port) as pool:
                mail.misbehave("unknown")
                with pytest.raises(Permanent):
                    await pool.send(made(1))
                await pool.send(made(2))
                return len(pool._idle)

        assert asyncio.run(go()) == 1
        assert len(mail.ledger) == 1

    @pytest.mark.parametrize("idle", [10, 0], ids=["used at once", "asked first"])
    def test_a_connection_closed_while_it_lay_idle_is_replaced_unseen(self, mail, idle):
        async def go():
            async with pooled(mail.smtp_port, idle=idle) as pool:
                await pool.send(made(1))
                await asyncio.to_thread(_hang_up, mail)
                await pool.send(made(2))

        asyncio.run(go())
        assert [taken.sender.split("-")[0] for taken in mail.ledger] == ["bounce+1", "bounce+2"]

    def test_421_on_a_connection_used_before_is_tried_anew_once(self, mail):
        async def go():
            async with pooled(mail.smtp_port) as pool:
                await pool.send(made(1))
                mail.misbehave("busy")
                await pool.send(made(2))
                mail.misbehave("busy", times=2)
                with pytest.raises(Retriable) as caught:
                    await pool.send(made(3))
                return caught.value.scope

        assert asyncio.run(go()) == "account"
        assert len(mail.ledger) == 2

    def test_a_send_that_is_given_up_leaves_no_half_used_connection(self, mail):
        mail.misbehave("slow")

        async def go():
            async with pooled(mail.smtp_port) as pool:
                task = asyncio.create_task(pool.send(made(1)))
                await asyncio.sleep(0.15)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert not pool._idle
                await pool.send(made(2))

        asyncio.run(go())
        assert mail.ledger[-1].sender.startswith("bounce+2-")


def _hang_up(mail):
    async def cut():
        for task in asyncio.all_tasks():
            if "_handle_client" in repr(task):
                task.cancel()

    mail._done(cut())


class TestOddServers:
    @pytest.mark.parametrize(
        ("answers", "kind", "accepted"),
        [
            ({"MAIL": "550 5.7.1 not you"}, ActionRequired, None),
            ({"MAIL": "530 5.7.0 log in"}, ActionRequired, None),
            ({"RCPT": "garbage"}, Retriable, "no"),
            ({"DATA": "554 5.7.1 no"}, Permanent, None),
            ({"DATA": "451 4.3.0 later"}, Retriable, "no"),
            ({"DATA": "354 go", ".": "554 5.7.1 spam"}, Permanent, None),
            ({"DATA": "354 go", ".": "451 4.7.0 later"}, Retriable, "no"),
            ({"DATA": "354 go", ".": "garbage"}, Retriable, "maybe"),
            ({"DATA": "354 go", ".": "199 what"}, Retriable, "maybe"),
            ({"DATA": "354 go", ".": None}, Retriable, "maybe"),
            ({"DATA": None}, Retriable, "no"),
            ({"EHLO": None}, Retriable, "no"),
        ],
        ids=str,
    )
    def test_each_answer_has_its_class(self, answers, kind, accepted):
        error = refused_by(answers)
        assert isinstance(error, kind)
        if accepted:
            assert error.accepted == accepted

    def test_what_it_says_on_connecting_counts(self):
        async def talk(_reader, writer):
            writer.write(b"554 5.7.1 no\r\n")

        async def go():
            async with scripted(talk) as port, pooled(port) as pool:
                with pytest.raises(Retriable) as caught:
                    await pool.send(made())
                return caught.value.scope

        assert asyncio.run(go()) == "account"

    def test_nobody_listens(self):
        error = refused(free_port())
        assert isinstance(error, Retriable)
        assert (error.code, error.scope, error.accepted) == ("smtp_unreachable", "account", "no")


class TestLogin:
    def test_a_wrong_password_waits_for_its_owner(self):
        with Mail(password=PASSWORD) as mail:
            assert refused(mail.smtp_port, user="hello", password="wrong").code == "smtp_login_refused"
            assert refused(mail.smtp_port).code == "smtp_login_needed"

    def test_the_right_one_is_let_in(self):
        async def go(port):
            async with pooled(port, user="hello", password=PASSWORD) as pool:
                await pool.send(made())

        with Mail(password=PASSWORD) as mail:
            asyncio.run(go(mail.smtp_port))
            assert len(mail.ledger) == 1

    def test_no_login_where_none_is_offered(self):
        error = refused_by({"AUTH": "235 fine"}, user="hello", password="x")
        assert isinstance(error, ActionRequired)
        assert error.code == "smtp_not_supported"

    def test_starttls_is_never_gone_without(self, mail):
        error = refused(mail.smtp_port, security="starttls")
        assert isinstance(error, ActionRequired)
        assert error.code == "smtp_not_supported"


class TestTls:
    """The certificate is of mail.northfold.example, whichever address is connected to."""

    def served(self, folder, host, trusted):
        file, context = certificate(folder, "mail.northfold.example")

        async def go():
            own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            own.load_cert_chain(file)

            async def client(reader, writer):
                try:
                    await answered(reader, writer, {"DATA": "354 go", ".": "250 taken", "QUIT": None})
                finally:
                    writer.close()

            server = await asyncio.start_server(client, "127.0.0.1", 0, ssl=own)
            port = server.sockets[0].getsockname()[1]
            try:
                async with pooled(port, security="tls", host=host, context=context if trusted else None) as pool:
                    return await pool.send(made())
            finally:
                server.close()

        return asyncio.run(go())

    def test_a_trusted_one_of_the_right_name(self, tmp_path):
        assert self.served(tmp_path, "mail.northfold.example", True) == "250 taken"

    @pytest.mark.parametrize(
        ("host", "trusted"),
        [("mail.northfold.example", False), ("mail.else.example", True)],
        ids=["unknown", "other name"],
    )
    def test_any_other_is_refused(self, tmp_path, host, trusted):
        with pytest.raises(ActionRequired) as caught:
            self.served(tmp_path, host, trusted)
        assert caught.value.code == "smtp_certificate_invalid"


class TestWhere:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "::ffff:127.0.0.1", "10.0.0.1"]
    )
    def test_no_way_into_our_own_networks(self, host):
        server = Server(host.strip("[]"), 25, "none", "", "")

        async def go():
            pool = Pool(server, Egress(), tools().clock, hello=BRAND, concurrency=1, timeouts=QUICK)
            with pytest.raises(ActionRequired) as caught:
                await pool.send(made())
            return caught.value.code

        assert asyncio.run(go()) == "forbidden_address"

    def test_a_name_that_is_unknown_is_tried_again(self):
        async def go():
            def resolver(*_):
                raise OSError("no such name")

            egress = Egress(resolver=resolver)
            pool = Pool(Server("x.example", 25, "none", "", ""), egress, tools().clock, hello=BRAND, concurrency=1)
            with pytest.raises(Retriable) as caught:
                await pool.send(made())
            return caught.value.scope

        assert asyncio.run(go()) == "account"
