"""A FastAPI application that receives events and waits for a customer's answer. README.md says how to start it."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Body, FastAPI, HTTPException, Request, Response

from etelecom_async import ConsentState, EtelecomError, InvalidEvent, InvalidPhone, InvalidSignature, Session, Timeout
from etelecom_async.webhooks import ACK, MAX_BODY, ConsentWaiter, Seen, parse, verify

OA_ID = os.environ["ETELECOM_OA_ID"]
ZALO_APP_ID = os.environ.get("ZALO_APP_ID", "")  # without it, unsigned events are accepted
ZALO_SECRET = os.environ.get("ZALO_OA_SECRET_KEY", "")
POLL = float(os.environ.get("POLL", "15"))  # seconds between two checks, where no event comes
WAIT = float(os.environ.get("WAIT", "60"))  # seconds that a caller of /answer waits at most


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One session for the whole program."""
    async with Session.from_env(timeout=Timeout(attempt=2, total=5, queue=1)) as session:
        app.state.session, app.state.waiter, app.state.seen = session, ConsentWaiter(session), Seen()
        yield


app = FastAPI(lifespan=lifespan)


async def read(request: Request) -> bytes:
    """The body, and never more of it than an event can have."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    return bytes(body)


@app.post("/webhook")
async def webhook(request: Request) -> Response:
    """Take events, and answer at once: Zalo waits for two seconds."""
    body = await read(request)
    try:
        if ZALO_APP_ID:
            verify(body, request.headers, app_id=ZALO_APP_ID, secret=ZALO_SECRET)
        events = parse(body, request.headers)
    except InvalidEvent as error:
        raise HTTPException(400, error.message) from None
    except InvalidSignature as error:
        raise HTTPException(403, error.message) from None
    for event in request.app.state.seen.new(events):
        request.app.state.waiter.feed(event)
    return Response(ACK, media_type="text/plain")


@app.post("/answer")
async def answer(request: Request, phone: Annotated[str, Body(embed=True)]) -> str:
    """The state of a customer's consent, once it is another than pending or the time is over."""
    session, waiter, end = request.app.state.session, request.app.state.waiter, time.monotonic() + WAIT
    try:
        while True:
            consent = await session.zalo.check_consent(oa_id=OA_ID, phone=phone)
            left = end - time.monotonic()
            if consent.state is not ConsentState.PENDING or left <= 0:
                return consent.state.value
            await waiter.wait(phone, min(POLL, left))
    except InvalidPhone as error:
        raise HTTPException(400, error.message) from None
    except EtelecomError:
        raise HTTPException(503, "could not check") from None
