"""Partners that name another partner's business: they learn nothing, and it is written down.

What is another's is answered as what does not exist.  Whether it was a slip or a leaked code is
for an operator to find out, who sees in the audit trail who named whose.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Select, select

from gateway.enrolment.audit.records import Act, record
from gateway.partner_api.faults import Fault
from gateway.partner_api.payment_tokens import digest_of
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.partner_api_tables import payment_token
from schema.model.values import PartnerCode

MOST_REMEMBERED = 1_000
LONGEST = 100  # characters of a code that could be anybody's
_SUSPICIOUS = {Fault.UNKNOWN_TOKEN, Fault.UNKNOWN_TRANSACTION, Fault.UNKNOWN_REDEEM_CODE}

Question = tuple[str, Select[str, str]]  # what it is about, and how to find its owner

log = structlog.get_logger(__name__)


class TrespassWatch:
    """Looks at what partners have named in vain."""

    def __init__(
        self, ledger: Database, partners: Collection[PartnerCode], now: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._partners = frozenset(partners)
        self._now = now
        self._seen: dict[tuple[PartnerCode, str], None] = {}

    async def look(
        self, partner: PartnerCode, fault: Fault, body: Mapping[str, Any], token: str | None
    ) -> None:
        """Write down whose business it was that `partner` named, once for each of it."""
        if fault not in _SUSPICIOUS:
            return
        asked = list(self._questions(partner, body, token))
        found = await self._ledger.read(lambda c: _first(c, asked))
        if found is None or (partner, found[1]) in self._seen:
            return
        owner, target = found
        self._remember(partner, target)
        by, now = f"partner:{partner}", self._now()
        await self._ledger.write(
            lambda c: record(c, Act.PARTNER_TRESPASSED, target, by=by, at=now, owner=owner)
        )
        log.warning("partner_api.trespassed", partner=partner, owner=owner, target=target)

    def _questions(
        self, partner: PartnerCode, body: Mapping[str, Any], token: str | None
    ) -> Iterator[Question]:
        others = self._partners - {partner}
        row = enrolment.c
        for name, told in (
            (row.reference, body.get("transaction_code")),
            (row.redeem_code, body.get("redeem_code")),
        ):
            if isinstance(told, str) and 0 < len(told) <= LONGEST and told.isprintable():
                theirs = (row.partner.in_(others), name == told.strip())
                yield "enrolment", select(row.partner, row.id).where(*theirs)
        if token is not None:
            sold = payment_token.c
            theirs = (sold.partner.in_(others), sold.digest == digest_of(token))
            yield "sale of offering", select(sold.partner, sold.offering_id).where(*theirs)

    def _remember(self, partner: PartnerCode, target: str) -> None:
        if len(self._seen) >= MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._seen[partner, target] = None


def _first(connection: Connection, questions: Sequence[Question]) -> tuple[str, str] | None:
    """Return the first owner that a question finds, and what is owned; nothing of a learner."""
    for kind, question in questions:
        row = connection.execute(question.limit(1)).first()
        if row is not None:
            return str(row[0]), f"{kind} {row[1]}"
    return None
