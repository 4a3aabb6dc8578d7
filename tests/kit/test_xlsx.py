"""Workbooks as text: what spreadsheets write is read as people see it, and what nobody writes is refused."""

import contextlib
import io
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.workbooks import DATE, MAIN, MOMENT, RED, STYLES, ZEROS, number, shared, sheet, text, workbook
from onevoice.kit import xlsx
from onevoice.kit.xlsx import Workbook, WorkbookError


def rows(raw: bytes, name: str | None = None) -> list[tuple[int, list[str]]]:
    return list(Workbook(io.BytesIO(raw)).rows(name))


def cell(xml: str, **more: object) -> str:
    found = rows(workbook({"a": sheet([text("x"), xml])}, **more))  # type: ignore[arg-type]
    return found[0][1][1] if len(found[0][1]) > 1 else ""


class TestCells:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("4.8600123456E10", "48600123456"),
            ("48600123456", "48600123456"),
            ("0.1", "0.1"),
            ("389.99", "389.99"),
            ("1E-3", "0.001"),
            ("-5", "-5"),
            ("123456789012345", "123456789012345"),
            ("nonsense", "nonsense"),
        ],
    )
    def test_numbers_are_their_digits(self, written: str, read: str) -> None:
        assert cell(number(written)) == read

    @given(st.integers(-(10**14), 10**14))
    def test_a_whole_number_is_itself(self, value: int) -> None:
        assert cell(number(str(value))) == str(value)

    @pytest.mark.parametrize(
        ("serial", "style", "read"),
        [
            ("45717", DATE, "2025-03-01"),
            ("45717.5", MOMENT, "2025-03-01 12:00:00"),
            ("1", DATE, "1900-01-01"),
            ("61", DATE, "1900-03-01"),
            ("0.75", MOMENT, "18:00:00"),
            ("45717", RED, "45717"),
            ("99999999", DATE, "99999999"),
        ],
    )
    def test_dates_are_days_since_the_epoch(self, serial: str, style: int, read: str) -> None:
        assert cell(number(serial, style)) == read

    def test_some_workbooks_count_from_1904(self) -> None:
        assert cell(number("44255", DATE), epoch_1904=True) == "2025-03-01"

    def test_zeros_that_are_shown_are_kept(self) -> None:
        assert cell(number("123", ZEROS)) == "000123"

    def test_shared_texts_and_their_pieces(self) -> None:
        texts = ["<si><t>a</t></si>", "<si><r><t>Zo</t></r><r><t>fia</t></r><rPh><t>no</t></rPh></si>"]
        assert cell(shared(1), texts=texts) == "Zofia"

    def test_a_formula_is_its_last_value_and_never_worked_out(self) -> None:
        assert cell("<c><f>1+1</f><v>7</v></c>") == "7"
        assert cell('<c t="str"><f>A1</f><v>text</v></c>') == "text"
        assert cell('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>') == ""
        assert cell("<c><f>WEBSERVICE(1)</f></c>") == ""

    def test_truth(self) -> None:
        assert cell('<c t="b"><v>1</v></c>') == "true"

    def test_gaps_are_empty_cells_and_empty_rows_are_none(self) -> None:
        made = sheet([text("a")])
        made = made.replace("</sheetData>", '<row r="5"><c r="C5"><v>1</v></c></row><row r="6"/></sheetData>')
        assert rows(workbook({"a": made})) == [(1, ["a"]), (5, ["", "", "1"])]


class TestSheets:
    def test_the_first_unless_another_is_named(self) -> None:
        raw = workbook({"Jeden": sheet([text("a")]), "Два": sheet([text("b")])})
        assert Workbook(io.BytesIO(raw)).sheets == ["Jeden", "Два"]
        assert rows(raw) == [(1, ["a"])]
        assert rows(raw, "Два") == [(1, ["b"])]
        with pytest.raises(WorkbookError, match="It has: Jeden, Два"):
            rows(raw, "Three")

    def test_one_without_cells(self) -> None:
        with pytest.raises(WorkbookError, match="no sheet"):
            rows(workbook({}))


