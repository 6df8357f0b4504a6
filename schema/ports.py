"""What resolvers need, as Protocols that the gateway implements: the core of them in one place.

Each subject has a module of its own, `schema.*_ports`.  Reads of the public catalogue are plain
calls: they are answered from memory.  What touches the ledger is `async`.
"""

from schema.catalogue_ports import (
    CatalogueReader,
    CourseFilter,
    CourseQuery,
    CourseSort,
    Facet,
    FacetBucket,
    FacetName,
)
from schema.enrolment_ports import Enrolments
from schema.offering_ports import CodedOfferings, OfferingFact, OfferingFacts, SeatCounts
from schema.page_ports import BadCursorError, Slice, Window
from schema.partner_ports import Coverage, FreshOfferings, MissingPartner, PartnerDirectory

__all__ = [
    "BadCursorError",
    "CatalogueReader",
    "CodedOfferings",
    "CourseFilter",
    "CourseQuery",
    "CourseSort",
    "Coverage",
    "Enrolments",
    "Facet",
    "FacetBucket",
    "FacetName",
    "FreshOfferings",
    "MissingPartner",
    "OfferingFact",
    "OfferingFacts",
    "PartnerDirectory",
    "SeatCounts",
    "Slice",
    "Window",
]
