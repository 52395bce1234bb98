"""The messages that the package uses, and the catalogue beside them.

`python -m tests.support.catalogue` (`make messages`) brings the `.po` up to date, with an empty translation for each
new message, and compiles it.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

import etelecom_async
from etelecom_async import ErrorCategory
from etelecom_async.api.error_codes import NO_CODE, OA_CODES, UNKNOWN_CODE, ZNS_CODES
from etelecom_async.messages import english

PACKAGE = Path(etelecom_async.__file__).parent
FOLDER = PACKAGE / "messages" / "locale" / "vi" / "LC_MESSAGES"
PO, MO = FOLDER / "etelecom_async.po", FOLDER / "etelecom_async.mo"
FUNCTIONS = {"_", "gettext", "ngettext"}
OF_TABLES = {
    *("reason.name", "(reason or OTHER_FAILURE).name", "reason.hint", "reason.retry", "category.value"),
    *("error.hint", "error.meaning", "code.hint", "code.meaning", "UNKNOWN_CODE", "IN_DOUBT"),
    *("state", "name", "state.value", "outcome.state or ''", "outcome.result", "outcome.did.value"),
    *("outcome.consent.state.value", "known.consent.state.value"),
    *("message", "one", "many"),  # of the translator itself
}
"""What `gettext` is given beside literals: texts of the tables below."""


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the package that translates, with its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in FUNCTIONS:
                    yield path.relative_to(PACKAGE).as_posix(), node


def arguments(call: ast.Call) -> list[ast.expr]:
    """Those that are messages: of `ngettext` two, and both branches of a condition."""
    name = ast.unparse(call.func).rpartition(".")[2]
    given = call.args[: 2 if name == "ngettext" else 1]
    return [part for it in given for part in ([it.body, it.orelse] if isinstance(it, ast.IfExp) else [it])]


def of_calls() -> set[str | tuple[str, str]]:
    """The literals among them; a pair for a singular and its plural."""
    found: set[str | tuple[str, str]] = set()
    for _, call in calls():
        texts = [it.value for it in arguments(call) if isinstance(it, ast.Constant)]
        is_plural = ast.unparse(call.func).endswith("ngettext")
        found |= {(texts[0], texts[1])} if is_plural and texts else set(texts)
    return found


def of_tables() -> set[str]:
    """The messages that are values of tables."""
    reasons = [*english.FAILURES.values(), english.OTHER_FAILURE]
    codes = [*OA_CODES.values(), *ZNS_CODES.values(), UNKNOWN_CODE, NO_CODE]
    found = {text for reason in reasons for text in (reason.name, reason.hint, reason.retry)}
    found |= {text for code in codes for text in (code.meaning, code.hint)} - {""}
    return (
        found
        | {category.value for category in ErrorCategory}
        | {*english.VALUES, english.UNKNOWN_CODE, english.IN_DOUBT}
    )


def used() -> set[str | tuple[str, str]]:
    """Every message id of the package."""
    return of_calls() | of_tables()


def written() -> Catalog:
    """The `.po`."""
    with PO.open("rb") as file:
        return read_po(file, locale="vi")


def compiled() -> Catalog:
    """The `.mo`."""
    with MO.open("rb") as file:
        return read_mo(file)


class _WithoutDates(Catalog):
    """The header of a catalogue without what changes at each run."""

    mime_headers = property(
        lambda _: [
            ("Language", "vi"),
            ("Plural-Forms", "nplurals=1; plural=0;"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]
    )


def _update() -> None:
    before = {message.id: message.string for message in written() if message.id} if PO.exists() else {}
    after = _WithoutDates(
        locale="vi", fuzzy=False, header_comment="# Vietnamese. `make messages` brings it up to date."
    )
    for message in sorted(used(), key=str):
        after.add(message, before.get(message, ""))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, after, width=120, sort_output=True, no_location=True)
    with MO.open("wb") as file:
        write_mo(file, after)
    missing = sum(not any(message.string) for message in after if message.id)
    sys.stdout.write(f"{len(after)} messages, {missing} untranslated\n")


if __name__ == "__main__":
    _update()
