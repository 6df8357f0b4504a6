"""Manifests: the operations that a client has told us of beforehand, each under an id.

Two formats are read, as the clients' own tools write them: Apollo's manifest of persisted
queries, and Relay's map of ids to texts.  One bad row never costs the rest: it is reported, and
whoever asks for its id is told that there is none.  Ids are the client's own; one that is a
SHA-256 says what it is made of, and must be right.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

APOLLO_FORMAT = "apollo-persisted-query-manifest"
APOLLO_VERSION = 1
LONGEST_ID = 255
_NAMED = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_OPERATION = re.compile(r"^\s*(?:query|mutation|subscription)\s+([_A-Za-z]\w*)", re.MULTILINE)
_CLIENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class ManifestError(ValueError):
    """The file is no manifest; the message says what it should be."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One operation of a client; `name` is None for one that has none."""

    client: str
    id: str
    name: str | None
    body: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a manifest that is left out, and why; `place` is its number or its id."""

    client: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.client}: operation {self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one client has registered, by id, and what of it could not be read."""

    client: str
    operations: Mapping[str, Registered]
    bad_rows: Sequence[BadRow] = ()


class _BadRowError(ValueError):
    """One row cannot be used; the message is its reason."""


def read_manifest(client: str, text: bytes) -> Manifest:
    """Return what `text` registers for `client`.  Raises `ManifestError` if it is no manifest."""
    if not _CLIENT.fullmatch(client):
        raise ManifestError(
            f"{client!r} is no client's name: lower-case letters, digits and .-_, at most 64"
        )
    operations: dict[str, Registered] = {}
    refused: set[str] = set()
    bad_rows: list[BadRow] = []
    for place, row in _rows(client, text):
        try:
            _add(operations, refused, _to_registered(client, row))
        except _BadRowError as exc:
            bad_rows.append(BadRow(client, place, str(exc)))
    return Manifest(client, operations, bad_rows)


def load_manifests(folder: Path) -> Sequence[Manifest]:
    """Return the manifest of each `<client>.json` in `folder`.  Raises `ManifestError`."""
    manifests = []
    for path in sorted(folder.glob("*.json")):
        try:
            manifests.append(read_manifest(path.stem, path.read_bytes()))
        except ManifestError as exc:
            raise ManifestError(f"{path}: {exc}") from exc
    return manifests


def name_in(body: str) -> str | None:
    """Return the name that a document gives its first operation with one; Relay tells no other."""
    named = _OPERATION.search(body)
    return named[1] if named else None


def _rows(client: str, text: bytes) -> Iterator[tuple[str, Any]]:
    """Yield each row in Apollo's form, with its place."""
    try:
        decoded = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise ManifestError(f"{client}'s manifest is no JSON: {exc}") from exc
    if not isinstance(decoded, dict):
        raise ManifestError(f"{client}'s manifest must be a JSON object")
    if "operations" not in decoded and "format" not in decoded:
        for number, (key, body) in enumerate(decoded.items(), 1):
            yield str(number), {"id": key, "body": body}
        return
    if (decoded.get("format"), decoded.get("version")) != (APOLLO_FORMAT, APOLLO_VERSION):
        raise ManifestError(
            f"{client}'s manifest must have the format {APOLLO_FORMAT!r}, version {APOLLO_VERSION}"
        )
    rows = decoded.get("operations")
    if not isinstance(rows, list):
        raise ManifestError(f"{client}'s manifest must have a list of `operations`")
    yield from ((str(number), row) for number, row in enumerate(rows, 1))


def _to_registered(client: str, row: Any) -> Registered:
    if not isinstance(row, dict):
        raise _BadRowError("it must be an object with `id` and `body`")
    key, body, name = row.get("id"), row.get("body"), row.get("name")
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_ID or not key.isprintable():
        raise _BadRowError(f"its `id` must be 1 to {LONGEST_ID} printable characters")
    if not isinstance(body, str) or not body.strip():
        raise _BadRowError("its `body` must be the text of a GraphQL document")
    if name is not None and not (isinstance(name, str) and _NAMED.fullmatch(name)):
        raise _BadRowError("its `name` must be that of an operation in its body")
    digest = _DIGEST.fullmatch(key)
    if digest is not None and digest[1].lower() != sha256(body.encode()).hexdigest():
        raise _BadRowError("its `id` is not the SHA-256 of its body")
    return Registered(client, key, name or name_in(body), body)


def _add(operations: dict[str, Registered], refused: set[str], found: Registered) -> None:
    """Add an operation; of an id with two bodies neither can be meant, so both are left out."""
    known = operations.get(found.id)
    if found.id not in refused and (known is None or known.body == found.body):
        operations.setdefault(found.id, found)
        return
    operations.pop(found.id, None)
    refused.add(found.id)
    raise _BadRowError(f"the id {found.id!r} is there with another body, too; neither is used")
