"""Files from the console: uploaded, looked at, rehearsed, imported by the queue, undone, and imported again."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imports.workbooks import people
from onevoice import bootstrap
from onevoice.domains.access.service import keys
from onevoice.domains.events.contracts import LetterQuery
from onevoice.domains.events.errors import ImportClosedError
from onevoice.domains.events.service import log as events
from onevoice.domains.identity.contracts import AsOf
from onevoice.domains.identity.errors import UnknownProfileError
from onevoice.domains.identity.service import reading as identity
from onevoice.domains.imports import service
from onevoice.domains.imports.contracts import FileFormat, Import
from onevoice.domains.imports.errors import (
    AlreadyImportedError,
    DiskFullError,
    ImportStateError,
    UnknownImportError,
    UnreadableFileError,
    UploadOffsetError,
    UploadTooLargeError,
)
from onevoice.domains.imports.jobs import queue as queues
from onevoice.domains.imports.jobs import run
from onevoice.domains.profiles.service import reading
from onevoice.domains.profiles.service.sources import source_infos
from onevoice.kit.chance import SeededChance
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.home import Secrets

COLUMNS = {
    "Nr klienta": "userId",
    "Imię": "traits.first_name",
    "E-mail": "traits.email",
    "Telefon": "traits.phone",
    "Miasto": "traits.city",
}
CUSTOMERS = FileFormat("xlsx", columns=COLUMNS, content="customers")
SECRETS = Secrets(b"v" * 32, b"s" * 32, b"l" * 32)


class Desk:
    """An installation whose queue and linker work when they are told to."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.uploads = service.Uploads(folder, largest_bytes=2**20, spare_bytes=0)
        self.clock = SystemClock()
        self.home = bootstrap.Installation(database, SECRETS, self.clock, SeededChance(1))
        self.stop = threading.Event()
        self.queue = queues.Queue(database, self.uploads, self.clock, lambda: "minted", lambda: 0, "linker")
        with database.transaction() as conn:
            keys.create_key(
                conn,
                scope="write",
                name="old till",
                channel="shop",
                site="pl",
                clock=self.clock,
                chance=SeededChance(2),
            )
            [source] = keys.sources(conn).values()
        self.source = int(source.id)

    def upload(self, raw: bytes, name: str = "klienci.xlsx", piece: int = 700) -> int:
        with self.database.transaction() as conn:
            made = service.create(conn, self.uploads, name, len(raw), "anna", self.clock.now())
        for offset in range(0, len(raw), piece):
            self.put(made.id, offset, raw[offset : offset + piece])
        return made.id

    def put(self, import_id: int, offset: int, piece: bytes) -> Import:
        with self.database.transaction() as conn:
            return service.upload(conn, self.uploads, import_id, offset, piece, self.clock.now())

    def find(self, import_id: int) -> Import:
        with self.database.transaction() as conn:
            return service.find(conn, import_id)

    def rehearse(self, import_id: int, how: FileFormat = CUSTOMERS) -> Import:
        with self.database.transaction() as conn:
            service.rehearse(conn, self.uploads, import_id, self.source, how, self.clock.now())
        self.work()
        return self.find(import_id)

    def start(self, import_id: int) -> None:
        with self.database.transaction() as conn:
            service.start(conn, self.uploads, import_id, self.clock.now())

    def take(self, raw: bytes, how: FileFormat = CUSTOMERS, name: str = "klienci.xlsx") -> int:
        import_id = self.upload(raw, name)
        assert self.rehearse(import_id, how).state == "rehearsed"
        self.start(import_id)
        self.work()
        self.link()
        return import_id

    def undo(self, import_id: int) -> None:
        with self.database.transaction() as conn:
            service.undo(conn, import_id, "wrong file", "anna", self.clock.now())
        self.work()

    def work(self) -> None:
        while self.queue.step(self.stop):
            pass

    def link(self) -> None:
        with bootstrap.linking_steps(self.home) as step:
            while step():
                pass

    def view(self, reference: str) -> reading.View | None:
        with self.database.transaction() as conn:
            try:
                found = identity.profile(conn, reference, SECRETS.vault_key, AsOf())
            except UnknownProfileError:
                return None
            return reading.view_of(conn, found, as_of=AsOf(), sources=source_infos(conn))

    def traits(self, reference: str) -> dict[str, Any] | None:
        view = self.view(reference)
        return None if view is None else {name: value.value for name, value in view.current.items()}


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    return Desk(database, tmp_path / "imports")