class TestHostile:
    @pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"name,email\n", b"\x00" * 100])
    def test_what_is_no_workbook(self, raw: bytes) -> None:
        with pytest.raises(WorkbookError):
            rows(raw)

    def test_an_old_or_locked_one_says_so(self) -> None:
        with pytest.raises(WorkbookError, match="password"):
            rows(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

    @pytest.mark.parametrize(
        "part", ["xl/workbook.xml", "xl/worksheets/s0.xml", "xl/styles.xml", "xl/sharedStrings.xml"]
    )
    def test_entities_are_never_expanded(self, part: str) -> None:
        laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
        raw = workbook({"a": sheet([text("a")])}, texts=["<si><t>a</t></si>"], more={part: laughs})
        with pytest.raises(WorkbookError, match="document type"):
            rows(raw)

    def test_a_format_of_a_million_zeros_pads_to_what_a_number_can_have(self) -> None:
        styles = STYLES.replace('"000000"', f'"{"0" * 10**6}"')
        assert cell(number("1", ZEROS), more={"xl/styles.xml": styles}) == "1".zfill(15)

    def test_a_shared_text_is_as_long_as_a_cell_may_be_and_no_longer(self) -> None:
        assert len(cell(shared(0), texts=[f"<si><t>{'a' * 32_767}</t></si>"])) == 32_767
        with pytest.raises(WorkbookError, match="32767 characters"):
            cell(shared(0), texts=[f"<si><t>{'a' * 32_768}</t></si>"])

    def test_many_cells_of_one_text_do_not_make_an_endless_row(self) -> None:
        raw = workbook({"a": sheet([shared(0)] * 33)}, texts=[f"<si><t>{'a' * 32_767}</t></si>"])
        with pytest.raises(WorkbookError, match="1,048,576 characters"):
            rows(raw)

    def test_files_elsewhere_are_never_opened(self) -> None:
        outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
        with pytest.raises(WorkbookError, match="document type"):
            rows(workbook({"a": outside}))

    def test_a_bomb_stops_at_the_bound_and_takes_no_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "SHEET_BYTES", 8 * 2**20)
        bomb = f"<worksheet {MAIN}><sheetData>{' ' * (64 * 2**20)}</sheetData></worksheet>"
        raw = workbook({"a": bomb})
        del bomb
        assert len(raw) < 2**20
        tracemalloc.start()
        with pytest.raises(WorkbookError, match="unpacks to more than 8 MiB"):
            rows(raw)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        tracemalloc.stop()

    def test_one_endless_attribute(self) -> None:
        bomb = f'<worksheet {MAIN}><sheetData><row spans="{"1" * (12 * 2**20)}"></row></sheetData></worksheet>'
        with pytest.raises(WorkbookError, match="longer than"):
            rows(workbook({"a": bomb}))

    def test_texts_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "SHARED_CHARS", 1_000)
        with pytest.raises(WorkbookError, match="too many"):
            rows(workbook({"a": sheet([shared(0)])}, texts=[f"<si><t>{'x' * 300}</t></si>"] * 4))
        with pytest.raises(WorkbookError, match="too many"):
            rows(workbook({"a": sheet([shared(0)])}, texts=[f"<si><t>{'x' * 3000}</t></si>"]))

    @pytest.mark.parametrize(
        "xml",
        [
            '<c r="ZZZ1"><v>1</v></c>',
            '<c r="B1"><v>1</v></c><c r="A1"><v>2</v></c>',
            '<c t="s"><v>99</v></c>',
            '<c t="s"><v>-1</v></c>',
            f'<c t="inlineStr"><is><t>{"x" * 40_000}</t></is></c>',
            "<c><v>1",
        ],
    )
    def test_cells_that_cannot_be(self, xml: str) -> None:
        with pytest.raises(WorkbookError):
            rows(workbook({"a": sheet([xml])}))

    def test_a_part_that_is_missing_or_cut(self) -> None:
        raw = workbook({"a": sheet(*([text("a")] for _ in range(2_000)))})
        with pytest.raises(WorkbookError):
            rows(raw[: len(raw) // 2])
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as file:
            file.writestr("hello.txt", "hello")
        with pytest.raises(WorkbookError, match="lacks"):
            rows(made.getvalue())

    @given(st.binary(max_size=200), st.integers(0, 2_000))
    def test_a_damaged_one_is_refused_in_words(self, noise: bytes, at: int) -> None:
        raw = bytearray(workbook({"a": sheet([text("a"), number("1")])}))
        raw[at : at + len(noise)] = noise
        with contextlib.suppress(WorkbookError):  # anything else fails
            rows(bytes(raw))
