"""Every method of the API by its wire name, and what is said of it: for what is about all of them.

The one source is the code: endpoints, their classes, and the docstrings of the namespaces' methods, whose line such as
`Documented; billed; never repeated on doubt.` says how certain the facts are and what a call costs.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import FunctionType, MappingProxyType
from typing import cast

from attrs import frozen

from .. import api
from ..endpoint import AnyEndpoint
from .paging import Paging

__all__ = ["UNTYPED", "Facts", "descriptions", "endpoints", "facts", "function_of", "snake"]

UNTYPED: Mapping[str, str] = MappingProxyType(
    {
        "Etelecom/GetDriverConfig": "only the page's title is known",
        "Shop/GetShops": "neither request nor answer is documented",
    }
)
"""Methods that only `invoke` reaches, and why."""

_BILLED: Mapping[str, bool | None] = MappingProxyType({"billed": True, "not billed": False, "perhaps billed": None})
_FILES = MappingProxyType({"OA": "files"})
"""Of a service whose file has another name: `api/oa.py` has the methods of `Zalo/*` that are about them."""
_PERSONAL = "personal data"
_AS_OF_PAGES = "as those of `Paging`"
_DESCRIBED = re.compile(r"((?:[a-z_0-9]+(?:, )?)+): (.+)")


@frozen(kw_only=True)
class Facts:
    """What the docstring of a method says of it. Under `python -OO` there are none: nothing is known then.

    Attributes:
        summary: what the method does, one sentence without its full stop.
        evidence: how certain name and fields are, such as `Documented`; empty where nothing says it.
        is_billed: whether a call costs money; None for "perhaps".
        is_personal: the answer has data of persons.
    """

    summary: str = ""
    evidence: str = ""
    is_billed: bool | None = None
    is_personal: bool = False


def endpoints() -> Mapping[str, AnyEndpoint]:
    """Every typed method by its wire name. It loads the files of all subjects."""
    return api.ENDPOINTS


@cache
def facts(name: str) -> Facts:
    """What the docstring of a typed method says.

    Raises:
        KeyError: there is no typed method of this wire name.
    """
    lines = (inspect.getdoc(function_of(name)) or "").splitlines()
    summary = " ".join(lines[: lines.index("")] if "" in lines else lines).partition(". ")[0].removesuffix(".")
    for line in lines:
        words = line.strip().removesuffix(".").split("; ")
        if len(words) > 1 and words[1] in _BILLED:
            return Facts(
                summary=summary, evidence=words[0], is_billed=_BILLED[words[1]], is_personal=_PERSONAL in words
            )
    return Facts(summary=summary)


@cache
def descriptions(name: str) -> Mapping[str, str]:
    """What the docstring of a typed method says of its arguments, which have the names of the fields.

    Raises:
        KeyError: there is no typed method of this wire name.
    """
    found, of_pages = _described(function_of(name)), _described(Paging)
    found.update({at: of_pages.get(at, text) for at, text in found.items() if _AS_OF_PAGES in text})
    return MappingProxyType(found)


def _described(documented: object) -> dict[str, str]:
    """What the section `Args` of a docstring says of each name."""
    _, _, section = (inspect.getdoc(documented) or "").partition("\nArgs:\n")
    found: dict[str, str] = {}
    for paragraph in re.split(r"\n    (?! )", "\n" + section.partition("\n\n")[0]):
        if match := _DESCRIBED.fullmatch(" ".join(paragraph.split())):
            found.update(dict.fromkeys(match[1].split(", "), match[2].removesuffix(".")))
    return found


def function_of(name: str) -> Callable[..., object]:
    """The method of a session's namespace for a wire name, as a function of its class.

    Raises:
        KeyError: there is no typed method of this wire name.
    """
    if api.known(name) is None:
        raise KeyError(name)
    service, _, method = name.partition("/")
    module = import_module(f"{__package__}.{_FILES.get(service, service.lower())}")
    for kind in cast("dict[str, object]", vars(module)).values():
        if isinstance(kind, type) and kind.__module__ == module.__name__:
            function = cast("object", getattr(kind, snake(method), None))
            if isinstance(function, FunctionType):
                return function
    raise KeyError(name)


def snake(name: str) -> str:
    """A name of the wire as Python's: `OASendText` is `oa_send_text`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
