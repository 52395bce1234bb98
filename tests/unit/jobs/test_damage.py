"""F1 to F3: any rows, any answers, every format in and out, and a kill in between: each row once, with what is its own.

`ETELECOM_EXAMPLES=2000 python -m pytest --hypothesis-profile=search tests/unit/jobs/test_damage.py` tries new ones.
"""

import csv
import io
import itertools
import json
import os
import re
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    BadAnswer,
    Consent,
    InvalidArgument,
    NotFound,
    Retry,
    ServerFault,
    Session,
    Shop,
)
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.record import RESULT_COLUMNS
from etelecom_async.tables import Reading, open_source
from etelecom_async.testing import MockTransport, run_virtually
from tests.support import KEY, OA

openpyxl = pytest.importorskip("openpyxl")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

# A failing example is shown whole, however long its cells are.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

EXAMPLES = int(os.environ.get("ETELECOM_EXAMPLES", "8"))
NOW = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
CELL = 2**20
"""The longest cell that is read."""


# What goes in

ODD = [
    *("", " ", "\0", "a\0b", "\r", "\n", "\r\n", "a\nb", "\n=1", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\ufeff"),
    *('"', '""', '"a', 'a"', "'", '"\r\n"', ",", ";", "\t", "\\", "\\N", "a,b\nc", "null", "true", "NaN", "1e999"),
    *(
        "=1+1",
        "+84",
        "-",
        "@x",
        "\uff1dx",
        "\t=1",
        "-1",
        "0x00",
        "0xzz",
        "\udcff",
        "\ud800",
        "a\udfff",
        "\ufffd",
        "\uffff",
    ),
    *("{", "[", "}" * 200, "Nguyễn", "N\u0303", "𝔞", "x" * 1000, "x" * 131_073, '"' * 70_000),
]
texts = st.sampled_from(ODD) | st.text(max_size=20) | st.lists(st.sampled_from(ODD[:50]), max_size=4).map("".join)
long_texts = st.sampled_from(["x" * (CELL + 1), '"' * CELL, "\n" * 70_000, "\0" * CELL + "x"])
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats()
headings = st.sampled_from([*RESULT_COLUMNS, "Row", "phone_2", "column3", "", "a,b", 'a"b', "a\nb", "=1", "\0"]) | texts


def nested(levels):
    value = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


deep = st.sampled_from([10, 98, 99, 100, 101, 980]).map(nested)
json_values = st.none() | st.booleans() | numbers | texts | st.lists(texts, max_size=2) | deep
json_values |= st.dictionaries(texts, numbers | texts, max_size=2) | st.integers(2**63, 2**70)
moments = st.datetimes()
CELLS = {
    "csv": texts,
    "ndjson": json_values,
    "xlsx": texts | numbers | st.booleans() | st.datetimes(min_value=datetime(1950, 1, 1)),  # noqa: DTZ001 - as Excel has them
}
ARROWS = {
    pyarrow.string(): texts,
    pyarrow.int64(): st.integers(-(2**63), 2**63 - 1),
    pyarrow.uint64(): st.integers(0, 2**64 - 1),
    pyarrow.float64(): st.floats(),
    pyarrow.bool_(): st.booleans(),
    pyarrow.binary(): st.binary(max_size=8),
    pyarrow.timestamp("us", "UTC"): st.datetimes(timezones=st.just(UTC)),
    pyarrow.date32(): st.dates(),
    pyarrow.list_(pyarrow.string()): st.lists(texts, max_size=2),
    pyarrow.decimal128(30, 3): st.decimals(-(10**20), 10**20, places=3),
}
PHONES = [f"09876543{number:02d}" for number in range(12)]
UNUSABLE = ["", "abc", "\0", "0987", "0987654321 / 0912345678"]


@st.composite
def tables(draw):
    """The kind of a table, its headings and its rows. The first cell is a phone, the second tells the row."""
    kind = draw(st.sampled_from([*CELLS, "parquet"]))
    names = ["phone", "mark", *draw(st.lists(headings, min_size=1, max_size=3))]
    if kind in {"ndjson", "parquet"}:
        names = list(dict.fromkeys(names))
    if kind == "parquet":
        names = [written_name(name) for name in names]
    width = len(names) - 2
    columns = [CELLS.get(kind)] * width if kind in CELLS else [None] * width
    types = [draw(st.sampled_from(list(ARROWS))) for _ in range(width)] if kind == "parquet" else []
    columns = [ARROWS[it] | st.none() for it in types] or columns
    phones = st.sampled_from(PHONES) | st.sampled_from(UNUSABLE)
    rows = draw(st.lists(st.tuples(phones, *columns), min_size=1, max_size=8))
    if kind in {"csv", "ndjson"}:
        at = draw(st.integers(0, len(rows) - 1))
        rows[at] = (*rows[at][:-1], draw(st.just(rows[at][-1]) | long_texts))
    # One who is always answered, so that no fault is common to all.
    rows.insert(
        draw(st.integers(0, len(rows))), (PHONES[0], *(draw(texts if kind in CELLS else column) for column in columns))
    )
    return kind, names, types, [(phone, f"m{at}", *cells) for at, (phone, *cells) in enumerate(rows)]


def written_name(name):
    return re.sub("[\ud800-\udfff]", "?", name)


class TableTooOddError(Exception):
    """What a program that writes such files cannot write."""


def write(folder, table):
    """The table as a file, and how it is to be read."""
    kind, names, types, rows = table
    path = folder / f"in.{kind}"
    match kind:
        case "csv":
            text = io.StringIO(newline="")
            csv.writer(text, quoting=csv.QUOTE_ALL).writerows([names, *rows])
            path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
            return path, Reading(encoding="utf-8", header=True, skip_rows=0, delimiter=",")
        case "ndjson":
            records = (dict(zip(names, row, strict=True)) for row in rows)
            # Every second one leaves a key out or has one more, as it comes from a database.
            lines = []
            for at, record in enumerate(records):
                if at % 2:
                    record |= {"further": record.pop(names[-1])}
                lines.append(json.dumps(record) + "\n")
            path.write_text("".join(lines), encoding="utf-8")
            return path, Reading(encoding="utf-8")
        case "xlsx":
            book = openpyxl.Workbook()
            legal = lambda cell: readable(cell) if isinstance(cell, str) else cell
            for row in [names, *rows]:
                book.active.append([legal(cell) for cell in row])
            for cells in book.active.iter_rows():
                for cell in cells:
                    if isinstance(cell.value, str):
                        cell.data_type = "s"
            book.save(path)
            return path, Reading(header=True, skip_rows=0)
    fields = [pyarrow.string(), pyarrow.string(), *types]
    columns = zip(*rows, strict=True)
    plain = [[written_cell(cell) for cell in column] for column in columns]
    arrays = [pyarrow.array(column, type=kind) for column, kind in zip(plain, fields, strict=True)]
    parquet.write_table(pyarrow.table(arrays, names=names), path)
    return path, None


def readable(text):
    """What a workbook can hold."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "?", text)[:32_767]


def written_cell(cell):
    if isinstance(cell, list):
        return [written_cell(item) for item in cell]
    return written_name(cell) if isinstance(cell, str) else cell


# What is answered

codes = st.none() | st.integers(-3, 25) | st.sampled_from([2**31, 2**63, 2**64 - 1, -(2**63) - 1])
ends = [None, NOW, NOW + timedelta(days=1), datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=7)))]
ends += [datetime(1, 1, 2, tzinfo=UTC), NOW.replace(microsecond=7, year=2030)]
consents = st.builds(Consent, error=codes, message=texts | st.just("x" * 131_073), expired_time=st.sampled_from(ends))
faults = st.builds(lambda kind, text: kind(text), st.sampled_from([ServerFault, BadAnswer, InvalidArgument]), texts)
own_faults = st.sampled_from([NotFound("\n"), ZeroDivisionError("0987654321"), RecursionError(), UnicodeDecodeError])


@st.composite
def answers(draw):
    """What is answered about each phone. Two may meet what all might meet; the first is always answered."""
    known = {phone: draw(consents | faults) for phone in PHONES[1:]}
    known |= {phone: draw(own_faults) for phone in draw(st.lists(st.sampled_from(PHONES[1:]), max_size=2))}
    return {f"84{phone[1:]}": answer for phone, answer in known.items()} | {"84987654300": Consent(error=0)}


def answering(known, then=lambda: None):
    async def answer(payload):
        then()
        found = known[payload.phone]
        if isinstance(found, Consent):
            return found
        if found is UnicodeDecodeError:
            return b"\xff".decode()
        raise type(found)(*found.args)

    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(answer)
    return Session(Shop(KEY), transport=mock, retry=Retry(attempts=1))


# What comes out


def read(path):
    """The records of an output by the headings' places: those of the input first, then the job's own."""
    match path.suffix:
        case ".csv":
            text = path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
            csv.field_size_limit(2**24)
            return list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
        case ".ndjson":
            return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]
    table = parquet.read_table(path)
    columns = [_readable(column) for column in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def _readable(column):
    try:
        return column.to_pylist()
    except (ValueError, OverflowError):
        return ["beyond" if it.is_valid else None for it in column]


def bare(value):  # noqa: PLR0911 - a case for each type
    """A value as text, without what the formats of tables do to it by their own rules (docs/files.md)."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), str(value))
        case date():
            return value.isoformat().replace("+00:00", "Z")
        case bytes():
            try:
                return bare(value.decode()) if b"\0" not in value else "0x" + value.hex()
            except UnicodeDecodeError:
                return "0x" + value.hex()
        case dict():
            return {bare(key): bare(item) for key, item in value.items()}
        case list():
            return [bare(item) for item in value]
        case str():
            text = re.sub("[\0\ud800-\udfff\ufffd]+", "\ufffd", value)
            return re.sub(r"(T[0-9:.]+)\+00:00$", r"\1Z", text.removeprefix("'"))
    return str(value)


def same(found, wanted):
    if isinstance(wanted, dict | list) and isinstance(found, str):
        found = json.loads(found.removeprefix("'"))
    return bare(found) == bare(wanted)


def wanted_of(row, known):  # noqa: PLR0911 - a case for each end
    """What must be found out about a row: its failure, its message and its code."""
    if row.problem:
        return "InvalidRow", None, None
    phone = row.cells[0]
    if phone not in PHONES:
        return "InvalidPhone", None, None
    answer = known[f"84{phone[1:]}"]
    if isinstance(answer, Consent):
        if answer.error is not None and not -(2**63) <= answer.error < 2**63:
            return "DecodeError", None, None
        if answer.error in {5, 10, 12}:
            return ("RateLimited", "Unavailable"), None, None
        state = answer.state_at(NOW)
        return "" if state.conclusive else state.value, answer.message, answer.error
    if isinstance(answer, ServerFault | BadAnswer | InvalidArgument | NotFound):
        return type(answer).__name__, answer.message, None
    return "InternalError", None, None


def check(source, output, known, *, reading):
    """Each row of the input once, with its own cells and answer."""
    table = open_source(source, reading=reading or Reading())
    if output.suffix != ".ndjson":
        table = table.as_table(is_read_once=False)
    kept = [(at, name) for at, name in enumerate(table.columns) if name not in RESULT_COLUMNS]
    names = [*(name for _, name in kept), *RESULT_COLUMNS]
    records = {}
    for record in read(output):
        if isinstance(record, list):
            found = dict(zip(range(len(names)), record, strict=True))
        else:
            places = {written(name): at for at, name in enumerate(names)}
            found = {places.get(name, name): value for name, value in record.items()}
        number = int(found[names.index("row")])
        assert number not in records, f"row {number} is there twice"
        records[number] = found
    rows = list(table.rows())
    assert sorted(records) == [row.number for row in rows]
    for row in rows:
        found = records[row.number]
        own = {name: found[len(kept) + at] for at, name in enumerate(RESULT_COLUMNS)}
        failure, message, code = wanted_of(row, known)
        assert (own["failure"] or "") in (failure if isinstance(failure, tuple) else (failure,)), own
        assert message is None or same(own["message"], message)
        assert code is None or int(own["error"]) == code
        assert bare(own["checked_at"]) == "2026-01-05T08:30:00Z"
        for place, (at, _) in enumerate(kept):
            twin = max(it for it, name in enumerate(names) if written(name) == written(names[place]))
            if output.suffix == ".csv" or twin == place:
                assert same(found[place], row.cells[at]), (place, found[place][:50], row.cells[at])
        for key, value in row.extra.items():
            if written(key) not in map(written, names) and len({*map(written, row.extra)}) == len(row.extra):
                assert same(found[written(key)], value)


def written(name):
    return re.sub("[\ud800-\udfff]", "\ufffd", name)


def journal_of(output):
    return output.with_name(output.name + ".ndjson") if output.suffix == ".parquet" else output


def cut(path, share, nuls):
    """What a kill leaves: a part of what was written. A power cut may leave NULs behind it."""
    if path.exists():
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)] + bytes(nuls))


