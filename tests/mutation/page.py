"""docs/internals/mutation.md, written from what was seen."""

import re
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby

from tests.mutation.trial import ROOT, End

PAGE = ROOT / "docs" / "internals" / "mutation.md"
_TEXT = """\
# Mutation testing

Do the tests notice when the code is wrong? Small mistakes are put into a module one by one (another operator or number,
`not` left out, an argument dropped, a text changed, a condition forced) and the tests that concern it are run against
each. This page is written by that run, which fails where a mutant survives that is not explained below, or where less
than nine tenths of a module's mutants are noticed. To write it anew:

    make mutation

The mistakes are those of mutmut {version}, made everywhere but in annotations, imports and docstrings: in tables and
constants too. "Timed out" are mutants that hung, which is noticed as well. The modules and their tests are listed in
`pyproject.toml` under `tool.mutation`; `make mutation MODULES="codec retry"` runs some of them.

| module | mutants | killed | timed out | survived | score |
|---|---|---|---|---|---|
{table}

## What survived, and why

Each of these changes nothing that anybody could see, or nothing that is promised.
{chapters}"""


@dataclass
class Row:
    path: str
    mutants: int
    ends: dict[End, int]
    survivors: list[tuple[object, str]]

    @property
    def killed(self):
        return self.mutants - self.ends[End.SURVIVED]

    @property
    def score(self):
        return self.killed / self.mutants


def written(rows):
    """The page, from a row for each module."""
    total = Row("all", sum(row.mutants for row in rows), sum((row.ends for row in rows), type(rows[0].ends)()), [])
    table = "\n".join(_line(row) for row in (*rows, total))
    return _TEXT.format(version=version("mutmut"), table=table, chapters="".join(map(_chapter, rows)))


def _line(row):
    counts = [row.ends[end] for end in (End.KILLED, End.TIMED_OUT, End.SURVIVED)]
    return "| " + " | ".join([row.path, str(row.mutants), *map(str, counts), f"{row.score:.1%}"]) + " |"


def _chapter(row):
    if not row.survivors:
        return ""
    parts = [f"\n### {row.path}\n"]
    for why, group in groupby(row.survivors, key=lambda survivor: survivor[1]):
        parts.append(f"\n- {why}\n")
        parts += [f"  - {_code(mutant.was)} → {_code(mutant.now)}\n" for mutant, _ in group]
    return "".join(parts)


def _code(text):
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{text or ' '}{fence}"
