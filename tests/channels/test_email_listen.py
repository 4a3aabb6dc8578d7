"""A mailbox watched over a line that breaks, and numbers that change: nothing is lost, nothing comes twice."""

import asyncio
import dataclasses
import datetime as dt
import ssl
import threading
from contextlib import aclosing, asynccontextmanager, suppress

import pytest
from hypothesis import given as supposing
from hypothesis import strategies as st

from channels.email_making import BRAND, PASSWORD, SENT, certificate, given, opened, outgoing, tools, until, written
from onevoice.channels.email.imap import Position, Waits, Watch, position
from onevoice.channels.email.settings import Server
from onevoice.domains.delivery.contracts.channels import Receipt, Said
from onevoice.domains.delivery.errors import ActionRequired, Retriable
from onevoice.kit.egress import Egress
from onevoice.sandbox.mail import Mail
from onevoice.sandbox.mail_imap import Session

BOX = f"hello@{BRAND}"
FAST = Waits(connect=2, command=2, idle=1, wake=0.02, retry_first=0.02, retry_most=0.1, tries=1000)


@pytest.fixture
def mail():
    with Mail(password=PASSWORD) as found:
        found.brand(BRAND)
        yield found


def note(number):
    return written(f"Number {number}", Message_ID=f"<{number}@people.example>").as_bytes()


class Watching:
    """A watch in its thread. texts: what was taken; at: the position kept with it."""

    def __init__(self, mail, start=None, **more):
        self.taken = []
        self.positions = [start] if start else []
        server = Server("127.0.0.1", mail.imap_port, "none", BOX, more.pop("password", PASSWORD))
        made = tools(mail.imap_port)
        self.watch = Watch(server, "INBOX", made.egress, made.clock, made.chance, **{"waits": FAST, **more})
        self.error = None
        self._thread = threading.Thread(target=self._run, args=(start,))

    def _run(self, start):
        try:
            self.watch.run(start, self._take)
        except (ActionRequired, Retriable) as error:
            self.error = error

    def _take(self, items, reached):
        self.taken += [each.raw for each in items]
        self.positions.append(reached)

    def __enter__(self):
        self._thread.start()
        until(lambda: self.positions or self.error)
        return self

    def __exit__(self, *_):
        self.watch.stopped.set()
        self._thread.join(10)
        assert not self._thread.is_alive()


