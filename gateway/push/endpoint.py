"""`/partners/v1/catalogue` over HTTP: rows in, an answer per row out.

The answers are sent once the body has been read: most clients do not listen before.  Until
then they wait in a temporary file.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import orjson
import structlog
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.catalogue.freshness import is_synced
from gateway.catalogue.partner_orders import is_paused
from gateway.catalogue.runs import OpenRun
from gateway.catalogue.sync import Report, report_to_nobody, to_progress
from gateway.partner_api.partner_keys import PartnerKeys
from gateway.partner_api.signature import SignedCall, is_timely, verify
from gateway.partners.config import PartnerConfig
from gateway.push import sessions
from gateway.push.batches import Mode
from gateway.push.sessions import Session, State
from gateway.push.signing import BodyDigest
from gateway.push.uploads import AfterEndError, Terms, Upload
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.push_tables import SESSION_LENGTH
from gateway.telemetry import PARTNER_API_CALLS
from gateway.web.bodies import BodyTooLargeError, BodyTooSlowError, only_header
from gateway.web.problems import (
    NOT_ALLOWED,
    NOT_KEPT,
    TOO_LARGE,
    TOO_SLOW,
    UNSIGNED,
    UNTIMELY,
    Kind,
    ProblemError,
    to_response,
    to_surprise,
)
from schema.model.values import PartnerCode

PATH = "/partners/v1/catalogue"
NDJSON = "application/x-ndjson"
BAD_REQUEST = Kind(400, "BAD_REQUEST", "a parameter or header is not as documented")
NOT_A_PUSHER = Kind(403, "NOT_A_PUSHER", "the programme does not take your list this way now")
UNKNOWN_SESSION = Kind(404, "UNKNOWN_SESSION", "you have no such session")
BUSY = Kind(409, "BUSY", "another upload of yours is under way; wait for its end")
WRONG_PLACE = Kind(409, "WRONG_PLACE", "the session goes on elsewhere: send what follows `stored`")
SESSION_ENDED = Kind(409, "SESSION_ENDED", "the session has ended; begin another for a new list")
ENCODED = Kind(415, "ENCODED", "the body is sent as it is, without Content-Encoding")
NOT_WHAT_WAS_SIGNED = Kind(422, "NOT_WHAT_WAS_SIGNED", "the body does not have its digest")
_SESSION = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{SESSION_LENGTH - 1}}}", re.ASCII)
_START = re.compile(r"[0-9]{1,9}", re.ASCII)
_HEADERS = ("client_code", "timestamp", "signature", "content-digest")
_NOBODYS_KEY = "no client has this code"
_CHUNK = 64 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for: rows of a session behind the first `start`."""

    session: str
    mode: Mode
    start: int


