"""How long does `etelecom --version` take to start, beside `python -c "import click"`?"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.lib.options import command, whole

_GOAL = 2.5
_COMMANDS = {
    "etelecom --version": ("-m", "etelecom_async.cli", "--version"),
    "etelecom --help": ("-m", "etelecom_async.cli", "--help"),
    "import click": ("-c", "import click"),
}


def _user_seconds(arguments: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 if the command takes more than 2.5 times as long as the import."""
    parser = command("cli_start", "User time of the command and of the import, in turns.")
    parser.add_argument("--rounds", type=whole(1, 1000), default=20, metavar="N", help="of each command; %(default)s")
    rounds = parser.parse_args(arguments).rounds
    seconds: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(rounds):
        for name, run in _COMMANDS.items():
            seconds[name].append(_user_seconds(run))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name:20} {1000 * median:4.0f} ms  {median / medians['import click']:.2f} times `import click`")
    return int(medians["etelecom --version"] > _GOAL * medians["import click"])
