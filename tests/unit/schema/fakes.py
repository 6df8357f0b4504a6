"""The resolvers' ports, kept in memory, and what they are filled with."""

from tests.unit.schema.builders import (
    BLK,
    LEMBAGA,
    NOW,
    SISNAKER,
    TOKOPEDIA,
    a_course,
    a_partner,
    a_session,
    an_offering,
    cut,
)
from tests.unit.schema.catalogue_fakes import (
    FakeCatalogue,
    FakeChanges,
    FakePartners,
    FakeQuotes,
    FakeSeats,
)
from tests.unit.schema.enrolment_fakes import FakeEnrolments
from tests.unit.schema.operator_fakes import (
    DECISION,
    SPELLING,
    FakeApprovals,
    FakeBlocks,
    FakeLinks,
)

__all__ = [
    "BLK",
    "DECISION",
    "LEMBAGA",
    "NOW",
    "SISNAKER",
    "SPELLING",
    "TOKOPEDIA",
    "FakeApprovals",
    "FakeBlocks",
    "FakeCatalogue",
    "FakeChanges",
    "FakeEnrolments",
    "FakeLinks",
    "FakePartners",
    "FakeQuotes",
    "FakeSeats",
    "a_course",
    "a_partner",
    "a_session",
    "an_offering",
    "cut",
]
