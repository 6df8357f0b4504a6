"""The official partner API, over the enrolment part; in development passwords are printed."""

from gateway.clock import utc_now
from gateway.keyrings import build_keyrings, build_partner_api_keyring
from gateway.partner_api.build import Manner, Programme, build_partner_api
from gateway.partner_api.delivery import build_delivery
from gateway.partner_api.endpoint import PartnerApi
from gateway.parts.catalogue import CataloguePart
from gateway.parts.enrolment import EnrolmentPart
from gateway.parts.partners import PartnersPart
from gateway.settings import Settings


def build_partner_api_part(
    settings: Settings, partners: PartnersPart, catalogue: CataloguePart, enrolment: EnrolmentPart
) -> PartnerApi:
    """Return the API of one process.  Raises `KeyringError` and `UnknownDeliveryError`."""
    programme = Programme(
        ledger=enrolment.ledger,
        offerings=catalogue.store,
        enrolments=enrolment.enrolments,
        reports=enrolment.partner_reports,
        progress=enrolment.progress,
        partners=[config.partner for config in partners.configs],
        notify=enrolment.watch.notify,
    )
    manner = Manner(
        now=utc_now,
        keyring=build_partner_api_keyring(settings),
        contacts=build_keyrings(settings).contacts,
        delivery=build_delivery(settings.otp_delivery, is_development=settings.is_development),
        is_development=settings.is_development,
        lenient_signatures=settings.partner_api_lenient_signatures,
        most_wrong_passwords=settings.partner_api_wrong_passwords,
    )
    return build_partner_api(programme, manner)
