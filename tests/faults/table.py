"""docs/internals/reliability.md, written from what was observed."""

from itertools import chain, groupby
from pathlib import Path

from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from tests.faults.cases import CHAPTERS, STATUSES
from tests.faults.cases.statuses import BODIES, SAMPLE

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "reliability.md"
_TEXT = """\
# Reliability

What comes of each fault of the network and the server. This page is written by the tests, from what they saw: a server
on a loopback socket does what the first column says, and `AiohttpTransport` under a `Session` calls it; the last
chapters are about [the fast transport](#over-httptoolstransport) and [the one on httpx](#over-httpxtransport). A test
fails where the page and the tests differ. To write it anew:

    make reliability

- **READ**, **SEND**: what a call does about it that may be repeated freely, and one that may be billed. "asks again" is
  one of `Retry(attempts=...)`; when all are spent, the error is raised. In these tests the server is well the second
  time, and the second attempt gives the right answer, except where the fault lasts, as a wrong certificate does.
- **error** is the class of what each attempt ends in; **fate** its `phase`: whether the request may have been carried
  out. A SEND asks again only where it was not sent, or rejected; where that is unknown, a note of the error says so.
- Every answer is compared with what was asked, here and in the next calls over the same session: a wrong value fails
  the test. So do a call that hangs, a socket or a task that is left behind, a redirect that is followed, a key in an
  error, in its tracebacks or in a log.

What no client can tell: an answer that comes after its request was written and belongs to another one, since HTTP/1.1
matches the two by order alone. Whatever was there before the request was written is not taken for its answer.
{chapters}
## Statuses

Every status from 200 to 599 with five bodies: a yes in JSON, HTML, plain text, nothing, and all 256 bytes. Errors in
JSON that say a code of the API's own are told apart further: see the tree in
[errors.py](../../etelecom_async/errors.py).

{statuses}
## Over HttptoolsTransport

All of it was played over `HttptoolsTransport`, too. The same came of it, except for this:

{httptools}
## Over HttpxTransport

All chapters were played over `HttpxTransport`, too, and of the statuses these:
{sample}.
The same came of it, except for this:

{httpx}"""


async def written(observed):
    """The page, from `await observed(case, transport)` for every case and transport."""
    chapters = []
    for title, cases in CHAPTERS.items():
        rows = [[case.name, *_cells(await observed(case, AiohttpTransport))] for case in cases]
        chapters.append(f"\n## {title}\n\n{_table('what happens', rows)}")
    return _TEXT.format(
        chapters="".join(chapters),
        statuses=await _statuses(observed),
        httptools=await _others(observed, HttptoolsTransport, STATUSES.values()),
        sample=_ranges(sorted(SAMPLE)),
        httpx=await _others(observed, HttpxTransport, [STATUSES[key] for key in STATUSES if key[0] in SAMPLE]),
    )


async def _statuses(observed):
    found = {}
    for status in sorted({status for status, _ in STATUSES}):
        by_outcome = {}
        for kind in BODIES:
            by_outcome.setdefault(await observed(STATUSES[status, kind], AiohttpTransport), []).append(kind)
        for outcome, kinds in by_outcome.items():
            body = "any" if len(kinds) == len(BODIES) else ", ".join(kinds)
            found.setdefault((body, outcome), []).append(status)
    rows = [[_ranges(statuses), body, *_cells(outcome)] for (body, outcome), statuses in found.items()]
    return _table("status | body", rows)


async def _others(observed, transport, statuses):
    rows = []
    for case in chain(*CHAPTERS.values(), statuses):
        outcome = await observed(case, transport)
        if outcome != await observed(case, AiohttpTransport):
            rows.append([case.name, *_cells(outcome)])
    return _table("what happens", rows)


def _cells(outcome):
    if outcome.error is None:
        return ["right answer", "right answer", "", ""]
    return [outcome.read.value, outcome.send.value, f"`{outcome.error.__name__}`", outcome.phase.value]


def _table(first, rows):
    head = f"| {first} | READ | SEND | error | fate |"
    rule = "|" + "---|" * (head.count("|") - 1)
    return "\n".join([head, rule, *(f"| {' | '.join(row)} |" for row in rows), ""])


def _ranges(numbers):
    """'200-203, 205' for what is in order."""
    spans = []
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        span = [number for _, number in run]
        spans.append(str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}")
    return ", ".join(spans)
