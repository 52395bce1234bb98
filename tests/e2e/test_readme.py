"""E7: README and guides say of errors, defaults and the sandbox what the code has; their blocks are tests too."""

import inspect
import re
from pathlib import Path

import pytest

from etelecom_async import Retry, Throttle, Timeout, errors

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def first_table_of(guide):
    """The rows of a guide's first table, each a list of its cells."""
    lines = (ROOT / "docs" / "guide" / guide).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows[2:]


def test_the_table_of_errors_has_every_error_that_can_be_caught():
    classes = {
        name
        for name in errors.__all__
        if isinstance(kind := getattr(errors, name), type) and issubclass(kind, errors.EtelecomError)
    }
    named = [name for first, *_ in first_table_of("errors.md") for name in re.findall(r"`(\w+)`", first)]
    assert len(named) == len(set(named))
    assert set(named) == classes - {"EtelecomError", "TransportError", "ApiError"}


def test_the_table_of_errors_says_which_may_pass():
    for first, _, advice in first_table_of("errors.md"):
        for name in re.findall(r"`(\w+)`", first):
            assert getattr(errors, name).transient is advice.startswith("try later"), name


@pytest.mark.parametrize("kind", [Timeout, Retry, Throttle], ids=lambda kind: kind.__name__)
def test_the_table_of_defaults_is_that_of_the_code(kind):
    rows = {re.findall(r"`(\w+)", first)[0]: second for first, second, *_ in first_table_of("limits.md")}
    said = dict(re.findall(r"`(\w+)=([^`]+)`", rows[kind.__name__]))
    parameters = inspect.signature(kind).parameters
    code = {name: parameter.default for name, parameter in parameters.items()}
    for_tests = {"clock", "random"}
    assert set(said) == set(code) - for_tests
    assert {name: eval(value) for name, value in said.items()} == {name: code[name] for name in said}


def test_the_sandbox_prints_the_exports_of_the_readme(sandbox):
    exports = dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", README, re.MULTILINE))
    assert set(exports) <= set(sandbox)
    # Its port is another one where a sandbox of the developer's own has the usual one.
    same = {name for name in exports if name != "ETELECOM_BASE_URL"}
    assert {name: sandbox[name] for name in same} == {name: exports[name] for name in same}
    assert re.sub(r":\d+/", ":8084/", sandbox["ETELECOM_BASE_URL"]) == exports["ETELECOM_BASE_URL"]
