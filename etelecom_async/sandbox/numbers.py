"""The sandbox's made-up ids: in ranges of their own, so that an id shows what it is of."""

from __future__ import annotations

import hashlib

__all__ = [
    "APP_ID",
    "FIRST_FOLLOWER",
    "FIRST_JOURNEY",
    "FIRST_MESSAGE",
    "FIRST_REQUEST",
    "FIRST_TEMPLATE",
    "FIRST_ZALO_JOURNEY",
    "FIRST_ZALO_USER",
    "OA_CONNECTION_ID",
    "SHOP_ID",
    "USER_ID",
    "digest",
]

SHOP_ID, USER_ID = "1000000000000000002", "1000000000000000004"
APP_ID, OA_CONNECTION_ID = "1000000000000000005", "1000000000000000008"

FIRST_REQUEST = 2_000_000_000_000_000_001
FIRST_MESSAGE = 2_100_000_000_000_000_001
FIRST_JOURNEY = 2_200_000_000_000_000_001
FIRST_FOLLOWER = 2_300_000_000_000_000_000
FIRST_ZALO_USER = 2_400_000_000_000_000_000
FIRST_ZALO_JOURNEY = 2_500_000_000_000_000_001
FIRST_TEMPLATE = 300_001
"""Zalo's own numbers of templates are short."""


def digest(*parts: object) -> str:
    """Forty hex digits that follow from these parts alone."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()
