"""How long `etelecom --version` takes to start, beside `python -c "import click"`: user time, in turns."""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys

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


def main() -> int:
    """Measure and print; 1 if the command takes more than 2.5 times as long as the import."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cli_start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="of each command; %(default)s")
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(rounds):
        for name, arguments in _COMMANDS.items():
            seconds[name].append(_user_seconds(arguments))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name:20} {1000 * median:4.0f} ms  {median / medians['import click']:.2f} times `import click`")
    return int(medians["etelecom --version"] > _GOAL * medians["import click"])


if __name__ == "__main__":
    sys.exit(main())
