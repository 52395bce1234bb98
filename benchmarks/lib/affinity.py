"""Clients on one core and servers on another, so that neither is moved about or takes the other's time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

__all__ = ["Role", "children_on_core_for"]

Role: TypeAlias = Literal["client", "server"]


@contextmanager
def children_on_core_for(role: Role | None) -> Iterator[None]:
    """Processes that are begun in this block stay on one core: the first is for clients, the last for servers.

    Only Linux can; elsewhere, on a single core, or for None they run anywhere.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if role is None or len(cores) < 2:
        yield
        return
    os.sched_setaffinity(0, {cores[0 if role == "client" else -1]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
