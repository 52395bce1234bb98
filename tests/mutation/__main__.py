"""Run the mutants of some modules, all unless named, and write docs/internals/mutation.md where all were run.

Fails where a mutant survives that `equivalent.toml` does not explain, where one is explained that does not survive, and
where a module's score is below nine tenths.
"""

import argparse
import sys
import tomllib
from collections import Counter
from pathlib import Path

from tests.mutation.mutants import mutants_of
from tests.mutation.page import PAGE, Row, written
from tests.mutation.trial import ROOT, End, Trials, import_libraries

_LEAST = 0.9


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("modules", nargs="*", help="names such as codec; all unless given")
    parser.add_argument("--children", type=int, default=2, help="trials at a time")
    options = parser.parse_args()
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutation"]
    equivalent = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text("utf-8"))
    chosen = {
        path: tests for path, tests in configured.items() if {Path(path).stem, "all"} & {*(options.modules or ["all"])}
    }
    import_libraries()
    rows, is_wrong = [], False
    for path, tests in chosen.items():
        row, is_explained = _of(path, tests, equivalent.get(Path(path).stem, []), options.children)
        rows.append(row)
        is_wrong |= not is_explained or row.score < _LEAST
        _say(f"{path}: {row.killed} of {row.mutants} killed, {row.score:.1%}")
    if is_wrong:
        sys.exit(1)
    if len(chosen) == len(configured):
        PAGE.write_text(written(rows), "utf-8")


def _of(path, tests, explained, children):
    mutants = mutants_of((ROOT / path).read_text("utf-8"))
    trials = Trials(path, tests)
    trials.calibrate()
    reasons = {(entry["was"], now): entry["why"] for entry in explained for now in entry["now"]}
    ends, survivors = Counter(), []
    for at, end in trials.ends([mutant.source for mutant in mutants], children=children):
        ends[end] += 1
        if ends.total() % 50 == 0:
            _say(f"{path}: {ends.total()} of {len(mutants)} tried")
        if end is End.SURVIVED:
            survivors.append(mutants[at])
            if mutants[at].change not in reasons:
                _say(f"{path}:{mutants[at]}")
    changes = {mutant.change for mutant in survivors}
    for was, now in sorted(reasons.keys() - changes):
        _say(f"{path}: explained, and no survivor: {was}  ->  {now}")
    survivors.sort(key=lambda mutant: mutant.line)
    row = Row(path, len(mutants), ends, [(mutant, reasons.get(mutant.change, "")) for mutant in survivors])
    return row, changes == reasons.keys()


def _say(words):
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


main()
