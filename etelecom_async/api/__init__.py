"""The API, one file per subject: payloads, results, `Endpoint` constants and a small namespace class."""

from types import MappingProxyType

from ..endpoint import AnyEndpoint, Endpoint, Role, Safety, check_name, check_role, check_safety
from .consent import CHECK_CONSENT
from .consent_requests import LIST_REQUEST_CONSENT, REQUEST_CONSENT

__all__ = ["ENDPOINTS", "untyped"]

_ENDPOINTS: tuple[AnyEndpoint, ...] = (CHECK_CONSENT, LIST_REQUEST_CONSENT, REQUEST_CONSENT)

ENDPOINTS = MappingProxyType({endpoint.name: endpoint for endpoint in _ENDPOINTS})
"""Every typed method by its wire name."""


def untyped(name: str, *, safety: Safety | None = None, role: Role | None = None) -> Endpoint[object, object]:
    """Any method by its wire name, with plain JSON in and out.

    What is not said is taken from the typed method of that name. For other names the safety is SEND (never repeat on
    doubt), and the role follows the operator's rule: `Shop/*`, `Webhook/*` and `Etelecom/*Partner*` are done for the
    partner itself, everything else for one shop.

    Raises:
        ConfigError: an argument cannot work.
    """
    known = ENDPOINTS.get(check_name("name", name))
    if safety is not None:
        check_safety("safety", safety)
    if role is not None:
        check_role("role", role)
    return Endpoint[object, object](
        name=name,
        payload=object,
        result=object,
        safety=safety or (known.safety if known else Safety.SEND),
        role=role or (known.role if known else _role(name)),
        refusal=known.refusal if known else None,
        look=known.look if known else None,
    )


def _role(name: str) -> Role:
    service, _, method = name.partition("/")
    of_the_partner = service in ("Shop", "Webhook") or (service.lower() == "etelecom" and "Partner" in method)
    return Role.ACCOUNT if of_the_partner else Role.SHOP
