"""Measure what TLS, longer answers and HTTP/2 cost the clients that have them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import trustme
from attrs import frozen

from benchmarks import job
from benchmarks.child import Child, ChildFailed, program
from benchmarks.figures import Cycle, Slice, cpu_ratio
from benchmarks.paired import check, client, one_slice
from benchmarks.roster import ROSTER, present
from benchmarks.run import machine, whole

_SERVER = Path(__file__).with_name("node") / "server.js"
_HTTP1 = ("tuned", "sdk-workers", "sdk-fast", "sdk-fast-uvloop", "httpx", "pyreqwest", "pycurl")
_HTTP2 = ("httpx-http2", "pyreqwest-http2", "pycurl-http2")
_DESCRIPTION = """\
CPU per call over loopback: in plain, over TLS, and over TLS with answers of 10 KB; over HTTP/1.1, and over HTTP/2
for those that have it. The server runs under Node. Contenders take turns, as in benchmarks/run.py.
"""


@frozen(kw_only=True)
class Wire:
    """How the bytes travel: over TLS or not, and how long the answer is."""

    title: str
    has_tls: bool
    length: int = 0

    @property
    def answer(self) -> bytes:
        """The usual answer, with a field that nobody reads."""
        short = len(job.ANSWER) + len(b',"more":""')
        return (
            job.ANSWER if self.length < short else job.ANSWER[:-1] + b',"more":"%b"}' % (b"x" * (self.length - short))
        )


_WIRES = {
    "plain": Wire(title="plain", has_tls=False),
    "tls": Wire(title="TLS", has_tls=True),
    "long": Wire(title="TLS, 10 KB", has_tls=True, length=10_000),
}


async def _measure(options: argparse.Namespace, names: Sequence[str], pem: Path) -> list[Cycle]:
    cycles: list[Cycle] = []
    for number in range(1, options.rounds + 1):
        if sys.stderr.isatty():
            print(f"round {number} of {options.rounds} ...", file=sys.stderr)
        async with AsyncExitStack() as stack:
            clients: dict[str, tuple[str, Child]] = {}
            for key, wire in _WIRES.items():
                server = await stack.enter_async_context(_server(wire, pem))
                origin = f"{'https' if wire.has_tls else 'http'}://{job.HOST}:{(await server.hear())['port']}"
                for name in names:
                    if name in _HTTP2 and not wire.has_tls:
                        continue  # which of the two it is, is agreed upon within TLS
                    it = await stack.enter_async_context(client(name, origin, options.concurrency))
                    # libcurl drops a connection on which a session ticket of TLS comes while it is idle
                    await check(name, it, server, options.concurrency, may_reconnect=wire.has_tls)
                    version = (await server.ask(""))["version"]
                    if version != ("2.0" if name in _HTTP2 else "1.1"):
                        raise ChildFailed(f"{name} speaks HTTP/{version}.")
                    clients[f"{name} {key}"] = name, it
            for _ in range(options.slices):
                order = random.sample(list(clients), len(clients))
                cycles.append({key: await _take(*clients[key], options.calls) for key in order})
    return cycles


async def _take(name: str, it: Child, calls: int) -> Slice:
    return await one_slice(name, it, round(calls * ROSTER[name].share))


def _server(wire: Wire, pem: Path) -> AbstractAsyncContextManager[Child]:
    answer = wire.answer
    headers = {**job.ANSWER_HEADERS, "content-length": str(len(answer))}
    what = {"pem": str(pem) if wire.has_tls else None, "answer": answer.decode(), "headers": headers}
    return program("server.js", "node", str(_SERVER), json.dumps(what), role="server")


def _table(cycles: Sequence[Cycle], names: Iterable[str]) -> str:
    titles = " | ".join(wire.title for wire in _WIRES.values())
    lines = [f"| CPU us/call | {titles} | TLS / plain | 10 KB / 69 bytes |", "|---|---:|---:|---:|---:|---:|"]
    for name in names:
        cells = [
            f"{1e6 * statistics.median(cycle[at].cpu for cycle in cycles):.0f}" if at in cycles[0] else "-"
            for at in (f"{name} {key}" for key in _WIRES)
        ]
        for key, base in (("tls", "plain"), ("long", "tls")):
            pair = f"{name} {key}", f"{name} {base}"
            cells.append(str(cpu_ratio(cycles, *pair)) if cycles[0].keys() >= set(pair) else "-")
        lines.append(f"| {ROSTER[name].title} | {' | '.join(cells)} |")
    lines += ["", "| HTTP/2 / HTTP/1.1, CPU | TLS | TLS, 10 KB |", "|---|---:|---:|"]
    for name in names:
        if name in _HTTP2:
            base = name.removesuffix("-http2")
            ratios = (cpu_ratio(cycles, f"{name} {key}", f"{base} {key}") for key in ("tls", "long"))
            lines.append(f"| {ROSTER[base].title} | {' | '.join(map(str, ratios))} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and print; 130 after Ctrl-C, 1 after a failure."""
    options = _options()
    names, missing = present([*_HTTP1, *_HTTP2])
    for name, lack in missing.items():
        print(f"{name} is left out: there is no {lack}. `make bench` installs it.", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        authority, pem = trustme.CA(), Path(folder, "server.pem")
        authority.issue_cert(job.HOST).private_key_and_cert_chain_pem.write_to_path(str(pem))
        authority.cert_pem.write_to_path(str(pem.with_name("authority.pem")))
        os.environ["SSL_CERT_FILE"] = str(pem.with_name("authority.pem"))
        try:
            cycles = asyncio.run(_measure(options, names, pem))
        except KeyboardInterrupt:
            print("Interrupted: nothing is reported.", file=sys.stderr)
            return 130
        except ChildFailed as error:
            print(f"Stopped: {error}", file=sys.stderr)
            return 1
    print(f"{machine()}\n{len(cycles)} slices of {options.calls} calls each, {options.concurrency} in flight\n")
    print(_table(cycles, names))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.wire", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--calls", type=whole(500, 20_000), default=1000, metavar="N", help="per slice; %(default)s")
    add("--slices", type=whole(1, 100), default=5, metavar="N", help="of each client per round; %(default)s")
    add("--rounds", type=whole(1, 50), default=3, metavar="N", help="with new processes; %(default)s")
    add("--concurrency", type=whole(1, 250), default=100, metavar="N", help="requests in flight; %(default)s")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
