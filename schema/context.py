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


@dataclass(kw_only=True)
class Desks:
    """The ports that are the same for every request to a gateway."""

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
    links: CourseLinks
    decisions: CatalogueDecisions
    blocks: Blocks
    approvals: Approvals
    learners: LearnerDesk
    reconciliations: Reconciliations
    reports: EnrolmentReports
    refusals: Refusals = QUIET


@dataclass(kw_only=True)
class Context(Desks):
    """One request; one snapshot and one instant, so that an answer agrees with itself.

    Nothing of it is ever changed; it is not frozen because that costs ten times as much to make.
    """

    catalogue: CatalogueReader
    search: SearchReader
    changes: CatalogueChanges
    partners: PartnerDirectory
    descriptions: DescriptionLoader
    quotes: QuoteLoader
    now: datetime
    viewer: Viewer = ANONYMOUS

    @classmethod
    def at(  # noqa: PLR0913 - all that one request does not share with another
        cls,
        desks: Desks,
        *,
        catalogue: CatalogueReader,
        search: SearchReader,
        changes: CatalogueChanges,
        partners: PartnerDirectory,
        descriptions: DescriptionLoader,
        quotes: QuoteLoader,
        now: datetime,
        viewer: Viewer,
    ) -> "Context":
        """Return one with these desks: they are copied at once, as each request has a context."""
        made = object.__new__(cls)
        made.__dict__.update(
            desks.__dict__,
            catalogue=catalogue,
            search=search,
            changes=changes,
            partners=partners,
            descriptions=descriptions,
            quotes=quotes,
            now=now,
            viewer=viewer,
        )
        return made


Info = strawberry.Info[Context, None]
