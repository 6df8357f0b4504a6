"""Documents that clients name by an id instead of sending their text.

Ids are those of manifests, or `sha256:<hex>` (also Apollo's bare hash) of the text itself.
A text that is sent with its hash is checked against it, and kept only where documents may be
registered.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from gateway.execution.manifests import LONGEST_ID, Manifest
from gateway.execution.refusals import RefusedError, Stage, refusal
from schema.errors import ErrorCode

_HASH = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
MOST_REGISTERED = 1_000


class PersistedDocuments:
    """Finds the text of a document that is named by an id."""

    def __init__(
        self,
        trusted: Mapping[str, str] | None = None,
        *,
        only_trusted: bool = False,
        registers: bool = False,
        most_registered: int = MOST_REGISTERED,
    ) -> None:
        """Know `trusted` texts by their ids and by their hashes.

        With `only_trusted` no other text is answered; with `registers` clients may add theirs,
        of which the last `most_registered` are kept.
        """
        self.trusted = trusted or {}
        self._trusted = {_hash(text): text for text in self.trusted.values()}
        self._trusted |= {_plain(name): text for name, text in self.trusted.items()}
        self._only_trusted = only_trusted
        self._registers = registers and not only_trusted
        self._most_registered = most_registered
        self._registered: OrderedDict[str, str] = OrderedDict()

    def find(
        self, query: str | None, document_id: str | None, extensions: Mapping[str, Any]
    ) -> str:
        """Return the text that is meant.  Raises `RefusedError`."""
        name = _named(document_id, extensions)
        if name is None:
            return self._ad_hoc(query)
        known = self._trusted.get(name) or self._registered.get(name)
        if query is None:
            if known is None:
                raise _not_found()
            return known
        if _hash(query) != name and query != known:
            raise _mismatch()
        return query if known else self._ad_hoc(query)

    def register(self, text: str, document_id: str | None, extensions: Mapping[str, Any]) -> None:
        """Keep a valid text that was sent with its hash, where that is allowed."""
        if not self._registers:
            return
        name = _named(document_id, extensions)
        if name is None or name in self._trusted or name in self._registered:
            return
        self._registered[name] = text
        if len(self._registered) > self._most_registered:
            self._registered.popitem(last=False)

    def _ad_hoc(self, query: str | None) -> str:
        if query is None:
            reason = "Send a `query`, or the id of one as `documentId`"
            raise refusal(Stage.REQUEST, ErrorCode.BAD_USER_INPUT, reason)
        if self._only_trusted and _hash(query) not in self._trusted:
            reason = "Only known documents are answered here; register yours with the operator"
            raise refusal(Stage.REQUEST, ErrorCode.PERSISTED_QUERY_REQUIRED, reason)
        return query


def trusted_texts(manifests: Iterable[Manifest]) -> tuple[Mapping[str, str], list[str]]:
    """Return what all clients have registered, by id, and the ids that mean different texts."""
    texts: dict[str, str] = {}
    clashes: set[str] = set()
    for manifest in manifests:
        for name, registered in manifest.operations.items():
            if texts.setdefault(name, registered.body) != registered.body:
                clashes.add(name)
    for name in clashes:  # neither can be meant
        del texts[name]
    return texts, sorted(clashes)


def _named(document_id: str | None, extensions: Mapping[str, Any]) -> str | None:
    """Return the id that a request gives, in either of its two places."""
    if document_id is None and not extensions:
        return None
    told = [name for name in (document_id, _apollo_hash(extensions)) if name is not None]
    if not told:
        return None
    names = {_plain(name) for name in told}
    if len(names) > 1:
        reason = "`documentId` and `extensions.persistedQuery` name different documents"
        raise refusal(Stage.REQUEST, ErrorCode.BAD_USER_INPUT, reason)
    return names.pop()


def _apollo_hash(extensions: Mapping[str, Any]) -> str | None:
    """Return the hash in Apollo's place, if it is used."""
    told = extensions.get("persistedQuery")
    if told is None:
        return None
    name = told.get("sha256Hash") if isinstance(told, dict) and told.get("version") == 1 else None
    if not isinstance(name, str) or not _HASH.fullmatch(name):
        reason = "`extensions.persistedQuery` is {version: 1, sha256Hash: <64 hexadecimal digits>}"
        raise refusal(Stage.REQUEST, ErrorCode.BAD_USER_INPUT, reason)
    return name


def _plain(name: str) -> str:
    """Return an id as it is kept: hashes in one spelling, others as they are."""
    if not 0 < len(name) <= LONGEST_ID:
        reason = f"A document's id has 1 to {LONGEST_ID} characters"
        raise refusal(Stage.REQUEST, ErrorCode.BAD_USER_INPUT, reason)
    found = _HASH.fullmatch(name)
    return found[1].lower() if found else name


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def _not_found() -> RefusedError:
    # Apollo's clients know this message, and send the text next
    message = "PersistedQueryNotFound"
    return refusal(Stage.REQUEST, ErrorCode.PERSISTED_QUERY_NOT_FOUND, message)


def _mismatch() -> RefusedError:
    message = "The document's text is not the one of its id; send one of them, or the right hash"
    return refusal(Stage.REQUEST, ErrorCode.PERSISTED_QUERY_MISMATCH, message)
