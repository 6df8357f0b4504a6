"""Payment tokens, and the one-time passwords by which learners prove that they want to pay.

A token is random and kept as its digest; a password has six digits, so it is kept as a keyed
digest, and guessing is limited: per token, per learner and over all, counted before an answer
is given.  Nothing here says whether a password would have been right once it is locked.
"""

import base64
import hashlib
import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from gateway.enrolment import ledger
from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.partner_api_tables import payment_token, wrong_guess
from schema.model.values import LearnerId, OfferingId, PartnerCode, SessionId

GOOD_FOR = timedelta(minutes=10)
MOST_SENT, SENT_WITHIN = 3, timedelta(minutes=10)  # to one learner
MOST_GUESSES, GUESSED_WITHIN = 5, timedelta(minutes=30)  # wrong ones of a token, and of a learner
_DIGITS = 6
_TOKEN_BYTES = 32
_PRUNED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Intent:
    """What a learner is about to buy at a partner, and for how much."""

    partner: PartnerCode
    learner: LearnerId
    offering: OfferingId
    session: SessionId | None
    amount: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A new token and its password, neither of which is kept."""

    token: str
    password: str
    good_until: datetime


class PaymentTokens:
    """Opens tokens, and checks the passwords that come with them."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        now: Callable[[], datetime],
        dice: random.Random,
        *,
        most_wrong: int,
    ) -> None:
        """Check passwords until `most_wrong` of all learners were wrong lately."""
        self._most_wrong = most_wrong
        self._ledger = database
        self._vault = vault
        self._now = now
        self._dice = dice

    async def open(self, intent: Intent) -> Opened:
        """Return a new token.  Raises `PartnerApiError` for a learner who gets too many."""
        now = self._now()
        token = base64.urlsafe_b64encode(self._dice.randbytes(_TOKEN_BYTES)).rstrip(b"=").decode()
        password = f"{self._dice.randrange(10**_DIGITS):0{_DIGITS}}"
        opened = Opened(token, password, now + GOOD_FOR)
        fault = await self._ledger.write(lambda c: self._file(c, intent, opened, now))
        if fault is not None:
            raise PartnerApiError(fault)
        return opened

    async def check(self, partner: PartnerCode, token: str, password: str) -> Intent:
        """Return what a token is for.  Raises `PartnerApiError`; a wrong password is counted."""
        now = self._now()
        found = await self._ledger.write(
            lambda c: self._judge(c, partner, digest_of(token), password.zfill(_DIGITS), now)
        )
        if isinstance(found, Fault):
            raise PartnerApiError(found)
        return found

    def _file(
        self, connection: Connection, intent: Intent, opened: Opened, now: datetime
    ) -> Fault | None:
        _prune(connection, now)
        if ledger.lock_learner(connection, intent.learner) is None:
            return Fault.NOT_ELIGIBLE
        if self._is_locked(connection, intent.learner, now):
            return Fault.LOCKED
        sent = select(func.count()).where(
            payment_token.c.learner_id == intent.learner,
            payment_token.c.created_at > now - SENT_WITHIN,
        )
        if connection.execute(sent).scalar_one() >= MOST_SENT:
            return Fault.TOO_MANY_SENT
        digest, version = digest_of(opened.token), self._vault.keys.current
        row = {
            "digest": digest,
            "partner": intent.partner,
            "learner_id": intent.learner,
            "offering_id": intent.offering,
            "session_id": intent.session,
            "amount": intent.amount,
            "key_version": version,
            "password": self._mark(version, digest, opened.password),
            "wrong_guesses": 0,
            "created_at": now,
            "expires_at": opened.good_until,
        }
        connection.execute(insert(payment_token).values(row))
        return None

    def _judge(
        self,
        connection: Connection,
        partner: PartnerCode,
        digest: bytes,
        password: str,
        now: datetime,
    ) -> Intent | Fault:
        row = _lock(connection, partner, digest)
        if row is None or row.expires_at <= now:
            return Fault.UNKNOWN_TOKEN
        learner = LearnerId(row.learner_id)
        ledger.lock_learner(connection, learner)  # one guess at a time, whatever the token
        if row.wrong_guesses >= MOST_GUESSES or self._is_locked(connection, learner, now):
            return Fault.LOCKED
        told = self._mark(row.key_version, digest, password)
        if not hmac.compare_digest(told, bytes(row.password)):
            _count_wrong(connection, digest, learner, now)
            return Fault.WRONG_PASSWORD
        session = SessionId(row.session_id) if row.session_id else None
        return Intent(partner, learner, OfferingId(row.offering_id), session, row.amount)

    def _mark(self, version: int, digest: bytes, password: str) -> bytes:
        return self._vault.mark(version, "one-time password", digest, password.encode())

    def _is_locked(self, connection: Connection, learner: LearnerId, now: datetime) -> bool:
        """Return whether too many were wrong lately: this learner's, or everybody's."""
        lately = select(func.count()).where(wrong_guess.c.at > now - GUESSED_WITHIN)
        mine = lately.where(wrong_guess.c.learner_id == learner)
        return (
            connection.execute(mine).scalar_one() >= MOST_GUESSES
            or connection.execute(lately).scalar_one() >= self._most_wrong
        )


def digest_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def _lock(connection: Connection, partner: PartnerCode, digest: bytes) -> Row[Any] | None:
    mine = (payment_token.c.digest == digest, payment_token.c.partner == partner)
    return connection.execute(select(payment_token).where(*mine).with_for_update()).first()


def _count_wrong(connection: Connection, digest: bytes, learner: LearnerId, now: datetime) -> None:
    counted = {"wrong_guesses": payment_token.c.wrong_guesses + 1}
    mine = payment_token.c.digest == digest
    connection.execute(update(payment_token).where(mine).values(counted))
    connection.execute(insert(wrong_guess).values(learner_id=learner, at=now))


def _prune(connection: Connection, now: datetime) -> None:
    """Drop some of what no longer counts."""
    tables = (
        (payment_token.c.digest, payment_token.c.expires_at < now - GUESSED_WITHIN),
        (wrong_guess.c.id, wrong_guess.c.at < now - GUESSED_WITHIN),
    )
    for key, is_old in tables:
        old = select(key).where(is_old).limit(_PRUNED_AT_ONCE).with_for_update(skip_locked=True)
        connection.execute(delete(key.table).where(key.in_(old)))
