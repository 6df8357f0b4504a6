"""What every resolver is given: the ports, who asks, and one instant per request."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from schema.block_ports import Approvals, Blocks
from schema.change_ports import CatalogueChanges
from schema.decision_ports import CatalogueDecisions
from schema.enrolment_ports import (
    Cancellations,
    EnrolmentWatch,
    EventFeed,
    Progresses,
    Reviews,
)
from schema.learner_ports import LearnerDesk
from schema.links_ports import CourseLinks
from schema.loaders import DescriptionLoader, QuoteLoader
from schema.model.held import HeldSyncs
from schema.model.viewer import ANONYMOUS, Viewer
from schema.operating_ports import QUIET, ListDesk, PartnerDesk, Refusals
from schema.ports import CatalogueReader, Enrolments, PartnerDirectory, SeatCounts
from schema.report_ports import EnrolmentReports, Reconciliations
from schema.search_ports import SearchReader
from schema.sync_ports import SyncWatch

__all__ = ["Context", "Info", "Viewer"]  # with a viewer, because every context has one


@dataclass(slots=True)
class Context:
    """One request; one snapshot and one instant, so that an answer agrees with itself.

    Nothing of it is ever changed; it is not frozen because that costs ten times as much to make.
    """

    catalogue: CatalogueReader
    search: SearchReader
    descriptions: DescriptionLoader
    quotes: QuoteLoader
    partners: PartnerDirectory
    enrolments: Enrolments
    cancellations: Cancellations
    progress: Progresses
    watch: EnrolmentWatch
    reviews: Reviews
    event_feed: EventFeed
    seats: SeatCounts
    held: HeldSyncs
    list_desk: ListDesk
    partner_desk: PartnerDesk
    syncs: SyncWatch
    changes: CatalogueChanges
    links: CourseLinks
    decisions: CatalogueDecisions
    blocks: Blocks
    approvals: Approvals
    learners: LearnerDesk
    reconciliations: Reconciliations
    reports: EnrolmentReports
    now: datetime
    viewer: Viewer = ANONYMOUS
    refusals: Refusals = QUIET


Info = strawberry.Info[Context, None]
