"""Makes workbooks as spreadsheets do, and as nobody should."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
REL = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
STYLES = (
    f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/>'
    '<numFmt numFmtId="165" formatCode="000000"/><numFmt numFmtId="166" formatCode="[Red]0.00"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/><xf numFmtId="165"/><xf numFmtId="166"/>'
    "</cellXfs></styleSheet>"
)
DATE, MOMENT, ZEROS, RED = 1, 2, 3, 4
Saved = tuple[int, int, int, int, int, int]
SAVED: Saved = (2026, 1, 1, 0, 0, 0)
"""A workbook says of each of its parts when it was saved: saved again, it has other bytes."""


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def number(value: str, style: int = 0) -> str:
    return f'<c s="{style}"><v>{value}</v></c>'


def shared(index: int) -> str:
    return f'<c t="s"><v>{index}</v></c>'


def sheet(*rows: Sequence[str]) -> str:
    body = "".join(f"<row>{''.join(cells)}</row>" for cells in rows)
    return f"<worksheet {MAIN}><sheetData>{body}</sheetData></worksheet>"


def workbook(
    sheets: Mapping[str, str],
    *,
    texts: Sequence[str] = (),
    epoch_1904: bool = False,
    more: Mapping[str, str] | None = None,
    saved: Saved = SAVED,
) -> bytes:
    """The bytes of a workbook whose sheets are given as XML. more: parts that take the place of others."""
    listed = "".join(f'<sheet name="{name}" r:id="r{n}"/>' for n, name in enumerate(sheets))
    related = "".join(f'<Relationship Id="r{n}" Target="worksheets/s{n}.xml"/>' for n in range(len(sheets)))
    parts = {
        "xl/workbook.xml": f'<workbook {MAIN} {REL}><workbookPr date1904="{int(epoch_1904)}"/><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{related}</Relationships>",
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/s{n}.xml": xml for n, xml in enumerate(sheets.values())},
    }
    if texts:
        parts["xl/sharedStrings.xml"] = f"<sst {MAIN}>{''.join(texts)}</sst>"
    parts.update(more or {})
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, xml in parts.items():
            file.writestr(zipfile.ZipInfo(name, saved), xml, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def people(rows: int = 3, saved: Saved = SAVED) -> bytes:
    """A sheet of customers."""
    return workbook(
        {
            "Klienci": sheet(
                [text("Nr klienta"), text("Imię"), text("E-mail"), text("Telefon"), text("Miasto")],
                *(
                    [
                        text(f"k{n}"),
                        text(f"Anna{n}"),
                        text(f"anna{n}@poczta.example"),
                        number(f"48600{n:06d}"),
                        text("Łódź"),
                    ]
                    for n in range(rows)
                ),
            )
        },
        saved=saved,
    )
