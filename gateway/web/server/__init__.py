"""The server's door: what is no proper HTTP, too much of it or too slow goes no further."""

from gateway.web.server.protocol import GuardedProtocol

PROTOCOL = "gateway.web.server:GuardedProtocol"  # as uvicorn's `http` takes it

__all__ = ["PROTOCOL", "GuardedProtocol"]
