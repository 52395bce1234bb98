"""Is any row of a file job lost, double or different after twenty kills, with strange rows among the others?"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import define, frozen

from benchmarks.lib.child import ChildFailed
from benchmarks.lib.kills_tables import read, write
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole

_ROOT = Path(__file__).parent.parent
_PATIENCE = 120.0
"""Seconds after which a run that is neither killed nor ended counts as hanging."""
_LOOK = 0.001
_FORMATS = (("csv", "csv"), ("xlsx", "csv"), ("ndjson", "ndjson"), ("parquet", "parquet"))
_DESCRIPTION = """\
For each format a job over a table with strange rows is run to its end, as a reference, and once more with kill -9 at
random moments: most of them when the journal has grown by a random number of bytes, every fifth at a random moment
after the start, and for Parquet the last one while the file is made of the journal. Each kill is followed by a resume.
At the end every row must be there once, with the same cells and the same answer as in the reference, but for the time
of the check. Exits with 1 where that does not hold.
"""


@frozen(kw_only=True)
class Verdict:
    """What became of the rows of a job that was killed."""

    lost: int
    double: int
    different: int

    @property
    def is_sound(self) -> bool:
        """Is every row there once, as it should be?"""
        return not (self.lost or self.double or self.different)


@define
class Killed:
    """How a job was killed.

    Attributes:
        kills: how often.
        torn: how often the journal's last line was not whole.
        seconds: from the first start to the end.
    """

    kills: int = 0
    torn: int = 0
    seconds: float = 0.0


def _start(source: Path, output: Path, *, resume: bool) -> subprocess.Popen[bytes]:
    arguments = [
        sys.executable,
        "-m",
        "benchmarks.children.kills_job",
        str(source),
        str(output),
        *(["resume"] if resume else []),
    ]
    return subprocess.Popen(arguments, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _finish(process: subprocess.Popen[bytes]) -> None:
    try:
        _, stderr = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise ChildFailed(f"a run did not end within {_PATIENCE:.0f} s") from None
    if process.returncode:
        raise ChildFailed(stderr.decode(errors="replace").strip().splitlines()[-1])


def _journal(output: Path) -> Path:
    return output.with_name(f"{output.name}.ndjson") if output.suffix == ".parquet" else output


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _wait(process: subprocess.Popen[bytes], output: Path, *, grown: int | None, seconds: float) -> bool:
    """Wait for the moment of a kill: growth of the journal, or else the making of a Parquet file. False: it ended."""
    before, began = _size(_journal(output)), time.monotonic()
    while process.poll() is None:
        if grown is None:
            if any(output.parent.glob(f".{output.name}.*.part")):
                return True
        elif _size(_journal(output)) - before >= grown and time.monotonic() - began >= seconds:
            return True
        if time.monotonic() - began > _PATIENCE:
            raise ChildFailed(f"nothing happened within {_PATIENCE:.0f} s")
        time.sleep(_LOOK)
    return False


def kill_again_and_again(source: Path, output: Path, *, kills: int, size: int, random: random.Random) -> Killed:
    """Run a job to its end, through so many kills.

    Args:
        source: the table.
        output: its output.
        kills: how many.
        size: bytes of the whole journal.
        random: chooses the moments.

    Raises:
        ChildFailed: a run that was not killed ended with an error.
    """
    killed, began = Killed(), time.monotonic()
    while True:
        process = _start(source, output, resume=killed.kills > 0)
        is_last = killed.kills == kills - 1
        if killed.kills < kills:
            grown: int | None = random.randrange(1, 2 * size // (kills + 2))
            seconds = 0.0
            if killed.kills % 5 == 4:
                grown, seconds = 0, random.uniform(0.2, 1.0)
            if is_last and output.suffix == ".parquet":
                grown = None
            if _wait(process, output, grown=grown, seconds=seconds):
                process.kill()
                process.communicate()
                killed.kills += 1
                killed.torn += _is_torn(_journal(output))
                continue
        _finish(process)
        killed.seconds = time.monotonic() - began
        return killed


def _is_torn(journal: Path) -> bool:
    try:
        with journal.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) != b"\n"
    except OSError:
        return False


def compare(reference: Path, output: Path, rows: int) -> Verdict:
    """The rows of an output beside those of a run that was not killed."""
    wanted, found = read(reference), read(output)
    return Verdict(
        lost=rows - len(found),
        double=sum(len(records) > 1 for records in found.values()),
        different=sum(found[row] != records for row, records in wanted.items() if len(found.get(row, ())) == 1),
    )


def _try(kind: str, into: str, folder: Path, options: argparse.Namespace) -> tuple[Killed, Verdict]:
    source, reference, output = (folder / f"{name}.{it}" for name, it in (("in", kind), ("whole", into), ("out", into)))
    write(source, options.rows)
    twin = reference.with_suffix(".ndjson") if into == "parquet" else reference
    for place in dict.fromkeys((twin, reference)):
        _finish(_start(source, place, resume=False))
    random_moments = random.Random(f"{options.seed} {kind}")
    killed = kill_again_and_again(source, output, kills=options.kills, size=twin.stat().st_size, random=random_moments)
    return killed, compare(reference, output, options.rows)


def main(arguments: Sequence[str]) -> int:
    """Kill and compare; 1 where a row is lost, double or different."""
    parser = command("kills", _DESCRIPTION)
    parser.add_argument("--rows", type=whole(500, 200_000), default=10_000, metavar="N", help="%(default)s")
    parser.add_argument("--kills", type=whole(1, 200), default=20, metavar="N", help="of each format; %(default)s")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the moments; another each time")
    options = parser.parse_args(arguments)
    print(f"{machine()}\n{options.rows:,} rows, seed {options.seed}\n", flush=True)
    print("| from | to | kills | torn lines | seconds | lost | double | different |")
    print("|---|---|---:|---:|---:|---:|---:|---:|", flush=True)
    is_sound = True
    for kind, into in _FORMATS:
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            killed, verdict = _try(kind, into, Path(folder), options)
        is_sound &= verdict.is_sound and killed.kills == options.kills
        figures = killed.kills, killed.torn, f"{killed.seconds:.0f}", verdict.lost, verdict.double, verdict.different
        print(f"| {kind} | {into} | {' | '.join(map(str, figures))} |", flush=True)
    return 0 if is_sound else 1
