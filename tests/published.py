"""Every operation that we publish or that a client has registered, by the name of its page."""

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from gateway.execution.manifests import load_manifests
from gateway.execution.persisted import trusted_texts

ROOT = Path(__file__).parents[1]
CLIENTS = ROOT / "tests/clients/operations.graphql"
_BLOCK = re.compile(r"```graphql\n(.*?)```", re.DOTALL)
_CURL = re.compile(r"-d '(\{\"query\":.*?\})'", re.DOTALL)


def documents() -> Iterator[tuple[str, str]]:
    """Give the name and the text of each document."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text, numbers = page.read_text(encoding="utf-8"), count(1)
        asked = [json.loads(each)["query"] for each in _CURL.findall(text)]
        for each in [*_BLOCK.findall(text), *asked]:
            yield f"{page.stem}-{next(numbers)}", each
    for path in sorted((ROOT / "gateway/web/explorer/operations").glob("*.graphql")):
        yield f"explorer-{path.stem}", path.read_text(encoding="utf-8")
    yield "clients", CLIENTS.read_text(encoding="utf-8")
    registered, _ = trusted_texts(load_manifests(ROOT / "operations"))
    yield from registered.items()
