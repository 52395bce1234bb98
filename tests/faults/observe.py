"""Make the calls that a fault is about and write down what came of them."""

import asyncio
import contextlib

import attrs
from attrs import field, frozen

from etelecom_async import (
    CHECK_CONSENT,
    AttemptTimeout,
    EtelecomError,
    Phase,
    Retry,
    Safety,
    Session,
    Shop,
    Throttle,
    Timeout,
)
from etelecom_async.testing import Answer, Peer
from tests.faults.case import PLENTY, Outcome, Then
from tests.faults.certificates import Certificates
from tests.faults.leaks import nothing_left_behind
from tests.faults.server import FaultServer
from tests.faults.steps import Redirect
from tests.support import CANARY, KEY, everything_shown

HANG = 60.0
"""Seconds after which a call counts as hanging, however busy the machine is."""
PADDING = "x"


@frozen(kw_only=True)
class Ask:
    """What CheckConsent is asked, and as much beside it as makes a request long."""

    phone: str
    oa_id: str = "7"
    note: str = ""


READ = attrs.evolve(CHECK_CONSENT, payload=Ask)
SEND = attrs.evolve(READ, safety=Safety.SEND)


@frozen
class Trial:
    """One call under a fault.

    Attributes:
        errors: of its attempts.
        end: the error that the call ended in, if it did.
        was_heard: whether the server had the whole request when the first attempt ended.
    """

    errors: list = field(factory=list)
    end: EtelecomError | None = None
    was_heard: bool = False

    @property
    def first(self):
        """What the first attempt ended in: class and phase of its error."""
        return (type(self.errors[0]), self.errors[0].phase) if self.errors else (None, None)


def phone(number):
    """One customer for each call, so that an answer to another call is known for what it is."""
    return f"84900000{number:03d}"


async def ask(session, endpoint, number, *, size=0):
    """A call whose answer must be its own."""
    asked = Ask(phone=phone(number), note=PADDING * size)
    async with asyncio.timeout(HANG):
        consent = await session.call(endpoint, asked)
    assert (consent.granted, consent.message) == (True, asked.phone), "a wrong value"


async def observe(case, certificates, transport):
    """What comes of a fault over this class of transport, seen by a READ and by a SEND."""
    async with nothing_left_behind():
        trials = (_reach(case, certificates, transport, endpoint) for endpoint in (READ, SEND))
        read, send = await asyncio.gather(*trials)  # at once, since many wait for their time to pass
    error, phase = read.first
    assert read.first == send.first, "the first attempt knows nothing of READ and SEND"
    return Outcome(error, phase, _then(case, read), _then(case, send))


class Observed:
    """What came of each fault over each transport; each is played once, when it is first asked for.

    Attributes:
        wrong: a sentence for each that ended otherwise than it must.
    """

    def __init__(self):
        self.wrong = []
        self._certificates = Certificates()
        self._outcomes = {}

    async def __call__(self, case, transport):
        outcome = self._outcomes.get((case.name, transport))
        if outcome is None:
            outcome = await observe(case, self._certificates, transport)
            self._outcomes[case.name, transport] = outcome
            must = case.ends_over(transport)
            if outcome != must:
                self.wrong.append(f"{case.name}, {transport.__name__}: {outcome} came of it, and {must} must")
        return outcome


def _then(case, trial):
    """What was done about the fault; everything that must hold whatever that is."""
    for each in trial.errors:
        shown = everything_shown(each)
        assert CANARY not in shown
    if trial.end is not None:
        assert trial.end is trial.errors[-1]
        assert trial.end.attempts == len(trial.errors)
        assert trial.end.endpoint == "Zalo/CheckConsent"
        assert trial.end.elapsed > 0
    if not trial.errors:
        return Then.ANSWER
    if len(trial.errors) == 1 and trial.end is not None:
        return Then.ONCE
    assert (trial.end is None) == case.recovers, "the second attempt met a server that was well again"
    return Then.AGAIN


async def _reach(case, certificates, transport, endpoint):
    # Where a machine stands still for longer than a short attempt lasts, its time is over before the request is out and
    # before the fault is met: it is played again, with more time.
    for seconds in (case.attempt, 8 * case.attempt, PLENTY):
        trial = await _try(attrs.evolve(case, attempt=seconds), certificates, transport, endpoint)
        if trial.was_heard or trial.first != (AttemptTimeout, Phase.NOT_SENT):
            break
    return trial


async def _try(case, certificates, transport, endpoint):
    errors, end, heard = [], None, 0

    async def note(request, call_next):
        nonlocal heard
        # Only the fault is to run out of time, not what follows it on a busy machine.
        if errors:
            await server.recover()
            request = request.with_timeout(Timeout(attempt=PLENTY))
        try:
            return await call_next(request)
        except EtelecomError as error:
            if not errors:
                heard = len(server.requests)
            errors.append(error)
            raise

    async with _served(case, certificates) as (server, visits):
        options = {
            "transport": transport(connect_timeout=case.connect_timeout, ssl_context=certificates.trust),
            "timeout": Timeout(attempt=case.attempt_over(transport)),
            "retry": Retry(attempts=2, base=0),
            "throttle": Throttle(adaptive=False),
            "middlewares": [note],
        }
        async with contextlib.aclosing(options["transport"]), Session(_account(server), **options) as session:
            patient = session.with_options(timeout=Timeout(attempt=PLENTY))
            for number in range(case.earlier):
                await ask(patient, endpoint, number)
            await server.between()
            errors.clear()
            try:
                await ask(session, endpoint, 100, size=case.request)
            except EtelecomError as error:
                end = error
                errors += [] if error in errors else [error]  # of a body that does not fit no layer knows
            trial = Trial(list(errors), end, was_heard=heard > case.earlier)
            if case.recovers:
                await server.recover()
                for number in (101, 102):
                    await ask(patient, READ, number)
        if endpoint is SEND and len(trial.errors) == 1:
            is_doubtful = trial.errors[0].phase is Phase.UNKNOWN
            assert is_doubtful == any("may have been carried out" in n for n in getattr(end, "__notes__", []))
        assert visits == [], "a redirect was followed"
    return trial


def _account(server):
    return Shop(KEY, base_url=server.origin)


@contextlib.asynccontextmanager
async def _served(case, certificates):
    """The server of a case, and the requests that its redirects brought to another one."""
    async with contextlib.AsyncExitStack() as stack:
        elsewhere, visits = "", []
        if any(isinstance(step, Redirect) for step in case.does):
            peer = Peer(Answer(200, b'{"error":0,"message":"stolen"}'))
            elsewhere, visits = await stack.enter_async_context(peer.serve()), peer.received
        tls = certificates.server(case.certificate)
        server = FaultServer(*case.does, repeats=not case.recovers, tls=tls, scheme=case.scheme, elsewhere=elsewhere)
        await stack.enter_async_context(server.serve())
        yield server, visits
