"""An eTelecom on your machine: the documented behaviour, errors included, without the service.

    transport = SandboxTransport(World())                 # in memory, behind a session
    async with serve(World()) as sandbox: ...             # on a socket, for any client: sandbox.base_url

Only `serve` imports aiohttp, when it is called.
"""

from .consent_requests import Charge
from .customers import Customer, Reply, sample
from .limit import FixedWindow, Limit, Refusal, TokenBucket
from .server import Served, serve
from .transport import SandboxTransport
from .world import SANDBOX_API_KEY, SANDBOX_OA, SANDBOX_PARTNER_KEY, SANDBOX_SHOP_KEY, LogEntry, SandboxRequest, World

__all__ = [
    "SANDBOX_API_KEY",
    "SANDBOX_OA",
    "SANDBOX_PARTNER_KEY",
    "SANDBOX_SHOP_KEY",
    "Charge",
    "Customer",
    "FixedWindow",
    "Limit",
    "LogEntry",
    "Refusal",
    "Reply",
    "SandboxRequest",
    "SandboxTransport",
    "Served",
    "TokenBucket",
    "World",
    "sample",
    "serve",
]
