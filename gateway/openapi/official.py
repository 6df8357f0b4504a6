"""The official partner API: nine calls, as its public documents have them.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.openapi.pieces import OK, Piece, answer, content, parameter, record, refer
from gateway.partner_api.endpoint import BASE
from gateway.partner_api.faults import Fault

JSON = "application/json"
_TEXT: Piece = {"type": "string"}
_NUMBER: Piece = {"type": "integer"}
_EITHER: Piece = {"type": ["string", "integer"], "maxLength": 100}  # the documents say both
_LONG: Piece = {"type": ["string", "null"], "maxLength": 2_000}
SECURITY: list[Piece] = [{"client_code": [], "timestamp": [], "signature": []}]
TAG = "official partner API"


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: what it is for, the fields of its body, and those of its data."""

    summary: str
    body: Mapping[str, Piece]
    data: Mapping[str, Piece]
    optional: frozenset[str] = frozenset()
    takes_token: bool = False


_CODES: Mapping[str, Piece] = {"course_code": _EITHER, "schedule_code": _EITHER}
_SOLD: Mapping[str, Piece] = {
    "invoice_code": _TEXT,
    "transaction_code": _TEXT,
    "amount": _NUMBER,
    "status": {"enum": ["SUCCESS", "CANCELLED"]},
    "prakerja_name": _TEXT,
}
_SEQUENCE: Piece = {"type": ["string", "integer", "null"], "description": "1 to 10, or 999."}
_REDEEM: Mapping[str, Piece] = {"redeem_code": _EITHER, "sequence": _SEQUENCE}
_REDEEMED: Mapping[str, Piece] = {
    "redeem_code": _TEXT,
    "sequence": _NUMBER,
    "course_code": _TEXT,
    "schedule_code": _TEXT,
    "invoice_code": _TEXT,
    "status": {"enum": [0, 1]},
    "attendance_status": {"enum": [0, 1]},
    "redeem_at": {"type": ["string", "null"]},
    "dp_platform": _TEXT,
}
_NO_SEQUENCE = frozenset({"sequence"})
CALLS: Mapping[str, _Call] = {
    "payment/quota-schedule": _Call(
        "How many seats are left", _CODES, {**dict.fromkeys(_CODES, _TEXT), "quota": _NUMBER}
    ),
    "payment/send-otp": _Call(
        "Have the learner sent a one-time password",
        {"user_platform_id": _EITHER, "prakerja_id": _EITHER, **_CODES, "amount": _EITHER},
        {"payment_token": _TEXT},
        frozenset({"user_platform_id"}),
    ),
    "payment/authorize": _Call(
        "Record a purchase, once per invoice code",
        {"otp": _EITHER, "invoice_url": _LONG, "invoice_code": _EITHER},
        _SOLD,
        frozenset({"invoice_url"}),
        takes_token=True,
    ),
    "payment/status": _Call(
        "What became of a purchase", {"invoice_code": _EITHER}, {"created_at": _TEXT, **_SOLD}
    ),
    "payment/void": _Call(
        "Take a purchase back",
        {"invoice_code": _EITHER, "transaction_code": _EITHER},
        {"message": _TEXT},
    ),
    "payment/redeem-code/status": _Call(
        "What a redeem code was committed for", _REDEEM, _REDEEMED, _NO_SEQUENCE
    ),
    "payment/redeem-code/commit": _Call(
        "Redeem a course, or be at a meeting", _REDEEM, _REDEEMED, _NO_SEQUENCE
    ),
    "payment/redeem-code/reset": _Call(
        "Undo a commit of a test code", _REDEEM, _REDEEMED, _NO_SEQUENCE
    ),
    "oauth/url-generate": _Call(
        "The address under which a learner attends",
        {**_REDEEM, "redirect_uri": _TEXT, "email": _TEXT},
        {"url": _TEXT},
        _NO_SEQUENCE,
    ),
}

SCHEMAS: Mapping[str, Piece] = {
    "Refusal": record(
        "Why a call of the official API was not done.",
        {"code": {"enum": [f.code for f in Fault]}, "message": _TEXT, "success": {"const": False}},
        needed=("code", "message", "success"),
    )
}


def _to_refusal(status: int) -> Piece:
    alike: Sequence[Fault] = [fault for fault in Fault if fault.status == status]
    said = "\n".join(f"`{fault.code}`: {fault.message}." for fault in alike)
    return answer(said, JSON, refer("Refusal"))


# A call that exists is not unknown.
_STATUSES = sorted({fault.status for fault in Fault if fault is not Fault.UNKNOWN_CALL})
RESPONSES: Mapping[str, Piece] = {f"Refusal{status}": _to_refusal(status) for status in _STATUSES}
_REFUSALS: Mapping[str, Piece] = {
    str(status): {"$ref": f"#/components/responses/Refusal{status}"} for status in _STATUSES
}


def paths() -> Mapping[str, Piece]:
    """Return the calls by their paths."""
    return {BASE + name: {"post": _to_operation(name, call)} for name, call in CALLS.items()}


def _to_operation(name: str, call: _Call) -> Piece:
    body = record("", call.body, [each for each in call.body if each not in call.optional])
    del body["description"]
    operation: Piece = {
        "operationId": name.replace("/", "-"),
        "summary": call.summary,
        "tags": [TAG],
        "security": SECURITY,
        "requestBody": {"required": True, "content": content(JSON, body)},
        "responses": {OK: answer("Done.", JSON, _to_envelope(call.data)), **_REFUSALS},
    }
    if call.takes_token:
        told = "`Payment <payment_token>`, as `send-otp` gave it; it is signed, too."
        operation["parameters"] = [parameter("Authorization", "header", told, _TEXT, required=True)]
    return operation


def _to_envelope(data: Mapping[str, Piece]) -> Piece:
    fields: Mapping[str, Piece] = {
        "success": {"const": True},
        "message": {"const": "OK"},
        "data": {"type": "object", "properties": dict(data), "required": list(data)},
    }
    return {"type": "object", "properties": dict(fields), "required": list(fields)}
