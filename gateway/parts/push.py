"""Lists that partners push, over the catalogue part."""

from gateway.clock import utc_now
from gateway.keyrings import build_partner_api_keyring
from gateway.partner_api.partner_keys import PartnerKeys
from gateway.partner_api.vault import Vault
from gateway.parts.catalogue import CataloguePart
from gateway.parts.enrolment import EnrolmentPart
from gateway.parts.partners import PartnersPart
from gateway.push.endpoint import PushEndpoint
from gateway.settings import Settings


def build_push_part(
    settings: Settings, partners: PartnersPart, catalogue: CataloguePart, enrolment: EnrolmentPart
) -> PushEndpoint:
    """Return the endpoint of one process.  Raises `KeyringError`."""
    configs = {config.code: config for config in partners.configs}
    known = {code: config.partner for code, config in configs.items()}
    vault = Vault(build_partner_api_keyring(settings))
    return PushEndpoint(
        catalogue.database,
        configs,
        PartnerKeys(enrolment.ledger, vault, known, utc_now),
        utc_now,
        largest=settings.push_largest_bytes,
        report=catalogue.hear,
    )
