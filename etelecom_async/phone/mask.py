"""A phone number with its middle hidden."""

from __future__ import annotations

__all__ = ["mask"]


def mask(phone: str) -> str:
    """The number with its middle hidden, for logs: `849*****321`. Never raises."""
    shown = 3
    if len(phone) <= 2 * shown:
        return "*" * len(phone)
    return phone[:shown] + "*" * (len(phone) - 2 * shown) + phone[-shown:]
