"""A run of a file job, to be killed: `python -m benchmarks.children.kills_job INPUT OUTPUT [resume]`.

Its network answers each phone in one way, for every run the same, and one phone in twenty strangely.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.lib import job
from etelecom_async import Retry, Session, Shop, Throttle
from etelecom_async.jobs import ConsentJob
from etelecom_async.transport import Request, Response

_LATENCY = 0.002
_CONCURRENCY = 20

STRANGE: tuple[Callable[[], Response], ...] = (
    lambda: _answer(error=0, expired_time="9999-12-31T23:59:59-07:00"),
    lambda: _answer(error=2**64 - 1),
    lambda: _answer(error=3, message="x" * 140_000),
    lambda: _answer(error=77, message='a\r\n"b",\0\u2028\ud800=1+1'),
    lambda: _answer(error=None, message='=cmd|"/c calc"!A1'),
    lambda: Response(404, {"content-type": "text/html"}, b"<html>a proxy's page</html>"),
    lambda: Response(500, {"content-type": "application/json"}, b'{"code":"internal","msg":"a\\nb\\u0000c"}'),
    lambda: Response(200, {"content-type": "application/json"}, b'{"error":0,"error":3}'),
    lambda: Response(200, {"content-type": "application/json"}, b"[" * 5000),
)
_KINDS = {"content-type": "application/json"}


def _answer(**consent: object) -> Response:
    return Response(200, _KINDS, json.dumps(consent).encode())


class StrangeNetwork:
    """Answers by the phone alone."""

    async def send(self, request: Request, /) -> Response:
        await asyncio.sleep(_LATENCY)
        number = int(json.loads(request.body)["phone"][-8:])
        if number % 20 == 7:
            return STRANGE[number // 20 % len(STRANGE)]()
        return _answer(error=number % 4, message=f"customer {number}")

    async def aclose(self) -> None:
        pass


async def _run(source: Path, output: Path, *, resume: bool) -> None:
    async with Session(
        Shop(job.API_KEY, base_url=f"http://{job.HOST}{job.BASE_PATH}"),
        transport=StrangeNetwork(),
        throttle=Throttle(concurrency=_CONCURRENCY),
        retry=Retry(attempts=1),
    ) as session:
        summary = await ConsentJob(
            session,
            source=source,
            output=output,
            oa_id=job.OA_ID,
            column="phone",
            resume=resume,
            concurrency=_CONCURRENCY,
        ).run()
    print(json.dumps({"rows": summary.rows, "finished_before": summary.finished_before}))


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), Path(sys.argv[2]), resume="resume" in sys.argv[3:]))
