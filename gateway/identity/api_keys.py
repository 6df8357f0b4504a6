"""Partners' API keys: made and retired by us, known by their digests alone.

A key is 256 random bits behind its public id: the id finds its row, and the digest of the whole
key is compared in constant time.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.enrolment.audit.records import Act, record
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.identity.partners import Partners, find_partner
from gateway.identity.proof import Proof
from gateway.partner_api import credential_rows
from gateway.partner_api.partner_keys import PartnerKeyError
from gateway.storage.engine import Database
from gateway.storage.identity_tables import partner_api_key
from schema.model.codes import ALPHABET
from schema.model.values import PartnerCode
from schema.model.viewer import Role, Viewer

PREFIX = "mitra_pk_"
GOOD_SECONDS = 30.0  # after a look: a key that is retired is worthless everywhere by then
_KEY = re.compile(
    rf"{PREFIX}([{ALPHABET}]{{{credential_rows.ID_LENGTH}}})_[A-Za-z0-9_-]{{43}}", re.ASCII
)
_NOBODYS = bytes(32)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ApiKeyEntry:
    """A key as it is listed: without its secret."""

    id: str
    partner: PartnerCode
    created_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key that has just been made: the one time that it is seen."""

    entry: ApiKeyEntry
    key: str = field(repr=False)


class PartnerApiKeys:
    """Makes, lists, retires and checks keys."""

    def __init__(
        self,
        ledger: Database,
        partners: Partners,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._partners = partners
        self._now = now

    async def check(self, key: str) -> Proof:
        """Return what a key proves.  Raises `InvalidTokenError`, `UncheckableTokenError`."""
        matched = _KEY.fullmatch(key)
        if matched is None:
            raise InvalidTokenError
        question = select(partner_api_key).where(partner_api_key.c.id == matched[1])
        try:
            row = await self._ledger.read(lambda c: c.execute(question).first())
        except SQLAlchemyError as exc:
            log.warning("identity.keys_not_read", error=type(exc).__name__)
            raise UncheckableTokenError from exc
        is_right = hmac.compare_digest(row.digest if row else _NOBODYS, _digest(key))
        if not is_right or row is None or row.retired_at is not None:
            raise InvalidTokenError
        partner = find_partner(self._partners, row.partner)
        if partner is None:
            raise InvalidTokenError
        roles = frozenset({Role.PARTNER})
        viewer = Viewer(roles=roles, subject=f"partner:{partner}", partner=partner)
        return Proof(viewer, self._now().timestamp() + GOOD_SECONDS)

    async def make(self, partner: PartnerCode, by: str) -> NewApiKey:
        """Make a key; those that the partner has stay good.  Raises `PartnerKeyError`."""
        if partner not in self._partners:
            raise PartnerKeyError(f"{partner!r} is not a partner; `mitra partners` lists them")
        key_id = credential_rows.new_id()
        made = NewApiKey(
            ApiKeyEntry(key_id, partner, self._now()),
            f"{PREFIX}{key_id}_{secrets.token_urlsafe(32)}",
        )
        await self._ledger.write(lambda connection: _file(connection, made, by))
        return made

    async def read_all(self) -> Sequence[ApiKeyEntry]:
        """Return every key, the oldest of a partner first."""
        rows = await self._ledger.read(
            lambda connection: credential_rows.read_in_order(connection, partner_api_key)
        )
        return [_to_entry(each) for each in rows]

    async def retire(self, key_id: str, by: str) -> ApiKeyEntry:
        """Make a key worthless, within half a minute everywhere.  Raises `PartnerKeyError`."""
        now = self._now()

        def change(connection: Connection) -> ApiKeyEntry:
            gone = {"digest": _NOBODYS}
            retired = credential_rows.retire(connection, partner_api_key, key_id, now, gone)
            if retired is None:
                raise PartnerKeyError(
                    f"no key {key_id!r} is in use; `mitra partners api-key list` shows them"
                )
            record(connection, Act.API_KEY_RETIRED, _target(_to_entry(retired)), by=by, at=now)
            return _to_entry(retired)

        return await self._ledger.write(change)


def _file(connection: Connection, made: NewApiKey, by: str) -> None:
    entry = made.entry
    row = {
        "id": entry.id,
        "partner": entry.partner,
        "digest": _digest(made.key),
        "created_at": entry.created_at,
    }
    connection.execute(insert(partner_api_key).values(row))
    record(connection, Act.API_KEY_MADE, _target(entry), by=by, at=entry.created_at)


def _digest(key: str) -> bytes:
    """Return what is kept of a key: nothing slow, as nobody guesses 256 random bits."""
    return hashlib.sha256(key.encode()).digest()


def _target(entry: ApiKeyEntry) -> str:
    return f"partner api key {entry.partner} {entry.id}"


def _to_entry(row: Row[tuple[object, ...]]) -> ApiKeyEntry:
    return ApiKeyEntry(row.id, row.partner, row.created_at, row.retired_at)
