"""The hosts that `NO_PROXY` excepts from the environment's proxy."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["NoProxy", "is_loopback"]

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORT = re.compile(r"(\[.*\]|[^:]*):([0-9]{1,5})")
"""`host:port` and `[address]:port`; an IPv6 address without brackets has colons of its own."""


class NoProxy:
    """The variable's value, as curl, requests and Go read it: parts between commas or spaces.

    `*` is every host; `example.vn`, `.example.vn` and `*.example.vn` are that domain and all below it; an address
    matches in any notation; `10.0.0.0/8` and `fd00::/8` are networks. `host:port` is that port alone. Names are not
    looked up, so a network excepts only hosts that are written as addresses.
    """

    def __init__(self, text: str) -> None:
        self._rules = [_rule(part.lower()) for part in re.split(r"[,\s]+", text) if part]

    def excepts(self, host: str, port: int | None) -> bool:
        """Whether requests go directly. `host` is a name (in its form `xn--...`) or an address without brackets."""
        name = host.lower().rstrip(".")
        address = _address(name)
        return any(rule(name, address, port) for rule in self._rules)


def is_loopback(host: str) -> bool:
    """Whether this name or address is this machine; names are not looked up."""
    name = host.lower().rstrip(".")
    address = _address(name)
    return name == "localhost" or name.endswith(".localhost") if address is None else address.is_loopback


def _rule(part: str) -> Callable[[str, _Address | None, int | None], bool]:
    if part == "*":
        return lambda _, __, ___: True
    network = _network(part)
    if network is not None:
        return lambda _, address, __: address is not None and address in network
    with_port = _PORT.fullmatch(part)
    place, only = (with_port[1], int(with_port[2])) if with_port else (part, None)
    wanted = _address(place.removeprefix("[").removesuffix("]"))
    if wanted is not None:
        return lambda _, address, port: address == wanted and only in (None, port)
    domain = _on_the_wire(place.removeprefix("*").strip("."))
    below = "." + domain
    return lambda name, _, port: bool(domain) and (name == domain or name.endswith(below)) and only in (None, port)


def _network(part: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if "/" not in part:
        return None
    try:
        return ipaddress.ip_network(part.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


def _on_the_wire(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain
