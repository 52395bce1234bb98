"""What the catalogue of a language says about one kind of failure."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Reason"]


@frozen
class Reason:
    """Why something could not be checked, in words for people.

    Attributes:
        name: stands for the error in tables and charts: a few words, small letters.
        hint: what it means, and what to do about it: whole sentences, in which `...` marks what is to be typed.
        retry: what to type afterwards, for a command that can be repeated.
    """

    name: str
    hint: str
    retry: str
