"""Who pays for a request, as budgets know them: by their token, else by where they come from."""

from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

from gateway.execution.budgets import Payer
from schema.model.viewer import Viewer

_NOWHERE = "nowhere"
_ONE_NETWORK = 64  # bits of an IPv6 address: below it one subscriber has as many as they like


def payer_of(scope: Scope, viewer: Viewer) -> Payer:
    """Return who pays; an address is told by a digest alone, for budgets may be kept elsewhere."""
    if viewer.subject is not None:
        return Payer(f"token:{_digest(viewer.subject)}", viewer.learner)
    return payer_at((scope.get("client") or (None,))[0])


@lru_cache(maxsize=10_000)
def payer_at(host: str | None) -> Payer:
    """Return who pays for what comes without a token from an address."""
    host = _NOWHERE if host is None else host
    return Payer(f"address:{_digest(_network(host))}")


def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(int(address) >> (address.max_prefixlen - _ONE_NETWORK))


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()
