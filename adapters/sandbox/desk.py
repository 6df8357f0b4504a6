"""What every facade needs: a look at a secret, and the four enrolment routes.

The routes are wrapped in the partner's own envelope: `POST {path}` books, `GET` and
`DELETE {path}/{reference}` look up and cancel, `GET {path}?day=…&cursor=…` lists what was
booked on a day.  201 for a new reference, 200 for a known one, 409 for a refusal, 404 for a
reference that was never seen.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.base import ReceiptStatus
from adapters.sandbox.book import EnrolmentBook

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Guard = Callable[[Handler], Handler]  # lets a request through, or answers that it may not
Answer = Callable[[Mapping[str, Any] | None, HTTPStatus], web.Response]
Decoded = Callable[[bytes], Any]
Opened = Callable[[Any], Mapping[str, Any]]


def is_same(given: str, wanted: str) -> bool:
    """Return whether a secret is the right one, in a time that does not tell how nearly."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode())


def build_enrolment_routes(  # noqa: PLR0913  all but the first three are named
    book: EnrolmentBook,
    guard: Guard,
    answer: Answer,
    *,
    decoded: Decoded = json.loads,
    opened: Opened = lambda body: body,
    listed: Answer | None = None,
    path: str = "/enrolments",
) -> Sequence[web.RouteDef]:
    """Return the routes.

    `decoded` reads a request body and may raise `ValueError`; `opened` takes it out of its
    envelope and may raise `KeyError` or `TypeError`.  `answer` puts a receipt into the
    partner's, and so does `listed` (where it differs) with a statement; None with 404 stands
    for an unknown reference, None with 400 for a request that cannot be read.
    """

    async def place(request: web.Request) -> web.StreamResponse:
        try:
            order = opened(decoded(await request.read()))
            placed = book.place(
                str(order["reference"]),
                str(order["offering"]),
                order.get("session"),
                str(order["learner"]),
                int(order["price"]["amount"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return answer(None, HTTPStatus.BAD_REQUEST)
        return answer(placed[0], _status(*placed))

    async def find(request: web.Request) -> web.StreamResponse:
        return _found(book.find(request.match_info["reference"]))

    async def cancel(request: web.Request) -> web.StreamResponse:
        return _found(book.cancel(request.match_info["reference"]))

    async def list_day(request: web.Request) -> web.StreamResponse:
        try:
            told = book.statement(request.query.get("day", ""), request.query.get("cursor"))
        except ValueError:
            return answer(None, HTTPStatus.BAD_REQUEST)
        return (listed or answer)(told, HTTPStatus.OK)

    def _found(receipt: Mapping[str, Any] | None) -> web.Response:
        return answer(receipt, HTTPStatus.OK if receipt else HTTPStatus.NOT_FOUND)

    return [
        web.post(path, guard(place)),
        web.get(path, guard(list_day), allow_head=False),
        web.get(f"{path}/{{reference}}", guard(find), allow_head=False),
        web.delete(f"{path}/{{reference}}", guard(cancel)),
    ]


def _status(receipt: Mapping[str, Any], is_new: bool) -> HTTPStatus:  # noqa: FBT001 - the pair that `place` returns
    if receipt["status"] == ReceiptStatus.REJECTED:
        return HTTPStatus.CONFLICT
    return HTTPStatus.CREATED if is_new else HTTPStatus.OK
