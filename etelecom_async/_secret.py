"""Texts that are not shown: keys and passwords."""

from __future__ import annotations

from typing import NoReturn

from . import _checks

__all__ = ["Secret", "hidden"]


class Secret:
    """A text that only `reveal()` shows: not repr, str, format, pickles or tracebacks.

    Raises:
        ConfigError: text is not a str.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | Secret) -> None:
        self._text: str = text.reveal() if isinstance(text, Secret) else text
        # From here on this frame does not hold the text, so no traceback can print it.
        del text
        if not isinstance(self._text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _checks.refused("Secret.text", "a str", self._text)

    def reveal(self) -> str:
        """The text itself. Do not keep it in a variable: tracebacks print those."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A key does not pickle. Let each process read it from its environment: Session.from_env().")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self


def hidden(key: str | Secret) -> Secret:
    """A key of any type as a `Secret`. It is checked later, where no frame holds the bare key."""
    secret = Secret.__new__(Secret)
    secret._text = key.reveal() if isinstance(key, Secret) else key  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return secret
