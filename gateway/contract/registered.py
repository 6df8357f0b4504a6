"""The operations that this repository knows of: those that a change must not break.

They are the explorer's, the examples in README and guides, and what clients have registered in
`operations/`: a manifest per client, or a folder of `.graphql` documents.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from gateway.execution.manifests import BadRow, Registered, load_manifests, name_in

ROOT = Path(__file__).parents[2]
EXPLORER = Path("gateway", "web", "explorer", "operations")
CLIENTS = Path("operations")
GUIDES = ("README.md", "docs/*.md")
_FENCED = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SENT = re.compile(r"-d '(\{.*?\})'", re.DOTALL)


def load_registered(root: Path = ROOT) -> tuple[Sequence[Registered], Sequence[BadRow]]:
    """Return every operation, and the rows of manifests that cannot be read."""
    manifests = load_manifests(root / CLIENTS)
    found = [operation for each in manifests for operation in each.operations.values()]
    found += _documents(root / EXPLORER, "explorer")
    for folder in sorted(path for path in (root / CLIENTS).glob("*") if path.is_dir()):
        found += _documents(folder, folder.name)
    for pattern in GUIDES:
        for guide in sorted(root.glob(pattern)):
            found += _examples(guide, str(guide.relative_to(root)))
    return found, [row for each in manifests for row in each.bad_rows]


def to_registered(client: str, key: str, body: str) -> Registered:
    """Return a document as an operation, with the name that it gives itself."""
    return Registered(client, key, name_in(body), body)


def _documents(folder: Path, client: str) -> Iterator[Registered]:
    for path in sorted(folder.glob("*.graphql")):
        yield to_registered(client, path.stem, path.read_text(encoding="utf-8"))


def _examples(guide: Path, client: str) -> Iterator[Registered]:
    """Yield the GraphQL blocks of a guide, and what its `curl` commands send."""
    text = guide.read_text(encoding="utf-8")
    for match in sorted([*_FENCED.finditer(text), *_SENT.finditer(text)], key=re.Match.start):
        line = text.count("\n", 0, match.start()) + 1
        body = match[1] if match.re is _FENCED else _query(match[1])
        if body is not None:
            yield to_registered(client, f"example in line {line}", body)


def _query(sent: str) -> str | None:
    try:
        decoded: Any = orjson.loads(sent)
    except orjson.JSONDecodeError:
        return None
    query = decoded.get("query") if isinstance(decoded, dict) else None
    return query if isinstance(query, str) else None
