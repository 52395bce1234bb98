"""One target under atheris: `python -m tests.fuzz.worker <target> <options of libFuzzer>`."""

import sys

import atheris

with atheris.instrument_imports(include=["etelecom_async", "json", "email", "html", "tests"]):
    from tests.fuzz.targets import TARGETS

name, *options = sys.argv[1:]
atheris.enabled_hooks.add("RegEx")
# libFuzzer starts itself anew to merge corpora, by the first of the arguments.
atheris.Setup([f"{sys.executable} -m tests.fuzz.worker {name}", *options], TARGETS[name])
atheris.Fuzz()
