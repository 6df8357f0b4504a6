"""Lists that partners push.  Pure."""

from collections.abc import Mapping

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
from gateway.push import endpoint
from gateway.push.batches import Mode
from gateway.push.endpoint import NDJSON, PATH
from gateway.push.rows import EndRow, OfferingRow, WithdrawRow
from gateway.push.sessions import State
from gateway.web import problems

TAG = "push catalogue"
SECURITY: list[Piece] = [
    {"client_code": [], "timestamp": [], "signature": [], "content_digest": []}
]
_LINES = "One JSON value per line; the array stands for the lines."
_COUNTS = ("added", "changed", "unchanged", "withdrawn", "quarantined", "duplicates")
_WHOLE: Piece = {"type": "integer", "minimum": 0}
_SESSION = parameter(
    "session",
    "query",
    "The upload's name, which you choose; a new list is a new session.",
    {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    required=True,
)
_COMMON = (
    problems.UNSIGNED,
    problems.UNTIMELY,
    problems.NOT_ALLOWED,
    problems.UNAVAILABLE,
    endpoint.BAD_REQUEST,
    endpoint.NOT_A_PUSHER,
)

SCHEMAS: Mapping[str, Piece] = {
    **schemas_of(OfferingRow, WithdrawRow, EndRow),
    "RowAnswer": record(
        "What became of one row.",
        {
            "row": {"type": "integer", "minimum": 1, "description": "Counted through the session."},
            "key": {"type": ["string", "null"]},
            "status": {"enum": ["accepted", "quarantined"]},
            "reason": {"type": "string", "description": "Why it is in quarantine."},
        },
        needed=("row", "key", "status"),
    ),
    "Outcome": record(
        "The last line: what became of the list, or that there is more of it.",
        {
            "outcome": {"enum": ["stored", "incomplete", "applied", "held", "rejected"]},
            "stored": {**_WHOLE, "description": "Rows of the session so far."},
            "told": {**_WHOLE, "description": "Rows that your `end` line told."},
            "rows": _WHOLE,
            "reason": {"type": "string", "description": "Why the list is held or rejected."},
            "revision": {"type": ["integer", "null"], "description": "Null: nothing changed."},
            **dict.fromkeys(_COUNTS, _WHOLE),
        },
        needed=("outcome",),
    ),
    "PushSession": record(
        "Where a session stands.",
        {
            "session": {"type": "string"},
            "mode": {"enum": list(Mode)},
            "state": {"enum": list(State)},
            "stored": _WHOLE,
            "outcome": {"oneOf": [refer("Outcome"), {"type": "null"}]},
        },
        needed=("session", "mode", "state", "stored", "outcome"),
    ),
}


def paths() -> Mapping[str, Piece]:
    """Return the calls by their paths."""
    return {PATH: {"get": _status(), "post": _push()}}


def _status() -> Piece:
    told = answer("How many rows are stored, and the outcome.", "application/json", {})
    told["content"] = content("application/json", refer("PushSession"))
    return {
        "operationId": "read-push-session",
        "summary": "How far an upload is",
        "tags": [TAG],
        "security": SECURITY,
        "parameters": [_SESSION],
        "responses": {OK: told, **problem_answers([*_COMMON, endpoint.UNKNOWN_SESSION])},
    }


def _push() -> Piece:
    rows = [refer(name) for name in ("OfferingRow", "WithdrawRow", "EndRow")]
    kinds = [
        *_COMMON, problems.TOO_LARGE, problems.TOO_SLOW, endpoint.BUSY, endpoint.WRONG_PLACE,
        endpoint.SESSION_ENDED, endpoint.ENCODED, endpoint.NOT_WHAT_WAS_SIGNED,
    ]  # fmt: skip
    lines: Piece = {"type": "array", "description": _LINES, "items": {"anyOf": rows}}
    answers: Piece = {
        "type": "array",
        "description": f"{_LINES} The last one is the outcome.",
        "items": {"anyOf": [refer("RowAnswer"), refer("Outcome")]},
    }
    modes = "`full`: what is not listed is withdrawn. `delta`: it stays; lines may `withdraw`."
    return {
        "operationId": "push-catalogue",
        "summary": "Push rows of a list",
        "description": "The list is applied, or held for an operator, when its `end` line came.",
        "tags": [TAG],
        "security": SECURITY,
        "parameters": [
            _SESSION,
            parameter("mode", "query", modes, {"enum": list(Mode), "default": Mode.FULL}),
            parameter(
                "from",
                "query",
                "How many rows of the session are stored: what follows them is sent.",
                {"type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0},
            ),
        ],
        "requestBody": {"required": True, "content": content(NDJSON, lines)},
        "responses": {
            OK: answer("An answer per row, then the outcome.", NDJSON, answers),
            **problem_answers(kinds),
        },
    }