@pytest.mark.parametrize("into", ["csv", "ndjson", "parquet"])
def test_a_line_that_is_cut_within_a_text_is_one_failed_row(tmp_path, into):
    lines = [
        '{"phone":"0987654300"}',
        '{"phone":"0987654301","a":"' + "\\u0000" * CELL + '"}',
        '{"phone":"0987654302"}',
    ]
    source, output = tmp_path / "in.ndjson", tmp_path / f"out.{into}"
    source.write_text("\n".join(lines), encoding="utf-8")
    known = {f"849876543{number:02d}": Consent(error=0) for number in range(3)}
    summary = run_virtually(ConsentJob(answering(known), source=source, output=output, oa_id=OA).run())
    assert (summary.granted, dict(summary.failures), summary.is_complete) == (2, {"InvalidRow": 1}, True)


@pytest.mark.parametrize("into", ["csv", "ndjson", "parquet"])
def test_a_key_that_is_no_utf8_is_written_with_the_replacement_character(tmp_path, into):
    source, output = tmp_path / "in.ndjson", tmp_path / f"out.{into}"
    source.write_text('{"phone":"0987654300","\\ud800":"x"}\n', encoding="utf-8")
    known = {"84987654300": Consent(error=0)}
    job = ConsentJob(answering(known), source=source, output=output, oa_id=OA, now=lambda: NOW)
    assert run_virtually(job.run()).granted == 1
    check(source, output, known, reading=None)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(
    table=tables(),
    known=answers(),
    into=st.sampled_from(["csv", "ndjson", "parquet"]),
    stop_at=st.integers(1, 12),
    kills=st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 0, 3, 5000])), min_size=1, max_size=2),
    option=st.sampled_from(["resume", "retry_failed"]),
)
def test_any_rows_and_answers_are_there_once_after_any_kill(*, table, known, into, stop_at, kills, option):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, reading = write(folder, table)
        output = folder / "out" / f"out.{into}"
        output.parent.mkdir()

        def job(session, **options):
            place = {"source": source, "output": output, "oa_id": OA, "column": "phone", "reading": reading}
            return ConsentJob(session, **place, concurrency=3, now=lambda: NOW, **options)

        asked = itertools.count(1)
        first = job(answering(known, then=lambda: first.stop() if next(asked) == stop_at else None))
        run_virtually(first.run())
        for share, nuls in kills:
            cut(journal_of(output), share, nuls)
            last = run_virtually(
                job(answering(known), resume=option == "resume", retry_failed=option != "resume").run()
            )
            assert last.is_complete
            check(source, output, known, reading=reading)
