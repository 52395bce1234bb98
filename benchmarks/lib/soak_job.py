"""What the callers and the server of the soak agree on: who is asked about, what is true, and how both keep books."""

from __future__ import annotations

import struct

PREFIX = "849"
SENT = struct.Struct("<IB")
"""A line of the server's book: the call's number, and which act it answered with. Written before the answer is."""
ENDED = struct.Struct("<IBB")
"""A line of the callers' book: the call's number, the attempts it made, and how it ended."""
ANSWERED, FAILED, WRONG = range(3)

_CODES = (0, 1, 3, 20)


def phone(number: int) -> str:
    """The customer of a call, in wire form. No two calls ask about the same."""
    return f"{PREFIX}{number:08d}"


def code(number: int) -> int:
    """The true answer to a call."""
    return _CODES[number % len(_CODES)]


def message(number: int) -> str:
    """Words that belong to this call alone."""
    return f"call {number}"
