"""`python -m benchmarks` lists the questions; `python -m benchmarks NAME [options]` answers one."""

from __future__ import annotations

import argparse
import ast
import asyncio
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lib.child import ChildFailed
from benchmarks.lib.instructions import CannotCount

_FOLDER = Path(__file__).parent
_WIDTH = 17


def questions() -> dict[str, str]:
    """Each question by its name: the first line of its file's docstring."""
    files = sorted(file for file in _FOLDER.glob("[a-z]*.py"))
    return {file.stem: (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n")[0] for file in files}


def main(arguments: Sequence[str]) -> int:
    """The question's own exit status; 1 where it cannot be measured, 130 after Ctrl-C or SIGTERM."""
    known = questions()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        usage="%(prog)s NAME [options]",
        description="Answer a question by measuring. `NAME --help` says how, and how long it takes.",
        epilog="\n".join(f"{name:<{_WIDTH}}{asked}" for name, asked in known.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", choices=known, help="one of those below")
    name = parser.parse_args(arguments[:1]).name
    if name is None:
        parser.print_help()
        return 0
    try:
        return importlib.import_module(f"benchmarks.{name}").main(arguments[1:])
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Interrupted: nothing is reported.", file=sys.stderr)
        return 130
    except (ChildFailed, CannotCount, OSError) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
