"""Importing files: what a record becomes, and that each event is taken once, whatever stops the import."""

import gzip
import threading
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.events_factory import read_all
from onevoice.domains.events.service import log as service
from onevoice.domains.imports.contracts import FileFormat, ImportReport
from onevoice.domains.imports.errors import ImportRunningError, UnreadableFileError
from onevoice.domains.imports.jobs import run as jobs
from onevoice.domains.imports.rules import files, records
from onevoice.kit import jsons
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database

LINES = FileFormat("ndjson")
TABLE = FileFormat("csv")
CLOCK = SystemClock()


def row(header: str, cells: str, zone: str = "UTC", **named: str) -> Any:
    places = files.columns(header.split(","), named)
    return files.event_of_row(1, cells.split(","), places, ZoneInfo(zone))


def without_id(event: Any) -> Any:
    return {key: value for key, value in event.items() if key != "messageId"}


class TestRows:
    def test_columns_are_fields(self) -> None:
        event = row(
            "type,event,userId,timestamp,properties.price,properties.sku,context.traits.phone",
            "track,Bought,u1,2026-01-02T10:00:00Z,12.50,00123,0048600",
        )
        assert without_id(event) == {
            "type": "track",
            "event": "Bought",
            "userId": "u1",
            "timestamp": "2026-01-02T10:00:00+00:00",
            "properties": {"price": 12.5, "sku": "00123"},
            "context": {"traits": {"phone": "0048600"}},
        }

    def test_others_are_named_and_left_out(self) -> None:
        event = row("Klient,E-mail,Uwagi", "u1,a@b.pl,x", **{"Klient": "userId", "E-mail": "traits.email", "Uwagi": ""})
        assert without_id(event) == {"userId": "u1", "traits": {"email": "a@b.pl"}, "type": "identify"}

    def test_empty_cells_say_nothing(self) -> None:
        assert without_id(row("userId,event,properties.size", "u1,Seen, ")) == {
            "userId": "u1",
            "event": "Seen",
            "type": "track",
        }

    @pytest.mark.parametrize(
        ("header", "named", "says"),
        [
            ("Klient", {}, "--column 'Klient=properties.Klient'"),
            ("userId", {"Kleint": "userId"}, "There is no column 'Kleint'"),
            ("userId,id", {"id": "userId"}, "Two columns go to userId"),
            ("userId,properties.a,properties.a.b", {}, "properties.a cannot be a value and hold others"),
            ("userId,properties", {}, "'properties' is no field"),
            ("x", {"x": ""}, "No column is left"),
        ],
    )
    def test_what_cannot_be_says_what_to_do(self, header: str, named: dict[str, str], says: str) -> None:
        with pytest.raises(UnreadableFileError, match=says.replace("(", "[(]")):
            files.columns(header.split(","), named)

    def test_a_row_of_another_length_is_no_event(self) -> None:
        found = row("userId,event", "u1")
        assert isinstance(found, files.Unreadable)
        assert found.code == "unreadable_record"

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("2026-07-01 10:00", "2026-07-01T08:00:00+00:00"),
            ("2026-07-01T10:00:00Z", "2026-07-01T10:00:00+00:00"),
            ("1.07.2026 10:00", "2026-07-01T08:00:00+00:00"),
            ("01.12.2026", "2026-11-30T23:00:00+00:00"),
            ("1782892800", "2026-07-01T08:00:00+00:00"),
        ],
    )
    def test_times(self, written: str, read: str) -> None:
        assert row("userId,timestamp", f"u1,{written}", "Europe/Warsaw")["timestamp"] == read

    @pytest.mark.parametrize("written", ["yesterday", "31/12/2026", "32.12.2026", "12", "0001-01-01 00:00"])
    def test_a_time_that_is_none_makes_no_event_of_now(self, written: str) -> None:
        found = row("userId,timestamp", f"u1,{written}", "Europe/Warsaw")
        assert isinstance(found, files.Unreadable)
        assert written in found.reason

    @pytest.mark.parametrize("stamped", ["timestamp", "originalTimestamp"])
    def test_an_export_of_segments_keeps_its_time(self, stamped: str) -> None:
        """A sender's clock is corrected by when it sent; of a file that is read years later that makes nonsense."""
        event = {"userId": "u", "type": "identify", "sentAt": "2024-01-02T00:00:01Z", stamped: "2024-01-02T00:00:00Z"}
        read = files.event_of_line(1, jsons.encode(event), UTC)
        assert isinstance(read, dict)
        assert read["timestamp"] == "2024-01-02T00:00:00+00:00"
        assert not {"sentAt", "originalTimestamp"} & read.keys()

    @given(st.lists(st.text(max_size=8), min_size=2, max_size=2))
    def test_the_same_is_one_and_other_things_are_others(self, names: list[str]) -> None:
        one, other = (files.identified({"type": "track", "event": name})["messageId"] for name in names)
        assert (one == other) == (names[0] == names[1])