class TestUpload:
    def test_pieces_make_the_file(self, desk: Desk) -> None:
        raw = people()
        import_id = desk.upload(raw)
        found = desk.find(import_id)
        assert (found.state, found.uploaded_bytes) == ("ready", len(raw))
        file = desk.uploads.file(import_id, found.name)
        assert file.read_bytes() == raw
        assert file.stat().st_mode & 0o077 == 0

    def test_a_piece_twice_changes_nothing_and_one_too_far_is_refused(self, desk: Desk) -> None:
        with desk.database.transaction() as conn:
            import_id = service.create(conn, desk.uploads, "a.csv", 10, "anna", desk.clock.now()).id
        desk.put(import_id, 0, b"12345")
        assert desk.put(import_id, 0, b"12345").uploaded_bytes == 5
        with pytest.raises(UploadOffsetError) as refused:
            desk.put(import_id, 7, b"89")
        assert refused.value.extra == {"offset": 5}
        with pytest.raises(UploadTooLargeError):
            desk.put(import_id, 5, b"6789012")
        assert desk.put(import_id, 5, b"67890").state == "ready"
        with pytest.raises(ImportStateError):
            desk.put(import_id, 10, b"1")

    def test_what_a_crash_left_behind_the_last_piece_is_written_over(self, desk: Desk) -> None:
        with desk.database.transaction() as conn:
            import_id = service.create(conn, desk.uploads, "a.csv", 4, "anna", desk.clock.now()).id
        with desk.database.transaction() as conn, conn.transaction(force_rollback=True):
            service.upload(conn, desk.uploads, import_id, 0, b"xxx", desk.clock.now())
        desk.put(import_id, 0, b"ab")
        desk.put(import_id, 2, b"cd")
        assert desk.uploads.file(import_id, "a.csv").read_bytes() == b"abcd"

    def test_too_large_too_full_or_of_no_kind(self, desk: Desk) -> None:
        full = service.Uploads(desk.uploads.folder, spare_bytes=2**60)
        with desk.database.transaction() as conn:
            for uploads, name, size, error in (
                (desk.uploads, "a.csv", 2**20 + 1, UploadTooLargeError),
                (full, "a.csv", 10, DiskFullError),
                (desk.uploads, "a.exe", 10, UnreadableFileError),
                (desk.uploads, "a.csv", 0, UnreadableFileError),
            ):
                with pytest.raises(error):
                    service.create(conn, uploads, name, size, "anna", desk.clock.now())

    @pytest.mark.parametrize("name", ["../../etc/passwd.csv", "a/../../b.xlsx", "x.csv\n.csv", "é.ЦСВ.csv"])
    def test_a_name_never_becomes_a_path(self, desk: Desk, name: str) -> None:
        assert desk.uploads.file(7, name).parent == desk.uploads.folder
        assert desk.uploads.file(7, name).name in {"7.csv", "7.xlsx"}

    def test_what_is_left_alone_is_thrown_away(self, desk: Desk) -> None:
        import_id = desk.upload(people())
        with desk.database.transaction() as conn:
            service.tidy(conn, desk.uploads, desk.clock.now())
            assert service.find(conn, import_id)
            service.tidy(conn, desk.uploads, desk.clock.now() + 2 * service.KEEP_UPLOADS)
            with pytest.raises(UnknownImportError):
                service.find(conn, import_id)
        assert list(desk.uploads.folder.iterdir()) == []


