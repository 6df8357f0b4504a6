"""The sandbox's control port: what it serves, and how other processes call it.

`GET /` tells who is up; `POST /partners/{code}/down` and `/up` take a partner away and
bring it back; `GET /partners/{code}/enrolments` shows its book.  `POST /partners/{code}/faults`
sets a fault (`{"fault": NAME, "share", "times", "after", "seconds", "on"}`), `GET` lists those
that are set and `DELETE` clears them.  `POST /reset` empties all books, clears all faults and
brings everybody up.  Every request carries the control token as bearer.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial
from hmac import compare_digest
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from adapters.sandbox.book import Entry
from adapters.sandbox.faults.layer import FaultLayer
from adapters.sandbox.faults.orders import BadOrderError, FaultOrder, to_order
from adapters.sandbox.faults.registry import UnknownFaultError
from adapters.sandbox.state import SandboxState, read_state
from schema.model.values import PartnerCode

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CONTROL_TIMEOUT_SECONDS = 10.0


class SandboxControlError(RuntimeError):
    """The sandbox cannot be told what to do; the message says why and what to do."""


class UnknownPartnerError(LookupError):
    """The sandbox has no such partner; the message names those that it has."""


class Controlled(Protocol):
    """What the control port needs of the sandbox."""

    def status(self) -> dict[str, Any]:
        """Return every partner's address and whether it is up."""

    def entries(self, code: PartnerCode) -> Sequence[Entry]:
        """Return the partner's book.  Raises `UnknownPartnerError`."""

    async def take_down(self, code: PartnerCode) -> None:
        """Close the partner's port.  Raises `UnknownPartnerError`."""

    async def bring_up(self, code: PartnerCode) -> None:
        """Open the partner's port again.  Raises `UnknownPartnerError`."""

    def faults(self, code: PartnerCode) -> FaultLayer:
        """Return what stands before the partner.  Raises `UnknownPartnerError`."""

    async def set_fault(self, code: PartnerCode, order: FaultOrder) -> None:
        """Let the partner misbehave.  Raises `UnknownPartnerError`."""

    async def clear_faults(self, code: PartnerCode) -> None:
        """Let the partner behave again.  Raises `UnknownPartnerError`."""

    async def reset(self) -> None:
        """Empty every book, clear every fault and bring everybody up."""


def build_control_routes(sandbox: Controlled, token: str) -> Sequence[web.RouteDef]:
    """Return the control port's routes, each behind the token."""
    guarded = partial(_guarded, token=token)

    async def show(_: web.Request) -> web.StreamResponse:
        return web.json_response(sandbox.status())

    async def take_down(request: web.Request) -> web.StreamResponse:
        await sandbox.take_down(_code(request))
        return await show(request)

    async def bring_up(request: web.Request) -> web.StreamResponse:
        await sandbox.bring_up(_code(request))
        return await show(request)

    async def show_enrolments(request: web.Request) -> web.StreamResponse:
        return web.json_response([asdict(entry) for entry in sandbox.entries(_code(request))])

    async def show_faults(request: web.Request) -> web.StreamResponse:
        return web.json_response(sandbox.faults(_code(request)).tell())

    async def set_fault(request: web.Request) -> web.StreamResponse:
        await sandbox.set_fault(_code(request), to_order(await request.json()))
        return await show_faults(request)

    async def clear_faults(request: web.Request) -> web.StreamResponse:
        await sandbox.clear_faults(_code(request))
        return await show_faults(request)

    async def reset(request: web.Request) -> web.StreamResponse:
        await sandbox.reset()
        return await show(request)

    return [
        web.get("/", guarded(show)),
        web.post("/partners/{code}/down", guarded(take_down)),
        web.post("/partners/{code}/up", guarded(bring_up)),
        web.get("/partners/{code}/enrolments", guarded(show_enrolments)),
        web.get("/partners/{code}/faults", guarded(show_faults), allow_head=False),
        web.post("/partners/{code}/faults", guarded(set_fault)),
        web.delete("/partners/{code}/faults", guarded(clear_faults)),
        web.post("/reset", guarded(reset)),
    ]


