"""One port of the sandbox: it can go down and come back at the same address."""

import ssl
from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

_ANY_PORT = 0
_GRACE_SECONDS = 0.05  # aiohttp reads 0 as "wait for ever"


class Listener:
    """Serves routes on a port of its own, by preference the one it had before."""

    def __init__(
        self,
        routes: Sequence[web.RouteDef],
        *,
        host: str,
        port: int = _ANY_PORT,
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        self._routes = routes
        self._host = host
        self._preferred = port
        self._middlewares = middlewares
        self._runner: web.AppRunner | None = None
        self._tls: ssl.SSLContext | None = None
        self.port = _ANY_PORT

    @property
    def is_up(self) -> bool:
        """Whether the port is listening."""
        return self._runner is not None

    async def open(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen: again on the port that was ours, else the preferred one, else a free one.

        With `tls` it speaks HTTPS.  Raises `OSError` when the port was ours and somebody else
        has it now.
        """
        if self._runner:
            return
        self._tls = tls
        if self.port:
            self._runner = await self._listening(self.port)
            return
        try:
            self._runner = await self._listening(self._preferred)
        except OSError:  # the port of the last run has a new owner
            self._runner = await self._listening(_ANY_PORT)
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening and cut the open connections; what takes longer gets no answer."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    async def _listening(self, port: int) -> web.AppRunner:
        app = web.Application(middlewares=self._middlewares)
        app.add_routes(self._routes)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, port, ssl_context=self._tls).start()
        except OSError:
            await runner.cleanup()
            raise
        return runner
