"""The session of a command, for the account in the environment."""

from __future__ import annotations

from collections.abc import Sequence

from ..account import from_env
from ..endpoint import AnyEndpoint
from ..errors import ConfigError
from ..messages.translation import Translator
from ..pipeline import Middleware
from ..session import Session
from .exits import WrongUsage
from .network import Network, Runtime, TransportChoice

__all__ = ["open_session"]


def open_session(
    network: Network, endpoint: AnyEndpoint, *, texts: Translator, middlewares: Sequence[Middleware] = ()
) -> tuple[Session, Runtime]:
    """A session that has the key for this method, and what it runs on.

    Raises:
        WrongUsage: the environment or an option is wrong, so that no call can succeed.
    """
    try:
        account = from_env()
        runtime = network.runtime(TransportChoice.AIOHTTP, account.base_url, texts=texts)
        session = Session(account, transport=runtime.transport, middlewares=middlewares)
        # A missing key is one error here, and not one for every phone.
        session.account.key(endpoint.role)
    except ConfigError as error:
        raise WrongUsage(str(error)) from None
    return session, runtime
