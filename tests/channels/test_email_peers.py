"""The referees: Postfix takes our mail and bounces it, Dovecot is watched, swaks writes to the brand."""

import asyncio
import subprocess
from contextlib import aclosing

import dkim
import pytest

from channels.email_making import (
    BRAND,
    ED25519_KEY,
    PASSWORD,
    RSA_KEY,
    given,
    opened,
    outgoing,
    peers,
    settings,
    tools,
    until,
)
from onevoice.channels.email.imap import Watch
from onevoice.channels.email.payloads import letter
from onevoice.channels.email.settings import Server
from onevoice.channels.email.smtp import Pool
from onevoice.domains.delivery.contracts.channels import Receipt, Said
from onevoice.domains.delivery.contracts.messages import Content, Media
from onevoice.domains.delivery.errors import ActionRequired, Permanent

HOST = f"hello@{BRAND}"


@pytest.fixture(scope="module")
def real():
    with peers() as found:
        yield found


def form(real, **more):
    return given(real.smtp, real.imap, **more)


async def heard(adaptor, position, wanted, does=lambda: None, seconds=30):
    """What is heard until `wanted` holds, and the last position. does: once it listens."""
    items = []
    async with asyncio.timeout(seconds):
        async with aclosing(adaptor.listen(position)) as listening:
            async for each in listening:
                if position is None and not items:
                    await asyncio.to_thread(does)
                    position = each.position
                items += each.items
                position = each.position
                if wanted(items):
                    return items, position
    raise AssertionError("it ended")


def swaks(real, to, *more):
    subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{real.smtp}", "--from", "anna@people.example", "--to", to, *more],
        check=True,
        capture_output=True,
        timeout=30,
    )


class TestOut:
    @pytest.mark.parametrize("key", [RSA_KEY, ED25519_KEY], ids=["rsa", "ed25519"])
    def test_the_signature_holds_after_a_real_hop(self, real, key):
        adaptor = opened(form(real, dkim_selector="ov1", dkim_private_key=key, from_name="Нортфолд"))
        content = Content(
            ".начинается с точки\n..и с двух\n" + "Żółć " * 300,
            html="<p>Привет</p>\n.\n<img src='cid:a.png'>" + "x" * 2000,
            subject="Ваш заказ: " + "очень длинная тема " * 8,
            media=(
                Media("image", "a.png", "image/png", b"\x89PNG" * 50),
                Media("file", "счёт.pdf", "application/pdf", bytes(range(256)) * 20),
            ),
        )
        message = outgoing(
            7, content=content, marketing=True, unsubscribe_url="https://northfold.example/u/7?" + "t" * 200
        )
        before = len(real.letters("anna@people.example"))

        async def go():
            await adaptor.send(message)
            await adaptor.close()

        asyncio.run(go())
        raw = until(lambda: real.letters("anna@people.example")[before:])[0]
        name, record = adaptor._settings.signer.record
        asked = []
        assert dkim.verify(raw, dnsfunc=lambda wanted, timeout=5: asked.append(wanted) or record.encode())
        assert asked == [f"{name}.".encode()]
        assert raw.count(b"Received:") >= 1

    def test_a_refusal_at_once_says_that_the_address_is_gone(self, real):
        adaptor = opened(form(real))

        async def go():
            with pytest.raises(Permanent) as caught:
                await adaptor.send(outgoing(address="gone@people.example"))
            # The connection goes on.
            await adaptor.send(outgoing(8))
            await adaptor.close()
            return caught.value

        error = asyncio.run(go())
        assert (error.code, error.gone) == ("5.1.1", True)

    def test_starttls_with_a_certificate_that_is_checked(self, real):
        server = Server(real.host, real.smtp, "starttls", "", "")

        class Here:
            def address(self, host, port):
                return "127.0.0.1"

        async def go(context):
            pool = Pool(server, Here(), tools().clock, hello=BRAND, concurrency=1, context=context)
            try:
                return await pool.send(letter(outgoing(9), settings(), tools().clock.now()))
            finally:
                await pool.close()

        assert asyncio.run(go(real.context)).startswith("250")
        with pytest.raises(ActionRequired) as caught:
            asyncio.run(go(None))
        assert caught.value.code == "smtp_certificate_invalid"
        until(lambda: "TLS connection established" in (real.log / "postfix.log").read_text())


class TestBounce:
    def test_a_report_that_comes_later_names_the_message(self, real):
        adaptor = opened(form(real))

        async def go():
            def send():
                asyncio.run_coroutine_threadsafe(adaptor.send(outgoing(4711, address="nobody@people.example")), loop)

            loop = asyncio.get_running_loop()
            items, _ = await heard(adaptor, None, lambda items: items, send)
            await adaptor.close()
            return items

        (receipt,) = asyncio.run(go())
        assert isinstance(receipt, Receipt)
        assert (receipt.state, receipt.message_id, receipt.code, receipt.gone) == ("bounced", 4711, "5.1.1", True)
        assert receipt.address == "nobody@people.example"


class TestIn:
    def test_dovecot_tells_of_what_swaks_wrote(self, real):
        adaptor = opened(form(real))

        async def go():
            items, position = await heard(
                adaptor,
                None,
                lambda items: items,
                lambda: swaks(real, HOST, "--header", "Subject: Size 38?", "--body", "Do you have it?"),
            )
            # What came while nobody listened is heard later, and nothing twice.
            for number in range(3):
                await asyncio.to_thread(swaks, real, HOST, "--body", f"Number {number}")
            until(lambda: sum(b"Number" in raw for raw in real.letters(HOST)) == 3 or _moved(real))
            later, _ = await heard(adaptor, position, lambda items: len(items) >= 3)
            await adaptor.close()
            return items, later

        items, later = asyncio.run(go())
        (said,) = items
        assert isinstance(said, Said)
        assert (said.address, said.subject, said.text) == ("anna@people.example", "Size 38?", "Do you have it?")
        assert [each.text for each in later] == ["Number 0", "Number 1", "Number 2"]

    def test_starttls_and_a_login_that_is_refused(self, real):
        class Here:
            def address(self, host, port):
                return "127.0.0.1"

        made = tools()

        def watch(password, context):
            server = Server(real.host, real.imap, "starttls", HOST, password)
            return Watch(server, "INBOX", Here(), made.clock, made.chance, context=context)

        assert watch(PASSWORD, real.context).probe() >= 0
        with pytest.raises(ActionRequired) as caught:
            watch("wrong", real.context).probe()
        assert caught.value.code == "imap_login_refused"
        with pytest.raises(ActionRequired) as caught:
            watch(PASSWORD, None).probe()
        assert caught.value.code == "imap_certificate_invalid"

    def test_both_halves_are_tried(self, real):
        async def go(found):
            adaptor = opened(found)
            try:
                return await adaptor.probe()
            finally:
                await adaptor.close()

        assert asyncio.run(go(form(real))).name == HOST
        with pytest.raises(ActionRequired) as caught:
            asyncio.run(go(form(real, imap_password="not this one")))
        assert caught.value.detail.startswith("IMAP: imap_login_refused")
        with pytest.raises(ActionRequired) as caught:
            asyncio.run(go(form(real, imap_folder="Nowhere")))
        assert caught.value.code == "imap_folder_unknown"


def _moved(real):
    """Dovecot moves what it has seen from new to cur."""
    return sum(1 for _ in (real.mail / BRAND / "hello" / "cur").glob("*")) >= 3
