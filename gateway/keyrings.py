"""The keys from outside the database, as the settings hold or name them."""

from pydantic import SecretStr

from gateway.enrolment.intake.register import Keyrings
from gateway.enrolment.privacy.keyring import Keyring, Purpose, load_keyring
from gateway.identity.own_keys import read_own_key
from gateway.settings import Settings

KEY_FILE = "development-partner-api.key"


def build_keyrings(settings: Settings) -> Keyrings:
    """Return the keyrings that are set.  Raises `KeyringError`."""
    return Keyrings(
        national_ids=_load(Purpose.NATIONAL_IDS, settings.national_id_keys),
        contacts=_load(Purpose.CONTACTS, settings.contact_keys),
    )


def build_partner_api_keyring(settings: Settings) -> Keyring | None:
    """Return the keys that seal what partners' calls leave; in development one is made.

    Raises `KeyringError`.
    """
    if settings.partner_api_keys is None and settings.is_development:
        return Keyring(Purpose.PARTNER_API, {1: read_own_key(settings.data_dir / KEY_FILE)})
    return _load(Purpose.PARTNER_API, settings.partner_api_keys)


def _load(purpose: Purpose, setting: SecretStr | None) -> Keyring | None:
    return load_keyring(purpose, setting.get_secret_value() if setting else None)
