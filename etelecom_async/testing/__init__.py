"""For tests of code that uses the SDK, and of transports. It needs no test runner and no HTTP library.

`MockTransport` answers in place of the server. `run_virtually` is `asyncio.run` in a time that jumps from timer to
timer. `TransportContract` tests a transport of your own, with `Peer` as the server.
"""

from .contract import TransportContract
from .mock import MockCall, MockRoute, MockTransport
from .peer import Answer, Cut, Echo, HangUp, Peer, Refuse, Silence
from .virtual_time import VirtualTimeLoop, run_virtually

__all__ = [
    "Answer",
    "Cut",
    "Echo",
    "HangUp",
    "MockCall",
    "MockRoute",
    "MockTransport",
    "Peer",
    "Refuse",
    "Silence",
    "TransportContract",
    "VirtualTimeLoop",
    "run_virtually",
]
