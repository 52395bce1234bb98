"""One entry of a language's catalogue of failures."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Reason"]


@frozen
class Reason:
    """Why something could not be checked, in the words of a language.

    Attributes:
        name: of the error in tables and charts: a few words in lower case.
        hint: what it means, and what to do about it: whole sentences, in which `...` marks what to type.
        retry: what to type afterwards, if the command can be repeated.
    """

    name: str
    hint: str
    retry: str
