"""The options of a question's command line."""

from __future__ import annotations

import argparse

__all__ = ["command", "whole"]


def command(question: str, description: str, *, epilog: str | None = None) -> argparse.ArgumentParser:
    """A parser for `python -m benchmarks <question>`, which prints these texts as they stand."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks {question}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def whole(least: int, most: int) -> type[int]:
    """The type of an option that is a whole number within bounds."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return parse
