"""Run the mutants of some modules, all unless named, and write docs/mutation.md where all were run.

Fails where a mutant survives that `equivalent.toml` does not explain, where one is explained that does not survive, and
where a module's score is below nine tenths.
"""

import argparse
import sys
import tomllib
from collections import Counter
from pathlib import Path

from mutation.mutants import mutants_of
from mutation.page import PAGE, Row, written
from mutation.trial import ROOT, End, Trials, import_libraries

_LEAST = 0.9


def main():
    parser = argparse.ArgumentParser(prog="python -m mutation")
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
        row, wrong = _of(path, tests, equivalent.get(Path(path).stem, []), options.children)
        rows.append(row)
        if row.score < _LEAST:
            wrong.append(f"{path}: the score is below {_LEAST:.0%}")
        is_wrong |= bool(wrong)
        summary = f"{path}: {row.killed} of {row.mutants} killed, {row.score:.1%}"
        sys.stdout.write("\n".join([*wrong, summary, ""]))
        sys.stdout.flush()
    if is_wrong:
        sys.exit(1)
    if len(chosen) == len(configured):
        PAGE.write_text(written(rows), "utf-8")


def _of(path, tests, explained, children):
    mutants = mutants_of((ROOT / path).read_text("utf-8"))
    trials = Trials(path, tests)
    trials.calibrate()
    ends = trials.ends([mutant.source for mutant in mutants], children=children)
    survivors = [mutant for mutant, end in zip(mutants, ends, strict=True) if end is End.SURVIVED]
    reasons = {(entry["was"], now): entry["why"] for entry in explained for now in entry["now"]}
    wrong = [f"{path}:{mutant}" for mutant in survivors if (mutant.was, mutant.now) not in reasons]
    stale = reasons.keys() - {(mutant.was, mutant.now) for mutant in survivors}
    wrong += [f"{path}: explained, and no survivor: {was}  ->  {now}" for was, now in sorted(stale)]
    why = [(mutant, reasons[mutant.was, mutant.now]) for mutant in survivors if (mutant.was, mutant.now) in reasons]
    return Row(path, len(mutants), Counter(ends), why), wrong


main()
