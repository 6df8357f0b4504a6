"""Telling what went wrong with a command: what people can mend in a sentence, without a trace."""

import sys

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from adapters.sandbox.control import SandboxControlError
from adapters.scaffold import ScaffoldError
from gateway.catalogue.rates import RatesFileError
from gateway.enrolment.intake.desk import NoConsentError
from gateway.enrolment.intake.files import IntakeFileError
from gateway.enrolment.privacy.keyring import KeyringError
from gateway.enrolment.rules.book import RulesFileError
from gateway.execution.manifests import ManifestError
from gateway.partner_api.delivery import UnknownDeliveryError
from gateway.partners.config import PartnersFileError
from gateway.serve import CannotStartError
from gateway.telemetry.traces import TracingError

_THEMSELVES = (  # they say what to do
    CannotStartError,
    IntakeFileError,
    KeyringError,
    ManifestError,
    NoConsentError,
    PartnersFileError,
    RatesFileError,
    RulesFileError,
    SandboxControlError,
    ScaffoldError,
    TracingError,
    UnknownDeliveryError,
)
_OURS = "Value error, "  # what pydantic puts before the sentences of our own checks


def tell(error: Exception) -> int | None:
    """Tell of an error, and return how the process is to end; None for what no one can mend."""
    match error:
        case ValidationError():
            for each in error.errors():
                name = "_".join(str(part) for part in each["loc"]).upper()
                _say(f"MITRA_{name}: {each['msg'].removeprefix(_OURS)}")
            return 2
        case _ if isinstance(error, _THEMSELVES):
            _say(str(error))
        case OperationalError():
            _say(f"the database does not answer ({error.orig}); MITRA_DATABASE_URL?")
        case OSError():
            _say(f"{error.filename or error}: {error.strerror}")
        case _:
            return None
    return 1


def _say(sentence: str) -> None:
    sys.stderr.write(f"mitra: {sentence}\n")
