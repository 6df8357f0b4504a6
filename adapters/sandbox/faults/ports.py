"""Faults of the port itself: closed, or speaking TLS with something wrong about it."""

from adapters.sandbox.faults.kinds import Port
from adapters.sandbox.faults.tls import server_context
from adapters.sandbox.listener import Listener


async def follow(listener: Listener, before: Port | None, now: Port | None) -> None:
    """Bring a port from what it was under the faults `before` to what it is now."""
    if now is before:
        return
    await listener.close()
    if now is not Port.CLOSED:
        await listener.open(server_context(now))
