"""How far the reading of a partner's list is."""

from dataclasses import dataclass

from schema.model.values import PartnerCode


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a sync is; `failure` says why the list could not be read.

    `withheld` says why a list that was read is not applied: it is held, or `rejected`.
    `added` to `withdrawn` are estimates until `finished`.  `total` is what the partner said.
    """

    partner: PartnerCode
    fetched: int = 0
    total: int | None = None
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    quarantined: int = 0
    duplicates: int = 0
    left_out: int = 0
    finished: bool = False
    not_modified: bool = False
    failure: str | None = None
    withheld: str | None = None
    rejected: bool = False
