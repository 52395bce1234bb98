"""Inputs, outputs and jobs between them, over a service that keeps what it was asked."""

import csv
import io
import json
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from etelecom_async import CHECK_CONSENT, Consent, Retry, ServerFault, Session, Shop
from etelecom_async.jobs import ConsentJob
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA

NOW = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
KINDS = ["csv", "ndjson", "parquet"]
OTHER_KEY = "1234567890123456789:another-canary"
REFUSED = Consent(error=3)

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and pipes of POSIX")


def phone(number):
    return f"849{number:08d}"


def answer(payload):
    """What a phone's last digit says: granted, with an expiry ahead or past, refused, unknown, failed, an error."""
    match int(payload.phone[-1]):
        case 1:
            return Consent(error=0, message="Thành công", expired_time=NOW + timedelta(days=1))
        case 2:
            return Consent(error=0, expired_time=NOW)
        case 3:
            return Consent(error=3, message='"Không", xin\nlỗi')
        case 4:
            return Consent(error=77)
        case 5:
            return Consent(error=-32, message="Nền tảng")
        case 6:
            raise ServerFault("boom")
    return Consent(error=0)


def refuse(_payload):
    return REFUSED


def failing_with(error, *, when=lambda number: True, otherwise=answer):
    """An answer that is this error for the phones of these numbers."""

    def fail(payload):
        if when(int(payload.phone[3:])):
            raise error
        return otherwise(payload)

    return fail


def once(number, action):
    """What `Service(on_call=...)` takes to do this at the call of this number."""
    return lambda count: action() if count == number else None


class Service:
    """An operator that keeps which phones it was asked about; `on_call` gets the number of each call."""

    def __init__(self, answer=answer, *, on_call=lambda _count: None, key=KEY, **account):
        self.asked = []

        def counted(payload):
            self.asked.append(payload.phone)
            on_call(len(self.asked))
            return answer(payload)

        mock = MockTransport()
        mock.on(CHECK_CONSENT).answer(counted)
        self.session = Session(Shop(key, **account), transport=mock, retry=Retry(attempts=1))

    def job(self, source, output, **options):
        return ConsentJob(self.session, source=source, output=output, **{"oa_id": OA, "now": lambda: NOW, **options})

    async def run(self, source, output, **options):
        return await self.job(source, output, **options).run()


def write(path, columns, rows):
    if path.suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        table = pyarrow.table(list(zip(*rows, strict=True)), names=columns)
        pytest.importorskip("pyarrow.parquet").write_table(table, path)
    elif path.suffix == ".ndjson":
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
    return path


def people(path, count=10, *, first=0, phones=(), without=()):
    """A table of phones and names: `phones` are written in place of those of these rows, `without` are left out."""
    known = dict(phones)
    numbers = [number for number in range(first, first + count) if number not in without]
    return write(path, ["phone", "name"], [(known.get(n, phone(n)), f"Nguyễn Văn {n}") for n in numbers])


def _text(value):
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat().replace("+00:00", "Z")
        case dict() | list():
            return json.dumps(value)
    return str(value)


def read(path, data=None):
    """The records of a file, each cell as its text."""
    if path.suffix == ".parquet":
        records = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    elif path.suffix == ".ndjson":
        records = [json.loads(line) for line in (data or path.read_bytes()).splitlines()]
    else:
        content = (data or path.read_bytes()).decode("utf-8-sig")
        records = list(csv.DictReader(io.StringIO(content, newline=""), strict=True))
    return [{name: _text(value) for name, value in record.items()} for record in records]


def by_row(path):
    """The records by their rows, which are there once each."""
    records = {int(record["row"]): record for record in read(path)}
    assert len(records) == len(read(path))
    return records


def rows(path):
    """The row numbers of an output, in order."""
    return sorted(int(record["row"]) for record in read(path))


async def uninterrupted(folder, source, name, **options):
    """What a job from this input writes if nothing happens to it."""
    output = folder / f"uninterrupted-{name}"
    await Service().run(source, output, **options)
    return by_row(output)


async def interrupt(folder, kind="csv", count=10, *, done=4):
    """A job of which some rows are done."""
    source, output = people(folder / f"in.{kind}", count), folder / f"out.{kind}"
    service = Service(on_call=once(done, lambda: job.stop()))
    job = service.job(source, output, concurrency=1)
    summary = await job.run()
    assert (summary.rows, summary.is_complete) == (done, False)
    return source, output


def journal_of(output):
    return output.with_name(output.name + ".ndjson") if output.suffix == ".parquet" else output


def manifest_of(output):
    return output.with_name(output.name + ".job")


def files(folder):
    """Every file below a folder, with what it holds."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder):
    return {path.name for path in folder.iterdir()}
