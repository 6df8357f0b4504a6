"""A partner with a secret for every way to prove who sends a request."""

from datetime import UTC, datetime

from adapters.base import PartnerSettings
from schema.model.values import PartnerCode

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
ADDRESS = "https://partner.test"
SECRETS = {
    "token": "t", "username": "u", "password": "p", "api_key": "k", "key_id": "i",
    "key_secret": "s", "client_id": "c", "client_secret": "cs", "signing_key": "sk",
}  # fmt: skip


def settings(**secrets) -> PartnerSettings:
    return PartnerSettings(PartnerCode("p"), ADDRESS, secrets or SECRETS)
