"""What does the controller, and what do others, make of every kind of hidden limit and outage, in virtual time?"""

from __future__ import annotations

import multiprocessing
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from benchmarks.lib.limit_kinds import KINDS, Scenario
from benchmarks.lib.limit_peers import Aws, Fixed, Gradient2
from benchmarks.lib.limit_servers import Window
from benchmarks.lib.limit_simulation import Client, simulate
from benchmarks.lib.options import command, whole
from etelecom_async.ratelimit.controller import Controller

__all__ = ["Result", "run"]

_DOCS = Path(__file__).parent.parent / "docs" / "internals" / "limits.md"
_MARKS = "<!-- figures -->", "<!-- end of figures -->"
_FIRST_SEED = 101
"""The controller was tuned on the seeds 1 to 10."""
_JAIN, _RECOVERY = 0.97, 3.0
PEERS = ("fixed 10", "fixed 50", "AWS adaptive", "Gradient2")


@frozen(kw_only=True)
class Result:
    """What one run came to; shares, seconds and numbers of rows.

    Attributes:
        used: of the capacity.
        refused: of the requests, or they ended without an answer.
        later: the same in the second half.
        failed: rows.
        jain: Jain's index of the clients' accepted requests in the second half.
        settled: seconds until nine tenths of the capacity are used for the first time.
        recovered: seconds from the first accepted request after an outage to nine tenths of what it was before.
        probes: requests per second in the outage, from its third second on.
    """

    used: float
    refused: float
    later: float
    failed: int
    jain: float
    settled: float
    recovered: float
    probes: float


def _client(who: str, scenario: Scenario, seed: int, number: int) -> Client:
    starts = 3.0 * number
    if who == "controller":
        governor = Controller(most=scenario.slots, random=random.Random(1000 * seed + number).random)
        return Client(governor, starts=starts)
    peers = {
        "fixed 10": (10, Fixed),
        "fixed 50": (50, Fixed),
        "AWS adaptive": (min(200, scenario.slots), Aws),
        "Gradient2": (min(200, scenario.slots), Gradient2),
    }
    workers, kind = peers[who]
    return Client(kind(workers), backoff=0.5, workers=workers, starts=starts)


def run(name: str, seed: int, who: str = "controller", *, seconds: float | None = None) -> Result:
    """One kind of server and one seed."""
    scenario = KINDS[name]
    span = scenario.seconds if seconds is None else seconds
    clients = [_client(who, scenario, seed, number) for number in range(scenario.clients)]
    parts = scenario.make()
    simulate(parts, clients, seconds=span, seed=seed, leg=scenario.leg)
    capacity = scenario.capacity * span
    if len(parts) == 1 and isinstance(parts[0], Window):
        # The first window, in which the client starts, counts in full.
        capacity += scenario.capacity * parts[0].phase
    taken = sorted(moment for client in clients for moment in client.taken)
    refused = sorted(moment for client in clients for moment in client.refused)
    taken_later, refused_later = (sum(moment > span / 2 for moment in moments) for moments in (taken, refused))
    shares = [sum(moment > span / 2 for moment in client.taken) for client in clients]
    recovered = probes = 0.0
    if scenario.outage is not None:
        since, until = scenario.outage
        recovered = _recovery(taken, since, until)
        probes = sum(since + 3 <= moment < until for moment in refused) / (until - since - 3)
    return Result(
        used=len(taken) / capacity,
        refused=len(refused) / max(1, len(refused) + len(taken)),
        later=refused_later / max(1, refused_later + taken_later),
        failed=sum(client.failed for client in clients),
        jain=sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares) or 1),
        settled=_reached(taken, 0.0, 0.9 * scenario.capacity, max(2.0, 40 / scenario.capacity)),
        recovered=recovered,
        probes=probes,
    )


def _reached(moments: Sequence[float], since: float, rate: float, window: float) -> float:
    """Seconds from then on until so many per second are accepted in a window."""
    later = [moment for moment in moments if moment >= since]
    need = max(1, int(rate * window))
    for first, last in zip(later, later[need - 1 :], strict=False):
        if last - first <= window:
            return first - since
    return float("inf")


