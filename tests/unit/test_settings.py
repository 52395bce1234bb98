"""What belongs to the application stays the application's: its event loop's policy and its garbage collector."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import etelecom_async

PACKAGE = Path(etelecom_async.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
FORBIDDEN = {"set_event_loop_policy", "set_event_loop", "setswitchinterval"}

WATCHED = """
import asyncio, gc, sys, threading
import uvloop

touched = []
def watch(module, name):
    was = getattr(module, name)
    def watching(*args, **kwargs):
        frame = sys._getframe(1)
        if "etelecom_async" in frame.f_code.co_filename:
            touched.append(name)
        return was(*args, **kwargs)
    setattr(module, name, watching)

gc.set_threshold(701, 11, 12)
policy = asyncio.get_event_loop_policy()
for module, names in {
    gc: ("enable", "disable", "collect", "freeze", "unfreeze", "set_threshold", "set_debug"),
    asyncio: ("set_event_loop_policy", "set_event_loop"),
    uvloop: ("install",),
    sys: ("setswitchinterval",),
}.items():
    for name in names:
        watch(module, name)

import importlib, pkgutil
import etelecom_async
for module in MODULES:
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from etelecom_async import Session, Shop
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, World, serve

async def main():
    async with serve(World(oa_id=SANDBOX_OA)) as server:
        async with Session(Shop(SANDBOX_API_KEY, base_url=server.base_url)) as session:
            phones = [f"09{n:08d}" for n in range(200)]
            await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=phones[0])
            return len(await session.zalo.check_consents(oa_id=SANDBOX_OA, phones=phones).collect())

WORK
assert gc.get_threshold() == (701, 11, 12) and gc.isenabled() and gc.get_freeze_count() == 0
assert asyncio.get_event_loop_policy() is policy
assert touched == [], touched
"""


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_names_what_would_change_the_policy_or_the_collector(source):
    nodes = [*ast.walk(ast.parse(source.read_text(encoding="utf-8")))]
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    named |= {node.id for node in nodes if isinstance(node, ast.Name)}
    imported = {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    assert not (named | imported) & FORBIDDEN
    assert "gc" not in imported


def run(work, *, modules='pkgutil.walk_packages(etelecom_async.__path__, "etelecom_async.")'):
    script = WATCHED.replace("WORK", work).replace("MODULES", modules)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def test_calls_and_bulk_runs_leave_both_as_they_were():
    ended = run("assert asyncio.run(main()) == 200")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "offence", ["gc.freeze()", "gc.set_threshold(9)", "asyncio.set_event_loop_policy(None)", "uvloop.install()"]
)
def test_an_offence_would_be_seen(offence):
    code = f'exec(compile({offence!r}, "etelecom_async/x.py", "exec"))'
    ended = run(code, modules="[]")
    assert ended.returncode == 1
    assert "AssertionError" in ended.stderr
