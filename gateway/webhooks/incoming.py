"""`/partners/v1/webhooks/{partner}` over HTTP: what a partner tells us of its enrolments.

A signature is checked over the bytes as they came, before anything is read into them.  Nothing
of a body is logged.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.enrolment.attending import AttendanceReport
from gateway.enrolment.partner_reports import Applied, BadReportError, PartnerReports
from gateway.enrolment.progress import ProgressDesk
from gateway.partner_api.partner_keys import SILENT
from gateway.partners.config import PartnerConfig
from gateway.storage.engine import Database
from gateway.telemetry import WEBHOOKS_RECEIVED
from gateway.web.bodies import BodyTooLargeError, BodyTooSlowError, only_header, read_body
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
from gateway.webhooks.events import BadEventError, Event, to_event, to_reference
from gateway.webhooks.messages import MessageLog
from gateway.webhooks.partner_secrets import PartnerSecrets
from gateway.webhooks.signals import SignalDesk
from gateway.webhooks.signing import Envelope, is_signed, is_timely, new_secret
from schema.model.values import PartnerCode

PATH = "/partners/v1/webhooks/{partner}"
LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10.0
BAD_EVENT = Kind(400, "BAD_EVENT", "the body is not an event as documented")
NOT_SO = Kind(422, "NOT_SO", "what the event reports cannot be so")
SIGNALLED = "signalled"
DUPLICATE = "duplicate"
IGNORED = "ignored"  # of a type that we do not know
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_NOBODYS = new_secret()
_UNKNOWN = "unknown"

log = structlog.get_logger(__name__)


class WebhookDesk:
    """Carries out what webhooks say: each message once, however often it comes."""

    def __init__(
        self,
        ledger: Database,
        reports: PartnerReports,
        progress: ProgressDesk,
        signals: SignalDesk,
        now: Callable[[], datetime],
    ) -> None:
        self._messages = MessageLog(ledger, now)
        self._reports = reports
        self._progress = progress
        self._signals = signals

    async def take(self, partner: PartnerCode, message_id: str, body: bytes) -> str:
        """Carry out a signed message; return what became of it.  Raises `ProblemError`.

        It is remembered afterwards: after a crash it comes again, and changes nothing twice.
        """
        if await self._messages.has(partner, message_id):
            return DUPLICATE
        try:
            event = to_event(partner, body)
            if event is None:
                return IGNORED
            applied = await self._apply(event)
        except BadEventError as exc:
            raise ProblemError(BAD_EVENT, str(exc)) from exc
        except BadReportError as exc:
            raise ProblemError(NOT_SO, str(exc)) from exc
        await self._messages.add(partner, message_id)
        return applied.value.lower()

    async def take_signal(self, config: PartnerConfig, body: bytes) -> str:
        """Have the partner asked what an unsigned message may be about."""
        reference = to_reference(body, config.webhooks.reference_at)
        if reference is not None:
            await self._signals.take(config.code, reference)
        return SIGNALLED  # whether it is known to us is nobody's business

    async def _apply(self, event: Event) -> Applied:
        if isinstance(event, AttendanceReport):
            is_known = await self._progress.record_attendance(event)
            return Applied.APPLIED if is_known else Applied.PARKED
        return await self._reports.apply(event)


class WebhookEndpoint:
    """An ASGI application for one path; `partner` is a parameter of its route."""

    def __init__(
        self,
        partners: Mapping[PartnerCode, PartnerConfig],
        secrets: PartnerSecrets,
        desk: WebhookDesk,
        now: Callable[[], datetime],
    ) -> None:
        self._partners = partners
        self._secrets = secrets
        self._desk = desk
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        request = Request(scope, receive)
        config = self._partners.get(PartnerCode(request.path_params["partner"]))
        if config is not None and config.partner.state in SILENT:
            config = None
        name = config.code if config else _UNKNOWN
        try:
            status = await self._answer(request, config)
            outcome, code = status, 202 if status == SIGNALLED else 200
            response = Response(
                orjson.dumps({"status": status}), code, NOT_KEPT, media_type="application/json"
            )
        except ClientDisconnect:
            return
        except ProblemError as exc:
            outcome, response = exc.kind.code.lower(), to_response(exc)
        except Exception as exc:  # noqa: BLE001 - it is logged by its id, and answered
            outcome, response = "failed", to_surprise(exc, "webhooks")
        WEBHOOKS_RECEIVED.labels(name, outcome).inc()
        log.info("webhooks.received", partner=name, outcome=outcome)
        await response(scope, receive, send)

    async def _answer(self, request: Request, config: PartnerConfig | None) -> str:
        if request.method != "POST":
            raise ProblemError(NOT_ALLOWED, headers={"Allow": "POST"})
        try:
            body = await read_body(request, LARGEST_BODY, BODY_SECONDS)
        except BodyTooLargeError as exc:
            raise ProblemError(TOO_LARGE, f"a webhook has at most {LARGEST_BODY} bytes") from exc
        except BodyTooSlowError as exc:
            raise ProblemError(TOO_SLOW) from exc
        if config is not None and not config.webhooks.signed:
            return await self._desk.take_signal(config, body)
        envelope = _to_envelope(request)
        secrets = await self._secrets.find(config.code) if config else []
        is_good = is_signed(envelope, body, secrets or [_NOBODYS])
        if config is None or not is_good:
            raise ProblemError(UNSIGNED)
        if not is_timely(envelope, self._now()):
            raise ProblemError(UNTIMELY)
        return await self._desk.take(config.code, envelope.message_id, body)


def _to_envelope(request: Request) -> Envelope:
    """Return the three headers; one that lacks or comes twice is no signature."""
    try:
        told = [only_header(request, name) or b"" for name in _HEADERS]
    except LookupError as exc:
        raise ProblemError(UNSIGNED) from exc
    return Envelope(*(value.decode("latin-1") for value in told))
