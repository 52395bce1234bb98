"""One client against a hidden limit, in a process of its own. Takes JSON on a line of stdin, prints what failed."""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.limit_clients import work


def main() -> None:
    """Work once for each line."""
    for line in sys.stdin:
        print(json.dumps({"failed": asyncio.run(work(**json.loads(line)))}), flush=True)


if __name__ == "__main__":
    main()
