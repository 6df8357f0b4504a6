"""Webhooks: those that partners send us, and those that we send.  Pure."""

from collections.abc import Mapping

from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import Applied
from gateway.openapi.pieces import (
    OK,
    Piece,
    answer,
    content,
    parameter,
    problem_answers,
    record,
    refer,
    schemas_of,
)
from gateway.web import problems
from gateway.webhooks import incoming
from gateway.webhooks.events import ATTENDED, TYPES, Data
from gateway.webhooks.payloads import TYPES as TOLD
from schema.model.enrolment import Actor, EnrolmentStatus

TAG = "webhooks"
JSON = "application/json"
SECURITY: list[Piece] = [{"webhook_id": [], "webhook_timestamp": [], "webhook_signature": []}]
_MOMENT: Piece = {"type": "string", "format": "date-time"}
_TEXT: Piece = {"type": "string"}
_OUTCOMES = [
    *(applied.value.lower() for applied in Applied), incoming.DUPLICATE, incoming.IGNORED,
]  # fmt: skip
_EXAMPLE = {
    "type": f"enrolment.{Said.CONFIRMED}",
    "timestamp": "2020-04-11T09:00:00+07:00",
    "data": {"reference": "mitra-01716877-9680-7d21-9a2b-6e4d8b1f0c55", "version": 2},
}

SCHEMAS: Mapping[str, Piece] = {
    "PartnerEventData": schemas_of(Data)["Data"],
    "PartnerEvent": record(
        "What happened to an enrolment at a partner; other types are answered and ignored.",
        {
            "type": {"enum": [*TYPES, ATTENDED]},
            "timestamp": _MOMENT,
            "data": refer("PartnerEventData"),
        },
        needed=("type", "timestamp", "data"),
    ),
    "Received": record(
        "What became of a webhook.",
        {"status": {"enum": [*_OUTCOMES, incoming.SIGNALLED]}},
        needed=("status",),
    ),
    "EnrolmentEvent": record(
        "What happened to an enrolment, as subscribed systems are told.",
        {
            "type": {"enum": list(TOLD)},
            "timestamp": _MOMENT,
            "data": record(
                "Opaque references, nothing about a person.",
                {
                    "number": {"type": "integer", "description": "Its place in the event feed."},
                    "enrolment": _TEXT,
                    "reference": _TEXT,
                    "partner": _TEXT,
                    "course": _TEXT,
                    "before": {"enum": [*EnrolmentStatus, None]},
                    "after": {"enum": list(EnrolmentStatus)},
                    "actor": {"enum": list(Actor)},
                },
                needed=("number", "enrolment", "reference", "partner", "course", "after"),
            ),
        },
        needed=("type", "timestamp", "data"),
    ),
}


def paths() -> Mapping[str, Piece]:
    """Return what partners may send, by paths."""
    kinds = [
        problems.UNSIGNED, problems.UNTIMELY, problems.NOT_ALLOWED, problems.TOO_LARGE,
        problems.TOO_SLOW, problems.UNAVAILABLE, incoming.BAD_EVENT, incoming.NOT_SO,
    ]  # fmt: skip
    signalled = "It is from a partner that does not sign: the partner will be asked."
    partner = parameter(
        "partner", "path", "Your code.", {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
    )
    operation: Piece = {
        "operationId": "receive-webhook",
        "summary": "Tell what happened to an enrolment",
        "description": "Standard Webhooks: the signature is over the bytes as they are sent.",
        "tags": [TAG],
        "security": SECURITY,
        "parameters": [partner],
        "requestBody": {
            "required": True,
            "content": content(JSON, refer("PartnerEvent"), _EXAMPLE),
        },
        "responses": {
            OK: answer("Carried out, or known already.", JSON, refer("Received")),
            "202": answer(signalled, JSON, refer("Received")),
            **problem_answers(kinds),
        },
    }
    return {incoming.PATH: {"post": operation}}


def webhooks() -> Mapping[str, Piece]:
    """Return what subscribed systems are sent."""
    operation: Piece = {
        "operationId": "enrolment-event",
        "summary": "An enrolment changed",
        "description": "Signed as Standard Webhooks; the same event has the same `webhook-id`.",
        "tags": [TAG],
        "security": SECURITY,
        "requestBody": {"required": True, "content": content(JSON, refer("EnrolmentEvent"))},
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "Nothing more is sent."},
            "default": {"description": "It is sent again, over three days."},
        },
    }
    return {"enrolment": {"post": operation}}
