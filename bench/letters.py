"""The e-mail adaptor: letters a second to a mail server that takes everything. Beside aiosmtplib alone, over as many
connections, with one letter that was made and signed before: what the sockets give. In turns, the server counting.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiosmtplib
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.machine import spread
from onevoice.channels.email.adaptor import CHANNEL
from onevoice.channels.email.payloads import letter
from onevoice.channels.email.settings import read as read_settings
from onevoice.domains.delivery.contracts.messages import Content, Outgoing
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.ports import Tools
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.egress import Egress

PARAGRAPH = "<p>It comes between nine and noon, or to the shop, as you like it best.</p>"
HTML = f"<html><body>{PARAGRAPH * 140}</body></html>"


@contextmanager
def sink() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "bench.sink"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline()), process
    finally:
        process.kill()
        process.wait(timeout=20)


def outgoing(number: int) -> Outgoing:
    text = f"Order {number} is on its way."
    content = Content(text, html=HTML.replace("nine", f"nine ({number})", 1), subject=text)
    return Outgoing(MessageId(number), f"ov-{number}", f"p{number}@people.example", content)


def run(rounds: int, count: int) -> dict[str, object]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with sink() as (port, process):
        settings = {
            "from_address": "hello@n.example", "from_name": "Northfold", "smtp_host": "127.0.0.1", "smtp_port": port,
            "smtp_security": "none", "return_secret": "x" * 20, "dkim_selector": "ov1", "dkim_private_key": pem,
        }  # fmt: skip
        concurrency = CHANNEL.manifest.limits.concurrency
        known = read_settings(settings)
        one = letter(outgoing(1), known, SystemClock().now())
        assert b"DKIM-Signature" in one.data
        began = time.process_time()
        for number in range(200):
            letter(outgoing(number + 1), known, SystemClock().now())
        made_ms = (time.process_time() - began) * 5
        ours: list[float] = []
        limit: list[float] = []
        for _ in range(rounds):
            ours.append(count / asyncio.run(_ours(settings, port, count, concurrency)))
            limit.append(count / asyncio.run(_bare(port, one.sender, one.recipient, one.data, count, concurrency)))
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        taken, _ = process.stdout.readline().split()
        assert int(taken) == 2 * rounds * count, "letters were lost, or came twice"
    return {
        "letters": rounds * count,
        "letter_bytes": len(one.data),
        "connections": concurrency,
        "ours": spread(ours),
        "limit": spread(limit),
        "ratio": sorted(ours)[rounds // 2] / sorted(limit)[rounds // 2],
        "made_ms": made_ms,
    }


async def _ours(settings: dict[str, object], port: int, count: int, concurrency: int) -> float:
    egress = Egress(allowed=frozenset({f"127.0.0.1:{port}"}))
    adaptor = CHANNEL.open(settings, Tools(SystemClock(), SystemChance(), egress))
    numbers = iter(range(1, count + 1))

    async def send() -> None:
        for number in numbers:
            await adaptor.send(outgoing(number))

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(concurrency)))
    took = time.perf_counter() - began
    await adaptor.close()
    await egress.close()
    return took


async def _bare(port: int, sender: str, recipient: str, data: bytes, count: int, concurrency: int) -> float:
    numbers = iter(range(count))

    async def send() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as smtp:
            for _ in numbers:
                await smtp.sendmail(sender, [recipient], data)

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(concurrency)))
    return time.perf_counter() - began
