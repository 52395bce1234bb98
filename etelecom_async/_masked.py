"""A header value that carries a secret."""

from __future__ import annotations

__all__ = ["Masked"]


class Masked(str):
    """Credentials such as `Bearer <key>`: read as themselves, and shown by no repr, so by no traceback with locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{self._shown()}'"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (self._shown(),)

    def _shown(self) -> str:
        return f"{self.partition(' ')[0]} ***"
