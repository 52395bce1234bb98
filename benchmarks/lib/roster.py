"""Who is measured. Only names and settings are here: the code of a contender is imported in its own process."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from attrs import frozen

__all__ = ["BASE", "NULL", "ROSTER", "Contender", "present"]

_FAST = "httptools"
_NODE = Path(__file__).parents[1] / "node"


@frozen(kw_only=True)
class Contender:
    """One way to do the job.

    Attributes:
        title: its name in tables.
        client: module and function that open it; "node" is the module for what runs under Node.
        gather: all calls are begun at once, and what limits them is inside; else as many workers as may be in flight.
        uvloop: runs on uvloop instead of asyncio's own loop.
        gc: the application sets the garbage collector up, as docs/internals/tuning.md says.
        share: of the calls of a slice that it makes, for those so slow that theirs would take most of the time.
        needs: a package, of Python or of Node, without which it is left out.
    """

    title: str
    client: str
    gather: bool = False
    uvloop: bool = False
    gc: bool = False
    share: float = 1.0
    needs: str = ""

    @property
    def is_node(self) -> bool:
        """It runs under Node."""
        return self.client.startswith("node.")

    @property
    def missing(self) -> str | None:
        """What it needs and this machine does not have."""
        if self.is_node:
            if shutil.which("node") is None:
                return "node"
            is_there = not self.needs or _NODE.joinpath("node_modules", self.needs).is_dir()
            return None if is_there else self.needs
        wanted = [self.needs, "uvloop" if self.uvloop else ""]
        return next((name for name in wanted if name and importlib.util.find_spec(name) is None), None)


BASE = "tuned"
NULL = "sdk-null"
ROSTER = {
    "plain": Contender(title="a: plain aiohttp", client="contenders.plain", gather=True),
    "plain-again": Contender(title="a again", client="contenders.plain", gather=True),
    "tuned": Contender(title="b: tuned aiohttp", client="contenders.tuned"),
    "tuned-again": Contender(title="b again", client="contenders.tuned"),
    "tuned-uvloop": Contender(title="b on uvloop", client="contenders.tuned", uvloop=True),
    "session-per-call": Contender(
        title="aiohttp, a session per call",
        client="contenders.session_per_call",
        gather=True,
        share=0.1,  # it is slow, and each call leaves a port in TIME_WAIT
    ),
    "sdk": Contender(title="etelecom_async, gather", client="contenders.sdk", gather=True),
    "sdk-workers": Contender(title="etelecom_async", client="contenders.sdk"),
    "sdk-uvloop": Contender(title="etelecom_async on uvloop", client="contenders.sdk", uvloop=True),
    "sdk-fast": Contender(title="etelecom_async, fast transport", client="contenders.sdk_fast", needs=_FAST),
    "sdk-fast-uvloop": Contender(
        title="etelecom_async, fast transport on uvloop", client="contenders.sdk_fast", uvloop=True, needs=_FAST
    ),
    "sdk-gc": Contender(title="etelecom_async, gc set up", client="contenders.sdk", gc=True),
    "sdk-uvloop-gc": Contender(
        title="etelecom_async on uvloop, gc set up", client="contenders.sdk", uvloop=True, gc=True
    ),
    "httpx": Contender(title="httpx", client="peers.by_httpx", share=0.2, needs="httpx"),
    "pyreqwest": Contender(title="pyreqwest", client="peers.by_pyreqwest", needs="pyreqwest"),
    "pyreqwest-uvloop": Contender(
        title="pyreqwest on uvloop", client="peers.by_pyreqwest", uvloop=True, needs="pyreqwest"
    ),
    "pycurl": Contender(title="pycurl", client="peers.by_pycurl", needs="pycurl"),
    "pycurl-uvloop": Contender(title="pycurl on uvloop", client="peers.by_pycurl", uvloop=True, needs="pycurl"),
    "undici": Contender(title="undici (Node)", client="node.undici", needs="undici"),
    "axios": Contender(title="axios (Node)", client="node.axios", needs="axios"),
    "fetch": Contender(title="fetch (Node)", client="node.fetch"),
    NULL: Contender(title="etelecom_async, above its transport", client="contenders.sdk_above_transport"),
}


def present(names: list[str]) -> tuple[list[str], dict[str, str]]:
    """Those of them that can run here, and of the others what they miss."""
    missing = {name: lack for name in names if (lack := ROSTER[name].missing)}
    return [name for name in names if name not in missing], missing
