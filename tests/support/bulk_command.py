"""`etelecom bulk` against a sandbox that tells when it was asked."""

import asyncio
import csv
import io
from collections import Counter

from etelecom_async import Session, Shop
from etelecom_async.jobs import ConsentJob
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, World
from tests.support import environment, run

CODES = (0, 3, 8, 20, 21)
"""Answers that settle the question."""


def phone(number):
    return f"849{number:08d}"


class Watched(World):
    """A world that tells when it has been asked so many times."""

    def __init__(self, count=0, **options):
        customers = [Customer(phone=phone(n), error=CODES[n % len(CODES)]) for n in range(count)]
        super().__init__(customers={customer.phone: customer for customer in customers}, **options)
        self._awaited = []

    def handle(self, exchange):
        response = super().handle(exchange)
        for count, event in self._awaited:
            if len(self.log) >= count:
                event.set()
        return response

    async def asked_again(self, times):
        """Until it has been asked that many times more."""
        event = asyncio.Event()
        self._awaited.append((len(self.log) + times, event))
        await event.wait()

    @property
    def asked(self):
        return Counter(entry.phone for entry in self.log)


def people(path, count):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "phone"])
        writer.writerows((f'Nguyễn "{n}",\nHuế', phone(n)) for n in range(count))
    return path


def table(data):
    content = data.decode() if isinstance(data, bytes) else data
    return list(csv.DictReader(io.StringIO(content, newline=""), strict=True))


def by_row(path):
    """The records of a CSV file by their rows, which are there once each, without the time of the check."""
    records = table(path.read_bytes())
    for record in records:
        del record["checked_at"]
    assert len({record["row"] for record in records}) == len(records)
    return {int(record["row"]): record for record in records}


async def resume(served, source, output):
    """What `etelecom bulk --resume` does, without a process for it."""
    async with Session(Shop(SANDBOX_API_KEY, base_url=served.base_url)) as session:
        summary = await ConsentJob(session, source=source, output=output, oa_id=SANDBOX_OA, resume=True).run()
    assert summary.is_complete


async def bulk(served, *arguments, stdin=b"", **env):
    return await run("bulk", *map(str, arguments), env=environment(served, **env), stdin=stdin)
