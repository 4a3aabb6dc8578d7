"""Files by e-mail the whole way: a sender's process, a mail server on loopback, the desk's API; no browser."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from delivery.street import ANNA, Street, open_street
from onevoice import bootstrap
from onevoice.domains.conversations.service import following, replying
from onevoice.kit.db import Database
from onevoice.kit.home import Home
from onevoice.web.settings import WebSettings
from web.asgi_client import ORIGIN, AsgiClient

PASSWORD = "correct horse battery"
HELLO = "hello@mail.n.example"
WAY = f"/api/conversations/email:{ANNA}"
DATA = b"%PDF-1.7\r\n.\r\n" + bytes(range(256)) * 300
"""Neither text nor lines: whatever is told of either would spoil it."""


@pytest.fixture
def street(database: Database, tmp_path: Any) -> Iterator[Street]:
    with open_street(database, Home(tmp_path / "home")) as made:
        yield made


@pytest.fixture
def olga(street: Street, monkeypatch: pytest.MonkeyPatch) -> AsgiClient:
    monkeypatch.setattr(replying, "UNDO", timedelta(0))
    login = {"login": "olga@shop.example", "password": PASSWORD}
    bootstrap.create_account(street.home, name="Olga", role="operator", language="en", **login)
    client = AsgiClient(bootstrap.api(street.home, WebSettings()))
    assert client.log_in(**login).status_code == 303
    return client


def writes(street: Street, olga: AsgiClient, *files: tuple[str, bytes]) -> dict[str, Any]:
    """Anna, by e-mail: her word as the thread has it."""
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"], letter["To"], letter["Message-ID"] = ANNA, HELLO, f"<f{len(files)}@kowalska.example>"
    letter.set_content("Do you see it?")
    for name, data in files:
        letter.add_attachment(data, maintype="image", subtype="png", filename=name)
    street.mail.put(HELLO, letter.as_bytes())
    street.until(street.heard)
    with street.home.database.transaction() as conn:
        following.follow(conn, clock=street.clock)
    (said,) = (each for each in olga.get(f"{WAY}/thread").json()["data"] if each["kind"] == "said")
    return said


def put_in(olga: AsgiClient, name: str, data: bytes) -> int:
    made = olga.change("POST", "/api/desk/files", {"name": name, "size_bytes": len(data)})
    assert made.status_code == 201, made.text
    kind = {"Content-Type": "application/octet-stream"}
    sent = {"Origin": ORIGIN, "X-Onevoice-Csrf": olga.cookies["onevoice_csrf"], **kind}
    way = f"/api/desk/files/{made.json()['id']}/pieces"
    for at in range(0, len(data), 50_000):
        piece = data[at : at + 50_000]
        came = olga.request("PUT", way, params={"offset": at}, content=piece, headers=sent)
        assert came.status_code == 200, came.text
    return int(made.json()["id"])


def test_what_comes_stands_in_the_thread_and_is_saved_as_it_was(street: Street, olga: AsgiClient) -> None:
    evil = "../../Счёт <img src=x onerror=alert(1)>.png"
    said = writes(street, olga, (evil, DATA), ("empty.png", b""))
    assert said["text"] == "Do you see it?"
    first, second = said["files"]
    assert (first["size_bytes"], first["state"], first["type"]) == (len(DATA), "kept", "application/pdf")
    assert "/" not in first["name"]
    assert second["name"] == "empty.png"
    answer = olga.get(f"/api/desk/files/{first['id']}/data")
    assert answer.content == DATA
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert not set("/\\<>") & set(answer.headers["content-disposition"])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Faktura VAT 11-2026.pdf", "Faktura VAT 11-2026.pdf"),
        ("Zażółć gęślą jaźń и ещё что-то очень длинное.pdf", "Zażółć gęślą jaźń и ещё что-то очень длинное.pdf"),
        ('..\\..\\x/y"\r\nBcc: all@evil.example\r\n.pdf', None),
    ],
    ids=["plain", "long", "evil"],
)
def test_what_goes_arrives_as_it_was(street: Street, olga: AsgiClient, name: str, safe: str | None) -> None:
    writes(street, olga)
    wanted = {"key": "k", "text": "Here it is.", "knows": 0, "files": [put_in(olga, name, DATA)]}
    asked = olga.change("POST", f"{WAY}/replies", wanted)
    assert asked.json()["state"] == "queued", asked.text
    street.until(lambda: street.mail.ledger)
    (taken,) = street.mail.ledger
    assert taken.recipient == ANNA
    letter = message_from_bytes(taken.raw, policy=policy.default)
    assert letter["Bcc"] is None
    assert "Here it is." in letter.get_body(("plain",)).get_content()
    (file,) = letter.iter_attachments()
    assert file.get_content() == DATA
    assert file.get_content_type() == "application/pdf"
    arrived = file.get_filename()
    assert safe is None or arrived == safe
    assert not {*arrived} & {"/", "\\", "\r", "\n"}
