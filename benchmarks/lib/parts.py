"""Where the instructions of a typed call go: its parts one by one, and what is left for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from benchmarks.children.parts_client import AWAITED, DONE
from benchmarks.lib.instructions import per_call

__all__ = ["TITLES", "measure", "table"]

_FEW, _MANY = 300, 1500
_COROUTINES = 5
TITLES = {
    "payload": "the payload: phone and id checked, a frozen object made",
    "write": "its JSON",
    "objects": "two requests (without and with the key), the call's record, the answer",
    "throttle": "the throttle",
    "coroutine": f"{_COROUTINES} coroutines, each awaited once",
    "key": "the answer searched for the key",
    "parse": "the answer parsed, by the standard library",
    "read": "a frozen result made of it, every field checked",
}
_REST = "the rest: the loop of the attempts, errors of a 200, the log asked, the caller's own loop"


async def measure(typed: int) -> dict[str, int]:
    """Instructions by part.

    Args:
        typed: those of a whole typed call.

    Raises:
        CannotCount: there is no valgrind, or a part failed.
    """
    counted: dict[str, int] = {}

    async def lane(names: Iterable[str]) -> None:
        for name in names:
            counted[name] = await per_call("parts_client", name, few=_FEW, many=_MANY)

    names = [*DONE, *AWAITED]
    await asyncio.gather(lane(names[::2]), lane(names[1::2]))
    nothing, coroutine = counted.pop("nothing"), counted["coroutine"]
    found = {name: counted[name] - nothing for name in TITLES}
    found["coroutine"] *= _COROUTINES
    found["throttle"] = counted["throttle"] - coroutine  # it and what it awaits are two; one is counted above
    return found | {"rest": typed - sum(found.values())}


def table(found: dict[str, int]) -> str:
    """As Markdown."""
    lines = ["| part | instructions |", "|---|---:|"]
    lines += [f"| {(TITLES | {'rest': _REST})[name]} | {count:,} |" for name, count in found.items()]
    return "\n".join([*lines, f"| **a typed call** | **{sum(found.values()):,}** |"])
