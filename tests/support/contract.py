"""The operator's contract, `contract/endpoints.json`, and the typed methods of the package beside it."""

import json
from pathlib import Path

from attrs import frozen

from etelecom_async.api import ENDPOINTS, catalog
from etelecom_async.api.catalog import snake

CONTRACT = Path(__file__).parents[2] / "contract" / "endpoints.json"
ENTRIES = {entry["rpc"]: entry for entry in json.loads(CONTRACT.read_text(encoding="utf-8"))["endpoints"]}
TYPED = {name: ENTRIES[name] for name in sorted(ENDPOINTS)}

UNTYPED = {
    "OmniMessage/SendMessage": "another API, with a host and a login of its own",
    "OmniReport/GetStatusOmni": "another API, with a host and a login of its own",
    "TemplateOmni/GetTemplate": "another API, with a host and a login of its own",
    **catalog.UNTYPED,
}
"""Methods that only `invoke` reaches, and why."""


def method_of(session, name):
    """The method of a session's namespace for a wire name, which follows from it."""
    service, _, method = name.partition("/")
    return getattr(getattr(session, service.lower()), snake(method))


EVIDENCE = {
    "documented": "Documented",
    "partial": "Partly documented",
    "inferred": "Inferred from its siblings",
    "analogue": "Known from an older server",
}


def facts(entry):
    """The line of a method's docstring that says how certain it is and what it costs."""
    words = [
        EVIDENCE[entry["evidence"]],
        {True: "billed", False: "not billed", None: "perhaps billed"}[entry["charged"]],
        "repeated after any failure" if entry["read_only"] else "never repeated on doubt",
        *(["slow"] if entry.get("slow") else []),
        *(["secrets"] if entry.get("secrets") else []),
        *(["personal data"] if entry.get("personal") else []),
        *(["for partners alone"] if is_for_partners(entry) else []),
    ]
    return "; ".join(words) + "."


def is_for_partners(entry):
    """Documented so; what is less certain goes out."""
    return entry["accounts"] == ["partner"] and entry["evidence"] == "documented"


@frozen
class Field:
    """A field of the contract: where it stands, and what is said of it."""

    path: str
    kind: dict


def leaves(fields, path=""):
    """Every field of an object of the contract, at any depth."""
    for name, kind in fields.items():
        here = f"{path}.{name}".lstrip(".")
        yield Field(here, kind)
        inner = kind.get("items", kind)
        yield from leaves(inner.get("properties", {}), here)
