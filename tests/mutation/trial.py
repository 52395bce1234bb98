"""Whether the tests notice a mutant: they are run in a fork of a process that has imported everything but the code."""

import enum
import gc
import importlib
import importlib.abc
import importlib.util
import math
import os
import resource
import signal
import sys
import time
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parents[2]
_LIBRARIES = ["aiohttp", "attrs", "cattrs", "click", "hypothesis.strategies", "platformdirs", "pytest_asyncio.plugin"]
_LIBRARIES += ["sybil.parsers.markdown"]
_OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutation"]
_OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
_ADDRESS_SPACE = 4 * 2**30
_STARTING = 10.0
"""Seconds on top of what the tests take, on a machine that is busy with other things."""


def import_libraries():
    """What every trial needs, once."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    # A failure is enough, and need not be made small.
    hypothesis.settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    # A trial takes half as long where it need not compile what others compiled, nor look through what they all have.
    sys.dont_write_bytecode = False
    gc.freeze()


class End(enum.Enum):
    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Trials:
    """Runs some tests against one source of a module after another.

    Args:
        module: the file, from the project's root.
        tests: files of tests, from the project's root.
    """

    def __init__(self, module, tests):
        self._name = ".".join(Path(module).with_suffix("").parts)
        self._path = ROOT / module
        self._tests = [str(ROOT / test) for test in tests]
        self._limit = 600.0

    def calibrate(self):
        """Run the tests on the code as it is: they must pass, and how long they take bounds every trial."""
        began = time.monotonic()
        [(_, end)] = self.ends([self._path.read_text("utf-8")], children=1)
        if end is not End.SURVIVED:
            sys.exit(f"The tests of {self._name} fail without any mutant: python -m pytest {' '.join(self._tests)}")
        self._limit = _STARTING + 4 * (time.monotonic() - began)

    def ends(self, sources, *, children):
        """What becomes of each of these sources, as it is seen: its place among them and its end. So many at a time."""
        running = {}
        for at, source in enumerate(sources):
            if len(running) == children:
                yield self._next(running)
            running[self._start(source)] = at
        while running:
            yield self._next(running)

    def _next(self, running):
        process, status = os.wait()
        is_late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
        return running.pop(process), End.TIMED_OUT if is_late else End.SURVIVED if status == 0 else End.KILLED

    def _start(self, source):
        process = os.fork()
        if process == 0:
            self._run(source)
        return process

    def _run(self, source):
        code = 1
        try:
            signal.alarm(math.ceil(self._limit))
            resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            os.chdir(ROOT)
            sys.meta_path.insert(0, _Instead(self._name, self._path, source))
            code = pytest.main([*_OPTIONS, *self._tests])
        finally:
            os._exit(int(code))


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a source that is not its file's."""

    def __init__(self, name, path, source):
        self._name, self._path, self._source = name, path, source

    def find_spec(self, name, _path=None, _target=None):
        if name != self._name:
            return None
        spec = importlib.util.spec_from_loader(name, self, origin=str(self._path))
        spec.has_location = True
        return spec

    def get_source(self, _name):
        return self._source
