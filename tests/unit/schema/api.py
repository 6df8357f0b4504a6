"""The schema over fakes of its ports, asked as a client asks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from schema.build import MaskingSchema, build_schema
from schema.context import Context
from schema.loaders import DescriptionLoader, QuoteLoader
from schema.model.catalogue import Course
from schema.model.viewer import ANONYMOUS, Role, Viewer
from tests.unit.schema.fakes import (
    NOW,
    SISNAKER,
    FakeApprovals,
    FakeBlocks,
    FakeCatalogue,
    FakeChanges,
    FakeEnrolments,
    FakeLinks,
    FakePartners,
    FakeQuotes,
    FakeSeats,
    a_course,
    a_partner,
)
from tests.unit.schema.held_fakes import FakeHeldSyncs, FakeSyncWatch
from tests.unit.schema.later_fakes import FakeLaterLife
from tests.unit.schema.learner_fakes import FakeLearnerDesk
from tests.unit.schema.operating_fakes import FakeListDesk, FakePartnerDesk, FakeRefusals
from tests.unit.schema.report_fakes import FakeReconciliations, FakeReports


def a_learner(name: str = "ani") -> Viewer:
    """Return a viewer with a learner's token."""
    return Viewer(frozenset({Role.LEARNER}), learner=name)  # type: ignore[arg-type]


@cache
def the_schema() -> MaskingSchema:
    """Build the one schema that all share, as the product's requests do: it takes a while."""
    return build_schema(
        lambda error, error_id: Api.asking.reported.append((error, error_id)),
        new_error_id=lambda: "e1",
    )


@dataclass
class Api:
    """The schema over a few courses; `ask` answers as a client would see it."""

    asking: ClassVar["Api"]  # to whom the schema tells what it does not show
    courses: Iterable[Course] = field(default_factory=lambda: [a_course(n) for n in range(1, 6)])
    partners: FakePartners = field(
        default_factory=lambda: FakePartners(a_partner(), a_partner(SISNAKER))
    )
    seats: FakeSeats = field(default_factory=FakeSeats)
    syncs: FakeSyncWatch = field(default_factory=FakeSyncWatch)
    held: FakeHeldSyncs = field(default_factory=FakeHeldSyncs)
    links: FakeLinks = field(default_factory=FakeLinks)
    blocks: FakeBlocks = field(default_factory=FakeBlocks)
    approvals: FakeApprovals = field(default_factory=FakeApprovals)
    learners: FakeLearnerDesk = field(default_factory=FakeLearnerDesk)
    reconciliations: FakeReconciliations = field(default_factory=FakeReconciliations)
    reports: FakeReports = field(default_factory=FakeReports)
    quotes: FakeQuotes = field(default_factory=FakeQuotes)
    viewer: Viewer = ANONYMOUS

    def __post_init__(self) -> None:
        self.catalogue = FakeCatalogue(self.courses)
        self.changes = FakeChanges(self.catalogue)
        self.enrolments = FakeEnrolments(self.catalogue)
        self.later = FakeLaterLife(self.enrolments)
        self.list_desk = FakeListDesk(self.held)
        self.partner_desk = FakePartnerDesk(self.partners)
        self.refusals = FakeRefusals()
        self.reported: list[tuple[Exception, str]] = []
        self.schema = the_schema()

    async def execute(self, document: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        """Return the whole result."""
        return await self.schema.execute(document, variables, self.context(viewer))

    def context(self, viewer: Viewer | None = None) -> Context:
        """Return what resolvers see of one request."""
        Api.asking = self
        return Context(
            catalogue=self.catalogue,
            search=self.catalogue,
            descriptions=DescriptionLoader(self.catalogue.read_descriptions),
            quotes=QuoteLoader(self.quotes.read_quotes),
            partners=self.partners,
            enrolments=self.enrolments,
            cancellations=self.later,
            progress=self.later,
            watch=self.later,
            reviews=self.later,
            event_feed=self.later,
            seats=self.seats,
            held=self.held,
            list_desk=self.list_desk,
            partner_desk=self.partner_desk,
            syncs=self.syncs,
            changes=self.changes,
            links=self.links,
            decisions=self.links,
            blocks=self.blocks,
            approvals=self.approvals,
            learners=self.learners,
            reconciliations=self.reconciliations,
            reports=self.reports,
            now=NOW,
            viewer=viewer or self.viewer,
            refusals=self.refusals,
        )

    async def ask(self, document: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        """Return the data of an answer without errors."""
        result = await self.execute(document, viewer, **variables)
        assert result.errors is None, (result.errors, self.reported)
        return result.data

    async def refused(self, document: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        """Return the one error of an answer, as a client sees it."""
        result = await self.execute(document, viewer, **variables)
        [error] = result.errors or []
        return error.formatted
