"""Puts the partner API together."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.enrolment.partner_reports import PartnerReports
from gateway.enrolment.privacy.keyring import Keyring
from gateway.enrolment.progress import ProgressDesk
from gateway.enrolment.service import EnrolmentService
from gateway.partner_api.attendance_urls import AttendanceUrls
from gateway.partner_api.delivery import OtpDelivery
from gateway.partner_api.endpoint import Act, Call, PartnerApi
from gateway.partner_api.names import LearnerNames
from gateway.partner_api.partner_keys import PartnerKeys
from gateway.partner_api.payment_tokens import PaymentTokens
from gateway.partner_api.purchases import Body, Chance, Data, PurchaseDesk
from gateway.partner_api.redeem_codes import RedeemDesk
from gateway.partner_api.replay import ReplayGuard
from gateway.partner_api.schedules import Schedules
from gateway.partner_api.trespass import TrespassWatch
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from schema.model.catalogue import Partner
from schema.model.values import PartnerState
from schema.ports import CodedOfferings


@dataclass(frozen=True, slots=True)
class Programme:
    """What partners' calls act upon."""

    ledger: Database
    offerings: CodedOfferings
    enrolments: EnrolmentService
    reports: PartnerReports
    progress: ProgressDesk
    partners: Sequence[Partner]
    notify: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Manner:
    """How the API is run; without `keyring` nobody can call, without `delivery` nobody can buy."""

    now: Callable[[], datetime]
    keyring: Keyring | None
    contacts: Keyring | None = None
    delivery: OtpDelivery | None = None
    is_development: bool = False
    lenient_signatures: bool = True
    most_wrong_passwords: int = 2_000  # of all learners in half an hour
    dice: random.Random = random.SystemRandom()  # noqa: RUF009 - it has no state


def build_partner_api(programme: Programme, manner: Manner) -> PartnerApi:
    """Return the API, to be mounted at `BASE`."""
    now, vault = manner.now, Vault(manner.keyring)
    partners = {partner.code: partner for partner in programme.partners}
    return PartnerApi(
        _build_calls(programme, manner, vault),
        PartnerKeys(programme.ledger, vault, partners, now),
        ReplayGuard(programme.ledger, vault, now),
        TrespassWatch(programme.ledger, partners.keys(), now),
        now=now,
        lenient=manner.lenient_signatures,
    )


def _build_calls(programme: Programme, manner: Manner, vault: Vault) -> Mapping[str, Call]:
    ledger, now = programme.ledger, manner.now
    buying = PurchaseDesk(
        ledger,
        programme.enrolments,
        schedules=Schedules(ledger, programme.offerings),
        tokens=PaymentTokens(
            ledger, vault, now, manner.dice, most_wrong=manner.most_wrong_passwords
        ),
        names=LearnerNames(ledger, manner.contacts, now),
        delivery=manner.delivery,
        chance=Chance(now, manner.dice),
        is_test=lambda partner: manner.is_development or partner.state is PartnerState.SANDBOX,
        notify=programme.notify,
    )
    codes = RedeemDesk(ledger, programme.reports, programme.progress, now)
    urls = AttendanceUrls(ledger, codes, vault, now)
    return {
        "payment/quota-schedule": Call(_plain(buying.quota), is_write=False),
        "payment/send-otp": Call(_plain(buying.send_password), is_write=True),
        "payment/authorize": Call(buying.authorize, is_write=True),
        "payment/status": Call(_plain(buying.status), is_write=False),
        "payment/void": Call(_plain(buying.void), is_write=True),
        "payment/redeem-code/status": Call(_plain(codes.status), is_write=False),
        "payment/redeem-code/commit": Call(_plain(codes.commit), is_write=True),
        "payment/redeem-code/reset": Call(_plain(codes.reset), is_write=True),
        "oauth/url-generate": Call(_plain(urls.generate), is_write=True),
    }


def _plain(act: Callable[[Partner, Body], Awaitable[Data]]) -> Act:
    """Return a call that has no use for a payment token."""

    async def without_token(partner: Partner, body: Body, _token: str | None) -> Data:
        return await act(partner, body)

    return without_token