def take_down(data_dir: Path, code: PartnerCode) -> None:
    """Take a partner of the running sandbox away.  Raises `SandboxControlError`."""
    _call(data_dir, "POST", f"/partners/{code}/down")


def bring_up(data_dir: Path, code: PartnerCode) -> None:
    """Bring a partner of the running sandbox back.  Raises `SandboxControlError`."""
    _call(data_dir, "POST", f"/partners/{code}/up")


def set_fault(data_dir: Path, code: PartnerCode, order: FaultOrder) -> list[dict[str, Any]]:
    """Let a partner of the running sandbox misbehave; return all faults that are set there.

    Raises `SandboxControlError`.
    """
    faults: list[dict[str, Any]] = _call(
        data_dir, "POST", f"/partners/{code}/faults", order.to_json()
    )
    return faults


def clear_faults(data_dir: Path, code: PartnerCode) -> None:
    """Let a partner of the running sandbox behave again.  Raises `SandboxControlError`."""
    _call(data_dir, "DELETE", f"/partners/{code}/faults")


def fetch_faults(data_dir: Path, code: PartnerCode) -> list[dict[str, Any]]:
    """Return the faults that are set at a partner.  Raises `SandboxControlError`."""
    faults: list[dict[str, Any]] = _call(data_dir, "GET", f"/partners/{code}/faults")
    return faults


def reset(data_dir: Path) -> None:
    """Empty all books, clear all faults and bring everybody up.  Raises `SandboxControlError`."""
    _call(data_dir, "POST", "/reset")


def fetch_status(data_dir: Path) -> dict[str, Any]:
    """Return `{"partners": {code: {"address", "up", "offerings", "enrolments"}}}`.

    Raises `SandboxControlError`.
    """
    status: dict[str, Any] = _call(data_dir, "GET", "/")
    return status


def fetch_enrolments(data_dir: Path, code: PartnerCode) -> list[dict[str, Any]]:
    """Return what a partner's book holds.  Raises `SandboxControlError`."""
    entries: list[dict[str, Any]] = _call(data_dir, "GET", f"/partners/{code}/enrolments")
    return entries


def _guarded(handler: _Handler, token: str) -> _Handler:
    wanted = f"Bearer {token}".encode()

    async def guarded(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not compare_digest(given, wanted):
            return _error(HTTPStatus.UNAUTHORIZED, "send the control token of sandbox.json")
        try:
            return await handler(request)
        except (UnknownPartnerError, UnknownFaultError) as exc:
            return _error(HTTPStatus.NOT_FOUND, str(exc))
        except BadOrderError as exc:
            return _error(HTTPStatus.BAD_REQUEST, str(exc))
        except json.JSONDecodeError:
            return _error(HTTPStatus.BAD_REQUEST, "send an order as JSON")
        except OSError as exc:
            return _error(HTTPStatus.CONFLICT, f"the port cannot be opened ({exc.strerror})")

    return guarded


def _code(request: web.Request) -> PartnerCode:
    return PartnerCode(request.match_info["code"])


def _error(status: HTTPStatus, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


def _call(data_dir: Path, method: str, path: str, body: object = None) -> Any:
    state = read_state(data_dir)
    if state is None:
        raise _not_running(data_dir)
    try:
        status, answer = _exchange(state, method, path, body)
    except (OSError, HTTPException, ValueError) as exc:
        raise _not_running(data_dir) from exc
    if status == HTTPStatus.UNAUTHORIZED:  # another program has the port now
        raise _not_running(data_dir)
    if status != HTTPStatus.OK:
        raise SandboxControlError(answer["error"])
    return answer


def _exchange(state: SandboxState, method: str, path: str, body: object) -> tuple[int, Any]:
    # not urllib: it would send a loopback request through the environment's proxy
    connection = HTTPConnection(urlsplit(state.control).netloc, timeout=_CONTROL_TIMEOUT_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {state.control_token}"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def _not_running(data_dir: Path) -> SandboxControlError:
    return SandboxControlError(
        f"no sandbox is running for {data_dir}: start it with `mitra sandbox run`"
    )