class TestLook:
    def test_columns_are_guessed_and_rows_shown(self, desk: Desk) -> None:
        found = desk.find(desk.upload(people()))
        seen = service.look(desk.uploads, found, CUSTOMERS)
        assert seen.guessed == COLUMNS
        assert seen.rows[0] == ["k0", "Anna0", "anna0@poczta.example", "48600000000", "Łódź"]
        assert seen.sheets == ["Klienci"]

    def test_an_encoding_is_guessed(self, desk: Desk) -> None:
        for text, encoding in (("Imię;Miasto\nŻółć;Łódź\n", "cp1250"), ("Имя;Город\nАнна;Тверь\n", "cp1251")):
            found = desk.find(desk.upload(text.encode(encoding), "a.csv"))
            assert service.guess_encoding(desk.uploads, found) == encoding
            how = FileFormat("csv", encoding, content="customers")
            assert service.look(desk.uploads, found, how).rows == [text.split("\n")[1].split(";")]


class TestRehearsal:
    def test_it_counts_and_takes_nothing(self, desk: Desk) -> None:
        raw = "userId,traits.email,timestamp\nu1,a@b.pl,2025-03-01\n,,2025-03-01\nu2,,kiedyś\n".encode()
        found = desk.rehearse(desk.upload(raw, "a.csv"), FileFormat("csv", content="customers"))
        assert found.report is not None
        assert (found.state, found.report["taken"], found.report["refused"]) == ("rehearsed", 1, 2)
        assert [row[:2] for row in found.report["rows"]] == [[2, "no_identifier"], [3, "unreadable_record"]]
        desk.link()
        assert desk.view("user_id:u1") is None

    def test_nothing_starts_that_was_not_rehearsed(self, desk: Desk) -> None:
        import_id = desk.upload(people())
        with pytest.raises(ImportStateError, match="Rehearse"):
            desk.start(import_id)

    def test_columns_that_cannot_be_are_refused_at_once(self, desk: Desk) -> None:
        how = FileFormat("xlsx", columns={**COLUMNS, "Miasto": "traits.email"}, content="customers")
        with pytest.raises(UnreadableFileError, match="Two columns"):
            desk.rehearse(desk.upload(people()), how)

    def test_a_file_that_breaks_off_fails_in_words(self, desk: Desk) -> None:
        raw = b"userId,traits.city\n" + b"u1,a\n" * 30 + b'u2,"' + b"x" * 200_000 + b"\n"
        found = desk.rehearse(desk.upload(raw, "a.csv", 100_000), FileFormat("csv", content="customers"))
        assert found.state == "failed"
        assert "near line" in (found.problem or "")


