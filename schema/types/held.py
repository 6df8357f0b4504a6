"""Lists that the safety catch has held, and what came of a decision."""

from datetime import datetime

import strawberry

from schema.context import Info
from schema.model import catalogue as catalogue_records
from schema.model import held as records
from schema.types.described import described, presents
from schema.types.partners import Partner, partner_of
from schema.types.values import Money


def _partner(root: records.HeldSync, info: Info) -> catalogue_records.PartnerStatus:
    return partner_of(root.partner, info)


def _decided_partner(
    root: records.SyncDecision, info: Info
) -> catalogue_records.PartnerStatus | None:
    return partner_of(root.partner, info) if root.partner else None


@presents(records.Alarm)
class SyncAlarm:
    """Why a list looks like a fault rather than news."""

    kind: records.AlarmKind = described("The reason, for programs.")
    message: str = described("The reason, for people; it names what it is about.")


@presents(records.ListChange)
class ListChange:
    """One change that applying a held list would make."""

    kind: records.ListChangeKind = described("What would become of the offering.")
    key: str = described("The partner's own key of the offering.")
    title: str = described("The course's title, as the partner gives it.")
    before: Money | None = described("Its price as it stands; null if it is not told.")
    after: Money | None = described("Its price as listed; null if it is not told.")


@presents(records.HeldSync)
class HeldSync:
    """A partner's list that was read but not applied: it waits for an operator."""

    run: strawberry.ID = described(
        "What a decision names; a newer list has another.", lambda root: str(root.run)
    )
    partner: Partner = described("Whose list it is.", _partner)
    since: datetime = described("Since when this partner's lists are held for reasons like these.")
    read_at: datetime = described("When the partner last listed just this.")
    alarms: list[SyncAlarm] = described("Why it is held.")
    fetched: int = described("How many rows it has.")
    added: int = described("How many offerings would come into the catalogue.")
    changed: int = described("How many offerings would change.")
    unchanged: int = described("How many offerings would stay as they are.")
    withdrawn: int = described("How many offerings would leave the catalogue.")
    quarantined: int = described("How many rows cannot be read.")
    examples: list[ListChange] = described("A few of the changes, of every kind.")


@presents(records.DecisionRefusal)
class SyncDecisionError:
    """Why a decision was not carried out."""

    code: records.DecisionErrorCode = described("The reason, for programs.")
    message: str = described("The reason, for people.")


@presents(records.SyncDecision)
class SyncDecisionPayload:
    """What came of a decision about a held list."""

    partner: Partner | None = described(
        "Whose list it was; null if it was not there.", _decided_partner
    )
    revision: int | None = described("The catalogue's revision that it made, if any.")
    refusals: list[SyncDecisionError] = described(
        "Why it was not carried out; empty when it was.", name="userErrors"
    )
