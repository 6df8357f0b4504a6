"""Writes that come twice: the second gets the first one's answer, and has no effect.

There is no nonce, and two honest calls within one second may be the same bytes.  A signature
is over all that was asked, so it names a request; it is kept for as long as its timestamp is
accepted.  Answers may hold personal data and payment tokens, so they are sealed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, tuple_, update

from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.partner_api.signature import WINDOW
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.partner_api_tables import partner_request
from gateway.storage.upsert import insert_into

KEPT_FOR = 2 * WINDOW + timedelta(minutes=1)  # a timestamp may be as far in the future
_PRUNED_AT_ONCE = 20  # with each new one, so that the table stays as long as the window


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: an HTTP status and the envelope."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class RequestName:
    """What makes two requests the same."""

    client_code: str
    signature: str

    @property
    def bound_to(self) -> str:
        """What its sealed answer belongs to."""
        return f"answer {self.client_code} {self.signature}"


class ReplayGuard:
    """Lets each write happen once."""

    def __init__(self, ledger: Database, vault: Vault, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._vault = vault
        self._now = now

    async def once(self, name: RequestName, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what `act` answered the first time.  Raises `PartnerApiError` while it is at it.

        A request whose `act` raised may be repeated: nothing was answered.
        """
        now = self._now()
        if not await self._ledger.write(lambda c: _claim(c, name, now)):
            return await self._read(name)
        try:
            answer = await act()
        except Exception:
            await self._ledger.write(lambda c: c.execute(delete(partner_request).where(_is(name))))
            raise
        sealed = self._vault.seal(answer.body, name.bound_to)
        keep = update(partner_request).where(_is(name))
        values = {"status": answer.status, "sealed": sealed}
        await self._ledger.write(lambda c: c.execute(keep.values(values)))
        return answer

    async def _read(self, name: RequestName) -> Answer:
        question = select(partner_request.c.status, partner_request.c.sealed).where(_is(name))
        row = await self._ledger.read(lambda c: c.execute(question).first())
        if row is None or row.sealed is None:
            raise PartnerApiError(Fault.IN_PROGRESS)
        return Answer(row.status, self._vault.open(row.sealed, name.bound_to))


def _claim(connection: Connection, name: RequestName, now: datetime) -> bool:
    """Take a request to be the first; False if it has come before."""
    _prune(connection, now)
    row = {"client_code": name.client_code, "signature": name.signature, "at": now}
    claim = insert_into(connection, partner_request).values(row).on_conflict_do_nothing()
    return connection.execute(claim.returning(partner_request.c.at)).first() is not None


def _prune(connection: Connection, now: datetime) -> None:
    key = (partner_request.c.client_code, partner_request.c.signature)
    old = (
        select(*key)
        .where(partner_request.c.at < now - KEPT_FOR)
        .limit(_PRUNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    connection.execute(delete(partner_request).where(tuple_(*key).in_(old)))


def _is(name: RequestName) -> ColumnElement[bool]:
    return (partner_request.c.client_code == name.client_code) & (
        partner_request.c.signature == name.signature
    )
