"""Turns an attrs class into the function that writes its instances as JSON text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii
from typing import TypeAlias, cast

__all__ = ["QUOTED", "Write", "writer"]

Write: TypeAlias = Callable[[object], str]
"""Writes one value as JSON."""

QUOTED: Write = '"{}"'.format
"""Writes what needs no escapes as a string."""


def writer(name: str, fields: Sequence[tuple[str, Write]]) -> Write:
    """The function that writes objects of these attributes, in this order.

    It is compiled, as attrs and cattrs compile theirs: a loop over the fields takes three times as long, and a payload
    is written for every call.
    """
    members = ",".join(
        f"{encode_basestring_ascii(field)}:"
        + (f'"{{it.{field}}}"' if write is QUOTED else f"{{write_{at}(it.{field})}}")
        for at, (field, write) in enumerate(fields)
    )
    source = f"def write(it):\n    return f'{{{{{members}}}}}'\n"
    names: dict[str, object] = {f"write_{at}": write for at, (_, write) in enumerate(fields)}
    # What is compiled comes from the names of attributes, which are identifiers, and from nowhere else.
    exec(compile(source, f"<JSON of {name}>", "exec"), names)  # noqa: S102
    return cast("Write", names["write"])
