"""What does the controller, and what do others, make of every kind of hidden limit and outage, in virtual time?"""

from __future__ import annotations

import multiprocessing
import random
import sys
from collections.abc import Sequence

from benchmarks.lib.limit_kinds import KINDS, Scenario
from benchmarks.lib.limit_peers import Aws, Fixed, Gradient2
from benchmarks.lib.limit_results import DOCS, HEADINGS, Result, cells, put, result
from benchmarks.lib.limit_servers import Window
from benchmarks.lib.limit_simulation import Client, simulate
from benchmarks.lib.options import command, whole
from etelecom_async.ratelimit.controller import Controller

__all__ = ["run"]

_MARKS = "<!-- figures -->", "<!-- end of figures -->"
_FIRST_SEED = 101
"""The controller was tuned on the seeds 1 to 10."""
PEERS = ("fixed 10", "fixed 50", "AWS adaptive", "Gradient2")


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
    # The first window, in which the client starts, counts in full.
    unused = scenario.capacity * parts[0].phase if len(parts) == 1 and isinstance(parts[0], Window) else 0.0
    return result(
        scenario,
        seconds=span,
        taken=[client.taken for client in clients],
        refused=[moment for client in clients for moment in client.refused],
        failed=sum(client.failed for client in clients),
        unused=unused,
    )


def _one(task: tuple[str, int, str]) -> Result:
    return run(*task)


def _row(name: str, results: Sequence[Result], peers: Sequence[Result]) -> str:
    row = cells(name, KINDS[name], results)
    row += [f"{100 * each.used:.0f} / {100 * each.refused:.1f} / {each.failed}" for each in peers]
    return "| " + " | ".join(row) + " |"


def table(names: Sequence[str], seeds: int, workers: int, peers: Sequence[str]) -> str:
    """The measured table."""
    columns = [*HEADINGS, *peers]
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
        alone = ", with `--alone`" if options.alone else ""
        said = f"The worst of {options.seeds} seed(s) from {_FIRST_SEED} on{alone}."
        put(f"{said}\n\n{written}", DOCS, marks=_MARKS)
    else:
        print(written)
    return 0
