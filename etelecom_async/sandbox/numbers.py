"""The sandbox's made-up ids: in ranges of their own, so that an id shows what it is of."""

from __future__ import annotations

__all__ = ["FIRST_REQUEST", "SHOP_ID", "USER_ID"]

SHOP_ID, USER_ID = "1000000000000000002", "1000000000000000004"

FIRST_REQUEST = 2_000_000_000_000_000_001
