"""Partners, as they stand now, and what is missing while one of them is not read."""

from datetime import datetime

import strawberry

from schema import ports
from schema.context import Info
from schema.ids import NodeKind
from schema.model import catalogue as records
from schema.model import values
from schema.types.described import described, presents, read
from schema.types.node import Node, global_id
from schema.types.values import Freshness


@presents(records.PartnerStatus)
class Partner(Node):
    """A digital platform that sells courses."""

    id: strawberry.ID = global_id(NodeKind.PARTNER, "partner", "code")
    code: str = described(
        'Stable ("tokopedia"), whatever the brand becomes.', read("partner", "code")
    )
    name: str = described("The name to show; it may change.", read("partner", "name"))
    kind: values.PartnerKind = described(
        "What sort of organisation it is.", read("partner", "kind")
    )
    state: values.PartnerState = described(
        "Where it stands in its life with the programme.", read("partner", "state")
    )
    health: values.PartnerHealth = described("How its API has answered lately.")
    freshness: Freshness = described("How old its part of the catalogue is.")
    offering_count: int = described("How many offerings it has in the catalogue.")


@presents(ports.MissingPartner)
class MissingPartner:
    """A partner whose part of an answer may be out of date."""

    partner: Partner = described("The partner.")
    since: datetime | None = described("Since when it could not be read.")
    reason: str = described("Why it could not be read.")
    last_good_at: datetime | None = described("When it was last read well; null if never.")


@presents(ports.Coverage)
class Coverage:
    """Whether an answer rests on fresh facts from every partner that it concerns."""

    complete: bool = described("Nothing is missing.", lambda root: not root.missing)
    missing: list[MissingPartner] = described("The partners whose part may be out of date.")


def partner_of(code: values.PartnerCode, info: Info) -> records.PartnerStatus:
    """Return how a partner stands; what refers to one that has left still resolves."""
    return info.context.partners.status(code) or records.PartnerStatus(
        records.Partner(
            code, code, values.PartnerKind.DIGITAL_PLATFORM, values.PartnerState.RETIRED
        ),
        values.PartnerHealth.UNKNOWN,
        records.Freshness(values.FreshnessState.NEVER, reason="no longer a partner"),
    )
