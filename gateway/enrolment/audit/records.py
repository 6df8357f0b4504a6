"""Writing down acts that leave no event and no entry, in the transaction that does them."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection, insert

from gateway.storage.audit_tables import audit_record


class Act(StrEnum):
    """What was done."""

    LEARNERS_IMPORTED = "LEARNERS_IMPORTED"
    GRANTS_POSTED = "GRANTS_POSTED"
    BALANCE_EXPIRED = "BALANCE_EXPIRED"
    UNSPENT_RETURNED = "UNSPENT_RETURNED"
    BLOCKED = "BLOCKED"
    BLOCK_LIFTED = "BLOCK_LIFTED"
    LEARNER_ERASED = "LEARNER_ERASED"
    CONSENT_GIVEN = "CONSENT_GIVEN"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    CONTACT_READ = "CONTACT_READ"
    DATA_KEYS_REWRAPPED = "DATA_KEYS_REWRAPPED"
    REVIEW_SETTLED = "REVIEW_SETTLED"
    RECONCILIATION_STARTED = "RECONCILIATION_STARTED"
    DISAGREEMENT_SEEN = "DISAGREEMENT_SEEN"
    SEATS_SET = "SEATS_SET"
    SYNC_ASKED = "SYNC_ASKED"
    PARTNER_PAUSED = "PARTNER_PAUSED"
    PARTNER_RESUMED = "PARTNER_RESUMED"
    LIST_APPROVED = "LIST_APPROVED"
    LIST_REJECTED = "LIST_REJECTED"
    LINK_CONFIRMED = "LINK_CONFIRMED"
    OFFERING_SPLIT = "OFFERING_SPLIT"
    COURSES_MERGED = "COURSES_MERGED"
    INSTITUTIONS_MERGED = "INSTITUTIONS_MERGED"
    INSTITUTION_SPLIT = "INSTITUTION_SPLIT"
    OFFERINGS_APPROVED = "OFFERINGS_APPROVED"
    APPROVALS_REVOKED = "APPROVALS_REVOKED"
    NOT_CARRIED_OUT = "NOT_CARRIED_OUT"  # an act that was written down, and then refused
    ACCESS_REFUSED = "ACCESS_REFUSED"
    PARTNER_KEY_MADE = "PARTNER_KEY_MADE"
    PARTNER_KEY_RETIRED = "PARTNER_KEY_RETIRED"
    PARTNER_TRESPASSED = "PARTNER_TRESPASSED"
    API_KEY_MADE = "API_KEY_MADE"
    API_KEY_RETIRED = "API_KEY_RETIRED"
    WEBHOOK_KEY_MADE = "WEBHOOK_KEY_MADE"
    WEBHOOK_KEY_RETIRED = "WEBHOOK_KEY_RETIRED"
    WEBHOOK_ADDED = "WEBHOOK_ADDED"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"
    WEBHOOK_ENABLED = "WEBHOOK_ENABLED"
    WEBHOOK_REPLAYED = "WEBHOOK_REPLAYED"


def record(
    connection: Connection, act: Act, target: str, *, by: str, at: datetime, **details: object
) -> None:
    """Write down who did what to what; `details` hold no personal data, they stay for ever."""
    record_all(connection, act, [(target, details)], by=by, at=at)


def because(reason: str | None) -> Mapping[str, str]:
    """Return the detail that tells why, if it was said."""
    return {"reason": reason} if reason else {}


def record_all(
    connection: Connection,
    act: Act,
    targets: Iterable[tuple[str, Mapping[str, object]]],
    *,
    by: str,
    at: datetime,
) -> None:
    """Write down one act on several targets, each with its details."""
    rows = [
        {
            "id": str(uuid4()),
            "at": at,
            "by": by,
            "act": act,
            "target": target,
            "details": json.dumps(
                details, sort_keys=True, ensure_ascii=False, separators=(",", ":")
            ),
        }
        for target, details in targets
    ]
    connection.execute(insert(audit_record), rows)
