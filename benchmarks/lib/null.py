"""A network that is not there: what is measured over it is the SDK alone."""

from __future__ import annotations

import asyncio

from benchmarks.lib import job
from etelecom_async.transport import Request, Response


class NullTransport:
    """Answers at once."""

    async def send(self, _: Request, /) -> Response:
        return Response(200, job.ANSWER_HEADERS, job.ANSWER)

    async def aclose(self) -> None:
        pass


class YieldingTransport(NullTransport):
    """Answers not quite at once: every call gives way to the others, as one over a socket does."""

    async def send(self, request: Request, /) -> Response:
        await asyncio.sleep(0)
        return await super().send(request)
