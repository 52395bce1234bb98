"""One client against a hidden limit, in a process of its own: says when it is ready, takes JSON on a line of stdin,
prints what failed.
"""

from __future__ import annotations

import json
import sys

from benchmarks.children.limit_server import LOOPS
from benchmarks.lib.limit_clients import work


def main() -> None:
    """Work once for each line."""
    run = LOOPS[sys.argv[1]]
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"failed": run(work(**json.loads(line)))}), flush=True)


if __name__ == "__main__":
    main()
