"""The guide's table of methods, which `python -m tests.contract.test_page` writes."""

import inspect
from pathlib import Path

from etelecom_async.api import ENDPOINTS
from etelecom_async.api.catalog import function_of, snake
from tests.support.contract import ENTRIES, UNTYPED, facts

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "methods.md"
BEGIN, END = "<!-- written from the code: python -m tests.contract.test_page -->\n", "<!-- to here -->\n"


def rows():
    services = ("Zalo", "OA", "Etelecom", "Shop", "Webhook", "Misc")
    for service in services:
        names = [name for name in ENTRIES if name in ENDPOINTS and name.startswith(f"{service}/")]
        if names:
            yield f"\n## session.{service.lower()}\n\n| method | what it does | how certain, how billed |\n"
            yield "|---|---|---|\n"
        for name in names:
            first = inspect.getdoc(function_of(name)).split("\n\n")[0].replace("\n", " ")
            does = first.split(". ")[0].removesuffix(".").replace("|", "\\|")
            yield f"| `{snake(name.partition('/')[2])}` | {does} | {facts(ENTRIES[name]).removesuffix('.')} |\n"
    yield "\n## Not typed\n\n| method | why |\n|---|---|\n"
    for name, why in UNTYPED.items():
        if "host" not in ENTRIES[name]:
            yield f"| `{name}` | {why} |\n"


def written():
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + "".join(rows()) + "\n" + END + rest.split(END)[1]


def test_the_guides_table_has_every_method_as_the_code_has_it():
    assert PAGE.read_text(encoding="utf-8") == written(), "run python -m tests.contract.test_page"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
