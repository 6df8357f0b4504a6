"""Settings: everything an operator may set, from the environment, prefix `MITRA_`."""

from gateway.settings.access import AccessSettings
from gateway.settings.audience import EVERYBODY, NOBODY, Audience
from gateway.settings.edge import EdgeSettings
from gateway.settings.identity import IdentitySettings
from gateway.settings.partners import PartnerSettings
from gateway.settings.process import ProcessSettings, Profile
from gateway.settings.programme import ProgrammeSettings

__all__ = ["EVERYBODY", "NOBODY", "Audience", "Profile", "Settings"]


# The last base's fields come first in the tables of the documents.
class Settings(
    AccessSettings,
    EdgeSettings,
    IdentitySettings,
    PartnerSettings,
    ProgrammeSettings,
    ProcessSettings,
):
    """How this process runs.  Every field is the environment variable `MITRA_<FIELD>`."""
