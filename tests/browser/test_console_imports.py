"""Imports and rejected events, as a marketer with a spreadsheet meets them."""

import json
import re
import uuid
from typing import Any

import pytest
from browser_tools import DESK, LANGUAGES, PHONE, SCHEMES, axe_violations, keep
from playwright.sync_api import Page, expect

from imports.workbooks import number, sheet, text, workbook

pytestmark = pytest.mark.browser


def customers(run: str, rows: int = 40) -> bytes:
    head = [text(each) for each in ("Nr klienta", "Imię", "Nazwisko", "E-mail", "Telefon", "Miasto", "Uwagi")]
    people = [
        [
            text(f"{run}-{n}"),
            text(("Zofia", "Anna", "Jan", "Piotr")[n % 4]),
            text(("Dąbrowska", "Kowalska", "Nowak", "Wójcik")[n % 4]),
            text(f"{run}.{n}@poczta.example"),
            number(f"48600{int(run, 16) % 900:03d}{n:03d}"),
            text(("Gdańsk", "Łódź", "Kraków")[n % 3]),
            text("stały klient"),
        ]
        for n in range(rows)
    ]
    return workbook({"Klienci": sheet(head, *people)})


def new_run() -> str:
    return uuid.uuid4().hex[:6]


def choose(page: Page, name: str, raw: bytes) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": raw}
    )
    page.wait_for_url(re.compile(r"/data/imports/\d+"))


def rehearse(page: Page) -> None:
    page.get_by_label("Source").select_option(index=1)
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_text("Nothing has been taken yet.")).to_be_visible(timeout=20_000)


class TestImport:
    def test_a_workbook_goes_in_and_is_taken_back(self, open_page: Any, live_server: Any) -> None:
        run = new_run()
        page = open_page("/data/imports")
        choose(page, "klienci.xlsx", customers(run))
        expect(page.get_by_label("What the column Telefon means")).to_have_value("traits.phone")
        expect(page.get_by_label("What the column Uwagi means")).to_have_value("")
        expect(page.get_by_text("Łódź").first).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "imports-mapping")
        rehearse(page)
        expect(page.get_by_text("Every record can be taken.")).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "imports-rehearsed")
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=20_000)
        live_server.settle()
        assert live_server.get(f"/api/profiles/user_id:{run}-7").status_code == 200
        assert live_server.get("/api/profiles", query=f"{run}.7@poczta.example").json()["data"]
        keep(page, "imports-finished")
        page.get_by_role("button", name="Undo").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="Undo")).to_be_disabled()
        dialog.get_by_label("Why").fill("The wrong list")
        assert axe_violations(page) == []
        keep(page, "imports-undo")
        dialog.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("40 events taken back")).to_be_visible(timeout=20_000)
        keep(page, "imports-undone")
        live_server.settle()
        assert live_server.get(f"/api/profiles/user_id:{run}-7").status_code == 404
        assert not live_server.get("/api/profiles", query=f"{run}.7@poczta.example").json()["data"]

    def test_refused_rows_are_told_with_reasons_and_a_csv(self, open_page: Any) -> None:
        run = new_run()
        page = open_page("/data/imports")
        raw = f"ID;E-mail;Data\n{run};a{run}@b.pl;1.03.2025\n{run}x;;kiedyś\n;;2.03.2025\n".encode("cp1250")
        choose(page, "lista.csv", raw)
        page.get_by_label("What the column Data means").select_option("timestamp")
        rehearse(page)
        expect(page.get_by_text("Some records cannot be taken")).to_be_visible()
        expect(page.get_by_text("Names nobody")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_text("Download as CSV").click()
        told = download.value.path().read_text()
        assert "unreadable_record" in told
        assert told.startswith("record,code,reason")
        keep(page, "imports-refused")

    def test_a_wrong_file_is_refused_in_words(self, open_page: Any) -> None:
        page = open_page("/data/imports")
        page.locator("input[type=file]").set_input_files({"name": "a.pdf", "mimeType": "a/b", "buffer": b"%PDF"})
        expect(page.get_by_role("alert")).to_contain_text("should end in .csv")
        choose(page, "zepsuty.xlsx", b"PK\x03\x04 broken")
        expect(page.get_by_role("alert")).to_contain_text("no whole .xlsx")
        page.get_by_role("button", name="Discard").click()
        page.wait_for_url(re.compile(r"/data/imports$"))
        expect(page.get_by_text("zepsuty.xlsx")).to_have_count(0)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_speaks_the_readers_language(self, open_page: Any, language: str) -> None:
        for scheme in SCHEMES:
            page = open_page("/data/imports", language=language, scheme=scheme)
            choose(page, "klienci.xlsx", customers(new_run()))
            expect(page.locator(".imports-preview tbody tr")).to_have_count(8)
            assert axe_violations(page) == []
            keep(page, f"imports-mapping-{language}-{scheme}")
            page.goto("/data/imports")
            expect(page.locator(".table tbody tr").first).to_be_visible()
            assert axe_violations(page) == []
            keep(page, f"imports-{language}-{scheme}")
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            keep(page, f"imports-{language}-{scheme}-phone")
            page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


class TestRejected:
    def test_one_is_read_and_replayed_and_all_that_match(self, open_page: Any, live_server: Any) -> None:
        run = new_run()
        live_server.send(
            *(
                {"type": "track", "userId": f"{run}{n}", "messageId": f"{run}-{n}", "properties": {"n": n}}
                for n in range(3)
            ),
            {"type": "track", "event": "Product Viewed", "messageId": f"{run}-nobody"},
        )
        page = open_page("/data/rejected")
        page.get_by_label("Reason").select_option("event_missing")
        expect(page.locator(".table tbody tr")).to_have_count(3)
        assert axe_violations(page) == []
        keep(page, "rejected")
        page.get_by_role("button", name="No event name").first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text(f'"messageId": "{run}-2"')).to_be_visible()
        assert axe_violations(page) == []
        keep(page, "rejected-one")
        dialog.get_by_role("button", name="Replay").click()
        expect(page.get_by_text("It still cannot be taken: No event name.")).to_be_visible()
        dialog.get_by_role("button", name="Close").last.click()
        page.get_by_role("button", name="Replay 3 events").click()
        page.get_by_role("dialog").get_by_role("button", name="Replay").click()
        expect(page.get_by_text("3 still cannot be taken and stay here.")).to_be_visible()
        keep(page, "rejected-replayed")

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_speaks_the_readers_language(self, open_page: Any, live_server: Any, language: str) -> None:
        live_server.send({"type": "track", "userId": "u", "messageId": new_run()})
        for scheme in SCHEMES:
            page = open_page("/data/rejected", language=language, scheme=scheme)
            expect(page.locator(".table tbody tr").first).to_be_visible()
            assert axe_violations(page) == []
            keep(page, f"rejected-{language}-{scheme}")
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            keep(page, f"rejected-{language}-{scheme}-phone")
        page.goto("/data/rejected?code=group_id_missing&state=replayed")
        expect(page.locator(".empty")).to_be_visible()
        assert axe_violations(page) == []

    def test_what_was_sent_is_never_markup(self, open_page: Any, live_server: Any) -> None:
        hostile = "<img src=x onerror=document.title='owned'>"
        live_server.send({"type": hostile, "userId": hostile, "messageId": new_run(), "event": hostile})
        page = open_page("/data/rejected")
        page.get_by_role("button", name="Unknown type").first.click()
        expect(page.get_by_role("dialog").get_by_label("As it came")).to_contain_text(json.dumps(hostile)[1:20])
        assert page.title() != "owned"
