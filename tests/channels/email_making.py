"""Settings, keys and messages for the tests of e-mail, and real mail servers with configurations of their own."""

import datetime as dt
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from onevoice.channels.email.adaptor import CHANNEL, EmailAdaptor
from onevoice.channels.email.payloads import letter
from onevoice.channels.email.reading import Arrived, read
from onevoice.channels.email.reports import Ours
from onevoice.channels.email.settings import EmailSettings
from onevoice.channels.email.settings import read as read_settings
from onevoice.domains.delivery.contracts.channels import Receipt, Said
from onevoice.domains.delivery.contracts.messages import Content, Outgoing
from onevoice.domains.delivery.contracts.names import MessageId
from onevoice.domains.delivery.ports import Tools
from onevoice.kit.chance import SystemChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.egress import Egress

AT = dt.datetime(2026, 11, 27, 9, 30, tzinfo=dt.UTC)
BRAND = "northfold.example"
PASSWORD = "as-long-as-it-takes"


def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


RSA_KEY = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
ED25519_KEY = pem(ed25519.Ed25519PrivateKey.generate())


def given(smtp_port: int = 25, imap_port: int | None = None, **more: Any) -> dict[str, Any]:
    """Settings as a form gives them."""
    found: dict[str, Any] = {
        "from_address": f"hello@{BRAND}",
        "from_name": "Northfold",
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_security": "none",
        "return_secret": "x" * 20,
    }
    if imap_port is not None:
        found |= {
            "imap_host": "127.0.0.1",
            "imap_port": imap_port,
            "imap_security": "none",
            "imap_username": f"hello@{BRAND}",
            "imap_password": PASSWORD,
        }
    return {**found, **more}


def settings(**more: Any) -> EmailSettings:
    return read_settings(given(**more))


def tools(*ports: int) -> Tools:
    return Tools(SystemClock(), SystemChance(), Egress(allowed=frozenset(f"127.0.0.1:{port}" for port in ports)))


def opened(found: Mapping[str, Any]) -> EmailAdaptor:
    adaptor = CHANNEL.open(found, tools(found["smtp_port"], found.get("imap_port", 1)))
    assert isinstance(adaptor, EmailAdaptor)
    return adaptor


def outgoing(number: int = 42, address: str = "anna@people.example", **more: Any) -> Outgoing:
    content = more.pop("content", Content("Hello Anna", html="<p>Hello Anna</p>", subject="Your order"))
    return Outgoing(MessageId(number), f"key{number}", address, content, **{"at": AT, **more})


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def until(condition, seconds: float = 15) -> Any:
    """What the condition gives once it gives something."""
    ends_at = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends_at, "it never came"
        time.sleep(0.05)
    return found


def certificate(folder: Path, host: str = "mail.northfold.example") -> tuple[Path, ssl.SSLContext]:
    """A file with a self-signed certificate and its key, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM).decode()
    file = folder / "both.pem"
    file.write_text(pem(key) + text)
    return file, ssl.create_default_context(cadata=text)


# What arrives

SETTINGS = settings()
OURS = Ours(SETTINGS.returns, SETTINGS.return_key, BRAND)
SENT = letter(outgoing(42), SETTINGS, AT)
TO = SENT.sender


def arrived(raw):
    if isinstance(raw, str):
        raw = raw.replace("\n", "\r\n").encode()
    return Arrived(raw, len(raw), AT)


def heard(raw):
    return read(arrived(raw), OURS)


def said(raw) -> Said:
    (found,) = heard(raw)
    assert isinstance(found, Said)
    return found


def receipt(raw) -> Receipt:
    (found,) = heard(raw)
    assert isinstance(found, Receipt)
    return found


def written(text="Hello", *, html=None, **headers):
    message = EmailMessage()
    message["From"] = headers.pop("From", "Anna <anna@people.example>")
    message["To"] = headers.pop("To", f"hello@{BRAND}")
    message["Subject"] = headers.pop("Subject", "Size")
    message["Message-ID"] = headers.pop("Message_ID", "<a1@people.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


# Real servers


@dataclass(frozen=True)
class Peers:
    """Postfix and Dovecot over the same maildirs. context: trusts their certificate, which is of `host`."""

    smtp: int
    imap: int
    mail: Path
    host: str
    context: ssl.SSLContext
    log: Path

    def letters(self, address: str) -> list[bytes]:
        local, _, domain = address.partition("@")
        return [file.read_bytes() for file in sorted((self.mail / domain / local / "new").glob("*"))]


_MAIN = """
compatibility_level = 3.6
config_directory = {etc}
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
myhostname = mail.northfold.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access texthash:{etc}/refused, permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
smtpd_tls_chain_files = {certificate}
recipient_delimiter = +
virtual_mailbox_domains = northfold.example, people.example
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{etc}/boxes
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
alias_maps =
alias_database =
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
_BOXES = """
hello@northfold.example northfold.example/hello/
bounce@northfold.example northfold.example/hello/
anna@people.example people.example/anna/
"""
_DOVECOT = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
mail_location = maildir:{root}/mail/northfold.example/hello
first_valid_uid = 1
mailbox_idle_check_interval = 1 s
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@contextmanager
def peers() -> Iterator[Peers]:
    """Both servers, on loopback, with nothing of the machine's own configuration."""
    root = Path(tempfile.mkdtemp(prefix="ov-mail-"))
    root.chmod(0o755)
    for name in ("etc", "queue", "data", "mail", "run", "state", "home"):
        (root / name).mkdir()
    user = pwd.getpwnam("postfix")
    for name in ("data", "mail", "home"):
        os.chown(root / name, user.pw_uid, user.pw_gid)
    file, context = certificate(root)
    known = {"root": root, "etc": root / "etc", "certificate": file, "uid": user.pw_uid, "gid": user.pw_gid}
    smtp, imap = free_port(), free_port()
    (root / "etc" / "main.cf").write_text(_MAIN.format(**known))
    (root / "etc" / "master.cf").write_text(_MASTER.format(port=smtp))
    (root / "etc" / "boxes").write_text(_BOXES)
    (root / "etc" / "refused").write_text("gone@people.example 550 5.1.1 No such user here\n")
    (root / "dovecot.conf").write_text(_DOVECOT.format(**known, port=imap, password=PASSWORD))
    postfix = subprocess.Popen(
        ["postfix", "-c", root / "etc", "start-fg"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    dovecot = subprocess.Popen(
        ["dovecot", "-F", "-c", root / "dovecot.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: _greets(smtp) and _greets(imap), 60)
        yield Peers(smtp, imap, root / "mail", "mail.northfold.example", context, root)
    finally:
        for process in (dovecot, postfix):
            process.terminate()
        for process in (dovecot, postfix):
            process.wait(20)
        shutil.rmtree(root)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as sock:
            sock.settimeout(5)
            return bool(sock.recv(100))
    except OSError:
        return False