def _recovery(taken: Sequence[float], since: float, until: float) -> float:
    before = sum(since - 60 <= moment < since for moment in taken) / 60
    first = min((moment for moment in taken if moment >= until), default=float("inf"))
    return _reached(taken, first, 0.9 * before, 1.0)


def _one(task: tuple[str, int, str]) -> Result:
    return run(*task)


def _row(name: str, results: Sequence[Result], peers: Sequence[Result]) -> str:
    scenario = KINDS[name]
    used, refused = min(each.used for each in results), max(each.refused for each in results)
    later, failed = max(each.later for each in results), max(each.failed for each in results)
    jain = min(each.jain for each in results)
    recovered, probes = max(each.recovered for each in results), max(each.probes for each in results)
    goals = {
        "used": used >= (scenario.used or 0.0),
        "refused": refused <= (scenario.refused or 1.0),
        "2nd half": later <= (scenario.later or 1.0),
        "failed": failed == 0,
        "Jain": scenario.clients == 1 or jain >= _JAIN,
        "recovery": recovered <= _RECOVERY,
        "probes": probes <= 1,
    }
    misses = [word for word, is_met in goals.items() if not is_met]
    more = f"Jain {jain:.3f}" if scenario.clients > 1 else ""
    if scenario.outage is not None:
        more = f"back after {recovered:.1f} s, {probes:.2f} tries/s"
    cells = [
        name,
        f"{100 * used:.1f}",
        f"{100 * refused:.2f}",
        f"{100 * later:.2f}",
        str(failed),
        f"{max(each.settled for each in results):.1f}",
        more,
        "missed: " + ", ".join(misses) if misses else "met",
        *(f"{100 * each.used:.0f} / {100 * each.refused:.1f} / {each.failed}" for each in peers),
    ]
    return "| " + " | ".join(cells) + " |"


def table(names: Sequence[str], seeds: int, workers: int, peers: Sequence[str]) -> str:
    """The measured table."""
    columns = ["server", "used", "refused", "2nd half", "failed", "within 10 %", "", "goals", *peers]
    lines = ["| " + " | ".join(columns) + " |", "|---" + "|---:" * 5 + "|---" * 2 + "|---:" * len(peers) + "|"]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        whose = [(_FIRST_SEED + number, "controller") for number in range(seeds)]
        whose += [(_FIRST_SEED, peer) for peer in peers]
        found = pool.imap(_one, [(name, seed, who) for name in names for seed, who in whose])
        for name in names:
            results = [next(found) for _ in whose]
            lines.append(_row(name, results[:seeds], results[seeds:]))
            print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines) + "\n"


_DESCRIPTION = """\
A simulation: the arithmetic of the controller at servers that are arithmetic too, ten minutes each. Takes two minutes
of CPU for each seed.
"""


def main(arguments: Sequence[str]) -> int:
    parser = command("limits", _DESCRIPTION)
    parser.add_argument("--seeds", type=whole(1, 1000), default=20)
    parser.add_argument("--workers", type=whole(1, 64), default=2)
    parser.add_argument("--only", default="", help="kinds whose name holds these words")
    parser.add_argument("--alone", action="store_true", help="this SDK only")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/internals/limits.md")
    options = parser.parse_args(arguments)
    names = [name for name in KINDS if options.only in name]
    written = table(names, options.seeds, options.workers, () if options.alone else PEERS)
    if options.docs:
        page = _DOCS.read_text(encoding="utf-8")
        before, after = page.partition(_MARKS[0])[0], page.partition(_MARKS[1])[2]
        alone = ", with `--alone`" if options.alone else ""
        said = f"The worst of {options.seeds} seed(s) from {_FIRST_SEED} on{alone}."
        _DOCS.write_text(f"{before}{_MARKS[0]}\n{said}\n\n{written}{_MARKS[1]}{after}", encoding="utf-8")
    else:
        print(written)
    return 0
