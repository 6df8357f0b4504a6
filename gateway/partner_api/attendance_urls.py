"""Addresses under which a learner attends: the partner's own, with a code that we signed.

One e-mail address attends a course once; only its keyed digest is kept.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from sqlalchemy.exc import IntegrityError

from gateway.enrolment.privacy.emails import take_email
from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.partner_api.fields import to_text
from gateway.partner_api.redeem_codes import RedeemDesk
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from schema.model.catalogue import Partner

GOOD_FOR = timedelta(days=1)
_LONGEST_URL, _LONGEST_EMAIL = 2_000, 254
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PURPOSE = "attendance code"


class AttendanceUrls:
    """Carries out `oauth/url-generate`."""

    def __init__(
        self, database: Database, codes: RedeemDesk, vault: Vault, now: Callable[[], datetime]
    ) -> None:
        self._ledger = database
        self._codes = codes
        self._vault = vault
        self._now = now

    async def generate(self, partner: Partner, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the address for one sequence of a course."""
        address = to_text(body, "redirect_uri", _LONGEST_URL)
        email = to_text(body, "email", _LONGEST_EMAIL)
        check_redirect(address)
        check_email(email)
        found = await self._codes.find_standing(partner.code, body)
        keys = self._vault.keys
        try:
            is_free = await self._ledger.write(
                lambda c: take_email(c, keys, email, found.course_id, found.enrolment_id)
            )
        except IntegrityError:  # another code took it just now
            is_free = False
        if not is_free:
            raise PartnerApiError(Fault.EMAIL_USED)
        claims = {
            "reference": found.reference,
            "sequence": found.sequence,
            "exp": int((self._now() + GOOD_FOR).timestamp()),
        }
        return {"url": with_code(address, self.to_code(claims))}

    def to_code(self, claims: Mapping[str, Any]) -> str:
        """Return claims with the mark that they are ours."""
        said, version = orjson.dumps(claims), self._vault.keys.current
        parts = (version.to_bytes(4, "big"), said, self._vault.mark(version, _PURPOSE, said))
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def check_redirect(address: str) -> None:
    """Raise `PartnerApiError` for what is no plain https address."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        host, port_is_fine = None, False
    is_safe = host is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    )
    if not is_safe or not port_is_fine or parts.username is not None or parts.fragment:
        detail = "redirect_uri is an https address without user and fragment"
        raise PartnerApiError(Fault.BAD_FIELD, detail)


def check_email(email: str) -> None:
    """Raise `PartnerApiError` for what is surely no e-mail address."""
    name, at, domain = email.rpartition("@")
    if not (name and at and "." in domain) or " " in email:
        raise PartnerApiError(Fault.BAD_FIELD, "email is an e-mail address")


def with_code(address: str, code: str) -> str:
    """Return an address with our code; one that it had goes."""
    parts = urlsplit(address)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "code"]
    return urlunsplit(parts._replace(query=urlencode([*kept, ("code", code)])))
