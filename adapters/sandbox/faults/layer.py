"""What stands before a partner's facade and lets the faults strike that were set."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandbox.faults.anatomy import ANATOMIES
from adapters.sandbox.faults.kinds import Answer, Asked, Exchange, Port
from adapters.sandbox.faults.orders import ActiveFault, FaultOrder
from adapters.sandbox.shelf import Shelf

_MANY = 1_000  # keys whose bookings are counted, at most


class FaultLayer:
    """One partner's faults; `middleware` goes before its facade."""

    def __init__(self, code: str, shelf: Shelf) -> None:
        self._shelf = shelf
        self._anatomy = ANATOMIES.get(code)
        self._active: dict[str, ActiveFault] = {}
        self.requests: Counter[Asked] = Counter()
        self.told: Counter[str] = Counter()  # how often the facade was told to book, by our key
        self.cookies = 0  # requests that brought one

    @property
    def port(self) -> Port | None:
        """What the faults do to the port."""
        ports = (active.order.fault.port for active in self._active.values())
        return next((port for port in ports if port is not None), None)

    def set(self, order: FaultOrder) -> None:
        """Let this fault strike from now on, anew if it was set already."""
        self._active[order.fault.name] = ActiveFault(order)

    def clear(self) -> None:
        """Let no fault strike any more."""
        self._active.clear()

    def tell(self) -> Sequence[dict[str, Any]]:
        """Return which faults are set, and how often each has struck."""
        return [active.to_json() for active in self._active.values()]

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer by the first fault that strikes, else as the facade does."""
        asked = to_asked(request)
        self.requests[asked] += 1
        self.cookies += "Cookie" in request.headers

        async def answer() -> web.Response:
            if asked is Asked.ENROLLING and request.method == "POST":
                self._count(request.headers.get("Idempotency-Key", ""))
            answered = await handler(request)
            return answered if isinstance(answered, web.Response) else web.Response(status=500)

        for active in self._active.values():
            act = active.order.fault.act
            if act is not None and active.strikes(asked):
                return await act(self._exchange(request, asked, active, answer))
        return await answer()

    def _exchange(
        self, request: web.Request, asked: Asked, active: ActiveFault, answer: Answer
    ) -> Exchange:
        return Exchange(
            request=request,
            asked=asked,
            answer=answer,
            seconds=active.order.seconds or active.order.fault.seconds,
            rows=self._shelf.rows,
            showing=self._shelf.showing,
            anatomy=self._anatomy,
            memory=active.memory,
        )

    def _count(self, key: str) -> None:
        if len(self.told) < _MANY or key in self.told:
            self.told[key] += 1


def to_asked(request: web.Request) -> Asked:
    """Return what a request is about: writes carry our key, and desks have one path."""
    if "Idempotency-Key" in request.headers:
        return Asked.ENROLLING
    if request.path.startswith("/enrolments"):
        return Asked.LOOKING_UP
    if request.path == "/token":
        return Asked.SIGNING_IN
    return Asked.READING
