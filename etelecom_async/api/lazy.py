"""Subjects of the API that are loaded when they are first used: a program that only checks pays for nothing else.

Building the classes of all models takes longer than a check does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import MethodType
from typing import cast

__all__ = ["Lazy"]


class Lazy:
    """A method of a namespace that is defined in a class called `Methods`, in the file of its subject.

    It takes the method's place at the first use, of an instance or of the class.

    Args:
        subject: the file's name.
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._name = ""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> object:
        methods = cast("object", import_module(f"{__package__}.{self._subject}").Methods)
        function = cast("Callable[..., object]", vars(methods)[self._name])
        setattr(owner, self._name, function)
        return function if instance is None else MethodType(function, instance)
