"""The pieces that the description of every call is made of.  Pure."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from gateway.web import problems

Piece = dict[str, Any]

_REF = "#/components/schemas/{name}"
OPTIONAL_HEADERS = {"UNAVAILABLE": "Retry-After", "NOT_ALLOWED": "Allow"}


def refer(name: str) -> Piece:
    """Return a reference to a schema."""
    return {"$ref": _REF.format(name=name)}


def schemas_of(*kinds: type) -> Mapping[str, Piece]:
    """Return the schemas of models, by name."""
    _, found = msgspec.json.schema_components(kinds, ref_template=_REF)
    return found


def record(description: str, fields: Mapping[str, Piece], needed: Iterable[str] = ()) -> Piece:
    """Return the schema of an object."""
    schema: Piece = {"type": "object", "description": description, "properties": dict(fields)}
    if required := list(needed):
        schema["required"] = required
    return schema


def parameter(
    name: str, where: str, description: str, schema: Piece, *, required: bool = False
) -> Piece:
    """Return a parameter."""
    told = {"name": name, "in": where, "description": description, "schema": schema}
    return told | {"required": required or where == "path"}


def content(media_type: str, schema: Piece, example: Any = None) -> Piece:
    """Return the content of a body."""
    told: Piece = {"schema": schema}
    if example is not None:
        told["example"] = example
    return {media_type: told}


def answer(description: str, media_type: str, schema: Piece) -> Piece:
    """Return an answer."""
    return {"description": description, "content": content(media_type, schema)}


def problem_answers(kinds: Sequence[problems.Kind]) -> Mapping[str, Piece]:
    """Return the answers of problems, by status; several codes may share one."""
    found: dict[str, Piece] = {}
    for status in sorted({kind.status for kind in kinds}):
        alike = [kind for kind in kinds if kind.status == status]
        said = "\n".join(f"`{kind.code}`: {kind.title}." for kind in alike)
        told = answer(said, problems.MEDIA_TYPE, refer("Problem"))
        headers = [name for kind in alike if (name := OPTIONAL_HEADERS.get(kind.code))]
        if headers:
            told["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
        found[str(status)] = told
    return found


PROBLEM = record(
    "Why a request was not done (RFC 9457).",
    {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs; it never changes."},
        "detail": {"type": "string"},
        "error_id": {"type": "string", "description": "To be told to the operators."},
        "stored": {"type": "integer", "description": "How many rows of the session are stored."},
    },
    needed=("title", "status", "code"),
)
OK = str(HTTPStatus.OK.value)
