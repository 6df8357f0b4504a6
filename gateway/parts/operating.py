"""The operators' desks of one process, over the catalogue and the ledger."""

import time

from gateway.clock import utc_now
from gateway.operating.decisions import AuditedApprovals, ListDesk
from gateway.operating.links import AuditedLinks
from gateway.operating.partners import PartnerDesk
from gateway.operating.refusals import RefusalLog
from gateway.operating.trail import Trail
from gateway.parts.catalogue import CataloguePart
from gateway.parts.partners import PartnersPart
from gateway.storage.engine import Database


class OperatingPart:
    """Everything that operators do to partners and their lists."""

    def __init__(self, partners: PartnersPart, catalogue: CataloguePart, ledger: Database) -> None:
        trail = Trail(ledger, utc_now)
        self.refusals = RefusalLog(trail, time.monotonic)
        self.lists = ListDesk(catalogue.held, trail)
        self.links = AuditedLinks(catalogue.links, trail)
        self.approvals = AuditedApprovals(catalogue.approvals, trail)
        self.partners = PartnerDesk(
            partners.configs, catalogue.orders, trail, catalogue.follower.stand
        )
