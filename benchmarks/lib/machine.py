"""What figures depend on beside the code that is measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

__all__ = ["machine"]


def machine() -> str:
    """Python, the packages under every call, and the machine, in a line."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "yarl", "attrs", "cattrs"))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {packages}; {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
