"""Search for inputs that break a target, and keep those that lead somewhere new."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.seeds import SEEDS, dictionary
from tests.fuzz.targets import TARGETS

_LONGEST = 512
"""Bytes of an input: what is found in longer ones is found in these, sooner."""


def worker(name, *options):
    """The command that runs a target under atheris."""
    return [sys.executable, "-m", "tests.fuzz.worker", name, f"-max_len={_LONGEST}", "-print_final_stats=1", *options]


def search(name, seconds, folder):
    """Search for so long; the input that broke the target, if one did, is kept for the tests to fail at."""
    known, found, words = folder / "known", folder / "found", folder / "words"
    for each in (known, found):
        each.mkdir()
    for at, data in enumerate([*SEEDS[name], *corpus.load(name)]):
        (known / str(at)).write_bytes(data)
    words.write_text(dictionary(), "ascii")
    options = [f"-max_total_time={seconds}", f"-dict={words}", f"-artifact_prefix={folder}/broke-", "-timeout=20"]
    ended = subprocess.run(worker(name, *options, known), check=False)
    if ended.returncode:
        broken = [path.read_bytes() for path in folder.glob("broke-*")]
        corpus.add_broken(name, broken)
        sys.exit(f"{name} does not hold for {broken}: kept in its corpus, so the tests fail until it does.")
    subprocess.run(worker(name, "-merge=1", found, known), check=True, stderr=subprocess.DEVNULL)
    corpus.save(name, (path.read_bytes() for path in found.iterdir()))
    sys.stderr.write(f"{name}: held for {seconds} s; {len(corpus.load(name))} inputs are kept.\n")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="in all (default 600)")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all unless named")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            search(name, max(1, options.seconds // len(names)), Path(folder))


main()
