"""Forms of questions: what is the same of many that differ in their variables alone.

The hot path knows requests by all their bytes; whoever asks with a number of their own is none of
those.  Here a request is known in two parts.  Its *head* is known by its bytes, the length of the
body among them: the same bytes before as many others are the same request of another body, so that
nothing need be parsed.  The body is decoded, and what it asks but for its variables is the
*form*.  With the head it says who answers, and how that is sent; both are learnt from what the
ordinary path has said.

Such a question is answered by what the ordinary path would do, done at once: prepared, paid for,
run, kept at hand.  Whatever is unusual is left to the ordinary path: it costs nothing twice, and
nothing of it was sent.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import ref

import orjson
from graphql import DocumentNode
from starlette.types import Message, Scope

from gateway.execution.at_hand import Kept
from gateway.execution.at_once import WaitsError, at_once
from gateway.execution.budgets import Budgets
from gateway.execution.engine import Question
from gateway.execution.remembered import Remembered
from gateway.telemetry.observed import Observed
from gateway.telemetry.operations import Count
from gateway.web.answering import Answering, ForAll, new_of
from gateway.web.asked import Asked, body_of, size_of, with_body
from gateway.web.counts import Counts
from gateway.web.finished import Finished, Sending, answered, to_sending
from gateway.web.observing import observed
from gateway.web.paying import payer_at
from gateway.web.repeats import Repeats
from gateway.web.requests import from_body
from schema.redaction import random_id

LARGEST_BODY = 20_000  # bytes; what is larger is not worth knowing
HEADS_BYTES = 2 * 2**20
FORMS_BYTES = 2 * 2**20
_MOST = 5_000
_OVERHEAD = 900  # bytes of bookkeeping of each, roughly
_MOST_WAITED = 8  # one time in so many; a form that waits more often is left alone
_END = b"\r\n\r\n"
_UNPLAIN = frozenset({b"expect", b"transfer-encoding", b"upgrade"})  # with these bodies come oddly

Answered = tuple[int, bytes, bytes]  # the status, the lines of headers and the body


@dataclass(frozen=True, slots=True)
class _Head:
    """All that stands before a body of `length` bytes; `told` is what it says."""

    told: Asked
    length: int


class UnusualError(Exception):
    """An answer is not sent as others of its form were."""


@dataclass(slots=True)
class _Form:
    """Who answers a form, and how that is sent: bodies that are small in another way."""

    answering: Answering
    seen: Observed
    sendings: dict[bool, Sending] = field(default_factory=dict)
    document: "ref[DocumentNode] | None" = None
    counted: tuple[int, Count] | None = None
    times: int = 0
    waited: int = 0

    @property
    def is_quick(self) -> bool:
        """Whether nearly all of its questions were answered without waiting."""
        return self.waited * _MOST_WAITED <= self.times + _MOST_WAITED

    def count(self, cost: int, counts: Counts) -> Count:
        """Return what counts answers of a cost; mostly it is that of the one before."""
        if self.counted is None or self.counted[0] != cost:
            self.counted = cost, counts.of(self.seen, cost)
        return self.counted[1]

    def is_read_anew(self, asked: ForAll) -> bool:
        """Return whether its document had been forgotten, so that it was parsed and validated."""
        known, self.document = self.document, ref(asked.prepared.document)
        return known is not None and known() is not asked.prepared.document

    def found(self, asked: ForAll, body: bytes) -> tuple[Kept, Sending, bytes]:
        """Return the answer, made now if it must be, and how it is sent.  Raises `WaitsError`."""
        self.times += 1
        try:
            kept = self.answering.answer_at_once(asked, body)
            sending = self.sendings.get(kept.is_small) if kept else None
            if kept is None or sending is None:
                raise UnusualError
            sent = sending.body_of(kept) or at_once(sending.packed(kept))
        except WaitsError:
            self.waited += 1
            raise
        if sent is None:
            raise UnusualError
        return kept, sending, sent


class Forms:
    """Answers questions of a known form, and learns forms.

    What was asked again is given to `repeats`, to be known by all its bytes.
    """

    def __init__(self, *, budgets: Budgets, counts: Counts, repeats: Repeats) -> None:
        self._budgets = budgets
        self._counts = counts
        self._repeats = repeats
        self._heads = Remembered[_Head](most=_MOST, most_size=HEADS_BYTES)
        self._forms = Remembered[_Form](most=_MOST, most_size=FORMS_BYTES)

    @property
    def size(self) -> int:
        """Bytes of what is kept, roughly."""
        return self._heads.size + self._forms.size

    def find(self, sent: bytes, host: str | None, began: float) -> Answered | None:
        """Return the answer to what `host` has sent; None if it is left to the ordinary path."""
        at = sent.find(_END) + len(_END)
        head = self._heads.get(sent[:at])
        if head is None or len(sent) - at != head.length:
            return None
        try:
            body = sent[at:]
            question = from_body(body)
            form = self._forms.get(_key(head.told, question))
            if form is None or not form.is_quick:
                return None
            return self._answered(_Request(sent, head.told, body, host, began), form, question)
        except Exception:  # noqa: BLE001 - the ordinary path meets it again, and says what it is
            return None

    def learn(self, sent: bytes, asked: Asked, scope: Scope, messages: Sequence[Message]) -> None:
        """Learn from what the ordinary path has said: `messages`, to a request of these bytes."""
        new, body = new_of(scope), body_of(asked)
        if new is None or not _is_plain(scope, sent, body):
            return
        sending = to_sending(new.kept, messages)
        if sending is None:
            return
        told = with_body(asked, b"")
        key = _key(told, from_body(body))
        form = self._forms.get(key) or _Form(new.answering, observed(scope))
        form.sendings[sending.is_small] = sending
        size = _OVERHEAD + size_of(asked) + len(sending.head)
        self._forms.keep(key, form, size)
        head = sent[: len(sent) - len(body)]
        self._heads.keep(head, _Head(told, len(body)), _OVERHEAD + len(head) + size_of(told))

    def _answered(self, request: "_Request", form: _Form, question: Question) -> Answered | None:
        """Return the answer; None if it is not to be sent from here, and then nothing is paid."""
        asked = form.answering.prepare_for_all(question)
        if asked is None or form.is_read_anew(asked):  # which took long: others come first
            return None
        payer, cost = payer_at(request.host), asked.prepared.cost
        allowance = self._budgets.pay_at_once(payer, cost)
        try:
            kept, sending, body = form.found(asked, request.body)
        except BaseException:
            self._budgets.give_back(payer, cost)
            raise
        count = form.count(cost, self._counts)
        if not asked.is_run:
            again = with_body(request.told, request.body)
            self._repeats.keep(again, Finished.of(kept, sending, cost, count))
            self._repeats.keep_sent(request.sent, again)
        own = sending.own_lines(random_id(16), allowance)
        seconds = time.perf_counter() - request.began
        count(seconds)
        answered(sending.status).add()
        return sending.status, sending.headed(kept, body, own, seconds), body


@dataclass(slots=True)
class _Request:
    """One request of a known head."""

    sent: bytes
    told: Asked
    body: bytes
    host: str | None
    began: float


def _key(told: Asked, question: Question) -> tuple[object, ...]:
    """Return all that must be the same of two questions of one form."""
    extensions = orjson.dumps(question.extensions) if question.extensions else None
    return told, question.query, question.document_id, question.operation_name, extensions


def _is_plain(scope: Scope, sent: bytes, body: bytes) -> bool:
    """Return whether a request is a head and, by the length that it tells, a body behind it."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return (
        scope["method"] == "POST"
        and lengths == [b"%d" % len(body)]
        and _UNPLAIN.isdisjoint(name for name, _ in scope["headers"])
        and 0 < len(body) <= LARGEST_BODY
        and sent.find(_END) + len(_END) == len(sent) - len(body)
        and sent.endswith(body)
    )
