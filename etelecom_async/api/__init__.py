"""The API, one file per subject: payloads, results, `Endpoint` constants and the methods of a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import cast

from ..endpoint import AnyEndpoint, Encoding, Endpoint, Role, Safety, check_name, check_role, check_safety

__all__ = ["ENDPOINTS", "known", "untyped"]

ENDPOINTS: Mapping[str, AnyEndpoint]
"""Every typed method by its wire name, loaded at its first use."""

_SUBJECTS = {
    "Zalo": (
        *("consent", "consent_requests", "oa", "followers", "messages", "transactions", "templates", "zns"),
        "journeys",
    ),
    "Etelecom": ("telephony", "extensions", "call_logs", "partner"),
    "Misc": ("misc",),
    "OA": ("files",),
    "Shop": ("shop",),
    "Webhook": ("webhook",),
}
"""The files that have the methods of a service."""


def __getattr__(name: str) -> object:
    if name != "ENDPOINTS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    subjects = (subject for several in _SUBJECTS.values() for subject in several)
    value = MappingProxyType({name: endpoint for subject in subjects for name, endpoint in _endpoints(subject).items()})
    globals()[name] = value
    return value


@cache
def _endpoints(subject: str) -> Mapping[str, AnyEndpoint]:
    """The typed methods of a file, by their wire names."""
    found = cast("dict[str, object]", vars(import_module(f"{__name__}.{subject}"))).values()
    endpoints: list[AnyEndpoint] = [value for value in found if isinstance(value, Endpoint)]
    return {endpoint.name: endpoint for endpoint in endpoints}


def known(name: str) -> AnyEndpoint | None:
    """The typed method of this name; no more files are loaded than it takes to find it."""
    for subject in _SUBJECTS.get(name.partition("/")[0], ()):
        if name in _endpoints(subject):
            return _endpoints(subject)[name]
    return None


def untyped(name: str, *, safety: Safety | None = None, role: Role | None = None) -> Endpoint[object, object]:
    """Any method by its wire name, with plain JSON in and out; in a form, files are `File`s.

    What is not said is taken from the typed method of that name. For other names the safety is SEND (never repeat on
    doubt), and the role follows the operator's rule: `Shop/*`, `Webhook/*` and `Etelecom/*Partner*` are done for the
    partner itself, everything else for one shop.

    Raises:
        ConfigError: an argument cannot work.
    """
    typed = known(check_name("name", name))
    if safety is not None:
        check_safety("safety", safety)
    if role is not None:
        check_role("role", role)
    return Endpoint[object, object](
        name=name,
        payload=object,
        result=object,
        safety=safety or (typed.safety if typed else Safety.SEND),
        role=role or (typed.role if typed else _role(name)),
        refusal=typed.refusal if typed else None,
        look=typed.look if typed else None,
        attempt_time=typed.attempt_time if typed else None,
        encoding=typed.encoding if typed else Encoding.JSON,
    )


def _role(name: str) -> Role:
    service, _, method = name.partition("/")
    of_the_partner = service in ("Shop", "Webhook") or (service.lower() == "etelecom" and "Partner" in method)
    return Role.ACCOUNT if of_the_partner else Role.SHOP