@pytest.fixture
def taken(database: Database) -> Callable[..., ImportReport]:
    def take(path: Path, how: FileFormat = LINES, **more: Any) -> ImportReport:
        given: dict[str, Any] = {
            "mint": lambda: "minted",
            "waiting": lambda: 0,
            "clock": CLOCK,
            "stop": threading.Event(),
            "progress": lambda _: None,
        }
        return jobs.run_import(database, path, how, 1, **{**given, **more})

    return take


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "CHUNK_EVENTS", 10)
    monkeypatch.setattr(jobs, "FRAME_EVENTS", 4)
    return


def lines(path: Path, *events: dict[str, Any] | str) -> Path:
    path.write_bytes(b"".join((e.encode() if isinstance(e, str) else jsons.encode(e)) + b"\n" for e in events))
    return path


def seen(number: int) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "userId": "u", "messageId": f"m{number:03d}"}


WANTED = [f"m{number:03d}" for number in range(95)]


class TestImport:
    def test_bad_records_are_laid_aside_and_the_others_taken(self, database: Database, tmp_path: Path, taken) -> None:
        report = taken(lines(tmp_path / "a.ndjson", seen(0), "{not json", "", "[1]", {"type": "track"}, seen(1)))
        assert read_all(database) == ["m000", "m001"]
        assert (report.records, report.taken, report.refused, report.finished) == (5, 2, 3, True)
        assert report.codes == {"unreadable_record": 2, "event_missing": 1}
        with database.transaction() as conn:
            codes = [row[0] for row in conn.execute("select code from events.dead_letter order by id")]
        assert sorted(codes) == ["event_missing", "unreadable_record", "unreadable_record"]

    @pytest.mark.parametrize("fails_after", range(1, 11))
    def test_each_once_however_often_it_is_stopped(
        self, database: Database, tmp_path: Path, taken, fails_after: int
    ) -> None:
        path = lines(tmp_path / "a.ndjson", *(seen(number) for number in range(95)))
        chunks = iter(range(fails_after))

        def progress(_: ImportReport) -> None:
            if next(chunks, None) == fails_after - 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            taken(path, progress=progress)
        report = taken(path)
        assert report.before == min(10 * fails_after, 95)
        assert read_all(database) == WANTED
        assert taken(path).records == 0
        assert read_all(database) == []

    def test_stopped_in_the_middle_of_a_transaction(
        self, database: Database, tmp_path: Path, taken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = lines(tmp_path / "a.ndjson", *(seen(number) for number in range(95)))
        real, calls = jobs.store.move, iter(range(4))

        def move(*given: Any) -> None:
            if next(calls, None) == 3:
                raise ZeroDivisionError
            real(*given)

        monkeypatch.setattr(jobs.store, "move", move)
        with pytest.raises(ZeroDivisionError):
            taken(path)
        assert len(read_all(database)) == 30
        taken(path)
        assert len(read_all(database)) == 65

    def test_a_wish_to_stop_ends_after_the_chunk_at_hand(self, database: Database, tmp_path: Path, taken) -> None:
        path = lines(tmp_path / "a.ndjson", *(seen(number) for number in range(95)))
        stop = threading.Event()
        report = taken(path, stop=stop, progress=lambda _: stop.set())
        assert (report.records, report.finished) == (10, False)
        assert taken(path).records == 85
        assert read_all(database) == WANTED

    def test_two_at_once_do_not_double_it(self, database: Database, tmp_path: Path, taken) -> None:
        path = lines(tmp_path / "a.ndjson", *(seen(number) for number in range(95)))
        inner: list[ImportReport] = []

        def progress(report: ImportReport) -> None:
            if report.records == 20:
                inner.append(taken(path))

        with pytest.raises(ImportRunningError):
            taken(path, progress=progress)
        assert inner[0].records == 75
        assert read_all(database) == WANTED

    def test_again_takes_the_same_events_by_the_same_names(self, database: Database, tmp_path: Path, taken) -> None:
        path = lines(tmp_path / "a.ndjson", {"type": "track", "event": "Seen", "userId": "u"})
        taken(path)
        first = read_all(database)
        taken(path, again=True)
        assert read_all(database) == first  # the linker drops what it has seen

    def test_the_same_file_of_another_source_is_another(self, database: Database, tmp_path: Path, taken) -> None:
        path = lines(tmp_path / "a.ndjson", seen(0))
        taken(path)
        path.rename(tmp_path / "b.ndjson")
        assert taken(tmp_path / "b.ndjson").before == 1
        lines(tmp_path / "b.ndjson", seen(0), seen(1))
        assert taken(tmp_path / "b.ndjson").records == 2

    def test_it_waits_while_others_wait_to_be_linked(self, tmp_path: Path, taken, monkeypatch) -> None:
        monkeypatch.setattr(jobs, "PACE_SECONDS", 0.001)
        left = iter([50_000, 40_000, 30_000, 10_000])
        taken(lines(tmp_path / "a.ndjson", seen(0)), waiting=lambda: next(left, 0))
        assert next(left, None) is None

    def test_but_not_for_ever_where_nobody_links(self, tmp_path: Path, taken, monkeypatch) -> None:
        monkeypatch.setattr(jobs, "PACE_SECONDS", 0.001)
        monkeypatch.setattr(jobs, "NOBODY_LINKS_SECONDS", 0.02)
        assert taken(lines(tmp_path / "a.ndjson", seen(0)), waiting=lambda: 50_000).finished


class TestFiles:
    def test_a_table_of_a_spreadsheet(self, tmp_path: Path, taken, database: Database) -> None:
        path = tmp_path / "a.csv"
        text = 'messageId;userId;event;properties.note\n1;u1;Seen;"a; b\nc"\n2;u2;Żółć;\n\n'
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert taken(path, TABLE).taken == 2
        assert read_all(database) == ["1", "2"]

    def test_in_an_encoding_of_its_own(self, tmp_path: Path, taken) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes("userId,event\nu1,Żółć\n".encode("cp1250"))
        with pytest.raises(UnreadableFileError, match="--encoding"):
            taken(path, TABLE)
        assert taken(path, FileFormat("csv", "cp1250")).names == {"Żółć": 1}

    def test_packed(self, tmp_path: Path, taken, database: Database) -> None:
        path = tmp_path / "a.ndjson.gz"
        path.write_bytes(gzip.compress(b"\n".join(jsons.encode(seen(number)) for number in range(95))))
        assert taken(path).taken == 95
        cut = tmp_path / "b.ndjson.gz"
        cut.write_bytes(path.read_bytes()[:200])
        with pytest.raises(UnreadableFileError, match="gzip"):
            taken(cut)

    def test_one_large_array_is_told_what_it_is(self, tmp_path: Path, taken, monkeypatch) -> None:
        monkeypatch.setattr(records, "LONGEST_RECORD", 1_000)
        path = tmp_path / "a.json"
        path.write_bytes(b"[" + b"1," * 1_000 + b"1]")
        with pytest.raises(UnreadableFileError, match="jq -c"):
            taken(path)

    @pytest.mark.parametrize("content", [b"", b"\n", b";;\n"])
    def test_an_empty_table(self, tmp_path: Path, taken, content: bytes) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes(content)
        with pytest.raises(UnreadableFileError, match="empty"):
            taken(path, TABLE)

    def test_a_line_that_is_too_long_does_not_hold_up_those_behind_it(
        self, tmp_path: Path, taken, database: Database, monkeypatch
    ) -> None:
        monkeypatch.setattr(records, "LONGEST_RECORD", 1_000)
        path = lines(tmp_path / "a.ndjson", seen(0), {**seen(1), "properties": {"x": "y" * 2_500}}, seen(2))
        assert taken(path).codes == {"unreadable_record": 1}
        assert read_all(database) == ["m000", "m002"]

    def test_what_no_database_holds_is_mended_and_marked(self, tmp_path: Path, taken, database: Database) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes(b"messageId,userId,event,properties.note\nm1,u1,Seen,a\0b\n")
        assert taken(path, TABLE).taken == 1
        odd = tmp_path / "b.ndjson"
        odd.write_bytes(b'{"type":"track","userId":"u","event":"a\\ud800","properties":{"x":NaN}}\n')
        assert taken(odd).names == {"a\ufffd": 1}
        with database.transaction() as conn:
            batch = service.read(conn, "flags", 10)
        found = [jsons.read(bytes(raw)).value for record in batch.records for raw in record.events]
        assert [event["context"]["_flags"] for event in found] == [["text_repaired"], ["not_a_number", "text_repaired"]]
        assert found[0]["properties"] == {"note": "a\ufffdb"}

    def test_read_otherwise_it_is_another_file(self, tmp_path: Path, taken, database: Database) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes(b"userId,event,x\nu1,Seen,7\n")
        taken(path, FileFormat("csv", columns={"x": ""}))
        assert taken(path, FileFormat("csv", columns={"x": "properties.size"})).taken == 1
        assert len(set(read_all(database))) == 2

    def test_no_lines_at_all(self, tmp_path: Path, taken) -> None:
        assert taken(lines(tmp_path / "a.ndjson")).finished

    def test_the_format_is_told_from_the_name(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFileError, match="unpack"):
            jobs.format_of(tmp_path / "a.xlsx.gz", None, "utf-8", [], "UTC")
        kinds = [jobs.format_of(tmp_path / name, None, "utf-8", [], "UTC").kind for name in ("a.CSV", "b.jsonl.gz")]
        assert kinds == ["csv", "ndjson"]
        with pytest.raises(UnreadableFileError, match="--format"):
            jobs.format_of(tmp_path / "a.pdf", None, "utf-8", [], "UTC")
        with pytest.raises(UnreadableFileError, match="COLUMN=FIELD"):
            jobs.format_of(tmp_path / "a.csv", None, "utf-8", ["Klient"], "UTC")
        with pytest.raises(UnreadableFileError, match="no encoding"):
            jobs.format_of(tmp_path / "a.csv", None, "utf-88", [], "UTC")
        with pytest.raises(UnreadableFileError, match="time zone"):
            jobs.format_of(tmp_path / "a.csv", None, "utf-8", [], "Mars/Olympus")
        assert jobs.format_of(tmp_path / "a.csv", None, "utf-8", ["a=b=c"], "UTC").columns == {"a": "b=c"}
        assert jobs.format_of(tmp_path / "a.csv", None, "utf-8", [], "UTC").zone is UTC


def rehearse(path: Path, stop: threading.Event | None = None) -> ImportReport:
    stop = stop or threading.Event()
    return jobs.rehearse(path, LINES, 1, mint=lambda: "minted", clock=CLOCK, stop=stop, progress=lambda _: None)


def test_a_rehearsal_ends_when_told_to(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert not rehearse(lines(tmp_path / "a.ndjson", seen(0)), stop).finished


def test_a_rehearsal_tells_and_takes_nothing(database: Database, tmp_path: Path) -> None:
    same = {"type": "track", "event": "Seen", "userId": "u", "timestamp": "2026-01-02T00:00:00Z"}
    path = lines(tmp_path / "a.ndjson", dict(same), dict(same), {**same, "timestamp": "2026-03-04T00:00:00Z"}, "x")
    report = rehearse(path)
    assert (report.records, report.taken, report.refused, report.repeated) == (4, 3, 1, 1)
    assert (f"{report.first_at:%m-%d}", f"{report.last_at:%m-%d}") == ("01-02", "03-04")
    assert report.names == {"Seen": 3}
    assert read_all(database) == []
    with database.transaction() as conn:
        assert conn.execute("select count(*) from imports.file").fetchone() == (0,)
