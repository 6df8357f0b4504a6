"""Where partners may be called: on the public internet, and in networks that the operator names.

A partner rules over what its host name means.  So a name is resolved first, every address that
it means is checked, and the connection is made to one of these very addresses: a name that
means something else a moment later changes nothing.  Links in partners' answers must stay on
the configured host besides (`adapters/http.py`).
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAME_THREADS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="names")

# Networks in which an IPv4 address stands in an IPv6 one, and where: NAT64 and its local kin.
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


class AddressRefusedError(OSError):
    """A partner's host is at an address where no partner may be called."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses may be called: public ones, and those in `networks`."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Return whether `address`, in digits, may be called."""
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return self._allows(found)

    def _allows(self, address: Address) -> bool:
        inner = _inner(address)
        if inner is not None:  # what it says inside counts, and nothing else
            return self._allows(inner)
        if any(address in network for network in self.networks):
            return True
        return address.is_global and not address.is_multicast and not address.is_reserved


PUBLIC = Reach()
THIS_MACHINE = Reach((ip_network("127.0.0.0/8"), ip_network("::1/128")))


def to_reach(networks: Sequence[str]) -> Reach:
    """Return the reach that also has `networks` ("10.20.0.0/16").  Raises `ValueError`."""
    return Reach(tuple(map(ip_network, networks)))


class ThreadedNames(AbstractResolver):
    """Asks the system what names mean, in threads of its own.

    A name server that does not answer keeps a thread busy long after the caller has given up;
    the process's other threads have other work.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where `host` is.  Raises `OSError` for a name that means nothing."""
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(_NAME_THREADS, partial(ask, flags=socket.AI_ADDRCONFIG))
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Do nothing: the threads are the process's."""


class CheckedResolver(AbstractResolver):
    """Resolves names by `resolver`, and gives only addresses that may be called."""

    def __init__(self, resolver: AbstractResolver, reach: Reach) -> None:
        self._resolver = resolver
        self._reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where `host` is.

        Raises `AddressRefusedError` if any of its addresses is not to be called: a name that
        means a public and a private place is up to no good.
        """
        found = await self._resolver.resolve(host, port, family)
        if not all(self._reach.allows(each["host"]) for each in found):
            raise AddressRefusedError("its host name leads to an address that is not public")
        return found

    async def close(self) -> None:
        """Let go of the resolver."""
        await self._resolver.close()


def check_literal(host: str | None, reach: Reach) -> None:
    """Refuse a host that is an address in digits, and not one to be called.

    Connections to digits are made without asking a resolver.  Raises `AddressRefusedError`.
    """
    try:
        ip_address((host or "").partition("%")[0])
    except ValueError:
        return  # a name, or digits that only a resolver understands (0x7f000001)
    if not reach.allows(host or ""):
        raise AddressRefusedError("its address is not public")


def _inner(address: Address) -> Address | None:
    """Return the IPv4 address inside an IPv6 one that is only another spelling of it."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in _TRANSLATED) or int(address) >> 32 == 0:
        low = int(address) & 0xFFFFFFFF
        return IPv4Address(low) if low > 1 else None  # :: and ::1 are themselves
    return None
