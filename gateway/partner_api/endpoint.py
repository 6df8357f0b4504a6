"""`/api/v1/integration/…` over HTTP: who calls, whether it came before, and the envelope."""

import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import structlog
from sqlalchemy.exc import OperationalError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.enrolment.in_flight import is_lock_timeout
from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.partner_api.partner_keys import Client, PartnerKeys
from gateway.partner_api.replay import Answer, ReplayGuard, RequestName
from gateway.partner_api.signature import SignedCall, is_timely, parse, verify
from gateway.partner_api.trespass import TrespassWatch
from gateway.telemetry import PARTNER_API_CALLS
from gateway.web.bodies import BodyTooLargeError, BodyTooSlowError, only_header, read_body
from schema.model.catalogue import Partner

BASE = "/api/v1/integration/"
LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10.0
_PAYMENT = b"payment "
_NOBODYS_KEY = "no client has this code"
_UNKNOWN = "unknown"

log = structlog.get_logger(__name__)

Data = dict[str, Any]
Act = Callable[[Partner, Mapping[str, Any], str | None], Awaitable[Data]]


@dataclass(frozen=True, slots=True)
class Call:
    """One of the API's calls; a write happens once however often it is sent."""

    act: Act
    is_write: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A call whose signature is good."""

    client: Client
    name: RequestName
    body: Mapping[str, Any]
    token: str | None


class PartnerApi:
    """An ASGI application; with `lenient` the legacy form of signing is good, too."""

    def __init__(
        self,
        calls: Mapping[str, Call],
        keys: PartnerKeys,
        guard: ReplayGuard,
        watch: TrespassWatch,
        *,
        now: Callable[[], datetime],
        lenient: bool = True,
    ) -> None:
        """Serve `calls` by their paths under `BASE`."""
        self._calls = calls
        self._keys = keys
        self._guard = guard
        self._watch = watch
        self._now = now
        self._lenient = lenient

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens, in the envelope."""
        request = Request(scope, receive)
        name = str(scope["path"]).removeprefix(BASE)
        call = self._calls.get(name)
        name = name if call else _UNKNOWN
        try:
            answer = await self._answer(request, name, call)
        except ClientDisconnect:
            return
        except PartnerApiError as exc:
            answer = to_refusal(exc)
        except OperationalError as exc:
            failed = to_refusal(PartnerApiError(Fault.IN_PROGRESS))
            answer = failed if is_lock_timeout(exc) else _to_surprise(exc, name)
        except Exception as exc:  # noqa: BLE001 - it is logged by its id, and answered
            answer = _to_surprise(exc, name)
        PARTNER_API_CALLS.labels(name, answer.status).inc()
        headers = {"Cache-Control": "no-store"}
        if answer.status == Fault.NOT_POST.status:
            headers["Allow"] = "POST"
        response = Response(answer.body, answer.status, headers, media_type="application/json")
        await response(scope, receive, send)

    async def _answer(self, request: Request, name: str, call: Call | None) -> Answer:
        if call is None:
            raise PartnerApiError(Fault.UNKNOWN_CALL)
        if request.method != "POST":
            raise PartnerApiError(Fault.NOT_POST)
        checked = await self._check(request, BASE + name)

        async def act() -> Answer:
            partner, body, token = checked.client.partner, checked.body, checked.token
            try:
                data = await call.act(partner, body, token)
            except PartnerApiError as exc:
                if exc.fault is Fault.IN_PROGRESS:
                    raise  # it says nothing final, so it may be asked again
                await self._watch.look(partner.code, exc.fault, body, token)
                return to_refusal(exc)
            return Answer(200, orjson.dumps({"success": True, "message": "OK", "data": data}))

        return await self._guard.once(checked.name, act) if call.is_write else await act()

    async def _check(self, request: Request, path: str) -> Checked:
        """Return who calls with what.  Raises `PartnerApiError`."""
        headers = {
            name: _only(request, name)
            for name in ("client_code", "timestamp", "signature", "authorization")
        }
        code, timestamp, signature = (
            headers[name] or b"" for name in ("client_code", "timestamp", "signature")
        )
        body = await _read_body(request)
        signed = SignedCall(code, timestamp, request.method, path, headers["authorization"], body)
        parsed = parse(body)
        client = await self._keys.find(code.decode("ascii")) if code.isascii() and code else None
        keys = client.keys if client else [_NOBODYS_KEY]
        form = verify(signed, signature, keys, parsed if self._lenient else None)
        if client is None or form is None:
            raise PartnerApiError(Fault.UNSIGNED)
        if not is_timely(timestamp, self._now()):
            raise PartnerApiError(Fault.UNTIMELY)
        if parsed is None:
            raise PartnerApiError(Fault.NOT_JSON)
        name = RequestName(client.client_code, signature.decode("ascii"))
        return Checked(client, name, parsed, _to_token(headers["authorization"]))


def to_refusal(error: PartnerApiError) -> Answer:
    """Return the envelope of a fault."""
    body = {"code": error.fault.code, "message": str(error), "success": False}
    return Answer(error.fault.status, orjson.dumps(body))


def _only(request: Request, name: str) -> bytes | None:
    """Return a header's value as it came; one that is sent twice is none."""
    try:
        return only_header(request, name)
    except LookupError as exc:
        raise PartnerApiError(Fault.UNSIGNED) from exc


async def _read_body(request: Request) -> bytes:
    try:
        return await read_body(request, LARGEST_BODY, BODY_SECONDS)
    except BodyTooLargeError as exc:
        raise PartnerApiError(Fault.TOO_LARGE) from exc
    except BodyTooSlowError as exc:
        raise PartnerApiError(Fault.TOO_SLOW) from exc


def _to_token(authorization: bytes | None) -> str | None:
    if authorization is None or authorization[: len(_PAYMENT)].lower() != _PAYMENT:
        return None
    return authorization[len(_PAYMENT) :].strip().decode("latin-1") or None


def _to_surprise(error: Exception, name: str) -> Answer:
    """Log what nobody expected, without its words: they may hold what was sent."""
    error_id = str(uuid4())
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-4:]]
    log.error(
        "partner_api.unexpected_error",
        error_id=error_id,
        error=type(error).__name__,
        call=name,
        where=where,
    )
    detail = f"{Fault.UNEXPECTED.message} (error id {error_id})"
    return to_refusal(PartnerApiError(Fault.UNEXPECTED, detail))
