"""Callers' book against server's book: is every call accounted for?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

from attrs import field, frozen

from benchmarks.children.soak_server import NAMES, WHOLE
from benchmarks.lib.soak_job import ANSWERED, ENDED, FAILED, SENT, WRONG

_PAGE = 1 << 16


@frozen(kw_only=True)
class Verdict:
    """What the books say together.

    Attributes:
        calls: how many began.
        attempts: requests that the callers say they made; the server saw `requests` of them.
        acts: the server's answers by their names.
        lost: calls that failed although an answer of theirs was written whole. It can be lost with the server.
        faults: sentences; none where all is accounted for.
    """

    calls: int
    answered: int
    failed: int
    attempts: int
    requests: int
    acts: Counter[str] = field(factory=Counter)
    lost: int
    faults: list[str]


def compare(begun: int, callers: Path, server: Path) -> Verdict:
    """Read both books. Takes a few bytes of memory per call."""
    ended, answered, seen, whole = bytearray(begun), bytearray(begun), bytearray(begun), bytearray(begun)
    attempts = bytearray(begun)
    outcomes: Counter[int] = Counter()
    acts: Counter[str] = Counter()
    uncalled = 0
    for number, made, outcome in _lines(callers, ENDED):
        ended[number] += 1
        attempts[number] = made
        answered[number] = outcome == ANSWERED
        outcomes[outcome] += 1
    for number, act in _lines(server, SENT):
        acts[NAMES[act]] += 1
        if number >= begun:
            uncalled += 1
            continue
        seen[number] += 1
        whole[number] |= act in WHOLE
    every = range(begun)
    checks = {
        "calls that did not end exactly once": sum(count != 1 for count in ended),
        "answers that were wrong or another call's": outcomes[WRONG],
        "answers that the server never gave": sum(answered[one] and not whole[one] for one in every),
        "requests without a call": uncalled,
        "calls with more requests than attempts": sum(seen[one] > attempts[one] for one in every),
    }
    return Verdict(
        calls=begun,
        answered=outcomes[ANSWERED],
        failed=outcomes[FAILED],
        attempts=sum(attempts),
        requests=sum(acts.values()),
        acts=acts,
        lost=sum(whole[one] and not answered[one] for one in every),
        faults=[f"{count} {what}" for what, count in checks.items() if count],
    )


def _lines(book: Path, line: Struct) -> Iterator[tuple[int, ...]]:
    with book.open("rb") as file:
        while page := file.read(line.size * _PAGE):
            yield from line.iter_unpack(page[: len(page) // line.size * line.size])