class TestPosition:
    @supposing(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
    def test_is_read_back(self, validity, uid):
        assert position(str(Position(validity, uid, "2026-11-27"))) == Position(validity, uid, "2026-11-27")

    @supposing(st.none() | st.text(max_size=30))
    def test_what_is_none_begins_from_now(self, text):
        found = position(text)
        assert found is None or position(str(found)) == found

    def test_the_day_may_be_missing(self):
        assert position("1:7") == Position(1, 7, "")


class TestWatch:
    def test_begins_from_now_and_says_so_at_once(self, mail):
        mail.put(BOX, note(1))
        with Watching(mail) as watching:
            assert watching.positions[0].uid == 1
            mail.put(BOX, note(2))
            until(lambda: watching.taken)
        assert watching.taken == [note(2)]

    def test_a_letter_that_comes_just_as_idle_begins_is_not_left_until_it_ends(self, mail, monkeypatch):
        """The server tells of it in one piece with its answer to IDLE."""
        idle, just = Session._idle, [note(7)]

        async def idles(session, arguments):
            if just:
                session._box.put(just.pop(), dt.datetime.now(dt.UTC))
            return await idle(session, arguments)

        monkeypatch.setattr(Session, "_idle", idles)
        with Watching(mail, waits=dataclasses.replace(FAST, idle=600)) as watching:
            until(lambda: watching.taken)
        assert watching.taken == [note(7)]

    def test_goes_on_where_it_left_off(self, mail):
        for number in range(5):
            mail.put(BOX, note(number))
        with Watching(mail, Position(1, 2, "2026-11-27")) as watching:
            until(lambda: len(watching.taken) == 3)
        assert watching.taken == [note(2), note(3), note(4)]
        assert watching.positions[-1].uid == 5

    def test_many_come_in_batches_and_in_order(self, mail):
        for number in range(75):
            mail.put(BOX, note(number))
        with Watching(mail, Position(1, 0, "")) as watching:
            until(lambda: len(watching.taken) == 75)
        assert watching.taken == [note(number) for number in range(75)]
        assert len(watching.positions) >= 4

    def test_over_a_line_that_is_cut_again_and_again_each_comes_once(self, mail):
        with Watching(mail) as watching:
            for number in range(60):
                mail.put(BOX, note(number))
                if number % 7 == 0:
                    mail.cut()
            until(lambda: len(watching.taken) >= 60)
            mail.put(BOX, note(60))
            until(lambda: len(watching.taken) >= 61)
        assert watching.taken == [note(number) for number in range(61)]

    def test_a_batch_that_was_not_taken_comes_again(self, mail):
        refused = []

        class Stubborn(Watching):
            def _take(self, items, reached):
                if items and not refused:
                    refused.append(items)
                    raise OSError("the database is away")
                super()._take(items, reached)

        with Stubborn(mail) as watching:
            mail.put(BOX, note(1))
            until(lambda: watching.taken)
        assert watching.taken == [note(1)]

    def test_when_all_numbers_change_nothing_is_missed(self, mail):
        with Watching(mail) as watching:
            mail.put(BOX, note(1))
            until(lambda: watching.taken)
            mail.renumber(BOX, 2)
            mail.put(BOX, note(2))
            mail.cut()
            until(lambda: note(2) in watching.taken)
            until(lambda: watching.positions[-1].validity == 2)
        # What arrived on the same days may come again; its key is the same.
        assert set(watching.taken) == {note(1), note(2)}

    def test_numbers_that_changed_while_nobody_listened(self, mail):
        mail.put(BOX, note(1))
        mail.renumber(BOX, 9)
        with Watching(mail, Position(1, 400, "2020-01-01")) as watching:
            until(lambda: watching.taken)
        assert watching.taken == [note(1)]

    def test_old_letters_are_not_read_again_when_numbers_change(self, mail):
        mail.put(BOX, note(1))
        mail.renumber(BOX, 9)
        with Watching(mail, Position(1, 400, "2990-01-01")) as watching:
            until(lambda: mail._box(BOX).watchers)
            mail.put(BOX, note(2))
            until(lambda: watching.taken)
        assert watching.taken == [note(2)]

    @pytest.mark.parametrize("seen", [False, True])
    def test_nothing_is_marked_unless_that_was_asked_for(self, mail, seen):
        with Watching(mail, mark_seen=seen) as watching:
            mail.put(BOX, note(1))
            until(lambda: watching.taken)
            if seen:
                until(lambda: mail.flags(BOX)[0])
        assert mail.flags(BOX) == [{"\\Seen"} if seen else set()]
        assert len(mail.letters(BOX)) == 1

    def test_a_login_that_is_refused_ends_it(self, mail):
        with Watching(mail, password="wrong") as watching:
            until(lambda: watching.error)
        assert watching.error.code == "imap_login_refused"

    def test_a_server_that_is_away_is_waited_for(self):
        with Mail(password=PASSWORD) as first:
            first.brand(BRAND)
            port = first.imap_port
            watching = Watching(first)
            with watching:
                first.stop_listening()
                first.cut()
                until(lambda: watching.watch.stopped.wait(0.3) or True)
                first.listen_again()
                first.put(BOX, note(1))
                until(lambda: watching.taken)
        assert port == first.imap_port
        assert watching.taken == [note(1)]

    def test_a_line_with_tls_that_is_cut_is_noticed_at_once(self, mail, tmp_path):
        file, context = certificate(tmp_path)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(file)
        writers = []

        async def client(reader, writer):
            writers.append(writer)
            with suppress(ConnectionError, ssl.SSLError):
                await Session(reader, writer, mail._login).serve()

        async def begin():
            return await asyncio.start_server(client, "127.0.0.1", 0, ssl=own)

        async def cut():
            writers[-1].transport.abort()

        server = mail._done(begin())
        port = server.sockets[0].getsockname()[1]
        host = "mail.northfold.example"
        egress = Egress(allowed=frozenset({f"{host}:{port}"}), resolver=lambda *_: ["127.0.0.1"])
        waits = dataclasses.replace(FAST, idle=60)
        watching = Watching(mail)
        watching.watch = Watch(
            Server(host, port, "tls", BOX, PASSWORD),
            "INBOX",
            egress,
            tools().clock,
            tools().chance,
            waits=waits,
            context=context,
        )
        with watching:
            until(lambda: mail._box(BOX).watchers)
            mail._done(cut())
            until(lambda: len(writers) == 2, 5)
            mail.put(BOX, note(1))
            until(lambda: watching.taken, 5)
        server.close()
        assert watching.taken == [note(1)]

    def test_one_that_stays_away_is_told_of(self, mail):
        watching = Watching(mail, waits=dataclasses.replace(FAST, tries=4))
        with watching:
            until(lambda: mail._box(BOX).watchers)
            mail.stop_listening()
            mail.cut()
            until(lambda: watching.error)
        assert (watching.error.code, watching.error.scope) == ("imap_unreachable", "account")

    def test_cuts_with_quiet_times_between_are_never_counted_together(self, mail):
        watching = Watching(mail, waits=dataclasses.replace(FAST, tries=2))
        with watching:
            for _ in range(5):
                watcher = until(lambda: set(mail._box(BOX).watchers))
                mail.cut()
                until(lambda watcher=watcher: mail._box(BOX).watchers - watcher)
            until(lambda: mail._box(BOX).watchers)
        assert watching.error is None

    def test_waits_grow_and_have_an_end(self, mail):
        watch = Watching(mail).watch
        pauses = [watch._pause(failures) for failures in range(1, 400)]
        assert pauses[0] <= FAST.retry_first * 1.5
        assert max(pauses) <= FAST.retry_most * 1.5
        assert all(pause > 0 for pause in pauses)

    def test_a_mailbox_in_our_own_networks_is_not_gone_to(self, mail):
        made = tools()
        watch = Watch(
            Server("127.0.0.1", mail.imap_port, "none", BOX, PASSWORD), "INBOX", Egress(), made.clock, made.chance
        )
        with pytest.raises(ActionRequired) as caught:
            watch.probe()
        assert caught.value.code == "forbidden_address"


@asynccontextmanager
async def listening(adaptor, start):
    """A queue of what is heard."""
    queue = asyncio.Queue()

    async def go():
        async with aclosing(adaptor.listen(start)) as stream:
            async for each in stream:
                await queue.put(each)

    task = asyncio.create_task(go())
    try:
        async with asyncio.timeout(20):
            yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await adaptor.close()


class TestAdaptor:
    def form(self, mail, **more):
        return given(mail.smtp_port, mail.imap_port, smtp_username=BOX, smtp_password=PASSWORD, **more)

    def test_what_people_and_servers_answer_comes_back(self, mail):
        async def go():
            adaptor = opened(self.form(mail))
            async with listening(adaptor, None) as queue:
                await queue.get()
                await adaptor.send(outgoing(42))
                taken = mail.ledger[0]

                def back():
                    mail.reply(taken, "Так, дякую", language="ru", name="Анна")
                    mail.bounce(taken, "5.2.2", "Mailbox full")
                    mail.complain(taken)
                    mail.away(taken, language="pl")

                await asyncio.to_thread(back)
                items = []
                while len(items) < 4:
                    items += (await queue.get()).items
                return items

        reply, bounce, complaint, away = asyncio.run(go())
        assert isinstance(reply, Said)
        assert isinstance(away, Said)
        assert isinstance(bounce, Receipt)
        assert isinstance(complaint, Receipt)
        assert (reply.text, reply.name, reply.answers) == ("Так, дякую", "Анна", SENT.message_id)
        assert "> Hello Anna" in reply.quoted
        assert (bounce.state, bounce.message_id, bounce.gone) == ("bounced", 42, False)
        assert (complaint.state, complaint.message_id) == ("complained", 42)
        assert (reply.automatic, away.automatic) == (False, True)

    def test_the_position_is_kept_before_more_is_read(self, mail):
        """The thread waits until the batch was taken: at most one batch is in memory."""

        async def go():
            for number in range(60):
                mail.put(BOX, note(number))
            adaptor = opened(self.form(mail))
            async with aclosing(adaptor.listen("1:0")) as stream:
                first = await anext(stream)
                await asyncio.sleep(0.3)
                second = await anext(stream)
                await adaptor.close()
                return first, second

        first, second = asyncio.run(go())
        assert (len(first.items), len(second.items)) == (20, 20)
        assert first.position.startswith("1:20:")
        assert second.position.startswith("1:40:")

    def test_a_fault_of_our_own_reaches_whoever_listens(self, mail, monkeypatch):
        def broken(*_):
            raise ZeroDivisionError("never thought of")

        monkeypatch.setattr(Watch, "_selected", broken)

        async def go():
            adaptor = opened(self.form(mail))
            with pytest.raises(Retriable) as caught:
                await anext(adaptor.listen(None))
            await adaptor.close()
            return caught.value

        assert asyncio.run(go()).code == "listening_failed"

    def test_an_account_without_a_mailbox_hears_nothing(self, mail):
        async def go():
            adaptor = opened(given(mail.smtp_port))
            return [each async for each in adaptor.listen(None)]

        assert asyncio.run(go()) == []

    def test_settings_are_tried_half_by_half(self, mail):
        async def go(**more):
            adaptor = opened({**self.form(mail), **more})
            try:
                return await adaptor.probe()
            finally:
                await adaptor.close()

        assert asyncio.run(go()).detail["imap"].endswith("0 letters in INBOX")
        with pytest.raises(ActionRequired) as caught:
            asyncio.run(go(smtp_password="wrong"))
        assert caught.value.code == "smtp_login_refused"
        assert caught.value.detail.startswith("SMTP: ")
        assert "app" in caught.value.detail
        with pytest.raises(ActionRequired) as caught:
            asyncio.run(go(imap_password="wrong", smtp_password="wrong"))
        assert caught.value.code == "smtp_login_refused_and_imap_login_refused"
        assert "wrong" not in str(caught.value).replace("Wrong", "")

    def test_servers_that_are_away_are_tried_again_later(self, mail):
        form = self.form(mail)
        mail.stop_listening()

        async def go():
            adaptor = opened(form)
            with pytest.raises(Retriable) as caught:
                await adaptor.probe()
            return caught.value

        assert asyncio.run(go()).scope == "account"
