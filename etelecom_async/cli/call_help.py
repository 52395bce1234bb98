"""What `etelecom call --list` and `etelecom call NAME --help` show, all of it read from the endpoints."""

from __future__ import annotations

from ..api import catalog
from ..endpoint import AnyEndpoint, Role, Safety
from . import call_texts as texts
from .call_fields import Field, fields_of, items_of, leaves, secrets_of
from .render import plain, show, table, write

__all__ = ["list_methods", "show_method"]


def list_methods() -> None:
    """Every method, one a row."""
    grid = table("Method", "Safety", "Billed", "Secrets", "Evidence", "Fields", "What it does", spare=("Fields",))
    for name, endpoint in catalog.endpoints().items():
        facts = catalog.facts(name)
        secrets = [*secrets_of(endpoint.payload), *secrets_of(endpoint.result)]
        grid.add_row(
            name,
            endpoint.safety.name,
            _billed(facts),
            "yes" if secrets else "",
            facts.evidence or texts.EVIDENCE_UNKNOWN,
            ", ".join(_short(it) for it in fields_of(endpoint.payload)),
            plain(facts.summary),
        )
    for name, reason in catalog.UNTYPED.items():
        grid.add_row(name, Safety.SEND.name, texts.BILLED[None], "", texts.EVIDENCE_UNKNOWN, "", f"not typed: {reason}")
    show(grid)


def show_method(name: str, endpoint: AnyEndpoint) -> None:
    """Everything that is known of a method."""
    facts, page = catalog.facts(name), items_of(endpoint)
    rows = {
        "Evidence": facts.evidence or texts.EVIDENCE_UNKNOWN,
        "Safety": texts.REPEATED if endpoint.safety is Safety.READ else texts.NOT_REPEATED,
        "Billed": _billed(facts),
        "Secrets": _secrets(endpoint),
        "Key": texts.KEY[endpoint.role is Role.SHOP],
        **({} if page is None else {"Pages": texts.PAGES.format(items=page.name)}),
    }
    write(f"{name}: {facts.summary}\n")
    for head, text in rows.items():
        write(f"  {head + ':':10}{text}")
    write("\nFields of --data:\n")
    _show_fields(name, endpoint)
    write("\nFields of the answer:\n")
    answer = table("Field", "Type")
    for path, it in leaves(endpoint.result):
        answer.add_row(path if it.second_name is None else texts.OR.format(path=path, name=it.second_name), it.words)
    show(answer)


def _show_fields(name: str, endpoint: AnyEndpoint) -> None:
    if endpoint.payload is object:
        return write(f"  {texts.NOT_DOCUMENTED}")
    if not fields_of(endpoint.payload):
        return write(f"  {texts.NO_FIELDS}")
    said = catalog.descriptions(name)
    grid = table("Field", "Type", "Required", "What it is", spare=("What it is",))
    for path, it in leaves(endpoint.payload):
        kind = f"{it.words}, a secret" if it.is_secret else it.words
        grid.add_row(path, kind, texts.REQUIRED if it.is_required else "", plain(said.get(it.name)))
    return show(grid)


def _short(it: Field) -> str:
    return it.name if it.is_required else f"[{it.name}]"


def _billed(facts: catalog.Facts) -> str:
    return texts.BILLED[facts.is_billed] if facts.evidence else texts.EVIDENCE_UNKNOWN


def _secrets(endpoint: AnyEndpoint) -> str:
    sides = {"request": secrets_of(endpoint.payload), "answer": secrets_of(endpoint.result)}
    said = [texts.SECRETS_IN.format(paths=", ".join(paths), side=side) for side, paths in sides.items() if paths]
    return "; ".join(said) or texts.NO_SECRETS
