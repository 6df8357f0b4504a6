"""The keys from outside the database, as the settings hold or name them."""

from pydantic import SecretStr

from gateway.enrolment.intake.register import Keyrings
from gateway.enrolment.privacy.keyring import Keyring, Purpose, load_keyring
from gateway.settings import Settings


def build_keyrings(settings: Settings) -> Keyrings:
    """Return the keyrings that are set.  Raises `KeyringError`."""
    return Keyrings(
        national_ids=_load(Purpose.NATIONAL_IDS, settings.national_id_keys),
        contacts=_load(Purpose.CONTACTS, settings.contact_keys),
    )


def _load(purpose: Purpose, setting: SecretStr | None) -> Keyring | None:
    return load_keyring(purpose, setting.get_secret_value() if setting else None)
