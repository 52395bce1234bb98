"""An aiohttp application that receives events and waits for a customer's answer. README.md says how to start it."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator

from aiohttp import web

from etelecom_async import ConsentState, EtelecomError, InvalidEvent, InvalidPhone, InvalidSignature, Session, Timeout
from etelecom_async.webhooks import ACK, MAX_BODY, ConsentWaiter, Seen, parse, verify

OA_ID = os.environ["ETELECOM_OA_ID"]
ZALO_APP_ID = os.environ.get("ZALO_APP_ID", "")  # without it, unsigned events are accepted
ZALO_SECRET = os.environ.get("ZALO_OA_SECRET_KEY", "")
POLL = float(os.environ.get("POLL", "15"))  # seconds between two checks, where no event comes
WAIT = float(os.environ.get("WAIT", "60"))  # seconds that a caller of /answer waits at most

SESSION = web.AppKey("SESSION", Session)
WAITER = web.AppKey("WAITER", ConsentWaiter)
SEEN = web.AppKey("SEEN", Seen)


async def open_session(app: web.Application) -> AsyncIterator[None]:
    """One session for the whole program."""
    async with Session.from_env(timeout=Timeout(attempt=2, total=5, queue=1)) as session:
        app[SESSION], app[WAITER], app[SEEN] = session, ConsentWaiter(session), Seen()
        yield


async def webhook(request: web.Request) -> web.Response:
    """Take events, and answer at once: Zalo waits for two seconds."""
    body = await request.read()
    try:
        if ZALO_APP_ID:
            verify(body, request.headers, app_id=ZALO_APP_ID, secret=ZALO_SECRET)
        events = parse(body, request.headers)
    except InvalidEvent as error:
        return web.Response(status=400, text=error.message)
    except InvalidSignature as error:
        return web.Response(status=403, text=error.message)
    for event in request.app[SEEN].new(events):
        request.app[WAITER].feed(event)
    return web.Response(body=ACK, content_type="text/plain")


async def answer(request: web.Request) -> web.Response:
    """The state of a customer's consent, once it is another than pending or the time is over. Form field `phone`."""
    phone, end = str((await request.post()).get("phone", "")), time.monotonic() + WAIT
    try:
        while True:
            consent = await request.app[SESSION].zalo.check_consent(oa_id=OA_ID, phone=phone)
            left = end - time.monotonic()
            if consent.state is not ConsentState.PENDING or left <= 0:
                return web.json_response(consent.state.value)
            await request.app[WAITER].wait(phone, min(POLL, left))
    except InvalidPhone as error:
        return web.Response(status=400, text=error.message)
    except EtelecomError:
        return web.Response(status=503, text="could not check")


def application() -> web.Application:
    """The application, which reads no larger body than that of an event."""
    app = web.Application(client_max_size=MAX_BODY)
    app.cleanup_ctx.append(open_session)
    app.router.add_post("/webhook", webhook)
    app.router.add_post("/answer", answer)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=8000)
