"""Workbooks as Excel writes them, made of text."""

from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile


def workbook(**sheets: str) -> bytes:
    """A workbook with `sheets` of rows as XML, as Excel writes them."""
    target, names = BytesIO(), list(sheets)
    main, office = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006"
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1))
    parts = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(names) + 1)} | {"rId99": ("styles", "styles.xml")}
    with ZipFile(target, "w") as book:
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}/relationships"><sheets>{listed}</sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", _related(office, parts))
        book.writestr("_rels/.rels", _related(office, {"rId1": ("officeDocument", "xl/workbook.xml")}))
        book.writestr("xl/styles.xml", f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>')
        for number, sheet in enumerate(sheets.values(), 1):
            rows, tag, merges = sheet.partition("<mergeCells>")
            content = f"<sheetData>{rows}</sheetData>{tag}{merges}"
            book.writestr(f"xl/worksheets/sheet{number}.xml", f'<worksheet xmlns="{main}">{content}</worksheet>')
    return target.getvalue()


def _related(office: str, parts: dict[str, tuple[str, str]]) -> str:
    told = "".join(f'<Relationship Id="{n}" Type="{office}/relationships/{kind}" Target="{to}"/>' for n, (kind, to) in parts.items())
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{told}</Relationships>'


def row(number: int, *cells: Any) -> str:
    """One row of a sheet as XML."""

    def cell(place: int, value: Any) -> str:
        where = f'r="{"ABCDE"[place]}{number}"'
        if isinstance(value, str):
            return f'<c {where} t="inlineStr"><is><t>{value}</t></is></c>'
        if isinstance(value, datetime):
            days = (value - datetime(1899, 12, 30)).total_seconds() / 86400
            return f'<c {where} s="1"><v>{days!r}</v></c>'
        return f'<c {where} t="b"><v>{int(value)}</v></c>' if isinstance(value, bool) else f"<c {where}><v>{value}</v></c>"

    told = "".join(cell(place, value) for place, value in enumerate(cells) if value is not None)
    return f'<row r="{number}">{told}</row>'


def merged(*areas: str) -> str:
    """Behind the rows of a sheet: cells that are one, such as A2:A4."""
    told = "".join(f'<mergeCell ref="{area}"/>' for area in areas)
    return f"<mergeCells>{told}</mergeCells>"
