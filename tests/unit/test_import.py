"""What importing the package costs and gives: every public name, each loaded at its first use."""

import ast
import importlib
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import etelecom_async
from etelecom_async import Consent, Phase, RateLimited, Session, errors

PACKAGE = Path(etelecom_async.__file__).parent
STUB = ast.parse((PACKAGE / "__init__.pyi").read_text())
HOMES = {
    name: f"etelecom_async.{statement.module}"
    for statement in STUB.body
    if isinstance(statement, ast.ImportFrom) and statement.module
    for alias in statement.names
    for name in (errors.__all__ if alias.name == "*" else [alias.name])
}
"""Where type checkers find each name."""
EXPORTED = next(
    [*ast.literal_eval(statement.value), *errors.__all__]
    for statement in STUB.body
    if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"
)


def python(program):
    """What a fresh Python prints that runs it."""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def loaded_by(statement):
    """The modules that a fresh Python has after it, without those that it starts with."""
    return set(python(f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"))


HEAVY = {"aiohttp", "click", "rich", "phonenumbers", "pytest", "redis"}


def test_the_stub_exports_what_it_imports_and_the_package_the_same():
    assert sorted(EXPORTED) == sorted(HOMES)
    assert sorted(etelecom_async.__all__) == sorted(HOMES)


@pytest.mark.parametrize("name", HOMES)
def test_a_name_is_the_very_object_of_the_module_that_the_stub_names(name):
    own = getattr(importlib.import_module(HOMES[name]), name)
    assert getattr(etelecom_async, name) is own
    assert vars(etelecom_async)[name] is own  # the next use finds it without further ado


def test_importing_the_package_loads_nothing_else_of_it_and_no_dependency():
    loaded = loaded_by("import etelecom_async")
    assert {name for name in loaded if name.startswith("etelecom_async")} == {"etelecom_async"}
    assert not loaded & {"asyncio", "aiohttp", "attr", "cattrs", "yarl", "typing"}


@pytest.mark.parametrize(
    ("statement", "without"),
    [
        ("from etelecom_async import EtelecomError, Phase, RateLimited", {"asyncio", "attr", "cattrs", "yarl"}),
        ("from etelecom_async import Consent, ConsentState, CHECK_CONSENT, Checked, Failed", {"asyncio", "yarl"}),
        ("from etelecom_async import Partner, Secret, Shop, Timeout", {"asyncio", "cattrs"}),
        ("from etelecom_async import Session", {"aiohttp", "etelecom_async.bulk", "email.utils", "html", "http"}),
        ("from etelecom_async import *", HEAVY),
        ("import etelecom_async.webhooks", {*HEAVY, "etelecom_async.session", "etelecom_async.api"}),
        ("from etelecom_async import SendFailed", {"gettext", "attr", "etelecom_async.messages"}),
        ("from etelecom_async import Session, Consent", {"gettext", "etelecom_async.messages"}),
        ("from etelecom_async.messages import explain", {*HEAVY, "asyncio", "cattrs", "etelecom_async.api"}),
        ("import etelecom_async.testing, etelecom_async.transport, etelecom_async.sandbox", HEAVY),
    ],
)
def test_a_name_loads_what_it_needs_and_not_the_rest(statement, without):
    assert not loaded_by(statement) & without


def test_dir_and_a_star_import_have_every_name_before_it_is_used():
    assert set(python("import etelecom_async; print(*dir(etelecom_async))")) >= {*HOMES, "__name__", "__doc__"}
    assert set(python("from etelecom_async import *; print(*dir())")) >= {*HOMES}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'etelecom_async' has no attribute 'Sesion'$") as caught:
        etelecom_async.Sesion  # noqa: B018
    assert caught.value.__context__ is None
    with pytest.raises(ImportError, match="cannot import name 'Sesion'"):
        from etelecom_async import Sesion  # noqa: F401
    assert not hasattr(etelecom_async, "_Sesion")


def test_submodules_are_attributes_once_they_are_imported():
    program = """
import etelecom_async.testing
from etelecom_async import codec
import etelecom_async.session
assert etelecom_async.testing.MockTransport and etelecom_async.codec is codec
assert etelecom_async.session.Session is etelecom_async.Session
"""
    assert python(program) == []


def test_no_submodule_has_the_name_of_something_public():
    assert not {path.stem for path in PACKAGE.iterdir()} & HOMES.keys()


def test_classes_say_where_they_are_and_pickles_find_them():
    assert Session.__module__ == "etelecom_async.session"
    assert Consent.__module__ == "etelecom_async.api.consent"
    things = [Consent(error=3), Phase.UNKNOWN, Session, RateLimited]
    copies = python(f"import pickle; print(*(type(it).__name__ for it in pickle.loads({pickle.dumps(things)!r})))")
    assert copies == ["Consent", "Phase", "type", "type"]


def test_threads_that_ask_at_once_get_the_same_object():
    program = """
import sys, threading
sys.setswitchinterval(1e-6)
import etelecom_async
ready, found = threading.Barrier(8), []
def ask():
    ready.wait()
    found.append(etelecom_async.Session)
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), len({id(it) for it in found}))
"""
    assert python(program) == ["8", "1"]


def test_the_package_itself_never_goes_through_its_face():
    """Its modules import one another, so that each costs what it needs."""
    for source in PACKAGE.rglob("*.py"):
        depth = len(source.relative_to(PACKAGE).parts)
        for node in ast.walk(ast.parse(source.read_text())):
            match node:
                case ast.ImportFrom(level=level, module=None) if level == depth:
                    assert not {alias.name for alias in node.names} & HOMES.keys(), source
                case ast.ImportFrom(module="etelecom_async"):
                    pytest.fail(f"{source} imports from the package's face")