class TestImport:
    def test_a_workbook_of_customers(self, desk: Desk) -> None:
        import_id = desk.take(people(40))
        found = desk.find(import_id)
        assert (found.state, found.records, found.taken, found.refused) == ("finished", 40, 40, 0)
        assert desk.traits("phone:+48600000007") == {
            "first_name": "Anna7",
            "email": "anna7@poczta.example",
            "phone": "48600000007",
            "city": "Łódź",
        }
        assert not desk.uploads.file(import_id, found.name).exists()

    def test_orders_count_as_money(self, desk: Desk) -> None:
        raw = "Klient;Data;Kwota;Waluta\nu1;1.03.2025 10:00;1 234,50;PLN\nu1;2.03.2025;10;PLN\n".encode("cp1250")
        columns = {
            "Klient": "userId",
            "Data": "timestamp",
            "Kwota": "properties.total",
            "Waluta": "properties.currency",
        }
        desk.take(raw, FileFormat("csv", "cp1250", columns, content="orders"), "zamówienia.csv")
        view = desk.view("user_id:u1")
        assert view is not None
        assert view.counters["Order Completed"].count == 2
        assert view.spend == {"PLN": (2, 124_450)}

    def test_the_same_file_twice_is_refused_and_names_the_first(self, desk: Desk) -> None:
        first = desk.take(people())
        again = desk.upload(people())
        desk.rehearse(again)
        with pytest.raises(AlreadyImportedError) as refused:
            desk.start(again)
        assert refused.value.extra == {"import_id": str(first)}

    def test_the_same_customers_exported_again_are_another_file_but_the_same_people(self, desk: Desk) -> None:
        first = desk.take(people())
        assert desk.take(people(saved=(2026, 1, 1, 0, 0, 2))) != first
        view = desk.view("user_id:k1")
        assert view is not None
        assert view.counters["identify"].count == 2
        assert {name: value.value for name, value in view.current.items()} == desk.traits("phone:+48600000001")

    def test_a_worker_that_dies_goes_on_where_it_was(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "CHUNK_EVENTS", 10)
        import_id = desk.upload(people(35))
        desk.rehearse(import_id)
        desk.start(import_id)
        real, calls = run.store.move, iter(range(2))

        def dies(*given: Any) -> None:
            if next(calls, None) is None:
                raise MemoryError
            real(*given)

        with monkeypatch.context() as patch:
            patch.setattr(run.store, "move", dies)
            with pytest.raises(MemoryError):
                desk.work()
        assert (desk.find(import_id).state, desk.find(import_id).records) == ("running", 20)
        desk.work()
        desk.link()
        assert (desk.find(import_id).state, desk.find(import_id).taken) == ("finished", 35)
        view = desk.view("user_id:k7")
        assert view is not None
        assert view.counters["identify"].count == 1

    def test_what_fails_for_ever_is_laid_aside(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        import_id = desk.upload(people())
        desk.rehearse(import_id)
        desk.start(import_id)

        def dies(*_: Any) -> None:
            raise MemoryError

        monkeypatch.setattr(run.store, "move", dies)
        assert desk.queue.step(desk.stop, final=True)
        assert desk.find(import_id).state == "failed"

    def test_it_stops_when_told_and_goes_on(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "CHUNK_EVENTS", 10)
        import_id = desk.upload(people(35))
        desk.rehearse(import_id)
        desk.start(import_id)
        real = run.store.move

        def told(conn: Any, state: Any, *more: Any) -> None:
            real(conn, state, *more)
            if state.records == 20:
                service.stop(conn, import_id, desk.clock.now())

        with monkeypatch.context() as patch:
            patch.setattr(run.store, "move", told)
            desk.work()
        assert (desk.find(import_id).state, desk.find(import_id).records) == ("stopped", 20)
        desk.start(import_id)
        desk.work()
        assert (desk.find(import_id).state, desk.find(import_id).records) == ("finished", 35)


class TestUndo:
    def test_it_is_as_though_it_had_never_come_and_may_come_again(self, desk: Desk) -> None:
        before = people(3)
        kept = desk.take(before, name="a.xlsx")
        import_id = desk.take(people(30), name="b.xlsx")
        assert desk.view("user_id:k20") is not None
        desk.undo(import_id)
        found = desk.find(import_id)
        assert (found.state, found.undone, found.undo_total, found.undo_reason) == ("undone", 30, 30, "wrong file")
        assert desk.view("user_id:k20") is None
        assert desk.view("email:anna20@poczta.example") is None
        first = desk.view("user_id:k1")
        assert first is not None
        assert first.counters["identify"].count == 1
        again = desk.take(people(30), name="b.xlsx")
        assert again != import_id
        assert desk.find(again).taken == 30
        assert desk.view("user_id:k20") is not None
        assert desk.find(kept).state == "finished"

    def test_its_dead_letters_go_with_it(self, desk: Desk) -> None:
        raw = b"userId,timestamp\nu1,2025-03-01\nu2,some day\n"
        how = FileFormat("csv", content="customers")
        import_id = desk.take(raw, how, "a.csv")
        assert letters(desk) == ["unreadable_record"]
        desk.undo(import_id)
        assert letters(desk) == []
        desk.take(raw, how, "a.csv")
        assert letters(desk) == ["unreadable_record"]

    def test_a_replayed_letter_of_it_goes_too(self, desk: Desk) -> None:
        raw = b'{"type":"track","userId":"u1","messageId":"m1"}\n{"type":"identify","userId":"u2"}\n'
        import_id = desk.take(raw, FileFormat("ndjson"), "a.ndjson")
        with desk.database.transaction() as conn:
            conn.execute("update events.dead_letter set event = replace(event, '\"track\"', '\"identify\"')")
            [letter] = events.dead_letters(conn, LetterQuery(), 5)
            assert events.replay(conn, letter.id, now=desk.clock.now()).state == "replayed"
        desk.link()
        assert desk.view("user_id:u1") is not None
        desk.undo(import_id)
        assert desk.view("user_id:u1") is None

    def test_no_letter_of_it_is_replayed_once_the_undo_has_begun(self, desk: Desk) -> None:
        import_id = desk.take(b'{"type":"track","userId":"u1"}\n', FileFormat("ndjson"), "a.ndjson")
        with desk.database.transaction() as conn:
            service.undo(conn, import_id, "wrong", "anna", desk.clock.now())
            [letter] = events.dead_letters(conn, LetterQuery(), 5)
            with pytest.raises(ImportClosedError, match=f"import {import_id}"):
                events.replay(conn, letter.id, now=desk.clock.now())
        desk.work()
        assert letters(desk) == []

    def test_a_letter_that_was_replayed_at_the_same_time_is_waited_for(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw = b'{"type":"track","userId":"u1","messageId":"m1"}\n{"type":"identify","userId":"u2"}\n'
        import_id = desk.take(raw, FileFormat("ndjson"), "a.ndjson")
        with desk.database.transaction() as conn:
            conn.execute("update events.dead_letter set event = replace(event, '\"track\"', '\"identify\"')")
            [letter] = events.dead_letters(conn, LetterQuery(), 5)
        real, seen = events.is_read_of_import, list[bool]()

        def committed_late(conn: Any, *more: Any) -> bool:
            seen.append(real(conn, *more))
            if len(seen) == 1:
                with monkeypatch.context() as patch, desk.database.transaction() as other:
                    patch.setattr(events.store, "is_closed", lambda *_: False)
                    assert events.replay(other, letter.id, now=desk.clock.now()).state == "replayed"
            return seen[-1]

        monkeypatch.setattr(events, "is_read_of_import", committed_late)
        monkeypatch.setattr(desk.stop, "wait", lambda _: desk.link())
        desk.undo(import_id)
        assert seen == [True, False, True]
        assert desk.find(import_id).state == "undone"
        assert desk.view("user_id:u1") is None

    def test_what_is_still_to_be_linked_is_waited_for(self, desk: Desk) -> None:
        import_id = desk.upload(people(5))
        desk.rehearse(import_id)
        desk.start(import_id)
        desk.work()
        with desk.database.transaction() as conn:
            service.undo(conn, import_id, "wrong", "anna", desk.clock.now())
        worker = threading.Thread(target=desk.work)
        worker.start()
        desk.link()
        worker.join(20)
        assert not worker.is_alive()
        assert desk.find(import_id).state == "undone"
        assert desk.view("user_id:k1") is None

    def test_one_that_was_stopped_can_be_undone_but_one_that_runs_cannot(self, desk: Desk) -> None:
        import_id = desk.upload(people(5))
        with pytest.raises(ImportStateError):
            desk.undo(import_id)

    def test_what_two_files_say_stays_while_one_stands(self, desk: Desk) -> None:
        event = b'{"type":"identify","userId":"u1","messageId":"m1","traits":{"city":"Gdansk"}}\n'
        first = desk.take(event, FileFormat("ndjson"), "a.ndjson")
        second = desk.take(event + event.replace(b"m1", b"m2").replace(b"u1", b"u2"), FileFormat("ndjson"), "b.ndjson")
        desk.undo(first)
        assert desk.traits("user_id:u1") == {"city": "Gdansk"}
        desk.undo(second)
        assert desk.view("user_id:u1") is None
        assert desk.view("user_id:u2") is None


def letters(desk: Desk) -> list[str]:
    with desk.database.transaction() as conn:
        return [letter.code for letter in events.dead_letters(conn, LetterQuery(), 50)]
