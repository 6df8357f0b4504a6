"""How far the reading of a partner's list is."""

from schema.context import Info
from schema.model import catalogue as catalogue_records
from schema.model import syncing as records
from schema.types.described import described, presents
from schema.types.partners import Partner, partner_of


def _partner(root: records.SyncProgress, info: Info) -> catalogue_records.PartnerStatus:
    return partner_of(root.partner, info)


@presents(records.SyncProgress)
class SyncProgress:
    """How far one reading of a partner's list is, or how it ended."""

    partner: Partner = described("Whose list it is.", _partner)
    fetched: int = described("How many rows have been read.")
    total: int | None = described("How many there are, if the partner tells.")
    added: int = described("How many offerings are new; an estimate until it is finished.")
    changed: int = described("How many offerings are other than before; likewise.")
    unchanged: int = described("How many offerings are as before; likewise.")
    withdrawn: int = described("How many offerings are no longer listed; known at the end.")
    quarantined: int = described("How many rows cannot be read.")
    finished: bool = described("It has ended, well or badly.")
    not_modified: bool = described("The partner said that nothing is new.")
    failure: str | None = described("Why the list could not be read.")
    withheld: str | None = described("Why a list that was read is not applied.")
