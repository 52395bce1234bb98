"""The client of the bulk figures, in a process of its own: takes a task per line on stdin, prints what it cost."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path

from benchmarks.lib import job
from benchmarks.lib.null import YieldingTransport
from etelecom_async import Session, Shop, Throttle
from etelecom_async.jobs import ConsentJob

_NOWHERE = f"http://{job.HOST}"
_BEAT = 5.0
_MIB = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss counts bytes there, KiB elsewhere


class Client:
    """The tasks. Each returns how many rows it did, and how many it found done."""

    def __init__(self, session: Session, concurrency: int) -> None:
        self._session = session
        self._concurrency = concurrency

    async def table(self, rows: int, *, path: str) -> tuple[int, int]:
        """Write a CSV file for jobs."""
        await asyncio.to_thread(_write_table, Path(path), rows)
        return rows, 0

    async def job(self, _: int, *, source: str, output: str, resume: bool) -> tuple[int, int]:
        """From file to file."""
        summary = await ConsentJob(
            self._session,
            source=Path(source),
            output=Path(output),
            oa_id=job.OA_ID,
            resume=resume,
            concurrency=self._concurrency,
        ).run()
        return sum(summary.states.values()), summary.finished_before

    async def stream(self, rows: int, *, ordered: bool = False) -> tuple[int, int]:
        """`check_consents` alone: phones from a generator, outcomes dropped."""
        run = self._session.zalo.check_consents(
            oa_id=job.OA_ID, phones=_phones(rows), concurrency=self._concurrency, ordered=ordered
        )
        async with run:
            async for _ in run:
                pass
        return rows - run.progress.failed, 0

    async def calls(self, rows: int) -> tuple[int, int]:
        """The bare calls, by workers that share an iterator and drop what they get."""
        todo, check = _phones(rows), self._session.zalo.check_consent

        async def work() -> None:
            for phone in todo:
                await check(oa_id=job.OA_ID, phone=phone)

        await asyncio.gather(*(work() for _ in range(self._concurrency)))
        return rows, 0


async def _measured(work: Awaitable[tuple[int, int]]) -> dict[str, object]:
    cpu, wall = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        beat = group.create_task(_beat())
        rows, finished = await work
        beat.cancel()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu, "wall": wall, "peak": _peak(), "resident": _resident(), "rows": rows, "finished": finished}


def _peak() -> float:
    """The most that the process has held, in MiB. Linux counts the parent's at the start into `ru_maxrss`."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**10


def _resident() -> float | None:
    """What the process holds now, in MiB; only Linux tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * resource.getpagesize() / 2**20


async def _beat() -> None:
    """Tell the parent, whose patience is limited, that a long task goes on; should it be gone, this ends the task."""
    while True:
        await asyncio.sleep(_BEAT)
        print("{}", flush=True)


def _write_table(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("name,phone,note\n")
        file.writelines(f"Nguyễn Văn An,{phone},customer {at}\n" for at, phone in enumerate(_phones(rows), 1))


def _phones(count: int) -> Iterator[str]:
    """That many different numbers, as people write them, one at a time."""
    return (f"09{number:08d}" for number in range(count))


async def _open(origin: str, concurrency: int) -> Session:
    session = Session(
        Shop(job.API_KEY, base_url=f"{origin or _NOWHERE}{job.BASE_PATH}"),
        transport=None if origin else YieldingTransport(),
        throttle=Throttle(concurrency=concurrency),
    )
    return await session.__aenter__()


def main(origin: str, concurrency: str) -> None:
    """Do tasks until stdin ends; without an origin over no network."""
    with asyncio.Runner() as runner:
        session = runner.run(_open(origin, int(concurrency)))
        client = Client(session, int(concurrency))
        try:
            # The loop stands still while the next line is awaited, so a waiting client costs nothing.
            for line in sys.stdin:
                task, rows, arguments = json.loads(line)
                print(json.dumps(runner.run(_measured(getattr(client, task)(rows, **arguments)))), flush=True)
        finally:
            runner.run(session.aclose())


if __name__ == "__main__":
    main(*sys.argv[1:])