class PushEndpoint:
    """An ASGI application for one path; `report` hears how each list ended."""

    def __init__(
        self,
        database: Database,
        partners: Mapping[PartnerCode, PartnerConfig],
        keys: PartnerKeys,
        now: Callable[[], datetime],
        *,
        largest: int,
        report: Report = report_to_nobody,
    ) -> None:
        """Make it; `largest` is how many bytes one session may have."""
        self._database = database
        self._partners = partners
        self._keys = keys
        self._now = now
        self._largest = largest
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except ProblemError as exc:
            response = to_response(exc)
        except Exception as exc:  # noqa: BLE001 - it is logged by its id, and answered
            response = to_surprise(exc, "push")
        PARTNER_API_CALLS.labels("catalogue", response.status_code).inc()
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "POST"):
            raise ProblemError(NOT_ALLOWED, headers={"Allow": "GET, POST"})
        config, digest = await self._check(request)
        wanted = to_wanted(request.query_params)
        if request.method == "GET":
            return await self._tell(config, wanted)
        if request.headers.get("content-encoding", "identity") != "identity":
            raise ProblemError(ENCODED)
        leases = Leases(self._database, self._now)  # of this upload, not of this process
        async with leases.held(f"sync:{config.code}") as is_ours:
            if not is_ours:
                raise ProblemError(BUSY, headers={"Retry-After": "5"})
            return await self._take(request, config, wanted, digest)

    async def _check(self, request: Request) -> tuple[PartnerConfig, BodyDigest]:
        """Return who pushes, and what the body has to be.  Raises `ProblemError`."""
        try:
            told = [only_header(request, name) or b"" for name in _HEADERS]
        except LookupError as exc:
            raise ProblemError(UNSIGNED) from exc
        code, timestamp, signature, digest = told
        query = request.scope["query_string"].decode("latin-1")
        path = f"{PATH}?{query}" if query else PATH
        call = SignedCall(code, timestamp, request.method, path, None, digest)
        client = await self._keys.find(code.decode()) if code.isascii() and code else None
        keys = client.keys if client else [_NOBODYS_KEY]
        if verify(call, signature, keys, None) is None or client is None:
            raise ProblemError(UNSIGNED)
        if not is_timely(timestamp, self._now()):
            raise ProblemError(UNTIMELY)
        config = self._partners.get(client.partner.code)
        if config is None or not config.pushes or not is_synced(config):
            raise ProblemError(NOT_A_PUSHER)
        if await self._database.read(lambda c: is_paused(c, config.code)):
            raise ProblemError(NOT_A_PUSHER)
        try:
            return config, BodyDigest(digest)
        except ValueError as exc:
            raise ProblemError(BAD_REQUEST, str(exc)) from exc

    async def _tell(self, config: PartnerConfig, wanted: Wanted) -> Response:
        found = await self._database.read(
            lambda c: sessions.read_session(c, config.code, wanted.session)
        )
        if found is None:
            raise ProblemError(UNKNOWN_SESSION)
        return _to_json(
            {
                "session": found.name,
                "mode": found.mode,
                "state": found.state,
                "stored": found.rows,
                "outcome": found.outcome,
            }
        )

    async def _take(
        self, request: Request, config: PartnerConfig, wanted: Wanted, digest: BodyDigest
    ) -> Response:
        """Store a request's rows, and settle the list if they are its last."""
        now = self._now()
        session, run = await self._database.write(lambda c: _open(c, config, wanted, now))
        terms = Terms(self._largest, config.options.get("currencies", ("IDR",)))
        answers = await asyncio.to_thread(tempfile.TemporaryFile)
        try:
            upload = Upload(self._database, session, run, terms, answers, self._now)
            await self._read(request, upload, digest)
            outcome = await self._settle(upload)
            await asyncio.to_thread(answers.write, orjson.dumps(outcome) + b"\n")
        except BaseException:
            answers.close()
            raise
        return StreamingResponse(_sent(answers), headers=NOT_KEPT, media_type=NDJSON)

    async def _read(self, request: Request, upload: Upload, digest: BodyDigest) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in request.stream():
                digest.update(chunk)
                yield chunk

        try:
            await upload.take(chunks())
        except BodyTooLargeError as exc:
            await self._give_up(upload.session)
            raise ProblemError(TOO_LARGE, f"a list has at most {self._largest} bytes") from exc
        except BodyTooSlowError as exc:
            raise ProblemError(TOO_SLOW, stored=upload.session.rows) from exc
        except AfterEndError as exc:
            detail = "there are rows behind the line with `end`"
            raise ProblemError(BAD_REQUEST, detail, stored=upload.session.rows) from exc
        if not digest.fits():
            await self._give_up(upload.session)
            raise ProblemError(NOT_WHAT_WAS_SIGNED)

    async def _settle(self, upload: Upload) -> Mapping[str, Any]:
        """Return the last line: what became of the list, or that there is more of it."""
        session, run, now = upload.session, upload.run, self._now()
        if upload.told is None:
            return {"outcome": "stored", "stored": session.rows}
        if upload.told != session.rows:
            return {"outcome": "incomplete", "stored": session.rows, "told": upload.told}
        ended, settled = await self._database.write_much(
            lambda c: sessions.settle(c, session, run, now)
        )
        log.info("push.settled", partner=ended.partner, mode=ended.mode, state=ended.state)
        self._report(to_progress(run, settled.counts, finished=True, settled=settled))
        return ended.outcome or {}

    async def _give_up(self, session: Session) -> None:
        now = self._now()
        await self._database.write(lambda c: sessions.give_up(c, session, now))


def to_wanted(query: QueryParams) -> Wanted:
    """Return what the parameters ask for.  Raises `ProblemError`."""
    name, mode, start = query.get("session", ""), query.get("mode", "full"), query.get("from", "0")
    if not _SESSION.fullmatch(name):
        detail = f"session is 1 to {SESSION_LENGTH} letters, digits, dots, underscores and hyphens"
        raise ProblemError(BAD_REQUEST, detail)
    if mode not in tuple(Mode):
        raise ProblemError(BAD_REQUEST, f"mode is one of {', '.join(Mode)}")
    if not _START.fullmatch(start):
        raise ProblemError(BAD_REQUEST, "from is how many rows of the session are stored")
    return Wanted(name, Mode(mode), int(start))


def _open(
    connection: Any, config: PartnerConfig, wanted: Wanted, now: datetime
) -> tuple[Session, OpenRun]:
    """Return the session to go on with, or a new one."""
    opened = sessions.resume(connection, config, wanted.session, now)
    found = opened[0] if opened else sessions.read_session(connection, config.code, wanted.session)
    if found is not None and found.state not in (State.OPEN, State.GIVEN_UP):
        raise ProblemError(SESSION_ENDED, outcome=found.outcome)
    stored = opened[0].rows if opened else 0
    if wanted.start != stored or (opened and opened[0].mode is not wanted.mode):
        mode = opened[0].mode if opened else wanted.mode
        raise ProblemError(WRONG_PLACE, stored=stored, mode=mode)
    return opened or sessions.begin(connection, config, wanted.session, wanted.mode, now)


async def _sent(answers: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield what was answered, and let go of it."""
    try:
        await asyncio.to_thread(answers.seek, 0)
        while chunk := await asyncio.to_thread(answers.read, _CHUNK):
            yield chunk
    finally:
        with suppress(OSError):
            answers.close()


def _to_json(told: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(told), headers=NOT_KEPT, media_type="application/json")
