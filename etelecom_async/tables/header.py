"""Where the rows of a table begin: after title lines, and after the header if there is one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from ..phone import is_phone
from .base import by_name
from .phone_column import is_phone_heading, plain
from .reading import Reading, Undecided

__all__ = ["TableStart", "find_start"]

_TITLES = 30
# The most cells to look at, so that of a wide table only some records are.
_CELLS = 50_000
_FEWEST = 10
_MOST = 0.8
_DIGITS = 7
_SHOWN = 3
_WIDEST = 30
_DATE = re.compile(r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}(?:[T ].*)?")
_NUMBER = re.compile(r"[^\w]*\d[\d\W]*(?:[eE][+-]?\d+)?[^\w]*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LABEL = re.compile(r"(?:tel|phone|mobile|sđt|đt)\s*[:.]\s*", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+")
_PLACEHOLDERS = frozenset(
    ("", "na", "none", "null", "nil", "nan", "khongco", "khong", "ko", "trong", "chuaco", "unknown")
)
# In the form that `plain` gives. Words that are also personal names are left out: `huyen`, `ho`, `phuong`, `nam`.
_HEADINGS = frozenset(
    """
    name names fullname firstname lastname surname customer customername contact id no nr code customerid address
    city country region province district email mail date dob birthday gender sex age note notes comment comments
    status type group company product order orderid amount total price tags vip ten hoten hovaten tenkh
    tenkhachhang khachhang kh hotenkhachhang nguoinhan stt ma makh makhachhang diachi thanhpho tinhthanh quanhuyen
    ngaysinh ngay gioitinh ghichu trangthai loai nhom congty sanpham donhang madonhang sotien tongtien nhanvien
    chinhanh nguon tuoi thoigian tieude
    """.split()  # noqa: SIM905 - a line for each word would be longer than the code
)


@frozen(kw_only=True)
class TableStart:
    """Where the rows begin.

    Attributes:
        skip_rows: lines, or rows of a workbook, before the header or the first row.
        header: whether there is a header.
    """

    skip_rows: int
    header: bool


def find_start(
    records: Sequence[tuple[int, Sequence[str]]],
    *,
    name: str,
    reading: Reading,
    further: Sequence[Sequence[str]] = (),
    column: str | None = None,
) -> TableStart:
    """Where the rows begin, as far as `reading` does not say it.

    A record with the shape of those below it is data. One with words where those below have numbers, or with a common
    heading, is a header. Records above it with fewer cells are titles.

    Args:
        records: the first ones with text: how many lines or rows come before each, and its cells as text.
        name: the table's name in messages.
        reading: what the user says.
        further: records from other places of the table.
        column: what the user calls a column; the first record with that name is the header.

    Raises:
        Undecided: the first record can be a header or a row, or the lines above it titles or rows.
    """
    width = max((len(cells) for _, cells in records), default=0)
    records = records[: max(_FEWEST, _CELLS // max(width, 1))]
    further = further if width * len(further) <= _CELLS else ()
    if reading.skip_rows is not None:
        records = [record for record in records if record[0] >= reading.skip_rows]
    header = reading.header
    at = None if column is None or header is False else _with_heading(records, column, reading)
    if at is not None:
        header = True
    elif reading.skip_rows is None and header is not False and records:
        at = _first_after_titles(records, name=name, reading=reading, further=further)
    skip = reading.skip_rows if reading.skip_rows is not None else records[at][0] if at else 0
    if header is not None or not records:
        return TableStart(skip_rows=skip, header=header is not False)
    first = records[at or 0][1]
    header = _is_header(first, [*(cells for _, cells in records[(at or 0) + 1 :]), *further])
    if header is None:
        shown = ", ".join(repr(cell[:_WIDEST]) for cell in first[:_SHOWN])
        raise Undecided(
            f"The first record of {name} ({shown}) can be the header or a row: add --header or --no-header.",
            field="header",
            question=f"Is the first record of {name} ({shown}) the header?",
            choices=((True, "the header"), (False, "a row like those below it")),
        )
    return TableStart(skip_rows=skip, header=header)


def _with_heading(records: Sequence[tuple[int, Sequence[str]]], column: str, reading: Reading) -> int | None:
    """The index of the first record with a cell of this name; None if there is none where a header can be."""
    places = range(len(records[: _TITLES if reading.skip_rows is None else 1]))
    return next((at for at in places if by_name(records[at][1], column)), None)


def _first_after_titles(
    records: Sequence[tuple[int, Sequence[str]]], *, name: str, reading: Reading, further: Sequence[Sequence[str]]
) -> int:
    """The index of the header, or of the first row where there is none."""
    rows = [cells for _, cells in records]
    widths = Counter(map(_width, (*rows, *further)))
    usual = max(widths, key=lambda width: (widths[width], width))
    at = next((at for at, cells in enumerate(rows[:_TITLES]) if _width(cells) >= usual), 0)
    known = _known_header(rows, usual)
    if known is not None:
        return known
    first = rows[0]
    if at == 0 or any(map(is_phone_heading, first)) or (len(first) == len(rows[at]) and any(map(_is_heading, first))):
        return 0
    if reading.header is None and _is_header(rows[at], [*rows[at + 1 :], *further]):
        return at
    before = records[at][0]
    lines = "line is" if before == 1 else f"{before} lines are"
    raise Undecided(
        f"The first {lines} shorter than the rest of {name}: add --skip-rows {before} to skip"
        f" {'it' if before == 1 else 'them'}, or --skip-rows 0 if they are rows.",
        field="skip_rows",
        question=f"The first {lines} shorter than the rest of {name} ({first[0][:_WIDEST]!r}). What is that?",
        choices=((before, "a title, to be skipped"), (0, "rows, or a header with fewer headings")),
    )


def _known_header(rows: Sequence[Sequence[str]], usual: int) -> int | None:
    """The first record with common headings, if no row of data is above it."""
    for at, cells in enumerate(rows[:_TITLES]):
        if any(_shape(cell) == "digits" for cell in cells):
            return None
        is_wide = _width(cells) >= usual and (usual > 1 or any(map(is_phone_heading, cells)))
        if is_wide and any(map(_is_heading, cells)):
            return at
    return None


def _is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool | None:
    """Is `first` a header? None if that is ambiguous."""
    shapes = [_shape(cell) for cell in first]
    usual = [_usual_shape([cells[at] for cells in below if at < len(cells)]) for at in range(len(first))]
    columns = list(zip(first, shapes, usual, strict=True))
    is_known = any(map(_is_heading, first))
    if "digits" in shapes:
        # A row can contain the word `Mobile`; only a heading has numbers below it.
        return any(shape == "text" and under == "digits" and _is_heading(cell) for cell, shape, under in columns)
    if is_known or not below:
        return True
    is_alike = any(shape not in {"", "text"} and shape == under for _, shape, under in columns)
    is_unlike = [
        shape == "text" and under not in {"", "text"} and plain(cell) not in _PLACEHOLDERS
        for cell, shape, under in columns
    ]
    if is_alike:
        return None if any(is_unlike) else False
    filled = [under != "" and shape != "" for _, shape, under in columns]
    return True if any(is_unlike) and is_unlike == filled else None


def _usual_shape(cells: Sequence[str]) -> str:
    """The shape of most cells of a column; `text` or `number` if no shape prevails."""
    shapes = Counter(shape for cell in cells if (shape := _shape(cell)))
    if not shapes:
        return ""
    shape, count = shapes.most_common(1)[0]
    if count >= _MOST * shapes.total():
        return shape
    return "text" if 2 * shapes["text"] >= shapes.total() else "number"


def _shape(cell: str) -> str:
    text = cell.strip()
    if not text:
        return ""
    if _EMAIL.fullmatch(text):
        return "email"
    if _DATE.fullmatch(text):
        return "date"
    text = _LABEL.sub("", text)
    digits = sum(letter.isdigit() for letter in text)
    if digits >= _DIGITS and (_NUMBER.fullmatch(text) or is_phone(text)):
        return "digits"
    return "number" if _NUMBER.fullmatch(text) else "text"


def _is_heading(cell: str) -> bool:
    bare = plain(cell)
    if bare in _HEADINGS or is_phone_heading(cell) or _IDENTIFIER.fullmatch(cell.strip()):
        return True
    return len(bare) <= _WIDEST and any(part in bare for part in ("phone", "dienthoai", "sodt", "sdt"))


def _width(cells: Sequence[str]) -> int:
    """How many cells there are up to the last with text."""
    return max((place for place, cell in enumerate(cells, 1) if cell.strip()), default=0)
